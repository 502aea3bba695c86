package import Linux
package import SystemPackage
internal import Text

/// What the files of an image say of rights that users and groups have by their names.
///
/// Whoever may choose their name must not choose one of these: it would be their way to somebody else's rights. So a new
/// name is given only where nothing in these files has remained unclear.
package struct NameRights: Equatable, Sendable {
    /// Whom a line gives something, or speaks of.
    package enum Subject: Equatable, Sendable {
        case user(String)
        case group(String)
        /// Everybody who has a name.
        case everyone
        /// Every user who has a home, as anybody's may be meant.
        case everyHome
    }

    /// A line that speaks of somebody.
    package struct Mention: Equatable, Sendable {
        package let subject: Subject
        package let file: FilePath
        /// From 1; `nil` for the file as a whole.
        package let line: Int?
    }

    /// Something that is not understood, so that it may give rights to any name.
    package struct Doubt: Equatable, Sendable {
        package let file: FilePath
        /// From 1; `nil` for the file or directory as a whole.
        package let line: Int?
        /// What is not understood, in a clause.
        package let reason: String
    }

    /// A file with a doubt, in which every word may be a name.
    struct DoubtfulText: Equatable, Sendable {
        let file: FilePath
        let lines: [SourceText.Line]
    }

    package internal(set) var mentions: [Mention] = []
    package internal(set) var doubts: [Doubt] = []
    /// Those of them about what is there and was not read: it may have any name literally.
    var unread: [Doubt] = []
    var doubtfulTexts: [DoubtfulText] = []

    /// Nothing is mentioned, and nothing is in doubt.
    package init() {}

    /// Reads every source of a container.
    ///
    /// - Parameters:
    ///   - tree: the container's files.
    ///   - caller: the id of the user who chooses the name, and whose files say nothing.
    ///   - isRoot: whether the reader is root; to others most of the files are closed, which says nothing of the boot.
    package static func read(from tree: FileTree, caller: UInt32, isRoot: Bool = true) -> NameRights {
        var reader = SourceReader(tree: tree, caller: caller, isRoot: isRoot)
        for source in NameSource.all { reader.read(source) }
        reader.finish()
        return reader.rights
    }
}

/// The account file in which a name is looked up.
package enum NameKind: Sendable {
    case user, group

    /// The variable that asks for the name.
    var variable: String { self == .user ? "NB_USER" : "NB_GROUP" }
}

/// Whether a name that the image does not have may be given to a caller who has chosen it.
package struct NameVerdict: Equatable, Sendable {
    /// Why not, one line a reason, for root alone; empty when the name is given.
    package let reasons: [String]

    package static let given = NameVerdict(reasons: [])
    package var isGiven: Bool { reasons.isEmpty }

    /// What the caller is told, whatever the reason: they could otherwise ask for the content of files that are not theirs
    /// to read.
    static func told(_ kind: NameKind, _ name: String) -> String {
        "\(kind.variable) \(name) gets no entry in the account files: names may give rights in this image, whose maker can "
            + "permit it with identity.names in \(Paths.configuration); what looks the name up, such as sudo and ssh, "
            + "will not work"
    }
}

extension NameRights {
    /// Whether a new name may be given.
    ///
    /// - Parameters:
    ///   - name: a name that is not the image's own with the caller's id.
    ///   - kind: what it names.
    ///   - accounts: the account files.
    ///   - permitted: the patterns for which the maker of the image answers.
    package func verdict(
        on name: String, _ kind: NameKind, accounts: AccountFiles, permitted: [NamePattern]
    ) -> NameVerdict {
        let wanted = AccountName(name)
        var reasons = accounts.reasons(against: wanted, kind)
        for mention in mentions {
            switch (mention.subject, kind) {
            case (.user(let other), .user), (.group(let other), .group):
                if wanted == AccountName(other) { reasons.append("\(mention.place): \(other.shown()) is named") }
            case (.everyHome, .user): reasons.append("\(mention.place): the home of any name may be meant")
            default: break
            }
        }
        for text in doubtfulTexts {
            guard let line = text.lines.first(where: { wanted.isWord(of: $0.bytes) }) else { continue }
            reasons.append("\(text.file.shown()):\(line.number): the word \(name) may be a name")
        }
        if permitted.contains(where: { $0.matches(name) }) { return NameVerdict(reasons: reasons + unread.map(\.text)) }
        if !reasons.isEmpty { return NameVerdict(reasons: reasons) }
        for mention in mentions where mention.subject == .everyone {
            reasons.append("\(mention.place): everybody with a name has rights")
        }
        return NameVerdict(reasons: reasons + doubts.map(\.text))
    }
}

