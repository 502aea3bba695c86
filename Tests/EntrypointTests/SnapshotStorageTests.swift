import Foundation
import Glibc
import TestSupport
import Testing

/// Nothing that a snapshot has is lost, whatever happens to the storage or to the program: what a restore does then, and
/// what the directory may be used for afterwards. What happens to saves is in `SnapshotSaveTests`.
@Suite(.containers)
struct SnapshotStorageTests {
    typealias Rule = ObjectStorage.Rule

    /// The time in which a start tells that it does not get an answer.
    static let patience = Duration.seconds(15)

    // MARK: starts

    @Test func `a repository that nobody has made proves nothing, and one without snapshots that a directory is new`()
        throws
    {
        try withSnapshots([]) { pods in
            let pod = pods.pod()
            let early = try pod.run("restore")
            #expect(early.exitCode == 1 && early.errors.contains("snapshot init"), "\(early)")
            #expect(pod.state() == "incomplete")
            try pod.write("mine", "1")
            let refused = try pod.run("save")
            #expect(refused.exitCode == 1 && refused.errors.contains("is not saved"), "\(refused)")
            #expect(try pods.storage.content(of: "jane") == [:])
            let made = try pod.run("init")
            #expect(made.exitCode == 0, "\(made)")
            let again = try pod.run("init")
            #expect(again.exitCode == 1 && again.errors.contains("there is one already"), "\(again)")
            let fresh = try pod.run("restore")
            #expect(fresh.exitCode == 0 && fresh.output.contains("is new"), "\(fresh)")
            #expect(pod.state() == "fresh")
            #expect(try pod.run("save").exitCode == 0)
            try pod.expectRestored(try pod.tree(), as: "b")
        }
    }

    @Test func `a repository that may be made at the start is made, and a bucket is not`() throws {
        try withSnapshots([]) { pods in
            var pod = pods.pod()
            pod.environment["SNAPSHOT_CREATE"] = "true"
            let outcome = try pod.run("restore")
            #expect(outcome.exitCode == 0 && pod.state() == "fresh", "\(outcome)")
            var lost = pods.pod("b")
            lost.environment["SNAPSHOT_CREATE"] = "true"
            let address = pods.storage.address(of: "jane")
            lost.environment["SNAPSHOT_REPOSITORY"] = ByteString(
                address.replacingOccurrences(of: "/\(ObjectStorage.bucket)/", with: "/nowhere/"))
            let refused = try lost.run("restore")
            #expect(refused.exitCode == 1 && refused.errors.contains("bucket does not exist"), "\(refused)")
            #expect(lost.state() == "incomplete")
        }
    }

    /// Something that keeps a start from knowing what there is.
    struct Obstacle: Sendable {
        var name: String
        var rules: [Rule] = []
        /// A variable of the pod's, and the secret that it names.
        var secret: (variable: String, file: String)?
        /// What people are told, among others.
        var told: String

        init(_ name: String, _ rules: Rule..., secret: (String, String)? = nil, told: String) {
            (self.name, self.rules, self.told) = (name, rules, told)
            self.secret = secret.map { ($0.0, $0.1) }
        }
    }

    static let obstacles: [Obstacle] = [
        Obstacle("down", told: "cannot open"),
        Obstacle("reset", Rule(.refuse), told: "cannot open"),
        Obstacle("silent", Rule(.hang), told: "does not answer"),
        Obstacle("silent-key", Rule(.hang, "GET", "/keys/"), told: "does not answer"),
        Obstacle("silent-list", Rule(.hang, "GET", "prefix=snapshots"), told: "does not answer"),
        Obstacle("forbidden", Rule(403), told: "refuses the keys"),
        Obstacle("forbidden-list", Rule(403, "GET", "prefix=snapshots"), told: "refuses the keys"),
        Obstacle("forbidden-snapshot", Rule(403, "GET", "/snapshots/"), told: "refuses the keys"),
        Obstacle("absent-snapshot", Rule(404, "GET", "/snapshots/"), told: "cannot open"),
        Obstacle("failing", Rule(500), told: "cannot open"),
        Obstacle("slow-down", Rule(503, retryAfter: 1), told: "cannot open"),
        Obstacle("cut-list", Rule(.cutDown, bytes: 50, "GET", "prefix=snapshots"), told: "cannot open"),
        Obstacle("cut-snapshot", Rule(.cutDown, bytes: 50, "GET", "/snapshots/"), told: "cannot open"),
        Obstacle("corrupt-key", Rule(.corrupt, at: 100, bytes: 40, "GET", "/keys/"), told: "cannot open"),
        Obstacle(
            "corrupt-snapshot", Rule(.corrupt, at: 20, bytes: 3, "GET", "/snapshots/"), told: "0 of them can be read"),
        Obstacle("password", secret: ("SNAPSHOT_PASSWORD_FILE", "wrong"), told: "the password is not the repository's"),
        Obstacle("access-key", secret: ("SNAPSHOT_ACCESS_KEY_FILE", "wrong"), told: "refuses the keys"),
        Obstacle("secret-key", secret: ("SNAPSHOT_SECRET_KEY_FILE", "wrong"), told: "refuses the keys"),
    ]

