import Glibc
import TestSupport
import Testing

/// The boot's part in the start of services, in which every call fails once, and is its last once.
@Suite(.containers)
struct ServiceFaultTests {
    // A call that fails in every process fails in the services, too, which are never ready then.
    private static let configuration: ByteString = """
        services:
          - name: rooted
            command: [/bin/sh, -c, "touch /tmp/rooted; exec sleep 1000"]
            as: root
            ready: {file: /tmp/rooted, timeout: 3}
          - name: own
            command: [/bin/sh, -c, "touch /tmp/own; exec sleep 1000"]
            ready: {file: /tmp/own, timeout: 3}
            secrets: [HF_TOKEN]

        """

    /// Starts a container whose command tells whether its services are there.
    private func boot(
        _ container: Container, injecting faults: [String] = []
    ) throws -> (outcome: Outcome, trace: [String]) {
        for path in ["/tmp/rooted", "/tmp/own"] where try container.exists(path) { try container.remove(path) }
        return try container.run(
            ["sh", "-c", "test -e /tmp/rooted && test -e /tmp/own && echo served; echo booted"], injecting: faults,
            within: .seconds(120))
    }

    /// The boot's calls from its first for services on, each with its number among those of its name.
    private func calls(in trace: [String]) -> [Fault] {
        let boot = trace.first { $0.contains(" memfd_create(") }?.split(separator: " ").first ?? ""
        var numbers: [String: Int] = [:]
        var calls: [Fault] = []
        var begun: Int?
        for line in trace where line.hasPrefix(boot + " ") && !line.contains(" resumed>") {
            let text = line.drop { $0 != " " }.drop { $0 == " " }
            let name = String(text.prefix { $0 != "(" })
            guard !name.isEmpty, !name.contains("-"), !name.contains("+") else { continue }
            numbers[name, default: 0] += 1
            // The first thing is the pipe over which services ask for the end.
            if begun == nil, name == "memfd_create" { begun = calls.count }
            calls.append(Fault(call: name, number: numbers[name] ?? 0, error: nil, line: String(text.prefix(100))))
            // What follows is the command.
            if begun != nil, name.hasPrefix("execve") { break }
        }
        return Array(calls.dropFirst(max(0, (begun ?? 0) - 40)))
    }

    @Test(.enabled(if: FaultTests.isThorough, "minutes: scripts/faults"))
    func `whatever fails, the container has its services or says why not, and it ends`() throws {
        try withPod { container in
            try container.write("/etc/entrypoint.yaml", Self.configuration)
            container.environment = container.environment.with([
                "HF_TOKEN": "hf_secretsecret", "ENTRYPOINT_MODE": "init", "ENTRYPOINT_LOG": "info",
            ])
            // What the first boot makes is there for the others, so that they make the same calls.
            _ = try boot(container)
            let whole = try boot(container)
            try #require(whole.outcome.exitCode == 0 && whole.outcome.output == "served\nbooted\n", "\(whole.outcome)")
            let calls = calls(in: whole.trace)
            try #require(calls.count > 40, "\(whole.trace.suffix(400))")
            var count = 0
            for call in calls {
                // One of each kind, and the boot's death.
                for error in Fault.errors(of: call.call, call.line).suffix(1) + [""] {
                    var fault = call
                    fault.error = error.isEmpty ? nil : error
                    let (outcome, _) = try boot(container, injecting: [fault.injection])
                    let booted = outcome.outputLines.last == "booted"
                    let told = outcome.errors.split(separator: "\n").filter { $0.hasPrefix("entrypoint: ") }
                    #expect(!outcome.output.contains("secretsecret") && !outcome.errors.contains("secretsecret"))
                    if booted {
                        // Whoever misses a service finds out why.
                        let isServed = outcome.outputLines.first == "served"
                        #expect(isServed || told.contains { $0.contains("warning: ") }, "\(fault): \(outcome)")
                    } else {
                        #expect(outcome.exitCode != 0, "\(fault): \(outcome)")
                        #expect(!told.isEmpty || fault.error == nil, "\(fault): \(outcome)")
                    }
                    count += 1
                }
            }
            #expect(count > 60)
        }
    }
}
