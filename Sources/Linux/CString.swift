private import CLinux
private import Glibc

/// A string of bytes without NUL that the C side owns and that lives as long as the process.
///
/// Arguments and environment are handed from the runtime to the user's command through this type, so that no byte of
/// them changes: they need not be UTF-8.
package struct CString: @unchecked Sendable {
    // Safe to send: nothing writes to the memory and nothing frees it.
    let pointer: UnsafeMutablePointer<CChar>

    init(_ pointer: UnsafeMutablePointer<CChar>) {
        self.pointer = pointer
    }

    /// Makes a string that is never freed.
    ///
    /// - Parameter bytes: the bytes up to the first NUL are taken.
    package init(_ bytes: some Collection<UInt8>) {
        let memory = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count + 1)
        var length = 0
        for byte in bytes.prefix(while: { $0 != 0 }) {
            memory[length] = CChar(bitPattern: byte)
            length += 1
        }
        memory[length] = 0
        pointer = memory
    }

    /// The bytes without the final NUL.
    package var bytes: [UInt8] {
        [UInt8](UnsafeRawBufferPointer(start: pointer, count: strlen(pointer)))
    }

    /// The number of bytes without the final NUL.
    package var count: Int { strlen(pointer) }

    /// The bytes as text, with U+FFFD in the place of what is not UTF-8.
    package var text: String { String(cString: pointer) }

    /// The name of an environment entry: what stands before the first `=`; `nil` without one.
    package var variableName: String? {
        variableNameLength.map { String(decoding: UnsafeRawBufferPointer(start: pointer, count: $0), as: UTF8.self) }
    }

    /// How many bytes stand before the first `=`; `nil` without one.
    package var variableNameLength: Int? {
        strchr(pointer, CInt(UInt8(ascii: "="))).map { $0 - pointer }
    }

    /// Whether the string starts with some bytes.
    package func starts(with bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let start = bytes.baseAddress else { return true }
        return strncmp(pointer, UnsafeRawPointer(start).assumingMemoryBound(to: CChar.self), bytes.count) == 0
    }

    /// The bytes from an offset on, which is at most ``count``.
    package func bytes(from offset: Int) -> [UInt8] {
        let rest = pointer + offset
        return [UInt8](UnsafeRawBufferPointer(start: rest, count: strlen(rest)))
    }
}

/// What the process was started with.
package enum ProcessStart {
    /// The arguments, the program's own name first; empty when the caller gave not even that.
    package static var arguments: [CString] {
        UnsafeBufferPointer(start: CommandLine.unsafeArgv, count: Int(CommandLine.argc)).compactMap { pointer in
            pointer.map(CString.init)
        }
    }

    /// The environment's entries in their order, duplicates and entries without `=` included.
    package static var environment: [CString] {
        guard var entry = linux_environment() else { return [] }
        var entries: [CString] = []
        while let pointer = entry.pointee {
            entries.append(CString(pointer))
            entry += 1
        }
        return entries
    }
}
