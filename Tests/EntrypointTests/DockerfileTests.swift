import Foundation
import Glibc
import TestSupport
import Testing

/// The Dockerfiles that the project shows: each is built as it stands, and what comes of it is run.
@Suite(.containers)
struct DockerfileTests {
    /// Nothing of an earlier build is there: the programs are compiled anew, which takes as long as all other tests do.
    @Test(.longImages) func `docker/Dockerfile builds the same programs each time, and another image takes them over`()
        throws
    {
        try withRunDirectory { directory in
            let toolchain = try ToolchainImage(in: directory + "/toolchain")
            let commit = "1a2b3c4d5e6f"
            var digests: [String] = []
            let image = "localhost/entrypoint-built"
            for name in [image, "localhost/entrypoint-built-again"] {
                try ImageBuild.build(
                    name, from: ImageBuild.project + "/docker/Dockerfile", in: ImageBuild.project,
                    ["--build-arg=BUILD_IMAGE=\(toolchain.name)", "--build-arg=COMMIT=\(commit)", "--timestamp=0"]
                        + toolchain.volumes,
                    within: .seconds(1800))
                let digest = try Podman.invoke("image", "inspect", "--format={{.Digest}}", "\(name)")
                digests.append(digest.output)
            }
            #expect(digests[0].hasPrefix("sha256:") && digests[0] == digests[1], "\(digests)")

            let programs = try TestMachine.programs
            let steps = try Program("\(programs)/entrypointctl", ["steps"]).run()
            try #require(steps.exitCode == 0 && !steps.output.isEmpty, "\(steps)")
            let theirs = try ImageBuild.run(["--entrypoint=/entrypointctl"], image, ["steps"])
            #expect(theirs.exitCode == 0 && theirs.output == steps.output, "\(theirs)")
            // Nothing else is in the image: the entry point itself is the default.
            #expect(try ImageBuild.run([], image, ["--version"]).output.hasSuffix(" (commit \(commit))\n"))
            #expect(try ImageBuild.run([], image, ["/bin/sh"]).exitCode == 127)
            let label = try Podman.invoke(
                "image", "inspect", "--format={{index .Labels \"org.opencontainers.image.revision\"}}", "\(image)")
            #expect(label.output == "\(commit)\n")

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

    @Test func `the image for those who come from csub gives an account, a home and sudo to a pod with the user's ids`()
        throws
    {
        try ImageBuild.programs.get()
        let shown = try Page("ComingFromCsub").blocks.filter { $0.language == "Dockerfile" }
        try #require(shown.count == 1)
        try withRunDirectory { directory in
            let file = directory + "/Dockerfile"
            try shown[0].text.write(toFile: file, atomically: false, encoding: .utf8)
            let image = "localhost/entrypoint-csub"
            try ImageBuild.build(image, from: file, in: ImageBuild.project, [try ImageBuild.packages])
            // What `--run-as-uid` and `--run-as-gid` make of the pod; csub gives the variables.
            let options: [ByteString] = ["--user=1000:2000", "--passwd=false", "--tmpfs=/scratch:mode=777"]
            let script: ByteString =
                "id; sudo -n id -u; echo $HOME $PWD; umask; sudo -n cat /etc/shadow | grep -c ^root:"
            let pod = try ImageBuild.run(options + ImageBuild.variables(.pod), image, ["sh", "-c", script])
            #expect(
                pod.outputLines == [
                    "uid=1000(jane) gid=2000(lab) groups=2000(lab),4(adm),27(sudo)", "0",
                    "/home/jane /scratch/homes/jane", "0007", "1",
                ], "\(pod)")
            #expect(pod.errors.contains("sudo yes") && !pod.errors.contains("warning: "), "\(pod)")
            let restricted = try ImageBuild.run(
                options + ["--security-opt=no-new-privileges"] + ImageBuild.variables(.pod), image, ["id", "-u"])
            #expect(restricted.output == "1000\n" && restricted.errors.contains("sudo no"), "\(restricted)")

            // What the page on security adds to such an image.
            let parts = try Page("Security").blocks.filter { $0.language == "Dockerfile" }.map(\.text)
            try #require(parts.count == 2)
            try ImageBuild.build(
                "localhost/entrypoint-security", text: "FROM \(image)\n" + parts.joined(), in: directory)
        }
    }
}
