import ArgumentParser
import UserSide

struct ServicesRestart: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restart",
        abstract: "End services, and start them again.",
        usage: "entrypointctl services restart [<options>] <services> ...",
        discussion: """
            A service that runs is ended as its entry says (stop), and started; one that does not run is started. It waits until \
            that is done.

              entrypointctl services restart sshd
              entrypointctl services restart --no-wait exporter mirror

            Ends with 0 when all of them have come to it, and with 1 when one has not, or no keeper of services answers, or \
            has no such service.
            """)

    @OptionGroup var told: ServicesTold

    func run() throws { try told.tell(.restart) }
}
