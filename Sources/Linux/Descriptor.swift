private import CLinux

/// An open file descriptor that is closed when its owner ends.
@usableFromInline package struct Descriptor: ~Copyable {
    /// The descriptor's number; -1 once it is closed.
    @usableFromInline package private(set) var rawValue: CInt

    /// Takes over an open descriptor.
    package init(owning rawValue: CInt) {
        self.rawValue = rawValue
    }

    // Other modules end the owners of descriptors, and see no more of Embedded Swift than what is inlinable.
    @inlinable deinit { Self.closeQuietly(rawValue) }

    /// Nothing can be done about an error. Use `close` if close(2) may be the first call to report a write error.
    @usableFromInline static func closeQuietly(_ number: CInt) {
        if number >= 0 { CLinux.close(number) }
    }

    /// A file without a name, in memory, which is closed on exec (memfd_create(2)).
    ///
    /// - Throws: the error of memfd_create(2).
    package static func inMemory(_ name: StaticString) throws(SystemCallError) -> Descriptor {
        let text = UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
        let number = try systemCall("memfd_create") { linux_memory_file(text) }
        return Descriptor(owning: number)
    }

    /// Closes the descriptor and reports errors that only appear then: a network file system may accept written data
    /// and find no space for it when the file is closed.
    ///
    /// - Parameter path: the path for the error.
    /// - Throws: the error of close(2), such as ENOSPC, EDQUOT or EIO.
    package consuming func close(path: FilePath? = nil) throws(SystemCallError) {
        let number = rawValue
        rawValue = -1
        // The call is not repeated when interrupted, because the number is free by then (close(2)).
        if CLinux.close(number) == -1 && Linux.errno != EINTR {
            throw SystemCallError(call: "close", path: path, errno: Errno(rawValue: Linux.errno))
        }
    }

    /// Gives up the descriptor, which stays open.
    package consuming func release() -> CInt {
        let number = rawValue
        rawValue = -1
        return number
    }

    /// Reads up to `limit` bytes from the current position.
    ///
    /// - Parameters:
    ///   - limit: the maximum number of bytes to read.
    ///   - path: the path for the error.
    /// - Returns: the bytes up to the end of the file, at most `limit` of them.
    /// - Throws: the error of read(2).
    package func readAll(limit: Int, path: FilePath? = nil) throws(SystemCallError) -> [UInt8] {
        try readAll(limit: limit, expected: status(path: path).size, path: path)
    }

    /// Reads up to `limit` bytes of a file whose expected size may be wrong: a file in `/proc` has size 0.
    ///
    /// - Throws: the error of read(2).
    package func readAll(limit: Int, expected: Int, path: FilePath?) throws(SystemCallError) -> [UInt8] {
        var bytes: [UInt8] = []
        // With space for one byte more than expected, the first read returns everything and, being short, is also the
        // last. A file that claims to be huge must not get the memory before there is something to read.
        var capacity = min(limit, max(4096, min(expected, 1 << 26) + 1))
        while bytes.count < limit {
            let wanted = min(capacity, limit - bytes.count)
            var failure: SystemCallError?
            let chunk = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, count in
                do throws(SystemCallError) {
                    count = try systemCall("read", path) { CLinux.read(rawValue, buffer.baseAddress, wanted) }
                } catch {
                    failure = error
                }
            }
            if let failure { throw failure }
            if bytes.isEmpty { bytes = chunk } else { bytes += chunk }
            // A file in /proc comes in pieces: only there a short read is not yet the end.
            if chunk.isEmpty || chunk.count < wanted && bytes.count >= expected && expected > 0 { break }
            capacity = max(capacity, bytes.count)
        }
        return bytes
    }

    /// Writes all of `bytes` at the current position.
    ///
    /// - Parameters:
    ///   - bytes: what to write.
    ///   - path: the path for the error.
    /// - Throws: the error of write(2), such as ENOSPC; some bytes may then have been written.
    package func writeAll(_ bytes: [UInt8], path: FilePath? = nil) throws(SystemCallError) {
        var written = 0
        while written < bytes.count {
            written += try systemCall("write", path) {
                bytes.withUnsafeBytes {
                    CLinux.write(rawValue, $0.baseAddress.map { $0 + written }, $0.count - written)
                }
            }
        }
    }

    /// Writes all of `bytes` at an offset in the file; the current position does not change.
    ///
    /// - Throws: the error of pwrite(2), such as ENOSPC; some bytes may then have been written.
    package func writeAll(_ bytes: [UInt8], at offset: Int, path: FilePath? = nil) throws(SystemCallError) {
        var written = 0
        while written < bytes.count {
            written += try systemCall("pwrite", path) {
                bytes.withUnsafeBytes {
                    pwrite(rawValue, $0.baseAddress.map { $0 + written }, $0.count - written, offset + written)
                }
            }
        }
    }

    /// The result of fstat(2) for the file.
    ///
    /// - Parameter path: the path for the error.
    /// - Throws: the error of fstat(2).
    package func status(path: FilePath? = nil) throws(SystemCallError) -> FileStatus {
        var status = stat()
        try systemCall("fstat", path) { fstat(rawValue, &status) }
        return FileStatus(status)
    }

    /// The target of a symbolic link that was itself opened with O_PATH; `nil` for anything else.
    ///
    /// - Throws: the error of readlinkat(2).
    func linkTarget(path: FilePath) throws(SystemCallError) -> FilePath? {
        let buffer = UnsafeMutablePointer<CChar>.allocate(capacity: Int(PATH_MAX) + 1)
        defer { buffer.deallocate() }
        do throws(SystemCallError) {
            let length = try systemCall("readlinkat", path) { readlinkat(rawValue, "", buffer, Int(PATH_MAX)) }
            buffer[length] = 0
            return FilePath(platformString: buffer)
        } catch  where error.errno == .noSuchFileOrDirectory || error.errno == .invalidArgument {
            return nil
        }
    }

    /// Sets the mode; the umask does not apply.
    ///
    /// - Throws: the error of fchmod(2).
    package func setMode(_ mode: ModeBits, path: FilePath? = nil) throws(SystemCallError) {
        try systemCall("fchmod", path) { fchmod(rawValue, mode.rawValue) }
    }

    /// Sets the mode of a file that was opened with O_PATH: fchmod(2) needs more, which the mode may forbid.
    ///
    /// - Throws: the error of chmod(2).
    package func setModeOfPlace(_ mode: ModeBits, path: FilePath? = nil) throws(SystemCallError) {
        try systemCall("chmod", path) { chmod("/proc/self/fd/\(rawValue)", mode.rawValue) }
    }

    /// Sets the owner and the group; `nil` leaves either as it is.
    ///
    /// - Throws: the error of fchown(2).
    package func setOwner(user: UInt32?, group: UInt32?, path: FilePath? = nil) throws(SystemCallError) {
        try systemCall("fchown", path) { fchown(rawValue, user ?? .max, group ?? .max) }
    }

    /// Sets the length; a file that grows is filled with zeros.
    ///
    /// - Throws: the error of ftruncate(2).
    package func setLength(_ length: Int, path: FilePath? = nil) throws(SystemCallError) {
        try systemCall("ftruncate", path) { ftruncate(rawValue, length) }
    }

    /// Reserves space for `length` bytes, so that writing them cannot fail for lack of space.
    ///
    /// - Throws: the error of fallocate(2); EOPNOTSUPP if the file system cannot reserve space.
    package func reserve(_ length: Int, path: FilePath? = nil) throws(SystemCallError) {
        try systemCall("fallocate", path) { linux_fallocate(rawValue, length) }
    }
}
