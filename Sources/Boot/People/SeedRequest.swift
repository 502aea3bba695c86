internal import Text

/// Who the seed user must be.
package enum SeedRequest: Equatable, Sendable {
    case ids(user: UInt32, group: UInt32)
    /// A name in `/etc/passwd`.
    case name(String)

    /// Reads a name, or ids such as `177449:83070`.
    ///
    /// - Throws: what is expected instead of the text.
    static func parse(_ text: String) throws(FormatError) -> SeedRequest {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        if parts.count == 2, let user = try? ValueFormats.accountID(String(parts[0])),
            let group = try? ValueFormats.accountID(String(parts[1]))
        {
            return .ids(user: user, group: group)
        }
        guard parts.count == 1, let name = try? ValueFormats.accountName(text) else {
            throw FormatError("not the name of an account, nor two decimal ids as uid:gid; root is neither")
        }
        return .name(name)
    }
}
