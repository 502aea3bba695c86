internal import Linux

/// What identifies a container from its start to its end. No other container has it, and this one has another after its
/// next start.
///
/// Most restarts have a new process 1, whose start time differs. If process 1 outlives a container
/// (`shareProcessNamespace`), and the kernel reuses the number of the mount namespace, then the mount of the root
/// directory differs.
struct ContainerLife {
    /// The kernel's boot, the mount namespace, and the start of process 1.
    let kernel: String
    /// The mount of the root directory.
    let root: String

    /// Both, as one word.
    var text: String { kernel + root }

    /// The life of the container that the process is in; `nil` where it cannot be told from others.
    ///
    /// - Throws: the error of looking.
    init?(in tree: FileTree) throws(SystemCallError) {
        guard let boot = try tree.read("/proc/sys/kernel/random/boot_id", limit: 64),
            let status = try tree.read("/proc/1/stat", limit: 4096),
            let mounts = try tree.status("/proc/self/ns/mnt", links: .follow),
            let root = try Self.rootMount(in: tree)
        else { return nil }
        guard let started = Self.startTime(in: status) else { return nil }
        let bootText = String(decoding: boot.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        kernel = "\(bootText).\(mounts.inode).\(started)."
        self.root = root
    }

    /// When a process started, in clock ticks since the kernel's boot (proc_pid_stat(5)).
    ///
    /// The name of the program is in parentheses and may hold anything; the time is the twentieth field after it.
    private static func startTime(in status: [UInt8]) -> String? {
        guard let end = status.lastIndex(of: UInt8(ascii: ")")) else { return nil }
        var (fields, start) = (0, end)
        for index in end..<status.count where status[index] == UInt8(ascii: " ") {
            if fields == 20 { return String(decoding: status[start..<index], as: UTF8.self) }
            (fields, start) = (fields + 1, index + 1)
        }
        return nil
    }

    /// What distinguishes the mount of the root directory from those of other containers: a number that the kernel
    /// never reuses (statx(2), `STATX_MNT_ID_UNIQUE`), or before Linux 6.8 its line in `/proc/self/mountinfo`,
    /// which names the container's own layers; `nil` when nothing does.
    private static func rootMount(in tree: FileTree) throws(SystemCallError) -> String? {
        let unique = try tree.open("/", [.pathOnly, .directory], links: .refuse).uniqueMount
        if unique != 0 { return "n" + String(unique, radix: 36) }
        guard let list = try tree.read("/proc/self/mountinfo") else { return nil }
        let line = list.split(separator: UInt8(ascii: "\n")).last { line in
            let fields = line.split(separator: UInt8(ascii: " "), maxSplits: 5)
            return fields.count == 6 && fields[4].elementsEqual("/".utf8)
        }
        return line.map { "l" + String(hash(of: $0), radix: 36) }
    }

    /// FNV-1a of 64 bits. That is enough, because the kernel writes the line, and two lines only have to differ.
    private static func hash(of bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }
}
