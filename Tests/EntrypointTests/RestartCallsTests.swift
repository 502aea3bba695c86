import Foundation
import TestSupport
import Testing

/// What a restart asks the kernel for, and what it costs: nothing is to be changed, and everything is looked at.
@Suite(.containers)
struct RestartCallsTests {
    private static let list = "Tests/EntrypointTests/Golden/restart-calls.txt"

    /// A call of the list, and why it is made.
    private struct Call {
        var text: String
        var reason: String
    }

    /// The calls of the list; lines that begin with `#` explain it.
    private static func known() throws -> [Call] {
        try Golden.text(of: list).split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
            let parts = line.split(separator: "  ", maxSplits: 1)
            return Call(
                text: String(parts[0]),
                reason: parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : "")
        }
    }

    /// A call without what differs from run to run: descriptors' numbers, addresses, times, contents, results.
    private static func text(of line: Substring) -> String {
        var call = String(line.drop { $0 != " " }.drop { $0 == " " })
        let error = call.firstMatch(of: #/\) += -1 (E[A-Z0-9]+)/#).map { " \($0.1)" } ?? ""
        call = String(call[..<(call.firstRange(of: #/\) += /#)?.lowerBound ?? call.endIndex)])
        call.replace(#/AT_FDCWD<[^>]*>, /#, with: "")
        // The standard streams are what they are; other descriptors are told by their paths.
        call.replace(#/\b([012])<[^>]*>/#.wordBoundaryKind(.simple)) { "\($0.1)" }
        call.replace(#/\b[0-9]+<([^>]*)>/#.wordBoundaryKind(.simple)) { "<\($0.1)>" }
        for _ in 0..<3 { call.replace(#/\{[^{}]*\}/#, with: "*") }
        if let match = call.firstMatch(of: #/^(read|write|getrandom|getdents64|mprotect)\((<[^>]*>|[012](?=,))?/#) {
            return "\(match.1) \(match.2 ?? "")".trimmingCharacters(in: .whitespaces) + error
        }
        call.replace(#/(, )?0x[0-9a-f]+( /\*[^*]*\*/)?/#, with: "")
        call.replace(#/^([a-z0-9_]+)\(/#) { "\($0.1) " }
        return call.trimmingCharacters(in: .whitespaces) + error
    }

    /// The calls up to the command's execve. Those for memory are left out, and questions for one capability after the
    /// other are one line.
    private static func calls(of trace: String) throws -> [String] {
        var calls: [String] = []
        for line in trace.split(separator: "\n") {
            let call = text(of: line)
            if call.hasPrefix("execve ") && call.contains("\"true\"") && !call.contains("entrypoint") { return calls }
            if call.hasPrefix("brk") { continue }
            let isOneOfMany = call.hasPrefix("prctl PR_CAPBSET_READ")
            let shown = isOneOfMany ? "prctl PR_CAPBSET_READ, CAP_*" : call
            if isOneOfMany && calls.last == shown { continue }
            calls.append(shown)
        }
        throw TestFailure("the command was not executed:\n\(trace)")
    }

    @Test func `every system call of a restart has a reason, and none is made twice without one`() throws {
        try withRunDirectory { scratch in
            try SecondStartTests.makeHomes(in: scratch)
            try SecondStartTests.withFullPod(scratch) { container in
                container.environment = container.environment.with(["PATH": "/usr/bin", "ENTRYPOINT_LOG": "info"])
                let trace = try SecondStartTests.traceOfRestart(container)
                try Self.compare(try Self.calls(of: trace))
            }
        }
    }

    /// How many instructions a restart may take, up to the command's execve: a little more than it takes. What it takes is
    /// the same in every run; only the C library's choice of functions for the processor changes it a little.
    private static let mostInstructions = 2_320_000

    @Test func `a restart takes no more instructions than it is allowed to`() throws {
        try withRunDirectory { scratch in
            try SecondStartTests.makeHomes(in: scratch)
            try SecondStartTests.withFullPod(scratch) { container in
                container.mounts.append(.bind(try TestMachine.tools + "/bench", to: "/bench"))
                container.environment = container.environment.with(["ENTRYPOINT_LOG": "info"])
                let outcome = try SecondStartTests.watchedRestart(of: container, by: ["/bench/steps", "/dev/null"])
                let line = try #require(outcome.output.firstMatch(of: #/^(\d+) instructions, (\d+) system calls\n/#))
                let (instructions, calls) = (try #require(Int(line.1)), try #require(Int(line.2)))
                #expect(instructions <= Self.mostInstructions && calls > 200, "\(outcome)")
            }
        }
    }

    private static func compare(_ calls: [String]) throws {
        var reasons: [String: [String]] = [:]
        for call in try known().reversed() { reasons[call.text, default: []].append(call.reason) }
        let head = try Golden.text(of: list).split(separator: "\n").prefix { $0.hasPrefix("#") }.joined(separator: "\n")
        var text = head + "\n"
        for call in calls { text += "\(call)  \(reasons[call]?.popLast() ?? "")\n" }
        try Golden.expect(text, in: list)
        var seen: Set<String> = []
        for call in try known() {
            #expect(!call.reason.isEmpty, "no reason for \(call.text)")
            let isFirst = seen.insert(call.text).inserted
            #expect(isFirst || call.reason.hasPrefix("again: "), "made twice without a reason: \(call.text)")
        }
    }
}
