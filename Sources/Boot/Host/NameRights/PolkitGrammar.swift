internal import Text

/// polkit's rules as distributions ship them: who counts as an administrator, what is permitted to whom, and no other
/// code (polkit(8)).
enum PolkitGrammar {
    private static let administrators = (
        head: Array("polkit.addAdminRule(function(action,subject){return[".utf8), tail: Array("];});".utf8)
    )
    /// A rule that permits something, without a negation, so that a name that it does not mention gains nothing.
    private static let permission = (
        head: Array("polkit.addRule(function(action,subject){if(".utf8),
        tail: Array("){returnpolkit.Result.YES;}});".utf8)
    )

    static func readRules(_ findings: inout SourceFindings) {
        // In JavaScript, a Unicode line separator may also end a comment.
        guard findings.text.bytes.allSatisfy({ $0 < 0x80 }), var code = withoutComments(findings.text.bytes)?[...]
        else {
            findings.note(nil, "not understood")
            return
        }
        while !code.isEmpty {
            guard let rest = readRule(code, &findings) else {
                findings.note(code.first?.line, "not understood; only plain lists and conditions are")
                return
            }
            code = rest
        }
    }

    private static func readRule(_ code: Code, _ findings: inout SourceFindings) -> Code? {
        for (form, read) in [(administrators, readIdentities), (permission, readCondition)]
        where code.bytes.starts(with: form.head) {
            guard let rest = read(code.dropFirst(form.head.count), &findings), rest.bytes.starts(with: form.tail) else {
                return nil
            }
            return rest.dropFirst(form.tail.count)
        }
        return nil
    }

    /// The parts of a condition that name nobody.
    private static let parts = ["&&", "||", "(", "subject.local", "subject.active"].map { Array($0.utf8) }
    private static let actionID = Array("action.id==\"".utf8)
    private static let userName = Array("subject.user==\"".utf8)
    private static let groupName = Array("subject.isInGroup(\"".utf8)

    /// Reads the condition up to the bracket that ends it.
    private static func readCondition(_ code: Code, _ findings: inout SourceFindings) -> Code? {
        var code = code
        var depth = 0
        while true {
            if code.bytes.first == UInt8(ascii: ")") {
                if depth == 0 { return code }
                depth -= 1
                code = code.dropFirst()
            } else if let part = parts.first(where: { code.bytes.starts(with: $0) }) {
                if part == [UInt8(ascii: "(")] { depth += 1 }
                code = code.dropFirst(part.count)
            } else if let start = [actionID, userName, groupName].first(where: { code.bytes.starts(with: $0) }) {
                let rest = code.dropFirst(start.count)
                guard let end = rest.firstIndex(where: { $0.byte == UInt8(ascii: "\"") }), let line = rest.first?.line
                else { return nil }
                let name = Array(rest[..<end].bytes)[...]
                code = rest[(end + 1)...]
                guard name.isPlainName else { return nil }
                if start == userName { findings.user(name, line) }
                if start == groupName {
                    findings.group(name, line)
                    guard code.popFirst()?.byte == UInt8(ascii: ")") else { return nil }
                }
            } else {
                return nil
            }
        }
    }

    /// The bytes of the code, each with its line.
    private typealias Code = ArraySlice<(byte: UInt8, line: Int)>

    /// Reads the list up to its bracket; `nil` if it contains anything but identities.
    private static func readIdentities(_ code: Code, _ findings: inout SourceFindings) -> Code? {
        var code = code
        while true {
            guard code.popFirst()?.byte == UInt8(ascii: "\""),
                let end = code.firstIndex(where: { $0.byte == UInt8(ascii: "\"") })
            else { return nil }
            guard readIdentity(Array(code[..<end].bytes)[...], code.first?.line ?? 0, &findings) else { return nil }
            code = code[(end + 1)...]
            if code.first?.byte == UInt8(ascii: "]") { return code }
            guard code.popFirst()?.byte == .comma else { return nil }
        }
    }

    /// `unix-user:NAME` or `unix-group:NAME`.
    private static func readIdentity(_ text: ArraySlice<UInt8>, _ line: Int, _ findings: inout SourceFindings) -> Bool {
        let parts = text.split(separator: .colon, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[1].isPlainName else { return false }
        switch parts[0].text {
        case "unix-user": findings.user(parts[1], line)
        case "unix-group": findings.group(parts[1], line)
        default: return false
        }
        return true
    }

    /// The code without white space and comments; `nil` for a comment that does not end, or is inside a text.
    private static func withoutComments(_ bytes: [UInt8]) -> [(byte: UInt8, line: Int)]? {
        var code: [(byte: UInt8, line: Int)] = []
        var line = 1
        var rest = bytes[...]
        var isText = false
        while let byte = rest.popFirst() {
            if byte == .newline {
                line += 1
                if isText { return nil }
            } else if byte == UInt8(ascii: "/"), rest.first == UInt8(ascii: "/"), !isText {
                rest = rest.drop { $0 != .newline }
            } else if byte == UInt8(ascii: "/"), rest.first == UInt8(ascii: "*"), !isText {
                rest = rest.dropFirst()
                while !rest.starts(with: "*/".utf8) {
                    guard let skipped = rest.popFirst() else { return nil }
                    if skipped == .newline { line += 1 }
                }
                rest = rest.dropFirst(2)
            } else if isText || !byte.isBlank {
                if byte == UInt8(ascii: "\"") { isText.toggle() }
                code.append((byte, line))
            }
        }
        return code
    }

    /// `AdminIdentities=` in the local authority of old versions (pklocalauthority(8)).
    static func readAuthority(_ findings: inout SourceFindings) {
        for line in findings.text.lines where !line.bytes.is("[Configuration]") {
            let parts = line.bytes.items("=")
            guard parts.count == 2, parts[0].is("AdminIdentities") else {
                findings.note(line)
                continue
            }
            for identity in parts[1].items(";") where !identity.isEmpty {
                if !readIdentity(identity, line.number, &findings) { findings.note(line) }
            }
        }
    }
}

extension ArraySlice<(byte: UInt8, line: Int)> {
    fileprivate var bytes: LazyMapSequence<Self, UInt8> { lazy.map { $0.byte } }
}
