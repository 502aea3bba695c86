import ArgumentParser
import Boot
import Linux
import Session
import Text
import UserSide

struct Steps: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Print the steps of the boot, the image's own ones, variables, exit codes, and the keys of services.",
        usage: "entrypointctl steps [--table <table>] [--root <directory>] [--json]",
        discussion: """
            The tables are Markdown, made from the declarations that the boot itself uses. The image's own steps are the \
            executables in \(Paths.rootSteps.string) and \(Paths.userSteps.string), and those that configuration files \
            name under steps, in the order in which they run.

              entrypointctl steps
              entrypointctl steps --table drop-ins
              entrypointctl steps --table services
              entrypointctl steps --root /mnt --json

            Ends with 0, or with 78 when the image's configuration is wrong: then entrypointctl config check tells what.
            """)

    @Option(help: "Print only one table.")
    var table: Table?

    @Option(help: ArgumentHelp("Where the image is whose own steps are shown.", valueName: "directory"))
    var root = "/"

    @Flag(help: "Print one JSON object.")
    var json = false

    enum Table: String, CaseIterable, ExpressibleByArgument {
        case steps
        case variables
        case exitCodes = "exit-codes"
        case services
        case dropIns = "drop-ins"
    }

    func run() throws {
        let tables = table.map { [$0] } ?? Table.allCases
        var steps: [DropIn] = []
        var problems: [Note] = []
        if tables.contains(.dropIns) {
            do throws(FormatError) {
                let tree = try Inspection.tree(at: root)
                steps = Inspection.steps(of: tree)
                problems = Inspection.imagesProblems(in: tree).problems
            } catch {
                throw ValidationError(error.expected)
            }
        }
        if json {
            try Console.print(.object(tables.map { ($0.member, Self.json($0, steps)) }))
        } else {
            let shown = tables.filter { $0 != .dropIns || table != nil || !steps.isEmpty }
            try Console.print(shown.map { Self.text($0, steps) }.joined(separator: "\n"))
        }
        guard problems.isEmpty else {
            Console.tell(
                "the image's configuration is wrong, and steps may be missing here: entrypointctl config check tells why"
            )
            throw ArgumentParser.ExitCode(Inspection.exitCodeOfProblems)
        }
    }

    private static func text(_ table: Table, _ steps: [DropIn]) -> String {
        switch table {
        case .steps: Tables.steps
        case .variables: Tables.variables
        case .exitCodes: Tables.exitCodes
        case .services: ServiceKeys.table
        case .dropIns: StepList.table(steps)
        }
    }

    private static func json(_ table: Table, _ steps: [DropIn]) -> JSON {
        switch table {
        case .steps: StepList.builtIn
        case .variables: StepList.variables
        case .exitCodes: StepList.exitCodes
        case .services: ServiceKeys.json
        case .dropIns: StepList.json(steps)
        }
    }
}

extension Steps.Table {
    /// The name of the table in JSON.
    fileprivate var member: String {
        switch self {
        case .steps: "steps"
        case .variables: "variables"
        case .exitCodes: "exitCodes"
        case .services: "services"
        case .dropIns: "dropIns"
        }
    }
}
