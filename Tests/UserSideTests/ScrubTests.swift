import Foundation
import Glibc
import Linux
import TestSupport
import Testing

@testable import UserSide

/// A scrub below a folder that is shown as `/`: what is found, and what is removed.
struct ScrubTests {
    /// A folder with a home and what lies elsewhere.
    private final class Folder {
        let temporary: TemporaryDirectory
        var search: ScrubSearch

        init() throws {
            temporary = try TemporaryDirectory()
            search = try ScrubSearch(in: FileTree(root: temporary.path))
            search.homes = ["/home/jane"]
            try directory("home/jane")
        }

        func at(_ path: String) -> String { temporary.path.appending(path).string }

        func directory(_ path: String) throws {
            try FileManager.default.createDirectory(atPath: at(path), withIntermediateDirectories: true)
        }

        /// Makes a file with what is above it.
        @discardableResult
        func file(_ path: String, _ content: String = "secret") throws -> String {
            try directory(String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]))
            try Data(content.utf8).write(to: URL(fileURLWithPath: at(path)))
            return at(path)
        }

        func content(_ path: String) -> String? {
            FileManager.default.contents(atPath: at(path)).map { String(decoding: $0, as: UTF8.self) }
        }

        func exists(_ path: String) -> Bool {
            var status = stat()
            return lstat(at(path), &status) == 0
        }

        /// The paths that a search finds.
        var found: [String] { search.run().items.map { $0.path.string } }

        /// Removes what a search finds.
        func remove(after meanwhile: () -> Void = {}) -> ScrubText {
            let findings = search.run()
            meanwhile()
            var text = ScrubText(findings, [], [])
            text.remove(by: search, nil)
            return text
        }
    }

    @Test func `files, patterns and directories are found in each home, in the cache of models and in the root`() throws
    {
        let folder = try Folder()
        folder.search.homes += ["/root", "/nowhere"]
        folder.search.models = ["/scratch/hf_cache"]
        folder.search.also = [("/opt/a b*", "--also", true), ("/opt/none", "--also", true)]
        for path in [
            "home/jane/.ssh/id_rsa", "home/jane/.bash_history", "home/jane/kept", "root/.netrc",
            "home/jane/.config/kept",
            "scratch/hf_cache/token", "scratch/hf_cache/hub/model", "tmp/ssh-abc/agent.1", "tmp/kept", "opt/a b*",
            "opt/a bc", "home/jane/.local/share/jupyter/x_secret", "home/jane/.ipython/profile_x/history.sqlite",
        ] { try folder.file(path) }
        #expect(
            folder.found == [
                "/home/jane/.bash_history", "/home/jane/.ipython/profile_x/history.sqlite",
                "/home/jane/.local/share/jupyter/x_secret", "/home/jane/.ssh", "/opt/a b*", "/root/.netrc",
                "/scratch/hf_cache/token", "/tmp/ssh-abc",
            ])
        let text = folder.remove()
        #expect(text.problems == [] && text.notes == [])
        #expect(text.summary == "removed 8 files, 8 of them overwritten\n")
        #expect(folder.found == [] && folder.content("home/jane/kept") == "secret" && folder.content("tmp/kept") != nil)
        #expect(folder.content("opt/a bc") != nil && folder.content("scratch/hf_cache/hub/model") != nil)
        #expect(ScrubText(folder.search.run(), [], []).summary == "nothing to remove\n")
    }

    @Test func `the content of a file that somebody has open is zeros afterwards`() throws {
        let folder = try Folder()
        let path = try folder.file("home/jane/.netrc", String(repeating: "x", count: 3_000_000))
        let open = try #require(FileHandle(forReadingAtPath: path))
        _ = folder.remove()
        let left = try #require(try open.readToEnd())
        #expect(left.count == 3_000_000 && left.allSatisfy { $0 == 0 } && !folder.exists("home/jane/.netrc"))
    }

    @Test func `a link is removed itself, and what it leads to stays`() throws {
        let folder = try Folder()
        try folder.file("etc/shadow", "root:*")
        try folder.directory("etc/dir")
        try folder.directory("home/jane/.ssh")
        try folder.directory("home/jane/.config")
        for (link, target) in [
            ("home/jane/.ssh/id_rsa", "../../../etc/shadow"), ("home/jane/.aws", "/etc/dir"),
            ("home/jane/.netrc", "/etc/shadow"), ("home/jane/.config/gcloud", "../../../etc"),
        ] { #expect(symlink(target, folder.at(link)) == 0) }
        #expect(folder.search.run().items.map(\.what).contains("link to /etc/shadow"))
        let text = folder.remove()
        #expect(text.problems == [] && folder.found == [])
        #expect(folder.content("etc/shadow") == "root:*" && folder.exists("etc/dir"))
    }

    @Test func `a link above a place is not followed, and told`() throws {
        let folder = try Folder()
        try folder.file("elsewhere/.netrc")
        try folder.file("elsewhere/pip/pip.conf")
        #expect(symlink("/elsewhere", folder.at("home/bob")) == 0)
        #expect(symlink("/elsewhere", folder.at("home/jane/.config")) == 0)
        folder.search.homes.append("/home/bob")
        let findings = folder.search.run()
        #expect(findings.items == [])
        #expect(findings.notes.contains("/home/bob was not searched: a symbolic link leads there"))
        #expect(findings.notes.contains("/home/jane/.config was not searched: it is a symbolic link"))
    }

    @Test func `a file with another name is not overwritten, and counts as a failure`() throws {
        let folder = try Folder()
        let victim = try folder.file("etc/passwd", "root:x:0:0")
        try folder.directory("home/jane/.ssh")
        #expect(link(victim, folder.at("home/jane/.ssh/id_rsa")) == 0)
        let text = folder.remove()
        #expect(text.problems.count == 1 && text.problems[0].contains("has another name"), "\(text.problems)")
        #expect(folder.content("etc/passwd") == "root:x:0:0" && !folder.exists("home/jane/.ssh"))
    }

    @Test(.timeLimit(.minutes(1))) func `pipes, sockets and odd names are removed, and never opened`() throws {
        let folder = try Folder()
        try folder.directory("home/jane/.gnupg/a\nb")
        #expect(mkfifo(folder.at("home/jane/.netrc"), 0o600) == 0)
        #expect(mkfifo(folder.at("home/jane/.gnupg/S.agent"), 0o600) == 0)
        try folder.file("home/jane/.gnupg/a\nb/'$(touch x)'")
        try folder.file("home/jane/.gnupg/\u{1B}[31m")
        #expect(mkdir(folder.at("home/jane/.gnupg/") + "\u{1}", 0o700) == 0)
        let text = folder.remove()
        #expect(text.problems == [] && folder.found == [] && !folder.exists("home/jane/.gnupg"))
        #expect(!text.table(.plain).contains("\u{1B}"))
    }

    @Test func `directories of any depth are removed`() throws {
        let folder = try Folder()
        try folder.directory("home/jane/.kube")
        // Deeper than any path, and than files may be open.
        let program =
            "import os\nos.chdir('\(folder.at("home/jane/.kube"))')\nfor i in range(3000):\n"
            + " os.mkdir('d'*20)\n os.chdir('d'*20)\nopen('secret','w').write('x')\n"
        let made = try Program("/usr/bin/python3", ["-c", ByteString(program)]).run()
        #expect(made.exitCode == 0, "\(made)")
        let text = folder.remove()
        #expect(text.problems == [] && !folder.exists("home/jane/.kube"), "\(text.problems)")
    }

    @Test func `what was exchanged since it was found stays, and is told`() throws {
        let folder = try Folder()
        try folder.file("home/jane/.ssh/id_rsa")
        try folder.file("home/jane/project/precious")
        let text = folder.remove {
            #expect(rename(folder.at("home/jane/.ssh"), folder.at("home/jane/old")) == 0)
            #expect(rename(folder.at("home/jane/project"), folder.at("home/jane/.ssh")) == 0)
        }
        #expect(
            text.problems == [
                "cannot remove /home/jane/.ssh: it was exchanged since it was found: run this again"
            ])
        #expect(folder.content("home/jane/.ssh/precious") == "secret")
    }

    @Test func `a large file is removed without writing over it`() throws {
        let folder = try Folder()
        let path = try folder.file("home/jane/.netrc", "")
        // It claims a terabyte.
        #expect(truncate(path, 1 << 40) == 0)
        let text = folder.remove()
        #expect(text.problems == [] && !folder.exists("home/jane/.netrc"))
        #expect(text.notes == ["/home/jane/.netrc was removed, and not overwritten: it is large"])
    }

    /// Somebody who exchanges a directory for a link, and back, while root removes what is in it.
    @Test func `a directory that becomes a link while it is removed leads nowhere`() throws {
        let folder = try Folder()
        for number in 0..<50 { try folder.file("precious/\(number)") }
        for _ in 0..<10 {
            for number in 0..<200 { try folder.file("home/jane/.ssh/deep/\(number)") }
            let home = folder.at("home/jane/.ssh")
            let script = """
                import os, sys
                os.chdir('\(home)')
                sys.stdout.write('ready\\n'); sys.stdout.flush()
                while True:
                    try: os.rename('deep', 'aside'); os.symlink('\(folder.at("precious"))', 'deep')
                    except OSError: pass
                    try: os.unlink('deep'); os.rename('aside', 'deep')
                    except OSError: pass
                    if not os.path.exists('\(home)'): break
                """
            let racer = try Program("/usr/bin/python3", ["-c", ByteString(script)]).start()
            try racer.waitForOutput("ready")
            _ = folder.remove()
            _ = folder.remove()
            _ = try racer.stop()
            _ = folder.remove()
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.at("precious")).count == 50)
        #expect(folder.content("precious/0") == "secret")
    }
}
