private import CLinux

/// The strings of the environment that the kernel shows to others in `/proc/PID/environ`.
package enum EnvironmentMemory {
    /// Overwrites the environment that the process was started with. The process has no environment afterwards.
    ///
    /// Entries that the C library has removed from its own list, as for privileged programs, are overwritten too.
    ///
    /// - Returns: whether the kernel reported where the environment is, and everything could be overwritten.
    package static func erase(table: ProcessTable) -> Bool {
        guard let entries = linux_environment(), entries.pointee != nil else { return true }
        guard let block = table.environmentBlock, let start = block.baseAddress, block.contains(anyOf: entries) else {
            return false
        }
        memset(start, 0, block.count)
        entries.pointee = nil
        giveBack(block)
        return true
    }

    /// Gives whole pages of zeros back to the kernel, which still shows zeros for them: an environment may have 2 MB.
    private static func giveBack(_ block: UnsafeMutableRawBufferPointer) {
        let page = UInt(sysconf(CInt(_SC_PAGESIZE)))
        let start = (UInt(bitPattern: block.baseAddress) + page - 1) / page * page
        let end = (UInt(bitPattern: block.baseAddress) + UInt(block.count)) / page * page
        guard start < end, let first = UnsafeMutableRawPointer(bitPattern: start) else { return }
        _ = madvise(first, Int(end - start), MADV_DONTNEED)
    }
}

extension UnsafeMutableRawBufferPointer {
    /// Whether any entry lies in it. The first may not: the C library has its own copy of GLIBC_TUNABLES.
    fileprivate func contains(anyOf entries: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Bool {
        guard let baseAddress else { return false }
        var entry = entries
        while let address = entry.pointee {
            let offset = UnsafeMutableRawPointer(address) - baseAddress
            if 0 <= offset && offset < count { return true }
            entry += 1
        }
        return false
    }
}
