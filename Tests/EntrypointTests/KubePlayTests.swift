import Foundation
import TestSupport
import Testing

/// The pods of written specs, as podman plays them: they end with the identity that was asked for, and with the secrets
/// where nobody else sees them. One at a time: podman calls a volume as the spec does.
@Suite(.containers, .serialized)
struct KubePlayTests {
    /// A kind with a start.
    struct Case: CustomTestStringConvertible {
        var kind: String
        var start: String
        var isInjected = false

        var testDescription: String { "\(isInjected ? "injection" : kind), \(start)" }

        /// One of each start, and one whose image has no programs.
        static let short =
            PodSpecExample.starts.map { Case(kind: "pod", start: $0) } + [
                Case(kind: "pod", start: "root", isInjected: true)
            ]
        static let all =
            ["pod", "job", "deployment", "statefulset", "pytorchjob", "jobset"].flatMap { kind in
                PodSpecExample.starts.map { Case(kind: kind, start: $0) }
            } + PodSpecExample.starts.map { Case(kind: "pod", start: $0, isInjected: true) }
        static var selection: [Case] {
            ProcessInfo.processInfo.environment["ENTRYPOINT_TEST_PODS"] == "all" ? all : short
        }
    }

    private static let image = "localhost/entrypoint-pods:1"
    private static let installer = "localhost/entrypoint-installer:1"

    /// Builds the image of the pods, and the one that has the programs for others.
    private static let images: Result<Void, any Error> = Result {
        try withRunDirectory { directory in
            func build(_ name: String, _ text: String, in context: String) throws {
                let file = directory + "/Dockerfile"
                try text.write(toFile: file, atomically: false, encoding: .utf8)
                try ImageBuild.build(name, from: file, in: context, [])
            }
            let programs = "\(TestMachine.directory)/elevated/usr/local/bin"
            try build(
                image,
                """
                FROM \(Image.busybox.name)
                COPY entrypoint entrypointctl /usr/local/bin/
                ENTRYPOINT ["/usr/local/bin/entrypoint"]
                """, in: programs)
            try build(
                installer,
                """
                FROM scratch
                COPY entrypoint entrypointctl /
                ENTRYPOINT ["/entrypoint"]
                """, in: programs)
        }
    }

    private static let token = "hf_tokentokentoken"

    /// What the command prints: who and where it is, and what it finds of the secrets.
    private static let script = """
        id -u; id -g; id -G; umask; pwd; echo "$HOME"; echo "$HF_TOKEN ${HF_TOKEN_FILE-none} ${SSH_PRIVATE_KEY_B64-none}"
        head -n 1 ~/.ssh/id_rsa; touch "$SCRATCH_HOME/mine" && stat -c %u:%g "$SCRATCH_HOME/mine"
        tr '\\0' '\\n' </proc/1/environ | grep -c -e tokentoken -e SSH_PRIVATE_KEY_B64=
        """

    private static func expected(_ tried: Case) -> [String] {
        let groups = tried.start == "root" ? "83070 4" : "83070"
        // A program in a volume has no capabilities: the user has no entry, and the home is the persistent directory.
        let isPrepared = tried.start == "root" || tried.start == "user" && !tried.isInjected
        return [
            "254321", "83070", groups, "0007", "/scratch/homes/jane/project",
            isPrepared ? "/home/jane" : "/scratch/homes/jane", "\(token) none none",
            "-----BEGIN OPENSSH PRIVATE KEY-----", "254321:83070", "0",
        ]
    }

