import Foundation
import Glibc
import Linux
import TestSupport
import Testing

@testable import Boot
@testable import UserSide

/// Whether the processes of a distributed job find each other.
struct JobCheckTests {
    private static let whole = [
        "MASTER_ADDR": "job-0.jobs", "MASTER_PORT": "29500", "RANK": "3", "WORLD_SIZE": "8", "LOCAL_RANK": "3",
        "LOCAL_WORLD_SIZE": "4", "NODE_RANK": "0",
    ]

    @Test func `variables that are missing, malformed or contradict each other are told`() throws {
        var answers = Answers()
        func add(_ title: String, _ change: (inout [String: String]) -> Void) {
            var variables = Self.whole
            change(&variables)
            answers.add(title, JobChecks.variables(.jane(variables)))
        }
        add("whole") { _ in }
        add("none") { $0 = [:] }
        add("what a launcher needs") { $0 = ["MASTER_ADDR": "a", "MASTER_PORT": "1", "NODE_RANK": "0"] }
        add("no port") { $0 = ["MASTER_ADDR": "a"] }
        add("no rank") { $0["RANK"] = nil }
        add("a local rank alone") { $0 = ["LOCAL_RANK": "0"] }
        add("numbers that are none") { $0.merge(["RANK": "-1", "WORLD_SIZE": "8.0", "LOCAL_RANK": "a\u{1B}b"]) { $1 } }
        add("numbers that are too large") { $0["WORLD_SIZE"] = "99999999999999999999" }
        add("a rank beyond the size") { $0["RANK"] = "8" }
        add("a local rank beyond the rank, and its size") { $0["LOCAL_RANK"] = "4" }
        add("a local size beyond the size") { $0["LOCAL_WORLD_SIZE"] = "16" }
        add("a size of none") { $0.merge(["WORLD_SIZE": "0", "RANK": "0", "LOCAL_RANK": "0"]) { $1 } }
        for port in ["0", "65536", "http", "tcp://10.0.0.1:80"] { add("port \(port)") { $0["MASTER_PORT"] = port } }
        try answers.expect("job")
    }

    @Test func `the port is tried on rank 0, and nowhere else`() throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        var address = sockaddr_in()
        address.sin_family = UInt16(AF_INET)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutableBytes(of: &address) { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) { place in
                #expect(bind(listener, place.baseAddress, length) == 0)
                #expect(getsockname(listener, place.baseAddress, &length) == 0)
            }
        }
        let port = UInt16(bigEndian: address.sin_port)
        func findings(rank: String = "0", port: String) -> [Finding] {
            JobChecks.port(.jane(["RANK": rank, "MASTER_PORT": port]))
        }
        #expect(listen(listener, 1) == 0)
        let used = findings(port: "\(port)")
        #expect(used.map { $0.verdict } == [.warn])
        #expect(used.first?.evidence.hasPrefix("port \(port) (MASTER_PORT) is in use in this container") == true)
        #expect(used.first?.remedy.contains("sport = :\(port)") == true)
        #expect(findings(rank: "1", port: "\(port)") == [])
        #expect(findings(port: "0") == [])
        #expect(JobChecks.port(.jane()) == [])
    }

    @Test func `an address that does not lead to the first process is told`() throws {
        var answers = Answers()
        func add(
            _ title: String, _ result: NameResolution, of name: String = "job-0", _ more: [String: String] = [:]
        ) {
            let variables = ["MASTER_ADDR": name].merging(more) { $1 }
            answers.add(
                title,
                JobChecks.address(.jane(variables)) { asked in
                    #expect(asked == name)
                    return result
                })
        }
        add("one", .addresses(["10.0.0.7"]))
        add("two", .addresses(["10.0.0.7", "fd00::7"]))
        add("absent", .absent)
        add("no answer", .unanswered("10.0.0.10"))
        add("broken", .failed("misformatted domain name"), of: "a\u{1B}b")
        let far = ["WORLD_SIZE": "16", "LOCAL_WORLD_SIZE": "8", "RANK": "0"]
        let local = NameResolution.addresses(["127.0.0.1", "::1"])
        add("this container, others elsewhere", local, of: "localhost", far)
        add("this container, all here", local, of: "localhost", ["WORLD_SIZE": "8", "LOCAL_WORLD_SIZE": "8"])
        #expect(JobChecks.address(.jane()) { _ in .absent } == [])
        try answers.expect("address")
    }

    /// A server of names, which ends with the test.
    private func withServer(_ arguments: ByteString..., body: (String) throws -> Void) throws {
        var server = Program("/usr/bin/python3", [ByteString(Golden.url("Tests/Fixtures/dns-server").path)] + arguments)
        server.standardInput = .pipe
        server.keepsInputOpen = true
        let running = try server.start()
        defer { running.closeInput() }
        try running.waitForOutput("\n")
        try body("127.0.0.1:\(running.outputSoFar.text.split(separator: "\n")[0])")
    }

    @Test func `names are resolved by a server, and numbers without one`() throws {
        try withServer("job-0.jobs=10.1.2.3", "job-0.jobs=fd00::3", "six.jobs=fd00::6") { server in
            func resolve(_ name: String) -> NameResolution {
                NameResolution(of: name, servers: server, within: 5000)
            }
            guard case .addresses(let both) = resolve("job-0.jobs") else {
                Issue.record("\(resolve("job-0.jobs"))")
                return
            }
            #expect(both.sorted() == ["10.1.2.3", "fd00::3"])
            #expect(resolve("six.jobs") == .addresses(["fd00::6"]))
            #expect(resolve("job-1.jobs") == .absent)
            #expect(resolve("192.0.2.7") == .addresses(["192.0.2.7"]))
            #expect(resolve("2001:db8::7") == .addresses(["2001:db8::7"]))
            for name in [String(repeating: "a", count: 300), "a..b", String(repeating: "a.", count: 500)] {
                switch resolve(name) {
                case .failed, .absent: break
                case let other: Issue.record("\(name.prefix(20)): \(other)")
                }
            }
        }
    }

    @Test func `a server that does not answer is given up`() throws {
        try withServer("--silent") { server in
            let start = Clock.monotonic
            #expect(NameResolution(of: "job-0.jobs", servers: server, within: 300) == .unanswered(server))
            #expect(Clock.monotonic - start >= 300_000_000)
        }
        #expect(NameResolution(of: "job-0.jobs", servers: "127.0.0.1:1", within: 5000) == .unanswered("127.0.0.1:1"))
    }
}
