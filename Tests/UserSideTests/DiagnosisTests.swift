import Glibc
import Linux
import Programs
import TestSupport
import Testing
import UserSide

/// Checks in processes of their own, whatever they do.
struct DiagnosisTests {
    private static func ask(
        _ checks: [Check], probe: Check? = nil, seconds: UInt32 = 9, most: Int = 8
    ) -> DiagnosisReport {
        Diagnosis(checks, probe: probe, limits: Diagnosis.Limits(seconds: seconds, most: most)) { hasSettings in
            let own = try? Privileges.current()
            var facts = ContainerFacts(
                environment: EnvironmentBlock([]), entrypoint: "/usr/local/bin/entrypoint",
                actor: own?.effective ?? Credentials(user: .max, group: .max, groups: []))
            facts.hasSettings = hasSettings
            facts.seed = Credentials(user: 3000, group: 2000, groups: [5])
            facts.umask = 0o027
            return facts
        }.run()
    }

    private static func check(
        _ name: String, as actors: Check.Actors = .caller, seconds: UInt32 = 5,
        _ findings: @escaping @Sendable (ContainerFacts) -> [Finding]
    ) -> Check {
        Check(name, "asks", as: actors, deadline: seconds, findings: findings)
    }

    private static func evidence(_ report: DiagnosisReport) -> [String] {
        report.lines.map { "\($0.check) \($0.finding.verdict.rawValue) \($0.finding.evidence)" }
    }

    /// Never ends by itself.
    private static func hang() -> [Finding] {
        while true { Clock.sleep(nanoseconds: 1_000_000_000) }
    }

