internal import Boot
internal import Init
internal import Linux
internal import Programs
internal import Text

/// The start of the keepers: root's before the drop of privileges, the user's after it. Each says when its services can be
/// used, and the boot waits for that.
struct KeeperStart {
    private let preparation: Preparation
    private let initHandle: InitHandle
    /// The keepers' program.
    private let program: FilePath
    /// The writing end of the pipe on which keepers ask the init to end the container.
    private let stopRequests: CInt
    /// Who has services here, root first.
    let identities: [Actor]

    /// Checks that keepers can be started, before anything is changed; `nil` where there is nothing for them to do.
    ///
    /// - Throws: why they cannot.
    init?(for preparation: Preparation, _ initHandle: InitHandle?) throws(BootError) {
        identities = Self.identities(preparation)
        guard !identities.isEmpty else { return nil }
        guard let initHandle else { throw Self.needInit }
        try Self.check(preparation)
        self.preparation = preparation
        self.initHandle = initHandle
        program = try Self.findProgram(forRoot: identities.contains(.root), in: preparation.host.tree)
        do throws(SystemCallError) {
            let pipe = try OpenFiles.makePipe()
            stopRequests = pipe.writing
            try initHandle.giveStopRequests(Descriptor(owning: pipe.reading))
        } catch {
            throw Self.notStarted(error)
        }
    }

    private static var needInit: BootError {
        let mode = InitSettings.modeVariable.name
        return BootError(
            .servicesNeedInit, step: Services.name, "cannot start services",
            reason: "without an init nobody would end them (\(mode)=exec, or not process 1)",
            remedy: "set \(mode)=init")
    }

    /// Checks what the settings say, and the files that say it.
    static func check(_ preparation: Preparation) throws(BootError) {
        let identities = identities(preparation)
        if !identities.isEmpty, preparation.settings[InitSettings.self]?.mode == .exec { throw needInit }
        if identities.contains(.root) { try preparation.settings[Services.self]?.checkPolicy() }
    }

    /// Who has something to start. What stands in the file of the user's own, only the user's keeper knows.
    private static func identities(_ preparation: Preparation) -> [Actor] {
        let settings = preparation.settings
        let isRoot = preparation.host.start == .root && settings.services.contains { $0.identity == .root }
        let isUser =
            settings.services.contains { $0.identity == .user } || settings[ConfigurationSettings.self]?.userFile != nil
        return (isRoot ? [.root] : []) + (isUser ? [.user] : [])
    }

    /// The program beside this one. Root's must be what root alone can have put there.
    private static func findProgram(forRoot isRoot: Bool, in tree: FileTree) throws(BootError) -> FilePath {
        let name: FilePath.Component = "entrypointctl"
        let own = (try? tree.linkTarget("/proc/self/exe", links: .follow)) ?? nil
        let path = (own ?? "/usr/local/bin/entrypoint").parent.appending(name)
        let action = "cannot start services with \(path.shown())"
        guard (try? tree.status(path, links: .follow))??.kind == .file else {
            throw BootError(
                .servicesNoProgram, step: Services.name, action, reason: "there is no such program",
                remedy: "the image needs \(name) beside entrypoint")
        }
        guard isRoot else { return path }
        do throws(TrustedProgram.Refusal) {
            return try TrustedProgram.find(path, in: tree, isImageOnly: false).path
        } catch {
            switch error {
            case .failed(let error):
                throw BootError(.servicesNoProgram, step: Services.name, action, attempts: [Attempt(as: "root", error)])
            case .unsafe(let reason, let remedy):
                throw BootError(
                    .servicesUntrusted, step: Services.name, "\(action) as root", reason: reason, remedy: remedy)
            }
        }
    }

    private static func notStarted(_ error: SystemCallError) -> BootError {
        BootError(
            .servicesKeeperNotStarted, step: Services.name, "cannot start services", attempts: [Attempt(as: "", error)])
    }
}

extension KeeperStart {
    /// Makes the directories in which the keepers can be reached.
    ///
    /// - Throws: the error of making one.
    func makeControlDirectories(in state: borrowing StateDirectory) throws(SystemCallError) {
        for identity in identities {
            let owner =
                identity == .root ? Credentials(user: 0, group: 0, groups: []) : preparation.people.user.credentials
            _ = try state.makeControlDirectory(for: owner)
        }
    }

    /// Where the keeper of an identity can be reached.
    private func controlDirectory(of identity: Actor) -> FilePath {
        let user = identity == .root ? 0 : preparation.people.user.credentials.user
        return preparation.host.start.isPrivileged
            ? Paths.state.appending("services-\(user)") : FilePath(Paths.userStatePrefix + String(user))
    }

    /// What a keeper is started with.
    struct Surroundings {
        /// The environment of its services, without secrets.
        let environment: [CString]
        /// The secrets that its services name, as `NAME=value` entries that end with NUL.
        let secrets: [UInt8]
        /// Where it starts.
        let directory: FilePath
        let umask: ModeBits
    }

