internal import CLinux

/// The permission bits of a file, with set-user-ID, set-group-ID and sticky, 0 to 0o7777.
package struct ModeBits: RawRepresentable, Equatable, Hashable, Sendable, ExpressibleByIntegerLiteral {
    package let rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue & 0o7777 }
    package init(integerLiteral value: UInt32) { self.init(rawValue: value) }

    /// Four octal digits, such as `0770`.
    package var octal: String {
        let digits = String(rawValue, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
    }

    /// The mode without the bits that a umask removes.
    package func masked(by umask: ModeBits) -> ModeBits { ModeBits(rawValue: rawValue & ~umask.rawValue) }

    /// Whether all bits of `other` are set.
    package func contains(_ other: ModeBits) -> Bool { rawValue & other.rawValue == other.rawValue }
}

/// The number of a device, as stat(2) has it in `st_rdev`.
package struct DeviceNumber: RawRepresentable, Equatable, Sendable {
    package let rawValue: UInt64

    package init(rawValue: UInt64) { self.rawValue = rawValue }

    /// The device with these numbers (makedev(3)).
    ///
    /// - Parameters:
    ///   - major: at most 0xFFF.
    ///   - minor: the lowest 8 bits of the minor number; the devices that have more are of no interest here.
    package init(major: UInt16, minor: UInt8) { rawValue = UInt64(major) << 8 | UInt64(minor) }
}

/// The result of stat(2) for a file.
package struct FileStatus: Equatable, Sendable {
    /// The type of a file, as in inode(7).
    package enum Kind: Equatable, Sendable {
        case file, directory, link, pipe, socket, characterDevice, blockDevice, other
    }

    package let kind: Kind
    package let mode: ModeBits
    package let user: UInt32
    package let group: UInt32
    /// In bytes.
    package let size: Int
    /// The device that holds the file.
    package let device: UInt64
    package let inode: UInt64
    /// The device that a device node stands for; 0 for other files.
    package let node: DeviceNumber
    /// The number of names that the file has; 0 once the last one is removed.
    package let names: Int
    /// When the content last changed, according to the clock of the file system.
    package let modified: Timestamp

    /// A time as files have it.
    package struct Timestamp: Equatable, Sendable {
        /// Seconds since 1970.
        package let seconds: Int
        /// 0 to 999,999,999.
        package let nanoseconds: Int

        package init(seconds: Int, nanoseconds: Int) {
            self.seconds = seconds
            self.nanoseconds = nanoseconds
        }
    }

    init(_ status: stat) {
        kind =
            switch status.st_mode & linux_S_IFMT {
            case linux_S_IFREG: .file
            case linux_S_IFDIR: .directory
            case linux_S_IFLNK: .link
            case linux_S_IFIFO: .pipe
            case linux_S_IFSOCK: .socket
            case linux_S_IFCHR: .characterDevice
            case linux_S_IFBLK: .blockDevice
            default: .other
            }
        mode = ModeBits(rawValue: status.st_mode)
        user = status.st_uid
        group = status.st_gid
        size = status.st_size
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        node = DeviceNumber(rawValue: UInt64(status.st_rdev))
        names = Int(status.st_nlink)
        modified = Timestamp(seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec)
    }

    /// Whether both describe the same file, whatever its names.
    package func isSame(as other: FileStatus) -> Bool { device == other.device && inode == other.inode }

    /// Whether anyone but the owner may write to it, judging by the mode.
    package var isWritableByOthers: Bool { mode.rawValue & 0o022 != 0 }

    /// For a directory: whether anyone but its owner and a file's owner can rename or remove the file (inode(7), the
    /// sticky bit).
    package var letsOthersRename: Bool { isWritableByOthers && !mode.contains(0o1000) }
}

extension FileStatus.Kind {
    /// The kind in words, with an article.
    package var words: String {
        switch self {
        case .file: "a file"
        case .directory: "a directory"
        case .link: "a symbolic link"
        case .pipe: "a named pipe"
        case .socket: "a socket"
        case .characterDevice, .blockDevice: "a device"
        case .other: "of an unknown type"
        }
    }
}
