internal import Boot
package import Linux

/// The file in which Kubernetes looks for the reason of a container's end.
package enum TerminationLog {
    /// Writes the reason, if the file exists and can be written; the same line is on standard error.
    package static func write(_ text: String, in tree: FileTree) {
        guard let file = try? tree.open(Paths.terminationLog, [.writeOnly, .noFollow, .nonBlocking], links: .refuse),
            (try? file.status())?.kind == .file
        else { return }
        _ = try? file.setLength(0)
        _ = try? file.writeAll(Array((text + "\n").utf8))
    }
}
