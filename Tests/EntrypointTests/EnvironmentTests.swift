import Boot
import Glibc
import TestSupport
import Testing

/// What the user's command gets: arguments and environment byte for byte, and the variables of the boot.
@Suite(.containers)
struct EnvironmentTests {
    /// The names that steps may set.
    static let exported = Set(BootSequence.steps.flatMap { $0.exports }.map { ByteString($0) })

    /// The entries that no step sets.
    static func untouched(_ environment: Environment) -> [ByteString] {
        environment.entries.filter { entry in
            !exported.contains(ByteString(entry.bytes.prefix { $0 != UInt8(ascii: "=") }))
        }
    }

    static let odd: [ByteString] = [
        "A=1", "A=2", "LD_LIBRARY_PATH=/opt/lib", "PYTHONPATH=/opt/python", "PATH=/second", "EMPTY=", "SIGNS=a=b=c",
        "LINES=a\nb\n", "no sign at all", "=no name", "", [0x80, 0x3d, 0xc3], [0xff], "UML\u{e4}UT=\u{1F600}",
        "sp ace=x",
        "NB_USER=second",
    ]

    @Test(arguments: ["exec", "init"])
    func `arguments and environment arrive byte for byte`(mode: ByteString) throws {
        try withPod(.busybox) { container in
            container.environment["ENTRYPOINT_MODE"] = mode
            container.environment.entries += Self.odd
            let arguments: [ByteString] = [
                "report", "--", "", " ", "--plan", "a\nb", [0xff, 0xfe], "\u{e4}", "$HOME", "*", "-",
            ]
            let outcome = try container.bootInNamespaces([ProbeReport.path] + arguments)
            let report = try outcome.report()
            #expect(report.arguments == arguments)
            #expect(Self.untouched(report.environment) == Self.untouched(container.environment))
        }
    }

    @Test(arguments: ["exec", "init"])
    func `the boot's variables take the place of what was set`(mode: ByteString) throws {
        try withPod(.busybox) { container in
            container.environment = ["HOME": "/old", "ENTRYPOINT_MODE": mode]
            container.environment.entries += Environment.pod.entries + ["HOME=/older", "USER=root", "B=2", "SHELL="]
            let environment = try container.bootInNamespaces([ProbeReport.path]).report().environment
            let expected: [ByteString] = [
                "SCRATCH_HOME=/scratch/homes/jane", "WORKING_DIR=/scratch/homes/jane", "HF_HOME=/scratch/hf_cache",
                "HF_TOKEN_PATH=/home/jane/.cache/huggingface/token", "HOME=/home/jane", "USER=jane",
                "LOGNAME=jane", "SHELL=/bin/sh",
            ]
            for entry in expected {
                let prefix = entry.bytes.prefix { $0 != UInt8(ascii: "=") } + [UInt8(ascii: "=")]
                #expect(environment.entries.filter { $0.bytes.starts(with: prefix) } == [entry])
            }
            #expect(environment.entries.first == "HOME=/home/jane")
            // Those that were there keep their order.
            let order: [ByteString] = [
                "HOME=/home/jane", "WORKING_DIR=/scratch/homes/jane", "USER=jane", "B=2", "SHELL=/bin/sh",
            ]
            #expect(environment.entries.filter(order.contains) == order)
        }
    }

    @Test(arguments: ["exec", "init"])
    func `a hundred thousand arguments arrive`(mode: ByteString) throws {
        try withPod(.busybox) { container in
            container.environment["ENTRYPOINT_MODE"] = mode
            let arguments: [ByteString] = ["report", "--"] + (0..<100_000).map { ByteString("\($0)") }
            let report = try container.bootInNamespaces([ProbeReport.path] + arguments).report()
            #expect(report.arguments == arguments)
        }
    }

    @Test(arguments: ["exec", "init"])
    func `a command for which the boot's variables leave no room is told`(mode: ByteString) throws {
        try withPod(.busybox) { container in
            container.environment["ENTRYPOINT_MODE"] = mode
            var arguments: [ByteString] = [ProbeReport.path, "exit", "0"]
            arguments += [ByteString](
                repeating: ByteString([UInt8](repeating: UInt8(ascii: "x"), count: 130_000)), count: 16)
            // A quarter of the stack is for arguments, environment, their pointers and the file's name (execve(2)).
            let strings = container.entrypoint + container.entrypoint + arguments + container.environment.entries
            let room = (2 << 20) - strings.reduce(0) { $0 + $1.bytes.count + 1 + 8 }
            // The boot itself just fits, and adds some hundred bytes.
            for rest in stride(from: 50, to: 400, by: 50) {
                let last = ByteString([UInt8](repeating: UInt8(ascii: "x"), count: room - rest))
                do {
                    let outcome = try container.bootInNamespaces(arguments + [last]) {
                        $0.limits = [.init(resource: RLIMIT_STACK, soft: 8 << 20, hard: 8 << 20)]
                    }
                    #expect(outcome.exitCode == 126)
                    #expect(
                        outcome.log(of: "handoff") == [
                            "cannot run /usr/local/bin/probe: argument list too long (execve E2BIG)"
                        ], "\(outcome)")
                    return
                } catch let error as TestFailure where error.description.contains("Argument list too long") {}
            }
            Issue.record("the boot itself could never be started")
        }
    }

    @Test func `entries that a secret's name has reach the command and nothing else`() throws {
        try withPod { container in
            let secrets: [ByteString] = [
                "JANE_TOKEN=t0psecret-token", "WANDB_API_KEY=t0psecret-key", "DB_PASSWORD=t0psecret-word",
                "A_SECRET=t0psecret-one", "_TOKEN=t0psecret-bare",
            ]
            container.environment.entries += secrets + ["TOKENS=shown", "KEY=shown"]
            container.environment["ENTRYPOINT_LOG"] = "debug"
            for mode: ByteString in ["exec", "init"] {
                container.environment["ENTRYPOINT_MODE"] = mode
                let outcome = try container.boot(ProbeReport.path)
                let environment = try outcome.report().environment
                #expect(secrets.allSatisfy(environment.entries.contains))
                #expect(!outcome.errors.contains("t0psecret"))
            }
            let plan = try container.boot("--plan", ProbeReport.path)
            #expect(plan.exitCode == 0 && !plan.output.contains("t0psecret") && !plan.errors.contains("t0psecret"))
            for (path, status) in try container.changes() where status.kind == .file {
                #expect(try !container.text(path).contains("t0psecret"), "\(path)")
            }
            let kept = try container.text("/run/entrypoint/environment")
            #expect(kept.contains("TOKENS=shown\0") && kept.contains("KEY=shown\0"))
        }
    }
}
