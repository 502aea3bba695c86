import Foundation
import TestSupport
import Testing

/// Every system call of a boot fails once, or is the last that the boot makes. `scripts/faults` runs all of them,
/// `scripts/test` a sample.
@Suite(.containers)
struct FaultTests {
    /// How many faults of a scenario are tried; nothing for all.
    private static let sample = isThorough ? nil : 8
    /// Whether all is tried, however long it takes.
    static let isThorough = ProcessInfo.processInfo.environment["ENTRYPOINT_TEST_FAULTS"] == "all"

    @Test(arguments: FaultScenario.chosen)
    func `a call that fails ends in a boot or in a line, and the next boot makes it good`(
        scenario: FaultScenario
    ) throws {
        try disturb(scenario, kills: false)
    }

    @Test(arguments: FaultScenario.chosen)
    func `what a boot leaves that is killed at any call, the next one makes good`(scenario: FaultScenario) throws {
        try disturb(scenario, kills: true)
    }

    @Test(
        arguments: FaultScenario.chosen.filter { ["a first boot as root", "a first elevated boot"].contains($0.name) })
    func `homes, keys and what tells whose they are survive a boot that is killed while it makes them`(
        scenario: FaultScenario
    ) throws {
        try disturb(scenario, kills: true) { fault in
            let isMaking = ["mkdirat", "openat", "fchmod", "fchown", "renameat2", "symlinkat"].contains(fault.call)
            return isMaking
                && ["</home>", "</home/.jane", "</home/jane/.ssh>", "</run>", "</run/entrypoint>"].contains {
                    fault.line.contains($0)
                }
        }
    }

    /// Tries the faults of a scenario, each in a new container: those that are chosen, or a sample.
    private func disturb(
        _ scenario: FaultScenario, kills: Bool, choosing isChosen: ((Fault) -> Bool)? = nil
    ) throws {
        let (expected, all) = try scenario.withContainer { container in
            let (outcome, trace) = try scenario.trace(container)
            try #require(outcome.exitCode == 0 && outcome.output == "booted\n", "\(outcome)")
            try #require(try scenario.boot(container).exitCode == 0)
            return (try TreeState(of: container.root), FaultScenario.faults(in: trace, kills: kills))
        }
        try #require(all.count > 100)
        #expect(expected.entries.count > 40 && expected.temporaries.isEmpty)
        // Evenly, and beginning in the middle of the first part.
        let size = min(Self.sample ?? all.count, all.count)
        let chosen =
            isChosen.map { all.filter($0) } ?? (0..<size).map { all[($0 * 2 + 1) * all.count / (2 * size)] }
        let count = chosen.count
        try #require(count >= 8)
        var missed = 0
        for (index, fault) in chosen.enumerated() {
            if Self.isThorough && index % 100 == 0 {
                Progress.tell("\(scenario.name): \(index) of \(count) \(kills ? "deaths" : "errors") tried")
            }
            try scenario.withContainer { container in
                let (outcome, trace) = try scenario.trace(container, fault)
                guard trace.contains(where: { $0.contains("(INJECTED)") || $0.contains("+++ killed by SIGKILL") })
                else {
                    missed += 1
                    return
                }
                if kills {
                    #expect(outcome.exitCode == 137, "\(fault): \(outcome)")
                } else if let problem = Self.problem(with: outcome, fault) {
                    Issue.record("\(fault): \(problem): \(outcome)")
                }
                try FaultScenario.ageTemporaries(of: container)
                let next = try scenario.boot(container)
                #expect(next.exitCode == 0 && next.output == "booted\n", "after \(fault): \(next)")
                var state = try TreeState(of: container.root)
                // What can be moved is not kept beside its place.
                let told = outcome.log.filter { fault.error == "EACCES" || !$0.contains(" is kept as ") }
                if !kills { state.undo(toldIn: told, expected: expected) }
                let differences = state.differences(from: expected)
                #expect(
                    differences.isEmpty,
                    "after \(fault):\n\(differences.joined(separator: "\n"))\n\(outcome.errors.suffix(300))\n\(next.errors)"
                )
            }
        }
        // Which calls a boot makes depends a little on what the kernel answers.
        #expect(missed * 20 <= max(count, 20), "\(missed) of \(count) calls did not come")
        print("faults: \(scenario.name): \(count) of \(all.count) \(kills ? "deaths" : "errors")")
    }

    /// What is wrong with the end of a boot in which a call has failed; nothing if it is complete, or has told in its last
    /// line what could not be done and why.
    private static func problem(with outcome: Outcome, _ fault: Fault) -> String? {
        switch outcome.exitCode {
        case 0: return outcome.output == "booted\n" ? nil : "the command did not run"
        case 126 where fault.call == "execve", 125, 78: break
        default: return "a code of another kind"
        }
        if !outcome.output.isEmpty { return "the command ran" }
        // Asked again, the file server answers.
        if fault.error == "ESTALE"
            && ["openat", "openat2", "newfstatat", "mkdirat", "renameat", "symlinkat"].contains(fault.call)
        {
            return "a call was not repeated"
        }
        // A setting is told of by its place.
        let errors = outcome.log.filter { line in
            !line.contains("warning: ") && (line.contains("cannot ") || line.hasPrefix("settings: "))
        }
        // Where the error itself cannot be written there is none.
        if fault.call == "write" && errors.isEmpty { return nil }
        if errors.count != 1 || outcome.log.last != errors.first { return "not one line of error, the last" }
        return errors.allSatisfy { $0.contains(fault.error ?? "") } ? nil : "the error is not named"
    }
}