    /// Whether the user may have a file with services of its own.
    var hasUserFile: Bool { preparation.settings[ConfigurationSettings.self]?.userFile != nil }

    /// The names of the secrets that the user's services of the image and the pod get, each once.
    var secretNames: [String] {
        var names: [String] = []
        for name in preparation.settings.services.flatMap({ $0.secrets }) where !names.contains(name) {
            names.append(name)
        }
        return names
    }

    /// The value of a secret that the command does not get.
    func stripped(_ name: String) -> [UInt8]? { preparation.settings.environment.value(name) }

    /// The variables that say how a keeper works, whoever its services are.
    private static let namesForKeeper = [
        ConfigurationSettings.fileVariable.name, InitSettings.graceVariable.name, LogSettings.levelVariable.name,
        LogSettings.formatVariable.name,
    ]

    /// The umask of the user's services, which is that of the command.
    var umask: ModeBits { preparation.workplace.umask }

    /// Root's services have what root's steps have: nothing is inherited, and nothing is secret.
    func surroundingsOfRoot() -> Surroundings {
        let settings = preparation.settings
        var variables = BuiltEnvironment.variables(for: .root, settings, preparation.people, preparation.host)
        // What the keeper itself has to know.
        for name in Self.namesForKeeper {
            guard let value = settings.environment.value(name) else { continue }
            variables.append(Assignment(name, String(decoding: value, as: UTF8.self)))
        }
        return Surroundings(
            environment: variables.map { CString(Array("\($0.name)=\($0.value)".utf8)) }, secrets: [], directory: "/",
            umask: ModeBits(rawValue: 0o022))
    }

    /// Starts the keeper of an identity, and waits until the command may run.
    ///
    /// - Throws: why it may not: what the keeper has said.
    func start(_ identity: Actor, _ surroundings: Surroundings, prepare: () -> Void) throws(BootError) {
        let services = preparation.settings.services.filter { $0.identity == identity }
        let arguments = [
            program.string, "services", "run", "--as", identity.rawValue, "--start", preparation.host.start.rawValue,
            "--status", "\(KeeperProcess.Number.status)", "--stop-request", "\(KeeperProcess.Number.stopRequest)",
            "--secrets", "\(KeeperProcess.Number.secrets)", "--control-directory",
            controlDirectory(of: identity).string,
        ]
        let process = KeeperProcess(
            program: program, arguments: arguments.map { CString(Array($0.utf8)) },
            environment: surroundings.environment, directory: surroundings.directory, umask: surroundings.umask,
            endsContainer: services.contains { $0.onFailure == .stop })
        let answer: String
        do throws(SystemCallError) {
            let status = try process.start(
                initHandle, stopRequest: stopRequests, secrets: surroundings.secrets, prepare: prepare)
            answer = try Self.answer(status, within: patience(services))
            // It stays open until the command runs: that tells the keeper so.
            _ = status.release()
        } catch {
            throw error.errno == .timedOut ? silent(services) : Self.notStarted(error)
        }
        try check(answer, of: identity)
    }

    /// Milliseconds that a keeper may take until the command may run; `nil` for ever.
    private func patience(_ services: [Service]) -> UInt64? {
        let limit = preparation.workplace.timeout
        guard limit > 0 else { return nil }
        let waits = services.filter { $0.holdsCommand }.reduce(0 as UInt64) {
            $0 &+ ($1.readyTimeout + $1.stop.timeout) / 1_000_000
        }
        return UInt64(limit) * 1000 + min(waits, 366 * 86_400_000)
    }

    private func silent(_ services: [Service]) -> BootError {
        BootError(
            .servicesKeeperNotStarted, step: Services.name, "cannot start services",
            reason: "their keeper has not answered for \((patience(services) ?? 0) / 1000) s",
            remedy: "look whether a file server hangs, or a service has stopped it")
    }

    /// The first line that a keeper writes; empty for one that has ended without a word.
    ///
    /// - Throws: the error of read(2), or ETIMEDOUT.
    private static func answer(
        _ status: borrowing Descriptor, within milliseconds: UInt64?
    ) throws(SystemCallError) -> String {
        var bytes: [UInt8] = []
        while bytes.count < 4096 {
            guard OpenFiles.wait(forInput: status.rawValue, milliseconds: milliseconds) else {
                throw SystemCallError(call: "poll", errno: .timedOut)
            }
            let byte = try status.readAll(limit: 1, expected: 1, path: nil)
            guard let byte = byte.first, byte != .newline else { break }
            bytes.append(byte)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// - Throws: why the command may not run.
    private func check(_ answer: String, of identity: Actor) throws(BootError) {
        if answer == "ready" { return }
        let parts = answer.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "failed", let code = Int32(parts[1]) else {
            throw BootError(
                .servicesKeeperNotStarted, step: Services.name, "cannot start the services of \(identity.rawValue)",
                reason: "their keeper ended before they were ready")
        }
        throw BootError(
            code == ExitCode.settings.rawValue ? .servicesSettings : .servicesNeeded, step: Services.name,
            Array(parts[2].utf8).shown(), reason: "the command is not started")
    }
}
