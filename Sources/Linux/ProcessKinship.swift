private import CLinux

extension ProcessTable {
    /// What a process belongs to, from proc_pid_stat(5).
    package struct Kinship: Equatable, Sendable {
        /// The state; `Z` for a process that has ended and was not waited for.
        package let state: UInt8
        package let parent: Int32
        package let group: Int32
        package let session: Int32
        /// When it was started, in clock ticks after the machine's start: no other process with its id has the same.
        package let started: UInt64
    }

    /// What a process belongs to; `nil` if it does not exist or `/proc` does not show it.
    package func kinship(of process: Int32) -> Kinship? {
        let stat = read("stat", of: process)
        guard let end = stat.position(of: UInt8(ascii: ")"), fromEnd: true), end + 3 < stat.count else { return nil }
        var fields = Fields(rest: UnsafeRawBufferPointer(rebasing: stat[(end + 3)...]))
        let (parent, group, session) = (fields.nextNumber(), fields.nextNumber(), fields.nextNumber())
        for _ in 7..<22 { _ = fields.nextNumber() }
        return Kinship(
            state: stat[end + 2], parent: Int32(truncatingIfNeeded: parent), group: Int32(truncatingIfNeeded: group),
            session: Int32(truncatingIfNeeded: session), started: UInt64(truncatingIfNeeded: fields.nextNumber()))
    }

    /// Whether the first 4 KiB of a process's environment, as it was started, have an entry.
    package func environment(of process: Int32, has entry: [UInt8]) -> Bool {
        let block = read("environ", of: process)
        guard block.count > entry.count else { return false }
        return entry.withUnsafeBytes { entry in
            guard let wanted = entry.baseAddress, let start = block.baseAddress else { return false }
            var offset = 0
            while offset + entry.count < block.count {
                if memcmp(start + offset, wanted, entry.count) == 0 && block[offset + entry.count] == 0 { return true }
                while offset < block.count && block[offset] != 0 { offset += 1 }
                offset += 1
            }
            return false
        }
    }

    /// The children of a process, as far as its first thread has started or adopted them; at most 16384 of them.
    package func children(of process: Int32) -> [Int32] {
        var count = 0
        if appendChildren(of: process, thread: process, &count) { return Array(tree[..<count]) }
        // The kernel does not list children.
        var found: [Int32] = []
        forEach { other in
            if entry(of: other)?.parent == process { found.append(other) }
        }
        return found
    }
}
