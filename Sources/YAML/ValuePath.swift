internal import Text

/// The path from a document to a value in it, as people write it: `scratch.directories[2].mode`.
struct ValuePath: Equatable, Sendable {
    /// Empty for the document.
    private(set) var text = ""

    /// The path of a key's value. A key that is not one word of letters, digits, `_` and `-` is shown in brackets.
    func key(_ key: String) -> ValuePath {
        let isWord =
            !key.isEmpty && key.utf8.count <= Excerpt.limit
            && key.utf8.allSatisfy { $0.isWordByte || $0 == UInt8(ascii: "-") }
        guard isWord else { return ValuePath(text: "\(text)[\(Excerpt.quoted(key))]") }
        return ValuePath(text: text.isEmpty ? key : "\(text).\(key)")
    }

    /// The path of an item of a list, counted from 0.
    func index(_ index: Int) -> ValuePath { ValuePath(text: "\(text)[\(index)]") }
}
