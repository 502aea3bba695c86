import Foundation
import TestSupport

import struct Boot.BootRecord

/// What a plan says of a boot, beside what the boot's report says that was done.
struct PlannedBoot {
    /// A line of a plan.
    struct Line {
        let state: String
        /// The step and the rest.
        let text: String

        init(_ line: String) {
            // The states have a column of their own.
            state = line.prefix(Self.column).trimmingCharacters(in: .whitespaces)
            text = String(line.dropFirst(Self.column))
        }

        private static let column = 14
    }

    /// The states of changes, with the outcomes of a boot that they promise.
    private static let outcomes = [
        "already": "already", "would change": "changed", "would run": "changed", "nothing to do": "unneeded",
        "would skip": "skipped", "would fail": "failed",
    ]

    private let lines: [Line]

    init(_ plan: Outcome) { lines = plan.outputLines.map(Line.init) }

    /// How the report of a boot that ran its command differs from the plan; what somebody without privileges cannot see
    /// is no promise, nor is what depends on a volume.
    func differences(from report: BootRecord) -> [String] {
        let silent = ["cannot see", "depends"]
        let changes = lines.filter { Self.outcomes[$0.state] != nil || silent.contains($0.state) }
        var found: [String] = []
        if changes.count != report.changes.count {
            found.append("\(changes.count) changes were planned, and \(report.changes.count) are reported")
        }
        for (line, change) in zip(changes, report.changes) where !Self.isKept(line, by: change) {
            found.append(
                "planned: \(line.state) \(line.text); done: \(change.outcome) \(change.step): \(change.goal) "
                    + "(\(change.identity)) \(change.reason)")
        }
        let planned = lines.filter { $0.state == "export" }.map(\.text)
        let exports = report.exports.map { "\($0.name)=\($0.value)" }
        if !lines.contains(where: { silent.contains($0.state) }) && planned != exports {
            found.append("planned exports: \(planned); done: \(exports)")
        }
        return found
    }

    private static func isKept(_ line: Line, by change: BootRecord.Change) -> Bool {
        guard line.text.hasPrefix("\(change.step): ") else { return false }
        guard let outcome = outcomes[line.state] else { return line.text.contains(change.goal) }
        let rest = line.text.dropFirst(change.step.count + 2)
        if outcome == "failed" { return change.outcome == outcome && gist(of: String(rest)) == gist(of: change.reason) }
        let identity = outcome == "changed" && !change.identity.isEmpty ? " (as \(change.identity))" : ""
        return change.outcome == outcome && rest.hasPrefix(change.goal + identity)
    }

    /// What an error says, without the file and the call: of several, the plan may meet another one first.
    private static func gist(of error: String) -> [String] {
        let parts = error.split(separator: ": ", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { return [error] }
        return [String(parts[0].prefix { $0 != "/" }), String(parts[1].prefix { $0 != "(" && $0 != ";" })]
    }

    /// Whether the plan tells of this line of a boot that ended without its command: `STEP: WHAT: WHY`.
    func tells(_ error: String) -> Bool {
        let parts = error.split(separator: ": ", maxSplits: 2).map(String.init)
        guard parts.count == 3 else { return false }
        return lines.contains { $0.state == "would fail" && $0.text.hasPrefix("\(parts[0]): \(parts[1])") }
    }
}
