import Testing
import YAML

/// The lines that a text is refused with, as of a file `f`; none when it is accepted.
func refusals(_ text: String) -> [String] { refusals(Array(text.utf8)) }

/// The lines that bytes are refused with, as of a file `f`; none when they are accepted.
func refusals(_ bytes: [UInt8]) -> [String] {
    do throws(YAML.Problems) {
        _ = try YAML.parse(bytes)
        return []
    } catch {
        return error.lines(in: "f")
    }
}

/// A tree as text: one line a value or key, indented, with its position.
func dump(_ node: YAML.Node?) -> String {
    guard let node else { return "empty\n" }
    var result = ""
    dump(node, indentation: "", into: &result)
    return result
}

private func dump(_ node: YAML.Node, indentation: String, into result: inout String) {
    result += "\(indentation)\(position(node.mark)) "
    switch node.content {
    case .scalar(let text, let isPlain):
        result += "\(isPlain ? "plain" : "quoted") \(Excerpt.quoted(text))\n"
    case .sequence(let items):
        result += "list\n"
        for item in items { dump(item, indentation: indentation + "  ", into: &result) }
    case .mapping(let entries):
        result += "mapping\n"
        for entry in entries {
            result += "\(indentation)  \(position(entry.keyMark)) key \(Excerpt.quoted(entry.key))\n"
            dump(entry.value, indentation: indentation + "    ", into: &result)
        }
    }
}

private func position(_ mark: YAML.Mark) -> String { "\(mark.line):\(mark.column)" }

/// A text and the lines that it is refused with.
struct Refused: CustomTestStringConvertible, Sendable {
    let text: String
    let lines: [String]

    init(_ text: String, _ lines: String...) {
        self.text = text
        self.lines = lines
    }

    var testDescription: String { Excerpt.quoted(text) }
}
