package import Foundation
package import Testing

/// Texts that are compared with files of the repository.
package enum Golden {
    /// A file of the repository.
    package static func url(_ path: String) -> URL {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: path)
    }

    /// The text of a file of the repository.
    package static func text(of path: String) throws -> String { try String(contentsOf: url(path), encoding: .utf8) }

    /// Expects that a file has this text, byte for byte.
    ///
    /// With `ENTRYPOINT_WRITE_GOLDEN=1` in the environment the file is written where it differs, which is a failure, too:
    /// what was written is to be read.
    package static func expect(_ text: String, in path: String, sourceLocation: SourceLocation = #_sourceLocation)
        throws
    {
        let file = url(path)
        let found = try? self.text(of: path)
        if found == text { return }
        if ProcessInfo.processInfo.environment["ENTRYPOINT_WRITE_GOLDEN"] == "1" {
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let known = (found ?? "").split(separator: "\n", omittingEmptySubsequences: false)
        let line = zip(lines, known).enumerated().first { $0.element.0 != $0.element.1 }?.offset
        let index = line ?? min(lines.count, known.count)
        Issue.record(
            """
            \(path):\(index + 1) differs; with ENTRYPOINT_WRITE_GOLDEN=1 it is written
              there: \(index < known.count ? String(known[index]) : "nothing")
              now:   \(index < lines.count ? String(lines[index]) : "nothing")
            """, sourceLocation: sourceLocation)
    }
}
