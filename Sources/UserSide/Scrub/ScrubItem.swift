package import Linux
package import Text

/// Something that is to be removed.
package struct ScrubItem: Equatable, Sendable {
    /// Where it is. No link leads there.
    package let path: FilePath
    /// The ``SecretPlace/kind`` that it belongs to, or why it is named otherwise.
    package let kind: String
    /// What was seen at the path.
    let seen: FileStatus
    /// The number of the mount that its directory belongs to.
    let mount: UInt64
    /// The bytes of the regular files in it.
    package let bytes: Int
    /// How many files of any type but directories there are, itself counted.
    package let files: Int
    /// Where a link leads; empty for anything else.
    package let target: String

    /// What it is, in words.
    package var what: String {
        switch seen.kind {
        case .directory: "directory of \(files.counted("file"))"
        case .file: seen.names > 1 ? "file with \(seen.names) names" : "file"
        case .link: "link to \(target)"
        case .pipe: "named pipe"
        case .socket: "socket"
        case .characterDevice, .blockDevice: "device"
        case .other: "unknown"
        }
    }

    /// The item for programs.
    package var json: JSON {
        .object([
            ("path", .string(path.string)), ("kind", .string(kind)), ("what", .string(what)), ("bytes", .number(bytes)),
            ("files", .number(files)),
        ])
    }
}

/// What a search has found.
package struct ScrubFindings: Sendable {
    /// What is to be removed, in the order of the paths; nothing lies in another.
    package var items: [ScrubItem] = []
    /// What was not entered or is not to be removed, and why, one line for each.
    package var notes: [String] = []
    /// What could not be looked at, one line for each: something to be removed may be there.
    package var problems: [String] = []

    mutating func note(_ text: String) { if !notes.contains(text) { notes.append(text) } }
    mutating func fail(_ text: String) { if !problems.contains(text) { problems.append(text) } }
}
