internal import Linux

extension ElevatedStart {
    /// The name of a file that says that a container has been made ready. No other container has this name, and this
    /// one has another name after its next start.
    ///
    /// Most restarts have a new process 1, whose start time differs. If process 1 and the directory of the marker
    /// outlive a container (`shareProcessNamespace` and a volume at `/run`), and the kernel reuses the number of the
    /// mount namespace, then the mount of the root directory differs.
    struct Marker {
        /// Which start leaves a marker; the marker's name begins with it.
        enum Kind: String, CaseIterable {
            /// A start with the capabilities of the program's file.
            case elevated = "elevated."
            /// A start as root, after which there is nothing left to make ready.
            case root = "root."
        }

        /// What identifies the life of the container on every kernel.
        private let life: String
        /// The mount of the root directory.
        private let root: String

        /// The marker's name.
        let name: FilePath.Component

        /// The marker of a start of this kind; `nil` where it cannot be told from others.
        ///
        /// - Throws: the error of looking.
        init?(_ kind: Kind, in tree: FileTree) throws(SystemCallError) {
            guard let boot = try tree.read("/proc/sys/kernel/random/boot_id", limit: 64),
                let status = try tree.read("/proc/1/stat", limit: 4096),
                let mounts = try tree.status("/proc/self/ns/mnt", links: .follow),
                let root = try Self.rootMount(in: tree)
            else { return nil }
            // The name of the program is in parentheses and may hold anything; field 22 is the time of its start.
            let end = status.lastIndex(of: UInt8(ascii: ")")) ?? status.startIndex
            let fields = status[end...].split(separator: UInt8(ascii: " "))
            guard fields.count > 20 else { return nil }
            let bootText = String(decoding: boot.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
            life = "\(bootText).\(mounts.inode).\(String(decoding: fields[20], as: UTF8.self))."
            self.root = root
            guard let name = FilePath.Component(kind.rawValue + life + root) else { return nil }
            self.name = name
        }

        /// Whether a file's name says that this container has been made ready. A name that identifies the root
        /// directory's mount in the other way may also be this container's: the start that left it has met an error.
        func stands(for name: FilePath.Component) -> Bool {
            let text = name.string
            guard let kind = Kind.allCases.first(where: { text.hasPrefix($0.rawValue) }) else { return false }
            let rest = text.utf8.dropFirst(kind.rawValue.utf8.count)
            guard rest.starts(with: life.utf8) else { return false }
            let other = rest.dropFirst(life.utf8.count)
            return other.first != root.utf8.first || other.elementsEqual(root.utf8)
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
}
