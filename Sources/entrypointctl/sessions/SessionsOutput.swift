import ArgumentParser
import Boot
import Linux
import Programs
import Text
import UserSide

/// What both commands print.
enum SessionsOutput {
    /// The sessions as they are now.
    ///
    /// - Throws: the end of the program, where the processes cannot be read.
    static func table() throws -> SessionTable {
        do throws(SystemCallError) {
            return try SessionTable(in: FileTree(), hiding: hide)
        } catch {
            tell("cannot read \((error.path ?? "/proc").shown()): \(error.reason)")
            throw ArgumentParser.ExitCode(1)
        }
    }

    /// A command without the secrets of the container's environment.
    private static func hide(_ command: [UInt8]) -> [UInt8] {
        let environment = EnvironmentBlock(ProcessStart.environment)
        var lines = OutputLines(hiding: Secrets(of: BootSequence.groups).values(in: environment))
        var shown: [String] = []
        lines.take(command) { shown.append($0) }
        lines.finish { shown.append($0) }
        return Array(shown.joined(separator: " ").utf8)
    }

    /// A table for people, with what became of each session in a last column.
    static func text(_ rows: [(session: ContainerSession, outcome: String?)]) -> String {
        if rows.isEmpty { return "no sessions\n" }
        let hasOutcomes = rows.contains { $0.outcome != nil }
        var table = TextTable(
            ["session", "user", "terminal", "began", "idle", "processes"] + (hasOutcomes ? ["outcome"] : [])
                + ["command"])
        for (session, outcome) in rows {
            let behind = session.foreground.isEmpty ? "" : ": \(session.foreground)"
            table.add(
                [
                    .init("\(session.leader.id)\(session.isOwn ? "*" : "")"), .init(session.user),
                    .init(session.leader.terminalName ?? "-"),
                    .init(session.began.map { Timestamps.utc(nanoseconds: $0) } ?? "-"),
                    .init(session.idle.map(TimeSpan.text) ?? "-"), .init("\(session.processes.count)"),
                ] + (hasOutcomes ? [.init(outcome ?? "")] : []) + [.init(session.command + behind)])
        }
        return table.text(style)
    }

    private static var style: OutputStyle { .ofReader(of: .output) }

    static func write(_ text: String) throws {
        if !StandardStream.output.writeResult(Array(text.utf8)) { throw ArgumentParser.ExitCode(1) }
    }

    static func tell(_ words: String) { StandardStream.error.write(Array("entrypointctl: \(words)\n".utf8)) }
}
