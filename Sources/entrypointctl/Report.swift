import ArgumentParser
import Boot
import Linux
import Session
import Text
import UserSide

struct Report: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print what the boot of this container did, and how the container ended.",
        usage: """
            entrypointctl report [--json]
            entrypointctl report (--svg | --html | --trace) <file>
            """,
        discussion: """
            It is what the boot has kept in \(Paths.state.string), or where the container was started without privileges in \
            a directory of the user's own. It is believed only where nobody but root, or the user, can have written it.

              entrypointctl report                     a table
              entrypointctl report --html boot.html    a page for the browser
              entrypointctl report --svg - >boot.svg   a picture: when each change happened
              entrypointctl report --trace boot.json   for Perfetto and chrome://tracing

            A file is replaced as a whole. Nothing but a file is replaced, and - stands for standard output.

            Ends with 0, or with 1 and the reason when there is no report or it cannot be written.
            """)

    @Flag(help: "Print the report as it is kept: one JSON object per line, for the boot and for the end.")
    var json = false

    @Option(help: ArgumentHelp("Write a picture: a bar for each change, as time passes.", valueName: "file"))
    var svg: String?

    @Option(
        help: ArgumentHelp("Write a page with the picture and all tables, which needs nothing else.", valueName: "file")
    )
    var html: String?

    @Option(help: ArgumentHelp("Write a trace in Chrome's trace event format.", valueName: "file"))
    var trace: String?

    func validate() throws {
        let count = [svg, html, trace].count { $0 != nil } + (json ? 1 : 0)
        if count > 1 { throw ValidationError("give one of --json, --svg, --html and --trace") }
    }

    func run() throws {
        let report: KeptReport
        do throws(KeptEnvironment.Absence) {
            report = try KeptReport.find()
        } catch {
            Console.tell("no report of a boot: \(error.words)")
            throw ArgumentParser.ExitCode(1)
        }
        let (boot, end) = (report.boot, report.end)
        if json {
            let lines = ReportFile.line(boot) + (end.map(ReportFile.line) ?? [])
            try Console.print(String(decoding: lines, as: UTF8.self))
        } else if let svg {
            try Self.write(Waterfall(boot).file, to: svg)
        } else if let html {
            try Self.write(ReportPage(boot, end: end).html, to: html)
        } else if let trace {
            try Self.write(Trace(boot).json.text + "\n", to: trace)
        } else {
            try Console.print(ReportText(boot, end: end, style: Console.style).text)
        }
    }

    /// Writes a result into a file, or to standard output where that is `-`.
    private static func write(_ text: String, to file: String) throws {
        if file == "-" { return try Console.print(text) }
        do throws(FormatError) {
            try ResultFile.write(Array(text.utf8), to: file)
        } catch {
            Console.tell(error.expected)
            throw ArgumentParser.ExitCode(1)
        }
    }
}
