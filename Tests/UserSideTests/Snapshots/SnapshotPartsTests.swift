import Foundation
import Glibc
import Linux
import TestSupport
import Testing
import Text

@testable import Boot
@testable import UserSide

/// The parts of the work with snapshots that need no repository.
struct SnapshotPartsTests {
    private static let second: UInt64 = 1_000_000_000

    /// What restic has said, and what it means.
    static let failures: [(lines: [String], code: Int32, signalled: Bool, kind: SnapshotFailure.Kind, has: String)] = [
        (["Fatal: wrong password or no key found"], 1, false, .failed, "the password is not the repository's"),
        ([], 12, false, .failed, "the password is not the repository's"),
        ([], 12, true, .failed, "exit code 12"),
        ([], 10, false, .noRepository, "there is none"),
        (
            ["Fatal: unable to open config file: Stat: The specified key does not exist."], 1, false, .noRepository,
            "init"
        ),
        (
            [
                "Fatal: unable to open config file: stat /r/config: no such file or directory",
                "Is there a repository at the following location?",
            ], 1, false, .noRepository, "there is none"
        ),
        (
            [
                "Fatal: unable to open config file: Stat: Get \"http://h\": dial tcp: connect: connection refused",
                "Is there a repository at the following location?",
            ], 1, false, .failed, "connection refused"
        ),
        (["Fatal: unable to open config file: Stat: Access Denied."], 1, false, .failed, "refuses the keys"),
        (["Stat: The specified bucket does not exist"], 1, false, .failed, "the bucket does not exist"),
        (
            ["unable to create lock in backend: repository is already locked exclusively by PID 7 on vm"], 1, false,
            .locked, "PID 7"
        ),
        (["write /x: no space left on device"], 1, false, .failed, "sizeLimit"),
        (["Load(<data/1>) returned error, retrying after 1s: QuotaExceeded"], 1, true, .failed, "storage is full"),
        (
            ["ignoring error for /a: ciphertext verification failed", "Fatal: There were 1 errors"], 1, false, .corrupt,
            "/a"
        ),
        (["tls: failed to verify certificate: x509: unknown authority"], 1, false, .failed, "credentials.caFile"),
        (
            ["{\"message_type\":\"exit_error\",\"code\":1,\"message\":\"Fatal: the reason\"}"], 1, false, .failed,
            ": the reason"
        ),
        ([], 1, false, .failed, "exit code 1"),
    ]

    @Test(arguments: failures.indices) func `what restic says is told in words that help`(index: Int) {
        let tried = Self.failures[index]
        let failure = ResticFailure(
            code: tried.code, lines: tried.lines, wasSignalled: tried.signalled, isOverdue: false, isHopeless: false,
            interruption: nil
        ).failure("cannot open it", Snapshot(name: "a", directory: "/a", repository: "/r"))
        #expect(failure.kind == tried.kind && failure.text.hasPrefix("cannot open it: "), "\(failure)")
        #expect(failure.text.contains(tried.has) && !failure.text.contains("\n"), "\(failure)")
    }

    @Test func `an interruption and a silent server are told as that`() {
        func failure(_ interruption: Signal?) -> SnapshotFailure {
            ResticFailure(
                code: 130, lines: ["signal interrupt received, cleaning up"], wasSignalled: true, isOverdue: true,
                isHopeless: false, interruption: interruption
            ).failure("x", Snapshot(name: "a", directory: "/a", repository: "/r"))
        }
        #expect(failure(.terminate).kind == .interrupted(.terminate))
        #expect(failure(nil).text == "x: it does not answer")
        #expect(failure(.terminate).exitCode(inBoot: false) == 143)
    }

    @Test func `a state is what was written`() throws {
        var state = SnapshotState(.restored, repository: "/r", host: "pod")
        (state.snapshot, state.base, state.time, state.mark) = ("1a2b", "0a0b", "2026-12-01T10:00:00Z", "ff")
        (state.cleanSince, state.checked, state.pruned, state.isSavedHere) = (1, 2, 3, true)
        var save = SnapshotState.Save()
        (save.ended, save.duration, save.files, save.bytes, save.failure) = (4, 5, 6, 7, "why")
        state.last = save
        #expect(try SnapshotState(reading: Array(state.json.text.utf8)) == state)
        for text in ["", "{}", "[]", "{\"version\":2}", "{\"version\":1,\"state\":\"full\"}"] {
            #expect(throws: FormatError.self) { try SnapshotState(reading: Array(text.utf8)) }
        }
    }

