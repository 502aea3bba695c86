internal import Linux
internal import Text

/// Plain rules of sudo (sudoers(5)): lists of names separated by commas, aliases, settings that name nobody, and
/// includes with a plain path. Quotes, escapes, negations, netgroups and continued lines are not understood.
enum SudoersGrammar {
    static func read(_ findings: inout SourceFindings) {
        for line in findings.text.lines where !read(line, &findings) { findings.note(line) }
    }

    private static func read(_ line: SourceText.Line, _ findings: inout SourceFindings) -> Bool {
        if line.bytes.has("\\") { return false }
        if line.bytes.starts(with: "@".utf8) || line.bytes.starts(with: "#include".utf8) {
            return readInclude(line, &findings)
        }
        if line.bytes.starts(with: "Defaults".utf8) { return SudoersDefaults.read(line, &findings) }
        let (word, rest) = line.bytes.cut(before: { $0.isBlank })
        guard let text = withoutComment(rest), !text.has("\""), let whole = withoutComment(line.bytes) else {
            return false
        }
        switch word.text {
        case "User_Alias", "Runas_Alias":
            return readAliases(text, line.number, &findings, isRunas: word.is("Runas_Alias"))
        case "Host_Alias", "Cmnd_Alias", "Cmd_Alias": return true
        default: return readRule(whole, line.number, &findings)
        }
    }

    /// The text without a comment, which begins at a `#` that no number follows; `nil` if the comment touches a word.
    private static func withoutComment(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        var start = text.startIndex
        while let sign = text[start...].firstIndex(of: UInt8(ascii: "#")) {
            if text[sign...].startsSudoersComment {
                return sign == text.startIndex || text[sign - 1].isBlank ? text[..<sign].trimmed : nil
            }
            start = sign + 1
        }
        return text.trimmed
    }

    private static func readInclude(_ line: SourceText.Line, _ findings: inout SourceFindings) -> Bool {
        let (directive, rest) = line.bytes.cut(before: { $0.isBlank })
        let words = rest.words
        guard let path = words.first, path.isPlainPath else { return false }
        if words.count > 1 {
            guard words[1].first == UInt8(ascii: "#"), words[1].startsSudoersComment else { return false }
        }
        let place = FilePath(path.text)
        switch directive.dropFirst().text {
        case "include": findings.include(NameSource(place, .file, .sudoers))
        case "includedir": findings.include(NameSource(place, .directory(.sudoers), .sudoers))
        default: return false
        }
        return true
    }

    /// `NAME = list : NAME = list`.
    private static func readAliases(
        _ text: ArraySlice<UInt8>, _ line: Int, _ findings: inout SourceFindings, isRunas: Bool
    ) -> Bool {
        for alias in text.items(":") {
            let parts = alias.items("=")
            guard parts.count == 2, parts[0].isPlainName else { return false }
            for item in parts[1].items(",") {
                if isRunas && item.is("ALL") { continue }
                guard readSubject(item, line, &findings) else { return false }
            }
        }
        return true
    }

    /// `users hosts = (runas) commands`.
    private static func readRule(_ text: ArraySlice<UInt8>, _ line: Int, _ findings: inout SourceFindings) -> Bool {
        let (users, rest) = userList(text)
        let (hosts, grant) = rest.cut { $0 == UInt8(ascii: "=") }
        guard !hosts.trimmed.isEmpty, grant.count > 1, !hosts.has("!\"()%+#") else { return false }
        for item in users.items(",") {
            guard readSubject(item, line, &findings) else { return false }
        }
        // These are the users to run as. They gain nothing, but are still somebody's names.
        var later = grant
        while let start = later.firstIndex(of: UInt8(ascii: "(")) {
            guard let end = later[start...].firstIndex(of: UInt8(ascii: ")")) else { return false }
            for name in later[(start + 1)..<end].split(whereSeparator: { ",: \t!%+#".utf8.contains($0) }) {
                if name.is("ALL") || name.isDecimal { continue }
                guard name.isPlainName else { return false }
                findings.user(name, line)
                findings.group(name, line)
            }
            later = later[(end + 1)...]
        }
        return true
    }

    /// Splits off the list of users, which ends at a blank that is not next to a comma.
    private static func userList(_ text: ArraySlice<UInt8>) -> (ArraySlice<UInt8>, ArraySlice<UInt8>) {
        var end = text.startIndex
        while end < text.endIndex {
            while end < text.endIndex, !text[end].isBlank { end += 1 }
            let next = text[end...].drop { $0.isBlank }
            let isInside = end > text.startIndex && text[end - 1] == .comma || next.first == .comma
            guard isInside, !next.isEmpty else { break }
            end = next.startIndex
            if next.first == .comma { end += 1 }
            end = text[end...].drop { $0.isBlank }.startIndex
        }
        return (text[..<end], text[end...])
    }

