import Foundation
import Glibc
import Linux
import TestSupport
import Testing

@testable import Boot

/// The identity in git's configuration.
struct GitIdentityTests {
    private static func change(
        _ place: Site, name: String? = "Jane", email: String? = nil, git: FilePath? = "/usr/bin/git"
    ) -> Change {
        let entries = [("name", name), ("email", email)].compactMap { key, value in
            value.map { GitIdentityChange.Entry(key: key, value: $0) }
        }
        return .gitIdentity(
            GitIdentityChange(
                path: place.scratch.appending(".gitconfig"), entries: entries, git: git, home: place.home))
    }

    @Test(arguments: ["/usr/bin/git", nil] as [String?])
    func `the identity is set in a file that is missing or empty, and read again`(git: String?) async {
        await #expect(processExitsWith: .success) { [git = git as String?] in
            let place = try Site.ofUser()
            let file = place.scratch.appending(".gitconfig")
            for isThere in [false, true] {
                if isThere { try place.makeFile(file, mode: 0o640) }
                func change() -> Change {
                    Self.change(
                        place, name: "Jané \"J\" = ;O'Neil", email: "-jane@example.org", git: git.map { FilePath($0) })
                }
                try expectSame(place.story(of: change(), mode: .dryRun), "changed")
                try expectSame(place.story(of: change()), "changed")
                try expectSame(place.story(of: change()), "already")
                let status = try FileTree().entryStatus(file)
                #expect(status?.mode == 0o640 && status?.user == place.user.user)
                let known = GitConfiguration(Array(try String(contentsOfFile: file.string, encoding: .utf8).utf8))
                #expect(known.userKeys == ["name", "email"])
                let names = try FileManager.default.contentsOfDirectory(atPath: place.scratch.string)
                #expect(names == [".gitconfig"])
                try #require(unlink(file.string) == 0)
            }
        }
    }

    @Test func `what is there stays, byte for byte, and only what is absent is added`() async {
        await #expect(processExitsWith: .success) {
            let place = try Site.ofUser()
            let file = place.scratch.appending(".gitconfig")
            let text = "# mine\n[core]\n\teditor = vi ; x\n[user]\n\tname = Somebody\n"
            try place.makeFile(file, text)
            try expectSame(place.story(of: Self.change(place)), "already")
            #expect(try String(contentsOfFile: file.string, encoding: .utf8) == text)
            try expectSame(place.story(of: Self.change(place, email: "j@example.org")), "changed")
            #expect(try String(contentsOfFile: file.string, encoding: .utf8) == text + "\temail = j@example.org\n")
        }
    }

    @Test func `a bad file is told in git's words and stays as it is`() async {
        await #expect(processExitsWith: .success) {
            let place = try Site.ofUser()
            for text in ["[user\nname = x\n", "[user]\nname = x\nemail = y\n[bad\n"] {
                try place.makeFile(place.scratch.appending(".gitconfig"), text)
                try expectSame(
                    place.story(of: Self.change(place, email: "y")),
                    "failed: cannot set the identity in /scratch/.gitconfig: git says: fatal: bad config line "
                        + "\(text.hasPrefix("[user]") ? 4 : 1) in file /scratch/.gitconfig")
                #expect(
                    try String(contentsOfFile: place.scratch.appending(".gitconfig").string, encoding: .utf8) == text)
            }
        }
    }

    @Test func `an identity in an included file counts, and a condition is not overruled`() async {
        await #expect(processExitsWith: .success) {
            let place = try Site.ofUser()
            let (file, other) = (place.scratch.appending(".gitconfig"), place.scratch.appending("other"))
            try place.makeFile(other, "[user]\nname = x\n")
            try place.makeFile(file, "[include]\npath = \(other)\n")
            try expectSame(place.story(of: Self.change(place)), "already")
            try expectSame(place.story(of: Self.change(place, email: "y")), "changed")
            #expect(try String(contentsOfFile: file.string, encoding: .utf8).hasSuffix("[user]\n\temail = y\n"))
            try place.makeFile(file, "[includeIf \"gitdir:/projects/\"]\npath = \(other)\n")
            try expectSame(
                place.story(of: Self.change(place)),
                "unneeded: the file conditionally includes others, which may have one")
        }
    }

    @Test func `a link is followed, and the lock of another git is waited for`() async {
        await #expect(processExitsWith: .success) {
            let place = try Site.ofUser()
            let (file, real) = (place.scratch.appending(".gitconfig"), place.scratch.appending("real"))
            try place.makeFile(real)
            try place.makeLink(file, to: real)
            try place.makeFile(place.scratch.appending("real.lock"))
            let child = fork()
            if child == 0 {
                usleep(300_000)
                unlink(place.scratch.appending("real.lock").string)
                _exit(0)
            }
            try expectSame(place.story(of: Self.change(place)), "changed")
            waitpid(child, nil, 0)
            try expectSame(
                place.listing(place.scratch), ".gitconfig -> /scratch/real\nreal 0644 [user]\\n\tname = Jane\\n")
        }
    }

    @Test(arguments: [true, false]) func `a lock that stays is told`(hasGit: Bool) async {
        await #expect(processExitsWith: .success) { [hasGit = hasGit as Bool] in
            let place = try Site.ofUser()
            try place.makeFile(place.scratch.appending(".gitconfig.lock"))
            let reason =
                hasGit
                ? "git says: error: could not lock config file /scratch/.gitconfig: File exists"
                : "another program is changing it"
            try expectSame(
                place.story(of: Self.change(place, git: hasGit ? "/usr/bin/git" : nil)),
                "failed: cannot set the identity in /scratch/.gitconfig: \(reason); "
                    + "a git that was killed may have left the lock: remove /scratch/.gitconfig.lock")
            try expectSame(place.listing(place.scratch), ".gitconfig.lock 0644")
        }
    }

    @Test(arguments: [true, false]) func `the lock of a boot that was killed is removed`(hasGit: Bool) async {
        await #expect(processExitsWith: .success) { [hasGit = hasGit as Bool] in
            let place = try Site.ofUser()
            try place.makeFile(place.scratch.appending(".gitconfig"), mode: 0o640)
            try place.makeFile(place.scratch.appending(".gitconfig.lock"), "[user]\n\tname = Jane\n")
            try expectSame(place.story(of: Self.change(place, git: hasGit ? "/usr/bin/git" : nil)), "changed")
            try expectSame(place.listing(place.scratch), ".gitconfig 0640 [user]\\n\tname = Jane\\n")
        }
    }

    /// What other programs do while a boot waits for the lock, and the story of the boot.
    static let others: [(content: String?, story: String, file: String)] = [
        // Another boot is faster.
        ("[user]\n\tname = Jane\n", "already", "[user]\n\tname = Jane\n"),
        // Git sets something else.
        ("[core]\n", "changed", "[core]\n[user]\n\tname = Jane\n"),
        // A program gives up.
        (nil, "changed", "[user]\n\tname = Jane\n"),
    ]

    @Test(arguments: others) func `what another program writes under the lock is not lost`(
        content: String?, story: String, file: String
    ) async {
        await #expect(processExitsWith: .success) {
            [content = content as String?, story = story as String, file = file as String] in
            let place = try Site.ofUser()
            let (path, lock) = (place.scratch.appending(".gitconfig"), place.scratch.appending(".gitconfig.lock"))
            // A lock that looks like a boot's own is waited for.
            try place.makeFile(lock, "[user]\n\tname = Jane\n")
            let child = fork()
            if child == 0 {
                usleep(300_000)
                if let content { try? content.write(toFile: path.string, atomically: false, encoding: .utf8) }
                unlink(lock.string)
                _exit(0)
            }
            try expectSame(place.story(of: Self.change(place)), story)
            waitpid(child, nil, 0)
            #expect(try String(contentsOfFile: path.string, encoding: .utf8) == file)
            let names = try FileManager.default.contentsOfDirectory(atPath: place.scratch.string)
            #expect(names == [".gitconfig"])
        }
    }

    @Test(arguments: ["Jané \"J\" = ;O'Neil", "Jane Doe", "a\\"])
    func `an empty file gets byte for byte what git would write, without git`(name: String) async {
        await #expect(processExitsWith: .success) { [name = name as String] in
            let place = try Site.ofUser()
            let file = place.scratch.appending(".gitconfig")
            var texts: [String] = []
            for git in ["/usr/bin/git", nil] as [FilePath?] {
                try place.makeFile(file, mode: 0o640)
                // Nothing is run: this is no git.
                let program = git == nil ? nil : "/usr/bin/false" as FilePath
                let change = Self.change(place, name: name, email: "j@example.org", git: program)
                try expectSame(place.story(of: change), "changed")
                texts.append(try String(contentsOfFile: file.string, encoding: .utf8))
                try #require(unlink(file.string) == 0)
            }
            try place.makeFile(file, "\n")
            try expectSame(place.story(of: Self.change(place, name: name, email: "j@example.org")), "changed")
            let byGit = try String(contentsOfFile: file.string, encoding: .utf8)
            #expect(texts.allSatisfy { "\n" + $0 == byGit })
        }
    }

    @Test func `a read-only file is changed as git does, and a device is left alone`() async {
        await #expect(processExitsWith: .success) {
            let place = try Site.ofUser()
            let file = place.scratch.appending(".gitconfig")
            try place.makeFile(file, "[core]\n", mode: 0o444)
            try expectSame(place.story(of: Self.change(place)), "changed")
            try expectSame(place.listing(place.scratch), ".gitconfig 0444 [core]\\n[user]\\n\tname = Jane\\n")
            try #require(unlink(file.string) == 0)
            try place.makeLink(file, to: "/dev/null")
            try expectSame(place.story(of: Self.change(place)), "skipped: it is a device")
            try #require(unlink(file.string) == 0)
            try place.makeDirectory(file)
            try expectSame(place.story(of: Self.change(place)), "skipped: it is a directory")
        }
    }

    @Test(.actingAsUsers) func `a file that the user cannot read or change is told`() async {
        await #expect(processExitsWith: .success) {
            let place = try Site.ofUser()
            let file = place.scratch.appending(".gitconfig")
            try place.makeFile(file, "x", mode: 0o600)
            try #require(chown(file.string, 0, 0) == 0)
            try expectSame(
                place.story(of: Self.change(place)),
                "failed: cannot read /scratch/.gitconfig: permission denied (openat EACCES as user)")
            try #require(unlink(file.string) == 0 && chown(place.scratch.string, 0, 0) == 0)
            for git in ["/usr/bin/git", nil] as [FilePath?] {
                try expectSame(
                    place.story(of: Self.change(place, git: git)),
                    "failed: cannot write /scratch/.gitconfig: permission denied (openat EACCES as user)")
            }
        }
    }

    @Test func `without git a file with a content, or a link, is left alone`() async {
        await #expect(processExitsWith: .success) {
            let place = try Site.ofUser()
            let file = place.scratch.appending(".gitconfig")
            try place.makeFile(file, "[user]\nemail = x\n")
            try expectSame(
                place.story(of: Self.change(place, git: nil)),
                "skipped: the image has no git, which would add it to what the file has")
            try expectSame(place.story(of: Self.change(place, name: nil, email: "y", git: nil)), "already")
            try #require(unlink(file.string) == 0)
            try place.makeLink(file, to: place.scratch.appending("real"))
            try expectSame(
                place.story(of: Self.change(place, git: nil)),
                "skipped: the image has no git, and /scratch/.gitconfig is a symbolic link")
        }
    }

    @Test func `a program that is no git is told`() async {
        await #expect(processExitsWith: .success) {
            let place = try Site.ofUser()
            try place.makeFile(place.scratch.appending(".gitconfig"), "[core]\n")
            try expectSame(
                place.story(of: Self.change(place, git: "/usr/bin/false")),
                "failed: cannot set the identity in /scratch/.gitconfig: git says: exit code 1")
            try expectSame(
                place.story(of: Self.change(place, git: place.image.appending("none"))),
                "failed: cannot run /image/none: no such file or directory (execve ENOENT as user)")
        }
    }
}
