import Linux
import SystemPackage

extension Apply {
    /// Sees to it that a file or a tree has been copied.
    mutating func apply(_ change: CopyChange, by able: [Actor]) throws(BootError) -> Outcome {
        let destination = change.destination
        if try look(at: destination, as: able[0]) != nil {
            present.append(destination)
            return .already
        }
        guard try look(at: change.source, as: able[0]) != nil else {
            return .unneeded("the image has no \(Text.shown(change.source))")
        }
        if mode == .dryRun {
            expected.append(destination)
            return .changed
        }
        let result: TreeCopy.Result
        do throws(SystemCallError) {
            result = try actors.acting(as: able[0]) { () throws(SystemCallError) in
                try TreeCopy.make(
                    of: change.source, at: destination, extent: .ordinaryFiles, umask: actors.workUmask, in: tree,
                    progress: keepWatchWaiting)
            }
        } catch {
            throw copyFailure("cannot copy", change.source, destination, error, as: able[0])
        }
        notes += result.leftOut.map {
            "\(Text.shown($0)) is neither a file nor a directory nor a link and was not copied"
        }
        if let error = result.remains {
            notes.append(
                "a second copy of \(Text.shown(change.source)) cannot be removed and remains at "
                    + "\(Text.shown(error.path ?? destination)): \(error.reason) (\(error.symbol))")
        }
        present.append(destination)
        return result.isMade ? .changed : .already
    }

    /// An error of copying, which names the place in the original that cannot be read.
    func copyFailure(
        _ action: String, _ source: FilePath, _ destination: FilePath, _ error: SystemCallError, as actor: Actor
    ) -> BootError {
        let attempts = [Attempt(as: actors.words(actor), error)]
        guard let place = error.path, place.starts(with: source) else {
            return failure("\(action) \(Text.shown(source)) to", destination, attempts)
        }
        let inside = place == source ? "" : ": \(Text.shown(place))"
        return BootError(
            "\(action) \(Text.shown(source)) to \(Text.shown(destination))\(inside)", attempts: attempts,
            remedy: error.errno == .permissionDenied && error.call != "renameat2" && error.call != "renameat"
                ? "the user must be able to read all of \(Text.shown(source))" : "")
    }
}
