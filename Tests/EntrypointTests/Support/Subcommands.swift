import Foundation
import TestSupport
import Testing

/// The subcommands of `entrypointctl`, as it tells them itself.
struct Subcommand: Decodable, CustomTestStringConvertible {
    var commandName: String
    var abstract: String?
    var discussion: String?
    var subcommands: [Subcommand]?
    var shouldDisplay: Bool?
    /// The names from the program's own on.
    var path: [String] = []

    private enum CodingKeys: CodingKey {
        case commandName, abstract, discussion, subcommands, shouldDisplay
    }

    /// The names below the program, such as `config check`; empty for the program itself.
    var name: String { path.dropFirst().joined(separator: " ") }
    var testDescription: String { path.joined(separator: " ") }

    /// The lines of the discussion that show what to type, from the program's name on, without what explains them.
    var examples: [String] {
        let lines = (discussion ?? "").split(separator: "\n").filter { $0.hasPrefix("  ") }
        return lines.compactMap { line in
            let text = line.trimmingCharacters(in: .whitespaces)
            if text.hasPrefix("eval ") { return text }
            // What an engine is given in another order is no line for a shell in the container.
            guard !text.contains("--entrypoint "), let start = text.range(of: "entrypointctl") else { return nil }
            let command = text[start.lowerBound...]
            return String(command[..<(command.range(of: "  ")?.lowerBound ?? command.endIndex)])
        }
    }

    /// The program itself and all subcommands, groups before what is in them. Hidden ones are there, too.
    static func all() throws -> [Subcommand] {
        struct Description: Decodable { var command: Subcommand }
        let outcome = try Program("\(TestMachine.programs)/entrypointctl", ["--experimental-dump-help"]).run()
        let data = Data(outcome.standardOutput.bytes)
        return try JSONDecoder().decode(Description.self, from: data).command.flattened(below: [])
    }

    /// Those that do something by themselves.
    static func leaves() throws -> [Subcommand] { try all().filter { $0.subcommands?.isEmpty ?? true } }

    private func flattened(below parents: [String]) -> [Subcommand] {
        var own = self
        own.path = parents + [commandName]
        return [own] + (subcommands ?? []).flatMap { $0.flattened(below: own.path) }
    }
}

/// How a subcommand is tried in every situation.
struct SubcommandSample {
    /// The arguments after the names, one list for each call.
    var calls: [[String]]
    /// The exit codes that its help has.
    var codes: Set<Int>
    /// The call that prints JSON; or why there is none.
    var json: JSONOutput

    enum JSONOutput {
        case with([String])
        case none(because: String)
    }

