import Foundation
import Glibc
import TestSupport
import Testing

/// The Dockerfiles that the project shows: each is built as it stands, and what comes of it is run.
@Suite(.containers)
struct DockerfileTests {
    /// Nothing of an earlier build is there: the programs are compiled anew, which takes as long as all other tests do.
    @Test(
        .enabled("part of `scripts/test --long images`") {
            ProcessInfo.processInfo.environment["ENTRYPOINT_TEST_IMAGE_BUILD"] != nil
        }) func `docker/Dockerfile builds both programs, and another image takes them over`() throws
    {
        try withRunDirectory { directory in
            let image = "localhost/entrypoint-built"
            let toolchain = try ToolchainImage(in: directory + "/toolchain")
            try ImageBuild.build(
                image, from: ImageBuild.project + "/docker/Dockerfile", in: ImageBuild.project,
                ["--build-arg=BUILD_IMAGE=\(toolchain.name)"] + toolchain.volumes,
                within: .seconds(900))
            let programs = try TestMachine.programs
            for (name, arguments) in [("entrypoint", ["--version"]), ("entrypointctl", ["steps"])] {
                let arguments = arguments.map { ByteString($0) }
                let ours = try Program("\(programs)/\(name)", arguments).run()
                try #require(ours.exitCode == 0 && !ours.output.isEmpty, "\(ours)")
                let theirs = try ImageBuild.run(["--entrypoint=/\(name)"], image, arguments)
                #expect(theirs.exitCode == 0 && theirs.output == ours.output, "\(theirs)")
            }
            // Nothing else is in the image: the entry point itself is the default.
            #expect(try ImageBuild.run([], image, ["--version"]).exitCode == 0)
            #expect(try ImageBuild.run([], image, ["/bin/sh"]).exitCode == 127)

            let user = "localhost/entrypoint-user"
            let text = """
                FROM \(Image.busybox.name)
                COPY --from=\(image) /entrypoint /entrypointctl /usr/local/bin/
                """
            try ImageBuild.build(user, text: text, in: directory)
            let boot = try ImageBuild.run(
                ImageBuild.variables(.pod) + ["--tmpfs=/scratch/homes:mode=777"], user, ["sh", "-c", "id -un; pwd"])
            #expect(boot.output == "jane\n/scratch/homes/jane\n", "\(boot)")
        }
    }

    @Test func `the README's Dockerfile is built by apt and boots as the README shows`() throws {
        let readme = try String(contentsOfFile: ImageBuild.project + "/README.md", encoding: .utf8)
        let dockerfile = try #require(readme.firstMatch(of: /```Dockerfile\n(.*?)```/.dotMatchesNewlines())?.1)
        try withRunDirectory { directory in
            let file = directory + "/Dockerfile"
            try String(dockerfile).write(toFile: file, atomically: false, encoding: .utf8)
            let image = "localhost/entrypoint-readme"
            try ImageBuild.build(image, from: file, in: ImageBuild.project, [try ImageBuild.packages])

            // The indented block whose first lines are the command, and the rest what it prints.
            let shown = readme.split(separator: "\n").drop { !$0.hasPrefix("    $ docker run") }
                .prefix { $0.hasPrefix("    ") }.map { String($0.dropFirst(4)) }
            let command = try #require(shown.first).dropFirst("$ docker run".count).dropLast(1) + shown[1]
            var options = command.split(separator: " ").map { ByteString(String($0)) }
            #expect(options.suffix(2) == ["IMAGE", "id"])
            options = options.dropLast(2).map { option in
                option == "/srv/scratch:/scratch" ? ByteString("\(directory)/scratch:/scratch") : option
            }
            let homes = directory + "/scratch/homes"
            try FileManager.default.createDirectory(atPath: homes, withIntermediateDirectories: true)
            try check(chmod(homes, 0o777), "chmod", homes)
            try check(chmod(directory + "/scratch", 0o777), "chmod", homes)
            let outcome = try ImageBuild.run(options, image, ["id"])
            let printed = outcome.errorLines + outcome.outputLines
            #expect(printed.map(Self.withoutDuration) == shown.dropFirst(2).map(Self.withoutDuration), "\(outcome)")
        }
    }

    private static func withoutDuration(_ line: String) -> String { line.replacing(/[0-9.]+ ms/, with: "N ms") }

    @Test func `the base image is built by apt and boots, and a later login shell has the boot's environment`() throws {
        try withRunDirectory { directory in
            // What docker/Dockerfile's last stage is.
            let file = directory + "/Programs"
            try "FROM scratch\nCOPY entrypoint entrypointctl /\n".write(
                toFile: file, atomically: false, encoding: .utf8)
            let programs = "localhost/entrypoint-programs"
            try ImageBuild.build(programs, from: file, in: try TestMachine.programs, [])
            let image = "localhost/entrypoint-base"
            let base = ImageBuild.project + "/docker/base"
            try ImageBuild.build(
                image, from: base + "/Dockerfile", in: base,
                [
                    "--build-arg=BASE_IMAGE=\(ImageBuild.apt)",
                    "--build-arg=ENTRYPOINT_IMAGE=\(programs)", "--build-arg=FILE_CAPABILITIES=yes",
                    try ImageBuild.packages,
                ])
            // As a pod that may not be root.
            let options = ["--user=1000:2000", "--passwd=false", "--tmpfs=/scratch/homes:mode=777"] as [ByteString]
            let pod = try ImageBuild.run(
                options + ImageBuild.variables(.pod), image, ["sh", "-c", "id -un; echo $HOME"])
            #expect(pod.output == "jane\n/home/jane\n", "\(pod)")
            let start: [ByteString] = [
                "run", "--rm", "--name=base", "--network=none", "--cgroup-parent=/\(try TestMachine.run)",
                "--tmpfs=/scratch/homes:mode=777",
            ]
            let command: [ByteString] = ["\(image)", "sh", "-c", "echo up; exec sleep 60"]
            let container = try Podman.program(start + ImageBuild.variables(.pod) + command).start()
            try container.waitForOutput("up")
            for shell in ["sh", "bash", "zsh"] as [ByteString] {
                let outcome = try Podman.invoke(
                    "exec", "--user=1000:2000", "base", shell, "-l", "-c", "echo $SCRATCH_HOME")
                #expect(outcome.output == "/scratch/homes/jane\n", "\(outcome)")
                let root = try Podman.invoke("exec", "base", shell, "-l", "-c", "echo $SCRATCH_HOME $HOME")
                #expect(root.output == "/root\n", "\(root)")
            }
            let user = try Podman.invoke("exec", "--user=1000:2000", "base", "zsh", "-c", "echo $ZDOTDIR")
            #expect(user.output == "/scratch/homes/jane/.shell\n", "\(user)")
            try container.stop()
        }
    }
}
