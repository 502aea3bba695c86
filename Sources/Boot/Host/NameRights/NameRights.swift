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
    package struct Problem: Equatable, Sendable {
        package let file: FilePath
        /// From 1; `nil` for the file or directory as a whole.
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
    /// Those of them about what is there and was not read: it may have any name literally.
    var unread: [Problem] = []
    var unclearTexts: [UnclearText] = []

    /// Nothing is mentioned, and nothing is unclear.
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
        for text in unclearTexts {
            guard let line = text.lines.first(where: { wanted.isWord(of: $0.bytes) }) else { continue }
            reasons.append("\(text.file.shown()):\(line.number): the word \(name) may be a name")
        }
        if permitted.contains(where: { $0.matches(name) }) { return NameVerdict(reasons: reasons + unread.map(\.text)) }
        if !reasons.isEmpty { return NameVerdict(reasons: reasons) }
        for mention in mentions where mention.subject == .everyone {
            reasons.append("\(mention.place): everybody with a name has rights")
        }
        return NameVerdict(reasons: reasons + problems.map(\.text))
    }
}

extension NameRights.Mention {
    var place: String { "\(file.shown())\(line.map { ":\($0)" } ?? "")" }
}

extension NameRights.Problem {
    /// The problem on one line.
    var text: String { "\(file.shown())\(line.map { ":\($0)" } ?? ""): \(reason)" }
}
