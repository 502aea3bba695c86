/// YAML as configuration is written: text, lists and mappings, and none of what makes one line mean another.
///
/// Bytes go in and a tree with positions comes out; this module opens no file. libyaml reads the grammar of YAML 1.1. What a
/// reader of the file could misunderstand is refused: anchors, aliases, tags, merge keys, directives, further documents,
/// duplicate keys, keys that are not text, and text without quotes that goes on in the next line. No text is turned into
/// another type here: `no` is text until a setting asks for a boolean, see ``Reader``.
package enum YAML {
    /// The most bytes that a text may have, 1 MiB. Whoever reads a file need read no further than one byte more.
    package static let maximumSize = 1 << 20

    /// How many lists and mappings may stand inside each other.
    package static let maximumDepth = 64

    /// Parses a text of UTF-8, with or without byte order mark.
    ///
    /// - Parameter bytes: the whole text.
    /// - Returns: the document's value; `nil` when the text has nothing but white space and comments.
    /// - Throws: everything that is wrong, in the order of the text: all invalid bytes, else all that is refused up to the
    ///   first error of syntax.
    package static func parse(_ bytes: [UInt8]) throws(Problems) -> Node? {
        let text = try SourceText(checking: bytes)
        guard !text.bytes.isEmpty else { return nil }
        let refused = RefusedSyntax(in: text)
        var problems = refused.problems
        // A directive without a document start makes libyaml find an error in the line below, which has none.
        guard !refused.hasDirective else { throw problems.sorted() }
        var builder = TreeBuilder()
        builder.build(from: text)
        problems.merge(builder.problems)
        guard problems.isEmpty else { throw problems.sorted() }
        return builder.root
    }
}
