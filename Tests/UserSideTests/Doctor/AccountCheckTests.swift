import Glibc
import Linux
import TestSupport
import Testing

@testable import Boot
@testable import UserSide

/// What the account files say of the user, and who can write them.
struct AccountCheckTests {
    private static let passwd = "root:x:0:0:root:/root:/bin/bash\njane:x:1000:2000::/home/jane:/bin/bash\n"
    private static let group = "root:x:0:\nlab:x:2000:jane\n"

    private func container(passwd: String? = Self.passwd, group: String? = Self.group) throws -> FakeContainer {
        let container = try FakeContainer()
        try container.makeDirectory("/etc")
        try container.write("/bin/bash", "", mode: 0o755)
        if let passwd { try container.write("/etc/passwd", passwd) }
        if let group { try container.write("/etc/group", group) }
        return container
    }

    @Test func `entries that are missing, of other numbers or without a shell are told`() throws {
        var answers = Answers()
        let cases: [(String, String?, String?)] = [
            ("as the boot made it", Self.passwd, Self.group), ("nothing", nil, nil),
            ("another uid", "jane:x:1001:2000::/home/jane:/bin/bash", Self.group),
            ("another gid and home", "jane:x:1000:100::/home/j:/bin/bash", Self.group),
            ("another name first", "ubuntu:x:1000:2000::/home/ubuntu:/bin/bash\n" + Self.passwd, Self.group),
            ("another name alone", "ubuntu:x:1000:2000::/home/ubuntu:/bin/bash\n", "ubuntu:x:2000:\n"),
            ("another group", Self.passwd, "lab:x:3000:\n"),
            ("no shell", "jane:x:1000:2000::/home/jane:/bin/zsh\n", Self.group),
            ("a shell that is no program", "jane:x:1000:2000::/home/jane:/etc/passwd\n", Self.group),
            ("hostile", "jane:x:1000:2000::/home/\u{1B}[31m:\u{7}\n", Self.group),
        ]
        for (title, passwd, group) in cases {
            answers.add(
                title, try container(passwd: passwd, group: group).asked { AccountChecks.entries(.jane(), in: $0) })
        }
        answers.add("nobody is known", try container().asked { AccountChecks.entries(.jane(hasUser: false), in: $0) })
        answers.add(
            "nobody is known, and has no entry",
            try container(passwd: "root:x:0:0::/root:/bin/sh\n").asked {
                AccountChecks.entries(.jane(hasUser: false), in: $0)
            })
        let broken = try container(passwd: nil)
        try broken.makeDirectory("/etc/passwd")
        answers.add("a directory in the place of passwd", broken.asked { AccountChecks.entries(.jane(), in: $0) })
        try answers.expect("entries")
    }

    @Test func `names and numbers that stand for two accounts are told`() throws {
        var answers = Answers()
        let cases: [(String, String, String)] = [
            ("one each", Self.passwd, Self.group),
            ("a second root", Self.passwd + "toor:x:0:0::/root:/bin/sh\n", Self.group),
            ("a name twice", Self.passwd + "jane:x:1001:2000::/home/jane:/bin/sh\n", Self.group),
            ("a uid and a gid twice", Self.passwd + "joe:x:1000:1::/:/bin/sh\n", Self.group + "staff:x:2000:\n"),
        ]
        for (title, passwd, group) in cases {
            let container = try container(passwd: passwd, group: group)
            answers.add(title, container.asked { AccountChecks.duplicates(.jane(), in: $0) })
        }
        try answers.expect("duplicates")
        let many = (1...1000).map { "a\($0):x:1:1::/:\n" }.joined() + (1...1000).map { "b:x:\($0):1::/:\n" }.joined()
        #expect(try container(passwd: many).asked { AccountChecks.duplicates(.jane(), in: $0) }.count <= 10)
    }

