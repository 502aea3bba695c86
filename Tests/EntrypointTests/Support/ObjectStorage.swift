import Foundation
import Glibc
import TestSupport
import Testing

/// Object storage: what `rclone serve s3` makes of a directory, behind a network that fails as a test wants it
/// (`Tests/Fixtures/s3-proxy`). Both end with this.
final class ObjectStorage {
    /// What the network does with some of the requests; the first rule that matches decides.
    struct Rule: Encodable, Sendable {
        enum Action: String, Encodable {
            /// The connection is reset.
            case refuse
            /// Nobody answers.
            case hang
            /// The answer is ``Rule/status``, from whoever stands before the storage.
            case status
            /// The body of the request, or of the answer, ends after ``Rule/bytes``, and the connection is reset.
            case cutUp = "cut_up"
            case cutDown = "cut_down"
            /// So many bytes of the answer are others, from ``Rule/at`` on.
            case corrupt
            /// It goes on when the test says so.
            case pause
        }

        var action: Action
        var method: String?
        /// A regular expression that is found in the request's path and query.
        var path: String
        var status: Int?
        var retryAfter: Int?
        var at: Int?
        var bytes: Int?
        /// Whether a request is held when the storage has it, and has not answered yet.
        var isLate = false
        /// How many requests are let through before, and how many it is for; without end unless set.
        var skip = 0
        var times: Int?

        init(_ action: Action, _ method: String? = nil, _ path: String = "", times: Int? = nil) {
            (self.action, self.method, self.path, self.times) = (action, method, path, times)
        }

        /// An answer without the storage.
        init(_ status: Int, retryAfter: Int? = nil, _ method: String? = nil, _ path: String = "", times: Int? = nil) {
            self.init(.status, method, path, times: times)
            (self.status, self.retryAfter) = (status, retryAfter)
        }

        /// Some bytes of an answer: they are others, or it ends after them.
        init(_ action: Action, at: Int? = nil, bytes: Int, _ method: String? = nil, _ path: String, times: Int? = nil) {
            self.init(action, method, path, times: times)
            (self.at, self.bytes) = (at, bytes)
        }

        /// This rule for requests of one repository, where its path begins in there: `/data/`, or `prefix=` and what is
        /// listed.
        func of(_ repository: String) -> Rule {
            var rule = self
            let listed = "prefix="
            rule.path =
                path.hasPrefix(listed)
                ? "\(listed)\(repository)(/|%2F)\(path.dropFirst(listed.count))"
                : "[/=]\(repository)(/|%2F)\(path.drop { $0 == "/" })"
            return rule
        }

        private enum CodingKeys: String, CodingKey {
            case action, method, path, status, at, bytes, skip, times, when
            case retryAfter = "retry_after"
        }

        func encode(to encoder: any Encoder) throws {
            var values = encoder.container(keyedBy: CodingKeys.self)
            try values.encode(action, forKey: .action)
            try values.encode(path, forKey: .path)
            try values.encode(skip, forKey: .skip)
            try values.encode(isLate ? "after" : "before", forKey: .when)
            try values.encodeIfPresent(method, forKey: .method)
            try values.encodeIfPresent(status, forKey: .status)
            try values.encodeIfPresent(retryAfter, forKey: .retryAfter)
            try values.encodeIfPresent(at, forKey: .at)
            try values.encodeIfPresent(bytes, forKey: .bytes)
            try values.encodeIfPresent(times, forKey: .times)
        }
    }

    /// What has gone through the network.
    struct Traffic: Decodable {
        /// The requests, all of them and by method.
        var total: Int
        var counts: [String: Int]
        /// How many requests are held now.
        var paused: Int
        /// A line each: method, path, status, bytes.
        var log: [String]
    }

    static let accessKey = "AKIAEXAMPLE"
    static let secretKey = "secretsecret"
    static let bucket = "bucket"

    private let objects: String
    private let server: RunningProgram
    private let network: RunningProgram
    private let port: UInt16

