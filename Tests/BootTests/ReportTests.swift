import Foundation
import Linux
import Testing
import Text

@testable import Boot

struct ReportTests {
    /// Collects what a report prints.
    private final class Lines {
        var lines: [String] = []
    }

    private static let directory = Change.directory(
        DirectoryChange(
            at: DirectoryChange.Place("/s/jane"), made: DirectoryChange.Form(mode: 0o770, group: 5), use: .write))
    private static let file = Change.file(
        FileChange(path: "/etc/f", content: Array("secret content".utf8), mode: 0o440, meaning: "passwordless sudo"))
    private static let removal = Change.removal(RemovalChange(path: "/etc/f", meaning: "the user has no sudo"))
    private static let accounts = Change.accounts(
        AccountsChange(
            PlannedAccounts(
                found: AccountFiles(), planned: AccountFiles(passwd: Array("jane:x:1:2:::\n".utf8)),
                differences: [
                    .told("user jane (uid 1) added"), .told("group lab (gid 2) added"),
                    .joined(user: "jane", group: "a"),
                    .joined(user: "jane", group: "b"), .detail("user jane: password field closed"),
                ])))
    private static let failure = BootError(
        .scratchPermissionDenied, step: "scratch", "cannot create /s/jane",
        attempts: [
            Attempt(as: "user 1:2", SystemCallError(call: "mkdirat", path: "/s/jane", errno: .permissionDenied))
        ], remedy: "ask \"them\"")

    private static func event(
        _ change: Change, _ outcome: Outcome, notes: [Note] = [], remark: String = "", microseconds: Int64 = 1050
    ) -> Event {
        Event(
            change: StepChange(step: "scratch", planned: PlannedChange(change, by: [.user], onFailure: .warn)),
            outcome: outcome, identity: "user 1:2", notes: notes, remark: remark, began: Clock.monotonic,
            microseconds: microseconds)
    }

    private static let events = [
        event(directory, .already), event(directory, .changed), event(file, .changed), event(removal, .changed),
        event(accounts, .changed),
        event(
            directory, .changed, notes: [Note(.filesMode, "it differs", detail: "fchown EPERM")],
            remark: "moved x aside"),
        event(directory, .skipped(.filesMount, "/s is a mount")), event(directory, .blocked(by: "/s")),
        event(directory, .failed(failure), notes: [Note(.scratchPermissionDenied, "no scratch")]),
    ]

    private func printed(_ log: LogSettings) -> (report: Report, lines: [String]) {
        let lines = Lines()
        let report = Report(log: log, secrets: Secrets(of: BootSequence.groups), started: Clock.monotonic) {
            lines.lines.append($0)
        }
        for event in Self.events { report.observe(event) }
        report.line(.info, "", "ready")
        report.warn("handoff", Note(.handoffSignals, "a warning"))
        report.fail("handoff", Note(.handoffDirectory, "an error"))
        return (report, lines.lines)
    }