    // All at once, because most of it is waiting.
    @Test func `a start that does not know what there is says so in time, and saves nothing`() throws {
        let names = Self.obstacles.map { $0.name }
        let sample = try SnapshotSample.filled.content()
        try withSnapshots(names, of: .filled) { pods in
            var before: [String: [String: Data]] = [:]
            for name in names { before[name] = try pods.storage.content(of: name) }
            try pods.storage.set(Self.obstacles.flatMap { obstacle in obstacle.rules.map { $0.of(obstacle.name) } })
            let starts = try Self.obstacles.map { obstacle in
                var pod = pods.pod(of: obstacle.name)
                if let secret = obstacle.secret {
                    pod.environment[ByteString(secret.variable)] = pods.secret(secret.file)
                }
                if obstacle.name == "down" {
                    pod.environment["SNAPSHOT_REPOSITORY"] = "s3:http://127.0.0.1:1/bucket/down"
                }
                return (obstacle, pod, try pod.start("restore"))
            }
            for (obstacle, pod, start) in starts {
                let outcome = try start.wait()
                let name = obstacle.name
                #expect(outcome.exitCode == 1 && outcome.errors.contains(obstacle.told), "\(name): \(outcome)")
                #expect(!outcome.errors.contains("signal interrupt received"), "\(name): \(outcome)")
                #expect(outcome.duration < Self.patience, "\(name): \(outcome)")
                #expect(pod.state() == "incomplete", "\(name)")
                #expect(try pod.names() == [], "\(name)")
                try pod.write("new", "of the user")
                let save = try pod.run("save")
                #expect(save.exitCode == 1 && save.errors.contains("is not saved"), "\(name): \(save)")
                #expect(try pods.storage.content(of: name) == before[name], "\(name)")
                try FileManager.default.removeItem(atPath: pod.directory + "/new")
            }
            // Once the storage is well again, and the pod has the right secrets, in the same directory.
            try pods.storage.set()
            let later = try names.map { name in (pods.pod(of: name), try pods.pod(of: name).start("restore")) }
            for (pod, start) in later where pod.repository != "down" {
                let outcome = try start.wait()
                #expect(outcome.exitCode == 0 && pod.state() == "restored", "\(pod.repository): \(outcome)")
                #expect(try pod.tree().differences(from: sample.tree) == [], "\(pod.repository)")
            }
        }
    }

    /// What passes by itself, by a name.
    static let passing: [(name: String, rule: Rule)] = [
        ("slow-down", Rule(503, retryAfter: 1, times: 2)),
        ("slow-down-data", Rule(503, retryAfter: 1, "GET", "/data/", times: 2)),
        ("failing-data", Rule(500, "GET", "/data/", times: 2)),
        ("cut-snapshot", Rule(.cutDown, bytes: 50, "GET", "/snapshots/", times: 1)),
        ("cut-data", Rule(.cutDown, bytes: 5000, "GET", "/data/", times: 1)),
        ("cut-list", Rule(.cutDown, bytes: 50, "GET", "prefix=snapshots", times: 1)),
        ("reset-data", Rule(.refuse, "GET", "/data/", times: 1)),
    ]

    @Test func `what passes by itself does not keep anything from being restored`() throws {
        let sample = try SnapshotSample.filled.content()
        try withSnapshots(Self.passing.map { $0.name }, of: .filled) { pods in
            try pods.storage.set(Self.passing.map { $0.rule.of($0.name) })
            let all = Self.passing.map { pods.pod(of: $0.name) }
            for (pod, start) in try all.map({ ($0, try $0.start("restore")) }) {
                let outcome = try start.wait()
                #expect(outcome.exitCode == 0, "\(pod.repository): \(outcome)")
                #expect(try pod.tree().differences(from: sample.tree) == [], "\(pod.repository): \(outcome)")
            }
        }
    }

    // MARK: restores

