import Foundation
import Glibc
import TestSupport
import Testing

/// Each case of the page "My pod does not start", made in a container: what people see is what the page shows.
@Suite(.containers)
struct TroubleshootingTests {
    /// What brings a case about: prepares a container, and gives what people see.
    typealias Making = @Sendable () throws -> String

    /// What a boot of a pod says on standard error, and how it ended.
    private static func boot(
        _ image: Image = .debian, _ programs: Programs = .plain, _ command: [ByteString] = ["true"],
        prepare: (Container) throws -> Void
    ) throws -> String {
        try withPod(image, programs) { container in
            container.environment = container.environment.with(["ENTRYPOINT_LOG": "info"])
            try prepare(container)
            let outcome = try container.run(command)
            return outcome.errors + "\nexit code \(outcome.exitCode)"
        }
    }

    /// What happens in a container whose scratch is a root-squashed export.
    private static func squashed(
        prepare: (Container, SquashedScratch) throws -> Void
    ) throws -> String {
        try withSquashedScratch { scratch in
            try boot { container in
                container.mounts = [.bind(scratch.mount, to: "/scratch")]
                try prepare(container, scratch)
            }
        }
    }

    /// What doctor answers to one question in a container that runs.
    private static func doctor(
        _ check: ByteString, user: String = "0:0", entrypoint: [ByteString]? = nil, prepare: (Container) throws -> Void
    ) throws -> String {
        try withPod { container in
            if let entrypoint { container.entrypoint = entrypoint }
            try prepare(container)
            let running = try container.start("sh", "-c", "echo up; exec sleep 60")
            try running.waitForOutput("up")
            let outcome = try running.exec(
                ["/usr/local/bin/entrypointctl", "doctor", "--only", check], user: user,
                environment: container.environment)
            return outcome.output
        }
    }

