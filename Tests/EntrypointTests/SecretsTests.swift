import Foundation
import TestSupport
import Testing

/// Where a secret is after a boot, and where it is not.
@Suite(.containers)
struct SecretsTests {
    /// Parts of a private key as they would show in any form: the variable's base64, the file, the bytes that it encodes.
    static func traces(of key: SSHKey) throws -> [ByteString] {
        let lines = key.file.text.split(separator: "\n")
        let body = lines.dropFirst().dropLast().joined()
        let bytes = try #require(Data(base64Encoded: body))
        // Not the beginning, which is the same in every key, nor the public key.
        return [
            ByteString(key.base64.bytes[250..<290]), ByteString(lines[4].prefix(40)), ByteString(bytes[170..<190]),
        ]
    }

    @Test(arguments: ["exec", "init"], ["SSH_PRIVATE_KEY_B64", "SSH_PRIVATE_KEY_B64_FILE"])
    func `the private key is in its file and nowhere else`(mode: ByteString, variable: ByteString) throws {
        let key = try SSHKey()
        let traces = try Self.traces(of: key)
        func shows(_ bytes: ByteString) -> Bool { traces.contains { bytes.contains($0) } }
        try withPod { container in
            if variable == "SSH_PRIVATE_KEY_B64" {
                container.environment[variable] = key.base64
            } else {
                try container.write("/key", key.file, mode: 0o400)
                container.environment[variable] = "/key"
            }
            container.environment["ENTRYPOINT_MODE"] = mode
            container.environment["ENTRYPOINT_LOG"] = "debug"
            container.environment["SSH_PUBLIC_KEY"] = key.publicLine
            container.environment["HF_TOKEN"] = "hf_secretsecretsecret"
            container.environment["WANDB_API_KEY"] = "wandbwandbwandbwandb"

            let plan = try container.run("--plan", "--", "true")
            #expect(plan.exitCode == 2 && !shows(plan.standardOutput) && !shows(plan.standardError), "\(plan)")
            #expect(!plan.output.contains("secretsecret") && !plan.output.contains("wandbwandb"))

            let boot = try container.start(
                "sh", "-c", "echo token $HF_TOKEN $WANDB_API_KEY ${SSH_PRIVATE_KEY_B64-none}; exec sleep 60")
            try boot.waitForOutput("token hf_secretsecretsecret wandbwandbwandbwandb none\n")
            #expect(!shows(boot.errorsSoFar))
            #expect(!boot.errorsSoFar.text.contains("secretsecret") && !boot.errorsSoFar.text.contains("wandbwandb"))

            let namespace = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(boot.pid())/ns/pid")
            var seen = 0
            for name in try FileManager.default.contentsOfDirectory(atPath: "/proc") where Int32(name) != nil {
                guard (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(name)/ns/pid")) == namespace
                else { continue }
                seen += 1
                for file in ["environ", "cmdline"] {
                    let content = ByteString(try Data(contentsOf: URL(fileURLWithPath: "/proc/\(name)/\(file)")))
                    #expect(!shows(content), "\(file) of process \(name)")
                }
            }
            #expect(seen == (mode == "exec" ? 1 : 2))
            let memory = try boot.exec(["find", "/dev/shm", "/tmp", "/run", "-type", "f"], user: "0:0")
            #expect(
                memory.outputLines.sorted() == [
                    "/run/entrypoint/environment", "/run/entrypoint/environment.user", "/run/entrypoint/identity",
                    "/run/entrypoint/report.jsonl",
                ], "\(memory)")

            var holders: [String] = []
            for (path, status) in try container.changes() where status.kind == .file {
                let content = try container.read(path)
                if shows(content) { holders.append(path) }
                #expect(
                    !content.text.contains("secretsecret") && !content.text.contains("wandbwandb"), "a token in \(path)"
                )
            }
            let given = variable == "SSH_PRIVATE_KEY_B64" ? [] : ["/key"]
            #expect(holders.sorted() == ["/home/jane/.ssh/id_rsa"] + given)
        }
    }

    @Test func `git, which the boot runs, is told nothing of the container's environment`() throws {
        let key = try SSHKey()
        try withPod { container in
            container.entrypoint = []
            try #require(try container.run("mv", "/usr/bin/git", "/usr/bin/git.real").exitCode == 0)
            container.entrypoint = ["/usr/local/bin/entrypoint"]
            try container.write(
                "/usr/bin/git",
                """
                #!/bin/sh
                cat /proc/$$/environ > /tmp/environment-of-git
                exec /usr/bin/git.real "$@"

                """, mode: 0o755)
            container.environment = container.environment.with([
                "SSH_PRIVATE_KEY_B64": key.base64, "HF_TOKEN": "hf_secret", "ANYTHING": "else",
                "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "user.name", "GIT_CONFIG_VALUE_0": "Mallory",
                "GIT_USER_NAME": "Jane",
            ])
            // Git adds to what is there.
            try container.prepareHome()
            try container.write(GitTests.path, "# mine\n", user: 1000, group: 2000)
            let outcome = try container.boot("true")
            #expect(outcome.log(of: "git") == ["set the identity in \(GitTests.path) as user 1000:2000"], "\(outcome)")
            #expect(try container.text(GitTests.path) == "# mine\n[user]\n\tname = Jane\n")
            #expect(
                try container.text("/tmp/environment-of-git").split(separator: "\0").map(String.init).sorted() == [
                    "GIT_CONFIG_GLOBAL=\(GitTests.path)", "GIT_CONFIG_NOSYSTEM=1", "HOME=/home/jane", "LC_ALL=C",
                    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                ])
        }
    }

    @Test func `a secret under another name is known by its value, and reaches the command alone`() throws {
        try withPod { container in
            container.environment = container.environment.with([
                "DATABASE": "postgres://jane:hunter2hunter2@db.example.org/x", "REGISTRY_PAT": "patpatpatpat",
                "SMTP_CREDENTIALS": "credcredcred", "GPG_PASSPHRASE": "phrasephrase", "PLAIN": "http://proxy:3128",
            ])
            let outcome = try container.boot(
                "sh", "-c", "echo $DATABASE $REGISTRY_PAT $SMTP_CREDENTIALS $GPG_PASSPHRASE; cat /run/entrypoint/*")
            let lines = outcome.output.split(separator: "\n", maxSplits: 1)
            #expect(
                lines.first == "postgres://jane:hunter2hunter2@db.example.org/x patpatpatpat credcredcred phrasephrase",
                "\(outcome)")
            for secret in ["hunter2hunter2", "patpatpatpat", "credcredcred", "phrasephrase"] {
                #expect(!lines[1].contains(secret) && !outcome.errors.contains(secret), "\(outcome)")
            }
            #expect(lines[1].contains("PLAIN=http://proxy:3128"))
        }
    }
}
