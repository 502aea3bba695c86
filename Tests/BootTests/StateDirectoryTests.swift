import Foundation
import Glibc
import Linux
import SystemPackage
import Testing

@testable import Boot

/// What is kept of a boot, below a folder that is shown as `/`.
@Suite(.actingAsUsers)
struct StateDirectoryTests {
    private static let user = Credentials(user: 254_321, group: 83070, groups: [])

    private static func keep(
        _ environment: [[UInt8]], in site: Site, start: Start = .root
    ) throws(SystemCallError) {
        let state = try StateDirectory(for: start, user: user, in: FileTree(root: site.root))
        try state.keep(environment: environment.map { CString($0) }, of: user.user, without: Secrets())
        try state.keep(report: .object([("a", .number(1))]))
    }

    /// What a shell's file begins with.
    private static let beginning = """
        # For user 254321 alone: with his HOME and ZDOTDIR, a shell of another, of root above all, would run his startup files.
        [ "$(id -u)" = 254321 ] || return 0

        """

    private static func text(_ entries: String...) -> [[UInt8]] { entries.map { Array($0.utf8) } }

    @Test func `root's directory is for all to enter, what is in it for the user's group`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try site.directory("run")
                umask(0o077)
                try Self.keep(Self.text("A=1", "B=two words"), in: site)
                expectSame(
                    try site.listing().replacingOccurrences(of: "\0", with: "|"),
                    """
                    run 0755 0:0 /
                    run/entrypoint 0755 0:0 /
                    run/entrypoint/environment 0640 0:83070 'A=1|B=two words|'
                    run/entrypoint/environment.sh 0640 0:83070 '\(Self.beginning)export A='1'
                    export B='two words'
                    '
                    run/entrypoint/report.json 0640 0:83070 '{"a":1}
                    '
                    """)
            }
        }
    }

    @Test func `a user's own directory is for him alone`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try site.directory("dev")
                try site.directory("dev/shm", 0o1777)
                try Privileges.assume(Self.user)
                try Self.keep(Self.text("A=1"), in: site, start: .bare)
                try Privileges.resume(Credentials(user: 0, group: 0, groups: []))
                expectSame(
                    try site.listing().replacingOccurrences(of: "\0", with: "|"),
                    """
                    dev 0755 0:0 /
                    dev/shm 1777 0:0 /
                    dev/shm/entrypoint-254321 0700 254321:83070 /
                    dev/shm/entrypoint-254321/environment 0600 254321:83070 'A=1|'
                    dev/shm/entrypoint-254321/environment.sh 0600 254321:83070 '\(Self.beginning)export A='1'
                    '
                    dev/shm/entrypoint-254321/report.json 0600 254321:83070 '{"a":1}
                    '
                    """)
            }
        }
    }

    @Test func `no secret is kept, and nothing that is no variable`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try site.directory("run")
                try Self.keep(
                    Self.text(
                        "HF_TOKEN=hunter2", "DB_PASSWORD=hunter2", "SSH_PRIVATE_KEY_B64=hunter2", "hunter2", "A=1"),
                    in: site)
                #expect(try !site.listing().contains("hunter2"))
                #expect(site.content("run/entrypoint/environment") == "A=1\0")
            }
        }
    }

    @Test func `the environment is kept byte for byte, duplicates and odd names included`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try site.directory("run")
                let odd: [[UInt8]] = [
                    [0x41, 0x3D, 0xFF, 0xFE], [0x41, 0x3D, 0x32], [0x3D, 0x78], [0xFF, 0x3D, 0x31],
                    Array("a-b=1".utf8), Array("1X=1".utf8), Array("BASH_FUNC_f%%=() { :; }".utf8), Array("E=".utf8),
                ]
                try Self.keep(odd, in: site)
                let kept = FileManager.default.contents(atPath: site.at("run/entrypoint/environment").string)
                #expect(kept.map { Array($0) } == odd.flatMap { $0 + [0] })
                let shell = FileManager.default.contents(atPath: site.at("run/entrypoint/environment.sh").string)
                #expect(
                    shell.map { Array($0) }
                        == Array((Self.beginning + "export A='").utf8) + [0xFF, 0xFE]
                        + Array("'\nexport A='2'\nexport E=''\n".utf8))
            }
        }
    }

    @Test(arguments: ["/bin/sh", "/bin/bash", "/bin/zsh"])
    func `a shell of the user's reads each value as it was, another's none`(shell: String) async {
        await #expect(processExitsWith: .success) { [shell = shell as String] in
            try withSite { site in
                try site.directory("run")
                try site.directory("out", 0o777)
                let value = "a'b\"c\\d$(touch /nothing)`id`!$HOME\n\t;&|>*?[~ #x'' "
                try Self.keep([Array("VALUE=\(value)".utf8)], in: site)
                for user in [Self.user.user, 0, 254_322] {
                    let output = site.at("out/\(user)").string
                    let script =
                        ". '\(site.at("run/entrypoint/environment.sh"))' && printf %s \"${VALUE-none}\" >'\(output)'"
                    let child = fork()
                    if child == 0 {
                        guard setgid(Self.user.group) == 0, setuid(user) == 0 else { _exit(1) }
                        let error = CurrentProcess.execute(
                            FilePath(shell), arguments: [string("sh"), string("-c"), string(script)], environment: [])
                        Issue.record(error)
                        _exit(1)
                    }
                    waitpid(child, nil, 0)
                    #expect(site.content("out/\(user)") == (user == Self.user.user ? value : "none"))
                }
            }
        }
    }

    @Test func `what is the same is not written again`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try site.directory("run")
                try Self.keep(Self.text("A=1"), in: site)
                let inode = try site.inode("run/entrypoint/environment")
                let shells = try site.inode("run/entrypoint/environment.sh")
                try Self.keep(Self.text("A=1"), in: site)
                #expect(try site.inode("run/entrypoint/environment") == inode)
                #expect(try site.inode("run/entrypoint/environment.sh") == shells)
                try Self.keep(Self.text("A=2"), in: site)
                #expect(try site.inode("run/entrypoint/environment") != inode)
                #expect(site.content("run/entrypoint/environment") == "A=2\0")
            }
        }
    }

    @Test func `a directory that another could write in is not trusted`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try site.directory("run")
                func refusal() -> String? {
                    SystemCallError.of { () throws(SystemCallError) in try Self.keep(Self.text("A=1"), in: site) }?
                        .symbol
                }
                for (mode, owner) in [(0o775, 0), (0o757, 0), (0o755, 5)] as [(mode_t, UInt32)] {
                    try site.directory("run/entrypoint", mode, owner)
                    #expect(refusal() == "mkdirat EPERM")
                    try #require(rmdir(site.at("run/entrypoint").string) == 0)
                }
                try site.directory("elsewhere")
                try site.link("run/entrypoint", to: "../elsewhere")
                #expect(refusal() == "mkdirat ENOTDIR")
                try #require(unlink(site.at("run/entrypoint").string) == 0)
                try site.file("run/entrypoint")
                #expect(refusal() == "mkdirat ENOTDIR")
                try #require(unlink(site.at("run/entrypoint").string) == 0 && rmdir(site.at("run").string) == 0)
                try site.link("run", to: "elsewhere")
                #expect(refusal() == "openat2 ELOOP")
                expectSame(try site.listing(), "elsewhere 0755 0:0 /\nrun -> elsewhere")
            }
        }
    }

    @Test func `the directory of a boot that was killed early is put right`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try site.directory("run")
                try site.directory("run/entrypoint", 0o700)
                try Self.keep(Self.text("A=1"), in: site)
                #expect(try FileTree().status(site.at("run/entrypoint"), links: .refuse)?.mode == 0o755)
            }
        }
    }

    /// How root finds the directory and what holds it in an elevated start, and what comes of it.
    struct Place: Codable, Sendable {
        var parent: mode_t = 0o755
        var parentOwner: UInt32 = 0
        var directory: mode_t?
        var isEmpty = true
        /// What it ends with.
        var mode: mode_t?
    }

    @Test(arguments: [
        Place(mode: 0o755), Place(parent: 0o1777, mode: 0o755), Place(parent: 0o777), Place(parent: 0o775),
        Place(parentOwner: 5), Place(directory: 0o700, mode: 0o755), Place(parent: 0o777, directory: 0o700),
        Place(directory: 0o711, isEmpty: false), Place(directory: 0o755, isEmpty: false, mode: 0o755),
    ])
    func `an elevated start trusts no place from which others can take it, and opens only what is empty`(place: Place)
        async
    {
        await #expect(processExitsWith: .success) { [place = place as Place] in
            try withSite { site in
                try site.directory("run", place.parent, place.parentOwner)
                if let mode = place.directory { try site.directory("run/entrypoint", mode) }
                if !place.isEmpty { try site.file("run/entrypoint/dump") }
                let refusal = SystemCallError.of { () throws(SystemCallError) in
                    try Self.keep(Self.text("A=1"), in: site, start: .elevated)
                }
                #expect(refusal?.symbol == (place.mode == nil ? "mkdirat EPERM" : nil))
                let status = try FileTree().status(site.at("run/entrypoint"), links: .refuse)
                #expect(status?.mode.rawValue == place.mode ?? place.directory)
            }
        }
    }

    @Test func `nothing is written into a file that cannot be replaced`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try site.directory("run")
                try site.directory("run/entrypoint")
                try site.file("victim", "kept")
                let file = try site.file("run/entrypoint/environment.sh")
                try #require(mount(site.at("victim").string, file.string, nil, UInt(MS_BIND), nil) == 0)
                let error = SystemCallError.of { () throws(SystemCallError) in
                    try Self.keep(Self.text("A=1"), in: site)
                }
                #expect(error?.symbol == "renameat EBUSY")
                #expect(site.content("victim") == "kept")
                try #require(umount2(file.string, 0) == 0)
                #expect(try !site.listing().contains(".entrypoint "), "nothing lies beside it")
            }
        }
    }
}

/// The reason for Kubernetes.
@Suite(.actingAsUsers)
struct TerminationLogTests {
    @Test func `the reason replaces what was there`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try site.directory("dev")
                try site.file("dev/termination-log", "a long reason of an earlier end\n", 0o666)
                TerminationLog.write("short\ntwo", in: FileTree(root: site.root))
                #expect(site.content("dev/termination-log") == "short\ntwo\n")
            }
        }
    }

    @Test func `nothing is made or followed for it`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                let tree = FileTree(root: site.root)
                TerminationLog.write("reason", in: tree)
                try site.directory("dev")
                TerminationLog.write("reason", in: tree)
                try site.file("precious", "keep")
                try site.link("dev/termination-log", to: "../precious")
                TerminationLog.write("reason", in: tree)
                try #require(unlink(site.at("dev/termination-log").string) == 0)
                try #require(mkfifo(site.at("dev/termination-log").string, 0o666) == 0)
                TerminationLog.write("reason", in: tree)
                expectSame(
                    try site.listing(),
                    "dev 0755 0:0 /\ndev/termination-log 0644 0:0 a named pipe\nprecious 0644 0:0 'keep'")
            }
        }
    }
}
