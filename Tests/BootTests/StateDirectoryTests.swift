import Foundation
import Glibc
import Linux
import TestSupport
import Testing
import Text

@testable import Boot
@testable import Session

/// What is kept of a boot, below a folder that is shown as `/`.
@Suite(.actingAsUsers)
struct StateDirectoryTests {
    private static let user = Credentials(user: 254_321, group: 83070, groups: [])

    private static let record = BootRecord(
        version: "1", start: "root", user: nil, seed: nil, changes: [], exports: [], warnings: [], failure: nil,
        changed: 0, microseconds: 0, session: nil)

    private static func keep(
        _ environment: [[UInt8]], in site: Site, start: Start = .root
    ) throws(SystemCallError) {
        let state = try StateDirectory(for: start, user: user, in: FileTree(root: site.root))
        try state.keep(
            environment: environment.map { CString($0) }, of: user.user, without: Secrets(of: BootSequence.groups))
        _ = try state.keep(Self.record)
    }

    @Test func `what later sessions need is read as it was written`() throws {
        let session = SessionRecord(
            life: "4f.1.2.n3",
            user: People.User(
                name: "jane", groupName: "lab", home: "/home/jane", shell: "/bin/zsh",
                credentials: Credentials(user: 1000, group: 2000, groups: [4, 27])),
            umask: 0o027, directory: "/scratch/a \"b\"\n", startDirectory: "/", hasSudo: true, bounding: .max,
            capabilities: [19, 63], stripped: ["KEY"],
            replaced: [BootRecord.Export(name: "HF_HOME", value: "\u{1}ä")])
        #expect(try SessionRecord(line: session.line) == session)
        let text = String(decoding: session.line, as: UTF8.self)
        for (good, bad) in [
            ("\"0027\"", "\"9\""), ("63", "64"), ("true", "1"), ("\"uid\":1000", "\"uid\":-1"), ("\"life\"", "\"lif\""),
            ("ffffffffffffffff", "1ffffffffffffffff"), ("[\"KEY\"]", "[7]"), ("}", ""),
        ] {
            try #require(text.contains(good))
            #expect(throws: FormatError.self, "\(bad)") {
                try SessionRecord(line: Array(text.replacing(good, with: bad).utf8))
            }
        }
    }

    private static let line = String(decoding: ReportFile.line(record).dropLast(), as: UTF8.self)

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
                    run/entrypoint/environment.user 0644 0:83070 '254321
                    '
                    run/entrypoint/report.jsonl 0640 0:83070 '\(Self.line)
                    '
                    """)
            }
        }
    }

    @Test func `a user's own directory is for them alone`() async {
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
                    dev/shm/entrypoint-254321/report.jsonl 0600 254321:83070 '\(Self.line)
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
            }
        }
    }

    @Test func `what is the same is not written again`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try site.directory("run")
                try Self.keep(Self.text("A=1"), in: site)
                let inode = try site.inode("run/entrypoint/environment")
                let record = try site.inode("run/entrypoint/environment.user")
                try Self.keep(Self.text("A=1"), in: site)
                #expect(try site.inode("run/entrypoint/environment") == inode)
                #expect(try site.inode("run/entrypoint/environment.user") == record)
                try Self.keep(Self.text("A=2"), in: site)
                #expect(try site.inode("run/entrypoint/environment") != inode)
                #expect(site.content("run/entrypoint/environment") == "A=2\0")
            }
        }
    }

    @Test func `an equal file that others can change is replaced`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try site.directory("run")
                try Self.keep(Self.text("A=1"), in: site)
                let file = site.at("run/entrypoint/environment")
                let changes: [() -> Int32] = [
                    { chmod(file.string, 0o660) }, { chown(file.string, 5, 83070) },
                    { link(file.string, site.at("other").string) },
                ]
                for change in changes {
                    try #require(change() == 0)
                    try Self.keep(Self.text("A=1"), in: site)
                    let status = try #require(try FileTree().status(file, links: .refuse))
                    #expect(status.mode == 0o640 && status.user == 0 && status.names == 1)
                }
            }
        }
    }

    @Test func `an environment of another user is kept only once the record of the former is gone`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try site.directory("run")
                try Self.keep(Self.text("A=1"), in: site)
                let tree = FileTree(root: site.root)
                let others = Credentials(user: 254_322, group: 83070, groups: [])
                // The environment cannot be written: it must not be there under the record of anybody.
                let file = site.at("run/entrypoint/environment")
                try #require(mount(file.string, file.string, nil, UInt(MS_BIND), nil) == 0)
                let error = SystemCallError.of { () throws(SystemCallError) in
                    try StateDirectory(for: .root, user: others, in: tree)
                        .keep(
                            environment: [CString(Array("A=2".utf8))], of: others.user,
                            without: Secrets(of: BootSequence.groups))
                }
                #expect(error?.symbol == "renameat EBUSY")
                #expect(site.content("run/entrypoint/environment.user") == nil)
                try #require(umount2(file.string, 0) == 0)
                try StateDirectory(for: .root, user: others, in: tree)
                    .keep(
                        environment: [CString(Array("A=2".utf8))], of: others.user,
                        without: Secrets(of: BootSequence.groups))
                #expect(site.content("run/entrypoint/environment.user") == "254322\n")
            }
        }
    }

    @Test func `what shells read of an earlier version is removed from the boot's own directory alone`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try site.directory("run")
                try site.directory("run/entrypoint")
                let old = try site.file("run/entrypoint/environment.sh", "export A=0")
                try Self.keep(Self.text("A=1"), in: site)
                #expect(!FileManager.default.fileExists(atPath: old.string))
                try site.file("run/entrypoint/environment.sh", "another's")
                try #require(chown(site.at("run/entrypoint").string, 5, 5) == 0)
                #expect(throws: SystemCallError.self) { try Self.keep(Self.text("A=1"), in: site) }
                #expect(site.content("run/entrypoint/environment.sh") == "another's")
            }
        }
    }

    @Test func `several starts make one directory`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try site.directory("run")
                for _ in 0..<200 {
                    let child = fork()
                    let error = SystemCallError.of { () throws(SystemCallError) in
                        _ = try StateDirectory(for: .root, user: Self.user, in: FileTree(root: site.root))
                    }
                    if child == 0 { _exit(error == nil ? 0 : 1) }
                    var status: CInt = 0
                    try #require(waitpid(child, &status, 0) == child)
                    #expect(status == 0 && error == nil)
                    try #require(rmdir(site.at("run/entrypoint").string) == 0)
                }
            }
        }
    }

    @Test func `a closed directory is not opened where others may have put it`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try site.directory("run", 0o777)
                // A private one of root's, which whoever may rename in /run has given this name.
                try site.directory("run/entrypoint", 0o700)
                let refusal = SystemCallError.of { () throws(SystemCallError) in
                    try Self.keep(Self.text("A=1"), in: site)
                }
                #expect(refusal?.symbol == "mkdirat EPERM")
                #expect(try FileTree().status(site.at("run/entrypoint"), links: .refuse)?.mode == 0o700)
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
                #expect(refusal() == "openat ENOTDIR")
                try #require(unlink(site.at("run/entrypoint").string) == 0)
                try site.file("run/entrypoint")
                #expect(refusal() == "openat ENOTDIR")
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
                let file = try site.file("run/entrypoint/environment")
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
