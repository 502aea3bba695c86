internal import Boot
internal import Linux
internal import Text

extension StateDirectory {
    /// How long the file is, in bytes. It is always the same, because everybody may see the length.
    private static let length = 16384

    /// Keeps, for root alone, why names are not granted; removes what an earlier start kept when all are granted.
    ///
    /// - Throws: the error of writing or removing.
    func keep(reasons: [String]) throws(SystemCallError) {
        guard !reasons.isEmpty else {
            // If the file is a mount, no earlier start of this container has written it.
            _ = try? directory.remove("names")
            return
        }
        _ = try FileReplacement.replace(
            "names", in: directory, with: Self.content(reasons), mode: 0o600, owner: (0, 0))
    }

    private static func content(_ reasons: [String]) -> [UInt8] {
        var content: [UInt8] = []
        for (index, reason) in reasons.enumerated() {
            let line = Array(reason.utf8) + [.newline]
            if content.count + line.count > length - 64 {
                content += "and \(reasons.count - index) more\n".utf8
                break
            }
            content += line
        }
        return content + [UInt8](repeating: .newline, count: length - content.count)
    }
}
