import Foundation
import Testing

/// The example of a base image, built from a local root file system, and a boot in it.
@Suite(.containers)
struct DockerTests {
    @Test func `the base image boots, and a later login shell has the boot's environment`() throws {
        try withTemporaryDirectory { directory in
            let programs = try TestMachine.programs
            // What docker/Dockerfile's last stage is.
            try Self.write("FROM scratch\nCOPY entrypoint entrypointctl /\n", to: directory + "/Programs")
            try Self.build("localhost/entrypoint-programs", directory + "/Programs", in: programs)
            // The image has what the example installs: its apt-get has nothing to do.
            try Self.write(
                "FROM \(Image.debian.name)\nRUN ln -s /bin/true /usr/local/bin/apt-get\n", to: directory + "/Root")
            try Self.build("localhost/entrypoint-root", directory + "/Root", in: directory)
            let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent().path
            try Self.build(
                "localhost/entrypoint-base", root + "/docker/base/Dockerfile", in: root + "/docker/base",
                "--build-arg=BASE_IMAGE=localhost/entrypoint-root",
                "--build-arg=ENTRYPOINT_IMAGE=localhost/entrypoint-programs")
            let variables = Environment.pod.entries.map { ByteString("--env=") + $0 }
            let container = try Podman.program(
                ["run", "--rm", "--name=base", "--network=none", "--cgroup-parent=/\(try TestMachine.run)"] + variables
                    + [
                        "--tmpfs=/scratch/homes:mode=777", "localhost/entrypoint-base", "sh", "-c",
                        "echo up; exec sleep 60",
                    ]
            ).start()
            try container.waitForOutput("up")
            for shell in ["sh", "bash", "zsh"] as [ByteString] {
                let outcome = try Podman.invoke("exec", "base", shell, "-l", "-c", "echo $SCRATCH_HOME")
                #expect(outcome.output == "/scratch/homes/jane\n", "\(outcome)")
            }
            let user = try Podman.invoke("exec", "--user=1000:2000", "base", "zsh", "-c", "echo $ZDOTDIR")
            #expect(user.output == "/scratch/homes/jane/.shell\n", "\(user)")
            try container.stop()
        }
    }

    private static func write(_ text: String, to path: String) throws {
        try text.write(toFile: path, atomically: false, encoding: .utf8)
    }

    private static func build(_ name: String, _ file: String, in context: String, _ arguments: ByteString...) throws {
        let options: [ByteString] = [
            "build", "--isolation=chroot", "--network=host", "--pull=never", "--tag=\(name)", "--file=\(file)",
        ]
        var builder = try Podman.program(options + arguments + ["\(context)"])
        // It leaves mounts behind.
        builder.isolation = .mounts
        let outcome = try builder.run(within: .seconds(60))
        try #require(outcome.exitCode == 0, "\(outcome)")
    }
}