    /// What ends a restore, by a name.
    static let spoiling: [(name: String, rule: Rule, told: String)] = [
        ("corrupt-data", Rule(.corrupt, at: 100, bytes: 3, "GET", "/data/"), "cannot restore"),
        ("corrupt-index", Rule(.corrupt, at: 20, bytes: 3, "GET", "/index/"), "cannot restore"),
        ("forbidden-data", Rule(403, "GET", "/data/"), "refuses the keys"),
    ]

    @Test func `a restore of objects that cannot be had leaves nothing, and a later one brings all`() throws {
        let sample = try SnapshotSample.filled.content()
        try withSnapshots(Self.spoiling.map { $0.name }, of: .filled) { pods in
            try pods.storage.set(Self.spoiling.map { $0.rule.of($0.name) })
            let starts = try Self.spoiling.map { spoiling in
                let pod = pods.pod(of: spoiling.name)
                return (spoiling.told, pod, try pod.start("restore"))
            }
            for (told, pod, start) in starts {
                let outcome = try start.wait()
                #expect(outcome.exitCode == 1 && outcome.errors.contains(told), "\(pod.repository): \(outcome)")
                #expect(try pod.names() == [] && pod.state() == "incomplete", "\(pod.repository)")
                #expect(try !pod.ownNames().contains(".entrypoint-snapshot.restore"), "\(pod.repository)")
                #expect(try pod.run("save").exitCode == 1, "\(pod.repository)")
            }
            try pods.storage.set()
            for (_, pod, _) in starts {
                let outcome = try pod.run("restore")
                #expect(outcome.exitCode == 0, "\(pod.repository): \(outcome)")
                #expect(try pod.tree().differences(from: sample.tree) == [], "\(pod.repository)")
            }
        }
    }

    @Test func `a restore that fills the disk says so, and leaves nothing`() throws {
        let sample = try SnapshotSample.filled.content()
        try withSnapshots(of: .filled) { pods in
            let pod = pods.pod()
            try pod.makeDirectory("")
            try Mounts.mount("tmpfs", from: "disk", on: pod.directory, options: "size=1m,uid=1000,gid=2000,mode=0755")
            let outcome = try pod.run("restore")
            #expect(outcome.exitCode == 1 && outcome.errors.contains("no space left"), "\(outcome)")
            #expect(try pod.names() == [] && pod.state() == "incomplete")
            #expect(try !pod.ownNames().contains(".entrypoint-snapshot.restore"))
            #expect(try pod.run("save").exitCode == 1)
            try Mounts.unmount(pod.directory)
            let later = try pod.run("restore")
            #expect(later.exitCode == 0, "\(later)")
            #expect(try pod.tree().differences(from: sample.tree) == [])
        }
    }

    /// Where a restore is held when it is killed, by a name.
    static let phases: [(name: String, rule: Rule)] = [
        ("config", Rule(.pause, "GET", "/config")), ("key", Rule(.pause, "GET", "/keys/")),
        ("snapshot", Rule(.pause, "GET", "/snapshots/")), ("index", Rule(.pause, "GET", "/index/")),
        ("data", Rule(.pause, "GET", "/data/")), ("data-late", late(Rule(.pause, "GET", "/data/"))),
        ("data-second", skipping(1, Rule(.pause, "GET", "/data/"))),
    ]

    static func late(_ rule: Rule) -> Rule {
        var rule = rule
        rule.isLate = true
        return rule
    }

    static func skipping(_ count: Int, _ rule: Rule) -> Rule {
        var rule = rule
        rule.skip = count
        return rule
    }

    @Test(arguments: [SIGKILL, SIGTERM])
    func `a restore that is ended at any phase leaves nothing, and the next one brings all`(signal: Int32) throws {
        let sample = try SnapshotSample.filled.content()
        let names = Self.phases.map { $0.name }
        try withSnapshots(names, of: .filled) { pods in
            try pods.storage.set(Self.phases.map { $0.rule.of($0.name) })
            let starts = try names.map { (pods.pod(of: $0), try pods.pod(of: $0).start("restore")) }
            try pods.storage.waitForPauses(names.count)
            for (pod, start) in starts {
                #expect(try pod.names() == [], "\(pod.repository)")
                try start.program.signal(signal)
                let outcome = try start.wait(within: .seconds(20))
                #expect(outcome.exitCode == 128 + signal, "\(pod.repository): \(outcome)")
                try pod.expectNoEngine()
                #expect(try pod.names() == [], "\(pod.repository)")
                #expect(try pod.run("save").exitCode == 1, "\(pod.repository)")
            }
            try pods.storage.set()
            for (pod, start) in try names.map({ (pods.pod(of: $0), try pods.pod(of: $0).start("restore")) }) {
                let outcome = try start.wait()
                #expect(outcome.exitCode == 0 && pod.state() == "restored", "\(pod.repository): \(outcome)")
                #expect(try pod.tree().differences(from: sample.tree) == [], "\(pod.repository)")
                #expect(try pod.ownNames().filter { $0.hasSuffix("restore") || $0.contains(".old") } == [])
            }
        }
    }

