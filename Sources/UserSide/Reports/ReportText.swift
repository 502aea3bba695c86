package import Boot
import Linux
import Text

/// A boot and the end of its container as a table, for people.
package struct ReportText {
    private let boot: BootRecord
    private let end: EndRecord?
    private let style: OutputStyle

    /// The most bytes of a text that are shown: a pod chooses some of them.
    private static let limit = 2000

    /// - Parameters:
    ///   - boot: the boot.
    ///   - end: how the container ended; `nil` while it runs.
    ///   - style: how the reader sees text.
    package init(_ boot: BootRecord, end: EndRecord?, style: OutputStyle) {
        (self.boot, self.end, self.style) = (boot, end, style)
    }

    /// The lines, each with its newline.
    package var text: String {
        [summary, changes, rest].map { $0.text(style) }.filter { !$0.isEmpty }.joined(separator: "\n")
    }

    private var summary: TextTable {
        var table = TextTable()
        table.add([
            TextTable.Cell("boot", as: .heading),
            TextTable.Cell(
                "entrypoint \(Self.shown(boot.version)), as \(Self.shown(boot.start)): "
                    + "\(boot.changed.counted("change")) in \(boot.microseconds.inMilliseconds)"),
        ])
        if let user = boot.user {
            table.add([
                TextTable.Cell("user", as: .heading),
                TextTable.Cell(
                    "\(Self.shown(user.name)) (\(user.credentials.user):\(user.credentials.group)), "
                        + "home \(user.home.shown()), shell \(user.shell.shown())"),
            ])
        }
        return table
    }

    private var changes: TextTable {
        guard !boot.changes.isEmpty else { return TextTable() }
        // What is of any length comes last, where it is broken into lines.
        var table = TextTable(["outcome", "step", "duration", "as", "what"])
        for change in boot.changes {
            let words = [change.goal, change.remark, change.reason].filter { !$0.isEmpty }.joined(separator: ": ")
            table.add([
                TextTable.Cell(Self.shown(change.outcome), as: Self.meaning(of: change.outcome)),
                TextTable.Cell(Self.shown(change.step)), TextTable.Cell(change.microseconds.inMilliseconds),
                TextTable.Cell(change.identity.isEmpty ? "-" : Self.shown(change.identity)),
                TextTable.Cell(Self.shown(words)),
            ])
        }
        return table
    }

    private var rest: TextTable {
        var table = TextTable()
        func add(_ kind: String, _ meaning: OutputStyle.Meaning, _ text: String, id: String = "") {
            let name = id.isEmpty ? "" : " [\(Self.shown(id))]"
            table.add([TextTable.Cell(kind, as: meaning), TextTable.Cell(Self.shown(text) + name)])
        }
        for export in boot.exports { add("export", .heading, "\(export.name)=\(export.value)") }
        for warning in boot.warnings { add("warning", .attention, "\(warning.step): \(warning.text)", id: warning.id) }
        if let failure = boot.failure { add("failure", .bad, "\(failure.step): \(failure.text)", id: failure.id) }
        if let end {
            add("end", end.exitCode == 0 ? .good : .bad, "exit code \(end.exitCode): \(end.message)", id: end.id)
        }
        return table
    }

    private static func shown(_ text: String) -> String { text.shown(limit: limit) }

    /// What an outcome means to the reader; `nil` for one that only a later version knows.
    private static func meaning(of outcome: String) -> OutputStyle.Meaning? {
        switch outcome {
        case "changed": .good
        case "already", "unneeded": .faint
        case "skipped": .attention
        case "failed": .bad
        default: nil
        }
    }
}