    static let cases: [String: Making] = [
        "Scratch is full": {
            try withSquashedScratch(.init(storage: "size=64k")) { scratch in
                try scratch.makeHomes()
                let file = FileManager.default.createFile(atPath: scratch.export + "/full", contents: nil)
                let handle = try #require(file ? FileHandle(forWritingAtPath: scratch.export + "/full") : nil)
                while (try? handle.write(contentsOf: Data(count: 4096))) != nil {}
                return try boot { $0.mounts = [.bind(scratch.mount, to: "/scratch")] }
            }
        },
        "The pod has replaced the ENTRYPOINT": {
            try doctor("process.entrypoint", entrypoint: []) { _ in }
        },
        "Sudo does not become root": {
            try doctor("accounts.sudo") { $0.noNewPrivileges = true }
        },
        "A GPU cannot be opened": {
            try doctor("devices.accelerators", user: "1000:2000") { container in
                container.devices = [
                    ("/dev/nvidia0", 0o660, 4444), ("/dev/nvidiactl", 0o666, 0), ("/dev/nvidia-uvm", 0o666, 0),
                ]
                // Otherwise the boot as root joins the user to the group.
                try container.write("/etc/entrypoint.yaml", "identity: {deviceGroups: false}\n")
            }
        },
        "The shared memory is too small": {
            try doctor("devices.shm") { $0.mounts = [.memory("/dev/shm", "size=64m")] }
        },
        "The address of a distributed job is not found": {
            try doctor("distributed.address") { container in
                try container.write("/etc/resolv.conf", "nameserver 127.0.0.1\n")
                container.environment = container.environment.with([
                    "MASTER_ADDR": "job-0", "MASTER_PORT": "29500", "RANK": "1", "WORLD_SIZE": "2", "LOCAL_RANK": "0",
                ])
            }
        },
        "The group cannot use what is in a shared cache": {
            try doctor("caches.shared", user: "1000:2000") { container in
                try container.makeDirectory("/scratch/hf_cache/models--meta", mode: 0o700, user: 4711, group: 4711)
            }
        },
        "Some of the required variables are missing": {
            try boot { $0.environment["NB_UID"] = nil }
        },
        "The name of a variable is misspelt": {
            try boot { container in
                container.environment["NB_UDI"] = container.environment["NB_UID"]
                container.environment["NB_UID"] = nil
            }
        },
        "The configuration file has a typing error": {
            try boot { try $0.write("/etc/entrypoint.yaml", "scratch:\n  seeduser: admin\n") }
        },
        "There is no volume at the scratch directory": {
            try boot { $0.environment["SCRATCH_HOME_ROOT"] = "/mnt/scratch/homes" }
        },
        "The file server squashes root": {
            try squashed { _, scratch in try scratch.makeDirectory("homes", mode: 0o755, user: 5, group: 5) }
        },
        "The directory on scratch is somebody else's": {
            try squashed { _, scratch in
                try scratch.makeDirectory("homes", mode: 0o755)
                try scratch.makeDirectory("homes/jane", mode: 0o700, user: 4711, group: 2000)
            }
        },
        "Scratch is mounted read-only": {
            try withRunDirectory { directory in
                try boot { $0.mounts = [.bind(directory, to: "/scratch", readOnly: true)] }
            }
        },
        "The file server does not answer": {
            try withSquashedScratch { scratch in
                try scratch.makeHomes()
                return try withPod(.busybox) { container in
                    container.environment = container.environment.with(["SCRATCH_TIMEOUT": "1"])
                    // A runtime would look at the mount, and wait.
                    return try container.withMount(scratch.mount, at: "/scratch") {
                        try scratch.pause()
                        defer { try? scratch.resume() }
                        let outcome = try container.process1("true").run(within: .seconds(20))
                        return outcome.errors + "\nexit code \(outcome.exitCode)"
                    }
                }
            }
        },
        "A private key is not one": {
            try boot { $0.environment["SSH_PRIVATE_KEY_B64"] = "aGVsbG8gd29ybGQK" }
        },
        "A mounted secret cannot be read": {
            try boot(.debian, .plain) { container in
                try container.write("/secrets/token", "hf_0123456789", mode: 0o600, user: 0)
                container.environment["HF_TOKEN_FILE"] = "/secrets/token"
                container.user = 1000
                container.group = 2000
                container.noNewPrivileges = true
            }
        },
        "The command does not exist": {
            try boot(.debian, .plain, ["trian.py"]) { _ in }
        },
        "The command is a line for a shell": {
            try boot(.debian, .plain, ["python train.py --epochs 3"]) { _ in }
        },
        "The script has Windows line ends": {
            try boot(.debian, .plain, ["/job.sh"]) { container in
                try container.write("/job.sh", "#!/bin/bash\r\necho hello\r\n", mode: 0o755)
            }
        },
        "The command may not be executed": {
            try boot(.debian, .plain, ["/job.sh"]) { try $0.write("/job.sh", "#!/bin/bash\necho hello\n") }
        },
        "A step of the image fails": {
            try boot { container in
                try container.write(
                    "/etc/entrypoint/steps.d/10-license", "#!/bin/sh\necho no license server >&2\nexit 3\n",
                    mode: 0o755)
            }
        },
        "The user's name is an account of the image": {
            try boot { $0.environment["NB_USER"] = "www-data" }
        },
        "The pod may not gain privileges": {
            try boot(.debian, .elevated) { container in
                container.user = 1000
                container.group = 2000
                container.noNewPrivileges = true
            }
        },
        "The ids are not those that the pod runs as": {
            try boot(.debian, .elevated) { container in
                container.user = 1001
                container.group = 2000
            }
        },
        "A signal ends the command": {
            try boot(.debian, .plain, ["sh", "-c", "kill -KILL $$"]) { _ in }
        },
    ]

    @Test(arguments: cases.keys.sorted())
    func `what people see is what the page shows`(heading: String) throws {
        let page = try #require(try TroubleshootingPage.cases().first { $0.heading == heading }, "not on the page")
        let make = try #require(Self.cases[heading])
        let seen = try make()
        let lines = Set(seen.split(separator: "\n").map(String.init))
        #expect(!page.lines.isEmpty)
        for line in page.lines { #expect(lines.contains(line), "\(seen)") }
    }

    @Test func `each case of the page is made, and there are at least fifteen`() throws {
        let headings = try TroubleshootingPage.cases().map(\.heading)
        #expect(Set(headings) == Set(Self.cases.keys))
        #expect(headings.count >= 15 && Set(headings).count == headings.count)
    }
}
