import Boot
import Foundation
import Linux
import Session
import TestSupport
import Testing

/// The examples of services in `docker/services`: they have no mistakes, and their commands do what they say.
@Suite(.containers)
struct ServiceExampleTests {
    static let names = ["sshd-root", "sshd-user", "notebook", "mirror"]

    static func text(_ name: String) throws -> String { try Golden.text(of: "docker/services/\(name).yaml") }

    /// The services of an example, as the boot of a pod reads them.
    private static func services(_ name: String) throws -> [Service] {
        let directory = try TemporaryDirectory()
        let etc = directory.path.string + "/etc"
        try FileManager.default.createDirectory(atPath: etc, withIntermediateDirectories: false)
        try text(name).write(toFile: etc + "/entrypoint.yaml", atomically: false, encoding: .utf8)
        let variables = [
            "NB_USER=jane", "NB_UID=1000", "NB_GROUP=lab", "NB_GID=2000", "SCRATCH_HOME_ROOT=/scratch/homes",
            "WORKING_DIR=/scratch/homes/jane",
        ]
        return withExtendedLifetime(directory) {
            let inspection = Inspection(
                tree: FileTree(root: directory.path), environment: variables.map { CString(Array($0.utf8)) })
            return inspection.outlook().outlook?.services ?? []
        }
    }

    /// The program and the arguments of an example's only service.
    private static func command(_ name: String) throws -> [ByteString] {
        let services = try services(name)
        try #require(services.count == 1, "\(name): \(services)")
        return services[0].command.map { ByteString($0) }
    }

