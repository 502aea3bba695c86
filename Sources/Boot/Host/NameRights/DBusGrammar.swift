internal import Text

/// The policies of the system bus: elements whose attributes name users and groups (dbus-daemon(1)).
enum DBusGrammar {
    static func read(_ findings: inout SourceFindings) {
        var reader = XMLTags(findings.text.bytes)
        while let tag = reader.next() {
            guard let tag, read(tag, reader.line, &findings) else {
                findings.note(reader.line, "not understood; only plain policies of the bus are")
                return
            }
        }
    }

    private static let elements: Set<String> = [
        "busconfig", "type", "listen", "fork", "pidfile", "user", "servicedir", "standard_system_servicedirs",
        "servicehelper", "auth", "syslog", "keep_umask", "policy", "allow", "deny", "limit", "include", "includedir",
        "selinux", "apparmor", "associate", "standard_session_servicedirs", "allow_anonymous",
    ]

    /// Includes that are allowed besides the files that are sources themselves: rules of SELinux.
    private static let included: Set<String> = [
        "/etc/dbus-1/system.conf", "/etc/dbus-1/system-local.conf", "/usr/share/dbus-1/system.conf", "system.d",
        "/etc/dbus-1/system.d", "/usr/share/dbus-1/system.d", "contexts/dbus_contexts",
    ]

    private static func read(_ tag: XMLTags.Tag, _ line: Int, _ findings: inout SourceFindings) -> Bool {
        guard elements.contains(tag.name) else { return false }
        let text = tag.content.trimmedLines
        switch tag.name {
        case "include", "includedir": if !included.contains(text.text) { return false }
        case "user":
            guard text.isPlainName else { return false }
            findings.user(text, line)
        default: break
        }
        for (name, value) in tag.attributes where name == "user" || name == "group" {
            if value.is("*") { continue }
            guard value.isPlainName else { return false }
            if name == "user" { findings.user(value, line) } else { findings.group(value, line) }
        }
        return true
    }
}

/// The opening tags of a document without entities, processing instructions and its own definitions.
struct XMLTags {
    struct Tag {
        let name: String
        let attributes: [(name: String, value: ArraySlice<UInt8>)]
        /// The text up to the next tag.
        let content: ArraySlice<UInt8>
    }

    private var rest: ArraySlice<UInt8>
    private let bytes: [UInt8]
    private var start = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        rest = bytes[...]
    }

    /// The line of the tag that was read last, from 1.
    var line: Int { bytes[..<start].count { $0 == .newline } + 1 }

    /// The next opening tag; `nil` at the end, and an inner `nil` for a tag that is not understood.
    mutating func next() -> Tag?? {
        while true {
            let text: ArraySlice<UInt8>
            (text, rest) = rest.cut { $0 == UInt8(ascii: "<") }
            start = rest.startIndex
            if text.contains(UInt8(ascii: "&")) { return .some(nil) }
            if rest.isEmpty { return nil }
            if rest.starts(with: "<!--".utf8) {
                // The comment may split a word.
                if text.contains(where: { !$0.isSpace }) { return .some(nil) }
                rest = rest.dropFirst(4)
                while !rest.starts(with: "-->".utf8) { if rest.popFirst() == nil { return .some(nil) } }
                rest = rest.dropFirst(3)
                continue
            }
            let isPassed =
                rest.starts(with: "<?xml ".utf8) && start == 0 || rest.starts(with: "<!DOCTYPE busconfig ".utf8)
                || rest.starts(with: "<!DOCTYPE busconfig\n".utf8) || rest.starts(with: "</".utf8)
            guard let end = rest.firstIndex(of: UInt8(ascii: ">")) else { return .some(nil) }
            let inside = rest[(start + 1)..<end]
            rest = rest[(end + 1)...]
            if isPassed {
                if inside.has("[&<") || inside.starts(with: "?xml".utf8) && !isPlainDeclaration(inside) {
                    return .some(nil)
                }
                continue
            }
            return .some(tag(inside))
        }
    }

    /// Whether the declaration names no other encoding: in one, the bytes would be other names.
    private func isPlainDeclaration(_ text: ArraySlice<UInt8>) -> Bool {
        let plain = text.filter { !$0.isBlank && $0 != .newline }.map {
            $0 == 0x27 ? 0x22 : AccountName.lowered($0)
        }
        return ["?xmlversion=\"1.0\"?", "?xmlversion=\"1.0\"encoding=\"utf-8\"?"].contains {
            plain.elementsEqual($0.utf8)
        }
    }

    private func tag(_ text: ArraySlice<UInt8>) -> Tag? {
        func isSpace(_ byte: UInt8) -> Bool { byte.isBlank || byte == .newline }
        var text = text.last == UInt8(ascii: "/") ? text.dropLast() : text
        let name: ArraySlice<UInt8>
        (name, text) = text.cut(before: isSpace)
        var attributes: [(name: String, value: ArraySlice<UInt8>)] = []
        while true {
            text = text.drop(while: isSpace)
            if text.isEmpty { break }
            let key: ArraySlice<UInt8>
            (key, text) = text.cut { isSpace($0) || $0 == UInt8(ascii: "=") }
            text = text.drop(while: isSpace)
            guard text.popFirst() == UInt8(ascii: "=") else { return nil }
            text = text.drop(while: isSpace)
            guard let quote = text.popFirst(), quote == 0x22 || quote == 0x27,
                let end = text.firstIndex(of: quote)
            else { return nil }
            let value = text[..<end]
            if value.has("&<") { return nil }
            attributes.append((key.text, value))
            text = text[(end + 1)...]
        }
        return Tag(name: name.text, attributes: attributes, content: rest.cut { $0 == UInt8(ascii: "<") }.0)
    }
}

extension ArraySlice<UInt8> {
    /// The text without white space at either end, newlines included.
    fileprivate var trimmedLines: ArraySlice<UInt8> {
        func isSpace(_ byte: UInt8) -> Bool { byte.isBlank || byte == .newline }
        guard let end = lastIndex(where: { !isSpace($0) }) else { return [] }
        return self[...end].drop(while: isSpace)
    }
}
