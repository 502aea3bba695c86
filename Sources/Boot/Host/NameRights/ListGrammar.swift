internal import Linux
internal import Text

/// Files with a few words on each line.
enum ListGrammar {
    /// One name on each line (crontab(1), at.allow(5)).
    static func readNames(_ findings: inout SourceFindings) {
        for line in findings.text.lines {
            if line.bytes.isPlainName { findings.user(line.bytes, line.number) } else { findings.note(line) }
        }
    }

    /// `name:first:count` (subuid(5)).
    static func readSubordinateIDs(_ findings: inout SourceFindings) {
        for line in findings.text.lines {
            let fields = line.bytes.items(":")
            guard fields.count == 3, fields[1].isDecimal, fields[2].isDecimal, fields[0].isPlainName else {
                findings.note(line)
                continue
            }
            if !fields[0].isDecimal { findings.user(fields[0], line.number) }
        }
    }

    /// `domain type item value` (limits.conf(5)); a limit that applies to everybody is not a right of a name.
    static func readLimits(_ findings: inout SourceFindings) {
        for line in findings.text.lines {
            let words = line.bytes.withoutComment.words
            guard words.count == 4 || words.count == 2 && words[1].is("-") else {
                findings.note(line)
                continue
            }
            if words[0].is("*") { continue }
            if !findings.name(words[0], groupSigns: "@%", line.number) { findings.note(line) }
        }
    }

    /// `capabilities names` (capability.conf(5)).
    static func readCapabilities(_ findings: inout SourceFindings) {
        for line in findings.text.lines {
            let words = line.bytes.withoutComment.words
            guard let capabilities = words.first, words.count > 1, !line.bytes.has("\\!\"") else {
                findings.note(line)
                continue
            }
            for word in words.dropFirst() {
                if word.is("*") {
                    if !capabilities.is("none") { findings.mention(.everyone, line.number) }
                } else if !findings.name(word, groupSigns: "@", line.number) {
                    findings.note(line)
                }
            }
        }
    }

    /// Names, groups and SELinux users, each of which may have options (sepermit.conf(5)).
    static func readSEUsers(_ findings: inout SourceFindings) {
        for line in findings.text.lines {
            let parts = line.bytes.withoutComment.items(":")
            guard parts.count <= 2, findings.name(parts[0], groupSigns: "@", line.number) else {
                findings.note(line)
                continue
            }
        }
    }

    /// The settings of pwquality.conf(5), faillock.conf(5) and pwhistory.conf(5) that name nobody.
    private static let settings: Set<String> = [
        "difok", "minlen", "dcredit", "ucredit", "lcredit", "ocredit", "minclass", "maxrepeat", "maxclassrepeat",
        "maxsequence", "gecoscheck", "dictcheck", "usercheck", "usersubstr", "enforcing", "retry", "enforce_for_root",
        "local_users_only", "dictpath", "audit", "silent", "no_log_info", "nodelay", "deny", "fail_interval",
        "unlock_time", "even_deny_root", "root_unlock_time", "remember", "debug", "file",
    ]

    /// `name = value`, `name`, or a variable of pam_env.conf(5).
    static func readSettings(_ findings: inout SourceFindings) {
        for line in findings.text.lines {
            let text = line.bytes.withoutComment
            let (name, rest) = text.cut { !$0.isNameByte }
            let isVariable =
                !name.contains(where: { $0.isLowercase }) && !rest.words.isEmpty
                && rest.words.allSatisfy { $0.starts(with: "DEFAULT=".utf8) || $0.starts(with: "OVERRIDE=".utf8) }
            if isVariable && !line.bytes.has("\\") { continue }
            let value = rest.trimmed
            if !settings.contains(name.text) || !(value.isEmpty || value.first == UInt8(ascii: "=")) {
                findings.note(line)
            }
        }
    }
}
