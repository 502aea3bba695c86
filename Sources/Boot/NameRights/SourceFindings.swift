internal import SystemPackage

/// What a grammar finds in one file.
struct SourceFindings {
    let text: SourceText
    private(set) var mentions: [NameRights.Mention] = []
    private(set) var doubts: [NameRights.Doubt] = []
    /// What the file includes.
    private(set) var included: [NameSource] = []
    /// Those of the doubts that are about another file, which is not read.
    private(set) var unread: [NameRights.Doubt] = []
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

    mutating func doubt(_ line: Int?, _ reason: String) {
        doubts.append(NameRights.Doubt(file: text.path, line: line, reason: reason))
    }

    /// A line that no rule of the grammar takes.
    mutating func doubt(_ line: SourceText.Line) {
        doubt(line.number, "not understood: \(Text.shown(line.bytes, limit: 100))")
        if line.namesFile { unread += doubts.suffix(1) }
    }

    /// Counts the doubts as unread, where the text may name further files that nobody has followed.
    mutating func countUnread() {
        if SourceText.lines(of: text.bytes).contains(where: \.namesFile) { unread = doubts }
    }

    mutating func include(_ source: NameSource) { included.append(source) }
    mutating func ask(_ entry: PAMStack.Entry, _ line: Int) { stack.append(entry, line: line) }

    /// Mentions whoever has a home that the text speaks of: what a privileged program does there is the user's to say.
    mutating func nameHomes() {
        for line in SourceText.lines(of: text.bytes) {
            var rest = line.bytes
            while let found = rest.place(of: "/home/") {
                let isBelow = rest[..<found.lowerBound].last.map(Formats.isNameByte) ?? false
                let name: ArraySlice<UInt8>
                (name, rest) = rest[found.upperBound...].cut { !Formats.isNameByte($0) }
                if !isBelow, !name.isEmpty { user(name, line.number) }
            }
        }
    }
}

extension SourceText.Line {
    /// Whether it may say that another file is to be read: one that is included, or an argument that is a path.
    var namesFile: Bool {
        let lowered = bytes.map(AccountName.lowered)[...]
        if ["include", "substack", "=/"].contains(where: { lowered.place(of: $0) != nil }) { return true }
        let first = lowered.cut(before: { $0.isSpaceOrTab }).0
        // Of a rule of sudoers' a path is what may be run.
        guard
            ["defaults", "plugin", "auth", "account", "password", "session"].contains(where: { name in
                first.starts(with: name.utf8) || first.dropFirst().starts(with: name.utf8)
            })
        else { return false }
        return lowered.words.dropFirst().contains { $0.contains(UInt8(ascii: "/")) }
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
