private import CLinux

/// A name of at most 15 bytes, as the kernel keeps it for a process.
package struct ProcessName: Sendable {
    package private(set) var bytes = InlineArray<16, UInt8>(repeating: 0)
    package private(set) var count = 0

    package init() {}

    /// Makes a name from the first 15 bytes.
    package init(_ source: UnsafeRawBufferPointer) {
        for byte in source.prefix(15) {
            bytes[count] = byte
            count += 1
        }
    }

    /// The name as text.
    package var text: String {
        var name: [UInt8] = []
        for index in 0..<count { name.append(bytes[index]) }
        return String(decoding: name, as: UTF8.self)
    }
}

/// The processes that `/proc` shows, read into memory that was allocated beforehand: only `init` allocates.
package struct ProcessTable: @unchecked Sendable {
    // Safe to send: the memory belongs only to this value, and there is only one thread.
    private let entries: UnsafeMutableRawBufferPointer
    private let text: UnsafeMutableRawBufferPointer
    let tree: UnsafeMutableBufferPointer<Int32>

    /// Allocates the memory.
    package init() {
        entries = .allocate(byteCount: 8192, alignment: 8)
        text = .allocate(byteCount: 4096, alignment: 8)
        // If there are more descendants than this, several rounds find them all.
        tree = .allocate(capacity: 16384)
    }

    /// One process, from proc_pid_stat(5).
    package struct Entry: Sendable {
        package let name: ProcessName
        /// The state; `Z` for a process that has ended and was not waited for.
        package let state: UInt8
        package let parent: Int32
        /// The device number of its controlling terminal; 0 without one.
        package let terminal: Int32
        /// Whether a signal has stopped it; one that a tracer has stopped is the tracer's business.
        package var isStopped: Bool { state == UInt8(ascii: "T") }
    }

    /// Calls `body` with the id of every process.
    package func forEach(_ body: (Int32) -> Void) {
        let directory = Linux.open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { return }
        DirectoryEntries.forEachNumber(in: directory, buffer: entries, body)
        close(directory)
    }

    /// Calls `body` with the id of every descendant of a process; `body` must not call this method again.
    ///
    /// The cost grows with the number of descendants if the kernel lists children (CONFIG_PROC_CHILDREN), and with the
    /// number of all processes otherwise. While processes end, some may be left out.
    package func forEachDescendant(of ancestor: Int32, _ body: (Int32) -> Void) {
        var count = 0
        guard appendChildren(of: ancestor, thread: ancestor, &count) else {
            forEach { process in
                if descends(process, from: ancestor) { body(process) }
            }
            return
        }
        var index = 0
        while index < count {
            appendChildren(of: tree[index], &count)
            index += 1
        }
        for index in 0..<count { body(tree[index]) }
    }

    /// Adds the children of all threads of a process to the tree.
    private func appendChildren(of process: Int32, _ count: inout Int) {
        let directory = open("task", of: process, O_DIRECTORY)
        guard directory >= 0 else { return }
        DirectoryEntries.forEachNumber(in: directory, buffer: entries) { thread in
            _ = appendChildren(of: process, thread: thread, &count)
        }
        close(directory)
    }

    /// Adds the children of one thread to the tree.
    ///
    /// - Returns: whether the kernel lists children.
    func appendChildren(of process: Int32, thread: Int32, _ count: inout Int) -> Bool {
        var path = ProcessPath()
        path.append("/proc/")
        path.append(process)
        path.append("/task/")
        path.append(thread)
        path.append("/children")
        let file = path.open(0)
        guard file >= 0 else { return false }
        var number: Int32 = 0
        while true {
            let length = CLinux.read(file, text.baseAddress, text.count)
            if length <= 0 { break }
            for index in 0..<length {
                // A space follows each number.
                if text[index] != 32 {
                    number = number &* 10 &+ Int32(text[index]) &- 48
                } else if count < tree.count {
                    tree[count] = number
                    count += 1
                    number = 0
                }
            }
        }
        close(file)
        return true
    }

    /// What the kernel reports about a process; `nil` if it does not exist or `/proc` does not show it.
    package func entry(of process: Int32) -> Entry? {
        let stat = read("stat", of: process)
        // The name is in parentheses and may contain some itself, so the last one ends it.
        guard let start = stat.position(of: UInt8(ascii: "("), fromEnd: false),
            let end = stat.position(of: UInt8(ascii: ")"), fromEnd: true), start < end, end + 3 < stat.count
        else { return nil }
        let name = ProcessName(UnsafeRawBufferPointer(rebasing: stat[(start + 1)..<end]))
        var fields = Fields(rest: UnsafeRawBufferPointer(rebasing: stat[(end + 3)...]))
        let parent = fields.nextNumber()
        _ = fields.nextNumber()  // process group
        _ = fields.nextNumber()  // session
        let terminal = fields.nextNumber()
        return Entry(
            name: name, state: stat[end + 2], parent: Int32(truncatingIfNeeded: parent),
            terminal: Int32(truncatingIfNeeded: terminal))
    }

    /// Whether a process ignores a signal; `false` if `/proc` does not report it.
    package func ignores(_ signal: Signal, process: Int32) -> Bool {
        let status = read("status", of: process)
        let label: StaticString = "SigIgn:\t"
        var offset = 0
        guard let text = status.baseAddress else { return false }
        while offset + 8 + 16 <= status.count {
            if memcmp(text + offset, label.utf8Start, 8) == 0 {
                var bits: UInt64 = 0
                for index in (offset + 8)..<(offset + 24) {
                    let digit = status[index]
                    bits = bits << 4 | UInt64(digit < 58 ? digit &- 48 : digit &- 87)
                }
                return SignalSet(bits: bits).contains(signal)
            }
            // Labels are at the beginning of a line.
            while offset < status.count && status[offset] != 10 { offset += 1 }
            offset += 1
        }
        return false
    }

    /// Whether a process descends from another, according to the parents that `/proc` shows now.
    package func descends(_ process: Int32, from ancestor: Int32) -> Bool {
        var current = process
        // Parents that change in the meantime could form a cycle of numbers.
        for _ in 0..<1000 {
            guard let entry = entry(of: current) else { return false }
            if entry.parent == ancestor { return true }
            if entry.parent <= 1 { return false }
            current = entry.parent
        }
        return false
    }

    /// Where the environment of the calling process is in memory; `nil` if the kernel does not report it.
    var environmentBlock: UnsafeMutableRawBufferPointer? {
        let stat = read("stat", of: getpid())
        guard let end = stat.position(of: UInt8(ascii: ")"), fromEnd: true), end + 3 < stat.count else { return nil }
        var fields = Fields(rest: UnsafeRawBufferPointer(rebasing: stat[(end + 3)...]))
        for _ in 4..<50 { _ = fields.nextNumber() }
        let (first, last) = (fields.nextNumber(), fields.nextNumber())
        guard 0 < first, first < last else { return nil }
        return UnsafeMutableRawBufferPointer(start: UnsafeMutableRawPointer(bitPattern: first), count: last - first)
    }

    /// The first 4 KiB of `/proc/PROCESS/FILE`; empty if it cannot be read.
    func read(_ file: StaticString, of process: Int32) -> UnsafeRawBufferPointer {
        let descriptor = open(file, of: process, 0)
        guard descriptor >= 0 else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        var count = CLinux.read(descriptor, text.baseAddress, text.count)
        if count < 0 { count = CLinux.read(descriptor, text.baseAddress, text.count) }
        close(descriptor)
        return UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(text).prefix(max(count, 0)))
    }

    private func open(_ file: StaticString, of process: Int32, _ flags: CInt) -> CInt {
        var path = ProcessPath()
        path.append("/proc/")
        path.append(process)
        path.append("/")
        path.append(file)
        return path.open(flags)
    }

    /// A short path below `/proc`, terminated by the zeros that it was filled with.
    private struct ProcessPath {
        var bytes = InlineArray<48, CChar>(repeating: 0)
        var count = 0

        mutating func append(_ text: StaticString) {
            for index in 0..<text.utf8CodeUnitCount { append(byte: text.utf8Start[index]) }
        }

        mutating func append(_ number: Int32) {
            var divisor: Int32 = 1_000_000_000
            while divisor > 1 && number < divisor { divisor /= 10 }
            while divisor > 0 {
                append(byte: UInt8(truncatingIfNeeded: 48 + number / divisor % 10))
                divisor /= 10
            }
        }

        private mutating func append(byte: UInt8) {
            guard count < bytes.count - 1 else { return }
            bytes[count] = CChar(bitPattern: byte)
            count += 1
        }

        func open(_ flags: CInt) -> CInt {
            bytes.span.withUnsafeBufferPointer { buffer in
                buffer.baseAddress.map { Linux.open($0, O_RDONLY | O_CLOEXEC | flags) } ?? -1
            }
        }
    }

    /// The numbers of a line, from left to right.
    struct Fields {
        var rest: UnsafeRawBufferPointer
        var position = 0

        mutating func nextNumber() -> Int {
            while position < rest.count && rest[position] == 32 { position += 1 }
            let isNegative = position < rest.count && rest[position] == UInt8(ascii: "-")
            if isNegative { position += 1 }
            var value = 0
            while position < rest.count, rest[position] >= 48, rest[position] < 58 {
                value = value &* 10 &+ Int(rest[position] - 48)
                position += 1
            }
            return isNegative ? -value : value
        }
    }
}

extension UnsafeRawBufferPointer {
    /// The first or last position of a byte. The standard library's own functions may allocate.
    func position(of byte: UInt8, fromEnd: Bool) -> Int? {
        var index = fromEnd ? count - 1 : 0
        while 0 <= index && index < count {
            if self[index] == byte { return index }
            index += fromEnd ? -1 : 1
        }
        return nil
    }
}
