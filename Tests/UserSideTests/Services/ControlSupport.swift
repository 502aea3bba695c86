import Boot
import Foundation
import Glibc
import Linux
import Synchronization
import TestSupport
import Testing
import UserSide

/// A keeper that has no processes: it does what it is told when the test says so.
final class FakeKeeper: KeeperCommands {
    var states: [ServiceState]
    var whenChanged: (() -> Void)?
    private(set) var told: [String] = []
    var isEnding = false

    init(_ names: [String]) {
        states = names.map {
            ServiceState(name: $0, identity: "user", phase: .running, isReady: true, schedule: "", after: [])
        }
        for index in states.indices {
            states[index].process = Int32(100 + index)
            states[index].started = 1_700_000_000_000_000_000
        }
    }

    /// Changes a service, and tells it.
    func change(_ name: String, _ body: (inout ServiceState) -> Void) {
        guard let index = states.firstIndex(where: { $0.name == name }) else { return }
        body(&states[index])
        whenChanged?()
    }

    func start(_ name: String) throws(KeeperRefusal) { try tell("start", name, .starting) }
    func stop(_ name: String) throws(KeeperRefusal) { try tell("stop", name, .stopping) }
    func restart(_ name: String) throws(KeeperRefusal) { try tell("restart", name, .stopping) }

    private func tell(_ word: String, _ name: String, _ phase: ServiceState.Phase) throws(KeeperRefusal) {
        if isEnding { throw .ending }
        told.append("\(word) \(name)")
        let isRunning = states.contains { $0.name == name && $0.phase == .running }
        if word != "start" || !isRunning { change(name) { $0.phase = phase } }
    }
}

/// A control server with a keeper without processes, in a directory of its own.
final class ControlSite {
    let log: LogSite
    let keeper = FakeKeeper(["sshd", "exporter", "mirror"])
    let directory: FilePath
    let server: ControlServer
    private let temporary: TemporaryDirectory

    init(patience: UInt64 = ControlServer.patience, user: UInt32 = CurrentProcess.effectiveUser) throws {
        temporary = try TemporaryDirectory()
        directory = temporary.path.appending("services")
        mkdir(directory.string, 0o700)
        if user != CurrentProcess.effectiveUser { chown(directory.string, user, user) }
        log = try LogSite()
        server = try ControlServer(in: directory, log.loop, keeper, log.relay, user: user, patience: patience)
    }

    /// Lets the server do what there is to do for some time.
    func turn(milliseconds: UInt64) {
        let limit = Clock.monotonic + milliseconds * 1_000_000
        while Clock.monotonic < limit { log.turn(milliseconds: 5) }
    }

    /// The answers to a request, all of them unless the test takes fewer.
    ///
    /// - Parameter meanwhile: is called again and again with the answers so far, until it returns true.
    func ask(
        _ request: ControlRequest, meanwhile: ([ControlAnswer]) -> Bool = { _ in false }
    ) throws -> [ControlAnswer] {
        let client = Client(directory, request)
        let limit = ContinuousClock.now + .seconds(30)
        while !client.hasEnded {
            log.turn(milliseconds: 5)
            if meanwhile(client.answers) { return client.answers }
            if ContinuousClock.now > limit { throw TestFailure("no end of the answers: \(client.answers)") }
        }
        return client.answers
    }
}

/// Somebody who asks, in a thread.
private final class Client: Sendable {
    private let state = Mutex<(answers: [ControlAnswer], hasEnded: Bool)>(([], false))

    init(_ directory: FilePath, _ request: ControlRequest) {
        Thread.detachNewThread { [self] in
            do {
                var connection = try KeeperConnection(in: directory)
                _ = connection.ask(request)
                while let answer = connection.next(milliseconds: 30_000), answer != .end {
                    state.withLock { $0.answers.append(answer) }
                }
            } catch {
                state.withLock { $0.answers.append(.refused("\(error)")) }
            }
            state.withLock { $0.hasEnded = true }
        }
    }

    var answers: [ControlAnswer] { state.withLock { $0.answers } }
    var hasEnded: Bool { state.withLock { $0.hasEnded } }
}
