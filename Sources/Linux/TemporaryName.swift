internal import Text

/// Names for something that is made beside its final place and then takes its final name.
///
/// Several containers may work in one directory at once, so a name is never used twice. A boot that was killed leaves
/// what it made, so a later boot must recognise it.
package enum TemporaryName {
    /// A new name: `.NAME.entrypoint-PID-RANDOM`.
    package static func make(for name: FilePath.Component) -> FilePath.Component {
        let random = String(UInt64.random(in: 0...UInt64.max), radix: 36)
        return FilePath.Component("\(prefix(for: name))\(CurrentProcess.id)-\(random)") ?? name
    }

    /// Whether a name is a temporary name for something that becomes `name`. This proves nothing about who made it.
    package static func isTemporary(_ candidate: FilePath.Component, for name: FilePath.Component) -> Bool {
        let (text, prefix) = (candidate.string.utf8, prefix(for: name).utf8)
        guard text.starts(with: prefix) else { return false }
        let parts = text.dropFirst(prefix.count).split(
            separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        return parts.count == 2 && parts.allSatisfy { !$0.isEmpty } && parts[0].allSatisfy { $0.isDigit }
            && parts[1].allSatisfy { $0.isDigit || $0.isLowercase }
    }

    /// Whether a name is a temporary name for anything. This proves nothing about who made it.
    package static func isTemporary(_ candidate: FilePath.Component) -> Bool {
        let (text, mark) = (Array(candidate.string.utf8), Array(mark.utf8))
        guard text.first == .dot else { return false }
        for start in stride(from: text.count - mark.count, to: 1, by: -1) where text[start...].starts(with: mark) {
            let name = FilePath.Component(String(decoding: text[1..<start], as: UTF8.self))
            return name.map { isTemporary(candidate, for: $0) } ?? false
        }
        return false
    }

    /// What stands between the name and what makes it unique.
    private static var mark: String { ".entrypoint-" }

    private static func prefix(for name: FilePath.Component) -> String {
        // The whole name must fit into 255 bytes.
        ".\(String(decoding: name.string.utf8.prefix(200), as: UTF8.self))\(mark)"
    }
}
