import Foundation
import Glibc
import TestSupport
import Testing

/// Several pods with the same repository, one after the other or at once, on the same node's disk or on others.
@Suite(.containers)
struct SnapshotPodTests {
    /// A pod that has restored what there is.
    private func begin(_ name: String, _ pods: SnapshotPods) throws -> SnapshotPod {
        let pod = pods.pod(name)
        let outcome = try pod.run("restore")
        try #require(outcome.exitCode == 0, "\(outcome)")
        return pod
    }

    /// The same directory in a later pod.
    private func successor(of pod: SnapshotPod, _ name: ByteString) -> SnapshotPod {
        var later = pod
        later.environment["POD_NAME"] = name
        return later
    }

    @Test func `two pods that save at once lose nothing, and each is told of the other`() throws {
        try withSnapshots(of: .filled) { pods in
            let both = [try begin("pod-a", pods), try begin("pod-b", pods)]
            for (pod, name) in zip(both, ["of-a", "of-b"]) { try pod.write(name, name) }
            let trees = try both.map { try $0.tree() }
            let saves = try both.map { try $0.start("save") }
            let outcomes = try saves.map { try $0.wait() }
            #expect(outcomes.allSatisfy { $0.exitCode == 0 }, "\(outcomes)")
            // The one that looks last sees both; the other one may have looked too early.
            let told = outcomes.filter { $0.errors.contains("another pod saves this directory") }
            #expect(!told.isEmpty, "\(outcomes)")
            for outcome in told {
                #expect(outcome.errors.contains("by pod-a") && outcome.errors.contains("by pod-b"), "\(outcome)")
            }
            let saved = try both[0].list()
            #expect(saved.map { $0.host }.sorted() == ["first", "pod-a", "pod-b"])
            for (name, tree) in zip(["pod-a", "pod-b"], trees) {
                let own = try #require(saved.last { $0.host == name })
                #expect(try both[0].tree(of: own.id).differences(from: tree) == [])
            }
        }
    }

    @Test func `a container that starts again finds its directory as it has left it`() throws {
        try withSnapshots(of: .filled) { pods in
            let pod = try begin("pod-a", pods)
            try pod.write("newer", "1")
            try pod.write("d0/f0", "newer")
            let tree = try pod.tree()
            try pods.storage.set()
            let again = try pod.run("restore")
            #expect(again.exitCode == 0 && again.output.contains("as this pod has left it"), "\(again)")
            #expect(try pod.tree() == tree)
            try pods.storage.expectRequests(atMost: 0)
            // Not even another pod's newer snapshot.
            let other = try begin("pod-b", pods)
            try other.write("of-b", "1")
            #expect(try other.run("save").exitCode == 0)
            #expect(try pod.run("restore").exitCode == 0)
            #expect(try pod.tree() == tree)
            let save = try pod.run("save")
            #expect(save.exitCode == 0 && save.errors.contains("another pod saves this directory"), "\(save)")
        }
    }

    @Test func `a node's disk with an older copy gets the newer snapshot`() throws {
        try withSnapshots(of: .filled) { pods in
            let here = try begin("pod-a", pods)
            let elsewhere = try begin("pod-b", pods)
            try elsewhere.write("newer", "1")
            try FileManager.default.removeItem(atPath: elsewhere.directory + "/big")
            #expect(try elsewhere.run("save").exitCode == 0)
            let later = successor(of: here, "pod-c")
            let outcome = try later.run("restore")
            #expect(outcome.exitCode == 0 && later.state() == "restored", "\(outcome)")
            #expect(try later.tree().differences(from: elsewhere.tree()) == [])
            #expect(try later.ownNames() == [".entrypoint-snapshot", ".entrypoint-snapshot.cache"])
        }
    }

    @Test func `a node's disk with work that nobody else has stays, and both are kept`() throws {
        try withSnapshots(of: .filled) { pods in
            let here = try begin("pod-a", pods)
            let elsewhere = try begin("pod-b", pods)
            try elsewhere.write("newer", "1")
            #expect(try elsewhere.run("save").exitCode == 0)
            try here.write("only-here", "1")
            let tree = try here.tree()
            let later = successor(of: here, "pod-c")
            let outcome = try later.run("restore")
            #expect(outcome.exitCode == 0 && outcome.errors.contains("only this node has"), "\(outcome)")
            #expect(try later.tree() == tree)
            let newest = try #require(try later.list().last)
            #expect(try later.run("save").exitCode == 0)
            try later.expectRestored(tree, as: "pod-d")
            #expect(try later.tree(of: newest.id).differences(from: elsewhere.tree()) == [])
        }
    }

    @Test func `a node's disk where nothing was ever saved gets what another pod has saved`() throws {
        try withSnapshots(of: .made) { pods in
            let here = try begin("pod-a", pods)
            let elsewhere = try begin("pod-b", pods)
            try elsewhere.fill(files: 10)
            #expect(try elsewhere.run("save").exitCode == 0)
            let later = successor(of: here, "pod-c")
            let outcome = try later.run("restore")
            #expect(outcome.exitCode == 0 && !outcome.errors.contains("only this node has"), "\(outcome)")
            #expect(try later.tree().differences(from: elsewhere.tree()) == [])
        }
    }

    @Test func `the pod whose clock is behind does not lose its work to an earlier snapshot`() throws {
        try withSnapshots(of: .filled) { pods in
            let first = try begin("pod-a", pods)
            var ahead = Program([
                "/usr/bin/restic", "--no-cache", "backup", "--host", "pod-x", "--tag", "entrypoint-snapshot", "--time",
                "2040-01-01 00:00:00", "--exclude", ".entrypoint-snapshot*", ".",
            ])
            ahead.directory = first.directory
            ahead.environment = ahead.environment.with([
                "RESTIC_REPOSITORY": ByteString(pods.storage.address(of: "jane")), "HOME": "/nonexistent",
                "RESTIC_PASSWORD": ByteString(SnapshotPod.password), "AWS_DEFAULT_REGION": "us-east-1",
                "AWS_ACCESS_KEY_ID": ByteString(ObjectStorage.accessKey),
                "AWS_SECRET_ACCESS_KEY": ByteString(ObjectStorage.secretKey),
            ])
            let made = try ahead.run()
            try #require(made.exitCode == 0, "\(made)")
            let second = try begin("pod-b", pods)
            try second.write("later", "1")
            #expect(try second.run("save").exitCode == 0)
            try second.expectRestored(try second.tree(), as: "pod-c")
        }
    }

    @Test func `what a file system has for itself at its top is neither saved nor in the way`() throws {
        try withSnapshots(of: .made) { pods in
            let pod = try begin("pod-a", pods)
            try pod.fill(files: 10)
            let tree = try pod.tree()
            try pod.makeDirectory("lost+found", mode: 0o700)
            try check(chown(pod.directory + "/lost+found", 0, 0), "chown", "lost+found")
            let save = try pod.run("save")
            #expect(save.exitCode == 0 && save.errors == "", "\(save)")
            #expect(try pod.run("save").output.contains("has not changed"))
            let other = pods.pod("pod-b")
            try other.makeDirectory("")
            try other.makeDirectory("lost+found", mode: 0o700)
            let restore = try other.run("restore")
            #expect(restore.exitCode == 0, "\(restore)")
            try FileManager.default.removeItem(atPath: other.directory + "/lost+found")
            #expect(try other.tree().differences(from: tree) == [])
        }
    }
}
