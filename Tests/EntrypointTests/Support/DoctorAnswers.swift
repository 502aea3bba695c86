import TestSupport
import Testing
import Text

/// What `entrypointctl doctor --json` has answered.
struct DoctorAnswers {
    /// An answer.
    struct Answer: CustomStringConvertible {
        var check: String
        var actor: String
        var verdict: String
        var evidence: String
        var remedy: String

        var description: String {
            "\(verdict) \(check) \(actor.isEmpty ? "-" : actor): \(evidence)" + (remedy.isEmpty ? "" : " | \(remedy)")
        }
    }

    var all: [Answer] = []
    var notAsked: [String] = []

    /// Reads the answers, and sees to it that they are whole, that the exit code is that of the worst of them, that whatever
    /// is amiss has a remedy, and that nothing else was written.
    init(_ outcome: Outcome, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let json: JSON
        do throws(FormatError) {
            json = try JSON(reading: outcome.standardOutput.bytes)
        } catch {
            throw TestFailure("no JSON: \(error.expected): \(outcome)")
        }
        func text(_ json: JSON, _ name: String) throws -> String {
            guard let text = json[name]?.string else { throw TestFailure("no \(name): \(outcome)") }
            return text
        }
        all = try #require(json["findings"]?.items, "\(outcome)", sourceLocation: sourceLocation).map {
            Answer(
                check: try text($0, "check"), actor: try text($0, "actor"), verdict: try text($0, "verdict"),
                evidence: try text($0, "evidence"), remedy: try text($0, "remedy"))
        }
        notAsked = json["notAsked"]?.items?.compactMap(\.string) ?? []
        let verdicts = ["ok", "warn", "fail"]
        let worst = all.compactMap { verdicts.firstIndex(of: $0.verdict) }.max() ?? 0
        let isWhole = outcome.exitCode == Int32(worst) && json["verdict"]?.string == verdicts[worst]
        #expect(isWhole && outcome.errors.isEmpty, "\(outcome)", sourceLocation: sourceLocation)
        let lacking = all.filter { $0.remedy.isEmpty != ($0.verdict == "ok") }
        #expect(lacking.isEmpty, "\(lacking)", sourceLocation: sourceLocation)
    }

    /// The answers of a check as an actor, whose words begin like this.
    func of(_ check: String, as actor: String = "") -> [Answer] {
        all.filter { $0.check == check && $0.actor.hasPrefix(actor) }
    }

    /// Everything that is amiss, a line each.
    var amiss: [String] { all.filter { $0.verdict != "ok" }.map(\.description) }
}

extension RunningContainer {
    /// The answers of `entrypointctl doctor` in a running container.
    func doctor(
        _ options: ByteString..., user: String = "0:0", environment: Environment = Environment(),
        within deadline: Duration = .seconds(180), sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> DoctorAnswers {
        try DoctorAnswers(
            try exec(
                ["/usr/local/bin/entrypointctl", "doctor", "--json"] + options, user: user, environment: environment,
                within: deadline), sourceLocation: sourceLocation)
    }
}
