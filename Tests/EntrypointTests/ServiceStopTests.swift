import Foundation
import TestSupport
import Testing

/// The end of a container with services, as an engine brings it about.
@Suite(.containers)
struct ServiceStopTests {
    /// A job whose last run takes a second, a service that ends at once, and one that ignores TERM.
    private static let services = """
        services:
          - name: mirror
            command: [/bin/sh, -c, 'echo first run']
            every: 1h
            final: {timeout: 3, command: [/bin/sh, -c, 'sleep 1; echo last run']}
          - {name: willing, command: [/bin/sleep, "1000"]}
          - name: stubborn
            command: [/bin/sh, -c, 'trap "" TERM; while :; do sleep 0.1; done']
            stop: {timeout: STOP}

        """

    @Test(
        "podman stop leaves the last runs their time, with 5 s as with 30 s",
        arguments: [(time: 5, grace: 4, stop: 60), (time: 30, grace: 20, stop: 2)])
    func stop(time: Int, grace: Int, stop: Int) throws {
        try withRunDirectory { directory in
            let file = directory + "/entrypoint.yaml"
            try Self.services.replacing("STOP", with: "\(stop)").write(toFile: file, atomically: false, encoding: .utf8)
            let name = "services-\(TestMachine.uniqueNumber())"
            let running = try Podman.start(
                .debian, ["sh", "-c", "trap 'echo command ended; exit 5' TERM; echo up; while :; do sleep 0.1; done"],
                options: [
                    "--name=\(name)", "--volume=\(file):/etc/entrypoint.yaml:ro", "--tmpfs=/scratch:mode=0777",
                    "--env=NB_USER=jane", "--env=NB_UID=1000", "--env=NB_GROUP=lab", "--env=NB_GID=2000",
                    "--env=SCRATCH_HOME_ROOT=/scratch/homes", "--env=WORKING_DIR=/scratch/homes/jane",
                    "--env=ENTRYPOINT_GRACE=\(grace)",
                ])
            try running.waitForErrors("mirror: first run")
            try running.waitForOutput("up")
            let began = ContinuousClock.now
            let stopped = try Podman.invoke("stop", "--time=\(time)", "\(name)")
            #expect(stopped.exitCode == 0, "\(stopped)")
            let outcome = try running.wait()
            // An engine that has to kill ends it with 137.
            #expect(outcome.exitCode == 5, "\(outcome)")
            #expect(outcome.output == "up\ncommand ended\n", "\(outcome)")
            #expect(outcome.errors.contains("mirror: last run"), "\(outcome)")
            #expect(ContinuousClock.now - began < .seconds(time + 60), "\(outcome)")
        }
    }
}
