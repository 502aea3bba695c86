import ArgumentParser
import Boot
import Linux
import Session
import Text

struct Environment: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "env",
        abstract: "Print the environment that the boot has kept for later sessions of its user.",
        discussion: """
            A shell that did not come from the boot gets it by

              eval "$(/usr/local/bin/entrypointctl env --sh)"

            which works in sh, bash and zsh. It is the command's environment without secrets, and only for the user whom \
            the boot handed over to: never for root. It is believed only where nobody but root, or the user, can have \
            written it.

            Ends with 0, or with 1 and the reason when there is none. With --sh it ends with 0 and prints nothing then, \
            so that no shell's start is disturbed; a person at a terminal is told when there is one that is not believed.
            """)

    enum Form: String, EnumerableFlag {
        case sh
        case null

        static func help(for value: Form) -> ArgumentHelp? {
            switch value {
            case .sh:
                """
                Commands for a shell. Names that cannot be shell variables are left out, and so are the session's own: \
                \(ShellEnvironment.sessionsOwn.joined(separator: ", ")).
                """
            case .null: "Each entry byte for byte, followed by NUL."
            }
        }
    }

    @Flag(exclusivity: .exclusive, help: "The format; by default one entry per line, with control characters escaped.")
    var form: Form?

    func run() throws {
        do throws(KeptEnvironment.Absence) {
            let environment = try KeptEnvironment.find()
            if StandardStream.output.writeResult(bytes(of: environment.entries)) { return }
            tell("cannot write the environment to standard output")
        } catch {
            if form != .sh {
                tell("no environment of a boot: \(error.words)")
            } else if case .unusable(let words) = error, StandardStream.error.isTerminal {
                tell("no environment of a boot: \(words)")
            }
            if form == .sh { return }
        }
        throw ArgumentParser.ExitCode(1)
    }

    private func bytes(of entries: [[UInt8]]) -> [UInt8] {
        switch form {
        case .sh: ShellEnvironment.commands(for: entries)
        case .null: Array(entries.map { $0 + [0] }.joined())
        case nil: entries.flatMap { Array(($0.shown(limit: .max) + "\n").utf8) }
        }
    }

    private func tell(_ words: String) {
        StandardStream.error.write(Array("entrypointctl: \(words)\n".utf8))
    }
}
