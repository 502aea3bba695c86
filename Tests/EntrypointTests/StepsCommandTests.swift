import Foundation
import TestSupport
import Testing

/// The image's own steps in `entrypointctl steps` and `config show`, and files that `config check` cannot read.
@Suite(.containers)
struct StepsCommandTests {
    private static let control: ByteString = "/usr/local/bin/entrypointctl"

    private static func withSteps(_ body: (Container) throws -> Void) throws {
        try withPod(.busybox) { container in
            container.entrypoint = [control]
            try container.write("/etc/entrypoint/steps.d/20-late", "#!/bin/sh\n", mode: 0o755)
            try container.write("/etc/entrypoint/steps.d/10-early", "#!/bin/sh\n", mode: 0o755)
            try container.write("/etc/entrypoint/steps.d/README.md", "no step\n")
            try container.write("/etc/entrypoint/user-steps.d/10-mine", "#!/bin/sh\n", mode: 0o755)
            try container.write(
                "/etc/entrypoint.yaml",
                """
                steps:
                  - name: proxy
                    command: [/usr/local/lib/proxy, "a|b"]
                    as: user
                    timeout: 5
                    onFailure: warn
                    after: scratch
                  - {name: off, enabled: false}
                  - {name: last, command: [/bin/true], timeout: 0}

                """)
            try body(container)
        }
    }

    private static let table = """
        | step | as whom | runs before | timeout | when it fails | command | declared in |
        | --- | --- | --- | --- | --- | --- | --- |
        | proxy | user | snapshot | 5 s | the boot goes on with a warning | /usr/local/lib/proxy a\\|b | /etc/entrypoint.yaml:2 |
        | steps.d/10-early | root | handoff | 60 s | the boot ends | /etc/entrypoint/steps.d/10-early | /etc/entrypoint/steps.d/10-early |
        | steps.d/20-late | root | handoff | 60 s | the boot ends | /etc/entrypoint/steps.d/20-late | /etc/entrypoint/steps.d/20-late |
        | last | user | handoff | none | the boot ends | /bin/true | /etc/entrypoint.yaml:9 |
        | user-steps.d/10-mine | user | handoff | 60 s | the boot ends | /etc/entrypoint/user-steps.d/10-mine | /etc/entrypoint/user-steps.d/10-mine |

        """

