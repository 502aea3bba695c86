import TestSupport
import Testing

/// Git's identity.
@Suite(.containers)
struct GitTests {
    static let path = "/scratch/homes/jane/.gitconfig"

    @Test(arguments: [
        "Jane Doe", "Jané \"J\" O'Neil", "x = y", "back\\slash # and ; semicolon", "名前", "[user]", "  Jane \n", "a\\",
    ]) func `a commit carries the identity`(name: String) throws {
        try withPod { container in
            container.environment["GIT_USER_NAME"] = ByteString(name)
            container.environment["GIT_USER_EMAIL"] = "jane@example.org"
            let script: ByteString = """
                git init -q . 2> /tmp/init && git commit -q --allow-empty -m x && git log --format='%an <%ae>'
                git config --global user.name
                """
            let outcome = try container.boot("sh", "-c", script)
            let wanted = name == "  Jane \n" ? "Jane" : name
            // A commit itself leaves out what git takes for crud at the ends.
            #expect(outcome.outputLines.last == wanted, "\(outcome)")
            if name != "a\\" && name != "[user]" {
                #expect(outcome.outputLines.first == "\(wanted) <jane@example.org>", "\(outcome)")
            }
            let warm = try container.boot("true")
            #expect(warm.log == [SecondStartTests.ready])
        }
    }

    @Test(arguments: [
        ("a\nb", "it has a newline or another control character"), (" \n", "nothing but whitespace"),
    ]) func `a name that git would change is refused`(name: ByteString, reason: String) throws {
        try withPod { container in
            container.environment["GIT_USER_NAME"] = name
            let outcome = try container.boot("true")
            #expect(outcome.exitCode == 78)
            #expect(outcome.log.count == 1 && outcome.log[0].hasPrefix("settings: GIT_USER_NAME is "), "\(outcome)")
            #expect(outcome.log[0].hasSuffix(": \(reason)"), "\(outcome)")
        }
    }

    /// Files that are there, the lines of the log, and the files afterwards.
    static let files: [(content: ByteString, log: [String], after: String)] = [
        (
            "[user]\n\tname = Old\n# kept\n", ["set the identity in \(path) as user 1000:2000"],
            "[user]\n\tname = Old\n\temail = jane@example.org\n# kept\n"
        ),
        (
            "[user]\n name = Old\n email = old@example.org\n", [],
            "[user]\n name = Old\n email = old@example.org\n"
        ),
        (
            "[user\nname",
            ["warning: cannot set the identity in \(path): git says: fatal: bad config line 1 in file \(path)"],
            "[user\nname"
        ),
    ]

    @Test(arguments: files) func `what a file has stays`(content: ByteString, log: [String], after: String) throws {
        try withPod { container in
            try container.prepareHome()
            try container.write(Self.path, content, mode: 0o644, user: 1000, group: 2000)
            container.environment["GIT_USER_NAME"] = "Jane"
            container.environment["GIT_USER_EMAIL"] = "jane@example.org"
            let outcome = try container.boot("true")
            #expect(outcome.exitCode == 0)
            #expect(outcome.log(of: "git") == log)
            #expect(try container.text(Self.path) == after)
            #expect(try container.status(Self.path)?.description == "file 0644 1000:2000")
        }
    }

    @Test func `a read-only file is changed, a link followed, and what cannot be used told`() throws {
        let identity = "[user]\n\tname = Jane\n"
        try withPod { container in
            try container.prepareHome()
            container.environment["GIT_USER_NAME"] = "Jane"
            try container.write(Self.path, "[core]\n", mode: 0o444, user: 1000, group: 2000)
            #expect(try container.boot("true").log(of: "git") == ["set the identity in \(Self.path) as user 1000:2000"])
            #expect(try container.text(Self.path) == "[core]\n" + identity)
            #expect(try container.status(Self.path)?.mode == 0o444)

            try container.remove(Self.path)
            try container.write("/scratch/homes/jane/dotfiles", "[core]\n", user: 1000, group: 2000)
            try container.link(Self.path, to: "dotfiles")
            #expect(try container.boot("true").exitCode == 0)
            #expect(try container.target(Self.path) == "dotfiles")
            #expect(try container.text("/scratch/homes/jane/dotfiles") == "[core]\n" + identity)

            try container.remove(Self.path)
            try container.write(Self.path, "[core]\n", mode: 0o400)
            #expect(
                try container.boot("true").log(of: "git") == [
                    "warning: cannot read \(Self.path): permission denied (openat EACCES as user 1000:2000)"
                ])
            try container.remove(Self.path)
            try container.makeDirectory(Self.path, user: 1000, group: 2000)
            let directory = try container.boot("true")
            #expect(
                directory.log(of: "shell").first
                    == "warning: cannot use \(Self.path): it is a directory, and a file is expected; move it away")
            // One cause is one warning.
            #expect(directory.log(of: "git") == [], "\(directory)")
        }
    }
}

extension GitTests {
    @Test func `a link to nothing is git's to fill`() throws {
        try withPod { container in
            try container.prepareHome()
            container.environment["GIT_USER_NAME"] = "Jane"
            try container.link(Self.path, to: "dotfiles")
            let outcome = try container.boot("git", "config", "--global", "user.name")
            #expect(outcome.output == "Jane\n", "\(outcome)")
            #expect(outcome.log(of: "git") == ["set the identity in \(Self.path) as user 1000:2000"])
            #expect(try container.target(Self.path) == "dotfiles")
            #expect(try container.text("/scratch/homes/jane/dotfiles") == "[user]\n\tname = Jane\n")
            #expect(try container.status("/scratch/homes/jane/dotfiles")?.description == "file 0660 1000:2000")

            try container.remove(Self.path)
            try container.link(Self.path, to: "/nowhere/dotfiles")
            let other = try container.boot("true")
            #expect(other.exitCode == 0 && other.duration < .seconds(20))
            #expect(
                other.log(of: "git") == [
                    "warning: cannot set the identity in \(Self.path): git says: error: could not lock config file "
                        + "\(Self.path): No such file or directory"
                ], "\(other)")
        }
    }

    @Test(arguments: ["", "dotfiles"])
    func `a named pipe is not waited for, by the boot or by git afterwards`(link: String) throws {
        try withPod { container in
            try container.prepareHome()
            container.environment["GIT_USER_NAME"] = "Jane"
            let pipe = link.isEmpty ? Self.path : "/scratch/homes/jane/\(link)"
            container.entrypoint = []
            try #require(try container.run("mkfifo", "-m", "666", "\(pipe)").exitCode == 0)
            if !link.isEmpty { try container.link(Self.path, to: link) }
            container.entrypoint = ["/usr/local/bin/entrypoint"]
            let outcome = try container.boot(
                "sh", "-c", "echo ${GIT_CONFIG_GLOBAL-unset}; timeout 10 git config --global --list; echo $?")
            let what = link.isEmpty ? "a named pipe" : "a symbolic link to a named pipe"
            #expect(
                outcome.log(of: "shell").filter { $0.hasPrefix("warning") } == [
                    "warning: cannot use \(Self.path): it is \(what), and a file is expected; move it away"
                ], "\(outcome)")
            #expect(outcome.log(of: "git") == [])
            // Without a file in the home git has nothing to list.
            #expect(outcome.outputLines.first == "unset" && outcome.outputLines.last != "124", "\(outcome)")
            #expect(outcome.duration < .seconds(20))
        }
    }
}

extension Container {
    /// Makes the persistent directory as an earlier boot has it.
    func prepareHome() throws { try makeDirectory("/scratch/homes/jane", mode: 0o1770, user: 1000, group: 2000) }
}
