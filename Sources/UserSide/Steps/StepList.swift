package import Boot
import Linux
package import Text

/// The steps of a boot, the variables that they read and the exit codes, and the image's own steps, for programs and
/// people.
package enum StepList {
    /// The image's own steps as a Markdown table.
    package static func table(_ steps: [DropIn]) -> String {
        MarkdownTable.text(
            ["step", "as whom", "runs before", "timeout", "when it fails", "command", "declared in"],
            steps.map { step in
                [
                    step.name, step.identity.rawValue, step.successor, timeout(of: step), consequence(of: step),
                    step.command, step.origin,
                ].map(cell)
            })
    }

    /// An own step of the image on a line: what it is, without its name and where it was declared.
    package static func line(_ step: DropIn) -> String {
        "\(step.command); as \(step.identity.rawValue), before \(step.successor.shown()), timeout \(timeout(of: step)), "
            + "when it fails \(consequence(of: step))"
    }

    /// The image's own steps as JSON.
    package static func json(_ steps: [DropIn]) -> JSON {
        .array(
            steps.map { step in
                .object([
                    ("name", .string(step.name)), ("as", .string(step.identity.rawValue)),
                    ("before", .string(step.successor)), ("timeout", .number(step.timeLimit)),
                    ("onFailure", .string(step.onFailure.rawValue)), ("program", .string(step.program.string)),
                    ("arguments", .array(step.arguments.map { .string($0) })),
                    ("secrets", .array(step.secrets.map { .string($0) })), ("declaredIn", .string(step.origin)),
                ])
            })
    }

    /// The built-in steps as JSON, in their order.
    package static var builtIn: JSON {
        .array(
            BootSequence.steps.map { step in
                .object([
                    ("name", .string(step.name)), ("summary", .string(step.summary)), ("as", .string(step.actors)),
                    ("exports", .array(step.exports.map { .string($0) })),
                ])
            })
    }

    /// The variables that are read as JSON.
    package static var variables: JSON {
        let groups = BootSequence.groups
        let values = groups.all.flatMap { group in
            group.variables.map { variable -> JSON in
                .object([
                    ("name", .string(variable.name)), ("step", .string(group.name)),
                    ("meaning", .string(variable.meaning)),
                    ("default", .string(variable.words.defaultText(among: groups))),
                    ("required", .bool(variable.isRequired)), ("secret", .bool(variable.secrecy != .none)),
                ])
            }
        }
        return .array(values)
    }

    /// The exit codes that are not the command's own as JSON.
    package static var exitCodes: JSON {
        .array(
            ExitCode.allCases.map { code in
                .object([("code", .number(code.rawValue)), ("meaning", .string(code.meaning))])
            })
    }

    private static func timeout(of step: DropIn) -> String { step.timeLimit == 0 ? "none" : "\(step.timeLimit) s" }

    private static func consequence(of step: DropIn) -> String {
        step.onFailure == .stop ? "the boot ends" : "the boot goes on with a warning"
    }

    /// A text as a cell of a Markdown table.
    private static func cell(_ text: String) -> String {
        text.shown().split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|")
    }
}
