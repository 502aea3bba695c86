import Foundation
import TestSupport
import Testing

/// Every subcommand of `entrypointctl` in every situation that a container can be in: it ends soon, with a code that its
/// help has, and says something that people and programs can read.
@Suite(.containers)
struct SubcommandTests {
    /// A situation, and who is in it.
    struct Case: CustomTestStringConvertible {
        var name: String
        var users = ["0:0", "1000:2000"]
        var situation = Situation()
        /// Makes the container what it is to be before its start.
        var prepare: @Sendable (Container) throws -> Void = { _ in }
        /// Makes it so afterwards, and shows that it is.
        var arm: @Sendable (RunningContainer, Container) throws -> Void = { _, _ in }
        /// Whether the boot is still at work.
        var isBooting = false

        var testDescription: String { name }
    }

    static let cases = [
        Case(name: "a container as people have it"),
        Case(
            name: "a user without an entry", users: ["4242:4242"],
            arm: { boot, _ in
                let name = try boot.exec(["id", "-un"], user: "4242:4242")
                #expect(name.exitCode != 0, "\(name)")
            }),
        Case(name: "no HOME", situation: Situation(environment: ["HOME": nil, "USER": nil, "LOGNAME": nil])),
        Case(
            name: "a module of NSS that ends whoever asks it",
            prepare: { container in
                let module = try Data(contentsOf: URL(filePath: TestMachine.tools + "/nss-trap"))
                try container.write("/lib/x86_64-linux-gnu/libnss_trap.so.2", ByteString(module), mode: 0o755)
                let databases = ["passwd", "group", "shadow", "gshadow", "hosts", "services", "netgroup", "initgroups"]
                try container.write("/etc/nsswitch.conf", ByteString(databases.map { "\($0): trap files\n" }.joined()))
            },
            arm: { boot, _ in
                let name = try boot.exec(["id", "-un"], user: "1000:2000")
                #expect(name.errors.contains("NSS was asked") && name.exitCode == 134, "\(name)")
            }),
        Case(
            name: "/proc that shows a user's own processes only", users: ["1000:2000", "4242:4242"],
            prepare: { container in
                let options = ["nosuid", "noexec", "nodev", "hidepid=2"]
                container.mounts.append(.init(source: "proc", path: "/proc", type: "proc", options: options))
            },
            arm: { boot, _ in
                let other = try boot.exec(["ls", "/proc/1"], user: "4242:4242")
                #expect(other.exitCode != 0, "\(other)")
            }),
        Case(name: "a closed pipe", situation: Situation(isClosed: true)),
        Case(name: "a terminal of 20 columns", situation: Situation(environment: ["TERM": "xterm"], columns: 20)),
        Case(name: "NO_COLOR", situation: Situation(environment: ["TERM": "xterm", "NO_COLOR": "1"], columns: 80)),
        Case(
            name: "a boot that hangs",
            prepare: { container in
                try container.write(
                    "/etc/entrypoint/steps.d/10-hang", "#!/bin/sh\n: >/run/hangs\nexec sleep 600\n", mode: 0o755)
            }, isBooting: true),
    ]

