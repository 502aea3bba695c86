package import Linux

/// How a stream's reader sees text: in colour on a terminal, plain otherwise.
package struct OutputStyle: Sendable {
    /// Whether words may be coloured (ECMA-48).
    package let hasColour: Bool
    /// The number of columns; `nil` where lines may be of any length.
    package let columns: Int?

    /// What a word means, by which it is coloured.
    package enum Meaning: Sendable {
        case good
        case attention
        case bad
        case heading
        case faint

        /// The parameters of SGR (ECMA-48, 8.3.117). They are of the terminal's own palette, light or dark.
        fileprivate var parameters: String {
            switch self {
            case .good: "32"
            case .attention: "33"
            case .bad: "1;31"
            case .heading: "1"
            case .faint: "2"
            }
        }
    }

    /// Text without colour and in lines of any length.
    package static let plain = OutputStyle(hasColour: false, columns: nil)

    /// - Parameters:
    ///   - hasColour: whether words may be coloured.
    ///   - columns: the number of columns; `nil` for lines of any length.
    package init(hasColour: Bool, columns: Int?) {
        self.hasColour = hasColour
        self.columns = columns
    }

    /// The style of a stream.
    ///
    /// - Parameters:
    ///   - stream: where the text is written to.
    ///   - value: gives the value of an environment variable. `NO_COLOR`, where it is not empty, and `TERM=dumb` forbid
    ///     colour; `COLUMNS` counts where the terminal does not know its own width.
    package init(of stream: StandardStream, value: (String) -> String?) {
        guard stream.isTerminal else {
            self = .plain
            return
        }
        let isColourless = value("NO_COLOR")?.isEmpty == false || value("TERM") == "dumb" || value("TERM") == nil
        let columns = stream.terminalColumns ?? value("COLUMNS").flatMap { Int($0) }
        // Narrower than this, no text is readable.
        self.init(hasColour: !isColourless, columns: columns.flatMap { $0 > 0 ? max(20, $0) : nil })
    }

    /// The text as it is written, coloured where that is possible.
    package func text(_ text: String, as meaning: Meaning) -> String {
        hasColour && !text.isEmpty ? "\u{1B}[\(meaning.parameters)m\(text)\u{1B}[0m" : text
    }
}
