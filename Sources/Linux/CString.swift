private import CLinux

/// A string of bytes without NUL that C code owns and that lives as long as the process.
///
/// The runtime's arguments and environment are handed to the user's command through this type, so that no byte of them
/// changes: they need not be UTF-8.
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
        // The bytes are copied at once, because some collections are slow byte by byte.
        let bytes = Array(bytes)
        let length = bytes.firstIndex(of: 0) ?? bytes.count
        pointer = .allocate(capacity: length + 1)
        for index in 0..<length { pointer[index] = CChar(bitPattern: bytes[index]) }
        pointer[length] = 0
    }

    /// The bytes without the final NUL.
    package var bytes: [UInt8] {
        [UInt8](UnsafeRawBufferPointer(start: pointer, count: strlen(pointer)))
    }

    /// Appends the bytes without the final NUL.
    package func append(to bytes: inout [UInt8]) {
        bytes.append(contentsOf: UnsafeRawBufferPointer(start: pointer, count: strlen(pointer)))
    }

    /// The number of bytes without the final NUL.
    package var count: Int { strlen(pointer) }

    /// The bytes as text, with U+FFFD for anything that is not UTF-8.
    package var text: String { String(cString: pointer) }

    /// The name of an environment entry: the text before the first `=`; `nil` without one.
    package var variableName: String? {
        variableNameLength.map { String(decoding: UnsafeRawBufferPointer(start: pointer, count: $0), as: UTF8.self) }
    }

    /// The number of bytes before the first `=`; `nil` without one.
    package var variableNameLength: Int? {
        strchr(pointer, CInt(UInt8(ascii: "="))).map { $0 - pointer }
    }

    /// Calls a function with the name of an environment entry that has a value; `false` for one that has none.
    ///
    /// - Parameter length: ``variableNameLength``.
    package func withVariableName(length: Int, _ body: (UnsafeBufferPointer<UInt8>) -> Bool) -> Bool {
        guard pointer[length] != 0, pointer[length + 1] != 0 else { return false }
        return pointer.withMemoryRebound(to: UInt8.self, capacity: length) {
            body(UnsafeBufferPointer(start: $0, count: length))
        }
    }

    /// Calls a function with the first bytes.
    ///
    /// - Parameter length: how many; at most ``count``.
    package func withBytes(before length: Int, _ body: (UnsafeBufferPointer<UInt8>) -> Bool) -> Bool {
        pointer.withMemoryRebound(to: UInt8.self, capacity: length) {
            body(UnsafeBufferPointer(start: $0, count: length))
        }
    }

    /// The byte at an offset of at most ``count``, where the final NUL is.
    package func byte(at offset: Int) -> UInt8 { UInt8(bitPattern: pointer[offset]) }

    /// Whether the string starts with some bytes.
    package func starts(with bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let start = bytes.baseAddress else { return true }
        return strncmp(pointer, UnsafeRawPointer(start).assumingMemoryBound(to: CChar.self), bytes.count) == 0
    }

    /// Whether a text occurs in the string (strstr(3)).
    package func contains(_ text: StaticString) -> Bool {
        strstr(pointer, UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self)) != nil
    }

    /// Calls a function with the bytes from an offset on, which is at most ``count``.
    package func withBytes(from offset: Int, _ body: (UnsafeBufferPointer<UInt8>) -> Bool) -> Bool {
        let count = strlen(pointer + offset)
        return (pointer + offset).withMemoryRebound(to: UInt8.self, capacity: count) {
            body(UnsafeBufferPointer(start: $0, count: count))
        }
    }

    /// The bytes from an offset on, which is at most ``count``.
    package func bytes(from offset: Int) -> [UInt8] {
        let rest = pointer + offset
        return [UInt8](UnsafeRawBufferPointer(start: rest, count: strlen(rest)))
    }
}

/// What the process was started with.
package enum ProcessStart {
    /// The arguments, beginning with the program's own name; empty when the caller gave not even that.
    package static var arguments: [CString] {
        var count: CInt = 0
        let kept = linux_arguments(&count)
        let all =
            kept.map { UnsafeBufferPointer(start: $0, count: Int(count)) }
            ?? runtimesArguments
        return all.compactMap { pointer in pointer.map(CString.init) }
    }

    /// Whether the program's file gave the process privileges that its caller does not have (getauxval(3), AT_SECURE).
    package static var isPrivilegedByFile: Bool { linux_is_secure() }

    /// What the runtime knows where nothing was kept, as in the tests; Embedded Swift knows nothing.
    private static var runtimesArguments: UnsafeBufferPointer<UnsafeMutablePointer<CChar>?> {
        #if hasFeature(Embedded)
        UnsafeBufferPointer(start: nil, count: 0)
        #else
        UnsafeBufferPointer(start: CommandLine.unsafeArgv, count: Int(CommandLine.argc))
        #endif
    }

    /// The environment's entries in order, including duplicates and entries without `=`.
    ///
    /// The C library removes variables such as `LD_LIBRARY_PATH` from the environment of a program that is privileged
    /// by its file; these entries still contain them.
    package static var environment: [CString] {
        if isPrivilegedByFile, let entries = allEntries { return entries }
        guard var entry = linux_environment() else { return [] }
        var entries: [CString] = []
        while let pointer = entry.pointee {
            entries.append(CString(pointer))
            entry += 1
        }
        return entries
    }

    /// The entries as the kernel laid them out.
    private static var allEntries: [CString]? {
        var end: UnsafePointer<CChar>?
        guard var start = linux_environment_text(&end), let end else { return nil }
        var entries: [CString] = []
        while start < end {
            entries.append(CString(UnsafeMutablePointer(mutating: start)))
            start += strlen(start) + 1
        }
        return entries
    }
}