extension NameRights.Mention {
    var place: String { "\(file.shown())\(line.map { ":\($0)" } ?? "")" }
}

extension NameRights.Doubt {
    /// The doubt on one line.
    var text: String { "\(file.shown())\(line.map { ":\($0)" } ?? ""): \(reason)" }
}

/// A name as programs compare it that ignore the case of letters (sudo does).
struct AccountName: Equatable {
    let bytes: [UInt8]

    init(_ name: some Sequence<UInt8>) { bytes = name.map(Self.lowered) }
    init(_ name: String) { self.init(name.utf8) }

    static func lowered(_ byte: UInt8) -> UInt8 { byte >= 0x41 && byte <= 0x5A ? byte + 0x20 : byte }

    /// Whether it stands in a text between bytes that no name has, as it is, partly in quotes or behind escapes (`\x41`,
    /// `\A`).
    func isWord(of text: ArraySlice<UInt8>) -> Bool {
        if hasWord(in: text) || text.has("\"'") && hasWord(in: text.filter { $0 != 0x22 && $0 != 0x27 }[...]) {
            return true
        }
        // Behind an escape, or behind one that is a word's border (`\\b`).
        return text.contains(UInt8(ascii: "\\"))
            && (hasWord(in: Self.unescaped(text)[...]) || hasWord(in: Self.withoutEscapes(text)[...]))
    }

    private func hasWord(in text: ArraySlice<UInt8>) -> Bool {
        text.split { !$0.isNameByte && $0 != UInt8(ascii: "$") }.contains { word in
            if word.count < bytes.count { return false }
            // A full stop may end a sentence or begin a pattern; a name may have it, too.
            let start = word.firstIndex(where: Self.isInner) ?? word.endIndex
            let end = word.lastIndex(where: Self.isInner).map { $0 + 1 } ?? word.endIndex
            return [word, word[start...], word[..<end], word[min(start, end)..<end]].contains(where: matches)
        }
    }

    /// A `$` may end a pattern, or a name.
    private static func isInner(_ byte: UInt8) -> Bool { !".-$".utf8.contains(byte) }

    private static func withoutEscapes(_ text: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\\") { rest = rest.dropFirst() }
            result.append(byte == UInt8(ascii: "\\") ? 0x20 : byte)
        }
        return result
    }

    private func matches(_ word: ArraySlice<UInt8>) -> Bool {
        word.count == bytes.count && zip(word, bytes).allSatisfy { Self.lowered($0) == $1 }
    }

    private static func unescaped(_ text: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\") else {
                result.append(byte)
                continue
            }
            let digits = rest.dropFirst().prefix(2)
            if rest.first == UInt8(ascii: "x"), digits.count == 2,
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
            {
                result.append(value)
                rest = rest.dropFirst(3)
            } else if let next = rest.popFirst() {
                result.append(next)
            }
        }
        return result
    }
}

extension AccountFiles {
    /// The lines of the account files by which a new name would come to something: an account of the same name, a
    /// password, a membership.
    func reasons(against name: AccountName, _ kind: NameKind) -> [String] {
        var reasons: [String] = []
        func look(_ path: FilePath, _ text: [UInt8]?, _ isMeant: ([ArraySlice<UInt8>]) -> Bool) {
            for line in SourceText.lines(of: text ?? []) {
                let fields = line.bytes.split(separator: .colon, omittingEmptySubsequences: false)
                if isMeant(fields) { reasons.append("\(path):\(line.number): the name is there") }
            }
        }
        func isName(_ field: ArraySlice<UInt8>?) -> Bool {
            field.map { AccountName($0.trimmed) == name } ?? false
        }
        func isListed(_ fields: ArraySlice<ArraySlice<UInt8>>) -> Bool {
            fields.contains { $0.split(separator: .comma).contains { isName($0) } }
        }
        switch kind {
        case .user:
            look(Paths.passwd, passwd) { isName($0.first) }
            // One that a killed boot has left gives nothing.
            look(Paths.shadow, shadow) { isName($0.first) && !$0.isClosed(["*", "", "", "", "", "", "", ""]) }
            look(Paths.group, group) { isListed($0.dropFirst(3)) }
            look(Paths.gshadow, gshadow) { isListed($0.dropFirst(2)) }
        case .group:
            look(Paths.group, group) { isName($0.first) }
            look(Paths.gshadow, gshadow) { isName($0.first) && !$0.isClosed(["*", "", ""]) }
        }
        return reasons
    }
}

extension [ArraySlice<UInt8>] {
    /// Whether these are the fields behind a name.
    fileprivate func isClosed(_ fields: [String]) -> Bool {
        dropFirst().elementsEqual(fields) { $0.elementsEqual($1.utf8) }
    }
}
