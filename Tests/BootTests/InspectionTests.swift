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
        #expect(throws: FormatError("cannot look at /etc/passwd/x: not a directory (stat ENOTDIR)")) {
            try Inspection.tree(at: "/etc/passwd/x")
        }
        #expect(try Inspection.read(file: "/dev/null") == [])
        #expect(throws: FormatError("cannot read /etc: is a directory (read EISDIR)")) {
            try Inspection.read(file: "/etc")
        }
        #expect(throws: FormatError("cannot read /nowhere: no such file or directory (openat ENOENT)")) {
            try Inspection.read(file: "/nowhere")
        }
    }

    @Test func `every setting is shown with its value and its origin, secrets as lengths`() throws {
        try withRoot { root, etc in
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

    /// Calls the body with a container's root without anything but a directory for further configuration files.
    private func withRoot(_ body: (FilePath, URL) throws -> Void) throws {
        let root = FileManager.default.temporaryDirectory.appending(path: "entrypoint-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: root.appending(path: "etc/entrypoint/conf.d"), withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: root) }
        try body(FilePath(root.path), root.appending(path: "etc"))
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
                isRoot: true)
        }
        let usual: UInt64 = 0xA804_25FB
        #expect(warnings([], usual) == [])
        #expect(warnings([13, 0], usual) == [])
        #expect(warnings([], (1 << 41) - 1) == [], "a privileged container asks for none")
        #expect(
            warnings([14, 39], usual | 1 << 12 | 1 << 40) == [
                "the command will not have CAP_IPC_LOCK, CAP_BPF of capabilities.keep: the container does not have it; add it "
                    + "to securityContext.capabilities.add in the pod spec",
                "the command will not have CAP_NET_ADMIN, CAP_CHECKPOINT_RESTORE, which the pod spec adds: name it in "
                    + "capabilities.keep of the image's configuration if the command needs it",
            ])
    }
}