    /// Each subcommand by its names. A new one needs a line here.
    static let all: [String: SubcommandSample] = [
        "config check": SubcommandSample(
            calls: [[], ["/etc/passwd", "/nowhere"], ["--root", "/mnt"]], codes: [0, 78], json: .with(["--json"])),
        "config example": SubcommandSample(calls: [[]], codes: [0], json: .none(because: "it prints a file in YAML")),
        "config reference": SubcommandSample(calls: [[]], codes: [0], json: .with(["--json"])),
        "config schema": SubcommandSample(calls: [[]], codes: [0], json: .with([])),
        "config show": SubcommandSample(calls: [[], ["--root", "/mnt"]], codes: [0, 78], json: .with(["--json"])),
        "doctor": SubcommandSample(
            calls: [[], ["--only", "mounts"], ["--list"]], codes: [0, 1, 2], json: .with(["--json"])),
        "env": SubcommandSample(calls: [[], ["--sh"], ["--null"]], codes: [0, 1], json: .with(["--json"])),
        "exec": SubcommandSample(
            calls: [["--", "true"], ["nowhere"], ["--root", "--", "true"]], codes: [0, 125, 126, 127],
            json: .none(because: "the command prints what it prints")),
        "explain": SubcommandSample(
            calls: [[], ["scratch.not-mounted"], ["--table"]], codes: [0],
            json: .with(["scratch.not-mounted", "--json"])
        ),
        "help": SubcommandSample(
            calls: [[], ["report"], ["config", "check"]], codes: [0], json: .none(because: "it is for people")),
        "install": SubcommandSample(
            calls: [["/nowhere"], ["/etc/passwd"], ["/var/tmp"]], codes: [0, 1], json: .with(["--json", "/var/tmp"])),
        "manual": SubcommandSample(calls: [[], ["entrypoint.1"]], codes: [0], json: .with(["--json"])),
        "plan": SubcommandSample(
            calls: [[], ["--root", "/mnt"], ["--pod-spec", "/nowhere"]], codes: [0, 2, 64, 78, 125],
            json: .with(["--json"])),
        "pod-spec": SubcommandSample(
            calls: [["--env-file", "/etc/hostname"], ["--env-file", "/nowhere", "--format", "docker"]], codes: [0, 78],
            json: .with(["--env-file", "/etc/passwd", "--json"])),
        "report": SubcommandSample(
            calls: [[], ["--svg", "-"], ["--html", "-"]], codes: [0, 1], json: .with(["--trace", "-"])),
        "scrub": SubcommandSample(
            calls: [["--dry-run"], ["--list"]], codes: [0, 1], json: .with(["--dry-run", "--json"])),
        "services list": SubcommandSample(
            calls: [[]], codes: [0, 1], json: .with(["--json"])),
        "services logs": SubcommandSample(
            calls: [["sshd"], ["-n", "3", "sshd"]], codes: [0, 1],
            json: .none(because: "it prints what the service has written")),
        "services restart": SubcommandSample(
            calls: [["sshd"], ["--no-wait", "sshd"]], codes: [0, 1],
            json: .none(because: "services status has what came of it")),
        "services run": SubcommandSample(
            calls: [[], ["--as", "user"]], codes: [0, 1, 64, 78, 125],
            json: .none(because: "it writes what services write")),
        "services start": SubcommandSample(
            calls: [["sshd"]], codes: [0, 1], json: .none(because: "services status has what came of it")),
        "services status": SubcommandSample(
            calls: [[], ["sshd"]], codes: [0, 1], json: .with(["--json"])),
        "services stop": SubcommandSample(
            calls: [["sshd"]], codes: [0, 1], json: .none(because: "services status has what came of it")),
        "sessions end": SubcommandSample(
            calls: [["--idle", "2h", "--dry-run"]], codes: [0, 1], json: .with(["--idle", "2h", "--dry-run", "--json"])),
        "sessions list": SubcommandSample(calls: [[]], codes: [0, 1], json: .with(["--json"])),
        "snapshot diff": SubcommandSample(
            calls: [["1a2b3c4d"]], codes: [0, 1, 78], json: .none(because: "it prints what the engine tells")),
        "snapshot init": SubcommandSample(
            calls: [[]], codes: [0, 1, 78], json: .none(because: "snapshot list has what came of it")),
        "snapshot list": SubcommandSample(
            calls: [[], ["--json"]], codes: [0, 1, 78],
            json: .none(because: "it needs a repository, which SnapshotPodTests has")),
        "snapshot purge": SubcommandSample(
            calls: [["--yes"]], codes: [0, 1, 78], json: .none(because: "snapshot list has what came of it")),
        "snapshot restore": SubcommandSample(
            calls: [[], ["--keep"]], codes: [0, 1, 78], json: .none(because: "snapshot status has what came of it")),
        "snapshot save": SubcommandSample(
            calls: [[]], codes: [0, 1, 78], json: .none(because: "snapshot status has what came of it")),
        "snapshot status": SubcommandSample(calls: [[]], codes: [0, 1, 78], json: .with(["--json"])),
        "steps": SubcommandSample(
            calls: [[], ["--table", "drop-ins"]], codes: [0, 78], json: .with(["--json"])),
    ]

    /// All calls, that for JSON included.
    var everyCall: [[String]] {
        if case .with(let arguments) = json { calls + [arguments] } else { calls }
    }
}

/// How a command ended that `Tests/Fixtures/ask` has run in a container.
struct Answer: Decodable, CustomStringConvertible {
    /// The exit code; negative for a signal's number.
    var code: Int
    var output: String
    var errors: String

    var description: String { "code \(code)\n\(output.suffix(2000))\n\(errors.suffix(2000))" }
}

/// In which situation a command runs.
struct Situation: Encodable {
    var environment: [String: String?] = [:]
    /// Where not 0, the streams are a terminal of that many columns.
    var columns = 0
    /// Whether standard output is a pipe of which nobody reads.
    var isClosed = false
    /// Whatever happens, a command has ended by then.
    var seconds = 15
}

extension RunningContainer {
    /// Runs commands in a container that has Python, each in a situation, as a user (`uid:gid`).
    func ask(
        _ commands: [[String]], in situation: Situation = Situation(), user: String, of container: Container
    ) throws -> [Answer] {
        struct Request: Encodable {
            var commands: [[String]]
            var situation: Situation

            func encode(to encoder: any Encoder) throws {
                try situation.encode(to: encoder)
                var values = encoder.container(keyedBy: Key.self)
                try values.encode(commands, forKey: .commands)
            }
            enum Key: CodingKey { case commands }
        }
        let request = try JSONEncoder().encode(Request(commands: commands, situation: situation))
        let name = "/ask-\(TestMachine.uniqueNumber())"
        try container.write("\(name).json", ByteString(request))
        try container.write("/ask", ByteString(Data(contentsOf: Golden.url("Tests/Fixtures/ask"))), mode: 0o755)
        let outcome = try exec(["/ask", "\(name).json"], user: user, within: .seconds(30 + commands.count * 15))
        guard outcome.exitCode == 0 else { throw TestFailure("\(outcome)") }
        return try JSONDecoder().decode([Answer].self, from: Data(outcome.standardOutput.bytes))
    }
}