    /// A user, `%group`, an id, an alias or `ALL`.
    static func readSubject(_ item: ArraySlice<UInt8>, _ line: Int, _ findings: inout SourceFindings) -> Bool {
        if item.is("ALL") {
            findings.mention(.everyone, line)
            return true
        }
        let isGroup = item.first == UInt8(ascii: "%")
        let name = isGroup ? item.dropFirst() : item
        if name.first == UInt8(ascii: "#") { return name.dropFirst().isDecimal }
        guard name.isPlainName else { return false }
        if isGroup { findings.group(name, line) } else { findings.user(name, line) }
        return true
    }
}

/// `Defaults` of sudoers(5), as far as they name nobody.
enum SudoersDefaults {
    /// The settings that describe a program or a screen, and never a user or a group.
    private static let parameters: Set<String> = [
        "always_query_group_plugin", "always_set_home", "authenticate", "badpass_message", "case_insensitive_group",
        "case_insensitive_user", "closefrom", "closefrom_override", "command_timeout", "compress_io", "editor",
        "env_check", "env_delete", "env_editor", "env_file", "env_keep", "env_reset", "fast_glob", "fdexec", "fqdn",
        "ignore_dot", "ignore_iolog_errors", "ignore_logfile_errors", "insults", "iolog_dir", "iolog_file",
        "iolog_flush", "iolog_mode", "lecture", "lecture_file", "lecture_status_dir", "log_allowed", "log_denied",
        "log_exit_status", "log_format", "log_host", "log_input", "log_output", "log_subcmds", "log_year", "logfile",
        "loglinelen", "long_otp_prompt", "mail_all_cmnds", "mail_always", "mail_badpass", "mail_no_host",
        "mail_no_perms", "mail_no_user", "mailerflags", "mailerpath", "mailfrom", "mailsub", "mailto",
        "match_group_by_gid", "maxseq", "noexec", "pam_acct_mgmt", "pam_session", "pam_setcred", "passprompt",
        "passprompt_override", "passprompt_regex", "passwd_timeout", "passwd_tries", "path_info",
        "preserve_groups", "pwfeedback", "requiretty", "root_sudo", "rootpw", "secure_path", "set_home",
        "set_logname", "set_utmp", "setenv", "shell_noargs", "stay_setuid", "sudoedit_checkdir", "sudoedit_follow",
        "sudoers_locale", "syslog", "syslog_badpri", "syslog_goodpri", "syslog_maxlen", "targetpw",
        "timestamp_timeout", "timestamp_type", "timestampdir", "tty_tickets", "umask", "umask_override", "use_pty",
        "use_loginclass", "user_command_timeouts", "utmp_runas", "visiblepw",
    ]

    static func read(_ line: SourceText.Line, _ findings: inout SourceFindings) -> Bool {
        let (scope, settings) = line.bytes.dropFirst("Defaults".utf8.count).cut(before: { $0.isBlank })
        switch scope.first {
        case nil: break
        // A host or a command, whose path may contain anything but the byte that ends it.
        case UInt8(ascii: "@"), UInt8(ascii: "!"):
            if scope.has("\"#(),") || scope.count < 2 { return false }
        case UInt8(ascii: ":"), UInt8(ascii: ">"):
            for item in scope.dropFirst().items(",") {
                guard SudoersGrammar.readSubject(item, line.number, &findings) else { return false }
            }
        default: return false
        }
        var rest = settings.trimmed
        guard !rest.isEmpty else { return false }
        while true {
            guard readSetting(&rest) else { return false }
            rest = rest.trimmed
            if rest.isEmpty || rest.first == UInt8(ascii: "#") && rest.startsSudoersComment { return true }
            guard rest.popFirst() == .comma else { return false }
            rest = rest.trimmed
        }
    }

    /// Reads `name`, `!name` or `name = value` from the start of a text.
    private static func readSetting(_ rest: inout ArraySlice<UInt8>) -> Bool {
        let isNegated = rest.first == UInt8(ascii: "!")
        rest = rest.drop { $0 == UInt8(ascii: "!") || $0.isBlank }
        let name: ArraySlice<UInt8>
        (name, rest) = rest.cut { !$0.isNameByte }
        guard parameters.contains(name.text) else { return false }
        var value = rest.drop { $0.isBlank }
        if value.starts(with: "+=".utf8) || value.starts(with: "-=".utf8) { value = value.dropFirst() }
        guard value.first == UInt8(ascii: "=") else { return true }
        if isNegated { return false }
        value = value.dropFirst().drop { $0.isBlank }
        if value.first == UInt8(ascii: "\"") {
            let text = value.dropFirst()
            guard let end = text.firstIndex(of: UInt8(ascii: "\"")) else { return false }
            rest = text[(end + 1)...]
            return true
        }
        let word: ArraySlice<UInt8>
        (word, rest) = value.cut {
            $0.isBlank || $0 == .comma || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "#")
        }
        return !word.isEmpty && rest.first != UInt8(ascii: "\"")
    }
}
