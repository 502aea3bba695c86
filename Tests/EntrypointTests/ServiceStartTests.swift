import Glibc
import TestSupport
import Testing

/// How the boot starts services, and with which rights.
@Suite(.containers)
struct ServiceStartTests {
    /// A service that writes to a file what it is, and then waits.
    static func facts(_ name: String, in file: String, _ more: String = "") -> String {
        """
          - name: \(name)
            command: [/bin/sh, -c, 'exec >\(file).new; id -u; id -g; id -G; pwd; umask; env | sort;
              grep -E "^(Cap|NoNewPrivs)" /proc/self/status; mv \(file).new \(file); exec sleep 1000']
            ready: {file: \(file)}
            \(more)

        """
    }

    /// What the lines of a process are that has the rights of the command.
    private static let rights = "grep -E '^(Cap|NoNewPrivs)' /proc/self/status"

    @Test
    func `the command runs when the user's service is ready, which has the command's rights and none of its secrets`()
        throws
    {
        try withPod { container in
            try container.write(
                "/etc/entrypoint.yaml",
                ByteString(
                    "services:\n" + Self.facts("facts", in: "/tmp/facts", "secrets: [HF_TOKEN]")
                        + Self.facts("other", in: "/tmp/other", "environment: {OWN: mine}")))
            container.environment["HF_TOKEN"] = "hf_secretsecret"
            container.environment["WANDB_API_KEY"] = "wandb_secretsecret"
            container.environment["PLAIN"] = "x"
            let boot = try container.boot("sh", "-c", "cat /tmp/facts; echo; cat /tmp/other; echo; \(Self.rights)")
            #expect(boot.exitCode == 0, "\(boot)")
            let parts = boot.output.split(separator: "\n\n").map { $0.split(separator: "\n").map(String.init) }
            try #require(parts.count == 3, "\(boot)")
            #expect(parts[0].prefix(5) == ["1000", "2000", "2000 4 27", "/scratch/homes/jane", "0007"], "\(boot)")
            #expect(Array(parts[0].suffix(6)) == parts[2], "\(boot)")
            #expect(parts[0].contains("HF_TOKEN=hf_secretsecret") && parts[0].contains("PLAIN=x"), "\(boot)")
            #expect(parts[0].contains("ENTRYPOINT_SERVICE=facts") && parts[0].contains("HOME=/home/jane"), "\(boot)")
            #expect(parts[1].contains("OWN=mine") && !parts[0].contains("OWN=mine"), "\(boot)")
            for part in [parts[0], parts[1]] { #expect(!part.contains { $0.hasPrefix("WANDB") }, "\(boot)") }
            #expect(!parts[1].contains { $0.hasPrefix("HF_TOKEN=") }, "\(boot)")
            #expect(!boot.log.joined().contains("secretsecret"), "\(boot)")
        }
    }

    @Test func `root's service has what a step as root has, and is there before the user's`() throws {
        try withPod { container in
            try container.write(
                "/etc/entrypoint.yaml",
                ByteString(
                    "services:\n" + Self.facts("late", in: "/tmp/late", "after: first")
                        + Self.facts("first", in: "/tmp/first", "as: root")))
            container.environment["HF_TOKEN"] = "hf_secretsecret"
            container.environment["LD_PRELOAD"] = "/nothing.so"
            let boot = try container.boot(
                "sh", "-c", "cat /tmp/first; stat -c %u /tmp/late; test /tmp/late -nt /tmp/first && echo later")
            let lines = boot.outputLines
            #expect(lines.prefix(5) == ["0", "0", "0", "/", "0022"], "\(boot)")
            #expect(lines.suffix(2) == ["1000", "later"], "\(boot)")
            #expect(lines.contains("NB_USER=jane") && lines.contains("NoNewPrivs:\t0"), "\(boot)")
            #expect(!boot.output.contains("HF_TOKEN") && !boot.output.contains("LD_PRELOAD"), "\(boot)")
        }
    }

    @Test(arguments: [
        ("ENTRYPOINT_MODE=exec", "cannot start services: without an init nobody would end them"),
        ("ENTRYPOINT_CONFIG=/other.yaml", "cannot start services as root: /other.yaml may not be the image's own"),
        ("NO_PROGRAM=1", "there is no such program; the image needs entrypointctl beside entrypoint"),
    ])
    func `a start that could not have its services ends with 78, and nothing is done`(
        variable: String, message: String
    ) throws {
        try withPod { container in
            let asRoot = variable.hasPrefix("ENTRYPOINT_CONFIG")
            let service = "services: [{name: x, command: [/bin/true]\(asRoot ? ", as: root" : "")}]\n"
            try container.write(asRoot ? "/other.yaml" : "/etc/entrypoint.yaml", "\(service)", mode: 0o666)
            if variable == "NO_PROGRAM=1" { try container.remove("/usr/local/bin/entrypointctl") }
            let parts = variable.split(separator: "=")
            container.environment["\(parts[0])"] = "\(parts[1])"
            let boot = try container.boot("echo", "ran")
            #expect(boot.exitCode == 78 && boot.output == "", "\(boot)")
            #expect(boot.log.last?.contains(message) == true, "\(boot)")
            #expect(try !container.exists("/home/jane"), "\(boot)")
        }
    }

    @Test(arguments: [Programs.plain, .elevated])
    func `a start as the user has the user's services, and tells which of root's it lacks`(programs: Programs) throws {
        try withPod(.debian, programs) { container in
            (container.user, container.group) = (1000, 2000)
            try container.write(
                "/etc/entrypoint.yaml",
                ByteString(
                    "services:\n" + Self.facts("facts", in: "/tmp/facts")
                        + Self.facts("rooted", in: "/tmp/rooted", "as: root")))
            let boot = try container.boot("sh", "-c", "cat /tmp/facts; ls /tmp; \(Self.rights)")
            #expect(boot.exitCode == 0 && boot.outputLines.first == "1000", "\(boot)")
            #expect(!boot.output.contains("rooted"), "\(boot)")
            #expect(
                boot.log.contains {
                    $0.contains("rooted as root is not started: only a start as root has services as root")
                }, "\(boot)")
            #expect(
                boot.outputLines.suffix(6)
                    == boot.outputLines.filter { $0.hasPrefix("Cap") || $0.hasPrefix("NoNew") }.prefix(6), "\(boot)")
        }
    }

    @Test func `a service that the command needs ends the boot with 125 when it cannot be had`() throws {
        try withPod { container in
            try container.write(
                "/etc/entrypoint.yaml",
                """
                services:
                  - {name: first, command: [/bin/sleep, "1000"]}
                  - {name: needed, command: [/bin/sh, -c, exit 3], ready: {file: /never}, restart: never, onFailure: stop}

                """)
            let boot = try container.boot("echo", "ran")
            #expect(boot.exitCode == 125 && boot.output == "", "\(boot)")
            #expect(boot.log.contains { $0.contains("needed") && $0.contains("exit code 3") }, "\(boot)")
        }
    }

    @Test func `at the end the command is first, then services in reverse, and final runs last`() throws {
        try withPod { container in
            let service = { (name: String, more: String) in
                """
                  - name: \(name)
                    command: [/bin/sh, -c, 'trap "echo \(name) >>/tmp/order; exit" TERM; echo >/tmp/\(name); while :; do sleep 0.01; done']
                    ready: {file: /tmp/\(name)}
                    \(more)

                """
            }
            try container.write(
                "/etc/entrypoint.yaml",
                ByteString(
                    "services:\n" + service("one", "as: root") + service("two", "") + service("three", "after: two")
                        + """
                          - name: mirror
                            command: [/bin/sh, -c, 'echo mirror >>/tmp/order']
                            every: 1h
                            start: after-command
                            final: {timeout: 5, command: [/bin/sh, -c, 'echo final >>/tmp/order']}

                        """))
            try container.write("/tmp/order", "", mode: 0o666)
            let running = try container.start(
                "sh", "-c", "trap 'echo command >>/tmp/order; exit 7' TERM; echo up; while :; do sleep 0.01; done")
            try running.waitForOutput("up")
            try wait(for: "the first run") { try container.text("/tmp/order").contains("mirror") }
            try running.signal(SIGTERM)
            let outcome = try running.wait()
            #expect(outcome.exitCode == 7, "\(outcome)")
            #expect(
                try container.text("/tmp/order").split(separator: "\n")
                    == ["mirror", "command", "three", "two", "final", "one"], "\(outcome)")
            #expect(outcome.duration < .seconds(60), "\(outcome)")
        }
    }

    @Test func `a service that fails for good ends the container with 125 where it is to`() throws {
        try withPod { container in
            try container.write(
                "/etc/entrypoint.yaml",
                """
                services:
                  - name: exporter
                    command: [/bin/sh, -c, 'while ! test -e /tmp/go; do sleep 0.01; done; exit 4']
                    restart: never
                    onFailure: stop

                """)
            let outcome = try container.run(
                "sh", "-c", "trap 'echo ended; exit 0' TERM; touch /tmp/go; while :; do sleep 0.01; done")
            #expect(outcome.exitCode == 125 && outcome.output == "ended\n", "\(outcome)")
            #expect(outcome.errors.contains("exporter"), "\(outcome)")
        }
    }

    @Test func `the user's programs cannot end a keeper in silence`() throws {
        try withPod { container in
            try container.write("/etc/entrypoint.yaml", "services: [{name: needed, command: [/bin/sleep, 1000]}]\n")
            let script: ByteString = """
                kill -TERM $(pgrep -u jane -f 'services [r]un'); sleep 0.3
                entrypointctl services list | tail -n 1 | cut -d ' ' -f 1-8
                """
            let boot = try container.boot("sh", "-c", script)
            #expect(boot.outputLines.first?.hasPrefix("needed") == true && boot.output.contains("running"), "\(boot)")
            #expect(boot.errors.contains("TERM from process") && boot.errors.contains("is not obeyed"), "\(boot)")
        }
    }

    @Test func `a plan tells what would be started`() throws {
        try withPod { container in
            try container.write(
                "/etc/entrypoint.yaml",
                """
                services:
                  - {name: exporter, command: [/opt/exporter, --port, "9100"], ready: {tcp: 9100, timeout: 5}}
                  - {name: mirror, command: [/opt/mirror], every: 5m, start: after-command, as: root}

                """)
            let plan = try container.run("--plan", "--", "true")
            let lines = plan.output.split(separator: "\n").filter { $0.contains("would start") }
            #expect(lines.count == 2, "\(plan)")
            #expect(
                lines.first?.hasSuffix(
                    "mirror: /opt/mirror (as root), after the command has started, and again 300 s after each run")
                    == true,
                "\(plan)")
            #expect(
                lines.last?.hasSuffix(
                    "exporter: /opt/exporter --port 9100 (as jane), before the command, ready when port 9100 accepts "
                        + "connections, at most 5 s after its start") == true, "\(plan)")
        }
    }
}
