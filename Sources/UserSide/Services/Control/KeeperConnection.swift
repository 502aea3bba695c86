package import Linux
internal import Text

/// A connection to a keeper, for one request.
package struct KeeperConnection: ~Copyable {
    /// Why there is none.
    package enum Failure: Error, Equatable, Sendable {
        /// No keeper listens there.
        case nobody
        /// Somebody else listens than the one whose directory it is.
        case stranger(UInt32)
        case call(SystemCallError)
    }

    private let socket: Descriptor
    private var input: [UInt8] = []
    /// How much of the input has no end of a line in it.
    private var searched = 0

    /// The most bytes of a line, and of an answer that is there at once: whoever listens may be a user's own program.
    private static let longestLine = 64 << 10
    private static let longestAnswer = 4 << 20

    /// How long a keeper may take for an answer that is there at once, in milliseconds.
    package static let patience: Int32 = 10_000

    /// Connects to the keeper that listens in a directory.
    ///
    /// - Throws: why there is none.
    package init(in path: FilePath) throws(Failure) {
        socket = try Self.connect(in: path)
    }

    private static func connect(in path: FilePath) throws(Failure) -> Descriptor {
        let peer: UInt32
        do throws(SystemCallError) {
            // Root follows no link of a user's.
            let links: LinkPolicy = CurrentProcess.effectiveUser == 0 ? .refuse : .follow
            let directory = try FileTree().openDirectory(path, links: links)
            let socket = try connect(in: directory)
            peer = try LocalSocket.peer(of: socket.rawValue)
            // Whoever owns the directory may have put a link to another one's socket there.
            if try directory.status().user == peer { return socket }
        } catch  where error.errno == .noSuchFileOrDirectory || error.errno == .connectionRefused {
            throw .nobody
        } catch {
            throw .call(error)
        }
        throw .stranger(peer)
    }

    private static func connect(in directory: borrowing Directory) throws(SystemCallError) -> Descriptor {
        for _ in 0..<100 {
            do throws(SystemCallError) {
                return try LocalSocket.connect(to: ControlDirectory.socket, in: directory)
            } catch  where error.errno == .wouldBlock {
                // Too many come at once.
                Clock.sleep(nanoseconds: 20_000_000)
            }
        }
        return try LocalSocket.connect(to: ControlDirectory.socket, in: directory)
    }

    /// Asks.
    ///
    /// - Returns: whether the keeper has got the request.
    package func ask(_ request: ControlRequest) -> Bool {
        var rest = Array((request.text + "\n").utf8)[...]
        guard rest.count <= ControlRequest.limit else { return false }
        while !rest.isEmpty {
            switch LocalSocket.send(rest, to: socket.rawValue) {
            case .bytes(let count): rest = rest.dropFirst(count)
            case .later:
                if !LocalSocket.wait(for: socket.rawValue, toWrite: true, milliseconds: Self.patience) { return false }
            case .ended: return true
            }
        }
        return true
    }

    /// The next line of the answer; `nil` where the keeper has ended the connection, or takes too long.
    ///
    /// - Parameter milliseconds: how long it may take; -1 for ever.
    package mutating func next(milliseconds: Int32 = KeeperConnection.patience) -> ControlAnswer? {
        while true {
            if let end = input[searched...].firstIndex(of: .newline) {
                let line = Array(input[..<end])
                input.removeFirst(end + 1)
                searched = 0
                return ControlAnswer(line)
            }
            searched = input.count
            if searched > Self.longestLine { return nil }
            let result = withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 1) { buffer in
                let result = LocalSocket.receive(from: socket.rawValue, into: buffer)
                if case .bytes(let count) = result { input += buffer[..<count] }
                return result
            }
            switch result {
            case .bytes: break
            case .ended: return nil
            case .later: if !LocalSocket.wait(for: socket.rawValue, milliseconds: milliseconds) { return nil }
            }
        }
    }

    /// All lines of an answer that is there at once, without its end; `nil` where it has none in time, or is too long.
    package mutating func answers() -> [ControlAnswer]? {
        var answers: [ControlAnswer] = []
        var size = 0
        let deadline = Clock.monotonic + UInt64(Self.patience) * 1_000_000
        while Clock.monotonic < deadline, size < Self.longestAnswer, let answer = next() {
            if answer == .end { return answers }
            answers.append(answer)
            size += answer.text.utf8.count
            if case .refused = answer { return answers }
        }
        return nil
    }
}
