import Foundation
import TestSupport
import Testing

/// Interactive shells, sudo, and new files in the persistent directory.
@Suite(.containers)
struct ShellTests {
    @Test func `an interactive zsh finds oh-my-zsh, and its history in the next container`() throws {
        try withRunDirectory { scratch in
            for (number, typed) in ["echo first-$((40 + 2))", "echo second-$((40 + 3))"].enumerated() {
                try withPod { container in
                    try container.makeSkeleton()
                    container.mounts = [.bind(scratch, to: "/scratch")]
                    container.terminal = true
                    container.environment["TERM"] = "dumb"
                    if number == 0 {
                        container.entrypoint = []
                        #expect(
                            try container.run("install", "-d", "-m", "770", "-g", "2000", "/scratch/homes").exitCode
                                == 0)
                        container.entrypoint = ["/usr/local/bin/entrypoint"]
                    }
                    let zsh = try container.start("zsh", "-i")
                    try zsh.waitForOutput("prompt> ")
                    zsh.write("echo $OH_MY_ZSH:$ZDOTDIR:$ZSH:$HISTFILE\n")
                    try zsh.waitForOutput(
                        "loaded:/scratch/homes/jane/.shell:/scratch/homes/jane/.shell/.oh-my-zsh:"
                            + "/scratch/homes/jane/.zsh_history")
                    zsh.write("\(typed)\n")
                    try zsh.waitForOutput(number == 0 ? "first-42" : "second-43")
                    if number == 1 {
                        zsh.write("fc -l 1\n")
                        try zsh.waitForOutput("echo first-$((40 + 2))")
                    }
                    zsh.write("exit\n")
                    #expect(try zsh.wait().exitCode == 0)
                    let history = try String(contentsOfFile: scratch + "/homes/jane/.zsh_history", encoding: .utf8)
                    #expect(history.contains(typed) && history.contains("echo first-$((40 + 2))"))
                }
            }
        }
    }

    @Test func `an interactive bash leaves zsh's history alone`() throws {
        try withPod { container in
            #expect(try container.boot("true").exitCode == 0)
            let history = ByteString((1...2000).map { "echo \($0)\n" }.joined())
            let path = "/scratch/homes/jane/.zsh_history"
            try container.write(path, history, mode: 0o600, user: 1000, group: 2000)
            container.terminal = true
            let bash = try container.start("bash", "-i")
            bash.write("echo $HISTFILE:$((40 + 2))\n")
            try bash.waitForOutput("/home/jane/.bash_history:42")
            bash.write("exit\n")
            #expect(try bash.wait().exitCode == 0)
            #expect(try container.read(path) == history)
        }
    }

    @Test func `new files are the group's, and root's by sudo are everybody's to read`() throws {
        try withSquashedScratch { scratch in
            try scratch.makeHomes()
            try withPod { container in
                try container.write("/etc/hosts", "127.0.0.1 container\n")
                container.mounts = [.bind(scratch.mount, to: "/scratch")]
                let outcome = try container.boot(
                    "sh", "-c",
                    """
                    touch file; mkdir directory; zsh -c 'touch by-zsh'; sudo -n id -u; sudo -n touch /tmp/by-root
                    stat -c '%n %a %u:%g' file directory by-zsh /tmp/by-root
                    """)
                #expect(
                    outcome.outputLines == [
                        "0", "file 660 1000:2000", "directory 770 1000:2000", "by-zsh 660 1000:2000",
                        "/tmp/by-root 644 0:0",
                    ], "\(outcome)")
            }
        }
    }

    /// The pod has chosen the places, and not whose they are.
    @Test func `zsh's places outside of the persistent directory are told where they are another user's`() throws {
        try withPod { container in
            container.environment["ZDOTDIR"] = "/scratch/zsh"
            container.environment["ZSH"] = "/scratch/omz"
            for path in ["/scratch/zsh", "/scratch/omz"] {
                try container.makeDirectory(path, mode: 0o755, user: 1001, group: 2000)
            }
            func warnings() throws -> [String] {
                let outcome = try container.boot("true")
                #expect(outcome.exitCode == 0, "\(outcome)")
                return outcome.log(of: "shell").filter { $0.contains("belongs to user") }
            }
            #expect(
                try warnings()
                    == ["/scratch/zsh", "/scratch/omz"].map {
                        "warning: \($0) belongs to user 1001, whose files there could run as user 1000; look at it, and move "
                            + "it away"
                    })
            try container.write("/etc/entrypoint.yaml", "scratch: {homeOwners: [1001]}\n")
            #expect(try warnings() == [])
        }
    }

    @Test func `without the image's files, or a part of them, the rest is set up`() throws {
        let cases: [(present: [String], links: [String])] = [
            ([], []), ([".zshrc"], [".zshrc"]), ([".oh-my-zsh"], [".oh-my-zsh"]),
        ]
        for (present, links) in cases {
            try withPod { container in
                try container.makeSkeleton()
                for name in [".zshrc", ".oh-my-zsh"] where !present.contains(name) {
                    try container.remove("/docker/\(name)")
                }
                if present.isEmpty { try container.remove("/docker") }
                let outcome = try container.boot("sh", "-c", "zsh -c 'echo $HISTFILE'")
                #expect(outcome.output == "/scratch/homes/jane/.zsh_history\n", "\(outcome)")
                #expect(!outcome.errors.contains("warning: "), "\(outcome)")
                for name in [".zshrc", ".oh-my-zsh"] {
                    #expect(try container.exists("/home/jane/\(name)") == links.contains(name))
                    #expect(try container.exists("/scratch/homes/jane/.shell/\(name)") == links.contains(name))
                }
            }
        }
    }

    @Test func `the user's own zshrc stays, and the tree that is missing beside it is copied`() throws {
        try withPod { container in
            try container.makeSkeleton(files: 3)
            let directory = "/scratch/homes/jane/.shell"
            try container.prepareHome()
            try container.makeDirectory(directory, mode: 0o700, user: 1000, group: 2000)
            try container.write(directory + "/.zshrc", "PS1='mine> '\n", mode: 0o640, user: 1000, group: 2000)
            let outcome = try container.boot("sh", "-c", "cat $ZSH/oh-my-zsh.sh; find $ZSH -type f | wc -l")
            #expect(outcome.outputLines == ["OH_MY_ZSH=loaded", "4"], "\(outcome)")
            #expect(
                !outcome.errors.contains("warning: ") && !outcome.errors.contains("copied /docker/.zshrc"), "\(outcome)"
            )
            #expect(try container.text(directory + "/.zshrc") == "PS1='mine> '\n")
            #expect(try container.status(directory + "/.zshrc")?.description == "file 0640 1000:2000")
            #expect(try container.target("/home/jane/.zshrc") == directory + "/.zshrc")
        }
    }

    @Test func `a tree that cannot be read is not copied in part`() throws {
        try withPod { container in
            try container.makeSkeleton()
            try container.makeDirectory("/docker/.oh-my-zsh/private", mode: 0o700)
            let outcome = try container.boot("true")
            #expect(outcome.exitCode == 0)
            let copy = "/scratch/homes/jane/.shell/.oh-my-zsh"
            #expect(
                outcome.log(of: "shell").filter { $0.hasPrefix("warning") } == [
                    "warning: cannot copy /docker/.oh-my-zsh to \(copy): /docker/.oh-my-zsh/private: permission denied "
                        + "(openat EACCES as user 1000:2000); the user must be able to read all of /docker/.oh-my-zsh"
                ])
            #expect(try container.names(in: "/scratch/homes/jane/.shell") == [".zshenv", ".zshrc"])
        }
    }

    @Test func `a volume that fills up in the middle of the copy has nothing of it`() throws {
        try withPod { container in
            try container.makeSkeleton()
            try container.write("/docker/.oh-my-zsh/large", ByteString([UInt8](repeating: 1, count: 3_000_000)))
            // runc gives the mount the mode of the directory beneath.
            try container.makeDirectory("/scratch", mode: 0o777)
            container.mounts = [.memory("/scratch", "size=1m", "mode=777")]
            container.environment["SCRATCH_HOME_ROOT"] = "/scratch"
            container.environment["WORKING_DIR"] = "/scratch/jane"
            let outcome = try container.boot(
                "sh", "-c", "ls -A .shell; test $(du -sk .shell | cut -f1) -lt 100 && echo small")
            #expect(outcome.exitCode == 0)
            #expect(outcome.outputLines == [".zshenv", ".zshrc", "small"], "\(outcome)")
            #expect(
                outcome.log(of: "shell").filter { $0.hasPrefix("warning") } == [
                    "warning: cannot copy /docker/.oh-my-zsh to /scratch/jane/.shell/.oh-my-zsh: no space left on device "
                        + "(write ENOSPC as user 1000:2000); no space is left on tmpfs (tmpfs) on /scratch"
                ], "\(outcome)")
        }
    }
}

extension Container {
    /// Gives the image a small oh-my-zsh in `/docker`, of as many files as wanted.
    func makeSkeleton(files: Int = 1) throws {
        try write("/docker/.oh-my-zsh/oh-my-zsh.sh", "OH_MY_ZSH=loaded\n")
        for number in 0..<files {
            try write("/docker/.oh-my-zsh/plugins/\(number % 7)/\(number).zsh", "# plugin \(number)\n")
        }
        try write("/docker/.zshrc", "source $ZSH/oh-my-zsh.sh\nPS1='prompt> '\n")
    }
}
