internal import Linux
internal import Text

/// What a grammar finds in one file.
struct SourceFindings {
    let text: SourceText
    private(set) var mentions: [NameRights.Mention] = []
    private(set) var problems: [NameRights.Problem] = []
    /// The sources that the file includes.
    private(set) var included: [NameSource] = []
    /// The stack of a PAM service.
    private(set) var stack = PAMStack()
    /// Whether the name service asks a source for netgroups whose answers are unknown here.
    private(set) var hasForeignNetgroups = false

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

    /// Notes a line that no rule of the grammar matches.
    mutating func note(_ line: SourceText.Line) {
        note(line.number, "not understood: \(line.bytes.shown(limit: 100))")
    }

    mutating func askForNetgroups() { hasForeignNetgroups = true }
    mutating func include(_ source: NameSource) { included.append(source) }
    mutating func ask(_ entry: PAMStack.Entry, _ line: Int) { stack.append(entry, line: line) }

    /// Mentions whoever may have a home that the text refers to: if a privileged program runs or reads something there,
    /// that user controls it.
    mutating func nameHomes(_ homes: inout HomeSearch, _ grammar: NameGrammar) {
        // In these grammars, a directory means every command in it, as in a search path.
        let isOfCommands = grammar == .sudoers || grammar == .doas
        for line in text.lines where !homes.isExhausted {
            var paths = PathFinder(line.bytes, grammar)
            var owners: Set<HomeSearch.Owner> = []
            while !homes.isExhausted, let path = paths.next() {
                owners.formUnion(homes.owners(of: path, isOfCommands: isOfCommands))
            }
            mention(owners, line.number)
        }
    }

    /// Mentions whoever would have the home of another account in this text, or the path of its shell (passwd(5)).
    mutating func nameHomes(_ homes: inout HomeSearch, except caller: UInt32) {
        for line in text.lines where !homes.isExhausted && line.bytes.first != UInt8(ascii: "#") {
            let fields = line.bytes.split(separator: .colon, omittingEmptySubsequences: false)
            guard fields.count > 5, fields[2].decimal != UInt64(caller) else { continue }
            var owners: Set<HomeSearch.Owner> = []
            let home = fields[5].trimmed
            if !home.isEmpty {
                owners = homes.owners(aroundHome: home.isPath ? WrittenPath(home, isLiteral: true) : .unclear)
            }
            if fields.count > 6, fields[6].trimmed.isPath {
                owners.formUnion(homes.owners(of: WrittenPath(fields[6].trimmed, isLiteral: true)))
            }
            mention(owners, line.number)
        }
    }

    private mutating func mention(_ owners: Set<HomeSearch.Owner>, _ line: Int) {
        for owner in owners { mention(owner.subject, line) }
    }
}

extension HomeSearch.Owner {
    /// The subject that a path into such a home mentions.
    var subject: NameRights.Subject {
        switch self {
        case .user(let name): .user(name)
        case .anybody: .everyHome
        }
    }
}

extension SourceFindings {
    /// Mentions the user that a word names, or the group after a group sign; returns `false` if it is not a plain name.
    mutating func name(_ word: ArraySlice<UInt8>, groupSigns: String, _ line: Int) -> Bool {
        let isGroup = word.first.map { groupSigns.utf8.contains($0) } ?? false
        let name = isGroup ? word.dropFirst() : word
        guard name.isPlainName else { return false }
        mention(isGroup ? .group(name.text) : .user(name.text), line)
        return true
    }

    /// The problems that searching for words cannot settle, because the name is in another file or is written in
    /// another way.
    func unread(by grammar: NameGrammar) -> [NameRights.Problem] {
        // A file that could not be read at all may use another encoding, which its reader knows.
        if grammar == .dbus && problems.contains(where: { $0.line == nil }) { return problems }
        return problemsOfLines(of: grammar) { grammar.mayNameFile($0) || grammar.mayHideName($0) }
    }

    /// The problems that may be about a netgroup.
    func netgroupProblems(of grammar: NameGrammar) -> [NameRights.Problem] {
        problemsOfLines(of: grammar) { grammar.mayUseNetgroup($0) }
    }

    private func problemsOfLines(
        of grammar: NameGrammar, where isMeant: (ArraySlice<UInt8>) -> Bool
    ) -> [NameRights.Problem] {
        if problems.isEmpty { return [] }
        let lines = SourceText.lines(of: text.bytes)
        // A text that is not read line by line cannot be assigned to lines here either.
        if grammar.isCode || problems.contains(where: { $0.line == nil }) {
            return lines.contains { isMeant($0.bytes) } ? problems : []
        }
        let numbers = Set(lines.filter { isMeant($0.bytes) }.map { $0.number })
        return problems.filter { $0.line.map(numbers.contains) ?? true }
    }
}

extension NameGrammar {
    /// Whether it is code instead of a list of lines.
    var isCode: Bool { self == .dbus || self == .polkit }

    /// Whether a line that is not understood may refer to another file: it includes one, or has a path as an argument.
    fileprivate func mayNameFile(_ line: ArraySlice<UInt8>) -> Bool {
        let lowered = line.map(AccountName.lowered)[...]
        if ["include", "substack", "=/"].contains(where: { lowered.place(of: $0) != nil }) { return true }
        switch self {
        // In a rule, a path is a command that may be run.
        case .sudoers: guard lowered.starts(with: "defaults".utf8) else { return false }
        case .pam, .sudo: break
        default: return false
        }
        return lowered.last == UInt8(ascii: "\\") || lowered.words.dropFirst().contains { $0.has("/") }
    }

    /// Whether a line may contain a name in another form than its own: as numbers of its characters, or in parts.
    fileprivate func mayHideName(_ line: ArraySlice<UInt8>) -> Bool {
        switch self {
        case .dbus:
            line.contains(UInt8(ascii: "&")) || line.place(of: "<![") != nil
                || line.indices.dropFirst(2).contains { end in
                    line[end - 1] == 0x3C && "!?".utf8.contains(line[end]) && line[end - 2].isNameByte
                }
        case .polkit:
            zip(line, line.dropFirst()).contains { $0 == 0x5C && ($1.isDigit || "xuU".utf8.contains($1)) }
                || line.last == UInt8(ascii: "\\")
        default: false
        }
    }

    /// Whether a line that is not understood may refer to a netgroup: `+name` (sudoers, hosts.equiv), `@name`
    /// (access.conf), or the word itself.
    fileprivate func mayUseNetgroup(_ line: ArraySlice<UInt8>) -> Bool {
        let lowered = line.map(AccountName.lowered)[...]
        // `innetgr` is how pam_succeed_if(8) and innetgr(3) write it.
        if lowered.place(of: "netgr") != nil { return true }
        if isCode { return false }
        var last: UInt8 = 0x20
        var rest = line
        while let byte = rest.popFirst() {
            let isSign = byte == UInt8(ascii: "+") || byte == UInt8(ascii: "@")
            if isSign, !last.isNameByte, rest.first.map({ $0 != UInt8(ascii: "=") }) ?? false { return true }
            last = byte
        }
        return false
    }
}

extension ArraySlice<UInt8> {
    fileprivate var isPath: Bool { first == UInt8(ascii: "/") }

    /// The first place of a text. The library's function would pull in all of regular expressions.
    func place(of text: String) -> Range<Int>? {
        let count = text.utf8.count
        guard count <= self.count else { return nil }
        for start in startIndex...(endIndex - count) where self[start...].starts(with: text.utf8) {
            return start..<(start + count)
        }
        return nil
    }
}
