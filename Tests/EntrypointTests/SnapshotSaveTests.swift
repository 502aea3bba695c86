import Foundation
import Glibc
import TestSupport
import Testing

/// Nothing that a snapshot has is lost, whatever happens to a save; and how little the storage is asked.
@Suite(.containers)
struct SnapshotSaveTests {
    typealias Rule = ObjectStorage.Rule

    /// Pods with what their repositories have, restored at once.
    private func restored(_ names: [String], _ pods: SnapshotPods) throws -> [SnapshotPod] {
        let starts = try names.map { (pods.pod(of: $0), try pods.pod(of: $0).start("restore")) }
        return try starts.map { pod, start in
            let outcome = try start.wait()
            try #require(outcome.exitCode == 0, "\(pod.repository): \(outcome)")
            return pod
        }
    }

    /// Some work of the user's: files that are new, changed, moved and gone.
    private func work(_ pod: SnapshotPod) throws {
        let manager = FileManager.default
        try pod.write("new", String(repeating: "work of \(pod.repository)\n", count: 5000))
        try pod.write("d2/f2", "changed")
        try manager.moveItem(atPath: pod.directory + "/d3/f8", toPath: pod.directory + "/d4/moved")
        try manager.removeItem(atPath: pod.directory + "/d4/f4")
    }

    // MARK: kills

    /// Where a save is held when it is killed, and whether the snapshot is there then; `nil` where both are right.
    struct Phase: Sendable {
        var name: String
        var rule: Rule
        var isSaved: Bool?
    }

    static let phases: [Phase] = [
        Phase(name: "lock", rule: Rule(.pause, "PUT", "/locks/"), isSaved: false),
        Phase(name: "data", rule: Rule(.pause, "PUT", "/data/"), isSaved: false),
        Phase(name: "data-late", rule: SnapshotStorageTests.late(Rule(.pause, "PUT", "/data/")), isSaved: false),
        Phase(name: "index", rule: Rule(.pause, "PUT", "/index/"), isSaved: false),
        Phase(name: "index-late", rule: SnapshotStorageTests.late(Rule(.pause, "PUT", "/index/")), isSaved: false),
        // Its body is on the way, and the storage takes it or not.
        Phase(name: "snapshot", rule: Rule(.pause, "PUT", "/snapshots/")),
        Phase(
            name: "snapshot-late", rule: SnapshotStorageTests.late(Rule(.pause, "PUT", "/snapshots/")), isSaved: true
        ),
        Phase(name: "unlock", rule: Rule(.pause, "DELETE", "/locks/"), isSaved: true),
    ]

    @Test func `a save that is killed at any phase leaves the old state or the new one, and the next has all`() throws {
        let sample = try SnapshotSample.filled.content()
        let names = Self.phases.map { $0.name }
        try withSnapshots(names, of: .filled) { pods in
            let all = try restored(names, pods)
            for pod in all { try work(pod) }
            try pods.storage.set(Self.phases.map { $0.rule.of($0.name) })
            let saves = try all.map { try $0.start("save") }
            try pods.storage.waitForPauses(names.count)
            for (pod, save) in zip(all, saves) {
                try save.program.signal(SIGKILL)
                #expect(try save.wait().exitCode == 128 + SIGKILL)
                // The engine removes its lock when it is interrupted, which the network still holds.
                if pod.repository != "unlock" { try pod.expectNoEngine() }
            }
            try pods.storage.set()
            for pod in all { try pod.expectNoEngine() }
            for (pod, phase) in zip(all, Self.phases) {
                let new = try pod.tree()
                let found = try restoredTree(pod, as: "after")
                switch phase.isSaved {
                case true?: #expect(found.differences(from: new) == [], "\(phase.name)")
                case false?: #expect(found.differences(from: sample.tree) == [], "\(phase.name)")
                case nil: #expect(found == new || found == sample.tree, "\(phase.name)")
                }
                try pod.write("last", "1")
                let last = try pod.tree()
                let save = try pod.run("save")
                #expect(save.exitCode == 0, "\(phase.name): \(save)")
                try pod.expectRestored(last, as: "last", phase.name)
            }
        }
    }

    /// What another pod gets.
    private func restoredTree(_ pod: SnapshotPod, as name: String) throws -> SnapshotTree {
        var other = SnapshotPod(
            storage: pod.storage, repository: pod.repository, directory: pod.directory + "-" + name,
            environment: pod.environment)
        other.environment["SNAPSHOT_DIRECTORY"] = ByteString(other.directory)
        other.environment["POD_NAME"] = ByteString(name)
        let outcome = try other.run("restore")
        #expect(outcome.exitCode == 0, "\(pod.repository): \(outcome)")
        return try other.tree()
    }

    // MARK: faults

