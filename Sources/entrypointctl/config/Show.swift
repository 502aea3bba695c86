import ArgumentParser
import Boot
import Session
import Text
import UserSide

struct ConfigShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Print every setting with its value and where it came from, and the image's own steps.",
        usage: "entrypointctl config show [<options>] [<file> ...]",
        discussion: """
            A value comes from the environment, from a line of a file, or is the default. Secrets are shown as their lengths. \
            Each of the image's own steps follows on a line, in the order in which they run. Problems are told on standard \
            error, and make it end with 78.

              entrypointctl config show
              entrypointctl config show entrypoint.yaml
              entrypointctl config show --env-file pod.env --root /mnt --json
            """)

    @OptionGroup var source: InspectionOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    @Argument(help: "Configuration files, in the place of the image's own; later ones override earlier ones.")
    var files: [String] = []

    func run() throws {
        let inspection = try source.inspection(files: files)
        let (settings, steps, problems) = (inspection.settings(), inspection.steps(), inspection.problems())
        if json {
            let values = settings.map { setting -> JSON in
                .object([
                    ("name", .string(setting.name)), ("value", .string(setting.value)),
                    ("origin", .string(setting.origin)),
                ])
            }
            try Console.print(
                .object([
                    ("settings", .array(values)), ("steps", StepList.json(steps)),
                    ("problems", .array(problems.map { .string($0) })),
                ]))
        } else {
            let lines =
                settings.map { "\($0.name) = \($0.value)  (\($0.origin))\n" }
                + steps.map { "step \($0.name.shown()) = \(StepList.line($0))  (\($0.origin))\n" }
            try Console.print(lines.joined())
        }
        for problem in problems { Console.line(problem) }
        if !problems.isEmpty { throw ArgumentParser.ExitCode(Inspection.exitCodeOfProblems) }
    }
}
