import Linux
import SystemPackage

/// What is done with something that is in the place of a link: it moves to the link's target, or is kept beside the link.
extension Apply {
    /// Adds to what is told of the change at hand.
    mutating func add(remark text: String) { remark += remark.isEmpty ? text : "; \(text)" }

    /// Whether a mount is at or below a path, which then cannot be moved.
    func isMountPoint(_ path: FilePath) throws(BootError) -> Bool {
        Mount.all(of: tree).contains { $0.point.starts(with: path) }
    }

    /// What ``clear(_:_:_:)`` would do.
    mutating func wouldClear(_ place: Place, _ status: FileStatus, _ target: FileStatus?) -> Outcome {
        if place.takes(status, over: target) {
            add(remark: "what is in its place moves to \(Text.shown(place.target))")
        } else {
            notes.append(
                "\(Text.shown(place.path)) is in the way and is kept as \(Text.shown(Self.kept(place.path, 0)))")
        }
        expected.append(place.target)
        return .changed
    }

    /// Takes something out of the link's place. Nothing is lost.
    mutating func clear(_ place: Place, _ status: FileStatus, _ target: FileStatus?) throws(BootError) {
        if place.takes(status, over: target) {
            do throws(SystemCallError) {
                let isDone = try actors.acting(as: place.actor) { () throws(SystemCallError) in
                    try moveIn(place, replacing: target != nil)
                }
                if isDone {
                    present.append(place.target)
                    add(remark: "what was in its place moved to \(Text.shown(place.target))")
                }
                return
            } catch {
                let failure = copyFailure("cannot move", place.path, place.target, error, as: place.actor)
                notes.append(failure.message)
            }
        }
        try setAside(place.path, as: place.actor)
    }

    /// Moves what is in the link's place to the link's target; `false` when either has changed meanwhile.
    private mutating func moveIn(_ place: Place, replacing: Bool) throws(SystemCallError) -> Bool {
        guard let name = place.path.lastComponent, let newName = place.target.lastComponent else { return false }
        let parent = try tree.openParent(of: place.path, links: .follow)
        let other = try tree.openParent(of: place.target, links: .follow)
        do throws(SystemCallError) {
            if replacing {
                try parent.replace(newName, in: other, with: name)
            } else {
                try parent.move(name, to: newName, in: other)
            }
            return true
        } catch {
            switch error.errno {
            case .fileExists, .directoryNotEmpty, .noSuchFileOrDirectory: return false
            case .improperLink: break
            default: throw error
            }
        }
        let copy = try TreeCopy.make(
            of: place.path, at: place.target, extent: .everything, replacing: replacing, in: tree,
            progress: keepWatchWaiting)
        guard copy.isMade else { return false }
        // Out of the way at once, even if it takes long to remove, or cannot be removed.
        let doomed = TemporaryName.make(for: name)
        try parent.move(name, to: doomed, in: parent)
        do throws(SystemCallError) {
            try parent.removeTree(doomed, progress: keepWatchWaiting)
        } catch {
            notes.append(
                "what was copied from \(Text.shown(place.path)) cannot be removed and remains as "
                    + "\(Text.shown(parent.path.appending(doomed))): \(error.reason) (\(error.symbol))")
        }
        return true
    }

    /// Keeps what is at a path under another name beside it; whoever took it away meanwhile has done the same.
    mutating func setAside(_ path: FilePath, as actor: Actor) throws(BootError) {
        guard let name = path.lastComponent else { return }
        for number in 0..<1000 {
            let kept = Self.kept(path, number)
            guard let keptName = kept.lastComponent else { return }
            let isFree = try perform("cannot move away", path, as: actor) { () throws(SystemCallError) -> Bool? in
                let parent = try tree.openParent(of: path, links: .follow)
                do throws(SystemCallError) {
                    try parent.move(name, to: keptName, in: parent)
                    return true
                } catch  where [.fileExists, .directoryNotEmpty].contains(error.errno) {
                    return false
                } catch  where error.errno == .noSuchFileOrDirectory {
                    return nil
                }
            }
            guard let isFree else { return }
            guard isFree else { continue }
            notes.append("\(Text.shown(path)) was in the way and is kept as \(Text.shown(kept))")
            return
        }
        throw BootError(
            "cannot move away \(Text.shown(path))",
            reason: "too many files have names like \(Text.shown(Self.kept(path, 0)))", remedy: "remove some of them")
    }

    /// A path beside another one for what was in its place.
    static func kept(_ path: FilePath, _ number: Int) -> FilePath {
        path.parent.appending(
            "\(path.lastComponent?.string ?? "").before-entrypoint\(number == 0 ? "" : ".\(number)")")
    }
}

extension Apply.Place {
    /// Whether what is in the link's place becomes the target: it is of the target's kind, and there is none, or an empty
    /// file that nothing was written to.
    func takes(_ status: FileStatus, over target: FileStatus?) -> Bool {
        guard status.kind == (kind == .file ? .file : .directory) else { return false }
        guard let target else { return true }
        return target.kind == .file && target.size == 0
    }
}
