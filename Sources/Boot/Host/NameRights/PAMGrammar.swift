internal import Linux
internal import Text

/// The services of pam(7), with the modules that distributions ship and arguments that name nobody.
enum PAMGrammar {
    static func read(_ findings: inout SourceFindings) {
        for line in findings.text.lines where !read(line, &findings) { findings.note(line) }
    }

    private static let types = ["auth", "account", "password", "session", "-auth", "-account", "-password", "-session"]

    private static func read(_ line: SourceText.Line, _ findings: inout SourceFindings) -> Bool {
        if line.bytes.has("\\\"'$") { return false }
        var rest = line.bytes.withoutComment
        func next() -> ArraySlice<UInt8> {
            let word: ArraySlice<UInt8>
            (word, rest) = rest.cut(before: { $0.isBlank })
            rest = rest.trimmed
            return word
        }
        let type = next()
        if type.is("@include") {
            let name = next()
            guard isService(name), rest.isEmpty else { return false }
            findings.ask(.include(name.text), line.number)
            return true
        }
        guard types.contains(where: { type.is($0) }) else { return false }
        let isAsking = type.is("auth") || type.is("-auth")
        let control: PAMControl?
        if rest.first == UInt8(ascii: "[") {
            guard let end = rest.firstIndex(of: UInt8(ascii: "]")) else { return false }
            control = PAMControl(words: rest[(rest.startIndex + 1)..<end].words)
            rest = rest[(end + 1)...].trimmed
        } else {
            let word = next()
            if word.is("include") || word.is("substack") {
                let name = next()
                guard isService(name), rest.isEmpty else { return false }
                if isAsking {
                    findings.ask(word.is("include") ? .include(name.text) : .substack(name.text), line.number)
                }
                return true
            }
            control = PAMControl(word: word)
        }
        guard let control else { return false }
        let module = next()
        guard readModule(module, rest.words, line.number, &findings) else { return false }
        if isAsking { findings.ask(.module(control, PAMResults(of: module)), line.number) }
        return true
    }

    /// The name of another service that does not lead out of the directory.
    private static func isService(_ name: ArraySlice<UInt8>) -> Bool {
        name.isPlainName && name.first != UInt8(ascii: ".")
    }

    private static func readModule(
        _ module: ArraySlice<UInt8>, _ arguments: [ArraySlice<UInt8>], _ line: Int, _ findings: inout SourceFindings
    ) -> Bool {
        switch module.text {
        case "pam_wheel.so":
            var group: ArraySlice<UInt8> = "wheel".bytes
            for argument in arguments {
                if argument.starts(with: "group=".utf8) {
                    group = argument.dropFirst("group=".utf8.count)
                } else if !["trust", "use_uid", "root_only", "debug"].contains(where: { argument.is($0) }) {
                    return false
                }
            }
            findings.group(group, line)
            return group.isPlainName
        case "pam_succeed_if.so": return isCondition(arguments)
        default:
            guard let known = PAMModules.arguments[module.text] else { return false }
            return arguments.allSatisfy { argument in
                guard let sign = argument.firstIndex(of: UInt8(ascii: "=")) else {
                    return known.contains { argument.is($0) }
                }
                return known.contains { argument[...sign].is($0) }
            }
        }
    }

    private static let flags = ["debug", "quiet", "quiet_fail", "quiet_success", "use_uid", "audit"]

    /// Conditions on numeric ids, or on something that is not the name of a user or group.
    private static func isCondition(_ arguments: [ArraySlice<UInt8>]) -> Bool {
        var words = arguments.filter { argument in !flags.contains { argument.is($0) } }[...]
        while let attribute = words.popFirst() {
            guard let comparison = words.popFirst(), let value = words.popFirst() else { return false }
            switch attribute.text {
            case "uid", "gid":
                guard ["eq", "ne", "lt", "le", "gt", "ge", "<", "<=", ">", ">=", "=", "!="].contains(comparison.text),
                    value.isDecimal
                else { return false }
            case "service", "tty", "rhost", "shell", "home":
                guard ["in", "notin", "=", "!=", "=~", "!~"].contains(comparison.text) else { return false }
            default: return false
            }
        }
        return true
    }
}

