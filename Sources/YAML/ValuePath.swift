internal import Text

/// The way from a document to a value in it, as people write it: `scratch.directories[2].mode`.
struct ValuePath: Equatable, Sendable {
    /// Empty for the document.
    private(set) var text = ""

    /// The way to a key's value. A key that is not one word of letters, digits, `_` and `-` is shown in brackets.
    func key(_ key: String) -> ValuePath {
        let isWord = !key.isEmpty && key.utf8.count <= Excerpt.limit && key.utf8.allSatisfy(Self.isWordByte)
        guard isWord else { return ValuePath(text: "\(text)[\(Excerpt.quoted(key))]") }
        return ValuePath(text: text.isEmpty ? key : "\(text).\(key)")
    }

    /// The way to an item of a list, counted from 0.
    func index(_ index: Int) -> ValuePath { ValuePath(text: "\(text)[\(index)]") }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
