internal import Linux
internal import Text

/// sshd_config(5), as far as it names nobody, or only plain names.
enum SSHDGrammar {
    static func read(_ findings: inout SourceFindings) {
        for line in findings.text.lines where !read(line, &findings) { findings.note(line) }
    }

    private static func read(_ line: SourceText.Line, _ findings: inout SourceFindings) -> Bool {
        let (keyword, rest) = line.bytes.cut { $0.isBlank || $0 == UInt8(ascii: "=") }
        var value = rest.trimmed
        if value.first == UInt8(ascii: "=") { value = value.dropFirst().trimmed }
        // Such a value is composed from the name.
        if value.has("\\") || value.isEmpty || hasNameToken(value) { return false }
        let name = String(decoding: keyword.map(AccountName.lowered), as: UTF8.self)
        switch name {
        case "allowusers", "denyusers": return readNames(value.words, isGroup: false, line.number, &findings)
        case "allowgroups", "denygroups": return readNames(value.words, isGroup: true, line.number, &findings)
        case "match": return readMatch(value.words, line.number, &findings)
        case "include": return readInclude(value, &findings)
        default: return keywords.contains(name)
        }
    }

    /// Whether a value has `%u`, `%U`, `%h` or another token; `%%` is a literal percent sign.
    private static func hasNameToken(_ value: ArraySlice<UInt8>) -> Bool {
        var rest = value
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%"), let token = rest.popFirst() else { continue }
            if ![UInt8(ascii: "%"), UInt8(ascii: "h")].contains(token) { return true }
        }
        return false
    }

    private static func readNames(
        _ names: [ArraySlice<UInt8>], isGroup: Bool, _ line: Int, _ findings: inout SourceFindings
    ) -> Bool {
        for name in names {
            guard name.isPlainName else { return false }
            if isGroup { findings.group(name, line) } else { findings.user(name, line) }
        }
        return !names.isEmpty
    }

    private static func readMatch(
        _ words: [ArraySlice<UInt8>], _ line: Int, _ findings: inout SourceFindings
    ) -> Bool {
        var words = words[...]
        while let criterion = words.popFirst() {
            switch String(decoding: criterion.map(AccountName.lowered), as: UTF8.self) {
            case "all": continue
            case "address", "localaddress", "localport", "host", "rdomain":
                guard words.popFirst() != nil else { return false }
            case "user":
                guard let names = words.popFirst()?.items(","), readNames(names, isGroup: false, line, &findings) else {
                    return false
                }
            case "group":
                guard let names = words.popFirst()?.items(","), readNames(names, isGroup: true, line, &findings) else {
                    return false
                }
            default: return false
            }
        }
        return true
    }

    /// A file, or the `.conf` files of a directory.
    private static func readInclude(_ value: ArraySlice<UInt8>, _ findings: inout SourceFindings) -> Bool {
        for path in value.words {
            if path.isPlainPath {
                findings.include(NameSource(FilePath(path.text), .file, .sshd))
            } else if path.suffix(7).is("/*.conf"), path.dropLast(7).isPlainPath {
                findings.include(
                    NameSource(FilePath(path.dropLast(7).text), .directory(.ending(".conf")), .sshd))
            } else {
                return false
            }
        }
        return true
    }

    private static let keywords: Set<String> = [
        "acceptenv", "addressfamily", "allowagentforwarding", "allowstreamlocalforwarding", "allowtcpforwarding",
        "authenticationmethods", "authorizedkeysfile", "banner", "casignaturealgorithms",
        "challengeresponseauthentication", "channeltimeout", "ciphers", "clientalivecountmax", "clientaliveinterval",
        "compression", "debianbanner", "disableforwarding", "exposeauthinfo", "fingerprinthash", "gatewayports",
        "gssapiauthentication", "gssapicleanupcredentials", "gssapikexalgorithms", "gssapikeyexchange",
        "gssapistorecredentialsonrekey", "gssapistrictacceptorcheck", "hostbasedacceptedalgorithms",
        "hostbasedacceptedkeytypes", "hostcertificate", "hostkey", "hostkeyagent", "hostkeyalgorithms", "ignorerhosts",
        "ignoreuserknownhosts", "ipqos", "kbdinteractiveauthentication", "kexalgorithms", "listenaddress",
        "logingracetime", "loglevel", "logverbose", "macs", "maxauthtries", "maxsessions", "maxstartups", "modulifile",
        "passwordauthentication", "permitemptypasswords", "permitlisten", "permitopen", "permitrootlogin", "permittty",
        "permittunnel", "permituserenvironment", "permituserrc", "persourcemaxstartups", "persourcenetblocksize",
        "persourcepenalties", "pidfile", "port", "printlastlog", "printmotd", "pubkeyacceptedalgorithms",
        "pubkeyacceptedkeytypes", "pubkeyauthentication", "pubkeyauthoptions", "refuseconnection", "rekeylimit",
        "requiredrsasize", "revokedkeys", "setenv", "showpatchlevel", "sshdsessionpath", "streamlocalbindmask",
        "streamlocalbindunlink", "strictmodes", "subsystem", "syslogfacility", "tcpkeepalive", "trustedusercakeys",
        "unusedconnectiontimeout", "usedns", "usepam", "useprivilegeseparation", "protocol", "versionaddendum",
        "x11displayoffset", "x11forwarding", "x11maxdisplays", "x11uselocalhost", "xauthlocation",
    ]
}
