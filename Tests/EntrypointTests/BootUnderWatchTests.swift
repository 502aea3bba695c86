import TestSupport
import Testing

/// What ends a boot from outside: a file server that does not answer, and a signal.
@Suite(.containers)
struct BootUnderWatchTests {
    @Test func `a file server that does not answer ends the boot with the mount's name`() throws {
        let outcome = try Self.bootWithoutServer()
        #expect(outcome.exitCode == 125, "\(outcome)")
        #expect(
            outcome.errorLines.last
                == "entrypoint: scratch: cannot use /scratch/homes/jane: export (fuse.rootsquash) on /scratch did not "
                + "answer within 1 s; look whether its server is reachable; SCRATCH_TIMEOUT changes the limit",
            "\(outcome)")
    }

    /// Boots in a container on whose volume the server has stopped to answer.
    private static func bootWithoutServer(_ variables: Environment = [:]) throws -> Outcome {
        try withSquashedScratch { scratch in
            try scratch.makeHomes()
            return try withContainer(.scratch) { container in
                container.environment = .pod
                container.mounts = [.bind(scratch.mount, to: "/scratch")]
                let running = try container.start(ProbeReport.path, "print", "booted", "sleep", "60")
                try running.waitForOutput("booted")
                try scratch.pause()
                let outcome = try running.exec(
                    ["/usr/local/bin/entrypoint", "--mode", "init", ProbeReport.path],
                    environment: container.environment.with(["SCRATCH_TIMEOUT": "1", "ENTRYPOINT_LOG": "quiet"])
                        .with(variables))
                try scratch.resume()
                return outcome
            }
        }
    }

    @Test(arguments: [
        ("SSH_PUBLIC_KEY_FILE", "/scratch/homes/key.pub"), ("SSH_PRIVATE_KEY_B64_FILE", "/scratch/key"),
        ("ENTRYPOINT_CONFIG", "/scratch/own.yaml"), ("HF_TOKEN_FILE", "/scratch/token"),
    ])
    func `a file that a setting names is not waited for longer than a directory`(
        variable: String, path: String
    ) throws {
        let outcome = try Self.bootWithoutServer([ByteString(variable): ByteString(path)])
        #expect(outcome.exitCode == 125, "\(outcome)")
        #expect(
            outcome.errorLines.last
                == "entrypoint: settings: cannot use \(path): export (fuse.rootsquash) on /scratch did not "
                + "answer within 1 s; look whether its server is reachable; SCRATCH_TIMEOUT changes the limit",
            "\(outcome)")
    }

    /// What no change of the user's is about: where root works, and what is looked at before anything is changed.
    @Test(arguments: [
        ("/home/jane", "identity: cannot use /home/jane: export (fuse.rootsquash) on /home/jane did not answer"),
        ("/run", "export on /run"), ("/etc/pam.d", "export on /etc/pam.d"), ("/dev/fd", "export on /dev/fd"),
    ])
    func `a server of any place is not waited for without end`(place: String, told: String) throws {
        try withSquashedScratch { scratch in
            try scratch.makeHomes()
            for isElevated in [false, true] where isElevated || place == "/home/jane" || place == "/run" {
                try withContainer(.debian, .elevated) { container in
                    container.environment = .pod.with(["SCRATCH_TIMEOUT": "1", "ENTRYPOINT_LOG": "quiet"])
                    if isElevated { (container.user, container.group) = (1000, 2000) }
                    container.entrypoint = []
                    container.mounts = [.bind(scratch.mount, to: place)]
                    let running = try container.start(ProbeReport.path, "print", "booted", "sleep", "60")
                    try running.waitForOutput("booted")
                    try scratch.pause()
                    let outcome = try running.exec(
                        ["/usr/local/bin/entrypoint", "--mode", "init", "/bin/true"],
                        environment: container.environment)
                    try scratch.resume()
                    #expect(outcome.exitCode == 125, "\(outcome)")
                    let last = outcome.errorLines.last ?? ""
                    #expect(
                        last.contains(told) && last.hasSuffix("SCRATCH_TIMEOUT changes the limit"),
                        "\(isElevated) \(outcome)")
                }
            }
        }
    }
}
