import Boot
import Linux
import Session
import Text
import YAML

/// What the arguments of `entrypoint` ask for.
///
/// Options end at the first argument that is not an option, or at `--`. Everything after that is the user's command,
/// byte for byte.
enum CommandLineRequest {
    case boot(BootRun.Request)
    case help
    case version
    case mistake(String)

    private static let flags = ["--help", "--version", "--plan"]

    private static var settings: [(option: CommandOption, variable: String)] {
        BootSequence.groups.variables.compactMap { variable in variable.option.map { ($0, variable.name) } }
    }

    init(_ arguments: [CString]) {
        var rest = arguments.dropFirst()
        var request = BootRun.Request(command: [], isPlan: false)
        while let argument = rest.first {
            let text = argument.text
            guard text.hasPrefix("-"), text != "-" else { break }
            rest = rest.dropFirst()
            if text == "--" { break }
            switch text {
            case "--help", "-h":
                self = .help
                return
            case "--version":
                self = .version
                return
            case "--plan": request.isPlan = true
            default:
                if let mistake = Self.readSetting(text, &rest, into: &request) {
                    self = .mistake(mistake)
                    return
                }
            }
        }
        request.command = Array(rest)
        self = .boot(request)
    }

    /// Reads `--option VALUE` or `--option=VALUE`; returns what is wrong with it, if anything.
    private static func readSetting(
        _ text: String, _ rest: inout ArraySlice<CString>, into request: inout BootRun.Request
    ) -> String? {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { String($0) }
        guard let setting = settings.first(where: { $0.option.name == parts[0] }) else {
            let known = flags + settings.map { $0.option.name }
            let nearest = Suggestion.nearest(to: parts[0], among: known).map { ": did you mean \($0)?" } ?? ""
            return "unknown option \(text.shown())\(nearest)"
        }
        let value: String
        if setting.option.value == nil {
            guard parts.count == 1 else { return "option \(parts[0]) takes no value" }
            value = "true"
        } else if parts.count == 2 {
            value = parts[1]
        } else {
            guard let next = rest.popFirst() else { return "option \(parts[0]) needs a value" }
            value = next.text
        }
        guard !value.isEmpty else { return "option \(parts[0]) needs a value" }
        request.options[setting.variable] = request.options[setting.variable].map { $0 + "," + value } ?? value
        return nil
    }

    static var helpText: String {
        """
        Usage: entrypoint [OPTION...] [--] [COMMAND [ARGUMENT...]]

        Makes a container ready for its user and becomes COMMAND as that user; without a command, the login shell.

        Options:
          --plan                        print what a boot would change, and change nothing; ends with 2 when there are
                                        changes, with 0 when there are none, else as the boot would
          --version                     print the version
          --help, -h                    print this help
        \(optionLines)
        Environment (* must be set for anything to be prepared):
        \(variableLines)
        The steps, in order:
        \(stepLines)
        Exit codes other than the command's own:
        \(exitCodeLines)
        """
    }

    private static var optionLines: String {
        settings.map { option, variable in
            row(option.name + (option.value.map { " " + $0 } ?? ""), "as \(variable)", 30)
        }.joined()
    }

    private static var variableLines: String {
        BootSequence.groups.variables.map { variable in
            let standard = variable.words.defaultText(among: BootSequence.groups)
            let fallback = standard.isEmpty ? "" : " (default: \(standard))"
            return row(variable.name + (variable.isRequired ? " *" : ""), variable.meaning + fallback, 28)
        }.joined()
    }

    private static var stepLines: String {
        BootSequence.steps.map { row($0.name, $0.summary, 12) }.joined()
    }

    private static var exitCodeLines: String {
        ExitCode.allCases.map { row("\($0.rawValue)", $0.meaning, 8) }.joined() + row("128+N", "signal N", 8)
    }

    private static func row(_ name: String, _ text: String, _ width: Int) -> String {
        "  " + name + String(repeating: " ", count: max(1, width - name.utf8.count)) + text + "\n"
    }
}