    @Test func `what a step has done is one line, and warnings and errors are lines of their own`() {
        #expect(
            printed(LogSettings()).lines == [
                "entrypoint: scratch: warning: it differs",
                "entrypoint: scratch: warning: skipped: directory /s/jane (0770): /s is a mount",
                "entrypoint: scratch: warning: cannot create /s/jane: permission denied; ask \"them\"",
                "entrypoint: scratch: warning: no scratch",
                "entrypoint: scratch: created /s/jane; passwordless sudo; the user has no sudo; user jane (uid 1) added; "
                    + "group lab (gid 2) added; user jane joined groups a and b; created /s/jane; moved x aside",
                "entrypoint: ready",
                "entrypoint: handoff: warning: a warning",
                "entrypoint: handoff: an error",
            ])
    }

    @Test func `a quiet log has warnings and errors only`() {
        #expect(
            printed(LogSettings(level: .quiet)).lines.filter { !$0.contains("warning: ") }
                == ["entrypoint: handoff: an error"])
        #expect(printed(LogSettings(level: .quiet)).lines.count == 6)
    }

    @Test func `a debug log has every change, what was true already, calls and times`() {
        #expect(
            printed(LogSettings(level: .debug)).lines == [
                "entrypoint: scratch: already: directory /s/jane (0770) (1.05 ms)",
                "entrypoint: scratch: created /s/jane (0770) as user 1:2 (1.05 ms)",
                "entrypoint: scratch: wrote /etc/f (0440): passwordless sudo (1.05 ms)",
                "entrypoint: scratch: removed /etc/f: the user has no sudo (1.05 ms)",
                "entrypoint: scratch: user jane (uid 1) added; group lab (gid 2) added; user jane joined group a; "
                    + "user jane joined group b; user jane: password field closed (1.05 ms)",
                "entrypoint: scratch: created /s/jane (0770) as user 1:2; moved x aside (1.05 ms)",
                "entrypoint: scratch: warning: it differs (fchown EPERM)",
                "entrypoint: scratch: warning: skipped: directory /s/jane (0770): /s is a mount",
                "entrypoint: scratch: skipped: directory /s/jane (0770): /s cannot be used",
                "entrypoint: scratch: warning: cannot create /s/jane: permission denied (mkdirat EACCES as user 1:2); "
                    + "ask \"them\"",
                "entrypoint: scratch: warning: no scratch",
                "entrypoint: ready",
                "entrypoint: handoff: warning: a warning",
                "entrypoint: handoff: an error",
            ])
    }

    @Test func `a line in JSON is one object`() throws {
        let lines = printed(LogSettings(format: .json)).lines
        for line in lines {
            let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String])
            let isNamed = ["warning", "error"].contains(object["level"])
            #expect(
                Set(object.keys) == Set(["time", "program", "level", "step", "message"] + (isNamed ? ["id"] : [])))
            let time = try #require(object["time"])
            let date = try Date(
                time, strategy: .iso8601.year().month().day().time(includingFractionalSeconds: true))
            #expect(abs(date.timeIntervalSinceNow) < 60 && time.hasSuffix("Z"))
        }
        let rest = lines.last.map { $0.drop { $0 != "," } }
        #expect(
            rest
                == #","program":"entrypoint","level":"error","id":"handoff.directory","step":"handoff","message":"an error"}"#
        )
        let named = lines.compactMap { $0.firstMatch(of: /"id":"([^"]+)"/).map { String($0.1) } }
        #expect(
            named == [
                "files.mode", "files.mount", "scratch.permission-denied", "scratch.permission-denied",
                "handoff.signals", "handoff.directory",
            ])
        #expect(lines.map { $0.contains(#""level":"warning""#) }.count { $0 } == 5)
    }

    /// What a log tells of failures of links, one after the other.
    private func told(_ failures: [(path: FilePath, cause: BootError.Cause?)], _ level: LogSettings.Level) -> [String] {
        let lines = Lines()
        let report = Report(
            log: LogSettings(level: level), secrets: Secrets(of: BootSequence.groups), started: Clock.monotonic
        ) { lines.lines.append($0) }
        for (path, cause) in failures {
            let error = BootError(
                .filesNoSpace, "cannot create \(path)", reason: "no space left on device", cause: cause)
            report.observe(Self.event(.link(LinkChange(path, to: "/t", .file, mode: nil)), .failed(error)))
        }
        return lines.lines
    }

    @Test func `one cause is one warning`() {
        let full = BootError.Cause.mount("/s", .noSpace)
        let failures: [(FilePath, BootError.Cause?)] = [
            ("/s/a", full), ("/s/b", full), ("/t/c", .mount("/t", .noSpace)), ("/s/d", nil), ("/s/e", nil),
            ("/s/f", full),
            ("/s/g", .mount("/s", .readOnlyFileSystem)), ("/etc/h", .noRoot),
        ]
        let lines = told(failures, .info)
        #expect(lines.allSatisfy { $0.hasPrefix("entrypoint: scratch: warning: cannot create /") })
        #expect(lines.map { $0.split(separator: " ")[5].prefix(4) } == ["/s/a", "/t/c", "/s/d", "/s/e", "/s/g"])
        #expect(told(failures, .quiet) == lines)
        #expect(told(failures, .debug).count == 8)
        #expect(told(failures, .debug).count { $0.contains("warning: ") } == 5)
    }

    /// What a step has done, and the line about it.
    private static let deeds: [([(Deed, isBySeed: Bool, remark: String)], String)] = [
        ([(.created("/s/jane"), false, "")], "created /s/jane"),
        ([(.created("/s/jane"), true, "")], "created /s/jane as the seed user"),
        (
            [(.created("/s/homes/jane"), true, ""), (.created("/s/hf_cache"), false, "")],
            "created /s/homes/jane as the seed user; created /s/hf_cache"
        ),
        (
            [(.created("/s/homes/jane"), false, ""), (.created("/s/hf_cache"), false, "")],
            "created homes/jane and hf_cache in /s"
        ),
        (
            [(.created("/s/.shell"), false, ""), (.created("/s/.shell/.zshenv"), false, "")],
            "created .shell and .shell/.zshenv in /s"
        ),
        ([(.created("/a"), false, ""), (.created("/b/c"), false, "")], "created /a and /b/c"),
        ((1...6).map { (.created(FilePath("/s/\($0)")), false, "") }, "created 6 things in /s"),
        ([(.copied("/docker/.zshrc", to: "/s/.zshrc"), false, "")], "copied /docker/.zshrc to /s/.zshrc"),
        (
            [(.copied("/docker/.zshrc", to: "/s/.zshrc"), false, ""), (.copied("/docker/.x", to: "/s/.x"), false, "")],
            "copied .zshrc and .x from /docker"
        ),
        ([(.linked("/home/jane/.x", to: "/s/.x"), false, "")], "/home/jane/.x leads to /s/.x"),
        (
            [
                (.linked("/home/jane/.x", to: "/s/.x"), false, ""), (.linked("/home/jane/.y", to: "/s/.y"), false, ""),
                (.linked("/home/jane/.z", to: "/s/.z"), false, "what was in its place moved to /s/.z"),
            ], "2 names lead to /s; /home/jane/.z leads to /s/.z; what was in its place moved to /s/.z"
        ),
        ([(.other("a"), false, ""), (.other("b"), false, "c")], "a; b; c"),
    ]

    @Test(arguments: deeds) func `what is alike is told together`(
        deeds: [(Deed, isBySeed: Bool, remark: String)], line: String
    ) {
        var summary = StepSummary(of: "step")
        for (deed, isBySeed, remark) in deeds { summary.add(deed, isBySeed: isBySeed, remark: remark) }
        #expect(summary.text == line)
    }

    @Test func `the whole report is JSON that tells what was done, and no secret`() throws {
        let report = printed(LogSettings()).report
        #expect(report.changes == 5)
        let people = People(
            user: People.User(
                name: "jane", groupName: "lab", home: "/home/jane", shell: "/bin/zsh",
                credentials: Credentials(user: 1, group: 2, groups: [3, 4])),
            seed: Credentials(user: 7, group: 2, groups: []),
            accounts: PlannedAccounts(), warnings: [])
        report.secretValues = [Array("a long secret".utf8)]
        report.takeExport("COPY", "<a long secret>")
        let record = report.record(
            start: .root, people: people,
            exports: [("HOME", "/home/jane"), ("A_TOKEN", "hunter2"), ("COPY", "<a long secret>")],
            failure: Self.failure)
        let text = String(decoding: ReportFile.line(record), as: UTF8.self)
        #expect(!text.contains("hunter2") && !text.contains("a long secret") && !text.contains("secret content"))
        #expect(
            text.hasPrefix(
                #"{"event":"boot","version":"\#(Version.text)","format":1,"start":"root","user":{"name":"jane","uid":1,"group":"lab","gid":2,"groups":[3,4],"home":"/home/jane","shell":"/bin/zsh"},"seed":"7:2","changes":[{"step":"scratch","goal":"directory /s/jane (0770)","as":"user 1:2","outcome":"already","began":"#
            ))
        let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(
            (object["changes"] as? [[String: Any]])?.map { $0["outcome"] as? String ?? "" }
                == ["already", "changed", "changed", "changed", "changed", "changed", "skipped", "skipped", "failed"])
        #expect((object["exports"] as? [String: String]) == ["HOME": "/home/jane", "A_TOKEN": "", "COPY": ""])
        #expect((object["failure"] as? [String: String])?["step"] == "scratch")
        #expect((object["failure"] as? [String: String])?["id"] == "scratch.permission-denied")
        #expect((object["warnings"] as? [[String: String]])?.first?["id"] == "files.mode")
        #expect((object["changed"] as? Int) == 5)
        #expect((object["warnings"] as? [[String: String]])?.count == 5)
    }

    @Test func `without people and failure there is null`() {
        let report = Report(log: LogSettings(), secrets: Secrets(of: BootSequence.groups), started: Clock.monotonic) {
            _ in
        }
        let record = report.record(start: .bare, people: nil, exports: [], failure: nil)
        let text = String(decoding: ReportFile.line(record), as: UTF8.self)
        #expect(
            text.hasPrefix(
                #"{"event":"boot","version":"\#(Version.text)","format":1,"start":"bare","user":null,"seed":null,"changes":[],"exports":{},"warnings":[],"failure":null,"changed":0,"microseconds":"#
            ))
    }

    @Test func `a report is read back as it was written`() throws {
        let report = printed(LogSettings()).report
        let people = People(
            user: People.User(
                name: "jane", groupName: "lab", home: "/home/j\"a\u{1}ne", shell: "/bin/zsh",
                credentials: Credentials(user: 1, group: 2, groups: [3, .max])),
            seed: Credentials(user: 7, group: 2, groups: []),
            accounts: PlannedAccounts(), warnings: [])
        for (people, failure) in [(people, Self.failure), (nil, nil)] as [(People?, BootError?)] {
            let boot = report.record(
                start: .elevated, people: people, exports: [("A", "1\n2"), ("B", "é\u{1F600}")], failure: failure)
            let end = EndRecord(exitCode: 143, message: "ended: \"TERM\"")
            let lost = EndRecord(exitCode: 125, id: "init.status-lost", message: "lost")
            for ends in [nil, end, lost] as [EndRecord?] {
                let bytes = ReportFile.line(boot) + (ends.map(ReportFile.line) ?? [])
                let found = try ReportFile.read(bytes)
                #expect(found.boot == boot && found.end == ends)
            }
        }
    }

    @Test(arguments: [
        ("", "it has no line of a boot"), ("{}\n", "line 1: expected an event"),
        ("{\"event\":\"boot\"}\n", "line 1: expected version"),
        ("{\n", "line 1: expected the name of a member at byte 2"),
        ("{", "it is cut off in line 1: the boot may have had no space left for it"),
        ("{\"event\":\"new\"}\n{\"event\":\"bo", "it is cut off in line 2: the boot may have had no space left for it"),
        (
            "{\"event\":\"boot\",\"version\":\"9.9\",\"format\":2}\n",
            "line 1: entrypoint 9.9 has written it in format 2, and entrypointctl \(Version.text) reads up to 1: "
                + "use the entrypointctl of that version"
        ),
        ("{\"event\":\"end\",\"exitCode\":9999999999,\"message\":\"\"}\n", "line 1: expected exitCode"),
        ("[1,2\n", "line 1: expected a comma or the end of the array at byte 5"),
    ]) func `what is no report is told with its line`(text: String, told: String) {
        #expect(throws: FormatError(told)) { try ReportFile.read(Array(text.utf8)) }
    }

    @Test func `what a later version adds is passed over, and what an earlier one has not written is missing`() throws {
        let line = String(
            decoding: ReportFile.line(
                printed(LogSettings()).report.record(
                    start: .root, people: nil, exports: [], failure: Self.failure)), as: UTF8.self)
        let later = line.replacing(#""start":"root""#, with: #""start":"root","news":{"a":[1]}"#)
            .replacing(#""outcome":"already""#, with: #""outcome":"thawed","why":null"#)
            .replacing(#""id":"files.mode""#, with: #""id":"files.new""#)
        let read = try ReportFile.read(Array((later + "{\"event\":\"pause\",\"at\":1}\n").utf8))
        #expect(read.boot.changes.first?.outcome == "thawed" && read.boot.warnings.first?.id == "files.new")
        #expect(read.boot.changes.allSatisfy { $0.began != nil })
        let earlier = line.replacing(#/"began":-?\d+,/#, with: "").replacing(#""format":1,"#, with: "")
        let boot = try ReportFile.read(Array(earlier.utf8)).boot
        #expect(boot.changes.count == 9 && boot.changes.allSatisfy { $0.began == nil })
    }

    @Test func `a change has begun when its work did`() {
        let report = Report(log: LogSettings(), secrets: Secrets(of: BootSequence.groups), started: 5_000_000) { _ in }
        var event = Self.event(Self.directory, .changed)
        event.began = 7_654_321
        report.observe(event)
        let record = report.record(start: .root, people: nil, exports: [], failure: nil)
        #expect(record.changes.map(\.began) == [2654])
    }
}
