import TestSupport
import Testing

/// What a boot tells people, if they do not ask for more.
@Suite(.containers)
struct LogTests {
    /// A pod with everything that makes a step do something, and the log that people have.
    private static func withPeoplesPod<Result>(
        _ scratch: String, _ body: (Container) throws -> Result
    ) throws -> Result {
        try SecondStartTests.withFullPod(scratch) { container in
            container.environment["ENTRYPOINT_LOG"] = ""
            return try body(container)
        }
    }

    @Test func `a first boot has a line for each step, one in a new container two, and a restart one`() throws {
        try withRunDirectory { scratch in
            try SecondStartTests.makeHomes(in: scratch)
            let home = "/scratch/homes/jane"
            try Self.withPeoplesPod(scratch) { container in
                let first = try container.boot("true").log
                #expect(
                    first == [
                        "identity: user jane (uid 1000) added; group lab (gid 2000) added; user jane joined groups sudo and "
                            + "adm; passwordless sudo for user 1000; created /home/jane",
                        "scratch: created \(home)",
                        "shell: created .shell, .shell/.zshenv, .zsh_history and .gitconfig in \(home); copied .oh-my-zsh and "
                            + ".zshrc from /docker; 3 names lead to \(home)",
                        "links: 5 names lead to \(home)",
                        "ssh: set up /home/jane/.ssh; wrote id_rsa (0600), id_rsa.pub (0644), id_ed25519 (a link)",
                        "caches: created .cache/uv and .uv in \(home)",
                        "git: set the identity in \(home)/.gitconfig",
                        "ready: 22 changes, 0 warnings in N ms; true as jane (1000:2000) in \(home); home /home/jane; sudo yes",
                    ])
                let restart = try container.boot("true").log
                #expect(restart == [SecondStartTests.ready])
            }
            try Self.withPeoplesPod(scratch) { container in
                let log = try container.boot("true").log
                #expect(
                    log.first
                        == "prepared: user jane (uid 1000) added; group lab (gid 2000) added; user jane joined groups sudo and "
                        + "adm; passwordless sudo for user 1000; created /home/jane; 8 names lead to \(home); "
                        + "set up /home/jane/.ssh; wrote id_rsa (0600), id_rsa.pub (0644), id_ed25519 (a link)")
                #expect(log.count == 2 && log.last?.hasPrefix("ready: 12 changes, 0 warnings in ") == true, "\(log)")
            }
        }
    }

    @Test func `what is new in the persistent directory is told in later starts, too`() throws {
        try withRunDirectory { scratch in
            try SecondStartTests.makeHomes(in: scratch)
            for _ in 1...2 {
                try Self.withPeoplesPod(scratch) { container in
                    _ = try container.boot("rm", "-r", "/scratch/homes/jane/.uv")
                    let log = try container.boot("true").log
                    #expect(log.filter { !$0.hasPrefix("ready: ") } == ["caches: created /scratch/homes/jane/.uv"])
                }
            }
        }
    }

    @Test func `every change is in the report and in a detailed log`() throws {
        try withPod { container in
            container.environment["ENTRYPOINT_LOG"] = ""
            let outcome = try container.boot(
                "/usr/local/bin/entrypointctl", "report")
            #expect(outcome.exitCode == 0 && outcome.output.contains("/home/jane/.cursor-server"), "\(outcome)")
            #expect(!outcome.errors.contains(".cursor-server"))
        }
        try withPod { container in
            let log = try container.boot("true").log
            #expect(
                log.contains(
                    "links: linked /home/jane/.cursor-server to /scratch/homes/jane/.cursor-server as user 1000:2000"))
        }
    }

    @Test(arguments: ["", "quiet", "debug"]) func `a full disk is one warning`(level: ByteString) throws {
        try withPod { container in
            container.environment["ENTRYPOINT_LOG"] = level
            // The directory itself can be made, and little in it. runc gives the mount the mode of what is beneath.
            try container.makeDirectory("/scratch", mode: 0o777)
            container.mounts = [.memory("/scratch", "mode=0777", "nr_inodes=6")]
            container.environment["SCRATCH_HOME_ROOT"] = "/scratch"
            container.environment["WORKING_DIR"] = "/scratch/jane"
            container.environment["HF_HOME"] = "/scratch/jane/hf"
            let outcome = try container.boot("true")
            let warnings = outcome.log.filter { $0.contains("warning: ") }
            #expect(warnings.count == 1 && warnings[0].contains("no space left on"), "\(outcome)")
            #expect(outcome.exitCode == 0 && warnings[0].contains("ENOSPC") == (level == "debug"), "\(outcome)")
            if level != "quiet" { #expect(outcome.log.last?.contains(" 1 warning in ") == true, "\(outcome)") }
        }
    }

    @Test func `a start without privileges is told in one line, and not in a quiet log`() throws {
        let start = "identity: started without privileges: no account, no sudo, home is the scratch directory"
        for (level, isRestricted) in [("", false), ("", true), ("quiet", false)] {
            try withPod { container in
                (container.user, container.group, container.noNewPrivileges) = (1000, 2000, isRestricted)
                if isRestricted { container.capabilities = [] }
                container.environment["ENTRYPOINT_LOG"] = ByteString(level)
                let outcome = try container.boot("true")
                #expect(outcome.exitCode == 0 && !outcome.errors.contains("warning: "), "\(outcome)")
                let lines = outcome.log.filter { $0.contains("privileges") }
                // A cluster that restricts pods admits none of the fields.
                let line = isRestricted ? start : "\(start); see runAsUser in the pod spec"
                #expect(lines == (level == "quiet" ? [] : [line]), "\(outcome)")
            }
        }
    }
}
