import Foundation
import Glibc
import Linux
import TestSupport
import Testing

@testable import Boot

// What comes of changes, and what is there then, as text.

extension Site {
    /// Applies one change and tells what came of it as text: outcome, as whom, and notes below; paths without the site's.
    func story(
        _ change: Change, by actors: [Actor] = [.user, .seed], mode: Apply.Mode = .boot,
        seedPlaces: SeedPlaces = SeedPlaces(), start: Start = .root
    ) throws -> String {
        let planned = PlannedChange(change, by: actors, onFailure: .warn)
        return try stories([planned], mode: mode, seedPlaces: seedPlaces, start: start)
    }

    /// Applies several changes.
    func stories(
        _ changes: [PlannedChange], exports: [Export] = [], mode: Apply.Mode = .boot,
        seedPlaces: SeedPlaces = SeedPlaces(), start: Start = .root
    ) throws -> String {
        var lines: [String] = []
        let plan = Plan(
            changes: changes.map { StepChange(step: "test", planned: $0) }, exports: exports, warnings: [])
        do throws(BootError) {
            let exports = try apply(plan, mode: mode, seedPlaces: seedPlaces, start: start) { event in
                let outcome = Self.words(event.outcome)
                let whose = event.outcome == .changed ? "\(outcome) as \(event.identity)" : outcome
                lines.append(([whose] + event.notes.map(\.whole)).joined(separator: "\n  "))
            }
            lines += exports.map { "\($0.name)=\($0.value)" }
        } catch {
            lines.append("stopped by \(error.step): \(error.message)")
        }
        _ = Glibc.umask(0o022)
        return plain(lines.joined(separator: "\n"))
    }

    /// Applies changes as the user alone; failures are told and do not end it.
    func apply(
        _ changes: Change..., exports: [Export] = [], mode: Apply.Mode = .boot
    ) throws(BootError) -> (events: [Event], exports: [String: String]) {
        let changes = changes.map {
            StepChange(step: "test", planned: PlannedChange($0, by: [.user], onFailure: .warn))
        }
        return try apply(Plan(changes: changes, exports: exports, warnings: []), mode: mode)
    }

    /// Applies a plan.
    func apply(
        _ plan: Plan, mode: Apply.Mode = .boot
    ) throws(BootError) -> (events: [Event], exports: [String: String]) {
        var events: [Event] = []
        let exports = try apply(plan, mode: mode) { events.append($0) }
        return (events, Dictionary(exports.map { ($0.name, $0.value) }) { $1 })
    }

    /// The only event of one change as the user alone.
    func event(of change: Change, mode: Apply.Mode = .boot) throws -> Event {
        let events = try apply(change, mode: mode).events
        try #require(events.count == 1)
        return events[0]
    }

    /// What came of a change as the user alone, and what was told, as one text: `changed`, `failed: …`; notes and the
    /// remark below.
    func story(of change: Change, mode: Apply.Mode = .boot) throws -> String {
        try story(event(of: change, mode: mode))
    }

    /// An event as text.
    func story(_ event: Event) -> String {
        let lines =
            [Self.words(event.outcome)] + event.notes.map(\.whole) + (event.remark.isEmpty ? [] : [event.remark])
        return plain(lines.joined(separator: "\n")).replacingOccurrences(of: "user \(user.text)", with: "user")
    }

    private static func words(_ outcome: Boot.Outcome) -> String {
        switch outcome {
        case .already: "already"
        case .changed: "changed"
        case .skipped(_, let reason): "skipped: \(reason)"
        case .blocked(let place): "skipped: \(place) cannot be used"
        case .unable(let reason): "skipped: \(reason)"
        case .unneeded(let reason): "unneeded: \(reason)"
        case .failed(let error): "failed: \(error.message)"
        }
    }

    /// A text with the site's own path left out.
    func plain(_ text: String) -> String { text.replacingOccurrences(of: root.string, with: "") }

    /// All that is in the site: each name with its mode and owner, and a file's content or a link's target.
    func listing() throws -> String {
        let names = try FileManager.default.subpathsOfDirectory(atPath: root.string).sorted()
        return try names.map { name in
            let status = try #require(try FileTree().status(at(name), links: .refuse))
            let start = "\(name) \(status.mode.octal) \(status.user):\(status.group)"
            switch status.kind {
            case .directory: return start + " /"
            case .link:
                let target = try FileManager.default.destinationOfSymbolicLink(atPath: at(name).string)
                return "\(name) -> \(target)"
            case .file: return "\(start) '\(content(name) ?? "")'"
            default: return "\(start) \(status.kind.words)"
            }
        }.joined(separator: "\n")
    }

    /// All that is below a directory, one line an entry: name, mode, owner if it is not the user, content or target; the
    /// manifest of ssh's files is left out.
    func listing(_ directory: FilePath) throws -> String {
        let names = try FileManager.default.subpathsOfDirectory(atPath: directory.string).sorted()
            .filter { $0 != ".entrypoint" && !$0.hasSuffix("/.entrypoint") }
        return try names.map { name in
            let path = directory.appending(name)
            let status = try #require(try FileTree().entryStatus(path))
            let owner = status.user == user.user && status.group == user.group ? "" : " \(status.user):\(status.group)"
            switch status.kind {
            case .link:
                let target = try FileManager.default.destinationOfSymbolicLink(atPath: path.string)
                return "\(name)\(owner) -> \(plain(target))"
            case .file:
                let content = try #require(FileManager.default.contents(atPath: path.string))
                let text = String(decoding: content, as: UTF8.self).replacing("\n", with: "\\n")
                return "\(name) \(status.mode.octal)\(owner)\(text.isEmpty ? "" : " \(text)")"
            case .directory: return "\(name)/ \(status.mode.octal)\(owner)"
            default: return "\(name) \(status.kind)\(owner)"
            }
        }.joined(separator: "\n")
    }
}
