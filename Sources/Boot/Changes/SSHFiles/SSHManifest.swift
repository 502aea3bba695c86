package import Linux

/// What an earlier boot wrote into ssh's directory, so that a later one can tell its own files from the user's.
///
/// Every line has the name of a file and what stat(2) reported when it was written. A file that has changed since is
/// the user's, except the known hosts, to which ssh itself adds lines.
package struct SSHManifest: Equatable, Sendable {
    /// The manifest's name in the directory.
    static let name = ".entrypoint"
    /// The limit in bytes; no manifest that a boot writes is longer.
    static let limit = 4096

    /// One mark for each file.
    private var marks: [Mark] = []

    private struct Mark: Equatable {
        let name: String
        let text: String
    }

    package init() {}

    /// Reads a manifest; lines in any other form are skipped.
    package init(_ text: String) {
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: " ", maxSplits: 1)
            guard parts.count == 2 else { continue }
            set(String(parts[0]), String(parts[1]))
        }
    }

    /// The manifest as it is written; empty when it has no line.
    package var text: String {
        marks.map { "\($0.name) \($0.text)\n" }.joined()
    }

    /// Records a file that was written.
    package mutating func add(_ name: SSHFileName, _ status: FileStatus) { set(name.text, Self.mark(status)) }

    /// Records a link that is about to be made.
    package mutating func add(link name: SSHFileName) { set(name.text, "link") }

    /// Records that a file is gone, or no longer a boot's.
    package mutating func remove(_ name: SSHFileName) { marks.removeAll { $0.name == name.text } }

    /// Whether a boot has written a file of this name.
    package func has(_ name: SSHFileName) -> Bool { marks.contains { $0.name == name.text } }

    /// Whether a boot wrote a file and nobody has changed it since.
    package func owns(_ name: SSHFileName, _ status: FileStatus) -> Bool {
        guard let mark = marks.first(where: { $0.name == name.text }) else { return false }
        return name == .knownHosts && status.kind == .file || mark.text == Self.mark(status)
    }

    /// Whether a boot wrote a file under the recorded name and nobody has changed it since.
    package func marks(_ name: SSHFileName, _ status: FileStatus) -> Bool {
        status.kind == .file && marks.contains { $0.name == name.text && $0.text == Self.mark(status) }
    }

    /// Whether bytes are a manifest or the beginning of one: nobody else writes such lines.
    package static func isPart(_ bytes: [UInt8]) -> Bool {
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        return lines.dropLast().allSatisfy { line in
            let words = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
            if words.count == 2 { return words[1].elementsEqual("link".utf8) }
            return words.count == 4
                && words.dropFirst().allSatisfy { word in
                    !word.isEmpty && word.allSatisfy { 0x30...0x39 ~= $0 || $0 == UInt8(ascii: ".") }
                }
        } && lines.last.map { $0.count <= 128 && !$0.contains(0) } ?? true
    }

    private mutating func set(_ name: String, _ text: String) {
        marks.removeAll { $0.name == name }
        marks.append(Mark(name: name, text: text))
    }

    private static func mark(_ status: FileStatus) -> String {
        if status.kind == .link { return "link" }
        let time = status.modified
        return "\(status.size) \(time.seconds).\(time.nanoseconds) \(status.inode)"
    }
}
