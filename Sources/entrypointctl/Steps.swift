import ArgumentParser
import Boot

struct Steps: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print the steps of the boot, the variables that they read, and the exit codes.",
        discussion: "The tables are Markdown, made from the declarations that the boot itself uses.")

    @Option(help: "Print only one table.")
    var table: Table?

    enum Table: String, CaseIterable, ExpressibleByArgument {
        case steps
        case variables
        case exitCodes = "exit-codes"

        var text: String {
            switch self {
            case .steps: Tables.steps
            case .variables: Tables.variables
            case .exitCodes: Tables.exitCodes
            }
        }
    }

    func run() {
        let tables = table.map { [$0] } ?? Table.allCases
        print(tables.map(\.text).joined(separator: "\n"), terminator: "")
    }
}
