package import Linux

/// Answers those who ask about services, in the keeper's loop.
///
/// Root's keeper obeys root, and the user's the user and root; whoever else comes is told so, and nothing else. Nobody is
/// waited for: a client that sends nothing, or reads nothing, is closed after ``patience``.
package final class ControlServer {
    /// The most clients at once.
    package static let limit = 16
    /// How long a client may take for its request, and for each part of the answer, in nanoseconds.
    package static let patience: UInt64 = 10_000_000_000

    private let loop: EventLoop
    private let commands: any KeeperCommands
    private let relay: LogRelay
    private let user: UInt32
    private let patience: UInt64
    private let directory: ControlDirectory
    private let socket: Descriptor
    private let timer: TimerDescriptor
    private var clients: [Int32: ControlClient] = [:]
    /// When clients are taken again; `nil` while they are.
    private var pausedUntil: UInt64?

    /// Begins to serve.
    ///
    /// - Parameters:
    ///   - path: the directory with the socket.
    ///   - user: who is obeyed besides root, and owns the directory.
    ///   - patience: another time for tests.
    /// - Throws: why nobody can be served; the keeper goes on without.
    package init(
        in path: FilePath, _ loop: EventLoop, _ commands: any KeeperCommands, _ relay: LogRelay,
        user: UInt32 = CurrentProcess.effectiveUser, patience: UInt64 = ControlServer.patience
    ) throws(ControlRefusal) {
        let directory = try ControlDirectory(path, of: user)
        let socket = try directory.listen()
        let timer = try Self.makeTimer()
        (self.loop, self.commands, self.relay, self.user, self.patience) = (loop, commands, relay, user, patience)
        self.directory = directory
        self.socket = socket
        self.timer = timer
        do throws(SystemCallError) {
            try loop.watch(self.socket.rawValue, .readable) { [weak self] _ in self?.accept() }
            try loop.watch(self.timer.descriptor, .readable) { [weak self] _ in self?.closeOverdue() }
        } catch {
            throw ControlRefusal("nobody can ask for services", error)
        }
        commands.whenChanged = { [weak self] in self?.answerWaiting() }
    }

    private static func makeTimer() throws(ControlRefusal) -> TimerDescriptor {
        do throws(SystemCallError) {
            return try TimerDescriptor()
        } catch {
            throw ControlRefusal("nobody can ask for services", error)
        }
    }

    deinit {
        loop.unwatch(socket.rawValue)
        loop.unwatch(timer.descriptor)
        for client in clients.values { loop.unwatch(client.descriptor) }
    }

    /// How many clients there are.
    package var clientCount: Int { clients.count }

    private func accept() {
        // One at a time: services come first.
        do throws(SystemCallError) {
            guard let connection = try LocalSocket.accept(socket.rawValue) else { return }
            let peer = try LocalSocket.peer(of: connection.rawValue)
            // A socket that is new takes a line.
            guard peer == user || peer == 0 else {
                return refuse(connection, "permission denied")
            }
            guard clients.count < Self.limit else { return refuse(connection, "too many ask at once; try again") }
            let client = ControlClient(connection, commands, relay, patience: patience)
            let descriptor = client.descriptor
            clients[descriptor] = client
            client.whenOutput = { [weak self, weak client] in if let client { self?.settle(client) } }
            try loop.watch(descriptor, .readable) { [weak self] events in self?.serve(descriptor, events) }
            schedule()
        } catch {
            // Whoever waits stays readable. Without a pause the keeper would do nothing else where there are no descriptors.
            loop.unwatch(socket.rawValue)
            pausedUntil = Clock.monotonic + 1_000_000_000
            schedule()
        }
    }

    /// Takes clients again after a pause.
    private func resume(at now: UInt64) {
        guard let pausedUntil, pausedUntil <= now else { return }
        do throws(SystemCallError) {
            try loop.watch(socket.rawValue, .readable) { [weak self] _ in self?.accept() }
            self.pausedUntil = nil
        } catch {
            self.pausedUntil = now + 1_000_000_000
        }
    }

    private func refuse(_ connection: borrowing Descriptor, _ words: String) {
        let line = Array((ControlAnswer.refused(words).text + "\n").utf8)
        _ = LocalSocket.send(line[...], to: connection.rawValue)
    }

    private func serve(_ descriptor: Int32, _ events: DescriptorEvents) {
        guard let client = clients[descriptor] else { return }
        if events.contains(.readable) || events.contains(.hangup) || events.contains(.error) { client.read() }
        settle(client)
    }

    /// Sends what a client takes, and watches for what it does next.
    private func settle(_ client: ControlClient) {
        client.write()
        let descriptor = client.descriptor
        if client.isOver { return close(descriptor) }
        do throws(SystemCallError) {
            let events: DescriptorEvents = client.hasOutput ? [.readable, .writable] : .readable
            try loop.watch(descriptor, events) { [weak self] events in self?.serve(descriptor, events) }
        } catch {
            close(descriptor)
        }
        schedule()
    }

    private func answerWaiting() {
        for client in Array(clients.values) where client.isWaiting {
            client.answerWaiting()
            settle(client)
        }
    }

    private func close(_ descriptor: Int32) {
        loop.unwatch(descriptor)
        clients.removeValue(forKey: descriptor)?.end()
        schedule()
    }

    private func closeOverdue() {
        let now = Clock.monotonic
        resume(at: now)
        for (descriptor, client) in Array(clients) where client.deadline.map({ $0 <= now }) == true {
            close(descriptor)
        }
        schedule()
    }

    /// Without clients there is no deadline, and nothing wakes the keeper.
    private func schedule() {
        timer.set((clients.values.compactMap { $0.deadline } + (pausedUntil.map { [$0] } ?? [])).min())
    }
}
