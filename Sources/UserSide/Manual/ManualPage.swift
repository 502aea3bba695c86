import Boot
import Text

/// A page of the manual's first section, written in the macros of man(7).
package struct ManualPage: Sendable {
    /// The page's name without its section, such as `entrypointctl-report`.
    package let name: String
    private var lines: [String]

    /// A page with its heading.
    ///
    /// - Parameter abstract: what it is about, in some words without a full stop.
    init(_ name: String, _ abstract: String) {
        self.name = name
        // No date: the same sources are to give the same page.
        let heading = [name.uppercased(), "1", "", "entrypoint \(Version.text)", "User Commands"]
        // Names are neither hyphenated nor spread over a line, so that they can be copied.
        lines = [".TH " + heading.map { "\"\(Self.escaped($0))\"" }.joined(separator: " "), ".nh", ".ad l"]
        section("NAME")
        lines.append("\(Self.escaped(name)) \\- \(Self.escaped(abstract))")
    }

    /// The name of the page's file.
    package var file: String { "\(name).1" }

    /// The source of the page.
    package var source: String { lines.map { $0 + "\n" }.joined() }

    /// Begins a section.
    mutating func section(_ title: String) { lines.append(".SH \"\(Self.escaped(title))\"") }

    /// Adds a line of what the reader types.
    mutating func synopsis(_ text: String) { lines.append(Self.line(text)) }

    /// Adds text: paragraphs with blank lines between them. Lines that begin with blanks stay as they are.
    mutating func text(_ text: String) {
        var isLiteral = false
        var isFirst = true
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let isIndented = line.first == " "
            if isLiteral && !isIndented {
                lines += [".fi", ".RE"]
                isLiteral = false
            }
            if line.isEmpty {
                isFirst = true
                continue
            }
            if isIndented && !isLiteral {
                beginParagraph()
                lines += [".RS 4", ".nf"]
                isLiteral = true
            } else if isFirst && !isIndented {
                beginParagraph()
            }
            isFirst = false
            lines.append(isIndented ? Self.line(line.drop { $0 == " " }) : Self.line(line))
        }
        if isLiteral { lines += [".fi", ".RE"] }
    }

    /// Begins a paragraph, as a section does by itself.
    private mutating func beginParagraph() {
        if lines.last?.hasPrefix(".SH") != true { lines.append(".PP") }
    }

    /// Adds a term and what it means.
    mutating func term(_ term: String, _ meaning: String) {
        lines += [".TP", ".B \"\(Self.escaped(term))\"", meaning.isEmpty ? "\\&" : Self.line(meaning)]
    }

    /// Adds the names of other pages.
    mutating func seeAlso(_ names: [String]) {
        section("SEE ALSO")
        lines.append(names.map { "\\fB\(Self.escaped($0))\\fR(1)" }.joined(separator: ",\n"))
    }

    /// A line of text. What stands between backticks is bold.
    private static func line(_ text: some StringProtocol) -> String {
        let parts = text.split(separator: "`", omittingEmptySubsequences: false)
        let isMarked = parts.count % 2 == 1
        let line =
            isMarked
            ? parts.enumerated().map { $0.offset % 2 == 1 ? "\\fB\(escaped($0.element))\\fR" : escaped($0.element) }
                .joined() : escaped(text)
        // A line that begins with a dot or a quote would be a request.
        return (line.first == "." ? "\\&" : "") + line
    }

    /// A text as roff prints it, character for character (groff_char(7)).
    private static func escaped(_ text: some StringProtocol) -> String {
        var result = ""
        for character in text {
            switch character {
            case "\\": result += "\\e"
            case "-": result += "\\-"
            case "\"": result += "\\(dq"
            case "'": result += "\\(aq"
            case "`": result += "\\(ga"
            case "^": result += "\\(ha"
            case "~": result += "\\(ti"
            default: result.append(character)
            }
        }
        return result
    }
}