    /// What befalls a save, by a name.
    struct Fault: Sendable {
        var name: String
        var rule: Rule
        /// How it ends by itself: what people are told, or nothing where it is done; `nil` where it tries again until
        /// somebody ends it.
        var end: String?
    }

    static let faults: [Fault] = [
        Fault(name: "full", rule: Rule(507, "PUT", "/data/"), end: "is full"),
        Fault(name: "forbidden", rule: Rule(403, "PUT"), end: "refuses the keys"),
        Fault(name: "forbidden-snapshot", rule: Rule(403, "PUT", "/snapshots/"), end: "refuses the keys"),
        Fault(name: "slow-down", rule: Rule(503, retryAfter: 1, "PUT", times: 2), end: ""),
        Fault(name: "failing-once", rule: Rule(500, "PUT", "/data/", times: 1), end: ""),
        Fault(name: "cut-once", rule: Rule(.cutUp, bytes: 100, "PUT", "/data/", times: 1), end: ""),
        Fault(name: "cut-snapshot", rule: Rule(.cutUp, bytes: 100, "PUT", "/snapshots/", times: 1), end: ""),
        Fault(name: "reset-index", rule: Rule(.refuse, "PUT", "/index/", times: 1), end: ""),
        Fault(name: "failing", rule: Rule(500, "PUT", "/data/")),
        Fault(name: "always-slow-down", rule: Rule(503, retryAfter: 1, "PUT", "/data/")),
        Fault(name: "cut", rule: Rule(.cutUp, bytes: 100, "PUT", "/data/")),
        Fault(name: "silent", rule: Rule(.hang, "PUT", "/data/")),
    ]

    @Test func `whatever befalls a save, the last state is there, and the next save is complete`() throws {
        let sample = try SnapshotSample.filled.content()
        let names = Self.faults.map { $0.name }
        try withSnapshots(names, of: .filled) { pods in
            let all = try restored(names, pods)
            for pod in all { try work(pod) }
            try pods.storage.set(Self.faults.map { $0.rule.of($0.name) })
            let saves = try all.map { try $0.start("save") }
            for (save, (pod, fault)) in zip(saves, zip(all, Self.faults)) {
                if fault.end == nil {
                    try waitForData(of: pod)
                    try save.program.signal(SIGTERM)
                }
                let outcome = try save.wait(within: .seconds(40))
                let code: Int32 = fault.end == nil ? 128 + SIGTERM : fault.end == "" ? 0 : 1
                #expect(outcome.exitCode == code, "\(fault.name): \(outcome)")
                let told = fault.end ?? "interrupted"
                #expect(told.isEmpty || outcome.errors.contains(told), "\(fault.name): \(outcome)")
                try pod.expectNoEngine()
            }
            try pods.storage.set()
            for (pod, fault) in zip(all, Self.faults) {
                let tree = try pod.tree()
                if fault.end != "" {
                    try pod.expectRestored(sample.tree, as: "before", fault.name)
                    let save = try pod.run("save")
                    #expect(save.exitCode == 0, "\(fault.name): \(save)")
                }
                try pod.expectRestored(tree, as: "after", fault.name)
            }
        }
    }

    /// Waits until a save has tried to store data, which nobody lets it.
    private func waitForData(of pod: SnapshotPod) throws {
        let limit = ContinuousClock.now + .seconds(30)
        while ContinuousClock.now < limit {
            let traffic = try pod.storage.traffic()
            if pod.repository == "silent" && traffic.paused > 0 { return }
            let place = "/\(pod.repository)/data/"
            if traffic.log.contains(where: { $0.hasPrefix("PUT ") && $0.contains(place) }) { return }
            usleep(50_000)
        }
        throw TestFailure("\(pod.repository): nothing was stored")
    }

    @Test func `what cannot be read is told, and everything else is saved`() throws {
        try withSnapshots(of: .made) { pods in
            let pod = pods.pod()
            try #require(try pod.run("restore").exitCode == 0)
            try pod.fill(files: 10)
            let rest = try pod.tree()
            try pod.write("unreadable", "1", mode: 0)
            let outcome = try pod.run("save")
            #expect(outcome.exitCode == 0 && outcome.errors.contains("warning"), "\(outcome)")
            #expect(outcome.errors.contains("1 file could not be read"), "\(outcome)")
            #expect(outcome.errors.contains("unreadable"), "\(outcome)")
            try pod.expectRestored(rest, as: "b")
            // Nothing but the mode changes, and it is saved with the next one.
            try pod.write("unreadable", "1")
            #expect(try pod.run("save").exitCode == 0)
            try pod.expectRestored(try pod.tree(), as: "c")
        }
    }

