/// Messages for errors that libyaml finds: what was expected and what to write, where libyaml describes its own state.
enum SyntaxMessage {
    static let anchor = "anchors are not supported: write the value out, or quote text that begins with &"
    static let alias = "aliases are not supported: write the value out, or quote text that begins with *"
    static let tag = "tags are not supported: remove it, or quote text that begins with !"
    static let directive = "directives are not supported: remove this line, or quote text that begins with %"
    static let keySign =
        "keys that begin with ? are not supported: write 'key: value', or quote text that begins with ?"
    static let outOfMemory = YAML.Problem(at: YAML.Mark(line: 1, column: 1), "out of memory")
    private static let tab = "a tab does not indent: write spaces"

    /// The problem for an error of libyaml.
    static func problem(for error: LibyamlError, in text: SourceText) -> YAML.Problem {
        if error.isMemory { return outOfMemory }
        let (mark, message) = scannerMessage(error, text) ?? parserMessage(error, text) ?? otherMessage(error)
        return YAML.Problem(at: mark, message)
    }

    /// The message for an error in a single word or sign; `nil` for other errors.
    private static func scannerMessage(_ error: LibyamlError, _ text: SourceText) -> (YAML.Mark, String)? {
        switch error.context {
        case "while scanning an anchor": return (error.contextMark, anchor)
        case "while scanning an alias": return (error.contextMark, alias)
        case "while scanning a tag", "while parsing a tag": return (error.contextMark, tag)
        case "while scanning a simple key":
            return (error.contextMark, "expected ':' after this key, on the same line")
        case "while scanning a quoted scalar" where error.problem == "found unexpected end of stream",
            "while scanning a quoted scalar" where error.problem == "found unexpected document indicator":
            return (error.contextMark, "the quote that begins here is not closed")
        case _ where error.context.hasSuffix("directive"): return (error.contextMark, directive)
        default: break
        }
        let mark = error.problemMark
        switch error.problem {
        case "found a tab character that violates indentation",
            "found a tab character where an indentation space is expected":
            return (mark, tab)
        case "found character that cannot start any token": return (mark, unexpected(text.character(at: mark)))
        case "found undefined tag handle": return (mark, tag)
        case "mapping keys are not allowed in this context": return (mark, keySign)
        case "found unknown escape character":
            return (mark, "not an escape of double quotes: write \\\\ for a backslash, or use single quotes")
        case "did not find expected hexdecimal number": return (mark, "expected hexadecimal digits of the escape")
        case "found invalid Unicode character escape code": return (mark, "the escape is not of a character")
        case "did not find expected comment or line break":
            return (mark, "expected the end of the line: the text of | or > begins in the next one")
        case "found an indentation indicator equal to 0": return (mark, "expected an indentation of 1 to 9")
        default: return nil
        }
    }

    /// The message for an error in the order of words and signs; `nil` for other errors.
    private static func parserMessage(_ error: LibyamlError, _ text: SourceText) -> (YAML.Mark, String)? {
        let mark = error.problemMark
        let start = error.contextMark
        let beginning = "began in line \(start.line), column \(start.column)"
        let message: String
        switch error.problem {
        case "mapping values are not allowed in this context", "found unexpected ':'":
            message = "a ':' cannot be here: quote text that has one, or correct the indentation"
        case "block sequence entries are not allowed in this context":
            message = "a list entry '- ' cannot begin here: write it on a line of its own, or quote the text"
        case "did not find expected ',' or ']'": message = "expected ',' or ']': the list that \(beginning) is open"
        case "did not find expected ',' or '}'": message = "expected ',' or '}': the mapping that \(beginning) is open"
        case "did not find expected node content": message = "expected a value"
        case "did not find expected <document start>":
            message = "unexpected: the document has ended before, and a file has only one"
        case "did not find expected key", "did not find expected '-' indicator":
            let isKey = error.problem == "did not find expected key"
            if !text.isFirstInLine(mark) {
                message = "unexpected: the value has ended before, quote it as a whole"
            } else if mark.column != start.column {
                message = "the indentation fits no line above: what is around it \(beginning)"
            } else if mark == start {
                message = "expected 'key: value'"
            } else {
                message = "expected \(isKey ? "'key: value'" : "a list entry '- '"), as in line \(start.line)"
            }
        default: return nil
        }
        return (mark, message)
    }

    /// An error in libyaml's own words.
    private static func otherMessage(_ error: LibyamlError) -> (YAML.Mark, String) {
        (error.problemMark, error.context.isEmpty ? error.problem : "\(error.context): \(error.problem)")
    }

    private static func unexpected(_ character: Unicode.Scalar?) -> String {
        switch character {
        case "\t": tab
        case let character?: "text cannot begin with \(character): quote it"
        case nil: "unexpected end of the line"
        }
    }
}
