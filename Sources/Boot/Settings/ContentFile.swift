package import Linux
package import Text

/// Reads the files that settings name, with the rights of whoever started the boot.
package enum ContentFile {
    /// The maximum size of such a file in bytes; a Kubernetes secret is not larger either.
    package static let limit = 1 << 20

    /// The content of a file.
    ///
    /// Links are followed, because the files of a mounted secret are links. Only regular files are opened, because
    /// opening anything else may block or do something.
    ///
    /// - Throws: why the file cannot be used, in words that follow its path.
    package static func read(_ path: FilePath, in tree: FileTree) throws(FormatError) -> Secret {
        let status: FileStatus?
        var content: Secret?
        do throws(SystemCallError) {
            status = try tree.status(path, links: .follow)
            if status?.kind == .file { content = try contentOfFile(path, in: tree) }
        } catch {
            throw FormatError("it cannot be read: \(error.reason)", detail: error.symbol)
        }
        guard let status else { throw FormatError("there is no such file") }
        guard let content else { throw FormatError("it is \(status.kind.words), and a file is expected") }
        guard content.count <= limit else { throw FormatError("it has more than \(limit) bytes") }
        guard content.count > 0 else { throw FormatError("it is empty") }
        return content
    }

    /// The content, or `nil` when something else has taken the file's place.
    private static func contentOfFile(_ path: FilePath, in tree: FileTree) throws(SystemCallError) -> Secret? {
        let file = try tree.open(path, [.readOnly, .nonBlocking], links: .follow)
        guard try file.status(path: path).kind == .file else { return nil }
        return try file.readSecret(limit: limit + 1, path: path)
    }
}
