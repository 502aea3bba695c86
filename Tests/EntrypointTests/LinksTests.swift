import Foundation
import Glibc
import TestSupport
import Testing

/// What is in the way of the links of the home.
@Suite(.containers)
struct LinksTests {
    @Test func `targets of the wrong kind and links to nothing stay, and are told`() throws {
        try withPod { container in
            try container.prepareHome()
            try container.write("/scratch/homes/jane/.vscode", "a file\n", user: 1000, group: 2000)
            try container.makeDirectory("/scratch/homes/jane/.zsh_history", user: 1000, group: 2000)
            try container.link("/scratch/homes/jane/.cursor", to: "nowhere")
            let outcome = try container.boot("true")
            #expect(outcome.exitCode == 0)
            #expect(
                outcome.log(of: "shell").filter { $0.hasPrefix("warning") } == [
                    "warning: cannot use /scratch/homes/jane/.zsh_history: it is a directory, and a file is expected; "
                        + "move it away"
                ])
            #expect(
                outcome.log(of: "links").filter { $0.hasPrefix("warning") } == [
                    "warning: cannot link /home/jane/.vscode to /scratch/homes/jane/.vscode: that is a file, and a "
                        + "directory is expected; move it away",
                    "warning: cannot link /home/jane/.cursor to /scratch/homes/jane/.cursor: that is a symbolic link to "
                        + "something that does not exist; remove it, or make its target",
                ])
            #expect(try container.text("/scratch/homes/jane/.vscode") == "a file\n")
            #expect(try container.target("/scratch/homes/jane/.cursor") == "nowhere")
            #expect(try container.names(in: "/home/jane") == [".cursor-server", ".gitconfig", ".vscode-server"])
        }
    }

    @Test func `a link to nothing in the way is replaced, and real things are kept`() throws {
        try withPod { container in
            try container.prepareHome()
            try container.makeDirectory("/home/jane", mode: 0o750, user: 1000, group: 2000)
            try container.link("/home/jane/.cursor-server", to: "/nowhere")
            for (path, content) in [
                ("/home/jane/.vscode/extensions/one", "moved\n"), ("/home/jane/.cursor/two", "kept\n"),
                ("/scratch/homes/jane/.cursor/three", "older\n"), ("/home/jane/.zsh_history", "history\n"),
            ] {
                try container.write(path, ByteString(content), mode: 0o644, user: 1000, group: 2000)
                var parent = path.split(separator: "/").dropLast()
                while parent.last != "jane" {
                    let directory = "/" + parent.joined(separator: "/")
                    try container.makeDirectory(directory, user: 1000, group: 2000)
                    parent = parent.dropLast()
                }
            }
            let outcome = try container.boot("true")
            #expect(outcome.exitCode == 0)
            #expect(
                outcome.log(of: "links").filter { $0.hasPrefix("warning") } == [
                    "warning: /home/jane/.cursor was in the way and is kept as /home/jane/.cursor.before-entrypoint"
                ])
            for name in [".vscode", ".cursor", ".cursor-server", ".vscode-server", ".zsh_history"] {
                #expect(try container.target("/home/jane/\(name)") == "/scratch/homes/jane/\(name)")
            }
            #expect(try container.text("/scratch/homes/jane/.vscode/extensions/one") == "moved\n")
            #expect(try container.text("/scratch/homes/jane/.zsh_history") == "history\n")
            #expect(try container.text("/home/jane/.cursor.before-entrypoint/two") == "kept\n")
            #expect(try container.text("/scratch/homes/jane/.cursor/three") == "older\n")
            #expect(
                try container.boot("true").log == [
                    SecondStartTests.ready
                ])
        }
    }

    /// What lies in the directory is run as the user: an editor's server is one such thing.
    @Test func `a kept directory that somebody else has made is not linked`() throws {
        try withPod { container in
            try container.prepareHome()
            try container.write("/scratch/homes/jane/.vscode-server/server", "echo other\n", user: 1002, group: 2000)
            try container.makeDirectory("/scratch/homes/jane/.vscode-server", mode: 0o755, user: 1002, group: 2000)
            let script = "if [ -e ~/.vscode-server/server ]; then sh ~/.vscode-server/server; else echo nothing; fi"
            let outcome = try container.boot("sh", "-c", "\(script)")
            #expect(outcome.exitCode == 0 && outcome.output == "nothing\n", "\(outcome)")
            #expect(
                outcome.log(of: "links").filter { $0.hasPrefix("warning") } == [
                    "warning: cannot link /home/jane/.vscode-server to /scratch/homes/jane/.vscode-server: that belongs to "
                        + "user 1002, whose files there could run as user 1000; look at it, and move it away"
                ])
            // Nor is one to which somebody else's link leads.
            try container.makeDirectory("/scratch/homes/jane/own", mode: 0o755, user: 1000, group: 2000)
            let link = "/scratch/homes/jane/.cursor-server"
            for path in [link, "/home/jane/.cursor-server"] { try container.remove(path) }
            try container.link(link, to: "own")
            try check(lchown("\(container.root)\(link)", 1002, 2000), "lchown", link)
            let second = try container.boot("readlink", "/home/jane/.cursor-server")
            #expect(second.log(of: "links").contains { $0.contains("that belongs to user 1002") }, "\(second)")
            #expect(second.output.isEmpty)
        }
    }

    /// git and zsh find them without it.
    @Test(arguments: [true, false])
    func `files of others are told of where the directory of the shells cannot be used, or is the home`(
        isHome: Bool
    ) throws {
        try withPod { container in
            if isHome { container.environment["ZDOTDIR"] = "/scratch/homes/jane" }
            try container.makeDirectory("/scratch/homes/jane", mode: 0o1770, user: 1000, group: 2000)
            for name in isHome ? [".gitconfig", ".zshrc"] : [".gitconfig", ".shell"] {
                try container.write("/scratch/homes/jane/\(name)", "", user: 1002, group: 2000)
            }
            let outcome = try container.boot("true")
            let told = outcome.log(of: "shell").filter { $0.contains("user 1002") }
            #expect(told.contains { $0.contains("/scratch/homes/jane/.gitconfig") }, "\(outcome)")
            if isHome { #expect(told.contains { $0.contains("/scratch/homes/jane/.zshrc") }, "\(outcome)") }
        }
    }

    /// Where nothing can be made in `/home`, and where the pod has chosen it.
    @Test(arguments: [true, false])
    func `startup files of others are told of where the home lies in the persistent directory`(isFallback: Bool) throws
    {
        try withPod { container in
            if isFallback {
                container.readOnly = true
                container.mounts += [
                    .memory("/run"), .memory("/tmp", "mode=1777"),
                    .bind(container.root + "/scratch", to: "/scratch"),
                ]
            } else {
                (container.user, container.group) = (1000, 2000)
            }
            try container.makeDirectory("/scratch/homes/jane", mode: 0o1770, user: 1000, group: 2000)
            for name in [".bashrc", ".profile", ".zshenv"] {
                try container.write("/scratch/homes/jane/\(name)", "", user: 1002, group: 2000)
            }
            let outcome = try container.boot("sh", "-c", "echo $HOME")
            #expect(outcome.output == "/scratch/homes/jane\n", "\(outcome)")
            let told = outcome.log(of: "shell").filter {
                $0.contains("belongs to user 1002, and what it says runs as user 1000")
            }
            for name in [".bashrc", ".profile", ".zshenv"] {
                #expect(told.filter { $0.contains("/scratch/homes/jane/\(name) ") }.count == 1, "\(outcome)")
            }
        }
    }

    /// By two mounts, one directory of a file server has two devices.
    @Test func `in a home that is the persistent directory by another mount all stays where it is`() throws {
        try withSquashedScratch { scratch in
            try scratch.makeHomes()
            let home = "homes/jane"
            for name in [home, home + "/.vscode"] {
                try scratch.makeDirectory(name, mode: 0o750, user: 1000, group: 2000)
            }
            for name in [".vscode/settings", ".zsh_history"] {
                let path = "\(scratch.export)/\(home)/\(name)"
                try Data("precious\n".utf8).write(to: URL(fileURLWithPath: path))
                try check(chown(path, 1000, 2000), "chown", path)
                try check(chmod(path, 0o600), "chmod", path)
            }
            try withPod { container in
                container.mounts = [
                    .bind(scratch.mount, to: "/scratch"), .bind("\(scratch.export)/\(home)", to: "/home/jane"),
                ]
                for _ in 0..<2 {
                    let outcome = try container.boot("true")
                    #expect(outcome.exitCode == 0)
                    #expect(outcome.log(of: "links").isEmpty, "\(outcome)")
                }
                let names = try FileManager.default.contentsOfDirectory(atPath: "\(scratch.export)/\(home)").sorted()
                #expect(
                    names == [
                        ".cache", ".cursor", ".cursor-server", ".gitconfig", ".shell", ".uv", ".vscode",
                        ".vscode-server", ".zsh_history",
                    ])
                for name in [".vscode/settings", ".zsh_history"] {
                    let content = FileManager.default.contents(atPath: "\(scratch.export)/\(home)/\(name)")
                    #expect(content == Data("precious\n".utf8))
                }
            }
        }
    }
}
