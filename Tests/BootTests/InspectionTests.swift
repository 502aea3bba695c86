import Foundation
import Linux
import Programs
import TestSupport
import Testing
import Text

@testable import Boot
@testable import Session

/// What people give to ask about a boot, and the forms of the answer.
struct InspectionTests {
    private static let own = ["HOME=/root", "EMPTY=", "HOME=/second", "TOKEN=t"].map(string)

    private static func entries(_ text: String) throws -> [String] {
        try Inspection.entries(of: Array(text.utf8), own: own).map(\.text)
    }

    @Test(arguments: [
        ("", []), ("A=1\nB=2", ["A=1", "B=2"]), ("A=1\r\nB=2\r\n", ["A=1", "B=2"]),
        ("# comment\n\n  # another\n \t \nA=1\n", ["A=1"]), ("  A=1  \n", ["A=1  "]),
        ("A='1' \"2\" # 3", ["A='1' \"2\" # 3"]),
        ("A=", ["A="]), ("A==b=c", ["A==b=c"]), ("HOME\nEMPTY\nMISSING\n", ["HOME=/root", "EMPTY="]),
        ("HOM\nHOME=x", ["HOME=x"]), ("A=1\nA=2", ["A=1", "A=2"]), ("\u{FEFF}A=1", ["A=1"]), ("ä=ö", ["ä=ö"]),
        ("a.b-c=1", ["a.b-c=1"]),
    ])
    func `an environment file is read as docker reads it`(text: String, entries: [String]) throws {
        #expect(try Self.entries(text) == entries)
    }

    @Test(arguments: [
        (Array("=x".utf8), "line 1: no name before the ="),
        (Array("A=1\nA B=x".utf8), "line 2: white space in a name; write NAME=VALUE"),
        (Array("A =x".utf8), "line 1: white space in a name; write NAME=VALUE"),
        (Array("export A=x".utf8), "line 1: white space in a name; write NAME=VALUE"),
        (Array("A=x\n\n".utf8) + [0x42, 0x3D, 0xFF], "line 3: not UTF-8"),
        (Array("A=\0".utf8), "line 1: a NUL byte: this is not text"),
        ([0x7F, 0x45, 0x4C, 0x46, 2, 1, 1, 0, 0], "line 1: a NUL byte: this is not text"),
    ])
    func `an environment file that is none is refused, without its values`(bytes: [UInt8], reason: String) {
        #expect(throws: FormatError(reason)) { try Inspection.entries(of: bytes, own: Self.own) }
    }

