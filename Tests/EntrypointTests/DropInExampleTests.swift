import Foundation
import TestSupport
import Testing

/// The steps of the page on steps, as they stand there.
@Suite(.containers)
struct DropInExampleTests {
    /// The code of the page below the mark of an example.
    private static func example(_ name: String) throws -> ByteString {
        ByteString(try Page("Steps").example(name))
    }

    /// Puts an example in its place.
    private static func add(_ path: String, to container: Container) throws {
        try container.write(path, try example(path), mode: 0o755)
    }

    @Test func `the step in shell works`() throws {
        try withPod { container in
            try Self.add("/etc/entrypoint/steps.d/10-local-disk", to: container)
            let boot = try container.boot("sh", "-c", "echo $LOCAL_DIR; touch $LOCAL_DIR/x && echo made")
            #expect(boot.output == "/var/lib/local/jane\nmade\n", "\(boot)")
            #expect(try container.status("/var/lib/local/jane")?.description == "directory 0700 1000:2000")
            #expect(try container.boot("sh", "-c", "echo $LOCAL_DIR").output == "/var/lib/local/jane\n")
        }
    }

    @Test func `the step in shell gives nothing away that a pod has mounted`() throws {
        try withPod(.debian, .elevated) { container in
            try Self.add("/etc/entrypoint/steps.d/10-local-disk", to: container)
            try container.link("/volume/jane", to: "/opt")
            container.mounts = [.bind(container.root + "/volume", to: "/var/lib/local")]
            (container.user, container.group) = (1000, 2000)
            let boot = try container.boot("true")
            #expect(boot.exitCode == 0 && !boot.errors.contains("without privileges"), "\(boot)")
            #expect(try container.status("/opt")?.user == 0, "\(boot)")
            // Whoever may start as root has root's rights.
            (container.user, container.group) = (0, 0)
            #expect(try container.boot("true").exitCode == 0)
            #expect(try container.status("/opt")?.user == 1000)
        }
    }

    @Test func `the step in Python works`() throws {
        try withPod { container in
            try Self.add("/etc/entrypoint/user-steps.d/20-run-directory", to: container)
            let boot = try container.boot("sh", "-c", "echo $RUN_DIR; stat -c '%a %u:%g' $RUN_DIR")
            let lines = boot.outputLines
            try #require(lines.count == 2, "\(boot)")
            #expect(lines[0].wholeMatch(of: /\/scratch\/homes\/jane\/runs\/[0-9]{8}-[0-9]{6}/) != nil, "\(boot)")
            #expect(lines[1] == "770 1000:2000")
            #expect(boot.log(of: "user-steps.d/20-run-directory").first == "results go to \(lines[0])", "\(boot)")
        }
    }

    @Test(arguments: [Image.scratch, .debian]) func `the step in Swift works`(image: Image) throws {
        try withRunDirectory { directory in
            try Data(try Self.example("threads.swift").bytes)
                .write(to: URL(filePath: "\(directory)/threads.swift"))
            var compiler = Program(
                "/usr/bin/env",
                ["swiftc", "-static-executable", "-O", "\(directory)/threads.swift", "-o", "\(directory)/threads"])
            // Whoever built the programs has it in their search path.
            for name in ["PATH", "HOME"] {
                compiler.environment[ByteString(name)] = ProcessInfo.processInfo.environment[name].map {
                    ByteString($0)
                }
            }
            let compiled = try compiler.run(within: .seconds(300))
            try #require(compiled.exitCode == 0, "\(compiled)")
            try withPod(image) { container in
                let program = try Data(contentsOf: URL(filePath: "\(directory)/threads"))
                try container.write("/etc/entrypoint/user-steps.d/30-threads", ByteString(program), mode: 0o755)
                let report = try container.boot(ProbeReport.path).report()
                let threads = try #require(report.environment["OMP_NUM_THREADS"].flatMap { Int($0.text) })
                #expect((1...ProcessInfo.processInfo.activeProcessorCount).contains(threads))
            }
        }
    }

    @Test func `the entry works as it is written`() throws {
        try withPod { container in
            try Self.add("/etc/entrypoint.yaml", to: container)
            try container.write(
                "/usr/local/lib/tracking",
                "#!/bin/sh\necho \"$(id -un) $1 $TRACKING_MODE ${#WANDB_API_KEY}\"\nexit 1\n",
                mode: 0o755)
            container.environment["WANDB_API_KEY"] = "secretsecret"
            let boot = try container.boot("echo", "ran")
            #expect(boot.output == "ran\n", "\(boot)")
            #expect(
                boot.log(of: "tracking") == [
                    "jane --offline quiet 12",
                    "warning: /usr/local/lib/tracking --offline failed: exit code 1; the last line of its output is 'jane "
                        + "--offline quiet 12'",
                ], "\(boot)")
        }
    }
}
