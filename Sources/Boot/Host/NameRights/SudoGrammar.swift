internal import Linux

/// What sudo loads, and doas's rules (sudo.conf(5), doas.conf(5)).
enum SudoGrammar {
    static func readConfiguration(_ findings: inout SourceFindings) {
        for line in findings.text.lines {
            let words = line.bytes.withoutComment.words
            if line.bytes.has("\\\"'") || !isPlain(words) { findings.note(line) }
        }
    }

    private static func isPlain(_ words: [ArraySlice<UInt8>]) -> Bool {
        guard words.count >= 3 else { return false }
        func isOne(_ word: ArraySlice<UInt8>, of texts: [String]) -> Bool { texts.contains { word.is($0) } }
        if words[0].is("Debug") { return true }
        if words[0].is("Path") { return isOne(words[1], of: ["askpass", "devsearch", "noexec", "sesh", "intercept"]) }
        if words[0].is("Set") {
            return words.count == 3
                && isOne(words[1], of: ["disable_coredump", "max_groups", "probe_interfaces", "group_source"])
                && (!words[1].is("group_source") || isOne(words[2], of: ["adaptive", "static", "dynamic"]))
        }
        // Arguments of the plugin would name another sudoers file.
        return words[0].is("Plugin") && words.count == 3 && words[2].is("sudoers.so")
            && isOne(words[1], of: ["sudoers_policy", "sudoers_io", "sudoers_audit"])
    }

    private static let options = ["nopass", "nolog", "persist", "keepenv"]

    static func readDoas(_ findings: inout SourceFindings) {
        for line in findings.text.lines {
            var words = line.bytes.withoutComment.words[...]
            // A rule that denies something to one name permits it to another.
            guard !line.bytes.has("\\\"'{}"), words.popFirst()?.is("permit") == true else {
                findings.note(line)
                continue
            }
            words = words.drop { word in options.contains { word.is($0) } }
            guard let identity = words.popFirst() else {
                findings.note(line)
                continue
            }
            let isGroup = identity.first == UInt8(ascii: ":")
            let name = isGroup ? identity.dropFirst() : identity
            if words.first?.is("as") == true, let target = words.dropFirst().first {
                if !target.isPlainName { findings.note(line) }
                findings.user(target, line.number)
                words = words.dropFirst(2)
            }
            if !name.isPlainName || !(words.isEmpty || words.first?.is("cmd") == true && words.count > 1) {
                findings.note(line)
            } else if isGroup {
                findings.group(name, line.number)
            } else {
                findings.user(name, line.number)
            }
        }
    }
}