    @Test(arguments: Case.selection) func `a pod runs as its user, with its secrets in files`(tried: Case) throws {
        try Self.images.get()
        let number = TestMachine.uniqueNumber()
        let text =
            PodSpecs.file.replacing(
                /RUNAI_IMAGE=.*/, with: "RUNAI_IMAGE=\(tried.isInjected ? Image.busybox.name : Self.image)")
            + "HF_TOKEN=\(Self.token)\nGITHUB_SSH_KEY_PATH=key\n"
        try PodSpecs.withFile(text) { directory in
            let key = try Program(["/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", directory + "/key"])
                .run()
            try #require(key.exitCode == 0, "\(key)")
            let name = "pods\(number)"
            let written = try PodSpecs.run(
                [
                    "--env-file", "user.env", "--kind", tried.kind, "--start", tried.start, "--name", name, "--claim",
                    "\(name)-claim",
                ] + (tried.isInjected ? ["--inject", Self.installer] : []) + ["--", "/bin/sh", "-c", Self.script],
                in: directory)
            try #require(written.exitCode == 0, "\(written)")
            try Self.withVolumes(name) {
                try Self.addSecret(name, in: directory)
                let pods = try PodSpecs.kubernetes(["pods", "\(directory)/\(name).yaml"])
                let pod = try #require(
                    try JSONSerialization.jsonObject(with: Data(pods.standardOutput.bytes)) as? [[String: Any]]
                ).first
                let container = tried.kind == "pytorchjob" ? "pytorch" : "main"
                try Self.play(try #require(pod), name, container, in: directory) { output, inspection in
                    #expect(output.outputLines == Self.expected(tried), "\(output)")
                    let keyText = try String(contentsOfFile: directory + "/key", encoding: .utf8)
                    for secret in [Self.token, ByteString(keyText).base64.text] {
                        #expect(!inspection.contains(secret))
                    }
                    #expect(inspection.contains("HF_TOKEN_FILE=/run/secrets/entrypoint/HF_TOKEN"))
                }
            }
        }
    }

    /// Calls the body where the claim's volume can be written to, and removes what podman has made of the pod's volumes.
    private static func withVolumes(_ name: String, _ body: () throws -> Void) throws {
        let claim = ByteString("\(name)-claim")
        let made = try Podman.invoke("volume", "create", claim)
        try #require(made.exitCode == 0, "\(made)")
        defer {
            for volume in [claim, ByteString("\(name)-secret"), "shm", "entrypoint"] {
                _ = try? Podman.invoke("volume", "rm", "--force", volume)
            }
        }
        let place = try Podman.invoke("volume", "inspect", "--format", "{{.Mountpoint}}", claim)
        let path = try #require(place.outputLines.first)
        try check(chmod(path, 0o777), "chmod", path)
        try body()
    }

    /// Adds the secret. This version of podman mounts the values of a secret as they are written, which is in base64.
    private static func addSecret(_ name: String, in directory: String) throws {
        let decoded = try PodSpecs.kubernetes(["secret", "\(directory)/\(name)-secret.yaml"])
        try #require(decoded.exitCode == 0, "\(decoded)")
        let path = directory + "/secret.json"
        try decoded.output.write(toFile: path, atomically: false, encoding: .utf8)
        let added = try Podman.invoke("secret", "create", ByteString("\(name)-secret"), ByteString(path))
        try #require(added.exitCode == 0, "\(added)")
    }

    /// Plays a pod to its end, and removes it.
    private static func play(
        _ pod: [String: Any], _ name: String, _ container: String, in directory: String,
        _ body: (Outcome, String) throws -> Void
    ) throws {
        var pod = pod
        var metadata = pod["metadata"] as? [String: Any] ?? [:]
        metadata["name"] = name
        pod["metadata"] = metadata
        var spec = pod["spec"] as? [String: Any] ?? [:]
        // A template of another object leaves it to that.
        spec["restartPolicy"] = "Never"
        // There are no devices here.
        let containers = (spec["containers"] as? [[String: Any]])?.map { $0.filter { $0.key != "resources" } }
        spec["containers"] = containers
        pod["spec"] = spec
        let path = directory + "/pod.json"
        // podman's reader of YAML does not know that JSON may escape a slash.
        try JSONSerialization.data(withJSONObject: pod, options: .withoutEscapingSlashes).write(to: URL(filePath: path))
        defer {
            _ = try? Podman.invoke("pod", "rm", "--force", "--time=0", ByteString(name))
            _ = try? Podman.invoke("secret", "rm", ByteString("\(name)-secret"))
        }
        let played = try Podman.invoke("kube", "play", "--network=none", ByteString(path))
        try #require(played.exitCode == 0, "\(played)")
        let full = ByteString("\(name)-\(container)")
        let code = try Podman.invoke("wait", full)
        let output = try Podman.invoke("logs", full)
        #expect(code.output == "1\n" || code.output == "0\n", "\(code) \(output)")
        let inspection = try Podman.invoke("inspect", full)
        try body(output, inspection.output)
    }
}
