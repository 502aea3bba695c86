internal import Linux
internal import Text

/// What people and programs are told of a scrub: what was found, and what became of it.
package struct ScrubText: Sendable {
    /// What the reader should know, one line for each.
    package private(set) var notes: [String]
    /// What was not looked at, or could not be removed, one line for each.
    package private(set) var problems: [String]
    private let items: [ScrubItem]
    private let accounts: [AccountScrub.File]
    /// What became of each item, and of the account; empty where nothing was to be removed yet.
    private var outcomes: [ScrubRemoval.Outcome] = []
    private var accountOutcome: ScrubRemoval.Outcome?
    private var files = 0
    private var overwritten = 0

    /// - Parameters:
    ///   - findings: what was found.
    ///   - accounts: the account files with lines of the user's.
    ///   - variables: the names of variables of the container that seem to be secrets.
    package init(_ findings: ScrubFindings, _ accounts: [AccountScrub.File], _ variables: [String]) {
        notes = findings.notes
        problems = findings.problems
        items = findings.items
        self.accounts = accounts
        if !variables.isEmpty {
            notes.append(
                "the environment has \(variables.joined(separator: ", ")): what docker run -e has set stays in the "
                    + "configuration of an image that docker commit makes")
        }
    }

    /// Removes everything, and looks whether it is gone.
    ///
    /// - Parameter account: whose lines go; `nil` where none do.
    package mutating func remove(by search: ScrubSearch, _ account: AccountScrub?) {
        // What a boot keeps goes last: it says whose account it is.
        if let account, !accounts.isEmpty { remove(account) }
        var removal = ScrubRemoval(for: search)
        outcomes = items.map { removal.remove($0) }
        (files, overwritten) = (removal.files, removal.overwritten)
        notes += removal.notes.filter { !notes.contains($0) }
        problems += removal.problems
        let left = search.run()
        for item in left.items where !outcomes.indices.contains(where: { isTold(item, $0) }) {
            problems.append("\(item.path.shown()) is there again: something writes it")
        }
        for problem in left.problems where !problems.contains(problem) { problems.append(problem) }
    }

    /// Whether the problems tell already that an item, or what it lies in, is not gone.
    private func isTold(_ item: ScrubItem, _ index: Int) -> Bool {
        outcomes[index] == .failed && item.path.starts(with: items[index].path)
    }

    private mutating func remove(_ account: AccountScrub) {
        do throws(SystemCallError) {
            try account.remove(accounts)
            var ignored: [String] = []
            let left = try account.search(&ignored)
            accountOutcome = left.isEmpty ? .removed : .failed
            for file in left { problems.append("\(file.path.shown()) still has lines of the user's") }
        } catch {
            accountOutcome = .failed
            problems.append(
                "cannot remove the account from \((error.path ?? "/etc/passwd").shown()): \(error.reason)")
        }
    }

    // MARK: For people

    /// The list.
    package func table(_ style: OutputStyle) -> String {
        if items.isEmpty && accounts.isEmpty { return "" }
        var table = TextTable(["kind", "bytes", "what", "path"])
        for file in accounts {
            table.add(["account", "", .init(file.lines.counted("line")), .init(file.path.shown())])
        }
        for item in items {
            table.add([.init(item.kind), .init("\(item.bytes)"), .init(item.what), .init(item.path.shown())])
        }
        return table.text(style)
    }

    /// One line: what there was, and what became of it.
    package var summary: String {
        if items.isEmpty && accounts.isEmpty { return "nothing to remove\n" }
        guard !outcomes.isEmpty || accountOutcome != nil else {
            let bytes = items.reduce(0) { $0 + $1.bytes }
            return "\((items.count + accounts.count).counted("thing")) to remove, \(bytes) bytes\n"
        }
        let account = accountOutcome == .removed ? "the account and " : ""
        return "removed \(account)\(files.counted("file")), \(overwritten) of them overwritten\n"
    }

    // MARK: For programs

    /// One JSON object.
    package var json: String {
        let items = self.items.enumerated().map { index, item in
            Self.object(item.json, outcomes.isEmpty ? nil : outcomes[index])
        }
        let accounts = self.accounts.map { file in
            Self.object(
                .object([("path", .string(file.path.string)), ("lines", .number(file.lines))]), accountOutcome)
        }
        return JSON.object([
            ("items", .array(items)), ("accounts", .array(accounts)), ("files", .number(files)),
            ("overwritten", .number(overwritten)), ("notes", .array(notes.map { .string($0) })),
            ("problems", .array(problems.map { .string($0) })),
        ]).indented() + "\n"
    }

    private static func object(_ json: JSON, _ outcome: ScrubRemoval.Outcome?) -> JSON {
        let members = (json.members ?? []).map { ($0.name, $0.value) }
        return .object(members + [("outcome", .string(outcome?.rawValue ?? "found"))])
    }

    /// What is looked for.
    ///
    /// - Parameters:
    ///   - isJSON: whether programs read it.
    ///   - style: the style for people.
    package static func places(asJSON isJSON: Bool, _ style: OutputStyle = .plain) -> String {
        if isJSON {
            let places = SecretPlace.all.map { place in
                JSON.object([
                    ("kind", .string(place.kind)), ("holds", .string(place.holds)),
                    ("paths", .array(place.paths.map { .string($0) })),
                ])
            }
            return JSON.array(places).indented() + "\n"
        }
        var table = TextTable(["kind", "path"])
        for place in SecretPlace.all { for path in place.paths { table.add([.init(place.kind), .init(path)]) } }
        return table.text(style)
    }

    /// What is looked for, as a Markdown table.
    package static var placesInMarkdown: String {
        MarkdownTable.text(
            ["kind", "what it holds", "paths"],
            SecretPlace.all.map { [$0.kind, $0.holds, $0.paths.map { "`\($0)`" }.joined(separator: " ")] })
    }
}
