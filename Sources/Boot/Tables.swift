internal import Text

/// What the programs and the pages say about the boot, from its declarations.
package enum Tables {
    /// The steps in their order, as a Markdown table.
    package static var steps: String {
        MarkdownTable.text(
            ["step", "what is true afterwards", "as whom", "exports"],
            BootSequence.steps.map { step in
                [step.name, step.summary, step.actors, step.exports.map(code).joined(separator: " ")]
            })
    }

    /// The variables that are read, as a Markdown table.
    package static var variables: String {
        let groups = BootSequence.groups
        return MarkdownTable.text(
            ["variable", "step", "meaning", "default"],
            groups.all.flatMap { group in
                group.variables.map { variable in
                    [
                        code(variable.name), group.name, variable.meaning + secrecy(variable.secrecy),
                        variable.isRequired ? "required" : variable.words.defaultText(among: groups),
                    ]
                }
            })
    }

    /// The exit codes that are not the command's own, as a Markdown table.
    package static var exitCodes: String {
        MarkdownTable.text(
            ["code", "meaning"],
            ExitCode.allCases.map { ["\($0.rawValue)", $0.meaning] } + [["128+N", "the command was ended by signal N"]])
    }

    private static func secrecy(_ secrecy: Secrecy) -> String {
        switch secrecy {
        case .none: ""
        case .passed: " (secret, passed to the command)"
        case .stripped: " (secret, kept from the command)"
        }
    }

    private static func code(_ text: String) -> String { "`\(text)`" }
}
