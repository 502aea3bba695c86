import Foundation
import Glibc
import TestSupport
import Testing

/// `entrypointctl install`: an init container puts the programs into a volume, and images that stay as they are start with
/// them.
@Suite(.containers)
struct InstallCommandTests {
    /// An image as `docker/Dockerfile` makes it, and the volume that its containers share with others: `install` runs in
    /// the first as the user, and then the body with the options that give the volume to others.
    private func withInstalled(
        user: String = "0:0", _ body: (_ name: String, _ volume: ByteString, Outcome) throws -> Void
    ) throws {
        try withRunDirectory { directory in
            let image = "localhost/entrypoint-programs-install"
            let text = "FROM scratch\nCOPY entrypoint entrypointctl /\nENTRYPOINT [\"/entrypoint\"]\n"
            try text.write(toFile: directory + "/Dockerfile", atomically: false, encoding: .utf8)
            try ImageBuild.build(image, from: directory + "/Dockerfile", in: try TestMachine.programs, [])
            let volume = directory + "/volume"
            try FileManager.default.createDirectory(atPath: volume, withIntermediateDirectories: true)
            // What an emptyDir is.
            try check(chmod(volume, 0o777), "chmod", volume)
            let options: [ByteString] = [
                "--user=\(user)", "--volume=\(volume):/programs", "--entrypoint=/entrypointctl", "--read-only",
            ]
            let installed = try ImageBuild.run(options, image, ["install", "/programs"])
            try body(volume, "--volume=\(volume):/entrypoint:ro", installed)
        }
    }

    @Test(arguments: Image.allCases)
    func `a container of any image boots with programs from a volume`(image: Image) throws {
        try withInstalled { volume, option, installed in
            #expect(installed.exitCode == 0, "\(installed)")
            #expect(
                installed.output == "/programs/entrypointctl: installed\n/programs/entrypoint: installed\n")
            let warning = "entrypointctl: warning: /programs may be written by others than its owner, "
            #expect(installed.errorLines.count == 1 && installed.errors.hasPrefix(warning), "\(installed)")
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: volume).sorted() == ["entrypoint", "entrypointctl"])
            // The image with nothing in it gets a single static program.
            let options: [ByteString] = [
                option, "--entrypoint=/entrypoint/entrypoint", "--tmpfs=/scratch/homes:mode=777",
                "--volume=\(try TestMachine.tools)/probe:/probe:ro",
            ]
            let command: [ByteString] =
                image == .scratch ? ["--", "/probe", "print", "up"] : ["--", "sh", "-c", "id -un; pwd"]
            let pod = try ImageBuild.run(options + ImageBuild.variables(.pod), image.name, command)
            #expect(pod.exitCode == 0 && pod.errors.contains("entrypoint: ready: "), "\(pod)")
            let told = image == .scratch ? "up\n" : "jane\n/scratch/homes/jane\n"
            #expect(pod.output == told, "\(pod)")
            // A later session.
            let control: [ByteString] = [option, "--entrypoint=/entrypoint/entrypointctl"]
            #expect(try ImageBuild.run(control, image.name, ["--version"]).exitCode == 0)
        }
    }

    @Test
    func `a pod that starts as its user installs and boots, and what it installed is left as it is the next time`()
        throws
    {
        try withInstalled(user: "1000:2000") { volume, option, installed in
            #expect(installed.exitCode == 0 && installed.errors.isEmpty, "\(installed)")
            let options: [ByteString] = [
                option, "--user=1000:2000", "--entrypoint=/entrypoint/entrypoint", "--tmpfs=/scratch/homes:mode=777",
            ]
            let pod = try ImageBuild.run(
                options + ImageBuild.variables(.pod), Image.debian.name, ["--", "sh", "-c", "id -u; pwd"])
            #expect(pod.output == "1000\n/scratch/homes/jane\n", "\(pod)")

            func stamps() throws -> [String] {
                try ["entrypoint", "entrypointctl"].map { name in
                    var status = stat()
                    try check(lstat("\(volume)/\(name)", &status), "lstat", name)
                    return
                        "\(status.st_ino) \(status.st_mtim.tv_sec) \(String(status.st_mode, radix: 8)) \(status.st_uid)"
                }
            }
            let first = try stamps()
            #expect(first.allSatisfy { $0.hasSuffix("100755 1000") }, "\(first)")
            let again = try ImageBuild.run(
                ["--user=1000:2000", "--volume=\(volume):/entrypoint", "--entrypoint=/entrypoint/entrypointctl"],
                Image.scratch.name, ["install", "--json", "/entrypoint"])
            let json = try JSONSerialization.jsonObject(with: Data(again.standardOutput.bytes)) as? [String: Any]
            let programs = try #require(json?["programs"] as? [[String: Any]], "\(again)")
            #expect(programs.map { $0["outcome"] as? String } == ["unchanged", "unchanged"])
            #expect(try stamps() == first)
        }
    }

    @Test func `a full volume is told of, and holds what it held`() throws {
        let control = "\(try TestMachine.programs)/entrypointctl"
        let script = """
            mount -t tmpfs -o size=8m volume "$1" && echo old >"$1/entrypoint" && "$2" install "$1"
            echo "code $?"; ls -A "$1"; cat "$1/entrypoint"
            """
        try withRunDirectory { directory in
            var shell = Program("/bin/sh", ["-c", ByteString(script), "sh", "\(directory)", "\(control)"])
            shell.isolation = .mounts
            let outcome = try shell.run()
            #expect(outcome.output == "code 1\nentrypoint\nold\n", "\(outcome)")
            let told =
                "entrypointctl: cannot install entrypointctl into \(directory): no space left on device; both programs take "
            #expect(outcome.errors.hasPrefix(told) && outcome.errorLines.count == 1, "\(outcome)")
        }
    }
}
