import Foundation
import TestSupport
import Testing

/// What an elevated start still does beside a mount in its way; the attacks are in `AttackTests`.
@Suite(.containers)
struct ElevatedMountTests {
    @Test func `the other account files are written beside one that is a mount`() throws {
        try ElevatedTests.withElevatedPod { container in
            try container.write("/etc/entrypoint.yaml", "identity: {names: [jane, lab]}\n")
            try container.write("/mounted", container.read("/etc/group"))
            container.mounts = [.bind(container.root + "/mounted", to: "/etc/group")]
            let outcome = try container.boot("id", "-un")
            #expect(outcome.exitCode == 0 && outcome.output == "jane\n", "\(outcome)")
            let warnings = outcome.log(of: "identity").filter { $0.hasPrefix("warning: ") }
            #expect(
                warnings == [
                    "warning: cannot write /etc/group: /etc/group is on a mount, and an elevated start changes only what is "
                        + "the image's own; see volumeMounts in the pod spec"
                ], "\(outcome)")
            #expect(try container.text("/etc/shadow").contains("jane:"))
            #expect(try !container.text("/mounted").contains("lab"))
        }
    }

    @Test func `a pipe in the place of the account files' lock is not waited for`() throws {
        try ElevatedTests.withElevatedPod { container in
            let fifo = try Program("/usr/bin/mkfifo", ["\(container.root)/fifo"]).run()
            #expect(fifo.exitCode == 0, "\(fifo)")
            container.mounts = [.bind(container.root + "/fifo", to: "/etc/.pwd.lock")]
            let outcome = try container.boot("id", "-un")
            #expect(outcome.exitCode == 0 && outcome.output == "jane\n", "\(outcome)")
        }
    }

    @Test func `in a home directory of the pod's the user makes their own`() throws {
        try ElevatedTests.withElevatedPod { container in
            try container.makeDirectory("/volume", mode: 0o777)
            container.mounts = [.bind(container.root + "/volume", to: "/home")]
            let outcome = try container.boot("true")
            #expect(
                outcome.log(of: "identity").contains { $0.hasPrefix("created /home/jane (0750) as user") }, "\(outcome)"
            )
            #expect(try container.status("/volume/jane")?.description == "directory 0750 1000:2000")
        }
    }

    @Test func `the reason of a failure is left where the caller may write`() throws {
        try ElevatedTests.withElevatedPod { container in
            try container.write("/reason", "", mode: 0o666)
            container.mounts = [.bind(container.root + "/reason", to: "/dev/termination-log")]
            container.environment["SCRATCH_HOME"] = "/dev/null/x"
            // It is what people are told: without the system call.
            container.environment["ENTRYPOINT_LOG"] = "info"
            let outcome = try container.boot("true")
            #expect(outcome.exitCode == 125, "\(outcome)")
            #expect(try container.text("/reason") == (outcome.errorLines.last ?? "") + "\n")
        }
    }

    @Test func `the environment is kept in a mount of memory that is root's`() throws {
        try ElevatedTests.withElevatedPod { container in
            container.mounts = [.memory("/run", "mode=1777"), .bind(container.root + "/kept", to: "/kept")]
            try container.makeDirectory("/kept", mode: 0o777)
            let outcome = try container.boot("cp", "/run/entrypoint/environment", "/kept")
            #expect(outcome.exitCode == 0 && !outcome.errors.contains("warning: "), "\(outcome)")
            #expect(try container.text("/kept/environment").contains("\0USER=jane\0"))
        }
    }
}
