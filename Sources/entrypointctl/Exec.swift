import ArgumentParser
import Boot
import Linux
import Session
import Text

struct Exec: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a command in this container as the user of its boot.",
        usage: "entrypointctl exec [--root] [--] [<command> [<argument> ...]]",
        discussion: """
            Where no startup file of a shell can load what the boot has set (docker exec CONTAINER sh -c, cron), it gives \
            a session the environment of the boot, its umask and its groups. Called by root, it becomes the user whom \
            \(Paths.state.string)/identity names; no variable decides that.

              docker exec -it CONTAINER entrypointctl exec               the user's login shell
              kubectl exec POD -- entrypointctl exec -- python train.py
              * * * * * root /usr/local/bin/entrypointctl exec -- /opt/sync    in /etc/crontab

            What the session has of its own stays: TERM, LANG, SSH_* and the like, the variables and the directory that \
            docker exec -e and -w give. Without a directory of its own, the session is in the command's.

            With --root, which only root may give, nothing of the user's reaches the command: it is root's, with the umask \
            022 and the environment that a boot builds for a step of root's (a fixed PATH, LC_ALL=C, HOME, NB_USER and \
            other settings that were checked) and TERM and LANG of the session. No variable of docker exec -e, no export \
            of a step and no secret is in it. It starts in / and its home is /root, or both are /proc where the pod may \
            have mounted something into those: after another start than root's, or none that can be believed.

              docker exec -it CONTAINER entrypointctl exec --root        a shell of root's
              docker exec -u 0 CONTAINER entrypointctl exec --root -- apt-get update

            Ends as the command does, or with 125, 126 or 127 as entrypoint does when there is no command.
            """)

    @Flag(help: "Stay root, with the environment of a step of root's and nothing of the user's.")
    var root = false

    @Argument(parsing: .captureForPassthrough, help: "The command; without one, the user's login shell.")
    var command: [String] = []

    /// Runs the command if these are arguments that ask for that and nothing else: what parses any arguments costs a
    /// session as much as the rest does.
    ///
    /// - Parameter arguments: those of the process, its name first.
    static func runAtOnce(_ arguments: [CString]) {
        guard arguments.count > 1, arguments[1].text == "exec" else { return }
        var rest = arguments.dropFirst(2)
        let isRoots = rest.first?.text == "--root"
        if isRoots { rest.removeFirst() }
        guard let first = rest.first?.text else { return enter([], isRoots) }
        if first == "--" {
            enter(Array(rest.dropFirst()), isRoots)
        } else if !first.hasPrefix("-") {
            enter(Array(rest), isRoots)
        }
    }

    func run() throws {
        if let option = command.first, option != "--help", option != "-h" {
            throw ValidationError("Unknown option '\(option)'; a command that begins with - follows --")
        }
        throw CleanExit.helpRequest(self)
    }

    private static func enter(_ command: [CString], _ isRoots: Bool) {
        let error: BootError
        do throws(BootError) {
            error = try isRoots ? RootSession().run(command) : enterAsUser(command)
        } catch let failure {
            error = failure
        }
        StandardStream.error.write(Array("entrypointctl: \(error.brief)\n".utf8))
        CurrentProcess.exit(error.exitCode.rawValue)
    }

    private static func enterAsUser(_ command: [CString]) throws(BootError) -> BootError {
        try SessionEntry().run(command) { note in
            StandardStream.error.write(Array("entrypointctl: warning: \(note.text)\n".utf8))
        }
    }
}
