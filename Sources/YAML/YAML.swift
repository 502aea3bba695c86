/// YAML as configuration is written: text, lists and mappings, without syntax that changes what other lines mean.
///
/// Bytes go in, and a tree with positions comes out; this module opens no file. libyaml reads the grammar of YAML 1.1.
/// Everything that a reader of the file could misunderstand is refused: anchors, aliases, tags, merge keys, directives,
/// further documents, duplicate keys, keys that are not text, and text without quotes that continues on the next line.
/// No text is converted to another type here: `no` is text until a setting asks for a boolean, see ``Reader``.
package enum YAML {
    /// The maximum size of a text in bytes, 1 MiB. Whoever reads a file need not read more than one byte beyond it.
    package static let maximumSize = 1 << 20

    /// How deep lists and mappings may be nested.
    package static let maximumDepth = 64

    /// Parses a text in UTF-8, with or without a byte order mark.
    ///
    /// - Parameter bytes: the whole text.
    /// - Returns: the document's value; `nil` if the text has only white space and comments.
    /// - Throws: everything that is wrong, in the order of the text: all invalid bytes, or else everything that is
    ///   refused up to the first syntax error.
    package static func parse(_ bytes: [UInt8]) throws(Problems) -> Node? {
        let text = try SourceText(checking: bytes)
        guard !text.bytes.isEmpty else { return nil }
        let refused = RefusedSyntax(in: text)
        var problems = refused.problems
        // A directive without a document start makes libyaml report an error in the next line, which has none.
        guard !refused.hasDirective else { throw problems.sorted() }
        var builder = TreeBuilder()
        builder.build(from: text)
        problems.merge(builder.problems)
        guard problems.isEmpty else { throw problems.sorted() }
        return builder.root
    }
}