    @Test func `a directory that the user has emptied takes no snapshot away`() throws {
        let sample = try SnapshotSample.filled.content()
        try withSnapshots(of: .filled) { pods in
            let pod = try restored(["jane"], pods)[0]
            let files = ["-mindepth", "1", "-maxdepth", "1", "!", "-name", ".entrypoint-snapshot*"]
            let removal = ["-exec", "/bin/rm", "-rf", "{}", "+"]
            let removed = try Program(["/usr/bin/find", pod.directory] + files + removal).run()
            try #require(try removed.exitCode == 0 && pod.names() == [], "\(removed)")
            let outcome = try pod.run("save")
            #expect((outcome.output + outcome.errors).contains("empty"), "\(outcome)")
            let first = try #require(try pod.list().first)
            #expect(try pod.tree(of: first.id).differences(from: sample.tree) == [])
            try pod.write("new", "1")
            #expect(try pod.run("save").exitCode == 0)
            try pod.expectRestored(try pod.tree(), as: "b")
            // Without its state it is a directory of which nothing is known.
            try FileManager.default.removeItem(atPath: pod.directory + "/.entrypoint-snapshot")
            let refused = try pod.run("save")
            #expect(refused.exitCode == 1 && refused.errors.contains("is not saved"), "\(refused)")
        }
    }

    @Test func `a snapshot that others have removed keeps no save from being made`() throws {
        try withSnapshots(of: .filled) { pods in
            let pod = try restored(["jane"], pods)[0]
            try work(pod)
            #expect(try pod.run("save").exitCode == 0)
            let removed = try restic(["forget", try #require(pod.member("snapshot"))], pods).run()
            try #require(removed.exitCode == 0, "\(removed)")
            try pod.write("later", "1")
            let save = try pod.run("save")
            #expect(save.exitCode == 0, "\(save)")
            try pod.expectRestored(try pod.tree(), as: "b")
        }
    }

    @Test func `a removal of old snapshots that was killed keeps nobody from saving`() throws {
        try withSnapshots(of: .filled) { pods in
            let pod = try restored(["jane"], pods)[0]
            try work(pod)
            #expect(try pod.run("save").exitCode == 0)
            try pods.storage.set([Rule(.pause, "DELETE", "/snapshots/").of("jane")])
            let removal = try restic(["forget", "--keep-last", "1", "--group-by", "", "--prune"], pods).start()
            try pods.storage.waitForPauses(1)
            try removal.stop()
            try pods.storage.set()
            try #require(pods.storage.locks(of: "jane") > 0)
            try pod.write("later", "1")
            let save = try pod.run("save")
            #expect(save.exitCode == 0, "\(save)")
            try pod.expectRestored(try pod.tree(), as: "b")
            #expect(pods.storage.locks(of: "jane") == 0)
        }
    }

    /// The engine itself, as somebody with the password uses it.
    private func restic(_ arguments: [String], _ pods: SnapshotPods) throws -> Program {
        var program = Program(["/usr/bin/restic", "--no-cache"] + arguments)
        program.environment = program.environment.with([
            "RESTIC_REPOSITORY": ByteString(pods.storage.address(of: "jane")), "HOME": "/nonexistent",
            "RESTIC_PASSWORD": ByteString(SnapshotPod.password), "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": ByteString(ObjectStorage.accessKey),
            "AWS_SECRET_ACCESS_KEY": ByteString(ObjectStorage.secretKey),
        ])
        return program
    }

    // MARK: requests

    @Test func `what has not changed asks for nothing, and few changes ask for little`() throws {
        try withSnapshots(of: .made) { pods in
            let pod = pods.pod()
            try #require(try pod.run("restore").exitCode == 0)
            try pod.fill(files: 2000)
            try pods.storage.set()
            let first = try pod.run("save")
            #expect(first.exitCode == 0, "\(first)")
            try pods.storage.expectRequests(atMost: 40)
            try pods.storage.set()
            let unchanged = try pod.run("save")
            #expect(unchanged.exitCode == 0 && unchanged.output.contains("has not changed"), "\(unchanged)")
            try pods.storage.expectRequests(atMost: 0)
            for index in 0..<20 { try pod.write("d0/f\(10 + index * 10)", "changed \(index)") }
            let changed = try pod.run("save")
            #expect(changed.exitCode == 0 && changed.output.contains("20 changed"), "\(changed)")
            try pods.storage.expectRequests(atMost: 30)
            let other = pods.pod("b")
            try pods.storage.set()
            #expect(try other.run("restore").exitCode == 0)
            try pods.storage.expectRequests(atMost: 40)
            try pods.storage.set()
            let same = try other.run("save")
            #expect(same.output.contains("has not changed"), "\(same)")
            try pods.storage.expectRequests(atMost: 0)
            #expect(try other.tree().differences(from: pod.tree()) == [])
        }
    }
}
