import ArgumentParser
import UserSide

struct ServicesStart: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start",
        abstract: "Start services that do not run.",
        usage: "entrypointctl services start [<options>] <services> ...",
        discussion: """
            A service that waits for its next try or its next run is started at once; one that runs is left as it is. It waits until \
            that is done.

              entrypointctl services start sshd
              entrypointctl services start --no-wait exporter mirror

            Ends with 0 when all of them have come to it, and with 1 when one has not, or no keeper of services answers, or \
            has no such service.
            """)

    @OptionGroup var told: ServicesTold

    func run() throws { try told.tell(.start) }
}