    @Test func `the answers are in the order of the checks, whichever comes first`() async {
        await #expect(processExitsWith: .success) {
            try inProcessOfItsOwn {
                let report = Self.ask(
                    [
                        Self.check("a.slow") { _ in
                            Clock.sleep(nanoseconds: 50_000_000)
                            return [.ok("one"), .warn("two", remedy: "type it")]
                        },
                        Self.check("a.quick") { _ in [.ok("three")] }, Self.check("b.none") { _ in [] },
                    ], most: 2)
                #expect(Self.evidence(report) == ["a.slow ok one", "a.slow warn two", "a.quick ok three"])
                #expect(report.lines[1].finding.remedy == "type it")
                #expect(report.exitCode == 1 && report.verdict == .warn)
            }
        }
    }

    @Test func `a check that hangs is a failure, names what it looked at, and the others are answered`() async {
        await #expect(processExitsWith: .success) {
            try inProcessOfItsOwn {
                let report = Self.ask([
                    Self.check("a.hangs", seconds: 1) { _ in
                        CheckProgress.look(at: "/proc/self")
                        return Self.hang()
                    },
                    Self.check("a.fine") { _ in [.ok("fine")] },
                ])
                #expect(report.lines.map(\.check) == ["a.hangs", "a.fine"])
                let hung = report.lines[0].finding
                #expect(hung.verdict == .fail)
                #expect(hung.evidence.hasPrefix("no answer within 1 s from /proc/self, which is proc from "), "\(hung)")
                #expect(hung.remedy.hasPrefix("ask whoever runs "), "\(hung)")
                #expect(report.exitCode == 2)
            }
        }
    }

    /// Ways in which a check fails, and how that is told.
    @Test(
        arguments: [
            ("crash", "the check itself has failed: ended by signal 11"),
            ("exit", "the check itself has failed: exit code 3"),
            ("rubbish", "the check itself has failed: it has answered what no check answers"),
            ("half", "the check itself has failed: it has answered what no check answers"),
            ("flood", "the check itself has failed: it has answered what no check answers"),
        ])
    func `a check that fails is a failure`(way: String, words: String) async {
        await #expect(processExitsWith: .success) { [way = way as String, words = words as String] in
            try inProcessOfItsOwn {
                let report = Self.ask([
                    Self.check("a.fails") { _ in Self.fail(way) }, Self.check("a.fine") { _ in [.ok("fine")] },
                ])
                let found = Self.evidence(report)
                #expect(found.last == "a.fine ok fine", "\(found)")
                #expect(found.dropLast().last == "a.fails fail \(words)", "\(found.map { $0.prefix(200) })")
                #expect(report.exitCode == 2)
            }
        }
    }

    private static func fail(_ way: String) -> [Finding] {
        func writeToPipe(_ text: String) {
            for number in 3..<64 as Range<CInt> { _ = write(number, text, text.utf8.count) }
        }
        switch way {
        case "crash":
            // The crash of a test is not to leave an image of its memory.
            var none = rlimit(rlim_cur: 0, rlim_max: 0)
            setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
            signal(SIGSEGV, SIG_DFL)
            kill(getpid(), SIGSEGV)
        case "exit": CurrentProcess.exit(3)
        case "rubbish": writeToPipe("{\"verdict\":\"fine\"}\n")
        case "half": writeToPipe("{\"verdict\":")
        default:
            let line = "{\"place\":\"/\(String(repeating: "a", count: 1000))\"}\n"
            for _ in 0..<100 { writeToPipe(line) }
            return hang()
        }
        return []
    }

    @Test func `what a check has started is killed with it, whether it ends or hangs`() async {
        await #expect(processExitsWith: .success) {
            try inProcessOfItsOwn {
                try Children.adoptOrphans()
                let leave: @Sendable () -> [Finding] = {
                    let child = fork()
                    if child == 0 { _ = Self.hang() }
                    return [.ok("\(child)")]
                }
                let report = Self.ask([
                    Self.check("a.ends") { _ in leave() },
                    Self.check("a.hangs", seconds: 1) { _ in
                        CheckProgress.look(at: FilePath("/\(leave()[0].evidence)"))
                        return Self.hang()
                    },
                ])
                let text = Self.evidence(report).joined(separator: " ")
                let numbers = text.split { !$0.isNumber }.compactMap { Int32($0) }.filter { $0 > 1 }
                #expect(numbers.count == 2, "\(text)")
                for number in numbers {
                    var status: CInt = 0
                    let limit = Clock.monotonic + 5_000_000_000
                    while waitpid(number, &status, WNOHANG) == 0, Clock.monotonic < limit { usleep(1000) }
                    #expect(kill(number, 0) == -1 && errno == ESRCH, "\(number) of \(text)")
                }
            }
        }
    }

    @Test(.actingAsUsers) func `a check ends with whoever has asked, as whomever it runs`() async {
        await #expect(processExitsWith: .success) {
            try inProcessOfItsOwn {
                try Children.adoptOrphans()
                let directory = try TemporaryDirectory()
                let path = directory.path
                try #require(chmod(path.string, 0o777) == 0)
                let asker = fork()
                if asker == 0 {
                    let hang: @Sendable (ContainerFacts) -> [Finding] = { _ in
                        mkdir("\(path)/\(getpid())", 0o700)
                        return Self.hang()
                    }
                    _ = Self.ask([Self.check("a.hangs", as: .each, seconds: 60, hang)], seconds: 60)
                    _exit(0)
                }
                let limit = Clock.monotonic + 10_000_000_000
                func numbers() throws -> [Int32] {
                    try FileTree().names(in: path, links: .refuse).compactMap { Int32($0.string) }
                }
                while try numbers().count < 2, Clock.monotonic < limit { usleep(1000) }
                kill(asker, SIGKILL)
                let found = try numbers()
                #expect(found.count == 2, "the seed user's and root's")
                for number in found {
                    var status: CInt = 0
                    while waitpid(number, &status, WNOHANG) <= 0, Clock.monotonic < limit { usleep(1000) }
                    #expect(kill(number, 0) == -1 && errno == ESRCH)
                }
            }
        }
    }

    @Test func `when the time of all is over, what has not begun is told`() async {
        await #expect(processExitsWith: .success) {
            try inProcessOfItsOwn {
                let report = Self.ask(
                    [
                        Self.check("a.fine") { _ in [.ok("fine")] },
                        Self.check("a.hangs", seconds: 60) { _ in Self.hang() },
                        Self.check("b.late") { _ in [.ok("late")] },
                    ], seconds: 1, most: 1)
                let found = report.lines.map { "\($0.check) \($0.finding.verdict)" }
                #expect(found == ["a.fine ok", "a.hangs fail", "b.late warn"])
                #expect(report.lines[2].finding.evidence.hasPrefix("not run: "))
                #expect(report.lines[2].finding.remedy == "entrypointctl doctor --only b")
            }
        }
    }

    @Test func `where the settings do not answer, the others do without`() async {
        await #expect(processExitsWith: .success) {
            try inProcessOfItsOwn {
                let others = [Self.check("b.asks") { facts in [.ok("settings: \(facts.hasSettings)")] }]
                let hung = Self.check("a.settings", seconds: 1) { _ in Self.hang() }
                let report = Self.ask(others, probe: hung)
                #expect(report.lines.map(\.check) == ["a.settings", "b.asks"])
                #expect(report.lines.last?.finding == .ok("settings: false"))
                // One that answers is only told of where it was asked.
                let fine = Self.check("a.settings") { _ in [.ok("fine")] }
                let quiet = Self.evidence(Self.ask(others, probe: fine))
                #expect(quiet == ["b.asks ok settings: true"])
                let asked = Self.evidence(Self.ask([fine] + others, probe: fine))
                #expect(asked == ["a.settings ok fine", "b.asks ok settings: true"])
            }
        }
    }

    @Test func `a caller who ignores the end of children learns it all the same`() async {
        await #expect(processExitsWith: .success) {
            try inProcessOfItsOwn {
                signal(SIGCHLD, SIG_IGN)
                let report = Self.ask([Self.check("a.exit") { _ in Self.fail("exit") }])
                #expect(report.lines.map(\.finding.evidence) == ["the check itself has failed: exit code 3"])
            }
        }
    }

    @Test func `nothing of a check reaches the streams of whoever asks`() async {
        await #expect(processExitsWith: .success) {
            try inProcessOfItsOwn {
                var ends: [CInt] = [0, 0]
                try #require(pipe(&ends) == 0)
                let (output, errors) = (dup(1), dup(2))
                dup2(ends[1], 1)
                dup2(ends[1], 2)
                close(ends[1])
                let report = Self.ask([
                    Self.check("a.talks") { _ in
                        for number in [1, 2] as [CInt] { _ = write(number, "talk\n", 5) }
                        var byte: UInt8 = 0
                        return [.ok("read \(read(0, &byte, 1))")]
                    }
                ])
                dup2(output, 1)
                dup2(errors, 2)
                var byte: UInt8 = 0
                #expect(read(ends[0], &byte, 1) == 0)
                #expect(report.lines.map(\.finding.evidence) == ["read 0"])
            }
        }
    }

    @Test(.actingAsUsers) func `root takes the place of the others for good, and says whose it cannot take`() async {
        await #expect(processExitsWith: .success) {
            try inProcessOfItsOwn {
                try #require(setgroups(2, [4, 27]) == 0)
                let report = Self.ask([
                    Self.check("a.who", as: .each) { facts in
                        guard let own = try? Privileges.current() else { return [] }
                        let hasAny = own.capabilities.permitted != 0 || own.capabilities.effective != 0
                        let umask = CurrentProcess.setUmask(0)
                        return [
                            .ok(
                                "\(facts.role) \(own.user) \(own.group) \(own.groups.sorted()) \(hasAny) "
                                    + "\(facts.actor == own.effective) \(umask.octal) \(Privileges.canRegainRoot())")
                        ]
                    },
                    Self.check("a.perhaps", as: .user) { facts in [.ok("\(facts.role)")] },
                ])
                let found = report.lines.map { "\($0.actor): \($0.finding.evidence)" }
                try #require(found.count == 3, "\(found)")
                let seed = IDTriple(all: 3000)
                #expect(
                    found[0] == "seed 3000:2000: seed \(seed) \(IDTriple(all: 2000)) [5] false true 0027 false")
                #expect(found[1].hasPrefix("root 0:0: root \(IDTriple(all: 0)) \(IDTriple(all: 0)) [4, 27] true true"))
                #expect(found[2] == ": root")
                #expect(report.notAsked.map { $0.prefix(13) } == ["as the user: "])
            }
        }
    }

    @Test(.actingAsUsers) func `a user answers as that user alone, and says who could answer more`() async {
        await #expect(processExitsWith: .success) {
            try inProcessOfItsOwn {
                try Privileges.become(Credentials(user: 1000, group: 2000, groups: []))
                let report = Self.ask([
                    Self.check("a.who", as: .each) { _ in [.ok("\(getuid())")] },
                    Self.check("a.caller") { _ in [.ok("\(getuid())")] },
                ])
                let found = report.lines.map { "\($0.actor): \($0.finding.evidence)" }
                #expect(found == ["user 1000:2000: 1000", ": 1000"])
                #expect(report.notAsked.count == 1)
                #expect(report.notAsked.first?.contains("docker exec -u 0") == true)
            }
        }
    }

    @Test(.actingAsUsers) func `without the capabilities for it no place is taken, and the field is named`() async {
        await #expect(processExitsWith: .success) {
            try inProcessOfItsOwn {
                try Privileges.clearCapabilities()
                let report = Self.ask([Self.check("a.who", as: .each) { facts in [.ok("\(facts.role)")] }])
                #expect(report.lines.map(\.finding.evidence) == ["root"])
                #expect(
                    report.notAsked.last
                        == "as seed 3000:2000: cannot become that user: operation not permitted (setgroups EPERM); add SETUID "
                        + "and SETGID to securityContext.capabilities.add in the pod spec")
            }
        }
    }
}
