import Foundation
import TestSupport
import Testing

/// `entrypointctl doctor` about devices, limits and distributed jobs.
@Suite(.containers)
struct DoctorJobTests {
    /// Calls the body with a container without a boot, whose command sleeps.
    private func withContainerUp(
        _ image: Image = .debian, prepare: (Container) throws -> Void = { _ in },
        _ body: (RunningContainer, Container) throws -> Void
    ) throws {
        try withContainer(image) { container in
            container.entrypoint = []
            try prepare(container)
            let running = try container.start("/bin/sh", "-c", "echo up; exec sleep 60")
            try running.waitForOutput("up")
            try body(running, container)
        }
    }

    @Test func `devices of a foreign group are told, and those of the user's groups are well`() throws {
        try withPod(.busybox) { container in
            container.devices = [
                ("/dev/nvidia0", 0o660, 4444), ("/dev/nvidiactl", 0o666, 0), ("/dev/nvidia-uvm", 0o600, 0),
            ]
            (container.user, container.group, container.groups) = (1000, 2000, [27])
            container.environment["CUDA_VISIBLE_DEVICES"] = "0,1"
            container.entrypoint = ["/usr/local/bin/entrypointctl"]
            let arguments: [ByteString] = ["doctor", "--json", "--only", "devices"]
            let denied = try DoctorAnswers(try container.run(arguments))
            let text = denied.all.map { "\($0)\n" }.joined()
            try Golden.expect(text, in: "Tests/EntrypointTests/Golden/doctor-devices.txt")
            container.groups = [4444]
            container.devices[2].mode = 0o666
            container.environment["CUDA_VISIBLE_DEVICES"] = "0"
            container.mounts = [.memory("/dev/shm", "size=2g")]
            let answers = try DoctorAnswers(try container.run(arguments))
            #expect(answers.amiss == [])
            #expect(
                answers.of("devices.accelerators").map(\.evidence) == [
                    "user 1000 can open /dev/nvidia-uvm, /dev/nvidia0 and /dev/nvidiactl"
                ])
            #expect(answers.of("devices.shm").map(\.evidence) == ["/dev/shm has 2 GiB, of which 2 GiB are free"])
        }
    }

    @Test func `limits of the control group are told, with how near they are`() throws {
        let directory = try TemporaryDirectory()
        let files = [
            "cgroup.controllers": "cpu memory pids\n", "cpu.max": "50000 100000\n", "memory.max": "1048576\n",
            "memory.current": "1048576\n", "memory.events": "oom 4\noom_kill 3\n", "pids.max": "10\n",
            "pids.current": "10\n",
        ]
        for (name, text) in files {
            try text.write(toFile: "\(directory.path)/\(name)", atomically: true, encoding: .utf8)
        }
        try withContainerUp(prepare: { $0.mounts = [.bind("\(directory.path)", to: "/sys/fs/cgroup", readOnly: true)] })
        {
            running, _ in
            let answers = try running.doctor("--only", "limits", user: "1000:2000")
            let text = answers.all.map { "\($0)\n" }.joined().replacing(
                /[0-9.]+ [KMGT]iB in use|has [0-9.]+ GiB/, with: "N"
            )
            .replacing(/of [0-9]+ processors/, with: "of N processors").replacing(
                /start [0-9]+ thread/, with: "start N thread")
            try Golden.expect(text, in: "Tests/EntrypointTests/Golden/doctor-limits.txt")
        }
    }

    private static let job: Environment = [
        "MASTER_ADDR": "job-0", "MASTER_PORT": "29500", "RANK": "0", "WORLD_SIZE": "2",
    ]

    /// Starts a server of names in a container, on the port that is asked.
    private func startServer(_ running: RunningContainer, _ container: Container, _ arguments: String) throws {
        let script = try Data(contentsOf: Golden.url("Tests/Fixtures/dns-server"))
        try container.write("/dns-server", ByteString(Array(script)), mode: 0o755)
        let start: ByteString = """
            (sleep 60 | /dns-server --port 53 \(arguments)) >/tmp/port 2>&1 & until [ -s /tmp/port ]; do sleep 0.05; done
            """
        let outcome = try running.exec(["sh", "-c", start], user: "0:0")
        let port = try container.text("/tmp/port")
        #expect(outcome.exitCode == 0 && port == "53\n", "\(outcome)")
    }

    @Test func `the address of a job is resolved without the C library's modules`() throws {
        try withContainerUp { running, container in
            // A static program that asked such a module would crash.
            try container.write("/etc/nsswitch.conf", "hosts: files nothing dns\n")
            try container.write(
                "/etc/resolv.conf", "nameserver 127.0.0.1\nsearch jobs.svc.cluster.local\noptions ndots:5\n")
            try container.write("/etc/hosts", "127.0.0.1 localhost\n10.9.9.9 hosted\n")
            func answer(_ address: ByteString, user: String = "1000:2000") throws -> String {
                let environment = Self.job.with(["MASTER_ADDR": address])
                let answers = try running.doctor("--only", "distributed.address", user: user, environment: environment)
                return answers.all.map { "\($0.verdict): \($0.evidence)" }.joined(separator: "; ")
            }
            #expect(
                try answer("job-0") == "fail: MASTER_ADDR is job-0, and no name server answers (127.0.0.1)")
            #expect(try answer("hosted") == "ok: MASTER_ADDR is hosted, which is 10.9.9.9")
            #expect(try answer("192.0.2.1") == "ok: MASTER_ADDR is 192.0.2.1, which is 192.0.2.1")
            #expect(try answer("2001:db8::1") == "ok: MASTER_ADDR is 2001:db8::1, which is 2001:db8::1")
            try startServer(running, container, "job-0.jobs.svc.cluster.local=10.1.2.3")
            #expect(try answer("job-0") == "ok: MASTER_ADDR is job-0, which is 10.1.2.3")
            #expect(try answer("job-0", user: "0:0") == "ok: MASTER_ADDR is job-0, which is 10.1.2.3")
            #expect(
                try answer("job-1")
                    == "fail: MASTER_ADDR is job-1, and no name server and no line of /etc/hosts has that name")
        }
        try withContainerUp { running, container in
            try container.write("/etc/resolv.conf", "nameserver 127.0.0.1\n")
            try startServer(running, container, "--silent")
            let answers = try running.doctor("--only", "distributed.address", user: "4711:4711", environment: Self.job)
            #expect(
                answers.amiss.map { $0.prefix(90) } == [
                    "fail distributed.address -: MASTER_ADDR is job-0, and no name server answers (127.0.0.1) |"
                ], "\(answers)")
        }
    }

    @Test func `the port of a job is tried on rank 0`() throws {
        try withContainerUp { running, _ in
            let free = try running.doctor("--only", "distributed.port", environment: Self.job)
            #expect(free.all.map(\.evidence) == ["port 29500 (MASTER_PORT) is free for rank 0"])
            let listen: ByteString = """
                python3 -c 'import socket,time
                s = socket.create_server(("127.0.0.1", 29500))
                print("up", flush=True); time.sleep(60)' >/tmp/up 2>&1 & until [ -s /tmp/up ]; do sleep 0.05; done
                """
            #expect(try running.exec(["sh", "-c", listen]).exitCode == 0)
            let used = try running.doctor(
                "--only", "distributed", environment: Self.job.with(["MASTER_ADDR": "10.0.0.1"]))
            #expect(
                used.amiss == [
                    "warn distributed.port -: port 29500 (MASTER_PORT) is in use in this container; if not by the job itself, "
                        + "rank 0 cannot listen there | end what listens there (ss -ltnp 'sport = :29500'), or set another "
                        + "MASTER_PORT in the pod spec's env"
                ])
            let low = Self.job.with(["MASTER_PORT": "81"])
            let closed = try running.doctor("--only", "distributed.port", user: "1000:2000", environment: low)
            #expect(
                closed.amiss.map { $0.prefix(94) }
                    == [
                        "fail distributed.port -: rank 0 cannot listen on port 81 (MASTER_PORT): permission denied | MAS"
                    ].map { $0.prefix(94) })
            let other = try running.doctor("--only", "distributed.port", environment: Self.job.with(["RANK": "1"]))
            #expect(other.all.isEmpty)
        }
    }
}
