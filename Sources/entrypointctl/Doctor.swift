import ArgumentParser
import Linux
import Programs
import Text
import UserSide

struct Doctor: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Find out what does not work in this container, and what to do about it.",
        discussion: """
            It looks at the settings, the last boot, the mounts, and at what the user may do on scratch; called by root, also \
            at what root and the seed user may do there. Each answer is ok, warn or fail, with what was seen, and with what to \
            type or which field of the pod spec to change. It needs no boot, no account and no home.

              docker exec -u 0 CONTAINER entrypointctl doctor            everything, as all who act
              kubectl exec POD -- entrypointctl doctor --json
              entrypointctl doctor --only scratch mounts
              docker run --rm --entrypoint entrypointctl IMAGE doctor    without a boot

            It makes temporary files on scratch and removes them, and changes nothing else. It ends within 10 seconds even \
            where a file server does not answer, which is an answer, too.

            Ends with 0 when everything is well, with 1 when there are warnings, and with 2 when something does not work.
            """)

    @Flag(help: "Print one JSON object: the worst verdict, the findings, and what was not asked.")
    var json = false

    @Flag(help: "Print what is asked, and ask nothing.")
    var list = false

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Ask only about these areas, or only these checks.", valueName: "area"))
    var only: [String] = []

    func validate() throws {
        guard let unknown = Checks.chosen(by: only).unknown else { return }
        let near = Suggestion.nearest(to: unknown, among: Checks.areas + Checks.all.map(\.name))
        let hint = near.map { "did you mean \($0)?" } ?? "there are \(Checks.areas.inWords)"
        throw ValidationError("nothing is asked about '\(unknown.shown())'; \(hint)")
    }

    func run() throws {
        let checks = Checks.chosen(by: only).checks
        let style = OutputStyle.ofReader(of: .output)
        if list { return try write(json ? Self.listJSON(checks).indented() + "\n" : Self.list(checks).text(style)) }
        let report = Diagnosis(checks, probe: Checks.probe) { DoctorFacts.gather(hasSettings: $0) }.run()
        try write(json ? report.json.indented() + "\n" : report.text(style))
        if report.exitCode != 0 { throw ArgumentParser.ExitCode(report.exitCode) }
    }

    private func write(_ text: String) throws {
        if StandardStream.output.writeResult(Array(text.utf8)) { return }
        StandardStream.error.write(Array("entrypointctl: cannot write the answers to standard output\n".utf8))
        // Nobody has seen the answers, so that there is none.
        throw ArgumentParser.ExitCode(2)
    }

    private static func list(_ checks: [Check]) -> TextTable {
        var table = TextTable(["check", "as", "what it asks"])
        for check in checks { table.add([.init(check.name), .init(check.actors.words), .init(check.summary)]) }
        return table
    }

    private static func listJSON(_ checks: [Check]) -> JSON {
        .array(
            checks.map {
                .object([
                    ("check", .string($0.name)), ("as", .string($0.actors.words)), ("summary", .string($0.summary)),
                    ("seconds", .number($0.deadline)),
                ])
            })
    }
}

extension Check.Actors {
    /// As whom, in words.
    fileprivate var words: String {
        switch self {
        case .caller: "whoever asks"
        case .user: "the user"
        case .each: "user, seed, root"
        }
    }
}