    @Test func `every subcommand is tried here`() throws {
        let names = try Subcommand.leaves().map(\.name)
        #expect(names.count > 10)
        for name in names {
            #expect(SubcommandSample.all[name] != nil, "entrypointctl \(name) has no line in SubcommandSample.all")
        }
        for name in SubcommandSample.all.keys { #expect(names.contains(name), "there is no entrypointctl \(name)") }
    }

    @Test(arguments: cases) func `every subcommand ends soon, and as its help says`(tried: Case) throws {
        try withPod { container in
            try tried.prepare(container)
            let boot = try container.start("/bin/sh", "-c", "echo up; exec sleep 600")
            if tried.isBooting {
                while try !container.exists("/run/hangs") { usleep(10_000) }
            } else {
                try boot.waitForOutput("up")
            }
            try tried.arm(boot, container)
            let calls = try Subcommand.leaves().flatMap { command in
                (SubcommandSample.all[command.name]?.everyCall ?? []).map { (command, $0) }
            }
            let commands = calls.map { ["/usr/local/bin/entrypointctl"] + $0.0.path.dropFirst() + $0.1 }
            for user in tried.users {
                let answers = try boot.ask(commands, in: tried.situation, user: user, of: container)
                try #require(answers.count == calls.count)
                for (index, answer) in answers.enumerated() {
                    Self.expect(answer, of: calls[index].0, "\(commands[index]) as \(user): \(answer)", in: tried)
                }
            }
        }
    }

    private static func expect(_ answer: Answer, of command: Subcommand, _ words: String, in tried: Case) {
        var codes = SubcommandSample.all[command.name]?.codes ?? []
        // What cannot be written is told by the code.
        if tried.situation.isClosed { codes.insert(1) }
        #expect(codes.contains(answer.code), "\(words)")
        let all = answer.output + answer.errors
        for word in ["Fatal error", "Stack dump", "Crash", "Traceback", "NSS was asked", "Assertion"] {
            #expect(!all.contains(word), "\(words)")
        }
        if tried.situation.environment["NO_COLOR"] != nil { #expect(!all.contains("\u{1B}"), "\(words)") }
        if command.name == "report", tried.situation.columns == 20,
            !all.contains("<svg") && !all.contains("traceEvents")
        {
            let plain = answer.output.replacing(/\u{1B}\[[0-9;]*m/, with: "")
            #expect(plain.split(whereSeparator: \.isNewline).allSatisfy { $0.count <= 20 }, "\(words)")
        }
        if tried.situation.isClosed, command.name == "steps" {
            #expect(answer.code == 1 && answer.errors.isEmpty, "\(words)")
        }
    }

    @Test func `colour is for terminals`() throws {
        try withPod { container in
            let boot = try container.start("/bin/sh", "-c", "echo up; exec sleep 600")
            try boot.waitForOutput("up")
            let command = [["/usr/local/bin/entrypointctl", "report"]]
            for (environment, columns, isColoured) in [
                (["TERM": "xterm"], 80, true), (["TERM": "dumb"], 80, false), (["TERM": "xterm"], 0, false),
                (["TERM": "xterm", "NO_COLOR": "1"], 80, false), (["TERM": "xterm", "NO_COLOR": ""], 80, true),
            ] as [([String: String?], Int, Bool)] {
                let situation = Situation(environment: environment, columns: columns)
                let answer = try boot.ask(command, in: situation, user: "1000:2000", of: container)
                #expect(answer.first?.output.contains("\u{1B}[") == isColoured, "\(environment) \(columns): \(answer)")
            }
        }
    }

    @Test func `what prints something prints JSON, too`() throws {
        try withPod { container in
            try container.write("/etc/entrypoint/steps.d/10-one", "#!/bin/sh\n", mode: 0o755)
            let snapshot =
                "{directory: /tmp/kept, repository: /none, credentials: {passwordFile: /none}, onFailure: warn}"
            try container.write(
                "/etc/entrypoint.yaml",
                "services: [{name: sshd, command: [/bin/sleep, 600]}]\nsnapshot: \(snapshot)\n")
            let boot = try container.start("/bin/sh", "-c", "echo up; exec sleep 600")
            try boot.waitForOutput("up")
            for command in try Subcommand.leaves() {
                guard case .with(let arguments) = SubcommandSample.all[command.name]?.json else { continue }
                let words = ["/usr/local/bin/entrypointctl"] + command.path.dropFirst() + arguments
                let answer = try #require(try boot.ask([words], user: "1000:2000", of: container).first)
                let object = try? JSONSerialization.jsonObject(with: Data(answer.output.utf8))
                #expect(object != nil, "\(words): \(answer)")
            }
        }
    }
}
