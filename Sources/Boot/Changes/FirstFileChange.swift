package import Linux
internal import Text

/// A file exists. One that is made gets a first content; one that exists keeps its own, whatever it is.
package struct FirstFileChange: Equatable, Sendable {
    package let path: FilePath
    /// The content of a file that is made.
    package let content: [UInt8]
    /// The mode of a file that is made, before the umask.
    package let mode: ModeBits

    package init(path: FilePath, content: [UInt8] = [], mode: ModeBits = 0o666) {
        self.path = path
        self.content = content
        self.mode = mode
    }
}

extension FirstFileChange: CheckedChange {
    var goal: String { "file \(path.shown())" }

    func done(by identity: String) -> String { "created \(path.shown()) as \(identity)" }

    var deed: Deed { .created(path) }

    var subject: FilePath? { path }

    var blocksWhatLiesBelow: Bool { true }

    func moved(by resolve: (FilePath) -> FilePath) -> Change? {
        .firstFile(FirstFileChange(path: resolve(path), content: content, mode: mode))
    }

    func check(on bench: Workbench) throws(BootError) -> Finding<Void> {
        guard let status = try bench.look(at: path) else { return .differs(()) }
        // If the user's link can be followed, its target counts. A device is allowed: it may mean that nothing is kept.
        let kind = status.kind == .link ? kindBehindLink(on: bench) : status.kind
        guard ![.directory, .pipe, .socket].contains(kind) else {
            throw BootError(
                .filesWrongKind, "cannot use \(path.shown())",
                reason: status.kind == .link
                    ? "it is a symbolic link to \(kind.words), and a file is expected"
                    : "it is \(kind.words), and a file is expected",
                remedy: "move it away")
        }
        bench.ledger.notePresent(path)
        return .already
    }

    /// The kind of a link's target; `.link` where that cannot be seen.
    private func kindBehindLink(on bench: Workbench) -> FileStatus.Kind {
        let status = try? bench.actors.acting(as: bench.actor) { () throws(SystemCallError) in
            try bench.tree.status(path, links: .follow)
        }
        return status?.kind ?? .link
    }

    func foresee(_: Void, on bench: Workbench) throws(BootError) {
        try bench.foreseeMaking(path)
        bench.ledger.expect(path)
    }

    func makeTrue(_: Void, on bench: Workbench) throws(BootError) -> Outcome {
        let isMade = try bench.perform("cannot create", path) { () throws(SystemCallError) in try make(on: bench) }
        bench.ledger.notePresent(path)
        return isMade ? .changed : .already
    }

    /// Makes the file with its content at once; returns `false` when another process was faster.
    private func make(on bench: Workbench) throws(SystemCallError) -> Bool {
        guard let name = path.lastComponent else { return false }
        let parent = try bench.tree.openParent(of: path, links: .follow)
        do throws(SystemCallError) {
            guard !content.isEmpty else {
                try parent.open(name, [.writeOnly, .create, .exclusive], mode: mode).close(path: path)
                return true
            }
            let temporary = TemporaryName.make(for: name)
            do throws(SystemCallError) {
                let file = try parent.open(temporary, [.writeOnly, .create, .exclusive], mode: mode)
                try file.writeAll(content, path: path)
                let written = try file.status(path: path)
                try file.close(path: path)
                try parent.move(temporary, to: name, in: parent)
                // Programs run this content. Something else may have taken its name in the meantime.
                guard try parent.status(name)?.isSame(as: written) == true else {
                    throw SystemCallError(call: "renameat2", path: path, errno: .staleNFSFileHandle)
                }
                Leftovers.remove(
                    beside: path, Leftovers.Proof(content: content), in: bench.tree, progress: bench.keepWatchWaiting)
                return true
            } catch {
                _ = try? parent.remove(temporary)
                throw error
            }
        } catch  where error.errno == .fileExists {
            return false
        }
    }
}
