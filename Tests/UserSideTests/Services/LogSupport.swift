import Boot
import CTestSupport
import Foundation
import Glibc
import Linux
import Synchronization
import TestSupport
import Testing
import UserSide

/// The pod's log, as somebody reads it: a pipe.
final class PodLog: Sendable {
    let writingEnd: Int32
    private let readingEnd: Int32
    private let bytes = Mutex<[UInt8]>([])
    private let hasEnded = Mutex(false)

    init() throws {
        var ends: [Int32] = [-1, -1]
        guard test_pipe(&ends) == 0 else { throw TestFailure("no pipe") }
        (readingEnd, writingEnd) = (ends[0], ends[1])
    }

    deinit { close(readingEnd) }

    /// Reads from now on, at most some bytes in some milliseconds.
    func read(_ size: Int = 1 << 16, everyMilliseconds wait: UInt32 = 0) {
        Thread.detachNewThread { [self] in
            var buffer = [UInt8](repeating: 0, count: size)
            while true {
                let count = Glibc.read(readingEnd, &buffer, size)
                guard count > 0 else { break }
                bytes.withLock { $0 += buffer[..<count] }
                let isSlow = !hurries.load(ordering: .relaxed)
                if wait > 0, isSlow { usleep(wait * 1000) }
            }
            hasEnded.withLock { $0 = true }
        }
    }

    private let hurries = Atomic(false)

    /// Reads as fast as possible from now on.
    func hurry() { hurries.store(true, ordering: .relaxed) }

    /// What has been read.
    var text: String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }

    /// Ends the writing end of the tests, and waits until everything has been read.
    func readAll() throws -> [String] {
        close(writingEnd)
        hurry()
        let limit = ContinuousClock.now + .seconds(30)
        while !hasEnded.withLock({ $0 }) {
            if ContinuousClock.now > limit { throw TestFailure("the log has no end: \(text.suffix(500))") }
            usleep(1000)
        }
        return text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init).dropLast()
    }
}

extension LogChannel {
    /// Takes a text.
    func take(_ text: String) { Array(text.utf8).withUnsafeBytes { take($0) } }
}

/// A relay with its loop and the pod's log.
struct LogSite {
    let loop: EventLoop
    let log: PodLog
    let relay: LogRelay

    init(_ settings: LogSettings = LogSettings(), refusesLinks: Bool = false) throws {
        log = try PodLog()
        loop = try EventLoop()
        relay = try LogRelay(settings, loop, log: log.writingEnd, refusesLinks: refusesLinks)
    }

    /// Opens the way of a service.
    func channel(_ name: String, _ log: Service.Log = .pod, secrets: [String] = []) -> LogChannel {
        var service = Service(name: name, command: ["/x"])
        service.log = log
        return relay.open(service, secrets: secrets.map { Array($0.utf8) })
    }

    /// Lets the loop do what is due, or what becomes due within some milliseconds.
    func turn(milliseconds: UInt64 = 0) {
        do {
            try loop.turn(until: Clock.monotonic + milliseconds * 1_000_000)
        } catch {
            Issue.record(error)
        }
    }

    /// Turns the loop until something is true.
    ///
    /// - Returns: whether it has become true within half a minute.
    func turn(until isMet: () -> Bool) -> Bool {
        let limit = ContinuousClock.now + .seconds(30)
        while !isMet() {
            if ContinuousClock.now > limit { return false }
            turn(milliseconds: 10)
        }
        return true
    }

    /// All lines of the pod's log, whose reader takes everything.
    func lines() throws -> [String] {
        log.read()
        relay.finish(deadline: Clock.monotonic + 30_000_000_000)
        return try log.readAll()
    }
}

/// The resident memory of this process in bytes, without what it shares with files.
func residentMemory() throws -> Int {
    let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
    let fields = text.split(separator: " ").compactMap { Int($0) }
    return (fields[1] - fields[2]) * 4096
}