    @Test func `every example is checked here, and stands on the page`() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Golden.url("docker/services").path)
        #expect(Set(files) == Set(Self.names.map { "\($0).yaml" }))
        let page = try Page("Services")
        for name in Self.names {
            #expect(page.links.contains { $0.file == "docker/services/\(name).yaml" }, "\(name)")
        }
    }

    @Test(arguments: names) func `an example has no mistakes`(name: String) throws {
        try withPod(.busybox) { container in
            container.entrypoint = ["/usr/local/bin/entrypointctl"]
            try container.write("/etc/entrypoint/conf.d/example.yaml", ByteString(Self.text(name)))
            let outcome = try container.run("config", "check")
            #expect(outcome.exitCode == 0, "\(outcome)")
        }
        let lines = try Self.text(name).split(separator: "\n")
        #expect(lines.allSatisfy { $0.count <= 120 }, "\(name)")
        #expect(lines.first?.hasPrefix("# ") == true, "\(name) says what it is")
    }

    /// Starts a server in the background, and logs in until it works.
    ///
    /// - Parameter port: the server's.
    private static func logIn(_ port: Int, _ start: String = "") -> ByteString {
        """
        \(start) "$@" 2>/tmp/sshd.log & n=0
        log_in() {
            ssh -p \(port) -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR \
                "$@"
        }
        until log_in jane@127.0.0.1 'echo $(id -un) is in $(pwd)' || [ "$n" -ge 200 ]; do n=$((n + 1)); sleep 0.1; done \
            2>/tmp/refused
        [ "$n" -lt 200 ] || cat /tmp/sshd.log /tmp/refused
        """
    }

    private static func withKeys(_ body: (Container) throws -> Void) throws {
        let key = try SSHKey()
        try withPod { container in
            container.environment["SSH_PRIVATE_KEY_B64"] = key.base64
            container.environment["SSH_AUTHORIZED_KEYS"] = key.publicLine
            try body(container)
        }
    }

    @Test func `sshd as root lets the keys of the pod in, and nobody else`() throws {
        try Self.withKeys { container in
            let script = Self.logIn(22, "sudo -n") + "\nlog_in root@127.0.0.1 true; echo $?\n"
            let outcome = try container.boot(["sh", "-c", script, "sh"] + Self.command("sshd-root"))
            #expect(outcome.outputLines == ["jane is in /home/jane", "255"], "\(outcome)")
            #expect(try container.status("/etc/ssh/entrypoint_host_key")?.description == "file 0600 0:0")
        }
    }

    @Test(arguments: [false, true])
    func `sshd as the user needs no privileges, and its host key is in memory`(isElevated: Bool) throws {
        let key = try SSHKey()
        try withPod(.debian, isElevated ? .elevated : .plain) { container in
            if isElevated { (container.user, container.group) = (1000, 2000) }
            container.environment["SSH_PRIVATE_KEY_B64"] = key.base64
            container.environment["SSH_AUTHORIZED_KEYS"] = key.publicLine
            // Its host key is the same when it is started again.
            let script =
                Self.logIn(2222) + """

                    ssh-keygen -lf /dev/shm/sshd-1000/host_key >/tmp/first; kill $!; wait $!
                    "$@" 2>>/tmp/sshd.log & sleep 0.5
                    until log_in jane@127.0.0.1 true 2>/dev/null || [ "$n" -ge 200 ]; do n=$((n + 1)); sleep 0.1; done
                    ssh-keygen -lf /dev/shm/sshd-1000/host_key | cmp - /tmp/first && echo same
                    stat -c '%a %u' /dev/shm/sshd-1000 /dev/shm/sshd-1000/host_key
                    log_in root@127.0.0.1 true; echo $?
                    """
            let outcome = try container.boot(["sh", "-c", script, "sh"] + Self.command("sshd-user"))
            #expect(
                outcome.outputLines == ["jane is in /home/jane", "same", "700 1000", "600 1000", "255"], "\(outcome)")
        }
    }

    @Test func `a directory of somebody else's in the place of the host key's is not used`() throws {
        try Self.withKeys { container in
            let script: ByteString = """
                sudo -n install -d -m 777 /dev/shm/sshd-1000; timeout 20 "$@"; echo $?; ls -A /dev/shm/sshd-1000
                sudo -n rm -r /dev/shm/sshd-1000; mkdir /dev/shm/own; ln -s own /dev/shm/sshd-1000
                timeout 20 "$@"; echo $?; ls -A /dev/shm/own
                """
            let outcome = try container.boot(["sh", "-c", script, "sh"] + Self.command("sshd-user"))
            #expect(outcome.outputLines == ["1", "1"], "\(outcome)")
        }
    }

    /// What jupyter does with these arguments and with the token, as far as others see it.
    private static let notebook: ByteString = """
        #!/usr/bin/python3
        import http.server, os, sys
        options = dict(a.removeprefix("--").split("=") for a in sys.argv[2:] if "=" in a)
        assert sys.argv[1] == "lab" and "--no-browser" in sys.argv
        class Server(http.server.BaseHTTPRequestHandler):
            def log_message(self, *words): pass
            def do_GET(self):
                self.send_response(200 if self.path == "/?token=" + os.environ["JUPYTER_TOKEN"] else 403)
                self.end_headers()
        http.server.HTTPServer((options["ServerApp.ip"], int(options["ServerApp.port"])), Server).serve_forever()

        """

    @Test func `the notebook server is on the loopback interface, and wants the token`() throws {
        let service = try #require(try Self.services("notebook").first)
        #expect(service.secrets == ["JUPYTER_TOKEN"] && service.readiness == .tcp(8888))
        try withPod { container in
            try container.write("/usr/local/bin/jupyter", Self.notebook, mode: 0o755)
            container.environment["JUPYTER_TOKEN"] = "s3cr3t"
            let script: ByteString = """
                "$@" & n=0
                ask() {
                    python3 -c 'import sys, urllib.request as r; print(r.urlopen(sys.argv[1]).status)' \
                        "http://127.0.0.1:8888/$1" 2>&1 | tail -n 1
                }
                until ask '?token=s3cr3t' | grep 200 || [ "$n" -ge 200 ]; do n=$((n + 1)); sleep 0.1; done
                ask '?token=none'
                """
            let outcome = try container.boot(["sh", "-c", script, "sh"] + Self.command("notebook"))
            #expect(outcome.outputLines.first == "200", "\(outcome)")
            #expect(outcome.outputLines.last?.contains("403") == true, "\(outcome)")
        }
    }

    @Test func `the mirror copies the results of the user, and removes nothing`() throws {
        let service = try #require(try Self.services("mirror").first)
        #expect(service.schedule == .every(300_000_000_000) && service.final?.timeout == 45_000_000_000)
        try withPod { container in
            try container.write("/usr/local/bin/rclone", "#!/bin/sh\nprintf '%s\\n' \"$@\"\n", mode: 0o755)
            container.environment["RESULTS_BUCKET"] = "lab results"
            let outcome = try container.boot(Self.command("mirror"))
            #expect(
                outcome.outputLines == ["copy", "/scratch/homes/jane/results", "store:lab results/jane"], "\(outcome)")
        }
    }
}
