import Foundation
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

    @Test func `each warning and error has a name, in a log of JSON objects, in the report and in what explains it`()
        throws
    {
        try withPod { container in
            container.environment["ENTRYPOINT_LOG"] = ""
            container.environment["ENTRYPOINT_LOG_FORMAT"] = "json"
            container.environment["SCRATCH_THING"] = "1"
            try container.prepareHome()
            try container.makeDirectory("/scratch/homes/jane/.uv", user: 1001)
            let boot = try container.boot("/usr/local/bin/entrypointctl", "report")
            let lines = try Self.objects(boot)
            let named = lines.filter { $0["level"] == "warning" }.map { $0["id"] ?? "" }
            #expect(
                named == ["settings.unknown-variable", "files.foreign-owner", "files.foreign-owner"], "\(boot)")
            #expect(lines.allSatisfy { $0["time"]?.hasSuffix("Z") == true }, "\(boot)")
            let reported = boot.outputLines.filter { $0.hasPrefix("warning ") }
            #expect(
                reported.count == 3 && zip(reported, named).allSatisfy { $0.hasSuffix(" [\($1)]") }, "\(boot)")

            let missing = try container.boot("nowhere")
            let error = try #require(try Self.objects(missing).last)
            #expect(missing.exitCode == 127 && error["level"] == "error" && error["id"] == "command.not-found")
            let usage = try container.boot("--bogus")
            #expect(usage.exitCode == 64, "\(usage)")
            #expect(try Self.objects(usage).map { $0["id"] } == ["command-line.invalid"], "\(usage)")
            for id in named + ["command.not-found"] {
                let words = try container.boot("/usr/local/bin/entrypointctl", "explain", ByteString(id))
                #expect(words.output.hasPrefix("\(id)\n\n") && words.output.contains("\nWhat to do: "), "\(words)")
            }
        }
    }

    /// The lines of a log of JSON objects; nothing else may be there.
    private static func objects(_ outcome: Outcome) throws -> [[String: String]] {
        try outcome.errorLines.map { line in
            try #require(
                try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String], "\(outcome)")
        }
    }

    @Test func `a message is explained, and a name that is not known is one that was meant`() throws {
        try withPod { container in
            func explain(_ arguments: ByteString...) throws -> Outcome {
                try container.run(["/usr/local/bin/entrypointctl", "explain"] + arguments)
            }
            container.environment["ENTRYPOINT_LOG"] = "quiet"
            let json = try explain("scratch.not-mounted", "--json")
            let object = try #require(
                try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any], "\(json)")
            #expect(object["id"] as? String == "scratch.not-mounted" && object["exitCode"] as? Int == 125)
            for (asked, meant) in [
                ("scratch.not-mountd", "scratch.not-mounted"), ("not-mounted", "scratch.not-mounted"),
                ("SCRATCH", nil),
            ] as [(String, String?)] {
                let outcome = try explain(ByteString(asked))
                let hint = meant.map { "; did you mean \($0)?" } ?? "; entrypointctl explain prints all of them"
                #expect(
                    outcome.exitCode == 64 && outcome.errors.contains("there is no message '\(asked)'\(hint)"),
                    "\(outcome)")
            }
            let all = try explain()
            #expect(all.exitCode == 0 && all.output.contains("\n\nscratch.not-mounted\n\n"), "\(all)")
        }
    }

    /// Boots that fail because of a system call: what makes them fail, and how they end.
    static let failures: [(name: String, prepare: @Sendable (Container) throws -> ByteString, code: Int32)] = [
        (
            "a file of settings",
            {
                $0.environment["ENTRYPOINT_CONFIG"] = "/etc/passwd/x"; return "true"
            }, 78
        ),
        (
            "a secret",
            {
                $0.environment["SSH_PUBLIC_KEY_FILE"] = "/etc/passwd/x"; return "true"
            }, 78
        ),
        (
            "a directory",
            {
                $0.mounts.append(.memory("/scratch", "ro")); return "true"
            }, 125
        ),
        ("a command", { _ in "/etc" }, 126),
        (
            "a step",
            { container in
                try container.write("/etc/entrypoint/steps.d/10-x", "no script\n", mode: 0o755)
                return "true"
            }, 125
        ),
    ]

    @Test(arguments: failures.indices)
    func `calls and the names of errors are for those who ask for them`(index: Int) throws {
        let (name, prepare, code) = Self.failures[index]
        try withRunDirectory { directory in
            for level: ByteString in ["", "debug"] {
                let log = directory + "/termination-log"
                #expect(
                    FileManager.default.createFile(
                        atPath: log, contents: nil, attributes: [.posixPermissions: 0o666]))
                try withPod { container in
                    container.environment["ENTRYPOINT_LOG"] = level
                    container.mounts = [.bind(log, to: "/dev/termination-log")]
                    let outcome = try container.boot(prepare(container))
                    #expect(outcome.exitCode == code, "\(name): \(outcome)")
                    let jargon = /\bE[A-Z]{3,}\b|\b(openat2?|statx?|mkdirat|execve)\b/
                    #expect(outcome.errors.contains(jargon) == (level == "debug"), "\(name): \(outcome)")
                    let reason = try String(contentsOfFile: log, encoding: .utf8)
                    #expect(!reason.isEmpty && !reason.contains(jargon), "\(name): \(reason)")
                    if level != "debug" { #expect(outcome.errors.hasSuffix(reason), "\(name): \(outcome)") }
                }
            }
        }
    }

    @Test(arguments: ["root", "bare"])
    func `a home in scratch is told by the step that made it`(start: String) throws {
        try withPod { container in
            if start == "bare" { (container.user, container.group) = (1000, 2000) }
            container.environment["ENTRYPOINT_LOG"] = ""
            let outcome = try container.boot("true")
            let lines = outcome.log.filter { $0.contains("created /scratch/homes/jane") && !$0.contains("/jane/") }
            // Without privileges the home is made there in the place of the one that only root could make.
            let step = start == "bare" ? "identity" : "scratch"
            #expect(lines.count == 1 && lines.first?.hasPrefix("\(step): created ") == true, "\(outcome)")
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