    /// Starts it.
    ///
    /// - Parameters:
    ///   - directory: what it may use.
    ///   - repositories: those that it has from the beginning, and what is in them. The server does not see what is put
    ///     there later.
    init(in directory: String, holding repositories: [String: String] = [:]) throws {
        objects = directory + "/objects"
        let manager = FileManager.default
        try manager.createDirectory(atPath: "\(objects)/\(Self.bucket)", withIntermediateDirectories: true)
        for (repository, source) in repositories {
            try manager.copyItem(atPath: source, toPath: "\(objects)/\(Self.bucket)/\(repository)")
        }
        guard let tools = ProcessInfo.processInfo.environment["ENTRYPOINT_TEST_STORAGE"] else {
            throw TestFailure("ENTRYPOINT_TEST_STORAGE is not set: run the tests by scripts/test")
        }
        var server = Program([
            "\(tools)/bin/rclone", "serve", "s3", "--auth-key", "\(Self.accessKey),\(Self.secretKey)", "--addr",
            "127.0.0.1:0", objects,
        ])
        let log = directory + "/server.log"
        server.environment = server.environment.with(["RCLONE_CONFIG": "/dev/null", "HOME": "/nonexistent"])
        (server.standardOutput, server.standardError) = (.null, .file(log))
        self.server = try server.start()
        let address = try Self.address(in: log, of: self.server)
        var network = Program([
            "/usr/bin/python3", Golden.url("Tests/Fixtures/s3-proxy").path, "--upstream", address, "--lifetime", "900",
        ])
        network.standardError = .file(directory + "/network.log")
        self.network = try network.start()
        try self.network.waitForOutput("\n")
        guard let port = UInt16(self.network.outputSoFar.text.prefix { $0 != "\n" }) else {
            throw TestFailure("the network tells no port: \(self.network.outputSoFar)")
        }
        self.port = port
    }

    /// Where a server listens, as it has written to its log.
    private static func address(in log: String, of server: RunningProgram) throws -> String {
        let limit = ContinuousClock.now + .seconds(30)
        while ContinuousClock.now < limit, try server.isRunning() {
            let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
            if let start = text.range(of: "[http://") {
                let rest = text[start.upperBound...]
                if let end = rest.firstIndex(of: "/") { return String(rest[..<end]) }
            }
            usleep(20_000)
        }
        throw TestFailure("no server of object storage: \((try? String(contentsOfFile: log, encoding: .utf8)) ?? "")")
    }

    /// The address of a repository, for those who use it over the network.
    func address(of repository: String) -> String { "s3:http://127.0.0.1:\(port)/\(Self.bucket)/\(repository)" }

    /// What is stored of a repository, by name. Locks are left out.
    func content(of repository: String) throws -> [String: Data] {
        let top = "\(objects)/\(Self.bucket)/\(repository)"
        var found: [String: Data] = [:]
        guard let names = FileManager.default.enumerator(atPath: top) else { return found }
        for case let name as String in names where !name.hasPrefix("locks/") {
            if let content = FileManager.default.contents(atPath: "\(top)/\(name)") { found[name] = content }
        }
        return found
    }

    /// The directory with a repository's objects.
    func directory(of repository: String) -> String { "\(objects)/\(Self.bucket)/\(repository)" }

    /// How many locks a repository has.
    func locks(of repository: String) -> Int {
        (try? FileManager.default.contentsOfDirectory(atPath: directory(of: repository) + "/locks").count) ?? 0
    }

    // MARK: the network

    private struct Wish: Encodable {
        var reset: Bool?
        var resume: Bool?
        var rules: [Rule]?
    }

    /// The rules from now on; counts begin anew, and what was held goes on.
    func set(_ rules: [Rule] = []) throws { try tell(Wish(reset: true, rules: rules)) }

    /// Lets what is held go on.
    func resume() throws { try tell(Wish(resume: true)) }

    /// What has gone through since the rules were set.
    func traffic() throws -> Traffic { try JSONDecoder().decode(Traffic.self, from: ask("GET", Data())) }

    /// Expects that not more than so many requests have gone through since the rules were set.
    func expectRequests(atMost limit: Int, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let traffic = try traffic()
        #expect(traffic.total <= limit, "\(traffic.log.joined(separator: "\n"))", sourceLocation: sourceLocation)
    }

    /// Waits until so many requests are held.
    func waitForPauses(_ count: Int) throws {
        let limit = ContinuousClock.now + .seconds(60)
        var seen = 0
        while ContinuousClock.now < limit {
            seen = try traffic().paused
            if seen >= count { return }
            usleep(20_000)
        }
        throw TestFailure("\(seen) of \(count) requests are held: \(try traffic().log.suffix(20))")
    }

    private func tell(_ wish: Wish) throws { _ = try ask("POST", JSONEncoder().encode(wish)) }

    private func ask(_ method: String, _ body: Data) throws -> Data {
        let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        try check(client, "socket", "network")
        defer { close(client) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(client, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try check(connected, "connect", "network")
        let fields = "Host: network\r\nConnection: close\r\nContent-Length: \(body.count)"
        let head = "\(method) /__control HTTP/1.1\r\n\(fields)\r\n\r\n"
        var rest = (Array(head.utf8) + body)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(client, $0.baseAddress, $0.count) }
            try check(Int32(clamping: count), "write", "network")
            rest = rest.dropFirst(count)
        }
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = read(client, &buffer, buffer.count)
            try check(Int32(clamping: count), "read", "network")
            if count == 0 { break }
            answer += buffer[..<count]
        }
        guard let end = answer.firstRange(of: Array("\r\n\r\n".utf8)) else {
            throw TestFailure("the network answers: \(ByteString(answer))")
        }
        return Data(answer[end.upperBound...])
    }
}