/// The arguments that modules may have; a word that ends with `=` is followed by a value.
enum PAMModules {
    static let arguments: [String: [String]] = [
        "pam_unix.so": [
            "nullok", "nullok_secure", "nullresetok", "obscure", "yescrypt", "gost_yescrypt", "sha512", "sha256", "md5",
            "bigcrypt", "blowfish", "shadow", "use_authtok", "use_first_pass", "try_first_pass", "not_set_pass",
            "audit",
            "debug", "quiet", "nodelay", "broken_shadow", "no_pass_expiry", "remember=", "rounds=", "minlen=",
            "authtok_type=",
        ],
        "pam_permit.so": [], "pam_deny.so": [], "pam_warn.so": [], "pam_debug.so": [],
        "pam_rootok.so": ["debug"],
        "pam_env.so": ["debug", "readenv=", "envfile=", "conffile=", "user_readenv=", "user_envfile="],
        "pam_mail.so": ["close", "debug", "dir=", "empty", "hash=", "noenv", "nopen", "quiet", "standard", "spool="],
        "pam_limits.so": ["change_uid", "debug", "noaudit", "utmp_early", "set_all"],
        "pam_umask.so": ["debug", "silent", "usergroups", "nousergroups", "umask="],
        "pam_nologin.so": ["file=", "successok"],
        "pam_loginuid.so": ["require_auditd"],
        "pam_keyinit.so": ["debug", "force", "revoke"],
        "pam_motd.so": ["motd=", "motd_dir=", "noupdate"],
        "pam_selinux.so": [
            "close", "open", "restore", "nottys", "debug", "verbose", "select_context", "env_params",
            "use_current_range",
        ],
        "pam_systemd.so": ["class=", "type=", "desktop=", "debug", "debug=", "default-capability-bounding-set="],
        "pam_systemd_home.so": [], "pam_elogind.so": ["class=", "type=", "debug", "debug="],
        "pam_lastlog.so": [
            "debug", "silent", "never", "nodate", "nohost", "noterm", "nowtmp", "noupdate", "showfailed", "inactive=",
            "unlimited",
        ],
        "pam_lastlog2.so": ["debug", "silent", "nodate", "nohost", "noterm", "showfailed", "silent_if=", "database="],
        "pam_wtmpdb.so": ["debug", "skip_if=", "database="],
        "pam_faildelay.so": ["debug", "delay="],
        "pam_securetty.so": ["debug", "noconsole"],
        "pam_shells.so": [], "pam_localuser.so": ["debug"],
        "pam_usertype.so": ["use_uid", "audit", "issystem", "isregular"],
        "pam_pwquality.so": [
            "debug", "authtok_type=", "retry=", "difok=", "minlen=", "dcredit=", "ucredit=", "lcredit=", "ocredit=",
            "minclass=", "maxrepeat=", "maxsequence=", "maxclassrepeat=", "gecoscheck=", "dictcheck=", "usercheck=",
            "usersubstr=", "enforcing=", "dictpath=", "enforce_for_root", "local_users_only", "use_authtok",
            "try_first_pass", "use_first_pass",
        ],
        "pam_cracklib.so": [
            "debug", "authtok_type=", "type=", "retry=", "difok=", "minlen=", "dcredit=", "ucredit=", "lcredit=",
            "ocredit=", "minclass=", "maxrepeat=", "maxsequence=", "maxclassrepeat=", "reject_username", "gecoscheck",
            "enforce_for_root", "use_authtok", "dictpath=",
        ],
        "pam_passwdqc.so": ["min=", "max=", "passphrase=", "match=", "similar=", "enforce=", "retry=", "use_authtok"],
        "pam_pwhistory.so": [
            "debug", "use_authtok", "enforce_for_root", "remember=", "retry=", "authtok_type=", "try_first_pass",
        ],
        "pam_faillock.so": [
            "preauth", "authfail", "authsucc", "silent", "audit", "no_log_info", "local_users_only", "nodelay", "deny=",
            "fail_interval=", "unlock_time=", "even_deny_root", "root_unlock_time=",
        ],
        "pam_tally2.so": ["onerr=", "deny=", "unlock_time=", "even_deny_root", "root_unlock_time=", "audit", "silent"],
        "pam_mkhomedir.so": ["debug", "silent", "umask=", "skel="],
        "pam_oddjob_mkhomedir.so": ["debug", "silent", "umask=", "skel="],
        "pam_xauth.so": ["debug"], "pam_cap.so": ["debug", "keepcaps", "defer"],
        // The files of these modules are also sources.
        "pam_access.so": ["debug", "noaudit", "nodefgroup"], "pam_group.so": [], "pam_time.so": ["debug", "noaudit"],
        "pam_sepermit.so": ["debug"],
        "pam_namespace.so": [
            "debug", "unmnt_remnt", "unmnt_only", "require_selinux", "gen_hash", "ignore_config_error",
            "ignore_instance_parent_mode", "unmount_on_close", "use_current_context", "use_default_context",
            "mount_private",
        ],
        "pam_gnome_keyring.so": ["auto_start", "only_if=", "use_authtok"],
        "pam_kwallet.so": ["auto_start"], "pam_kwallet5.so": ["auto_start"], "pam_gdm.so": [],
        "pam_ck_connector.so": ["nox11"], "pam_cgfs.so": ["-c"],
    ]
}
