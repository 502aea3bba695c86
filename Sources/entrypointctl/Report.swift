import ArgumentParser
import Boot
import Linux
import Session
import Text

struct Report: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print what the boot of this container did, and how the container ended.",
        discussion: """
            It is what the boot has kept in \(Paths.state.string), or where the container was started without privileges in \
            a directory of the user's own. It is believed only where nobody but root, or the user, can have written it.

            Ends with 0, or with 1 and the reason when there is none.
            """)

    @Flag(help: "Print the report as it is kept: one JSON object per line, for the boot and for the end.")
    var json = false

    func run() throws {
        let report: KeptReport
        do throws(KeptEnvironment.Absence) {
            report = try KeptReport.find()
        } catch {
            StandardStream.error.write(Array("entrypointctl: no report of a boot: \(error.words)\n".utf8))
            throw ArgumentParser.ExitCode(1)
        }
        let bytes =
            json
            ? ReportFile.line(report.boot) + (report.end.map(ReportFile.line) ?? [])
            : Array(lines(of: report).map { $0 + "\n" }.joined().utf8)
        if !StandardStream.output.writeResult(bytes) { throw ArgumentParser.ExitCode(1) }
    }

    private func lines(of report: KeptReport) -> [String] {
        let boot = report.boot
        var lines = [
            row(
                "boot",
                "entrypoint \(boot.version), as \(boot.start): \(boot.changed.counted("change")) in "
                    + boot.microseconds.inMilliseconds)
        ]
        if let user = boot.user {
            let ids = "\(user.credentials.user):\(user.credentials.group)"
            lines.append(row("user", "\(user.name) (\(ids)), home \(user.home.shown()), shell \(user.shell.shown())"))
        }
        lines += boot.changes.map { change in
            let identity = change.identity.isEmpty ? "" : " (as \(change.identity))"
            let rest = [change.remark, change.reason].filter { !$0.isEmpty }.map { ": \($0)" }.joined()
            return row(
                change.outcome,
                "\(change.step): \(change.goal)\(identity)\(rest); \(change.microseconds.inMilliseconds)")
        }
        lines += boot.exports.map { row("export", "\($0.name)=\($0.value.shown())") }
        lines += boot.warnings.map { row("warning", "\($0.step): \($0.text)") }
        if let failure = boot.failure { lines.append(row("failure", "\(failure.step): \(failure.text)")) }
        if let end = report.end { lines.append(row("end", "exit code \(end.exitCode): \(end.message)")) }
        return lines
    }

    /// A line, with its kind in its own column.
    private func row(_ kind: String, _ text: String) -> String {
        kind + String(repeating: " ", count: max(1, 10 - kind.utf8.count)) + text
    }
}
