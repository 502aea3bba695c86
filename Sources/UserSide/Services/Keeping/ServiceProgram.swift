internal import Boot
internal import Linux
internal import Programs
internal import Text

/// What a service's processes are started with. It is prepared once for each command.
final class ServiceProgram {
    /// Why a program is not started, in words.
    struct Refusal: Error {
        let words: String
    }

    let service: Service
    private let surroundings: KeeperSurroundings
    private let environment: [CString]
    private let path: [UInt8]
    private var prepared: [[String]: (program: FilePath?, start: ServiceStart)] = [:]

    /// - Parameter socket: where it tells that it is ready; `nil` for nowhere.
    init(_ service: Service, in surroundings: KeeperSurroundings, socket: String?) {
        self.service = service
        self.surroundings = surroundings
        var values: [(name: String, value: [UInt8])] = []
        var removed = surroundings.hidden
        for assignment in service.environment { values.append((assignment.name, Array(assignment.value.utf8))) }
        for name in service.secrets {
            if let value = surroundings.secrets.value(name) { values.append((name, value)) }
        }
        if let socket {
            values.append(("NOTIFY_SOCKET", Array(socket.utf8)))
            if case .notify(let interval) = service.readiness, interval > 0 {
                values.append(("WATCHDOG_USEC", Array(String(interval / 1000).utf8)))
            }
        }
        removed.subtract(values.map { $0.name })
        let entries = surroundings.environment.setting(values, removing: removed)
        // It comes first, where it is found whatever else there is.
        environment = [CString(Array("\(ServiceProcesses.variable)=\(service.name)".utf8))] + entries
        path =
            EnvironmentBlock(entries).value("PATH") ?? Array(CommandSearch.defaultPath.utf8)
    }

    /// What its process is started with.
    ///
    /// - Parameter command: a program and its arguments; the service's own without it.
    /// - Throws: why it must not be started.
    func start(_ command: [String]? = nil) throws(Refusal) -> ServiceStart {
        let words = command ?? service.command
        let name = words.first ?? ""
        // Who may have changed it is found out at each start.
        let trusted = service.identity == .root ? try trusted(name) : nil
        if let known = prepared[words], known.program == trusted { return known.start }
        let programs = trusted.map { [$0] } ?? CommandSearch.candidates(for: Array(name.utf8), path: path)
        var start = ServiceStart(
            programs: programs.map { CString(Array($0.string.utf8)) },
            arguments: words.map { CString(Array($0.utf8)) }, environment: environment,
            directory: service.directory.map { CString(Array($0.string.utf8)) },
            deathSignal: surroundings.isByHand ? .kill : service.stop.signal)
        (start.nice, start.oomScore) = (service.nice, service.oomScore)
        start.limits = service.limits.map { ($0.resource, $0.value) }
        prepared[words] = (trusted, start)
        return start
    }

    /// A program that only root can have made what it is.
    private func trusted(_ name: String) throws(Refusal) -> FilePath {
        do throws(TrustedProgram.Refusal) {
            return try TrustedProgram.find(FilePath(name), in: FileTree(), isImageOnly: false).path
        } catch {
            switch error {
            case .failed(let error):
                throw Refusal(words: "its program \(name.shown()) cannot be used: \(error.reason)")
            case .unsafe(let reason, let remedy):
                let rest = remedy.isEmpty ? "" : "; \(remedy)"
                throw Refusal(words: "\(name.shown()) must not be run as root: \(reason)\(rest)")
            }
        }
    }

    /// What could not be done before the program ran, in words that follow the service's name.
    func words(_ step: ServiceStart.Step, _ errno: Errno, command: [String]? = nil) -> String {
        let reason = SystemCallError(call: "", errno: errno).reason
        let name = ((command ?? service.command).first ?? "").shown()
        switch step {
        case .session: return "cannot lead a session: \(reason)"
        case .streams: return "cannot set up its standard streams: \(reason)"
        case .directory: return "cannot start in \(service.directory?.shown() ?? "."): \(reason)"
        case .nice: return "cannot have the priority \(service.nice ?? 0): \(reason)"
        case .oomScore: return "cannot have the OOM score \(service.oomScore ?? 0): \(reason)"
        case .limit: return "cannot have its limits: \(reason)"
        case .execute where errno == .noSuchFileOrDirectory:
            return "cannot start: there is no program \(name), or not what its first line names"
        case .execute: return "cannot start \(name): \(reason)"
        }
    }
}

/// What all services of a keeper have in common.
struct KeeperSurroundings {
    /// The keeper's environment.
    let environment: EnvironmentBlock
    /// The secrets that services may name.
    let secrets: EnvironmentBlock
    /// Variables of the environment that no service gets unless it names them.
    let hidden: Set<String>
    let isByHand: Bool
    /// Where its sockets are; `nil` for nowhere.
    let controlDirectory: FilePath?
    /// Distinguishes its sockets from those of another keeper in the same directory.
    let mark: String

    /// Variables that are about the process that has them.
    static let aboutProcess: Set<String> = [
        "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES",
        "LISTEN_PIDFDID", "ENTRYPOINT_EXPORT", ServiceProcesses.variable,
    ]

    /// Where a service tells that it is ready.
    ///
    /// - Parameter index: its place among the services.
    func socket(_ index: Int) -> String {
        controlDirectory.map { "\($0.string)/notify.\(mark).\(index)" } ?? "@entrypoint/\(mark)/\(index)"
    }
}
