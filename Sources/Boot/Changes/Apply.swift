package import Linux
package import SystemPackage
internal import Text

/// What came of a change.
package enum Outcome: Equatable, Sendable {
    /// It was true before.
    case already
    /// It was made true; in a dry run: it would be.
    case changed
    /// It was not tried, because of the reason.
    case skipped(String)
    /// There is nothing to make true here, because of the reason, and nothing is amiss.
    case unneeded(String)
    /// It could not be made true, and the boot goes on.
    case failed(BootError)
}

/// What was done for a change.
package struct Event: Sendable {
    package let change: StepChange
    package let outcome: Outcome
    /// As whom, in words.
    package let identity: String
    /// What differs and matters, although nothing was changed because of it; with the remedy.
    package let notes: [String]
    /// What was done beyond the goal, in a clause; empty when the goal says all.
    package let remark: String
    package let microseconds: Int64
}

/// Makes a plan's changes true: the only place of a boot that writes.
///
/// Every change is first compared with what is. A dry run only compares.
package struct Apply {
    /// How to apply.
    package enum Mode: Equatable, Sendable { case boot, dryRun }

    let mode: Mode
    let tree: FileTree
    let actors: Actors
    /// Ends the boot when a file server does not answer; `nil` without an init.
    private let watch: ChangeWatch?
    let seedPlaces: SeedPlaces
    /// The directories of the plan.
    var plannedDirectories: [DirectoryChange] = []
    /// The directory that came of each planned one that has a fallback.
    package private(set) var directories: [FilePath: FilePath] = [:]
    /// Paths that a dry run would have made.
    var expected: [FilePath] = []
    /// Paths that a change has just found or made, and that a later one need not look at.
    var present: [FilePath] = []
    /// What a change has just seen of a path itself, so that a later one need not ask the file server again.
    var seen: [(path: FilePath, status: FileStatus)] = []
    /// Directories in which the user can write, as a change has just found.
    var writable: [FilePath] = []
    /// The devices of the directories that were looked at.
    var devices: [(path: FilePath, device: UInt64)] = []
    /// The variables for the user's command, once the plan was applied.
    package private(set) var exports: [(name: String, value: String)] = []
    /// What drop-in steps have exported: by whom, and after how many of the plan's exports.
    var stepExports: [(name: String, value: String, by: Actor, position: Int)] = []
    /// Takes each line that a drop-in step writes.
    package var say: (_ step: String, _ line: String) -> Void = { _, _ in }
    private var unusable: [FilePath] = []
    /// Who did the change at hand, in words.
    var identity = ""
    /// What to tell of the change at hand.
    var notes: [String] = []
    /// What was done beyond the goal of the change at hand.
    var remark = ""
    /// The step and the place of the change at hand, if a file server may take part in it.
    private var watched: (step: String, path: FilePath?)?
    /// What was done in the place of the change at hand.
    var performed: Change?

    /// - Parameter seedPlaces: where the seed user may make something, whatever was planned.
    package init(
        _ mode: Mode, tree: FileTree, actors: Actors, watch: ChangeWatch? = nil,
        seedPlaces: SeedPlaces = SeedPlaces()
    ) {
        self.mode = mode
        self.tree = tree
        self.actors = actors
        self.watch = watch
        self.seedPlaces = seedPlaces
    }

    /// Applies a plan.
    ///
    /// - Parameters:
    ///   - plan: what must be true.
    ///   - observe: is told of every event as it happens.
    /// - Throws: the failure of a change without which the boot cannot go on.
    package mutating func run(_ plan: Plan, observe: (Event) -> Void) throws(BootError) {
        plannedDirectories = plan.changes.compactMap {
            if case .directory(let change) = $0.planned.change { change } else { nil }
        }
        for change in plan.changes {
            let start = Clock.monotonic
            identity = ""
            notes = []
            remark = ""
            performed = nil
            let outcome = try outcome(of: change)
            observe(
                Event(
                    change: change.replaced(by: performed), outcome: outcome, identity: identity, notes: notes,
                    remark: remark,
                    microseconds: Clock.microseconds(since: start)))
        }
        // Before the return to root, who may not be able to look.
        exports = values(of: plan.exports) { _ in true }
        do throws(SystemCallError) {
            try actors.become(.root)
        } catch {
            throw BootError("cannot return to root", attempts: [Attempt(as: "", error)])
        }
    }

    private mutating func outcome(of change: StepChange) throws(BootError) -> Outcome {
        let planned = change.planned
        let able = planned.by.filter(actors.has)
        guard let first = able.first else {
            return .skipped(
                "only \(planned.by.map(\.rawValue).joined(separator: " or ")) can, and the container was started as "
                    + "\(actors.words(.user)): \(actors.fieldAgainstRoot)")
        }
        for path in planned.change.needed {
            if let place = unusablePlace(of: path) { return .skipped("\(place.shown()) cannot be used") }
        }
        identity = actors.words(first)
        var actual = planned.change
        if !directories.isEmpty {
            actual = actual.moved(by: resolved)
            if actual != planned.change { performed = actual }
        }
        watched = able == [.root] ? nil : (change.step, actual.needed.last)
        keepWatchWaiting()
        defer { watch?.end() }
        do throws(BootError) {
            return try apply(actual, by: able)
        } catch {
            var error = error
            error.step = change.step
            guard planned.onFailure == .warn else { throw error }
            switch planned.change {
            case .directory, .firstFile, .copy:
                // What an observer cannot see may well be usable.
                if !actors.isObserver { unusable += planned.change.needed }
            case .accounts, .file, .removal, .link, .sshFiles, .gitIdentity, .command: break
            }
            if !planned.consequence.isEmpty { notes.append(planned.consequence) }
            return .failed(error)
        }
    }

    private mutating func apply(_ change: Change, by able: [Actor]) throws(BootError) -> Outcome {
        switch change {
        case .accounts(let change): try apply(change, by: able)
        case .directory(let change): try apply(change, by: able)
        case .file(let change): try apply(change, by: able)
        case .removal(let change): try apply(change, by: able)
        case .firstFile(let change): try apply(change, by: able)
        case .copy(let change): try apply(change, by: able)
        case .link(let change): try apply(change, by: able)
        case .sshFiles(let change): try apply(change, by: able)
        case .gitIdentity(let change): try apply(change, by: able)
        case .command(let change): try apply(change, by: able)
        }
    }

    /// Notes which directory is used in the place of a planned one.
    mutating func choose(_ directory: FilePath, for planned: FilePath) {
        directories[planned] = directory
    }

    /// Starts the clock on the change at hand anew: a large one takes its time from a server that does answer.
    func keepWatchWaiting() {
        if let watch, let watched { watch.begin(step: watched.step, path: watched.path) }
    }

    /// Stops the clock on the change at hand: what it goes on with has a limit of its own.
    func stopWatching() { watch?.end() }

    /// What came of a planned path: another one where a directory above it has been replaced by its fallback.
    func resolved(_ path: FilePath) -> FilePath {
        for (planned, chosen) in directories where path.starts(with: planned) {
            var rest = path
            // Fails for no path that starts with the other.
            guard rest.removePrefix(planned) else { continue }
            return chosen.appending(rest.components)
        }
        return path
    }

    /// The planned place at or above a path that a failed change has left unusable.
    private func unusablePlace(of path: FilePath) -> FilePath? { unusable.first { path.starts(with: $0) } }

    /// The variables that are exported, in their order and each once: of two values for one name the last counts.
    ///
    /// - Parameters:
    ///   - planned: what built-in steps export.
    ///   - isAllowed: whether what a drop-in step exported is among them, by name and actor.
    func values(
        of planned: [Export], stepExport isAllowed: ((name: String, by: Actor)) -> Bool
    ) -> [(name: String, value: String)] {
        var result: [(name: String, value: String)] = []
        func add(_ name: String, _ value: String) {
            if let index = result.firstIndex(where: { $0.name == name }) {
                result[index].value = value
            } else {
                result.append((name, value))
            }
        }
        for index in 0...planned.count {
            for export in stepExports
            where min(export.position, planned.count) == index && isAllowed((export.name, export.by)) {
                add(export.name, export.value)
            }
            if index < planned.count, let value = value(of: planned[index]) { add(planned[index].name, value) }
        }
        return result
    }

    /// The value of an export after the plan was applied; `nil` for one that would lead nowhere.
    private func value(of export: Export) -> String? {
        switch export.value {
        case .text(let text): text
        case .directory(let planned): (directories[planned] ?? planned).string
        case .place(let planned): unusablePlace(of: planned) == nil ? resolved(planned).string : nil
        case .textWhenApart(let text, let one, let other):
            if let one = device(of: one), let other = device(of: other), one != other { text } else { nil }
        }
    }

    /// The device that holds a directory, or would hold it if it were made.
    private func device(of planned: FilePath) -> UInt64? {
        var path = resolved(planned)
        while true {
            if let known = devices.first(where: { $0.path == path }) { return known.device }
            do throws(SystemCallError) {
                let status = try actors.acting(as: .user) { () throws(SystemCallError) in
                    try tree.status(path, links: .follow)
                }
                if let status { return status.device }
            } catch {
                return nil
            }
            guard path.removeLastComponent() else { return nil }
        }
    }
}
