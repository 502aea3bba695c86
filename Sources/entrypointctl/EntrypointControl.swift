import ArgumentParser
import Boot
import CStart
import Linux

@main
struct EntrypointControl: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "entrypointctl",
        abstract: "Explains what entrypoint does to a container.",
        discussion: """
            It works for every user of the container, and changes something only where the command says so (scrub, sessions \
            end).

              entrypointctl doctor           what is wrong in this container
              entrypointctl plan             what a boot would change
              entrypointctl report           what the boot did
              entrypointctl help report      more about a command

            Colour is for terminals; NO_COLOR=1 in the environment, and TERM=dumb, switch it off.
            """,
        version: "entrypointctl \(Version.text(of: start_commit()))",
        subcommands: [
            Config.self, Doctor.self, Environment.self, Exec.self, Explain.self, Install.self, Manual.self, Plan.self,
            PodSpec.self, Report.self, Scrub.self, ServicesGroup.self, Sessions.self, SnapshotGroup.self, Steps.self,
        ])

    static func main() {
        Exec.runAtOnce(ProcessStart.arguments)
        // A reader that has gone is an error of writing, and not the end of this program.
        _ = CurrentProcess.ignoreWriteSignals()
        // Swift looks for the arguments beside the environment, which is hidden from the libraries.
        Self.main(ProcessStart.arguments.dropFirst().map { $0.text })
    }
}
