import Linux
import Programs
import Testing

@testable import Boot

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
        let found = Mount.parse(Array(Self.table.utf8)).map { "\($0.point) \($0.type) \($0.source)" }
        #expect(
            found.map { Array($0.utf8) }
                == [
                    "/ overlay overlay", "/proc proc proc", "/scratch nfs4 10.0.0.5:/export",
                    "/scratch/deep/inside fuse.lustre lustre", "/with space\ttab\\slash ext4 /dev/disk one",
                    "/etc/passwd tmpfs none", "/scratch tmpfs over", "/\u{E9} tmpfs t\r", "/after tmpfs \u{301}odd",
                ].map { Array($0.utf8) })
        #expect(Mount.parse([]).isEmpty)
    }

    @Test(
        arguments: [
            ("/", "overlay"), ("/home/jane", "overlay"), ("/procfs", "overlay"), ("/proc", "proc"),
            ("/proc/self/x", "proc"), ("/scratch/jane", "over"), ("/scratch", "over"), ("/scratch/deep", "over"),
            ("/scratch/deep/inside/x", "lustre"), ("/scratchy", "overlay"), ("/etc/passwd", "none"),
            ("/etc/passwd-", "overlay"), ("/etc", "overlay"), ("/with space\ttab\\slash/x", "/dev/disk one"),
        ] as [(FilePath, String)])
    func `the last mount of the longest point holds a path`(path: FilePath, source: String) {
        #expect(Mount.holding(path, in: Mount.parse(Array(Self.table.utf8)))?.source == source)
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
