import Foundation
import TestSupport
import Testing

/// What the author of a pod spec may put in the place of a device, for a step of root's to open.
@Suite(.containers)
struct DeviceAttackTests {
    /// What is mounted in `/dev`, what a step of root's opens there, and the message of an elevated start.
    struct Place: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var prepare: @Sendable (Container) throws -> Void
        var opened: String
        var told: String
    }

    static let places = [
        Place(
            testDescription: "a volume as the directory of the devices",
            prepare: {
                try $0.link("/volume/null", to: "/etc/profile")
                $0.mounts = [.bind($0.root + "/volume", to: "/dev")]
            }, opened: "/dev/null", told: "/dev is not the file system in memory that a container runtime makes"),
        Place(
            testDescription: "a volume in memory, with a link",
            prepare: {
                try mountMemory(in: $0, mode: "0755")
                try $0.link("/volume/null", to: "/etc/profile")
            }, opened: "/dev/null", told: "/dev/null is not the device of that name"),
        Place(
            testDescription: "a volume in memory, with another link as a standard stream",
            prepare: {
                try mountMemory(in: $0, mode: "0755")
                #expect(try Program("/bin/mknod", ["\($0.root)/volume/null", "c", "1", "3"]).run().exitCode == 0)
                try $0.link("/volume/stderr", to: "/etc/profile")
            }, opened: "/dev/stderr", told: "/dev/stderr is not the link to /proc/self/fd/2"),
        Place(
            testDescription: "a volume in memory that all may write in",
            prepare: {
                try mountMemory(in: $0, mode: "1777")
                try $0.link("/volume/null", to: "/etc/profile")
            }, opened: "/dev/null", told: "users other than root can write in /dev"),
        Place(
            testDescription: "a file as a device",
            prepare: { $0.mounts = [.bind($0.root + "/etc/profile", to: "/dev/full")] }, opened: "/dev/full",
            told: "/dev/full is not the device of that name"),
        Place(
            testDescription: "another device in the place of one",
            prepare: { $0.mounts = [.bind("/dev/null", to: "/dev/zero")] },
            opened: "/etc/profile; read -r x </dev/zero", told: "/dev/zero is not the device of that name"),
        Place(
            testDescription: "a file in the place of a device that not every container has",
            prepare: { $0.mounts = [.bind($0.root + "/etc/profile", to: "/dev/console")] }, opened: "/dev/console",
            told: "/dev/console is mounted, and no device"),
        Place(
            testDescription: "a file in shared memory",
            prepare: { $0.mounts = [.bind($0.root + "/etc/profile", to: "/dev/shm/x")] }, opened: "/dev/shm/x",
            told: "/dev/shm/x is mounted, and no device"),
    ]

    private static func mountMemory(in container: Container, mode: String) throws {
        try container.makeDirectory("/volume")
        try Mounts.mount("tmpfs", from: "tmpfs", on: container.root + "/volume", options: "mode=\(mode)")
        container.mounts = [.bind(container.root + "/volume", to: "/dev")]
    }

    @Test(arguments: places) func `what the pod mounts in the place of a device is opened by no step of root's`(
        place: Place
    ) throws {
        try ElevatedTests.withElevatedPod { container in
            try container.write(
                "/etc/entrypoint/steps.d/10-x", "#!/bin/sh\necho gained >>\(place.opened)\n", mode: 0o755)
            try place.prepare(container)
            // Where its own null device is another file, runc would give the user the machine's as standard input.
            container.input = ""
            let outcome = try container.boot("true")
            #expect(outcome.exitCode == 0, "\(outcome)")
            #expect(outcome.log.contains("going on without privileges: \(place.told)"), "\(outcome)")
            #expect(try !container.text("/etc/profile").contains("gained"), "\(outcome)")
            // A pod that starts as root has the rights that it would gain: the attack is one.
            (container.user, container.group) = (0, 0)
            let root = try container.boot("true")
            #expect(try container.text("/etc/profile").contains("gained"), "\(root)")
        }
    }

    @Test func `the usual devices are opened, whoever has mounted them`() throws {
        try ElevatedTests.withElevatedPod { container in
            try container.write(
                "/etc/entrypoint/steps.d/10-x", "#!/bin/sh\nid -u >/dev/stdout 2>/dev/null </dev/zero\n", mode: 0o755)
            // Where the runtime has no privileges, it mounts the machine's.
            container.mounts =
                ["null", "zero", "full", "tty"].map { .bind("/dev/\($0)", to: "/dev/\($0)") }
                + [
                    .bind("/dev/null", to: "/dev/accelerator"),
                    .bind(container.root + "/reason", to: "/dev/termination-log"), .memory("/dev/shm"),
                ]
            try container.write("/reason", "")
            let outcome = try container.boot("true")
            #expect(outcome.log(of: "steps.d/10-x").contains("0"), "\(outcome)")
        }
    }
}
