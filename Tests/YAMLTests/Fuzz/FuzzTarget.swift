/// What libFuzzer calls with bytes of its making.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOne(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    if let violation = violation(for: bytes) { fatalError(violation) }
    return 0
}