    @Test(
        arguments: [
            ("2026-12-01T10:00:00.123456789Z", "2026-12-01T10:00:01Z"),
            ("2026-12-31T23:59:59Z", "2027-01-01T00:00:00Z"),
            ("2028-02-28T23:59:59Z", "2028-02-29T00:00:00Z"), ("2027-02-28T23:59:59Z", "2027-03-01T00:00:00Z"),
            ("2026-12-01T10:00:00+01:00", "2026-12-01T10:00:00+01:00"), ("soon", "soon"),
        ]) func `a second later is later`(time: String, later: String)
    { #expect(SnapshotTime.after(time) == later) }

    @Test func `ids differ in what people type, and their objects are in the order of time`() {
        let ids = (0..<100).map { SnapshotID.make(time: "2026-12-01T10:00:00.\(100 + $0)Z", host: "pod") }
        #expect(Set(ids.map { $0.prefix(8) }).count == 100)
        #expect(ids.map(SnapshotID.name) == ids.map(SnapshotID.name).sorted())
    }

    @Test func `progress tells what is done, how fast, and what is left`() {
        #expect(
            WorkProgress.text("restoring", 45_000_000, of: 158_000_000, after: 9 * Self.second)
                == "restoring: 45.0 MB of 158 MB (28 %), 5.0 MB/s, 22 s left")
        #expect(WorkProgress.text("restoring", 5000, of: nil, after: 0) == "restoring: 5.0 kB, 5.0 kB/s")
        #expect(
            WorkProgress.text("x", 10, of: 10, after: Self.second)
                == "x: 10 bytes of 10 bytes (99 %), 10 bytes/s, 0 s left")
        #expect(
            ["0 bytes", "1 byte", "999 bytes", "1.0 kB", "99.9 kB", "100 kB", "1.0 MB", "158 MB", "2.0 TB"]
                == [0, 1, 999, 1000, 99_949, 100_000, 1_000_000, 158_000_000, 2_000_000_000_000].map(SizeText.bytes))
    }

    @Test func `a walk finds every change`() throws {
        try withTemporaryDirectory { directory in
            func survey() -> TreeSurvey { TreeSurvey(of: directory, excluding: [".cache", "**/skip", "a*"]) }
            let place = directory.string
            for name in ["sub", ".cache", "sub/skip"] { mkdir("\(place)/\(name)", 0o755) }
            for name in ["file", "sub/inner", ".cache/x", "sub/skip/y", ".entrypoint-snapshot"] {
                try Data("12345".utf8).write(to: URL(fileURLWithPath: "\(place)/\(name)"))
            }
            let before = survey()
            #expect(before.files == 2 && before.bytes == 10 && before.isWhole)
            usleep(30_000)
            for name in [".cache/x", "sub/skip/y", ".entrypoint-snapshot"] {
                try Data("6".utf8).write(to: URL(fileURLWithPath: "\(place)/\(name)"))
            }
            #expect(survey().latestChange == before.latestChange && survey().mark == before.mark)
            chmod("\(place)/sub/inner", 0o600)
            let changed = survey()
            #expect(changed.latestChange > before.latestChange)
            rename("\(place)/file", "\(place)/other")
            #expect(survey().mark != before.mark)
            usleep(30_000)
            unlink("\(place)/sub/inner")
            #expect(survey().latestChange > changed.latestChange)
            #expect(!TreeSurvey(of: directory.appending("none"), excluding: []).isWhole)
        }
    }

    @Test func `doctor tells what is not saved, and an end that is too short`() throws {
        try withTemporaryDirectory { directory in
            var facts = ContainerFacts.jane()
            #expect(SnapshotChecks.saving(facts).isEmpty)
            var snapshot = Snapshot(name: "snapshot", directory: directory, repository: "/r")
            snapshot.finalTimeout = 25 * Self.second
            (facts.snapshots, facts.grace) = ([snapshot], 30 * Self.second)
            #expect(SnapshotChecks.saving(facts).map(\.verdict) == [.fail])
            var state = SnapshotState(.fresh, repository: "/r", host: "pod")
            func write() throws { try SnapshotDirectory(directory).write(state) }
            try write()
            #expect(SnapshotChecks.saving(facts).map(\.verdict) == [.ok])
            var last = SnapshotState.Save()
            for (seconds, verdict) in [(16, Finding.Verdict.ok), (17, .warn)] as [(UInt64, Finding.Verdict)] {
                last.duration = seconds * Self.second
                state.last = last
                try write()
                #expect(SnapshotChecks.saving(facts).map(\.verdict) == [verdict], "\(SnapshotChecks.saving(facts))")
            }
            facts.grace = 10 * Self.second
            last.duration = 6 * Self.second
            state.last = last
            try write()
            #expect(SnapshotChecks.saving(facts).map(\.verdict) == [.warn])
            last.failure = "no answer"
            state.last = last
            try write()
            #expect(SnapshotChecks.saving(facts).first?.evidence.contains("no answer") == true)
            try Data("{".utf8).write(to: URL(fileURLWithPath: "\(directory)/.entrypoint-snapshot"))
            #expect(SnapshotChecks.saving(facts).map(\.verdict) == [.fail])
        }
    }
}
