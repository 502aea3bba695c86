import Glibc
import Linux
import Programs
import TestSupport
import Testing

@testable import Boot
@testable import UserSide

/// What process 1 is and does, and what earlier starts have left.
struct ProcessCheckTests {
    private static let terminate: UInt64 = 1 << 14

    /// A container whose process 1 has this name and these arguments.
    private func container(
        _ name: String, _ arguments: [String] = [], program: String? = nil, caught: UInt64 = 0, blocked: UInt64 = 0
    ) throws -> FakeContainer {
        let container = try FakeContainer([
            "/proc/1/status": FakeContainer.status(name, caught: caught, blocked: blocked),
            "/proc/1/cmdline": arguments.map { $0 + "\0" }.joined(),
            "/usr/local/bin/entrypoint": "",
        ])
        if let program { try container.link("/proc/1/exe", to: program) }
        return container
    }

    @Test func `each kind of process 1 is known`() throws {
        var answers = Answers()
        let cases: [(String, FakeContainer)] = [
            ("entrypoint", try container("entrypoint", program: "/usr/local/bin/entrypoint", blocked: Self.terminate)),
            ("entrypoint of another user", try container("entrypoint", blocked: Self.terminate)),
            ("tini", try container("tini", program: "/usr/bin/tini-static", blocked: Self.terminate)),
            ("pause", try container("pause", caught: Self.terminate)),
            (
                "a script of older days",
                try container("bash", ["bash", "/docker/entrypoint.sh", "--token=secret"], program: "/usr/bin/bash")
            ),
            ("a command", try container("sleep", ["sleep", "secret"], program: "/usr/bin/sleep")),
            ("a hostile name", try container("a\u{1B}[31m\\n", program: "/bin/\u{1B}[31mx")),
            ("a server", try container("python3", program: "/usr/bin/python3.11", caught: Self.terminate)),
            ("hidden", try FakeContainer()),
        ]
        for (title, container) in cases {
            let facts = ContainerFacts.jane()
            answers.add("\(title): what it is", container.asked { FirstProcessChecks.program(facts, in: $0) })
            answers.add("\(title): whether it stops", container.asked { FirstProcessChecks.stopping(facts, in: $0) })
            answers.add("\(title): whether it boots", container.asked { FirstProcessChecks.entrypoint(facts, in: $0) })
        }
        let bypassed = try container("sleep", ["sleep", "9"], program: "/usr/bin/sleep")
        let pod = ContainerFacts.jane(["NB_USER": "jane", "NB_UID": "1000"])
        answers.add("settings without effect", bypassed.asked { FirstProcessChecks.entrypoint(pod, in: $0) })
        try bypassed.makeDirectory("/dev/shm/entrypoint-1001")
        answers.add("another user's boot", bypassed.asked { FirstProcessChecks.entrypoint(pod, in: $0) })
        #expect(!answers.text.contains("secret"))
        try answers.expect("process")
    }

    @Test func `what process 1 does not wait for is told, with its number`() throws {
        var answers = Answers()
        let container = try container("bash", program: "/usr/bin/bash")
        func add(_ title: String) {
            answers.add(title, container.asked { FirstProcessChecks.reaping(.jane(), in: $0, pause: 0) })
        }
        add("none")
        try container.write("/proc/7/status", FakeContainer.status("git", state: "Z (zombie)", parent: 1))
        add("one")
        try container.write("/proc/8/status", FakeContainer.status("ssh", state: "Z (zombie)", parent: 1))
        try container.write("/proc/40/status", FakeContainer.status("jupyter", parent: 1))
        try container.write("/proc/41/status", FakeContainer.status("sh", state: "Z (zombie)", parent: 40))
        add("two, and one of another")
        for id in 100..<120 {
            try container.write("/proc/\(id)/status", FakeContainer.status("sh", state: "Z (zombie)", parent: 40))
        }
        add("many of another")
        try answers.expect("reaping")
    }