    @Test func `a restore that is killed while it moves what it has goes on at the next start`() throws {
        let sample = try SnapshotSample.filled.content()
        try withSnapshots(of: .filled) { pods in
            let pod = pods.pod()
            #expect(try pod.run("restore").exitCode == 0)
            // What a kill between two moves leaves.
            let file = pod.directory + "/.entrypoint-snapshot"
            let state = try String(contentsOfFile: file, encoding: .utf8)
            let placing = state.replacingOccurrences(of: "\"state\":\"restored\"", with: "\"state\":\"placing\"")
            try pod.write(".entrypoint-snapshot", placing)
            try #require(pod.state() == "placing")
            try pod.makeDirectory(".entrypoint-snapshot.restore", mode: 0o700)
            for name in ["big", "d0", "fifo", "link", "locked"] {
                try FileManager.default.moveItem(
                    atPath: "\(pod.directory)/\(name)", toPath: "\(pod.directory)/.entrypoint-snapshot.restore/\(name)")
            }
            #expect(try pod.run("save").exitCode == 1)
            let outcome = try pod.run("restore")
            #expect(outcome.exitCode == 0 && pod.state() == "restored", "\(outcome)")
            #expect(try pod.tree().differences(from: sample.tree) == [])
        }
    }

    @Test func `a restore of which nothing comes any more ends with its time`() throws {
        let sample = try SnapshotSample.filled.content()
        try withSnapshots(of: .filled) { pods in
            var pod = pods.pod()
            pod.environment["SNAPSHOT_RESTORE_TIMEOUT"] = "3"
            try pods.storage.set([Rule(.hang, "GET", "/data/")])
            let outcome = try pod.run("restore")
            #expect(outcome.exitCode == 1 && outcome.errors.contains("restoreTimeout"), "\(outcome)")
            #expect(outcome.duration < Self.patience, "\(outcome)")
            #expect(try pod.names() == [] && pod.state() == "incomplete")
            try pods.storage.set()
            pod.environment["SNAPSHOT_RESTORE_TIMEOUT"] = nil
            #expect(try pod.run("restore").exitCode == 0)
            #expect(try pod.tree().differences(from: sample.tree) == [])
        }
    }

    @Test func `files that no snapshot explains are neither mixed with one nor saved, unless somebody keeps them`()
        throws
    {
        let sample = try SnapshotSample.filled.content()
        try withSnapshots(of: .filled) { pods in
            let pod = pods.pod()
            try pod.makeDirectory("")
            try pod.write("mine", "1")
            let tree = try pod.tree()
            let outcome = try pod.run("restore")
            #expect(outcome.exitCode == 1 && outcome.errors.contains("mine"), "\(outcome)")
            #expect(try pod.tree() == tree && pod.state() == "incomplete")
            #expect(try pod.run("save").exitCode == 1)
            try pod.expectRestored(sample.tree, as: "b")
            let kept = try pod.run("restore", "--keep")
            #expect(kept.exitCode == 0 && pod.state() == "restored", "\(kept)")
            #expect(try pod.run("save").exitCode == 0)
            try pod.expectRestored(tree, as: "b")
        }
    }

    @Test func `a state that is not understood, or is another repository's, ends everything`() throws {
        try withSnapshots(["jane", "joe"], of: .filled) { pods in
            var pod = pods.pod()
            #expect(try pod.run("restore").exitCode == 0)
            let tree = try pod.tree()
            pod.environment["SNAPSHOT_REPOSITORY"] = ByteString(pods.storage.address(of: "joe"))
            for command: ByteString in ["restore", "save"] {
                let outcome = try pod.run(command)
                #expect(outcome.exitCode == 1 && outcome.errors.contains("belongs to the repository"), "\(outcome)")
            }
            try pod.write(".entrypoint-snapshot", "{\"version\":7}")
            for command: ByteString in ["restore", "save"] {
                let outcome = try pod.run(command)
                #expect(outcome.exitCode == 1 && outcome.errors.contains("is not understood"), "\(outcome)")
            }
            #expect(try pod.tree() == tree)
        }
    }
}
