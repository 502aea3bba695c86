import Foundation
import Glibc
import TestSupport
import Testing

/// What process 1 is while the command runs: small, asleep, without privileges and without secrets.
@Suite(.containers)
struct InitResidentTests {
    /// Calls the body with a container whose command is asleep, booted as root or as the user.
    private func withResident(
        asRoot: Bool = true, prepare: (Container) throws -> Void = { _ in },
        _ body: (RunningContainer, Resident) throws -> Void
    ) throws {
        try withPod(.debian) { container in
            if !asRoot {
                (container.user, container.group) = (1000, 2000)
            }
            try prepare(container)
            let running = try container.start(ProbeReport.path, "print", "ready", "await", "1")
            try running.waitForOutput("ready\nready\n")
            try body(running, Resident(of: running))
            try running.signal(SIGUSR1)
            let outcome = try running.wait()
            #expect(outcome.exitCode == 0, "\(outcome)")
        }
    }

    @Test(arguments: [true, false])
    func `the init keeps next to nothing`(asRoot: Bool) throws {
        try withResident(asRoot: asRoot) { _, resident in
            let status = try resident.status
            let kill = asRoot ? "0000000000000020" : "0000000000000000"
            #expect(status["CapPrm"] == kill && status["CapEff"] == kill, "\(status)")
            #expect(status["CapInh"] == "0000000000000000" && status["CapAmb"] == "0000000000000000", "\(status)")
            #expect(status["NoNewPrivs"] == "1" && status["Threads"] == "1", "\(status)")
            let memory = try #require(status["VmRSS"]?.split(separator: " ").first.flatMap { Int($0) })
            #expect(memory <= 3 * 1024, "\(memory) KiB")
            let process = "/proc/\(resident.pid)"
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: process + "/cwd") == "/")
            try wait(for: "the standard streams alone") {
                try FileManager.default.contentsOfDirectory(atPath: process + "/fd").sorted() == ["0", "1", "2"]
            }
        }
    }

    @Test func `the init sleeps`() throws {
        try withResident { _, resident in
            func switches() throws -> String? { try resident.status["voluntary_ctxt_switches"] }
            // The start is over when the init has noticed the command, which closes its last descriptor.
            try wait(for: "the end of the start") {
                try FileManager.default.contentsOfDirectory(atPath: "/proc/\(resident.pid)/fd").count == 3
                    && resident.status["State"]?.hasPrefix("S") == true
            }
            let before = try switches()
            sleep(3)
            #expect(try switches() == before && before != nil)
        }
    }

    @Test(arguments: [true, false])
    func `the user can neither trace nor read it`(asRoot: Bool) throws {
        try withResident(asRoot: asRoot) { running, _ in
            let trace = try running.exec(["/usr/bin/strace", "-p", "1", "-o", "/dev/null"], user: "1000:2000")
            #expect(trace.exitCode == 1 && trace.errors.contains("Operation not permitted"), "\(trace)")
            for file in ["mem", "environ", "maps"] {
                let read = try running.exec(["/bin/cat", "/proc/1/\(file)"], user: "1000:2000")
                #expect(read.exitCode == 1 && read.output == "", "\(read)")
                #expect(read.errors.contains("Permission denied"), "\(read)")
            }
        }
    }

    @Test func `not even root finds a secret in its environment`() throws {
        let token = "hf_" + String(repeating: "Secret", count: 8)
        var secret = ""
        func prepare(_ container: Container) throws {
            container.entrypoint = []
            let made = try container.run("/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", "/key")
            #expect(made.exitCode == 0, "\(made)")
            secret = Data(try container.read("/key").bytes).base64EncodedString()
            container.entrypoint = ["/usr/local/bin/entrypoint"]
            container.environment["SSH_PRIVATE_KEY_B64"] = "\(secret)"
            container.environment["HF_TOKEN"] = "\(token)"
        }
        try withResident(prepare: prepare) { running, resident in
            let block = try running.exec(["/bin/cat", "/proc/1/environ"], user: "0:0")
            #expect(block.exitCode == 0, "\(block)")
            let bytes = block.standardOutput.bytes
            #expect(bytes.count > secret.utf8.count + token.utf8.count && bytes.allSatisfy { $0 == 0 })
            let command = try #require(try resident.children.first)
            let environment = try Data(contentsOf: URL(fileURLWithPath: "/proc/\(command)/environ"))
            #expect(environment.range(of: Data("HF_TOKEN=\(token)".utf8)) != nil)
            #expect(environment.range(of: Data("SSH_PRIVATE_KEY_B64".utf8)) == nil)
            // The command has the token, so that the search finds what is there.
            #expect(try memory(of: command).contains { $0.range(of: Data(token.utf8)) != nil })
            #expect(try !memory(of: resident.pid).contains { $0.range(of: Data(token.utf8)) != nil })
            #expect(try !memory(of: resident.pid).contains { $0.range(of: Data(secret.utf8)) != nil })
        }
    }

    /// Everything that a process can write to in its memory.
    private func memory(of process: Int32) throws -> [Data] {
        let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: "/proc/\(process)/mem"))
        return try Mounts.wholeText(of: "/proc/\(process)/maps").split(separator: "\n").compactMap {
            let fields = $0.split(separator: " ")
            let ends = fields[0].split(separator: "-").compactMap { UInt64($0, radix: 16) }
            guard fields[1].hasPrefix("rw"), ends.count == 2 else { return nil }
            try file.seek(toOffset: ends[0])
            return try file.read(upToCount: Int(ends[1] - ends[0]))
        }
    }
}
