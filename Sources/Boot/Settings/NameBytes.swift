/// Names, or endings of names, as bytes in one piece of memory: what is asked of every variable of a pod counts nothing by
/// reference.
struct NameBytes: Equatable, Sendable {
    private let bytes: [UInt8]
    private let lengths: [Int]
    /// The last letters of the names: a bit for each, by its lowest five bits.
    private let lastLetters: UInt32

    init(_ names: [String]) {
        var bytes: [UInt8] = []
        var lastLetters: UInt32 = 0
        for name in names {
            bytes += Array(name.utf8)
            lastLetters |= bytes.last.map { Self.bit(of: $0) } ?? 0
        }
        self.bytes = bytes
        self.lastLetters = lastLetters
        lengths = names.map { $0.utf8.count }
    }

    /// Whether a name is one of these.
    func contains(_ name: UnsafeBufferPointer<UInt8>) -> Bool { has(name) { $0 == $1 } }

    /// Whether a name ends like one of these.
    func containsEnding(of name: UnsafeBufferPointer<UInt8>) -> Bool { has(name) { $0 <= $1 } }

    /// - Parameter fits: whether the length of one of these goes with that of the name.
    private func has(_ name: UnsafeBufferPointer<UInt8>, _ fits: (Int, Int) -> Bool) -> Bool {
        guard let last = name.last, lastLetters & Self.bit(of: last) != 0 else { return false }
        return bytes.withUnsafeBufferPointer { bytes in
            lengths.withUnsafeBufferPointer { lengths in
                var end = 0
                for index in 0..<lengths.count {
                    end += lengths[index]
                    if fits(lengths[index], name.count), Self.isEnd(bytes, end, lengths[index], of: name) {
                        return true
                    }
                }
                return false
            }
        }
    }

    private static func isEnd(
        _ bytes: UnsafeBufferPointer<UInt8>, _ end: Int, _ length: Int, of name: UnsafeBufferPointer<UInt8>
    ) -> Bool {
        var back = 1
        while back <= length {
            if bytes[end - back] != name[name.count - back] { return false }
            back += 1
        }
        return true
    }

    private static func bit(of letter: UInt8) -> UInt32 { 1 << UInt32(letter & 31) }
}
