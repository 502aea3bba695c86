import ArgumentParser
import Boot
import Text
import UserSide

struct ConfigReference: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reference", abstract: "Print every key of configuration files as a Markdown table.",
        discussion: """
            It is made from the declarations that the boot itself uses.

              entrypointctl config reference
              entrypointctl config reference --json
            """)

    @Flag(help: "Print one JSON array.")
    var json = false

    func run() throws {
        let reference = ConfigurationReference(of: BootSequence.groups)
        if json { try Console.print(reference.json) } else { try Console.print(reference.table) }
    }
}
