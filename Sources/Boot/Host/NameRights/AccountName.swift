internal import Text

/// A name for comparison by programs that ignore the case of letters, as sudo does.
struct AccountName: Equatable {
    let bytes: [UInt8]

    init(_ name: some Sequence<UInt8>) { bytes = name.map(Self.lowered) }
    init(_ name: String) { self.init(name.utf8) }

    static func lowered(_ byte: UInt8) -> UInt8 { byte.lowered }

    /// Whether the name stands in a text between bytes that no name has, either as it is, or partly in quotes, or with
    /// escapes (`\x41`, `\A`).
    func isWord(of text: ArraySlice<UInt8>) -> Bool {
        if hasWord(in: text) || text.has("\"'") && hasWord(in: text.filter { $0 != 0x22 && $0 != 0x27 }[...]) {
            return true
        }
        // The name may contain escapes, or follow an escape that marks a word border (`\\b`).
        return text.contains(UInt8(ascii: "\\"))
            && (hasWord(in: Self.unescaped(text)[...]) || hasWord(in: Self.withoutEscapes(text)[...]))
    }

    private func hasWord(in text: ArraySlice<UInt8>) -> Bool {
        text.split { !$0.isNameByte && $0 != UInt8(ascii: "$") }.contains { word in
            if word.count < bytes.count { return false }
            // A full stop may end a sentence or begin a pattern, but a name may also contain it.
            let start = word.firstIndex(where: Self.isInner) ?? word.endIndex
            let end = word.lastIndex(where: Self.isInner).map { $0 + 1 } ?? word.endIndex
            return [word, word[start...], word[..<end], word[min(start, end)..<end]].contains(where: matches)
        }
    }

    /// Whether a byte can only be part of a name. A `$` may end a pattern or a name.
    private static func isInner(_ byte: UInt8) -> Bool { !".-$".utf8.contains(byte) }

    private static func withoutEscapes(_ text: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\\") { rest = rest.dropFirst() }
            result.append(byte == UInt8(ascii: "\\") ? 0x20 : byte)
        }
        return result
    }

    private func matches(_ word: ArraySlice<UInt8>) -> Bool {
        word.count == bytes.count && zip(word, bytes).allSatisfy { Self.lowered($0) == $1 }
    }

    private static func unescaped(_ text: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\") else {
                result.append(byte)
                continue
            }
            let digits = rest.dropFirst().prefix(2)
            if rest.first == UInt8(ascii: "x"), digits.count == 2,
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
            {
                result.append(value)
                rest = rest.dropFirst(3)
            } else if let next = rest.popFirst() {
                result.append(next)
            }
        }
        return result
    }
}
