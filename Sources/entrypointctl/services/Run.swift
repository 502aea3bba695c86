import ArgumentParser
import Boot
import Linux
import Programs
import Text
import UserSide

struct ServicesRun: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Start the services, and keep them until it is told to end.",
        usage: "entrypointctl services run [--as <identity>]",
        discussion: """
            The boot does this where process 1 stays (init mode). By hand it serves to try a configuration, and containers \
            whose command takes the place of process 1 (exec mode). It reads the same settings as the boot, starts the \
            services in their order, each with the environment and in the directory that this command has, and looks after \
            them. TERM, INT (Ctrl-C) and HUP end them in the reverse order; then the final runs are made. A second one \
            leaves 1 s for all that is left. Should this command be killed, its services get KILL.

            ENTRYPOINT_USER_CONFIG may name a file of your own that has services, and nothing else.

              entrypointctl services run --as user
              ENTRYPOINT_USER_CONFIG=$PWD/services.yaml entrypointctl services run

            Ends with 0 when all services have ended as they should, or were told to; with 1 when one has failed for good; \
            with 64 when root does not say whose services are meant; with 78 when a setting is wrong; and with 125 when one \
            with onFailure: stop has failed, or nothing can be kept.
            """)

    /// Whose services it keeps.
    enum Identity: String, CaseIterable, ExpressibleByArgument {
        case user, root

        var actor: Actor { self == .root ? .root : .user }
    }

    @Option(
        name: .customLong("as"),
        help: ArgumentHelp(
            "Whose services: user, or root, as which only root may run it; user without it. Root has to say it.",
            valueName: "identity"))
    var identity: Identity?

    // What a boot gives.
    @Option(help: .hidden) var start: Start?
    @Option(help: .hidden) var controlDirectory: String?
    @Option(help: .hidden) var status: Int32?
    @Option(help: .hidden) var stopRequest: Int32?
    @Option(help: .hidden) var secrets: Int32?

    func validate() throws {
        let isRoot = CurrentProcess.effectiveUser == 0
        if identity == nil && isRoot {
            throw ValidationError(
                "root says whose services are meant: --as root, or --as user for those of the user, which then run as root"
            )
        }
        if identity == .root && !isRoot { throw ValidationError("only root keeps root's services (--as root)") }
        for (name, descriptor) in [("--status", status), ("--stop-request", stopRequest), ("--secrets", secrets)] {
            if let descriptor, descriptor < 3 || !OpenFiles.isOpen(descriptor) {
                throw ValidationError("\(name) \(descriptor) is no open descriptor above the standard streams")
            }
        }
        if let controlDirectory, controlDirectory.utf8.first != UInt8(ascii: "/") {
            throw ValidationError("--control-directory \(controlDirectory.shown()) is no absolute path")
        }
    }

    func run() throws {
        // Nothing of it reaches a service.
        OpenFiles.closeAllOnExec()
        var given: [CString] = []
        do throws(SystemCallError) {
            given = try takeSecrets()
        } catch {
            end(.boot, "cannot read the secrets of services: \(error.reason) (\(error.symbol))")
        }
        let environment = EnvironmentBlock(ProcessStart.environment)
        let settings: KeeperSettings
        do throws(KeeperSettings.Refusal) {
            settings = try KeeperSettings(for: (identity ?? .user).actor, start: start, environment: environment)
        } catch {
            end(.settings, error.problems.map { $0.text })
        }
        var options = settings.options(environment: environment, given: given)
        (options.status, options.stopRequest) = (status, stopRequest)
        options.controlDirectory = controlDirectory.map { FilePath($0) }
        do throws(SystemCallError) {
            CurrentProcess.exit(try keep(settings, options))
        } catch {
            end(.boot, "cannot keep services: \(error.reason) (\(error.symbol))")
        }
    }

    /// Keeps the services until the end.
    private func keep(_ settings: KeeperSettings, _ options: KeeperOptions) throws(SystemCallError) -> Int32 {
        if settings.services.isEmpty {
            if let status {
                OpenFiles.writeOnce(Array("ready\n".utf8), to: status)
            } else {
                Console.tell("there are no services as \((identity ?? .user).rawValue)")
            }
            return 0
        }
        Keeper.blockSignals()
        let loop = try EventLoop()
        let relay = try LogRelay(settings.log, loop, refusesLinks: identity == .root)
        if status == nil { for notice in settings.notices { relay.say(.warning, nil, notice) } }
        let keeper = try Keeper(settings.services, options, loop, relay: relay)
        let control = serve(keeper, loop, relay, in: options.controlDirectory)
        // What the start has needed is not needed again.
        CurrentProcess.trimMemory()
        CurrentProcess.giveBackProgram()
        return withExtendedLifetime(control) { keeper.run() }
    }

    /// Lets people ask the keeper; without that it keeps the services as well.
    private func serve(
        _ keeper: Keeper, _ loop: EventLoop, _ relay: LogRelay, in directory: FilePath?
    ) -> ControlServer? {
        let user = CurrentProcess.effectiveUser
        // By hand it listens where the keepers of bare starts do.
        guard let place = directory ?? (status == nil ? ControlDirectory.places(of: user).last : nil) else {
            return nil
        }
        do throws(ControlRefusal) {
            return try ControlServer(in: place, loop, keeper, relay, user: user)
        } catch {
            relay.say(.warning, nil, error.note)
            return nil
        }
    }

    /// The secrets that a boot has given.
    private func takeSecrets() throws(SystemCallError) -> [CString] {
        guard let secrets else { return [] }
        CurrentProcess.forbidTracing()
        let bytes = try OpenFiles.readAll(secrets, limit: 16 << 20)
        OpenFiles.close(secrets)
        return bytes.split(separator: 0).map { CString($0) }
    }

    /// Ends because it cannot keep any services.
    private func end(_ code: Boot.ExitCode, _ problems: [String]) -> Never {
        if let status {
            OpenFiles.writeOnce(Keeper.failure(code.rawValue, problems.joined(separator: "; ")), to: status)
        } else {
            for problem in problems { Console.tell(problem) }
        }
        CurrentProcess.exit(code.rawValue)
    }

    private func end(_ code: Boot.ExitCode, _ problem: String) -> Never { end(code, [problem]) }
}
