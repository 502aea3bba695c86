import Boot
import Linux

/// What the arguments of `entrypoint` ask for.
///
/// Options end at the first argument that is none, or at `--`: what follows is the user's command, byte for byte.
enum CommandLineRequest {
    case boot(Boot.Request)
    case help
    case version
    case mistake(String)

    private static let options = ["--help", "--version", "--plan"]

    init(_ arguments: [CString]) {
        var rest = arguments.dropFirst()
        var isPlan = false
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
            case "--plan": isPlan = true
            default:
                let nearest = Suggestion.nearest(to: text, among: Self.options).map { ": did you mean \($0)?" } ?? ""
                self = .mistake("unknown option \(Text.shown(text))\(nearest)")
                return
            }
        }
        self = .boot(Boot.Request(command: Array(rest), isPlan: isPlan))
    }

    static var helpText: String {
        """
        Usage: entrypoint [--plan] [--] [COMMAND [ARGUMENT...]]

        Makes a container ready for its user and becomes COMMAND as that user; without a command, the login shell.

        Options:
          --plan      print what a boot would change, and change nothing
          --version   print the version
          --help, -h  print this help

        Environment (* must be set for anything to be prepared):
        \(variableLines)
        The steps, in order:
        \(stepLines)
        Exit codes other than the command's own:
        \(exitCodeLines)
        """
    }

    private static var variableLines: String {
        BootSequence.variables.map { variable in
            let fallback = variable.defaultText.isEmpty ? "" : " (default: \(variable.defaultText))"
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
