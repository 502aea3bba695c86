package import Linux
internal import Text

/// The first line of a script: `#!`, the interpreter, and perhaps an argument for it (execve(2)).
package struct ScriptStart: Equatable, Sendable {
    /// How many bytes of a file the kernel reads for its first line (BINPRM_BUF_SIZE).
    static let limit = 256

    /// The interpreter's path, without a carriage return at its end.
    package let interpreter: FilePath
    /// Whether a carriage return ends the line, which the kernel and interpreters take for a part of a name.
    package let hasCarriageReturn: Bool

    /// The first line of a file, if it is one of a script.
    package init?(of bytes: [UInt8]) {
        guard bytes.starts(with: "#!".utf8) else { return nil }
        let line = bytes.dropFirst(2).prefix { $0 != .newline }
        hasCarriageReturn = line.last == .carriageReturn
        let name = line.drop(while: { $0.isBlank }).prefix { !$0.isBlank && $0 != .carriageReturn }
        interpreter = FilePath(String(decoding: name, as: UTF8.self))
    }

    /// The first line of the script at a path; `nil` for anything else, and for what cannot be read.
    package static func find(at path: FilePath, in tree: FileTree, links: LinkPolicy) -> ScriptStart? {
        let bytes = try? tree.read(path, limit: limit, links: links)
        return (bytes ?? nil).flatMap { ScriptStart(of: $0) }
    }

    /// What to do about the carriage return.
    package static let lineEndRemedy =
        "its first line ends with a carriage return, as Windows writes it: save the file with Unix line ends (dos2unix)"
}
