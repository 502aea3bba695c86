package import Linux
internal import Text

/// A file that belongs to the boot has a content.
package struct FileChange: Equatable, Sendable {
    package let path: FilePath
    package let content: [UInt8]
    package let mode: ModeBits
    /// What the file is for, in a clause.
    package let meaning: String
}

extension FileChange: CheckedChange {
    var goal: String { "file \(path.shown()) (\(mode.octal)): \(meaning)" }

    func done(by identity: String) -> String { "wrote \(path.shown()) (\(mode.octal)): \(meaning)" }

    var deed: Deed { .other(meaning) }

    var subject: FilePath? { path }

    func check(on bench: Workbench) throws(BootError) -> Finding<Void> {
        var status: FileStatus?
        var found: [UInt8] = []
        try bench.perform("cannot read", path) { () throws(SystemCallError) in
            do throws(SystemCallError) {
                let file = try bench.tree.open(path, [.readOnly, .nonBlocking], links: .refuse)
                status = try file.status(path: path)
                guard status?.kind == .file else { return }
                // Reading one byte more than expected detects a longer file.
                found = try file.readAll(limit: content.count + 1, path: path)
            } catch  where [.noSuchFileOrDirectory, .tooManySymbolicLinkLevels, .isDirectory].contains(error.errno) {
                // Nothing, or something else, is there: the attempt to make it true will show which.
            }
        }
        if let status, found == content, status.mode == mode, status.user == 0 { return .already }
        return .differs(())
    }

    func foresee(_: Void, on bench: Workbench) throws(BootError) {
        try bench.checkIsImages("cannot write", path)
        try bench.foreseeReplacing(path)
    }

    func makeTrue(_: Void, on bench: Workbench) throws(BootError) -> Outcome {
        try bench.checkIsImages("cannot write", path)
        try bench.perform("cannot write", path) { () throws(SystemCallError) in
            try FileReplacement.replace(path, with: content, mode: mode, owner: (0, 0), in: bench.tree)
        }
        return .changed
    }
}
