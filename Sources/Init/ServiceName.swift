/// The name of a service as its keeper has written it, in a fixed size.
package struct ServiceName: Sendable {
    private var bytes = InlineArray<64, UInt8>(repeating: 0)
    private(set) var count = 0

    package init() {}

    /// Takes the first word of what was written, at most 64 bytes.
    package init(_ written: UnsafeRawBufferPointer) {
        for byte in written {
            guard byte > 32, count < bytes.count else { return }
            bytes[count] = byte
            count += 1
        }
    }

    /// One of the bytes.
    subscript(index: Int) -> UInt8 { bytes[index] }
}
