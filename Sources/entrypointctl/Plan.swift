import ArgumentParser
import Boot
internal import Session
import Text

struct Plan: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print what a boot would change, and change nothing.",
        discussion: """
            Each line tells a change, as whom it would be made, and whether it is already true. Without privileges it shows \
            as far as it can see, and says what it could not.

            Ends with 0 when nothing would change, with 2 when changes are pending, with 78 when the settings are wrong, \
            and with 125 when the boot would fail.
            """)

    @OptionGroup var source: InspectionOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        let plan = PlanText()
        let code = try source.inspection().plan(into: plan)
        print(json ? plan.json.indented() + "\n" : plan.text, terminator: "")
        if code != 0 { throw ArgumentParser.ExitCode(code) }
    }
}
