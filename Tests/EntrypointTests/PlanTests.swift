import Foundation
import TestSupport
import Testing
import Text

/// `entrypointctl` in real containers: what a boot would do, and what the configuration is.
@Suite(.containers)
struct PlanTests {
    /// Calls the body with a pod whose programs are started by their names.
    private static func withControl<Result>(
        _ image: Image = .debian, _ body: (Container) throws -> Result
    ) throws -> Result {
        try withPod(image) { container in
            container.entrypoint = ["/usr/local/bin/entrypointctl"]
            return try body(container)
        }
    }

    @Test func `a plan is what the boot does then, in text and in JSON`() throws {
        try Self.withControl { container in
            try container.write(ConfigurationTests.file, "links: {enabled: false}\n")
            container.environment["HF_TOKEN"] = "hunter2"
            container.environment["SSH_PUBLIC_KEY"] = "ssh-ed25519 AAAA jane"
            let before = try container.changes()
            let text = try container.run("plan")
            #expect(text.exitCode == 2 && text.errors == "", "\(text)")
            try Golden.expect(text.output, in: "Tests/EntrypointTests/Golden/plan.txt")
            let json = try container.run("plan", "--json")
            #expect(json.exitCode == 2)
            try Golden.expect(json.output, in: "Tests/EntrypointTests/Golden/plan.json")
            let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
            #expect(object?["pending"] as? Bool == true)
            #expect((object?["lines"] as? [[String: String]])?.count == text.outputLines.count)
            // The program itself says the same.
            container.entrypoint = ["/usr/local/bin/entrypoint"]
            let own = try container.run("--plan", "true")
            #expect(own.output == text.output && own.exitCode == 2, "\(own)")
            #expect(try container.changes() == before, "nothing is changed")
            #expect(!text.output.contains("hunter2"))

            let boot = try container.boot("true")
            let changes = text.outputLines.count { $0.hasPrefix("would change") }
            #expect(boot.log.last?.hasPrefix("ready: \(changes) changes, ") == true, "\(boot)")
            container.entrypoint = ["/usr/local/bin/entrypointctl"]
            let after = try container.run("plan")
            #expect(after.exitCode == 0 && !after.output.contains("would change"), "\(after)")
        }
    }

    @Test func `a plan makes no call that could change anything`() throws {
        try Self.withControl { container in
            container.capabilities.append("SYS_PTRACE")
            container.environment["GIT_USER_NAME"] = "Jane"
            container.environment["SSH_PUBLIC_KEY"] = "ssh-ed25519 AAAA"
            let calls =
                "mkdir,mkdirat,rmdir,rename,renameat,renameat2,unlink,unlinkat,symlink,symlinkat,link,linkat,chmod,fchmod,"
                + "fchmodat,chown,fchown,fchownat,lchown,truncate,ftruncate,fallocate,mknod,mknodat,utimensat,setxattr,"
                + "fsetxattr,lsetxattr,removexattr,mount,creat,open,openat,openat2,copy_file_range,sendfile"
            let (outcome, trace) = try container.run(["plan"], injecting: [], tracing: calls)
            #expect(outcome.exitCode == 2, "\(outcome)")
            #expect(trace.count > 10)
            let writing = trace.filter { line in
                !line.contains(" open") || ["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC"].contains { line.contains($0) }
            }
            #expect(writing.filter { !$0.contains("+++") && !$0.contains("---") } == [])
        }
    }

    @Test func `without privileges a plan shows what can be seen, and names the rest`() throws {
        try Self.withControl { container in
            container.user = 3000
            container.group = 3000
            try container.makeDirectory("/scratch/homes/jane", mode: 0o700, user: 1000, group: 2000)
            let before = try container.changes()
            let outcome = try container.run("plan", "--start", "root")
            #expect(outcome.exitCode == 2, "\(outcome)")
            try Golden.expect(outcome.output, in: "Tests/EntrypointTests/Golden/plan-unprivileged.txt")
            #expect(try container.changes() == before)
        }
    }

    @Test func `a plan of a start without privileges is for the user who asks`() throws {
        try Self.withControl { container in
            container.user = 1000
            container.group = 2000
            let outcome = try container.run("plan", "--start", "bare")
            container.entrypoint = ["/usr/local/bin/entrypoint"]
            let own = try container.run("--plan", "true")
            #expect(outcome.output == own.output && [outcome.exitCode, own.exitCode] == [2, 2], "\(outcome) \(own)")
            #expect(outcome.output.contains("would skip"), "\(outcome)")
            container.user = 0
            container.entrypoint = ["/usr/local/bin/entrypointctl"]
            let root = try container.run("plan", "--start", "bare")
            #expect(root.exitCode == 64 && root.errors.contains("run it as the user"), "\(root)")
        }
    }

    @Test func `a plan answers for another root, and no link leads out of it`() throws {
        try Self.withControl(.busybox) { container in
            try container.write(
                "/image/etc/passwd", "root:x:0:0::/root:/bin/sh\njane:*:1000:2000::/home/jane:/bin/sh\n")
            try container.write("/image/etc/group", "root:x:0:\nlab:x:2000:\n")
            try container.write("/image/bin/sh", "#!", mode: 0o755)
            try container.makeDirectory("/image/home/jane", mode: 0o750, user: 1000, group: 2000)
            // Outside of the image there is all that is wanted; inside, the links lead nowhere.
            try container.makeDirectory("/outer/homes/jane", mode: 0o770, user: 1000, group: 2000)
            try container.link("/image/scratch", to: "../../outer")
            try container.write("/outside.yaml", "log: {level: wrong}\n")
            try container.link("/image/etc/entrypoint.yaml", to: "../../../../outside.yaml")
            try container.write("/pod.env", "# a pod\nNB_USER=jane\nNB_UID=1000\nNB_GROUP=lab\nNB_GID\nWORKING_DIR=/\n")
            container.environment = .container.with(["NB_GID": "2000"])
            try container.append("/pod.env", "SCRATCH_HOME_ROOT=/scratch/homes\nSSH_PRIVATE_KEY_B64_FILE=/run/key\n")
            let outcome = try container.run("plan", "--root", "/image", "--env-file", "/pod.env")
            #expect(outcome.exitCode == 2, "\(outcome)")
            try Golden.expect(outcome.output, in: "Tests/EntrypointTests/Golden/plan-root.txt")
            let here = try container.run("plan", "--env-file", "pod.env")
            #expect(here.output.contains("would change  scratch: directory /scratch/homes/jane"), "\(here)")
        }
    }

