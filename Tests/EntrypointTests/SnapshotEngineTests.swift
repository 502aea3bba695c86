import Foundation
import Glibc
import TestSupport
import Testing

/// The lesser engines, and what is done with a repository by hand.
@Suite(.containers)
struct SnapshotEngineTests {
    @Test func `an archive keeps everything, and counts only with its mark`() throws {
        try withSnapshots { pods in
            let engine: Environment = ["SNAPSHOT_ENGINE": "archive"]
            var pod = pods.pod("pod-a")
            pod.environment = pod.environment.with(engine)
            #expect(try pod.run("restore").errors.contains("there is none"))
            #expect(try pod.run("init").exitCode == 0)
            #expect(try pod.run("init").errors.contains("there is one already"))
            #expect(try pod.run("restore").exitCode == 0)
            try pod.fill(files: 100)
            let saved = try pod.run("save")
            #expect(saved.exitCode == 0, "\(saved)")
            let first = try pod.tree()
            try pod.expectRestored(first, as: "pod-b")
            try pod.write("later", "1")
            // An archive whose writer was killed looks complete.
            try pods.storage.set([ObjectStorage.Rule(403, "PUT", "\\.ok")])
            let cut = try pod.run("save")
            #expect(cut.exitCode == 1, "\(cut)")
            try pods.storage.set()
            try pod.expectRestored(first, as: "pod-c")
            #expect(try pod.run("save").exitCode == 0)
            try pod.expectRestored(try pod.tree(), as: "pod-d")
            #expect(Set(try pod.list().map { $0.id.prefix(8) }).count == 2)
        }
    }

    @Test func `a mirror has the files, and what a save replaces is kept aside`() throws {
        try withSnapshots { pods in
            var pod = pods.pod("pod-a")
            pod.environment = pod.environment.with(["SNAPSHOT_ENGINE": "mirror"])
            #expect(try pod.run("init").exitCode == 0)
            #expect(try pod.run("restore").exitCode == 0)
            try pod.makeDirectory("sub")
            for (name, content) in [("a", "one"), ("sub/b", "two"), (".cache", "no")] { try pod.write(name, content) }
            let saved = try pod.run("save")
            #expect(saved.exitCode == 0, "\(saved)")
            unlink("\(pod.directory)/a")
            try pod.write("sub/b", "three")
            #expect(try pod.run("save").exitCode == 0)
            let stored = try pods.storage.content(of: "jane")
            #expect(stored["files/sub/b"] == Data("three".utf8) && stored["files/a"] == nil)
            #expect(stored.contains { $0.key.hasPrefix("replaced/") && $0.key.hasSuffix("/a") })
            #expect(!stored.keys.contains { $0.contains(".cache") || $0.contains("entrypoint-snapshot") })
            var other = pods.pod("pod-b")
            other.environment = other.environment.with(["SNAPSHOT_ENGINE": "mirror"])
            #expect(try other.run("restore").exitCode == 0)
            #expect(try other.names() == ["sub"])
            #expect(FileManager.default.contents(atPath: "\(other.directory)/sub/b") == Data("three".utf8))
        }
    }

    @Test(arguments: ["archive", "mirror"]) func `where the storage does not answer, nothing is saved`(
        engine: ByteString
    )
        throws
    {
        try withSnapshots { pods in
            var pod = pods.pod("pod-a")
            pod.environment = pod.environment.with(["SNAPSHOT_ENGINE": engine])
            #expect(try pod.run("init").exitCode == 0)
            try pods.storage.set([ObjectStorage.Rule(.hang)])
            let outcome = try pod.run("restore")
            #expect(outcome.exitCode == 1 && outcome.duration < .seconds(16), "\(outcome)")
            try pods.storage.resume()
            try pods.storage.set()
            try pod.write("mine", "1")
            let save = try pod.run("save")
            #expect(save.exitCode == 1 && save.errors.contains("is not saved"), "\(save)")
        }
    }