    @Test func `the image's own steps are listed in their order, with all that is declared`() throws {
        try Self.withSteps { container in
            let table = try container.run("steps", "--table", "drop-ins")
            #expect(table.exitCode == 0 && table.errors.isEmpty && table.output == Self.table, "\(table)")
            let all = try container.run("steps")
            #expect(all.exitCode == 0 && all.output.hasSuffix("\n\n" + Self.table), "\(all)")
            // As a boot runs them.
            container.entrypoint = ["/usr/local/bin/entrypoint"]
            try container.write("/usr/local/lib/proxy", "#!/bin/sh\n", mode: 0o755)
            let plan = try container.run("--plan").outputLines
            let run = plan.compactMap { $0.firstMatch(of: #/^would run +([^:]+): /#).map { String($0.1) } }
            #expect(run == ["proxy", "steps.d/10-early", "steps.d/20-late", "last", "user-steps.d/10-mine"], "\(plan)")
        }
    }

    @Test func `they are in what is in force, too, and in JSON`() throws {
        try Self.withSteps { container in
            let shown = try container.run("config", "show")
            let lines = shown.outputLines.filter { $0.hasPrefix("step ") }
            #expect(lines.count == 5, "\(shown)")
            #expect(
                lines.first
                    == "step proxy = /usr/local/lib/proxy a|b; as user, before snapshot, timeout 5 s, when it fails the boot "
                    + "goes on with a warning  (/etc/entrypoint.yaml:2)", "\(shown)")
            for command in [["steps", "--table", "drop-ins", "--json"], ["config", "show", "--json"]] {
                let outcome = try container.run(command.map { ByteString($0) })
                let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
                let steps = (object?["dropIns"] ?? object?["steps"]) as? [[String: Any]]
                #expect(steps?.map { $0["name"] as? String ?? "" }.first == "proxy" && steps?.count == 5, "\(outcome)")
                #expect(steps?.first?["declaredIn"] as? String == "/etc/entrypoint.yaml:2", "\(outcome)")
                #expect(steps?.first?["arguments"] as? [String] == ["a|b"], "\(outcome)")
                #expect(steps?.first?["timeout"] as? Int == 5 && steps?.first?["onFailure"] as? String == "warn")
            }
        }
    }

    @Test func `the steps of another root are its own, and a configuration that is wrong is told`() throws {
        try Self.withSteps { container in
            try container.write("/image/etc/entrypoint/steps.d/10-other", "#!/bin/sh\n", mode: 0o755)
            let other = try container.run("steps", "--table", "drop-ins", "--root", "/image")
            #expect(other.exitCode == 0 && other.output.contains("| steps.d/10-other | root |"), "\(other)")
            #expect(!other.output.contains("proxy"), "\(other)")
            let none = try container.run("steps", "--root", "/nowhere")
            #expect(none.exitCode == 64 && none.errors.contains("there is no /nowhere"), "\(none)")
            try container.write("/image/etc/entrypoint.yaml", "steps: [{name: x}]\n")
            let wrong = try container.run("steps", "--table", "drop-ins", "--root", "/image")
            #expect(wrong.exitCode == 78 && wrong.output.contains("steps.d/10-other"), "\(wrong)")
            #expect(wrong.errors.contains("entrypointctl config check tells why"), "\(wrong)")
        }
    }

    @Test func `what is wrong in all files is told, even when some cannot be read`() throws {
        try Self.withSteps { container in
            try container.makeDirectory("/files")
            try container.write("/files/wrong.yaml", "log: {level: loud}\n", mode: 0o644)
            try container.write("/files/secret.yaml", "log: {level: info}\n", mode: 0o600)
            try container.write("/files/large.yaml", ByteString([UInt8](repeating: UInt8(ascii: "#"), count: 3 << 20)))
            try container.write("/files/binary.yaml", [0x6C, 0xFF, 0x0A])
            try container.write("/files/good.yaml", "log: {level: debug}\n")
            (container.user, container.group) = (1000, 2000)
            let names = ["none", "wrong", "secret", "large", "binary", "good"]
            let paths = names.map { ByteString("/files/\($0).yaml") } + ["/files"]
            let outcome = try container.run(["config", "check"] + paths)
            #expect(outcome.exitCode == 78 && outcome.output.isEmpty, "\(outcome)")
            #expect(outcome.errorLines.count == 6, "\(outcome)")
            for line in [
                "cannot read /files/none.yaml: no such file or directory",
                "cannot read /files/secret.yaml: permission denied", "cannot read /files: is a directory",
                "/files/large.yaml:1:1: the file is too large", "/files/binary.yaml:1:2: ",
                "/files/wrong.yaml:1:14: log.level: expected ",
            ] { #expect(outcome.errorLines.contains { $0.hasPrefix(line) }, "\(line): \(outcome)") }
            let json = try container.run(["config", "check", "--json"] + paths)
            let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
            #expect(json.exitCode == 78 && json.errors.isEmpty, "\(json)")
            #expect((object?["problems"] as? [[String: String]])?.count == 6, "\(json)")
            #expect((object?["files"] as? [String])?.count == 4, "\(json)")
            let usage = try container.run("config", "check", "--bogus")
            #expect(usage.exitCode == 64, "\(usage)")
        }
    }

    @Test func `an image's file that cannot be read does not hide what is wrong in the others`() throws {
        try Self.withSteps { container in
            try container.write("/etc/entrypoint.yaml", "a: 1\n", mode: 0o600)
            try container.makeDirectory("/etc/entrypoint/conf.d/10-directory.yaml")
            try container.link("/etc/entrypoint/conf.d/20-nowhere.yaml", to: "/nowhere")
            try container.write("/etc/entrypoint/conf.d/30-site.yaml", "identity: {sudo: some}\n")
            (container.user, container.group) = (1000, 2000)
            let outcome = try container.run("config", "check")
            #expect(outcome.exitCode == 78 && outcome.errorLines.count == 4, "\(outcome)")
            for line in [
                "/etc/entrypoint.yaml: permission denied",
                "/etc/entrypoint/conf.d/10-directory.yaml: it is a directory",
                "/etc/entrypoint/conf.d/20-nowhere.yaml: no such file",
                "/etc/entrypoint/conf.d/30-site.yaml:1:18: identity.sudo: expected ",
            ] { #expect(outcome.errorLines.contains { $0.hasPrefix(line) }, "\(line): \(outcome)") }
        }
    }
}