    @Test func `settings that are wrong, and a boot that would fail, have their codes`() throws {
        try Self.withControl(.busybox) { container in
            try container.write("/scratch/homes/jane", "a file")
            let failing = try container.run("plan")
            #expect(failing.exitCode == 125)
            #expect(
                failing.outputLines.last
                    == "would fail    scratch: cannot use /scratch/homes/jane: it is a file, and a directory is expected; "
                    + "move it away or choose another path", "\(failing)")
            container.environment["NB_UID"] = "0"
            container.environment["SSH_PRIVATE_KEY_B64"] = "hunter2"
            let wrong = try container.run("plan")
            #expect(wrong.exitCode == 78 && !wrong.output.contains("hunter2"), "\(wrong)")
            #expect(wrong.outputLines.count { $0.hasPrefix("would fail    settings: ") } == 2, "\(wrong)")
            container.environment = .container
            let nothing = try container.run("plan")
            #expect(nothing.exitCode == 0)
            #expect(
                nothing.outputLines.last == "hand over     handoff: as the container was started: nothing is prepared",
                "\(nothing)")
        }
    }

    @Test func `arguments that make no sense are told, with code 64`() throws {
        try Self.withControl(.busybox) { container in
            try container.write("/file", "A=\u{0}")
            try container.makeDirectory("/directory")
            for (arguments, message) in [
                (["plan", "--root", "/none"], "there is no /none"),
                (["plan", "--root", "/file"], "/file is a file, and a directory is expected"),
                (["plan", "--env-file", "/none"], "cannot read /none: no such file or directory"),
                (["plan", "--env-file", "/directory"], "cannot read /directory: is a directory"),
                (["plan", "--env-file", "/file"], "/file: line 1: a NUL byte: this is not text"),
                (["plan", "--start", "upright"], "The value 'upright' is invalid for '--start <start>'"),
                (["paln"], "Unexpected argument 'paln'"),
            ] as [([ByteString], String)] {
                let outcome = try container.run(arguments)
                #expect(outcome.exitCode == 64 && outcome.output == "", "\(outcome)")
                #expect(outcome.errors.hasPrefix("Error: \(message)"), "\(outcome)")
            }
        }
    }

    @Test func `configuration is checked and shown`() throws {
        try Self.withControl(.busybox) { container in
            try container.write("/good.yaml", "ssh: {privateKeyFile: /run/secrets/not-there-yet}\n")
            try container.write("/bad.yaml", "scratch: {umask: \"8\"}\n")
            let good = try container.run("config", "check", "/good.yaml")
            #expect(good.exitCode == 0 && good.output == "" && good.errors == "")
            let bad = try container.run("config", "check", "good.yaml", "bad.yaml")
            #expect(bad.exitCode == 78)
            #expect(bad.errors == "bad.yaml:1:18: scratch.umask: expected an octal mode, found '8'\n")
            try container.write(ConfigurationTests.file, "scratch: {timeout: 5}\n")
            container.environment["SSH_PRIVATE_KEY_B64"] = "hunter2"
            let show = try container.run("config", "show")
            #expect(show.outputLines.contains("SCRATCH_TIMEOUT (scratch.timeout) = 5  (/etc/entrypoint.yaml:1)"))
            #expect(show.outputLines.contains("NB_USER = jane  (environment)"))
            #expect(show.outputLines.contains("SSH_PRIVATE_KEY_B64 = 7 bytes  (environment)"))
            #expect(show.exitCode == 78 && show.errorLines.count == 1 && !show.errors.contains("hunter2"), "\(show)")
            container.environment["SSH_PRIVATE_KEY_B64"] = nil
            let whole = try container.run("config", "show")
            #expect(whole.exitCode == 0, "\(whole)")
            #expect(whole.outputLines.contains("HF_HOME (scratch.sharedCache) = /scratch/hf_cache  (default)"))
            #expect(whole.outputLines.contains("ZDOTDIR = /scratch/homes/jane/.shell  (default)"))
            let example = try container.run("config", "example").output
            let (file, known) = (
                try Golden.text(of: "docker/entrypoint.example.yaml"),
                try Golden.text(of: "docker/entrypoint.schema.json")
            )
            #expect(example == file)
            let schema = try container.run("config", "schema").output
            #expect(schema == known)
        }
    }

    @Test func `every command has its help`() throws {
        try Self.withControl(.scratch) { container in
            for command in [
                [], ["plan"], ["steps"], ["config"], ["config", "check"], ["config", "show"], ["config", "example"],
                ["config", "schema"], ["config", "reference"],
            ] as [[ByteString]] {
                let outcome = try container.run(command + ["--help"])
                #expect(outcome.exitCode == 0 && outcome.errors == "")
                #expect(outcome.output.hasPrefix("OVERVIEW: ") && outcome.output.contains("USAGE: entrypointctl"))
                #expect(outcome.outputLines.allSatisfy { $0.utf8.count <= 80 || $0.hasPrefix("USAGE: ") }, "\(outcome)")
            }
        }
    }
}
