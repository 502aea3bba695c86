internal import Linux
internal import Text

/// The account files, and the other places where the C library looks for names (passwd(5), group(5), shadow(5),
/// gshadow(5), nsswitch.conf(5)). The names themselves are compared elsewhere: here it is enough that every line is an
/// entry.
enum AccountGrammar {
    static func readPasswd(_ findings: inout SourceFindings) {
        readEntries(&findings) { $0.count == 7 && $0[2].isDecimal && $0[3].isDecimal }
    }

    static func readGroup(_ findings: inout SourceFindings) {
        readEntries(&findings) { $0.count == 4 && $0[2].isDecimal && isList($0[3]) }
    }

    static func readShadow(_ findings: inout SourceFindings) {
        readEntries(&findings) { fields in
            fields.count == 9 && fields[2...].allSatisfy { $0.isEmpty || $0.isDecimal || $0.is("-1") }
        }
    }

    static func readGroupShadow(_ findings: inout SourceFindings) {
        readEntries(&findings) { $0.count == 4 && isList($0[2]) && isList($0[3]) }
    }

    private static func isList(_ field: ArraySlice<UInt8>) -> Bool {
        field.isEmpty || field.split(separator: .comma, omittingEmptySubsequences: false).allSatisfy { $0.isPlainName }
    }

    /// Every line is a comment or an entry with a plain name; a line that begins with `+` or `-` refers to NIS.
    private static func readEntries(_ findings: inout SourceFindings, _ isEntry: ([ArraySlice<UInt8>]) -> Bool) {
        for line in findings.text.lines where line.bytes.first != UInt8(ascii: "#") {
            let fields = line.bytes.split(separator: .colon, omittingEmptySubsequences: false)
            // The line itself is not shown, because it may have password hashes in it.
            if !fields[0].isPlainName || !isEntry(fields) { findings.note(line.number, "not a plain entry") }
        }
    }

    /// The databases that define who somebody is, or what somebody may do.
    private static let databases = [
        "passwd", "group", "shadow", "gshadow", "initgroups", "subid", "sudoers", "passwd_compat", "group_compat",
        "shadow_compat",
    ]

    /// `files`, and services that add nothing unless their own files exist, as distributions write them.
    private static let plainServices = ["files", "[SUCCESS=merge]", "systemd", "compat"]

    /// A database without a line uses only its files. Older versions of the C library would ask a NIS domain, if the
    /// machine were in one.
    static func readNameService(_ findings: inout SourceFindings) {
        for line in findings.text.lines {
            let parts = line.bytes.withoutComment.items(":")
            guard parts.count == 2, parts[0].isPlainName, !line.bytes.has("\\") else {
                findings.note(line)
                // The line may be about netgroups.
                findings.askForNetgroups()
                continue
            }
            if AccountName(parts[0]) == AccountName("netgroup"), !parts[1].words.allSatisfy({ $0.is("files") }) {
                findings.askForNetgroups()
            }
            guard databases.contains(where: { AccountName(parts[0]) == AccountName($0) }) else { continue }
            let services = parts[1].words
            if services.isEmpty || !services.allSatisfy({ service in plainServices.contains { service.is($0) } }) {
                findings.note(line)
            }
        }
    }
}
