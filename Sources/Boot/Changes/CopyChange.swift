package import Linux
internal import Text

/// A file or a tree of the image has a copy, which is made once: after that, the copy is the user's.
package struct CopyChange: Equatable, Sendable {
    /// What is copied; it may be missing from the image.
    package let source: FilePath
    package let destination: FilePath

    package init(from source: FilePath, to destination: FilePath) {
        self.source = source
        self.destination = destination
    }
}

extension CopyChange: CheckedChange {
    var goal: String { "\(destination.shown()), first copied from \(source.shown())" }

    func done(by identity: String) -> String {
        "copied \(source.shown()) to \(destination.shown()) as \(identity)"
    }

    var deed: Deed { .copied(source, to: destination) }

    var subject: FilePath? { destination }

    var blocksWhatLiesBelow: Bool { true }

    func moved(by resolve: (FilePath) -> FilePath) -> Change? {
        .copy(CopyChange(from: source, to: resolve(destination)))
    }

    func check(on bench: Workbench) throws(BootError) -> Finding<Void> {
        if try bench.look(at: destination) != nil {
            bench.ledger.notePresent(destination)
            return .already
        }
        return try bench.look(at: source) == nil
            ? .unneeded("the image has no \(source.shown())") : .differs(())
    }

    func foresee(_: Void, on bench: Workbench) throws(BootError) {
        try bench.foreseeMaking(destination, "cannot copy \(source.shown()) to")
        bench.ledger.expect(destination)
    }

    func makeTrue(_: Void, on bench: Workbench) throws(BootError) -> Outcome {
        let result: TreeCopy.Result
        do throws(SystemCallError) {
            result = try bench.actors.acting(as: bench.actor) { () throws(SystemCallError) in
                try TreeCopy(
                    source: source, destination: destination, extent: .ordinaryFiles, umask: bench.actors.workUmask
                ).make(in: bench.tree, progress: bench.keepWatchWaiting)
            }
        } catch {
            throw bench.copyFailure("cannot copy", source, destination, error)
        }
        for path in result.leftOut {
            bench.note(
                .filesNotCopied, "\(path.shown()) is neither a file nor a directory nor a link and was not copied")
        }
        if let error = result.remains {
            bench.note(
                .filesNotCopied,
                "a second copy of \(source.shown()) cannot be removed and remains at "
                    + "\((error.path ?? destination).shown()): \(error.reason)", error)
        }
        bench.ledger.notePresent(destination)
        return result.isMade ? .changed : .already
    }
}
