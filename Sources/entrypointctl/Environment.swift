import ArgumentParser
import Boot
import Linux
import Session
import Text
import UserSide

struct Environment: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "env",
        abstract: "Print the environment that the boot has kept for later sessions of its user.",
        discussion: """
            A shell that did not come from the boot gets it by

              eval "$(/usr/local/bin/entrypointctl env --sh)"

            which works in sh, bash and zsh. It is the command's environment without secrets, and only for the user whom \
            the boot handed over to: never for root. It is believed only where nobody but root, or the user, can have \
            written it. With --sh, what the session has of its own stays (TERM, LANG, SSH_* and the like, variables of \
            docker exec -e), the umask becomes the boot's, and a session that is in no directory of its own goes to the \
            command's.

            With --json it is one object: each name with its value. A value that is not UTF-8 is {"base64": "..."}. Entries \
            that have no name, one that is not UTF-8, or one that an earlier entry has, are left out, and counted on \
            standard error; --null has them all.

              entrypointctl env --json | jq -r .SCRATCH_HOME

            A secret that the pod has given as a file (NAME_FILE) is read again, with the user's rights; one that cannot be \
            read is left out, and told on standard error.

            Ends with 0, or with 1 and the reason when there is none. With --sh it ends with 0 and prints nothing then, \
            so that no shell's start is disturbed; a person at a terminal is told when there is one that is not believed, \
            and which secrets are left out.
            """)

    enum Form: String, EnumerableFlag {
        case sh
        case json
        case null

        static func help(for value: Form) -> ArgumentHelp? {
            switch value {
            case .sh:
                """
                Commands for a shell that did not come from the boot. Names that cannot be shell variables are left out, \
                and so are the session's own: \
                \(ShellEnvironment.sessionsOwn.joined(separator: ", ")).
                """
            case .json: "One JSON object, for programs."
            case .null: "Each entry byte for byte, followed by NUL."
            }
        }
    }

    @Flag(exclusivity: .exclusive, help: "The format; by default one entry per line, with control characters escaped.")
    var form: Form?

    func run() throws {
        do throws(KeptEnvironment.Absence) {
            let (bytes, problems) = try form == .sh ? SessionShell.commands() : entries()
            if form != .sh || StandardStream.error.isTerminal { problems.forEach(tell) }
            if StandardStream.output.writeResult(bytes) { return }
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

    private func entries() throws(KeptEnvironment.Absence) -> (bytes: [UInt8], problems: [String]) {
        let (entries, problems) = try KeptEnvironment.find().withSecrets()
        guard form == .json else { return (bytes(of: entries), problems) }
        let object = EnvironmentJSON(entries)
        return (Array((object.json.indented() + "\n").utf8), problems + object.problems)
    }

    private func bytes(of entries: [[UInt8]]) -> [UInt8] {
        switch form {
        case .null: Array(entries.map { $0 + [0] }.joined())
        default: entries.flatMap { Array(($0.shown(limit: .max) + "\n").utf8) }
        }
    }

    private func tell(_ words: String) {
        StandardStream.error.write(Array("entrypointctl: \(words)\n".utf8))
    }
}
