package import Text

/// The answers to all questions of a ``Diagnosis``.
package struct DiagnosisReport: Sendable {
    /// An answer.
    package struct Line: Equatable, Sendable {
        /// The check's name.
        package let check: String
        /// As whom it has run; empty for whoever asked.
        package let actor: String
        package let finding: Finding

        package init(check: String, actor: String, finding: Finding) {
            self.check = check
            self.actor = actor
            self.finding = finding
        }
    }

    /// The answers, in the order of the checks.
    package private(set) var lines: [Line] = []
    /// What could not be asked, and how it can be.
    package private(set) var notAsked: [String] = []

    package init(lines: [Line] = [], notAsked: [String] = []) {
        self.lines = lines
        self.notAsked = notAsked
    }

    mutating func add(_ outcomes: [CheckRun.Outcome]) {
        for outcome in outcomes {
            lines += outcome.findings.map {
                Line(check: outcome.task.check.name, actor: outcome.actor, finding: $0)
            }
            if let absence = outcome.absence { addNotAsked(absence) }
        }
    }

    mutating func addNotAsked(_ words: String) { if !notAsked.contains(words) { notAsked.append(words) } }

    /// The worst of the verdicts.
    package var verdict: Finding.Verdict {
        lines.contains { $0.finding.verdict == .fail }
            ? .fail : lines.contains { $0.finding.verdict == .warn } ? .warn : .ok
    }

    /// 0 where everything is well, 1 with warnings, and 2 with failures.
    package var exitCode: Int32 {
        switch verdict {
        case .ok: 0
        case .warn: 1
        case .fail: 2
        }
    }

    /// The answers as JSON: the worst verdict, the findings, and what was not asked.
    package var json: JSON {
        .object([
            ("verdict", .string(verdict.rawValue)),
            (
                "findings",
                .array(
                    lines.map { line in
                        .object([
                            ("check", .string(line.check)), ("actor", .string(line.actor)),
                            ("verdict", .string(line.finding.verdict.rawValue)),
                            ("evidence", .string(line.finding.evidence)), ("remedy", .string(line.finding.remedy)),
                        ])
                    })
            ),
            ("notAsked", .array(notAsked.map { .string($0) })),
        ])
    }

    /// The answers for people: a line each, its remedy below it, and how many there are at the end.
    package func text(_ style: OutputStyle) -> String {
        var table = TextTable()
        for line in lines {
            let verdict = line.finding.verdict
            table.add([
                TextTable.Cell(verdict.rawValue, as: verdict.meaning), TextTable.Cell(line.check),
                TextTable.Cell(line.actor.isEmpty ? "-" : line.actor),
                TextTable.Cell(line.finding.evidence.shown(limit: 4096)),
            ])
            guard !line.finding.remedy.isEmpty else { continue }
            table.add(["", "", "", TextTable.Cell("remedy: \(line.finding.remedy.shown(limit: 4096))")])
        }
        var text = table.text(style)
        for words in notAsked { text += Self.wrapped("not asked \(words)", style) }
        return text + Self.wrapped(counts, style)
    }

    /// How many answers there are of each kind.
    private var counts: String {
        func count(_ verdict: Finding.Verdict) -> Int { lines.count { $0.finding.verdict == verdict } }
        return [count(.fail).counted("failure"), count(.warn).counted("warning"), "\(count(.ok)) ok"]
            .joined(separator: ", ")
    }

    private static func wrapped(_ text: String, _ style: OutputStyle) -> String {
        guard let columns = style.columns else { return text + "\n" }
        return TextTable.lines(of: text, columns: columns).map { $0 + "\n" }.joined()
    }
}

extension Finding.Verdict {
    fileprivate var meaning: OutputStyle.Meaning {
        switch self {
        case .ok: .good
        case .warn: .attention
        case .fail: .bad
        }
    }
}
