import ArgumentParser
import UserSide

struct ServicesStop: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop",
        abstract: "End services, and leave them so.",
        usage: "entrypointctl services stop [<options>] <services> ...",
        discussion: """
            A service is ended as its entry says (stop), and not started again until somebody starts it, also one that runs again and again. It waits until \
            that is done.

              entrypointctl services stop sshd
              entrypointctl services stop --no-wait exporter mirror

            Ends with 0 when all of them have come to it, and with 1 when one has not, or no keeper of services answers, or \
            has no such service.
            """)

    @OptionGroup var told: ServicesTold

    func run() throws { try told.tell(.stop) }
}
