extension YAML {
    /// A position in a text.
    package struct Mark: Hashable, Comparable, Sendable {
        /// The line, counted from 1.
        package let line: Int
        /// The position in the line, counted from 1; each Unicode scalar counts as one character.
        package let column: Int

        package init(line: Int, column: Int) {
            self.line = line
            self.column = column
        }

        package static func < (left: Mark, right: Mark) -> Bool {
            (left.line, left.column) < (right.line, right.column)
        }
    }

    /// A value with its position.
    package struct Node: Equatable, Sendable {
        /// What a value consists of.
        package enum Content: Equatable, Sendable {
            /// Text. Plain text has no quotes and is not a block, so it may be meant as a number or a boolean.
            case scalar(String, isPlain: Bool)
            /// A list.
            case sequence([Node])
            /// Keys and values in the order of the text; no key occurs twice.
            case mapping([Entry])
        }

        package let content: Content
        /// Where the value begins. A value that is left out begins somewhere after its key's colon or its list's dash,
        /// and no later than the next sign.
        package let mark: Mark

        package init(_ content: Content, mark: Mark) {
            self.content = content
            self.mark = mark
        }

        /// Whether there is no value: nothing after the colon, or the word `null` or `~` without quotes.
        package var isNothing: Bool {
            guard case .scalar(let text, isPlain: true) = content else { return false }
            return ["", "~", "null", "Null", "NULL"].contains(text)
        }
    }

    /// A key of a mapping and its value.
    package struct Entry: Equatable, Sendable {
        package let key: String
        /// Where the key begins.
        package let keyMark: Mark
        package let value: Node

        package init(key: String, keyMark: Mark, value: Node) {
            self.key = key
            self.keyMark = keyMark
            self.value = value
        }
    }
}
