import Foundation
import TestSupport
import Testing

/// The page about Kubernetes: what it shows is what there is.
@Suite(.containers)
struct KubernetesPageTests {
    private static var page: String {
        get throws { try Golden.text(of: "Sources/entrypoint/Documentation.docc/Kubernetes.md") }
    }

    /// The blocks of a language, without the fences.
    private static func blocks(_ language: String) throws -> [String] {
        let all = try page.components(separatedBy: "```\(language)\n").dropFirst()
        return all.map { String($0.prefix(upTo: $0.range(of: "```")?.lowerBound ?? $0.endIndex)) }
    }

    @Test func `every block of YAML is a part of a file that is shown`() throws {
        let directory = Golden.url("docker/kubernetes").path
        let names = try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasSuffix(".yaml") }
        let files = try names.map { try String(contentsOfFile: "\(directory)/\($0)", encoding: .utf8) }
        let blocks = try Self.blocks("yaml")
        #expect(blocks.count >= 10)
        for block in blocks {
            let isShown = [0, 2, 4, 6, 8, 10, 12, 14].contains { count in
                let indent = String(repeating: " ", count: count)
                let text = block.split(separator: "\n").map { "\n\(indent)\($0)" }.joined() + "\n"
                return files.contains { $0.contains(text) }
            }
            #expect(isShown, "\(block)")
        }
    }

    /// What the page shows of the command that writes specs.
    private static var written: [String] {
        get throws { try blocks("console").filter { $0.hasPrefix("$ entrypointctl pod-spec ") } }
    }

    @Test func `every command prints what the page shows`() throws {
        let blocks = try Self.written
        #expect(blocks.count >= 5)
        let tokens = "HF_TOKEN=hf_x\n"
        try PodSpecs.withFile(
            PodSpecs.file.replacing("/scratch/homes/jane/project", with: "/scratch/homes/jane") + tokens
        ) { directory in
            func write(_ name: String, _ text: String) throws {
                try text.write(toFile: "\(directory)/\(name)", atomically: false, encoding: .utf8)
            }
            try write("more.env", PodSpecs.file + "MODE=fast\nJOB=${CI_TOKEN}-1\n")
            try write(
                "wrong.env",
                PodSpecs.file.replacing("254321", with: "0").replacing("train:1.0", with: "train:${TAG}")
                    .replacing("=/scratch/homes\n", with: "=scratch/homes\n"))
            for block in blocks {
                let lines = block.split(separator: "\n", maxSplits: 1)
                let command = try #require(lines.first).dropFirst("$ ".count)
                var shell = Program(["/bin/sh", "-c", "\(command)"])
                shell.directory = directory
                shell.environment = .container.with([
                    "PATH": ByteString("\(try TestMachine.programs):/usr/bin:/bin"), "CI_TOKEN": "x",
                ])
                let outcome = try shell.run()
                #expect(outcome.errors + outcome.output == String(lines[1]), "\(outcome)")
            }
        }
    }

    private static let wrongPod = """
        kind: Pod
        metadata: {name: jane}
        spec:
          securityContext: {runAsUser: 1001, runAsGroup: 2000}
          containers:
          - name: main
            securityContext: {allowPrivilegeEscalation: false}
            args: [python, train.py]
            env:
            - {name: NB_USER, value: jane}
            - {name: NB_UID, value: "1000"}
            - {name: NB_GROUP, value: lab}
            - {name: NB_GID, value: "2000"}
            - {name: SCRATCH_HOME_ROOT, value: /scratch/homes}
            - {name: WORKING_DIR, value: /scratch/homes/jane}
            volumeMounts: [{name: scratch, mountPath: /scratch}]
          volumes: [{name: scratch, persistentVolumeClaim: {claimName: scratch}}]

        """

    @Test func `what is predicted of a spec is what the page shows`() throws {
        let blocks = try Self.blocks("console").filter { $0.hasPrefix("$ entrypointctl plan ") }
        try #require(blocks.count == 2)
        #expect(try Self.blocks("console").count == blocks.count + Self.written.count)
        try withRunDirectory { directory in
            try Self.wrongPod.write(toFile: "\(directory)/pod.yaml", atomically: false, encoding: .utf8)
            for (file, name) in [
                ("pytorchjob-user", "train"), ("secret", "secret"), ("deployment-user", "deployment"),
            ] {
                try Golden.text(of: "docker/kubernetes/\(file).yaml").write(
                    toFile: "\(directory)/\(name).yaml", atomically: false, encoding: .utf8)
            }
            func run(_ command: Substring) throws -> Outcome {
                var shell = Program(["/bin/sh", "-c", "\(command)"])
                shell.directory = directory
                shell.environment = .container.with(["PATH": ByteString("\(try TestMachine.programs):/usr/bin:/bin")])
                return try shell.run()
            }
            let lines = blocks[0].split(separator: "\n", maxSplits: 1)
            let outcome = try run(lines[0].dropFirst(2))
            #expect(outcome.exitCode == 125 && outcome.output == String(lines[1]), "\(outcome)")
            for command in blocks[1].split(separator: "\n") {
                let outcome = try run(command.dropFirst(2))
                #expect(outcome.exitCode == 2 && outcome.errors == "", "\(command): \(outcome)")
            }
        }
    }
}