    @Test func `what earlier starts have left is told`() throws {
        var answers = Answers()
        let facts = ContainerFacts.jane()
        let container = try container("sleep")
        answers.add("no state", container.asked { LeftoverChecks.state(facts, in: $0) })
        answers.add("no script", container.asked { LeftoverChecks.scripts(facts, in: $0) })
        try container.makeDirectory("/run/entrypoint")
        var believed = facts
        believed.absence = "its report is of another container"
        answers.add("state of another life", container.asked { LeftoverChecks.state(believed, in: $0) })
        try container.write("/proc/1/status", FakeContainer.status("entrypoint"))
        answers.add("a boot that goes on", container.asked { LeftoverChecks.state(believed, in: $0) })
        try container.write("/docker/entrypoint.sh", "#!/bin/sh\necho \"$NB_USER:$NB_USER\" | chpasswd\n")
        try container.write("/entrypoint.sh", "#!/bin/sh\nexec \"$@\"\n")
        answers.add("a script", container.asked { LeftoverChecks.scripts(facts, in: $0) })
        for name in [".bashrc.entrypoint-12-ab3", ".ssh/.id_rsa.entrypoint-9-z", "..x.entrypoint-1-", ".entrypoint"] {
            try container.write("/home/jane/\(name)", "")
        }
        answers.add("files, young", container.asked { LeftoverChecks.files(facts, in: $0) })
        answers.add("files, old", container.asked { LeftoverChecks.files(facts, in: $0, now: time(nil) + 4000) })
        try answers.expect("leftovers")
    }

    @Test func `what was made for other entry points is told, with what takes its place`() throws {
        var answers = Answers()
        var facts = ContainerFacts.jane()
        let container = try container("sleep")
        answers.add("nothing", container.asked { PeerLeftovers.findings(facts, in: $0) })
        let variables = [
            "PUID=1000", "UMASK=", "NB_UMASK=002", "GRANT_SUDO=yes", "CHOWN_HOME=yes", "FILE__A=/a", "FILE__B=/b",
        ]
        facts.environment = EnvironmentBlock(variables.map { CString(Array($0.utf8)) })
        answers.add("variables", container.asked { PeerLeftovers.findings(facts, in: $0) })
        try container.write("/etc/entrypoint.yaml", "compatibility: [docker-stacks, linuxserver]\n")
        answers.add("variables that count", container.asked { PeerLeftovers.findings(facts, in: $0) })
        facts.environment = EnvironmentBlock([])
        try container.write("/etc/cont-init.d/10-adduser", "#!/usr/bin/with-contenv bash\n")
        try container.makeDirectory("/etc/services.d")
        try container.makeDirectory("/usr/local/bin/before-notebook.d")
        try container.write("/usr/local/bin/before-notebook.d/a.sh", "")
        try container.write("/usr/local/bin/before-notebook.d/b.sh", "")
        try container.write("/usr/local/bin/gosu", "", mode: 0o755)
        answers.add("hooks", container.asked { PeerLeftovers.findings(facts, in: $0) })
        try container.write("/usr/local/bin/fixuid", "", mode: 0o4755)
        answers.add("a helper", container.asked { PeerLeftovers.findings(facts, in: $0) }.suffix(1))
        try answers.expect("peers")
    }

    @Test func `a password is told, and never shown`() throws {
        var answers = Answers()
        func add(_ title: String, passwd: String, shadow: String?) throws {
            let container = try FakeContainer(["/etc/passwd": passwd])
            if let shadow { try container.write("/etc/shadow", shadow) }
            answers.add(title, container.asked { LeftoverChecks.passwords(.jane(), in: $0) })
        }
        let passwd = "root:x:0:0::/root:/bin/sh\njane:x:1000:2000::/home/jane:/bin/sh\n"
        try add("closed", passwd: passwd, shadow: "root:*:19000:0:99999:7:::\njane:!$6$secret:1::::::\nx:!:::::::\n")
        try add("unreadable", passwd: passwd, shadow: nil)
        try add("root's", passwd: passwd, shadow: "root:$y$j9T$secret:19000:0:99999:7:::\n")
        try add("a user's, and an empty one", passwd: passwd, shadow: "jane:$6$secret:1::::::\nroot::0:::::\n")
        try add("in passwd", passwd: "root::0:0::/root:/bin/sh\njane:secret:1000:1000:::\n", shadow: nil)
        #expect(!answers.text.contains("secret"))
        try answers.expect("passwords")
    }

    @Test func `a stripped secret in process 1's environment is named, and not shown`() throws {
        var answers = Answers()
        let secret = "HOME=/\0SSH_PRIVATE_KEY_B64=hidden\0"
        let erased = String(repeating: "\0", count: 40)
        for (title, text) in [("there", secret), ("erased", erased), ("empty", "SSH_PRIVATE_KEY_B64=\0")] {
            let container = try FakeContainer(["/proc/1/environ": text])
            answers.add(title, container.asked { LeftoverChecks.secrets(.jane(), in: $0) })
        }
        answers.add("closed", try FakeContainer().asked { LeftoverChecks.secrets(.jane(), in: $0) })
        #expect(!answers.text.contains("hidden"))
        try answers.expect("secrets")
    }
}
