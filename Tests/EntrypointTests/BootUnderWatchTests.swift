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
                + "answer within 1 s; is its server reachable? SCRATCH_TIMEOUT changes the limit", "\(outcome)")
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
        ("ENTRYPOINT_CONFIG", "/scratch/own.yaml"),
    ])
    func `a file that a setting names is not waited for longer than a directory`(
        variable: String, path: String
    ) throws {
        let outcome = try Self.bootWithoutServer([ByteString(variable): ByteString(path)])
        #expect(outcome.exitCode == 125, "\(outcome)")
        #expect(
            outcome.errorLines.last
                == "entrypoint: settings: cannot use \(path): export (fuse.rootsquash) on /scratch did not "
                + "answer within 1 s; is its server reachable? SCRATCH_TIMEOUT changes the limit", "\(outcome)")
    }
}