    @Test(.actingAsUsers) func `whoever else can write what decides who is root is told`() throws {
        var answers = Answers()
        let root = Credentials(user: 0, group: 0, groups: [])
        func add(_ title: String, _ prepare: (FakeContainer) throws -> Void) throws {
            let container = try container()
            for name in ["shadow", "gshadow"] { try container.write("/etc/\(name)", "", mode: 0o640) }
            try container.write("/etc/sudoers", "", mode: 0o440)
            try prepare(container)
            var facts = ContainerFacts.jane()
            facts.actor = root
            answers.add(title, container.asked { AccountFileChecks.rights(facts, in: $0) })
        }
        try add("as Debian has them") { _ in }
        try add("as images for OpenShift have it") { chmod($0.place("/etc/passwd"), 0o664) }
        try add("a passwd of a group") {
            chmod($0.place("/etc/passwd"), 0o664)
            chown($0.place("/etc/passwd"), 0, 2000)
        }
        try add("a passwd of everybody") { chmod($0.place("/etc/passwd"), 0o666) }
        try add("a shadow of root's group") { chmod($0.place("/etc/shadow"), 0o660) }
        try add("a sudoers of a user") { chown($0.place("/etc/sudoers"), 1000, 0) }
        try add("a rule of everybody") { try $0.write("/etc/sudoers.d/x", "", mode: 0o666) }
        try add("a directory of everybody") { chmod($0.place("/etc"), 0o777) }
        try answers.expect("files")
    }

    @Test func `what keeps sudo from working is told`() throws {
        var answers = Answers()
        let sight = SudoChecks.Sight(program: "/usr/bin/sudo", mode: 0o4755, firstHasNoNewPrivileges: true)
        func add(_ title: String, isGranted: Bool = true, _ change: (inout SudoChecks.Sight) -> Void = { _ in }) {
            var sight = sight
            change(&sight)
            answers.add(title, SudoChecks.findings(isGranted: isGranted, sight))
        }
        add("it works")
        add("not granted", isGranted: false)
        add("not granted, not there", isGranted: false) { $0.program = nil }
        add("not there") { $0.program = nil }
        add("no set-user-ID bit") { $0.mode = 0o755 }
        add("another owner") { $0.owner = 1000 }
        add("a mount with nosuid") { $0.isOnNoSetIDMount = true }
        add("no_new_privs") { $0.noNewPrivileges = true }
        add("a bounding set without SETGID") { $0.bounding = ~Capability.setGID.bit }
        add("a rule that is not read") { $0.readsRule = false }
        try answers.expect("sudo")
    }

    @Test func `what a start lacks is told, with the field that takes it`() throws {
        let usual: UInt64 = 0xA804_25FB
        let all = Capability.allCases.reduce(0) { $0 | $1.bit }
        var answers = Answers()
        func add(
            _ title: String, user: UInt32 = 1000, start: Start? = nil, bounding: UInt64 = usual,
            noNewPrivileges: Bool = false, file: (permitted: UInt64, isEffective: Bool)? = nil, isNoSetID: Bool = false,
            command: UInt64? = nil
        ) {
            let own = Privileges(
                user: IDTriple(all: user), group: IDTriple(all: 0), groups: [],
                capabilities: CapabilitySets(
                    inheritable: 0, permitted: 0, effective: 0, bounding: bounding, ambient: 0),
                noNewPrivileges: noNewPrivileges)
            let sight = PrivilegeChecks.Sight(
                start: start, own: own, user: 1000, file: file, isOnNoSetIDMount: isNoSetID, boundingOfCommand: command)
            answers.add(title, PrivilegeChecks.findings(sight, program: "/usr/local/bin/entrypoint"))
        }
        add("root", user: 0)
        add("root, nothing", user: 0, bounding: 0)
        add("root, who asks in an elevated container", user: 0, start: .elevated, bounding: 0, file: (all, false))
        add("root, without CHOWN", user: 0, bounding: usual & ~Capability.chown.bit)
        add("the command of a boot as root", start: .root, bounding: 0, noNewPrivileges: true, command: 0)
        add("a user, no capabilities of the file")
        add("elevated", file: (all, false))
        add("elevated, without some of the file", file: (all & ~Capability.kill.bit, false))
        add("elevated, in use at once", file: (all, true))
        add("no_new_privs", noNewPrivileges: true, file: (all, false))
        add("dropped: all", bounding: 0, file: (all, false))
        add("dropped: FOWNER", bounding: usual & ~Capability.fileOwner.bit, file: (all, false))
        add("a mount with nosuid", noNewPrivileges: true, file: (all, false), isNoSetID: true)
        try answers.expect("privileges")
    }
}
