internal import Linux
internal import Text

/// Groups of users that a name service knows (netgroup(5)): which lines use them, and whether all members are known.
struct Netgroups {
    private var uses: [NameRights.Problem] = []
    private var areForeign = false

    mutating func add(_ findings: SourceFindings, _ grammar: NameGrammar) {
        // If the file was not read as a whole, any service may be asked.
        if findings.hasForeignNetgroups
            || grammar == .nameService && findings.problems.contains(where: { $0.line == nil })
        {
            areForeign = true
        }
        uses += findings.netgroupProblems(of: grammar)
    }

    /// What is unclear because of members that are not known here.
    var unread: [NameRights.Problem] { areForeign ? uses : [] }

    /// `name member...`. Each member is the name of another netgroup, or `(host,user,domain)`, where an empty field
    /// matches everything.
    static func read(_ findings: inout SourceFindings) {
        for line in findings.text.lines where !read(line, &findings) { findings.note(line) }
    }

    private static func read(_ line: SourceText.Line, _ findings: inout SourceFindings) -> Bool {
        let (name, members) = line.bytes.withoutComment.cut(before: { $0.isBlank })
        guard name.isPlainName, !line.bytes.has("\\\"'") else { return false }
        var rest = members.trimmed
        while let first = rest.first {
            if first == UInt8(ascii: "(") {
                guard let end = rest.firstIndex(of: UInt8(ascii: ")")) else { return false }
                let fields = rest.dropFirst()[..<end].items(",")
                guard fields.count == 3 else { return false }
                rest = rest[(end + 1)...].trimmed
                switch fields[1] {
                case []: findings.mention(.everyone, line.number)
                // A dash matches nobody.
                case [UInt8(ascii: "-")]: break
                default:
                    guard fields[1].isPlainName else { return false }
                    findings.user(fields[1], line.number)
                }
            } else {
                let other: ArraySlice<UInt8>
                (other, rest) = rest.cut { $0.isBlank || $0 == UInt8(ascii: "(") }
                guard other.isPlainName else { return false }
                rest = rest.trimmed
            }
        }
        return true
    }
}