    @Test func `what rclone has mirrored is taken over, once`() throws {
        try withSnapshots(of: .made) { pods in
            let mirror = pods.storage.directory(of: "old")
            try FileManager.default.createDirectory(atPath: mirror + "/sub", withIntermediateDirectories: true)
            try Data("work".utf8).write(to: URL(fileURLWithPath: mirror + "/sub/file"))
            let pod = pods.pod("pod-a")
            let address = ByteString(pods.storage.address(of: "old"))
            let taken = try pod.run("restore", "--from-mirror", address)
            #expect(taken.exitCode == 0 && taken.output.contains("took over 1 file"), "\(taken)")
            #expect(FileManager.default.contents(atPath: "\(pod.directory)/sub/file") == Data("work".utf8))
            let again = try pod.run("restore", "--from-mirror", address)
            #expect(again.exitCode == 1 && again.errors.contains("is not empty"), "\(again)")
            #expect(try pod.run("save").exitCode == 0)
            try pod.expectRestored(try pod.tree(), as: "pod-b")
            let nothing = try pods.pod("pod-c", of: "jane").run(
                "restore", "--from-mirror", ByteString(pods.storage.address(of: "none")))
            #expect(nothing.exitCode == 1, "\(nothing)")
        }
    }

    @Test func `a part of a snapshot of any time comes beside, and two of them are compared`() throws {
        try withSnapshots(of: .filled) { pods in
            let pod = pods.pod("pod-a")
            #expect(try pod.run("restore").exitCode == 0)
            try pod.makeDirectory("src")
            try pod.write("src/main.py", "print()")
            #expect(try pod.run("save").exitCode == 0)
            let ids = try pod.list().map { ByteString($0.id) }
            try #require(ids.count == 2)
            let difference = try pod.run("diff", ids[0])
            #expect(difference.exitCode == 0 && difference.output.contains("/src/main.py"), "\(difference)")
            let (target, other) = ("\(pod.directory)-part", "\(pod.directory)-other")
            for path in [target, other] {
                try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
                chown(path, 1000, 2000)
            }
            let part = try pod.run("restore", "--path", "src/main.py", "--to", ByteString(target))
            #expect(part.exitCode == 0, "\(part)")
            #expect(FileManager.default.contents(atPath: "\(target)/src/main.py") == Data("print()".utf8))
            let full = try pod.run("restore", "--to", ByteString(target))
            #expect(full.exitCode == 1 && full.errors.contains("directory not empty"), "\(full)")
            for (arguments, told) in [
                (["restore", "--at", "ffffffff", "--to", ByteString(other)], "there is no snapshot ffffffff"),
                (["restore", "--at", "1999-01-01", "--to", ByteString(other)], "there is no snapshot 1999-01-01"),
                (["restore", "--path", "no/such", "--to", ByteString(other)], "has no /no/such"),
                (["diff", "ffffffff"], "there is no snapshot ffffffff"),
            ] as [([ByteString], String)] {
                let run = try pod.run(arguments)
                #expect(run.exitCode == 1 && run.errors.contains(told), "\(run)")
            }
        }
    }

    @Test func `a purge removes the snapshots, and the directory is saved no more`() throws {
        try withSnapshots(of: .filled) { pods in
            let pod = pods.pod("pod-a")
            #expect(try pod.run("restore").exitCode == 0)
            let unasked = try pod.run("purge")
            #expect(unasked.exitCode == 1 && unasked.errors.contains("use --yes"), "\(unasked)")
            #expect(try pod.list().count == 1)
            let purged = try pod.run("purge", "--yes")
            #expect(purged.exitCode == 0 && purged.output.contains("removed 1 snapshot"), "\(purged)")
            #expect(try pod.list().isEmpty)
            try pod.write("more", "1")
            #expect(try pod.run("save").exitCode == 1)
            #expect(try pod.run("restore", "--keep").exitCode == 0)
            #expect(try pod.run("save").exitCode == 0)
        }
    }
}
