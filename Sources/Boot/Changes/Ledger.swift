import Linux

/// What one run of a plan has learned so far. A run only ever adds to it.
final class Ledger {
    private let tree: FileTree
    private let actors: Actors
    private let plan: Plan
    /// The directory that is used for each planned one that has a fallback.
    private(set) var directories: [FilePath: FilePath] = [:]
    /// Paths that a dry run would have made.
    private var expected: [FilePath] = []
    /// Paths that a change has found or made, and that a later one need not look at.
    private var present: [FilePath] = []
    /// What a change has seen at a path itself, so that a later one need not ask the file server again.
    private var seen: [(path: FilePath, status: FileStatus)] = []
    /// Directories in which the user can write.
    private var writable: [FilePath] = []
    /// The devices of the directories that were checked.
    private var devices: [(path: FilePath, device: UInt64)] = []
    /// Places that a failed change has left unusable.
    private var unusable: [FilePath] = []
    /// What drop-in steps have exported, which actor exported it, and after how many of the plan's exports.
    private var stepExports: [(name: String, value: String, by: Actor, position: Int)] = []

    /// A ledger for the run of a plan.
    init(_ plan: Plan, tree: FileTree, actors: Actors) {
        self.plan = plan
        self.tree = tree
        self.actors = actors
    }

    /// The directories of the plan.
    var plannedDirectories: [DirectoryChange] {
        plan.changes.compactMap { if case .directory(let change) = $0.planned.change { change } else { nil } }
    }
}

// Paths.
extension Ledger {
    /// Notes that a dry run would have made a path.
    func expect(_ path: FilePath) { expected.append(path) }

    /// Whether a dry run would have made a path, or a directory above it.
    func isExpected(_ path: FilePath) -> Bool { expected.contains { path.starts(with: $0) } }

    /// Whether a dry run would have made this very path.
    func isExpectedItself(_ path: FilePath) -> Bool { expected.contains(path) }

    /// Notes that a path is there.
    func notePresent(_ path: FilePath) { present.append(path) }

    /// Whether a path was found or made by an earlier change, or would be.
    func isPresentOrExpected(_ path: FilePath) -> Bool { present.contains(path) || expected.contains(path) }

    /// Notes the status of what is at a path itself.
    func note(_ path: FilePath, _ status: FileStatus) { seen.append((path, status)) }

    /// The status of what was seen at a path itself; `nil` when nobody has looked.
    func status(of path: FilePath) -> FileStatus? { seen.first { $0.path == path }?.status }

    /// Notes that the user can write in a directory.
    func noteWritable(_ path: FilePath) { writable.append(path) }

    /// Whether the user is known to be able to write in a directory.
    func isWritable(_ path: FilePath) -> Bool { writable.contains(path) }

    /// Notes the device of a directory.
    func note(_ path: FilePath, device: UInt64) { devices.append((path, device)) }

    /// Whether the user can write in some directory of a device.
    func isWritable(device: UInt64) -> Bool {
        devices.contains { $0.device == device && writable.contains($0.path) }
    }
}

// The results of planned paths.
extension Ledger {
    /// Notes which directory is used instead of a planned one.
    func choose(_ directory: FilePath, for planned: FilePath) { directories[planned] = directory }

    /// The path that is used for a planned one; it differs if a directory above it has been replaced by another.
    func resolved(_ path: FilePath) -> FilePath {
        var nearest: (planned: FilePath, chosen: FilePath)?
        for (planned, chosen) in directories where path.starts(with: planned) {
            if planned.string.utf8.count > nearest?.planned.string.utf8.count ?? -1 { nearest = (planned, chosen) }
        }
        var rest = path
        // This fails unless the path starts with the other.
        guard let nearest, rest.removePrefix(nearest.planned) else { return path }
        return nearest.chosen.appending(rest.components)
    }

    /// Notes that some places cannot be used.
    func noteUnusable(_ paths: [FilePath]) { unusable += paths }

    /// The planned place at or above a path that a failed change has left unusable.
    func unusablePlace(of path: FilePath) -> FilePath? { unusable.first { path.starts(with: $0) } }
}

// Exports.
extension Ledger {
    /// Notes what a drop-in step has exported.
    ///
    /// - Parameters:
    ///   - exports: names and values.
    ///   - actor: who ran the step.
    ///   - position: how many of the plan's exports come before.
    func note(_ exports: [(name: String, value: String)], by actor: Actor, position: Int) {
        stepExports += exports.map { ($0.name, $0.value, actor, position) }
    }

    /// The values of the secrets that drop-in steps have exported so far, also of those that were replaced since.
    func exportedSecrets(_ secrets: Secrets) -> [[UInt8]] {
        stepExports.filter { secrets.isSecret($0.name, value: $0.value) }
            .flatMap { Secrets.texts(of: Array($0.value.utf8)) }
    }

    /// The exported variables in order, each of them once: of two values for one name, the last wins.
    ///
    /// - Parameters:
    ///   - planned: what built-in steps export.
    ///   - isAllowed: whether a drop-in step's export is included, by its name and actor.
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

    /// The value of an export after the plan was applied; `nil` when there is no variable.
    private func value(of export: Export) -> String? {
        switch export.value {
        case .text(let text): text
        case .directory(let planned): (directories[planned] ?? planned).string
        case .place(let planned): unusablePlace(of: planned) == nil ? resolved(planned).string : nil
        case .placeOrText(let planned, let text):
            unusablePlace(of: planned) == nil ? resolved(planned).string : text
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
