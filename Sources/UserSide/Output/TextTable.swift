/// Rows of cells in aligned columns, for people.
///
/// Each column is as wide as its widest cell. Where the lines are wider than the terminal, the last column is broken at
/// blanks and goes on below itself; where even that has no room, each cell has a line of its own.
package struct TextTable: Sendable {
    /// A cell.
    package struct Cell: Sendable, ExpressibleByStringLiteral {
        package let text: String
        /// By which it is coloured; `nil` for the terminal's own colour.
        package let meaning: OutputStyle.Meaning?

        package init(_ text: String, as meaning: OutputStyle.Meaning? = nil) {
            self.text = text
            self.meaning = meaning
        }

        package init(stringLiteral value: String) { self.init(value) }
    }

    private let head: [String]
    private var rows: [[Cell]] = []

    /// Blanks between two columns.
    private static let gap = 2
    /// The fewest columns in which the last cell of a row is readable.
    private static let leastWidth = 16

    /// - Parameter head: the names of the columns; empty for a table without a line of names.
    package init(_ head: [String] = []) { self.head = head }

    /// Adds a row. The text must have no control characters: see `shown()`.
    package mutating func add(_ row: [Cell]) { rows.append(row) }

    /// The lines, each with its newline.
    package func text(_ style: OutputStyle) -> String {
        let all = (head.isEmpty ? [] : [head.map { Cell($0, as: .heading) }]) + rows
        let count = all.map(\.count).max() ?? 0
        guard count > 0 else { return "" }
        let widths = (0..<count).map { column in all.map { $0.count > column ? $0[column].text.count : 0 }.max() ?? 0 }
        let start = widths.dropLast().reduce(0) { $0 + $1 + Self.gap }
        if let columns = style.columns, start + widths[count - 1] > columns {
            return columns - start >= Self.leastWidth
                ? all.map { broken($0, widths, start, columns, style) }.joined()
                : all.map { stacked($0, columns, style) }.joined()
        }
        return all.map { line($0, widths, style) + "\n" }.joined()
    }

    private func line(_ row: [Cell], _ widths: [Int], _ style: OutputStyle) -> String {
        var line = ""
        let end = row.lastIndex { !$0.text.isEmpty } ?? -1
        for (column, cell) in row.prefix(end + 1).enumerated() {
            line += written(cell.text, cell, style)
            if column < end {
                line += String(repeating: " ", count: widths[column] - cell.text.count + Self.gap)
            }
        }
        return line
    }

    private func broken(_ row: [Cell], _ widths: [Int], _ start: Int, _ columns: Int, _ style: OutputStyle) -> String {
        guard row.count == widths.count, let last = row.last else { return line(row, widths, style) + "\n" }
        let parts = Self.lines(of: last.text, columns: columns - start)
        let first = row.dropLast() + [Cell(parts[0], as: last.meaning)]
        let rest = parts.dropFirst().map { String(repeating: " ", count: start) + written($0, last, style) + "\n" }
        return line(Array(first), widths, style) + "\n" + rest.joined()
    }

    private func stacked(_ row: [Cell], _ columns: Int, _ style: OutputStyle) -> String {
        var text = ""
        for (number, cell) in row.enumerated() where !cell.text.isEmpty {
            let indent = number == 0 ? "" : "  "
            for part in Self.lines(of: cell.text, columns: columns - indent.count) {
                text += indent + written(part, cell, style) + "\n"
            }
        }
        return text
    }

    private func written(_ text: String, _ cell: Cell, _ style: OutputStyle) -> String {
        cell.meaning.map { style.text(text, as: $0) } ?? text
    }

    /// A text in lines of at most so many columns, broken at blanks, and within a word only where a line has no blank.
    ///
    /// - Parameter columns: the length of a line; at least 1.
    /// - Returns: at least one line.
    package static func lines(of text: String, columns: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ", omittingEmptySubsequences: false) {
            var word = word
            if !line.isEmpty, line.count + 1 + word.count > columns {
                lines.append(line)
                line = ""
            } else if !line.isEmpty {
                line += " "
            }
            while word.count > columns - line.count {
                let head = word.prefix(columns - line.count)
                lines.append(line + head)
                line = ""
                word = word.dropFirst(head.count)
            }
            line += word
        }
        return line.isEmpty && !lines.isEmpty ? lines : lines + [line]
    }
}
