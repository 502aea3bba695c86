import Linux
import Programs
import SystemPackage
import Testing

@testable import Boot

struct BootErrorTests {
    private static let denied = SystemCallError(call: "mkdirat", path: "/s", errno: .permissionDenied)
    private static let readOnly = SystemCallError(call: "mkdirat", path: "/s", errno: .readOnlyFileSystem)
    private static let cannotOpen = SystemCallError(call: "openat2", path: "/s", errno: .permissionDenied)

    @Test(
        arguments: [
            (BootError("cannot do it"), "cannot do it"),
            (BootError("cannot do it", reason: "it is done"), "cannot do it: it is done"),
            (BootError("cannot do it", remedy: "do another"), "cannot do it; do another"),
            (
                BootError("cannot create /s", attempts: [Attempt(as: "", denied)]),
                "cannot create /s: permission denied (mkdirat EACCES)"
            ),
            (
                BootError("cannot create /s", attempts: [Attempt(as: "user 1:2", denied)], remedy: "ask"),
                "cannot create /s: permission denied (mkdirat EACCES as user 1:2); ask"
            ),
            (
                BootError(
                    "cannot create /s", attempts: [Attempt(as: "user 1:2", denied), Attempt(as: "seed 3:2", denied)]),
                "cannot create /s: permission denied (mkdirat EACCES as user 1:2, as seed 3:2)"
            ),
            (
                BootError(
                    "cannot create /s", attempts: [Attempt(as: "user 1:2", denied), Attempt(as: "seed 3:2", readOnly)]),
                "cannot create /s: read-only file system (mkdirat EACCES as user 1:2, mkdirat EROFS as seed 3:2)"
            ),
            (
                BootError(
                    "cannot create /s",
                    attempts: [Attempt(as: "user 1:2", cannotOpen), Attempt(as: "seed 3:2", denied)]),
                "cannot create /s: permission denied (openat2 EACCES as user 1:2, mkdirat EACCES as seed 3:2)"
            ),
            (
                BootError("cannot create /s", reason: "it moved", attempts: [Attempt(as: "user 1:2", denied)]),
                "cannot create /s: it moved (mkdirat EACCES as user 1:2)"
            ),
        ])
    func `a message says what, why, as whom and what to do`(error: BootError, message: String) {
        #expect(error.message == message)
    }

    @Test func `a failed step ends the boot with 125 unless it says otherwise`() {
        #expect(BootError("x").exitCode == .boot)
        #expect(ExitCode.allCases.map(\.rawValue) == [64, 78, 125, 126, 127])
    }
}

struct MountTests {
    private static let table = """
        22 1 0:20 / / rw,relatime - overlay overlay rw,lowerdir=/l
        23 22 0:21 / /proc rw,nosuid master:1 - proc proc rw
        24 22 0:30 / /scratch rw shared:5 master:2 propagate_from:1 - nfs4 10.0.0.5:/export rw,vers=4.2
        25 24 0:31 /sub /scratch/deep/inside ro - fuse.lustre lustre rw
        26 22 0:32 / /with\\040space\\011tab\\134slash rw - ext4 /dev/disk\\040one rw
        27 22 0:33 / /etc/passwd rw - tmpfs none rw
        28 22 0:34 / /scratch rw - tmpfs over rw
        not a line
        29 22 0:35 / /short rw -
        30 22 0:36 / /\u{E9} rw - tmpfs t\r rw
        31 22 0:37 / /after rw - tmpfs \u{301}odd rw
        """

    @Test func `the lines are read, what is not one is passed over`() {
        let found = Mount.parse(Self.table).map { "\($0.point) \($0.type) \($0.source)" }
        #expect(
            found.map { Array($0.utf8) }
                == [
                    "/ overlay overlay", "/proc proc proc", "/scratch nfs4 10.0.0.5:/export",
                    "/scratch/deep/inside fuse.lustre lustre", "/with space\ttab\\slash ext4 /dev/disk one",
                    "/etc/passwd tmpfs none", "/scratch tmpfs over", "/\u{E9} tmpfs t\r", "/after tmpfs \u{301}odd",
                ].map { Array($0.utf8) })
        #expect(Mount.parse("").isEmpty)
    }

    @Test(
        arguments: [
            ("/", "overlay"), ("/home/jane", "overlay"), ("/procfs", "overlay"), ("/proc", "proc"),
            ("/proc/self/x", "proc"), ("/scratch/jane", "over"), ("/scratch", "over"), ("/scratch/deep", "over"),
            ("/scratch/deep/inside/x", "lustre"), ("/scratchy", "overlay"), ("/etc/passwd", "none"),
            ("/etc/passwd-", "overlay"), ("/etc", "overlay"), ("/with space\ttab\\slash/x", "/dev/disk one"),
        ] as [(FilePath, String)])
    func `the last mount of the longest point holds a path`(path: FilePath, source: String) {
        #expect(Mount.holding(path, in: Mount.parse(Self.table))?.source == source)
    }

    @Test func `without mounts nothing holds a path`() { #expect(Mount.holding("/x", in: []) == nil) }

    @Test(
        arguments: [
            ("nfs", true), ("nfs4", true), ("fuse.sshfs", true), ("fuseblk", true), ("cifs", true), ("lustre", true),
            ("ceph", true), ("9p", true), ("ext4", false), ("overlay", false), ("tmpfs", false), ("xfs", false),
        ])
    func `a server may treat root like nobody`(type: String, isNetwork: Bool) {
        #expect(Mount(point: "/", type: type, source: "x").isNetwork == isNetwork)
    }

    @Test func `the machine's own mounts are found`() {
        let mounts = Mount.all(of: FileTree())
        #expect(Mount.holding("/proc/self", in: mounts)?.type == "proc")
    }
}

struct CommandSearchTests {
    @Test(
        arguments: [
            ("ls", "/bin:/usr/bin", ["/bin/ls", "/usr/bin/ls"]), ("ls", "/bin", ["/bin/ls"]),
            ("ls", ":/bin:", ["./ls", "/bin/ls", "./ls"]), ("ls", "", ["./ls"]),
            ("ls", "::", ["./ls", "./ls", "./ls"]),
            ("ls", "bin:..", ["bin/ls", "../ls"]), ("/bin/ls", "/usr/bin", ["/bin/ls"]), ("./ls", "/bin", ["./ls"]),
            ("a/b", "/bin", ["a/b"]), ("..", "/bin", ["/bin/.."]),
        ])
    func `a name without a slash is looked for in each directory of the path`(
        name: String, path: String, expected: [String]
    ) {
        let found = CommandSearch.candidates(for: Array(name.utf8), path: Array(path.utf8))
        #expect(found.map(\.string) == expected)
    }

    @Test func `names and directories that are not UTF-8 stay as they are`() {
        let found = CommandSearch.candidates(for: [0xFF], path: [0x2F, 0xFE, 0x3A, 0x2F, 0xC3])
        let bytes = found.map { path in
            path.withPlatformString { UnsafeRawBufferPointer(start: $0, count: 4).map { $0 } }
        }
        #expect(bytes == [[0x2F, 0xFE, 0x2F, 0xFF], [0x2F, 0xC3, 0x2F, 0xFF]])
    }
}