    @Test func `a root is a directory, and a file is no directory`() throws {
        #expect(try Inspection.tree(at: "/").isRealRoot)
        #expect(try Inspection.tree(at: "/usr/..").isRealRoot)
        #expect(try Inspection.tree(at: "//").isRealRoot)
        #expect(try Inspection.tree(at: "/usr").root == "/usr")
        #expect(throws: FormatError("there is no /nowhere")) { try Inspection.tree(at: "/nowhere") }
        #expect(throws: FormatError("/etc/passwd is a file, and a directory is expected")) {
            try Inspection.tree(at: "/etc/passwd")
        }
        #expect(throws: FormatError("cannot look at /etc/passwd/x: not a directory")) {
            try Inspection.tree(at: "/etc/passwd/x")
        }
        #expect(try Inspection.read(file: "/dev/null") == [])
        #expect(throws: FormatError("cannot read /etc: is a directory")) {
            try Inspection.read(file: "/etc")
        }
        #expect(throws: FormatError("cannot read /nowhere: no such file or directory")) {
            try Inspection.read(file: "/nowhere")
        }
    }

    @Test func `every setting is shown with its value and its origin, secrets as lengths`() throws {
        try Self.withRoot { root, etc in
            let text = """
                log: {level: debug}
                links: {names: [.julia/, a]}
                caches: {directories: {PIP_CACHE_DIR: .cache/pip}}
                scratch: {umask: "027", timeout: 5}
                secrets: {stripped: [ONE]}
                """
            try Data(text.utf8).write(to: etc.appending(path: "entrypoint.yaml"))
            let more = "caches: {directories: {B: none}}\nsecrets: {stripped: [TWO]}\n"
            try Data(more.utf8).write(to: etc.appending(path: "entrypoint/conf.d/site.yaml"))
            let pod = Pod.environment([
                "SSH_PRIVATE_KEY_B64": Array("hunter2".utf8), "SSH_PUBLIC_KEY": Array("public".utf8),
                "SCRATCH_TIMEOUT": Array("7".utf8), "SSH_KNOWN_HOSTS_FILE": Array("/run/hosts".utf8),
                "ZSH": Array("/opt/omz".utf8),
            ])
            let inspection = Inspection(tree: FileTree(root: root), environment: pod.entries)
            let settings = inspection.settings()
            #expect(settings.map(\.name).count == BootSequence.groups.settings.count)
            let lines = settings.map { "\($0.name) = \($0.value)  (\($0.origin))\n" }.joined()
            #expect(!lines.contains("hunter2"))
            try Golden.expect(lines, in: "Tests/BootTests/Golden/show.txt")
            #expect(inspection.problems().count == 1, "the key is none")
        }
    }

    @Test func `an outlook says who is who and where, and otherwise what is wrong`() throws {
        try Self.withRoot { root, _ in
            func outlook(_ changes: [String: [UInt8]]) -> (outlook: Outlook?, problems: [String]) {
                Inspection(tree: FileTree(root: root), environment: Pod.environment(changes).entries).outlook()
            }
            let seed = ["SCRATCH_SEED_USER": Array("3000:4000".utf8)]
            let (found, problems) = outlook(seed)
            #expect(problems == [])
            let people = try #require(found?.people)
            let scratch = try #require(found?.scratch)
            #expect(people.user.name == "jane" && scratch.home == scratch.homeRoot.appending("jane"))
            // The seed user acts with the user's group.
            #expect(people.seed?.user == 3000 && people.seed?.group == people.user.credentials.group)
            #expect(found?.hasSudo == true)
            let wrong = outlook(["NB_UID": Array("jane".utf8)])
            #expect(wrong.outlook == nil && wrong.problems.count == 1)
            // The settings are right, and the image's accounts stand in the way.
            let unknown = outlook(["SCRATCH_SEED_USER": Array("nobody-here".utf8)])
            #expect(unknown.outlook != nil && unknown.outlook?.people == nil && unknown.problems.count == 1)
        }
    }

    /// Calls the body with a container's root without anything but a directory for further configuration files.
    private static func withRoot(_ body: (FilePath, URL) throws -> Void) throws {
        let root = FileManager.default.temporaryDirectory.appending(path: "entrypoint-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: root.appending(path: "etc/entrypoint/conf.d"), withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: root) }
        try body(FilePath(root.path), root.appending(path: "etc"))
    }

    @Test(arguments: [
        (
            ["/scratch"],
            "--mount /scratch: write PATH=DIR, a path of the container and the directory that is shown there"
        ),
        (
            ["/scratch="],
            "--mount /scratch=: write PATH=DIR, a path of the container and the directory that is shown there"
        ),
        (["scratch=/usr"], "--mount scratch=/usr: not an absolute path"),
        (["=/usr"], "--mount =/usr: not an absolute path"),
        (
            ["/a/../b=/usr"],
            "--mount /a/../b=/usr: it has .. in it, which leads elsewhere behind a symbolic link: write what realpath prints for it"
        ),
        (["/a/=/usr"], "--mount /a/=/usr: not in its normal form: write /a"),
        (["/=/usr"], "--mount /=/usr: what is shown at / is given with --root"),
        (["/scratch=/none"], "--mount /scratch=/none: there is no /none"),
        (["/s=/etc/passwd"], "--mount /s=/etc/passwd: /etc/passwd is a file, and a directory is expected"),
        (["/s=/usr", "/t=/usr", "/s=/var"], "--mount /s=/var: something is mounted at /s already"),
    ])
    func `a mount that makes no sense is refused`(mounts: [String], reason: String) {
        #expect(throws: FormatError(reason)) { try Inspection.tree(at: "/usr", mounts: mounts) }
    }

    @Test func `mounts are those of another root`() throws {
        let reason = "--mount stands for what a pod mounts in another root: give its directory with --root"
        #expect(throws: FormatError(reason)) { try Inspection.tree(at: "/", mounts: ["/s=/usr"]) }
        let tree = try Inspection.tree(at: "/usr", mounts: ["/s/x=/etc", "/s=/var"])
        #expect(tree.volumes.map(\.path) == ["/s", "/s/x"])
        #expect(try tree.read("/s/x/passwd") == FileTree().read("/etc/passwd"))
    }

    @Test func `a configuration that this process names is told where it is not used`() {
        let name = "ENTRYPOINT_CONFIG"
        func notice(_ own: [String], _ pod: [String]) -> String? {
            Inspection.noticeOfUnused(in: pod.map(string), own: own.map(string))
        }
        #expect(
            notice(["\(name)=/mine.yaml"], ["NB_USER=jane"])?.contains("\(name) of this process (/mine.yaml)") == true)
        #expect(notice(["\(name)=/mine.yaml"], ["\(name)=/pod.yaml"]) == nil)
        #expect(notice(["\(name)="], []) == nil)
        #expect(notice(["HOME=/root"], []) == nil)
    }

    // To show what a boot exports, an inspection becomes the user once.

    @Test(arguments: [false, true]) func `a setting that the image does not grant is shown as such`(
        isElevated: Bool
    ) async {
        await #expect(processExitsWith: .success) { [isElevated = isElevated as Bool] in
            try Self.withRoot { root, etc in
                let pod = Pod.environment(["IDENTITY_SUDO": Array("all".utf8)])
                func shown(_ name: String) -> String {
                    let inspection = Inspection(
                        tree: FileTree(root: root), environment: pod.entries, start: isElevated ? .elevated : .root)
                    let setting = inspection.settings().first { $0.name == name }
                    return setting.map { "\($0.value) (\($0.origin))" } ?? ""
                }
                let sudo = "IDENTITY_SUDO (identity.sudo)"
                let notGranted = "(default of an elevated start: the image does not grant it)"
                #expect(shown(sudo) == (isElevated ? "none \(notGranted)" : "all (environment)"))
                #expect(shown("identity.deviceGroups").contains(notGranted) == isElevated)
                #expect(shown("scratch.seedDirectories").hasPrefix(isElevated ? "nowhere (" : "anywhere"))
                try Data("identity: {sudo: all}".utf8).write(to: etc.appending(path: "entrypoint.yaml"))
                #expect(shown(sudo) == (isElevated ? "all (/etc/entrypoint.yaml:1)" : "all (environment)"))
            }
        }
    }

    @Test func `the image's own configuration is checked, or a file in its place`() async {
        await #expect(processExitsWith: .success) {
            try Self.withRoot { root, etc in
                let tree = FileTree(root: root)
                #expect(Inspection.imagesProblems(in: tree).files == [])
                try Data("log: {level: debug}".utf8).write(to: etc.appending(path: "entrypoint.yaml"))
                try Data("a: 1".utf8).write(to: etc.appending(path: "entrypoint/conf.d/b.yaml"))
                let found = Inspection.imagesProblems(in: tree)
                #expect(found.files == ["/etc/entrypoint.yaml", "/etc/entrypoint/conf.d/b.yaml"])
                #expect(found.problems.count == 1)
                #expect(found.problems.first?.text.hasPrefix("/etc/entrypoint/conf.d/b.yaml:1:1: ") == true)
                let files = [(name: "mine.yaml", bytes: Array("scratch: {timeout: 5}".utf8))]
                let inspection = Inspection(tree: tree, environment: Pod.environment().entries, files: files)
                let lines = inspection.settings().map { "\($0.name) = \($0.value) (\($0.origin))" }
                #expect(lines.contains("SCRATCH_TIMEOUT (scratch.timeout) = 5 (mine.yaml:1)"))
                #expect(lines.contains("ENTRYPOINT_LOG (log.level) = info (default)"))
                #expect(inspection.problems() == [])
            }
        }
    }

    @Test func `a plan has a column of states, and JSON has the same lines`() throws {
        let plan = PlanText()
        plan.add("note", "", "nobody says it")
        plan.add("would change", "scratch", "directory /a \"b\"\u{1B}")
        plan.addUnpreparedHandoff()
        #expect(
            plan.text == """
                note          nobody says it
                would change  scratch: directory /a "b"\u{1B}
                hand over     handoff: as the container was started: nothing is prepared

                """)
        #expect(
            plan.json.indented() == """
                {
                  "pending": false,
                  "lines": [
                    {"state": "note", "step": "", "text": "nobody says it"},
                    {"state": "would change", "step": "scratch", "text": "directory /a \\"b\\"\\u001b"},
                    {"state": "hand over", "step": "handoff", "text": "as the container was started: nothing is prepared"}
                  ]
                }
                """)
    }

    @Test(arguments: [
        ("NET_RAW", 13), ("net_raw", 13), ("CAP_NET_RAW", 13), ("Cap_Net_Raw", 13), ("CHOWN", 0), ("BPF", 39),
        ("CHECKPOINT_RESTORE", 40), ("SYS_ADMIN", 21), ("12", nil), ("CAP_12", nil), ("CAP_", nil), ("", nil),
        ("CAP_CAP_KILL", nil), ("ALL", nil), ("NET_RAW ", nil), ("all", nil), ("cap_net_raw,cap_kill", nil),
        ("cap_net_raw+ep", nil), ("NET\u{0}RAW", nil), ("0x1", nil),
    ])
    func `a capability has a name`(text: String, number: Int?) {
        #expect((try? ValueFormats.capability(text)) == number)
    }

    @Test func `what a command will not have of the capabilities is told`() {
        func warnings(_ kept: [Int], _ permitted: UInt64) -> [String] {
            Capabilities.warnings(
                kept,
                of: CapabilitySets(
                    inheritable: 0, permitted: permitted, effective: permitted, bounding: permitted, ambient: 0),
                isRoot: true
            ).map(\.text)
        }
        let usual: UInt64 = 0xA804_25FB
        #expect(warnings([], usual) == [])
        #expect(warnings([13, 0], usual) == [])
        #expect(warnings([], (1 << 41) - 1) == [], "a privileged container asks for none")
        #expect(
            warnings([14, 39], usual | 1 << 12 | 1 << 40) == [
                "the command will not have CAP_IPC_LOCK, CAP_BPF of capabilities.keep: the container does not have "
                    + "them; add them to securityContext.capabilities.add in the pod spec",
                "the command will not have CAP_NET_ADMIN, CAP_CHECKPOINT_RESTORE, which the pod spec adds: name them in "
                    + "capabilities.keep of the image's configuration if the command needs them",
            ])
    }
}
