import Foundation
import Glibc
import TestSupport
import Testing

import enum Boot.ReportFile

/// Plans of an image that does not run: what its boot does then.
@Suite(.containers)
struct PlanOfRootTests {
    /// What a directory that stands for the scratch volume is like.
    struct Volume: CustomTestStringConvertible {
        let testDescription: String
        let mode: mode_t
        let group: UInt32
        /// Who makes what the user may not make.
        var seed: ByteString = ""
        let exitCode: Int32
    }

    private static let volumes = [
        Volume(testDescription: "the group may write there", mode: 0o770, group: 2000, exitCode: 0),
        Volume(testDescription: "root alone may write there", mode: 0o755, group: 0, exitCode: 125),
        Volume(
            testDescription: "the seed user may write there", mode: 0o775, group: 3000, seed: "1001:3000", exitCode: 0),
    ]

    /// Calls the body with the root of an image that podman has mounted, below directories that are root's alone.
    private static func withMountedImage(_ image: Image, _ body: (String) throws -> Void) throws {
        let created = try Podman.invoke("create", "\(image.name)", "/none")
        let id = ByteString(created.outputLines.last ?? "")
        defer { _ = try? Podman.invoke("rm", "--force", id) }
        let mounted = try Podman.invoke("mount", id)
        let root = try #require(mounted.outputLines.last)
        var closed: stat = stat()
        let above = URL(filePath: root).deletingLastPathComponent().path
        #expect(stat(above, &closed) == 0 && closed.st_mode & 0o077 == 0, "users cannot pass \(above)")
        try body(root)
    }

    /// `entrypointctl` on the machine.
    private static func control(_ arguments: ByteString...) throws -> Outcome {
        var program = Program("\(try TestMachine.programs)/entrypointctl", arguments)
        program.environment = Environment.container
        return try program.run()
    }

    @Test(arguments: volumes) func `a plan of a mounted image is what podman's boot of it does`(volume: Volume) throws {
        try withRunDirectory { directory in
            let scratch = directory + "/scratch"
            for (path, mode, group) in [(scratch, 0o755, 0), (scratch + "/homes", volume.mode, volume.group)]
                as [(String, mode_t, UInt32)]
            {
                try check(mkdir(path, 0o700), "mkdir", path)
                try check(chown(path, 0, group), "chown", path)
                try check(chmod(path, mode), "chmod", path)
            }
            let file = directory + "/pod.env"
            let pod = Environment.pod.with(["SCRATCH_SEED_USER": volume.seed])
            try Data(pod.entries.map { Array($0.bytes) + [0x0A] }.joined()).write(to: URL(filePath: file))
            var plan: Outcome?
            try Self.withMountedImage(.debian) { root in
                plan = try Self.control(
                    "plan", "--root", "\(root)", "--env-file", "\(file)", "--mount", "/scratch=\(scratch)")
            }
            let planned = try #require(plan)
            #expect(!planned.output.contains("depends "), "\(planned)")
            let boot = try Podman.run(
                .debian, ["/usr/local/bin/entrypointctl", "report", "--json"],
                options: [
                    "--entrypoint=/usr/local/bin/entrypoint", "--env-file=\(file)", "--volume=\(scratch):/scratch",
                ])
            #expect(boot.exitCode == volume.exitCode, "\(boot)")
            #expect(planned.exitCode == (volume.exitCode == 0 ? 2 : volume.exitCode), "\(planned)")
            if boot.exitCode == 0 {
                let report = try ReportFile.read(boot.standardOutput.bytes).boot
                #expect(PlannedBoot(planned).differences(from: report) == [], "\(planned)\n\(boot)")
            } else {
                #expect(PlannedBoot(planned).tells(boot.log.last ?? ""), "\(planned)\n\(boot)")
            }
        }
    }

    @Test func `without a mount for it, nothing is promised of scratch`() throws {
        try withContainer(.debian) { container in
            try withRunDirectory { directory in
                // What podman would end with 125 on, and what the pod's volume may well allow.
                try container.makeDirectory("/scratch", mode: 0o755)
                let file = directory + "/pod.env"
                try Data(Environment.pod.entries.map { Array($0.bytes) + [0x0A] }.joined()).write(
                    to: URL(filePath: file))
                let before = try container.changes()
                let plan = try Self.control("plan", "--root", "\(container.root)", "--env-file", "\(file)")
                #expect(plan.exitCode == 2 && plan.errors == "", "\(plan)")
                try Golden.expect(plan.output, in: "Tests/EntrypointTests/Golden/plan-without-volume.txt")
                #expect(
                    !plan.outputLines.contains { $0.hasPrefix("would change") && $0.contains("/scratch") }, "\(plan)")
                // One of two volumes: what is known is told, and nothing else.
                try check(mkdir(directory + "/cache", 0o700), "mkdir", directory)
                let one = try Self.control(
                    "plan", "--root", "\(container.root)", "--env-file", "\(file)", "--mount",
                    "/scratch/hf_cache=\(directory)/cache")
                #expect(one.exitCode == 2, "\(one)")
                #expect(one.output.contains("depends       scratch: directory /scratch/homes/jane"), "\(one)")
                #expect(
                    one.output.contains("depends       scratch: directory /scratch/homes/jane/.cache/huggingface")
                        && one.output.contains(
                            "note          scratch: cannot write in /scratch/hf_cache: permission denied"),
                    "\(one)")
                #expect(try container.changes() == before)
            }
        }
    }

    @Test func `mounts that make no sense are told, with code 64`() throws {
        let wrong = try Self.control("plan", "--root", "/usr", "--mount", "/s=/usr", "--mount", "/s=/var")
        #expect(wrong.exitCode == 64 && wrong.output == "", "\(wrong)")
        #expect(wrong.errors.hasPrefix("Error: --mount /s=/var: something is mounted at /s already\n"), "\(wrong)")
        let here = try Self.control("plan", "--mount", "/scratch=/usr")
        #expect(here.exitCode == 64 && here.errors.contains("give its directory with --root"), "\(here)")
    }
}
