import ArgumentParser
import Linux
import Text
import UserSide

struct ServicesLogs: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs",
        abstract: "Print the last lines that a service has written.",
        usage: "entrypointctl services logs [<options>] <service>",
        discussion: """
            The keeper has the last 8 KiB of each service, whatever its log is, with secrets hidden, and with its own words \
            about the service among them. What is older is in the container's log, or in the file of the service's log. With \
            --follow further lines are printed as they come, until Ctrl-C; where they are read too slowly, some are missing, \
            and counted.

              entrypointctl services logs sshd
              timeout 5 entrypointctl services logs --follow --lines 100 sshd

            Ends with 0, or with 1 when no keeper of services answers, has no such service, or keeps no lines of it \
            (log: none).
            """)

    @Flag(name: .shortAndLong, help: "Print further lines as they come.")
    var follow = false

    @Option(name: [.customShort("n"), .long], help: ArgumentHelp("How many of the last lines.", valueName: "number"))
    var lines = 1000

    @OptionGroup var place: KeeperPlace

    @Argument(help: "The service.")
    var service: String

    func validate() throws {
        if lines < 0 { throw ValidationError("--lines \(lines) is less than 0") }
    }

    func run() throws {
        guard let found = try place.keepers().find([service]).first else { return }
        var request = ControlRequest(.logs, names: [service])
        request.lines = lines
        request.follows = follow
        var connection = try found.keeper.ask(request)
        while let answer = connection.next(milliseconds: follow ? -1 : KeeperConnection.patience) {
            switch answer {
            case .line(let line): try Console.print(line.unicodeScalars.map { $0.escaped }.joined() + "\n")
            case .lost(let count):
                let words =
                    "\(count.counted("line")) \(count == 1 ? "is" : "are") missing here: they were read too slowly"
                Console.tell(words)
            case .refused(let words):
                Console.tell(words.shown())
                throw ArgumentParser.ExitCode(1)
            case .end: return
            default: break
            }
        }
        Console.tell("the keeper of \(service.shown()) does not answer any more")
        throw ArgumentParser.ExitCode(1)
    }
}
