package import Linux
internal import Text

/// A file that belongs to the boot is gone.
package struct RemovalChange: Equatable, Sendable {
    package let path: FilePath
    /// Why it is removed, in a clause.
    package let meaning: String
}

extension RemovalChange: CheckedChange {
    var goal: String { "no file \(path.shown()): \(meaning)" }

    func done(by identity: String) -> String { "removed \(path.shown()): \(meaning)" }

    var deed: Deed { .other(meaning) }

    var subject: FilePath? { path }

    func check(on bench: Workbench) throws(BootError) -> Finding<Void> {
        let status = try bench.perform("cannot look at", path) { () throws(SystemCallError) in
            try bench.tree.status(path, links: .refuse)
        }
        return status == nil ? .already : .differs(())
    }

    func foresee(_: Void, on bench: Workbench) throws(BootError) {
        try bench.checkIsImages("cannot remove", path)
        try bench.foreseeMaking(path, "cannot remove")
    }

    func makeTrue(_: Void, on bench: Workbench) throws(BootError) -> Outcome {
        try bench.checkIsImages("cannot remove", path)
        try bench.perform("cannot remove", path) { () throws(SystemCallError) in
            guard let name = path.lastComponent else { return }
            try bench.tree.openParent(of: path, links: .refuse).remove(name)
        }
        return .changed
    }
}
