internal import Linux
internal import Text

/// Somebody who asks a keeper: one request for a connection.
final class ControlClient {
    /// The most bytes of a service's new lines that wait for whoever follows them; further lines are lost.
    private static let followLimit = 64 << 10

    private let socket: Descriptor
    private let commands: any KeeperCommands
    private let relay: LogRelay
    private let patience: UInt64
    private var input: [UInt8] = []
    private var output: ArraySlice<UInt8> = []
    /// The services whose end is waited for, each with its state before.
    private var waits: [(action: ControlRequest.Action, before: ServiceState)] = []
    private var channel: LogChannel?
    /// The beginning of a line of the service that is followed.
    private var partial: [UInt8] = []
    private var lost = 0
    private var hasAsked = false
    private var isGone = false
    /// Is called when there is output that nobody has asked for at this moment.
    var whenOutput: () -> Void = {}
    /// When it is closed, on the monotonic clock; `nil` while it may take its time.
    private(set) var deadline: UInt64?

    init(
        _ socket: consuming Descriptor, _ commands: any KeeperCommands, _ relay: LogRelay, patience: UInt64
    ) {
        self.socket = socket
        self.commands = commands
        self.relay = relay
        self.patience = patience
        deadline = Clock.monotonic + patience
    }

    var descriptor: Int32 { socket.rawValue }
    var hasOutput: Bool { !output.isEmpty }
    var isWaiting: Bool { !waits.isEmpty }
    /// Whether nothing is left to be done for it.
    var isOver: Bool { isGone || hasAsked && output.isEmpty && waits.isEmpty && channel == nil }

    /// Takes what it has sent.
    func read() {
        let result = withUnsafeTemporaryAllocation(byteCount: ControlRequest.limit, alignment: 1) { buffer in
            let result = LocalSocket.receive(from: socket.rawValue, into: buffer)
            // Whatever comes after the request is not looked at.
            if case .bytes(let count) = result, !hasAsked { input += buffer[..<count] }
            return result
        }
        if result == .ended {
            isGone = true
        } else if !hasAsked, let end = input.firstIndex(of: .newline) {
            hasAsked = true
            let request = end < ControlRequest.limit ? ControlRequest(Array(input[..<end])) : nil
            input = []
            if let request { perform(request) } else { answer(.refused("no request that this keeper understands")) }
            restart()
        } else if !hasAsked, input.count >= ControlRequest.limit {
            hasAsked = true
            input = []
            answer(.refused("no request that this keeper understands"))
        }
    }

    /// Sends what it takes.
    func write() {
        while !output.isEmpty {
            switch LocalSocket.send(output, to: socket.rawValue) {
            case .bytes(let count):
                output = output.dropFirst(count)
                restart()
                if output.isEmpty { output = [] }
                tellLost()
            case .later: return
            case .ended:
                isGone = true
                return
            }
        }
    }

    /// Follows nothing any more.
    func end() { channel?.unfollow(self) }

    /// Sets the deadline anew: something has been done. Who waits for services or their lines has time.
    private func restart() {
        let mayTakeTime = !waits.isEmpty || channel != nil
        deadline = mayTakeTime ? nil : Clock.monotonic + patience
    }

    private func answer(_ answer: ControlAnswer) { output += Array((answer.text + "\n").utf8) }

    private func perform(_ request: ControlRequest) {
        let states = commands.states
        for name in request.names where !states.contains(where: { $0.name.utf8.elementsEqual(name.utf8) }) {
            let similar = Suggestion.nearest(to: name, among: states.map { $0.name })
            return answer(.unknown(name: name, similar: similar))
        }
        switch request.action {
        case .status:
            for state in states where request.names.isEmpty || request.names.contains(state.name) {
                answer(.state(state))
            }
            answer(.end)
        case .logs: logs(request)
        case .start, .stop, .restart:
            for name in request.names { act(request, name) }
            answerWaiting()
            if waits.isEmpty { answer(.end) }
        }
    }

    private func logs(_ request: ControlRequest) {
        guard let name = request.names.first, let channel = relay.channel(name) else {
            return answer(.refused("no service is named whose lines are kept"))
        }
        guard channel.takesOutput else {
            return answer(.refused("the lines of \(name) are not kept: it has log: none"))
        }
        for line in channel.lastLines().suffix(request.lines) { answer(.line(line)) }
        guard request.follows else { return answer(.end) }
        self.channel = channel
        channel.follow(self) { [unowned self] bytes in take(bytes) }
    }

    private func act(_ request: ControlRequest, _ name: String) {
        guard let before = commands.states.first(where: { $0.name == name }) else { return }
        do throws(KeeperRefusal) {
            switch request.action {
            case .start: try commands.start(name)
            case .stop: try commands.stop(name)
            default: try commands.restart(name)
            }
            if request.waits {
                waits.append((request.action, before))
            } else {
                answer(.result(name: name, words: "is told to \(request.action.rawValue)", isDone: true))
            }
        } catch {
            let words = error == .ending ? "is left as it is: the keeper ends" : "is not known any more"
            answer(.result(name: name, words: words, isDone: false))
        }
    }

    /// Answers for the services that have come to what was asked for, or to another end.
    func answerWaiting() {
        guard !waits.isEmpty else { return }
        let states = commands.states
        waits.removeAll { wait in
            guard let now = states.first(where: { $0.name == wait.before.name }),
                let outcome = ControlOutcome.of(wait.action, before: wait.before, now: now)
            else { return false }
            answer(.result(name: now.name, words: outcome.words, isDone: outcome.isDone))
            return true
        }
        if waits.isEmpty, hasAsked {
            answer(.end)
            restart()
        }
    }

    /// Takes output of the service that is followed. What does not fit is lost, and counted.
    private func take(_ bytes: UnsafeRawBufferPointer) {
        for part in bytes.split(separator: .newline, omittingEmptySubsequences: false).enumerated() {
            if part.offset > 0 { endLine() }
            let room = LogTail.limit - partial.count
            partial += part.element.prefix(room)
        }
        whenOutput()
    }

    private func endLine() {
        if output.count < Self.followLimit, lost == 0 {
            answer(.line(partial.shown(limit: LogTail.limit)))
        } else {
            lost += 1
        }
        partial.removeAll(keepingCapacity: true)
    }

    private func tellLost() {
        guard lost > 0, output.count < Self.followLimit / 2 else { return }
        answer(.lost(lost))
        lost = 0
    }
}
