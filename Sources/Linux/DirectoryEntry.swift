private import CLinux

/// An entry of a directory, as reading the directory tells it (getdents64(2)).
package struct DirectoryEntry: Equatable, Sendable {
    /// The entry's name, byte for byte.
    package let name: FilePath.Component
    /// What it is, or was when the directory was read; nil where the file system does not tell.
    package let kind: FileStatus.Kind?
}

extension Descriptor {
    /// The entries of a directory, without `.` and `..`, in the directory's order.
    ///
    /// - Parameters:
    ///   - path: the path for the error.
    ///   - isLinksOnly: whether only entries that are, or may be, symbolic links are wanted.
    /// - Throws: the error of reading the directory.
    package func entries(path: FilePath, isLinksOnly: Bool = false) throws(SystemCallError) -> [DirectoryEntry] {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 8192, alignment: 8)
        defer { buffer.deallocate() }
        var entries: [DirectoryEntry] = []
        while true {
            let count: Int
            do throws(SystemCallError) {
                count = try systemCall("getdents64", path) {
                    linux_directory_entries(rawValue, buffer.baseAddress, buffer.count)
                }
            } catch  where error.errno == .noSuchFileOrDirectory {
                // The directory has been removed, and nothing is in it any more (readdir(3) takes it so, too).
                return entries
            }
            if count == 0 { return entries }
            var offset = 0
            while offset < count {
                var (length, type) = (0, CInt(0))
                let start = linux_directory_entry(buffer.baseAddress, offset, &length, &type)
                // The kernel never returns an empty entry, but the loop would never end on one.
                guard let start, length > 0 else {
                    throw SystemCallError(call: "getdents64", path: path, errno: .ioError)
                }
                offset += length
                let kind = FileStatus.Kind(typeOfEntry: type)
                if isLinksOnly && kind != .link && kind != nil { continue }
                if let name = FilePath.Component(platformString: start), name.kind == .regular {
                    entries.append(DirectoryEntry(name: name, kind: kind))
                }
            }
        }
    }
}

extension FileStatus.Kind {
    /// The kind that `d_type` of readdir(3) stands for; nil where it tells none.
    fileprivate init?(typeOfEntry type: CInt) {
        switch Int(type) {
        case Int(DT_REG): self = .file
        case Int(DT_DIR): self = .directory
        case Int(DT_LNK): self = .link
        case Int(DT_FIFO): self = .pipe
        case Int(DT_SOCK): self = .socket
        case Int(DT_CHR): self = .characterDevice
        case Int(DT_BLK): self = .blockDevice
        default: return nil
        }
    }
}
