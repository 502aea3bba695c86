import Glibc
import TestSupport
import Testing

/// Secrets that the pod gives as files: the command has the value, and nobody keeps it.
@Suite(.containers)
struct SecretFileTests {
    private static let value: ByteString = "hf_filefilefilefile"

    private static func write(_ container: Container, mode: UInt32 = 0o440) throws {
        // As Kubernetes mounts a secret.
        try container.makeDirectory("/run/secrets/..data")
        try container.write("/run/secrets/..data/hf", value + "\n", mode: mode, group: 2000)
        try container.link("/run/secrets/hf", to: "..data/hf")
        container.environment["HF_TOKEN_FILE"] = "/run/secrets/hf"
    }

    private static let command: [ByteString] = ["sh", "-c", "echo ${HF_TOKEN-none} ${HF_TOKEN_FILE-none}"]

    @Test(arguments: ["exec", "init"]) func `the command has the value, and it is in no log, plan, report or file`(
        mode: ByteString
    ) throws {
        try withPod { container in
            try Self.write(container)
            container.environment["ENTRYPOINT_MODE"] = mode
            let plan = try container.run("--plan", "--", "true")
            #expect(plan.exitCode == 2 && !plan.output.contains("filefile"), "\(plan)")
            let boot = try container.start("sh", "-c", "echo $HF_TOKEN ${HF_TOKEN_FILE-none}; exec sleep 60")
            try boot.waitForOutput(Self.value + " none\n")
            #expect(!boot.errorsSoFar.text.contains("filefile"))
            var holders: [String] = []
            for (path, status) in try container.changes() where status.kind == .file {
                if try container.text(path).contains("filefile") { holders.append(path) }
            }
            #expect(holders == ["/run/secrets/..data/hf"])
            // What runs in memory is the container's, too.
            let kept = try boot.exec(
                ["cat", "/run/entrypoint/environment", "/run/entrypoint/report.jsonl"], user: "0:0")
            #expect(kept.output.contains("HF_TOKEN_FILE=/run/secrets/hf\0"), "\(kept)")
            #expect(!kept.output.contains("filefile"), "\(kept)")
            let session = try boot.exec(
                [
                    "sh", "-c",
                    "eval \"$(entrypointctl env --sh)\"; echo $HF_TOKEN ${HF_TOKEN_FILE-none}",
                ],
                user: "1000:2000")
            #expect(session.output == "\(Self.value.text) none\n", "\(session)")
            // A value that has changed is the new one; the command that runs keeps its own.
            try container.write("/run/secrets/..data/hf", "hf_newnewnew\n", mode: 0o440, group: 2000)
            let later = try boot.exec(["entrypointctl", "env"], user: "1000:2000")
            #expect(later.outputLines.contains("HF_TOKEN=hf_newnewnew"), "\(later)")
            #expect(!later.output.contains("HF_TOKEN_FILE"), "\(later)")
        }
    }

