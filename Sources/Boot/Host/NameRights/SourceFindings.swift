internal import SystemPackage
internal import Text

/// What a grammar finds in one file.
struct SourceFindings {
    let text: SourceText
    private(set) var mentions: [NameRights.Mention] = []
    private(set) var problems: [NameRights.Problem] = []
    /// What the file includes.
    private(set) var included: [NameSource] = []
    /// Of a service of PAM's.
    private(set) var stack = PAMStack()

    init(_ text: SourceText) {
        self.text = text
    }

    mutating func user(_ name: ArraySlice<UInt8>, _ line: Int) { mention(.user(name.text), line) }
    mutating func group(_ name: ArraySlice<UInt8>, _ line: Int) { mention(.group(name.text), line) }

    mutating func mention(_ subject: NameRights.Subject, _ line: Int) {
        mentions.append(NameRights.Mention(subject: subject, file: text.path, line: line))
    }

    mutating func note(_ line: Int?, _ reason: String) {
        problems.append(NameRights.Problem(file: text.path, line: line, reason: reason))
    }

    /// A line that no rule of the grammar takes.
    mutating func note(_ line: SourceText.Line) {
        note(line.number, "not understood: \(line.bytes.shown(limit: 100))")
    }

    mutating func include(_ source: NameSource) { included.append(source) }
    mutating func ask(_ entry: PAMStack.Entry, _ line: Int) { stack.append(entry, line: line) }

    /// Mentions whoever has a home that the text speaks of: what a privileged program does there is the user's to say.
    mutating func nameHomes() {
        for line in SourceText.lines(of: text.bytes) {
            var rest = line.bytes
            while let found = rest.place(of: "/home/") {
                let isBelow = rest[..<found.lowerBound].last.map(\.isNameByte) ?? false
                let name: ArraySlice<UInt8>
                (name, rest) = rest[found.upperBound...].cut { !$0.isNameByte }
                if !isBelow, !name.isEmpty { user(name, line.number) }
            }
        }
    }
}

extension SourceFindings {
    /// Mentions the user that a word names, or the group behind one of some signs; `false` for what is no plain name.
    mutating func name(_ word: ArraySlice<UInt8>, groupSigns: String, _ line: Int) -> Bool {
        let isGroup = word.first.map { groupSigns.utf8.contains($0) } ?? false
        let name = isGroup ? word.dropFirst() : word
        guard name.isPlainName else { return false }
        mention(isGroup ? .group(name.text) : .user(name.text), line)
        return true
    }

    /// Those of the problems that may be about another file, which is not read then.
    func unread(by grammar: NameGrammar) -> [NameRights.Problem] {
        if problems.isEmpty { return [] }
        let lines = SourceText.lines(of: text.bytes)
        // What is not taken line by line is not followed either.
        if grammar == .dbus || problems.contains(where: { $0.line == nil }) {
            return lines.contains { grammar.mayNameFile($0.bytes) } ? problems : []
        }
        let numbers = Set(lines.filter { grammar.mayNameFile($0.bytes) }.map(\.number))
        return problems.filter { $0.line.map(numbers.contains) ?? true }
    }
}

extension NameGrammar {
    /// Whether a line that is not understood may say that another file is to be read: it includes one, or has a path as an
    /// argument.
    fileprivate func mayNameFile(_ line: ArraySlice<UInt8>) -> Bool {
        let lowered = line.map(AccountName.lowered)[...]
        if ["include", "substack", "=/"].contains(where: { lowered.place(of: $0) != nil }) { return true }
        switch self {
        // Of a rule a path is what may be run.
        case .sudoers: guard lowered.starts(with: "defaults".utf8) else { return false }
        case .pam, .sudo: break
        default: return false
        }
        return lowered.last == UInt8(ascii: "\\") || lowered.words.dropFirst().contains { $0.has("/") }
    }
}

extension ArraySlice<UInt8> {
    /// Where a text is for the first time. What the library has for it comes with all of regular expressions.
    func place(of text: String) -> Range<Int>? {
        let count = text.utf8.count
        guard count <= self.count else { return nil }
        for start in startIndex...(endIndex - count) where self[start...].starts(with: text.utf8) {
            return start..<(start + count)
        }
        return nil
    }
}
