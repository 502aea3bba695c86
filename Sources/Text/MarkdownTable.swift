/// A table in Markdown.
package enum MarkdownTable {
    /// The lines of a table.
    ///
    /// - Parameters:
    ///   - head: the headings of the columns.
    ///   - rows: the cells, without `|`.
    package static func text(_ head: [String], _ rows: [[String]]) -> String {
        ([head, head.map { _ in "---" }] + rows).map { "| " + $0.joined(separator: " | ") + " |\n" }.joined()
    }
}
