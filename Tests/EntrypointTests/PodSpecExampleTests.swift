import Foundation
import TestSupport
import Testing

/// The pod specs that the project shows.
@Suite(.containers)
struct PodSpecExampleTests {
    /// What the program writes, under the line that writes it.
    private static func written(_ file: String, _ arguments: [String], in directory: String) throws -> String {
        let outcome = try PodSpecs.run(arguments.words(output: directory), in: ImageBuild.project)
        try #require(outcome.exitCode == 0, "\(outcome)")
        return try String(contentsOfFile: "\(directory)/\(file).yaml", encoding: .utf8)
    }

    @Test(arguments: PodSpecExample.specifications) func `a pod spec is what the program writes from the example`(
        example: PodSpecExample
    ) throws {
        try withRunDirectory { directory in
            let kind = example.name.hasPrefix("injection") ? "pod" : example.name.prefix { $0 != "-" }
            let text = try Self.written("jane-\(kind)", example.arguments, in: directory)
            try Golden.expect("# \(example.line)\n\(text)", in: example.path)
        }
    }

    @Test func `the secret and the volume are what the program writes from the example`() throws {
        try withRunDirectory { directory in
            let line = "entrypointctl pod-spec " + PodSpecExample.sharedArguments.joined(separator: " ")
            for (name, file) in PodSpecExample.shared {
                let text = try Self.written(file, PodSpecExample.sharedArguments, in: directory)
                try Golden.expect("# \(line)\n\(text)", in: "docker/kubernetes/\(name).yaml")
            }
        }
    }

    @Test func `there is no other file, and all are valid for Kubernetes`() throws {
        let directory = Golden.url("docker/kubernetes").path
        let names = try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
        let expected =
            PodSpecExample.specifications.map { $0.name + ".yaml" } + [
                "example.env", "secret.yaml", "snapshot.yaml", "snapshot-sidecar.yaml", "volume.yaml",
            ]
        #expect(names == expected.sorted())
        let paths = names.filter { $0.hasSuffix(".yaml") }.map { "\(directory)/\($0)" }
        let outcome = try PodSpecs.kubernetes(["validate"] + paths)
        #expect(outcome.exitCode == 0, "\(outcome)")
        let kinds = Set(
            outcome.outputLines.compactMap { $0.firstMatch(of: /: (\w+) as \w+: valid$/)?.1 }.map(String.init))
        #expect(
            kinds == [
                "Pod", "Job", "PyTorchJob", "JobSet", "StatefulSet", "Service", "Deployment", "Secret",
                "PersistentVolume",
                "PersistentVolumeClaim", "ConfigMap",
            ])
    }

    @Test(arguments: PodSpecExample.starts) func `the probe succeeds once the boot has finished, and not before`(
        start: String
    ) throws {
        let text = try Golden.text(of: "docker/kubernetes/statefulset-\(start).yaml")
        let words = try #require(text.firstMatch(of: /exec: \{command: \[(.*)\]\}/)?.1).split(separator: ", ")
        let probe = words.map { ByteString($0.replacing("\"", with: "")) }
        try withPod(.busybox, start == "root" ? .plain : .elevated) { container in
            if start != "root" { (container.user, container.group) = (1000, 2000) }
            container.noNewPrivileges = start == "restricted"
            if start == "restricted" { container.capabilities = [] }
            // A volume in memory as the kubelet makes one for fsGroup.
            container.mounts.append(.memory("/dev/shm", "mode=3777", "gid=2000"))
            try container.write(
                "/etc/entrypoint/user-steps.d/10-wait",
                "#!/bin/sh\n: >/scratch/homes/waits\nwhile [ ! -e /scratch/homes/go ]; do sleep 0.05; done\n",
                mode: 0o755)
            let boot = try container.start("/bin/sh", "-c", "echo up; exec sleep 600")
            while try !container.exists("/scratch/homes/waits") { usleep(10_000) }
            let user = start == "root" ? "0:0" : "1000:2000"
            #expect(try boot.exec(probe, user: user).exitCode == 1)
            #expect(try boot.exec(["touch", "/scratch/homes/go"], user: "1000:2000").exitCode == 0)
            try boot.waitForOutput("up")
            let ready = try boot.exec(probe, user: user)
            #expect(ready.exitCode == 0, "\(ready)")
        }
    }

    @Test(
        arguments: [
            ("runAsUser: 254321", "runAsUser: jane"), ("fsGroup: 83070", "fsGrup: 83070"),
            ("readOnly: true", "readOnly: 7"),
        ])
    func `what is not valid is found`(right: String, wrong: String) throws {
        for name in ["pod-user", "pytorchjob-user", "jobset-user", "statefulset-user"] {
            let text = try Golden.text(of: "docker/kubernetes/\(name).yaml")
            try #require(text.contains(right))
            try withRunDirectory { directory in
                let path = directory + "/wrong.yaml"
                try text.replacing(right, with: wrong).write(toFile: path, atomically: false, encoding: .utf8)
                let outcome = try PodSpecs.kubernetes(["validate", path])
                #expect(outcome.exitCode == 1, "\(outcome)")
            }
        }
    }

    /// Kubernetes, Pod Security Standards, restricted: what the fields must be.
    @Test(arguments: PodSpecExample.specifications.filter { $0.name.hasSuffix("restricted") })
    func `a restricted pod has what the restricted standard demands`(example: PodSpecExample) throws {
        struct Pod: Decodable {
            var spec: Specification
        }
        struct Specification: Decodable {
            var securityContext: Security
            var containers: [Container]
            var initContainers: [Container]?
            var volumes: [[String: Ignored]]
        }
        struct Security: Decodable {
            var runAsNonRoot: Bool
            var runAsUser: Int
            var seccompProfile: [String: String]
        }
        struct Container: Decodable {
            struct Security: Decodable {
                var allowPrivilegeEscalation: Bool
                var capabilities: [String: [String]]
            }
            var securityContext: Security
        }
        struct Ignored: Decodable { init(from decoder: any Decoder) throws {} }
        let outcome = try PodSpecs.kubernetes(["pods", Golden.url(example.path).path])
        let pods = try JSONDecoder().decode([Pod].self, from: Data(outcome.standardOutput.bytes))
        #expect(pods.count == (example.name.hasPrefix("pytorchjob") ? 2 : 1))
        for spec in pods.map(\.spec) {
            #expect(spec.securityContext.runAsNonRoot && spec.securityContext.runAsUser == 254321)
            #expect(spec.securityContext.seccompProfile == ["type": "RuntimeDefault"])
            for container in spec.containers + (spec.initContainers ?? []) {
                #expect(!container.securityContext.allowPrivilegeEscalation)
                #expect(container.securityContext.capabilities == ["drop": ["ALL"]])
            }
            let kinds = Set(spec.volumes.flatMap { $0.keys })
            #expect(kinds.subtracting(["name", "persistentVolumeClaim", "secret", "emptyDir"]).isEmpty)
        }
    }
}

extension [String] {
    /// The arguments with a directory for what is written.
    fileprivate func words(output directory: String) -> [String] {
        let end = firstIndex(of: "--") ?? endIndex
        return self[..<end] + ["--output", directory] + self[end...]
    }
}
