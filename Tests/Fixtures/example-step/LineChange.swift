package import Linux
internal import Text

/// A file of the user's has a line; what else it says stays.
package struct LineChange: Equatable, Sendable {
    let line: String
    let path: FilePath

    package init(_ line: String, in path: FilePath) {
        self.line = line
        self.path = path
    }
}

extension LineChange: CheckedChange {
    var goal: String { "line \(line.shown()) in \(path.shown())" }

    func done(by identity: String) -> String { "added \(line.shown()) to \(path.shown()) as \(identity)" }

    var subject: FilePath? { path }

    /// The file's content is what is to be done about it: what is missing is added at its end.
    func check(on bench: Workbench) throws(BootError) -> Finding<[UInt8]> {
        if bench.isExpected(path) { return .differs([]) }
        let content = try bench.perform("cannot read", path) { () throws(SystemCallError) in
            try bench.tree.read(path, links: .follow) ?? []
        }
        let isThere = content.split(separator: .newline).contains { $0.elementsEqual(line.utf8) }
        return isThere ? .already : .differs(content)
    }

    func makeTrue(_ content: [UInt8], on bench: Workbench) throws(BootError) -> Outcome {
        let gap: [UInt8] = content.isEmpty || content.last == .newline ? [] : [.newline]
        try bench.perform("cannot write", path) { () throws(SystemCallError) in
            guard let name = path.lastComponent else { return }
            let file = try bench.tree.openParent(of: path, links: .follow)
                .open(name, [.writeOnly, .append, .create], mode: 0o644)
            try file.writeAll(gap + Array((line + "\n").utf8), path: path)
            try file.close(path: path)
        }
        return .changed
    }
}
