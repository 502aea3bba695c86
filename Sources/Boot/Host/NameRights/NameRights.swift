package import Linux
internal import Text

/// What the files of an image say about rights that users and groups have by their names.
///
/// Whoever may choose their own name must not choose one of these, because it would give them somebody else's rights. A
/// new name is therefore granted only if nothing in these files is unclear.
package struct NameRights: Equatable, Sendable {
    /// Whom a line gives something to, or mentions.
    package enum Subject: Equatable, Sendable {
        case user(String)
        case group(String)
        /// Everybody who has a name.
        case everyone
        /// Every user who has a home, because anybody's home may be meant.
        case everyHome
    }

    /// A line that mentions somebody.
    package struct Mention: Equatable, Sendable {
        package let subject: Subject
        package let file: FilePath
        /// Counted from 1; `nil` for the file as a whole.
        package let line: Int?
    }

    /// Something that is not understood, and may therefore give rights to any name.
    package struct Problem: Equatable, Sendable {
        package let file: FilePath
        /// Counted from 1; `nil` for the file or directory as a whole.
        package let line: Int?
        /// What is not understood, in a clause.
        package let reason: String
    }

    /// A file with a problem, in which every word may be a name.
    struct UnclearText: Equatable, Sendable {
        let file: FilePath
        let lines: [SourceText.Line]
    }

    package internal(set) var mentions: [Mention] = []
    package internal(set) var problems: [Problem] = []
    /// The problems about something that exists and was not read: it may contain any name literally.
    var unread: [Problem] = []
    var unclearTexts: [UnclearText] = []

    /// Nothing is mentioned, and nothing is unclear.
    package init() {}

    /// Reads every source of a container.
    ///
    /// - Parameters:
    ///   - tree: the container's files.
    ///   - caller: the id of the user who chooses the name, and whose own files do not count.
    ///   - isRoot: whether the reader is root; others cannot read most of the files, which says nothing about the boot.
    package static func read(from tree: FileTree, caller: UInt32, isRoot: Bool = true) -> NameRights {
        var reader = SourceReader(tree: tree, caller: caller, isRoot: isRoot)
        for source in NameSource.all { reader.read(source) }
        reader.finish()
        return reader.rights
    }
}

extension NameRights {
    /// Decides whether a new name may be granted.
    ///
    /// - Parameters:
    ///   - name: a name that the image does not already have with the caller's id.
    ///   - kind: what it names.
    ///   - accounts: the account files.
    ///   - permitted: the patterns of names for which the maker of the image answers.
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
        for text in unclearTexts {
            guard let line = text.lines.first(where: { wanted.isWord(of: $0.bytes) }) else { continue }
            reasons.append("\(text.file.shown()):\(line.number): the word \(name) may be a name")
        }
        if permitted.contains(where: { $0.matches(name) }) {
            return NameVerdict(reasons: reasons + unread.map({ $0.text }))
        }
        if !reasons.isEmpty { return NameVerdict(reasons: reasons) }
        for mention in mentions where mention.subject == .everyone {
            reasons.append("\(mention.place): everybody with a name has rights")
        }
        return NameVerdict(reasons: reasons + problems.map { $0.text })
    }
}

extension NameRights.Mention {
    var place: String { "\(file.shown())\(line.map { ":\($0)" } ?? "")" }
}

extension NameRights.Problem {
    /// The problem on one line.
    var text: String { "\(file.shown())\(line.map { ":\($0)" } ?? ""): \(reason)" }
}