    @Test func `a session that may not read the file says so, and has the rest`() throws {
        try withPod { container in
            try Self.write(container, mode: 0o400)
            let boot = try container.start("sh", "-c", "echo ready; exec sleep 60")
            try boot.waitForOutput("ready\n")
            let shown = try boot.exec(["entrypointctl", "env"], user: "1000:2000")
            #expect(
                shown.errorLines == [
                    "entrypointctl: HF_TOKEN is not set: HF_TOKEN_FILE is '/run/secrets/hf': it cannot be read: permission denied"
                ], "\(shown)")
            #expect(shown.exitCode == 0 && shown.outputLines.contains("USER=jane"), "\(shown)")
            // A shell's start is not disturbed.
            let quiet = try boot.exec(["entrypointctl", "env", "--sh"], user: "1000:2000")
            #expect(quiet.exitCode == 0 && quiet.errors.isEmpty && quiet.output.contains("USER"), "\(quiet)")
        }
    }

    /// The caller has chosen the path, and must not read with root's rights what only root may read.
    @Test(arguments: [true, false]) func `the file is read with the rights of the caller`(isElevated: Bool) throws {
        func check(_ container: Container) throws {
            (container.user, container.group) = (1000, 2000)
            try container.write("/roots", "rootssecret\n", mode: 0o600)
            for path in ["/roots", "/etc/shadow"] as [ByteString] {
                container.environment["HF_TOKEN_FILE"] = path
                let outcome = try container.boot(Self.command)
                #expect(outcome.exitCode == 78 && !outcome.output.contains("rootssecret"), "\(outcome)")
                let line =
                    "settings: HF_TOKEN_FILE is '\(path.text)': it cannot be read: permission denied (openat EACCES)"
                #expect(outcome.log == [line], "\(outcome)")
            }
            try Self.write(container)
            let own = try container.boot(Self.command)
            #expect(own.exitCode == 0 && own.output == "\(Self.value.text) none\n", "\(own)")
        }
        if isElevated { try ElevatedTests.withElevatedPod(.debian, check) } else { try withPod(.debian, .plain, check) }
    }

    @Test func `only names that the image permits are files, and what is set twice is told`() throws {
        try withPod { container in
            try container.write("/secret", "sesamesesame\n", mode: 0o444)
            for name in ["POSTGRES_PASSWORD", "AWS_WEB_IDENTITY_TOKEN", "LICENCE"] as [ByteString] {
                container.environment[name + "_FILE"] = "/secret"
            }
            let script: ByteString = "env | grep -e ^POSTGRES -e ^AWS -e ^LICENCE | sort"
            let usual = try container.boot("sh", "-c", script)
            #expect(
                usual.outputLines == [
                    "AWS_WEB_IDENTITY_TOKEN_FILE=/secret", "LICENCE_FILE=/secret", "POSTGRES_PASSWORD_FILE=/secret",
                ], "\(usual)")
            try container.write("/etc/entrypoint.yaml", "secrets: {files: [LICENCE]}\n")
            let own = try container.boot("sh", "-c", script)
            #expect(
                own.outputLines == [
                    "AWS_WEB_IDENTITY_TOKEN_FILE=/secret", "LICENCE=sesamesesame", "POSTGRES_PASSWORD_FILE=/secret",
                ], "\(own)")
            container.environment["LICENCE"] = "x"
            let both = try container.boot("true")
            #expect(both.exitCode == 78, "\(both)")
            #expect(both.log == ["settings: LICENCE and LICENCE_FILE are both set: give one of them"], "\(both)")
        }
    }

    @Test func `root's steps do not have it, the user's have it by name, and the log has it of none`() throws {
        try withPod { container in
            try Self.write(container)
            let show: ByteString = "#!/bin/sh\necho token ${HF_TOKEN-none} ${HF_TOKEN_FILE-none}; cat /run/secrets/hf\n"
            for directory in ["steps.d", "user-steps.d"] {
                try container.write("/etc/entrypoint/\(directory)/10-x", show, mode: 0o755)
            }
            try container.write("/show", show, mode: 0o755)
            try container.write(
                "/etc/entrypoint.yaml", "steps: [{name: given, command: [/show], secrets: [HF_TOKEN]}]\n")
            let outcome = try container.boot("true")
            #expect(outcome.exitCode == 0 && !outcome.errors.contains("filefile"), "\(outcome)")
            #expect(outcome.log(of: "steps.d/10-x").prefix(2) == ["token none none", "…"], "\(outcome)")
            #expect(outcome.log(of: "user-steps.d/10-x").prefix(2) == ["token none none", "…"], "\(outcome)")
            #expect(outcome.log(of: "given").prefix(2) == ["token … none", "…"], "\(outcome)")
        }
    }

    @Test(
        arguments: [
            ("secrets: {stripped: [HF_TOKEN]}\n", "HF_TOKEN_FILE"),
            ("secrets: {stripped: [HF_TOKEN]}\ncompatibility: [linuxserver]\n", "FILE__HF_TOKEN"),
        ] as [(ByteString, ByteString)])
    func `one that the command does not get no later session gets either`(
        configuration: ByteString, variable: ByteString
    ) throws {
        try withPod { container in
            try Self.write(container)
            container.environment["HF_TOKEN_FILE"] = nil
            container.environment[variable] = "/run/secrets/hf"
            try container.write("/etc/entrypoint.yaml", configuration)
            let boot = try container.start("sh", "-c", "echo command ${HF_TOKEN-none}; exec sleep 60")
            try boot.waitForOutput("command none\n")
            for (command, user) in [
                (["entrypointctl", "exec", "--", "env"], "0:0"), (["entrypointctl", "exec", "--", "env"], "1000:2000"),
                (["entrypointctl", "env", "--sh"], "1000:2000"), (["entrypoint", "--", "env"], "0:0"),
            ] as [([ByteString], String)] {
                let session = try boot.exec(command, user: user)
                #expect(session.exitCode == 0 && session.output.contains("ZDOTDIR"), "\(session)")
                #expect(!session.output.contains("filefile"), "\(session)")
            }
        }
    }

    @Test func `a secret in the place of its file's path is not shown`() throws {
        try withPod { container in
            container.environment["HF_TOKEN_FILE"] = Self.value
            let outcome = try container.boot("true")
            #expect(outcome.exitCode == 78 && !outcome.errors.contains("filefile"), "\(outcome)")
            #expect(outcome.errors.contains("HF_TOKEN_FILE (19 bytes): not an absolute path"), "\(outcome)")
        }
    }

    @Test func `without an identity the command has it, too`() throws {
        try withContainer(.debian) { container in
            try Self.write(container)
            container.environment["ENTRYPOINT_LOG"] = "debug"
            let outcome = try container.boot(Self.command)
            #expect(outcome.exitCode == 0 && outcome.output == "\(Self.value.text) none\n", "\(outcome)")
            #expect(!outcome.errors.contains("filefile"), "\(outcome)")
        }
    }
}
