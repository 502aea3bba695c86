extension YAML {
    /// A value of a document, with its path.
    package struct Value: Sendable {
        package let node: Node
        let wayToIt: ValuePath

        /// A document's own value; `nil` for an empty document.
        package init?(document: Node?) {
            guard let document else { return nil }
            self.init(document, at: ValuePath())
        }

        init(_ node: Node, at path: ValuePath) {
            self.node = node
            wayToIt = path
        }

        /// Where the value begins.
        package var mark: Mark { node.mark }
        /// The path of the value, such as `scratch.directories[2].mode`; empty for the document. Items count from 0.
        package var path: String { wayToIt.text }

        /// What the value is, in words that follow `found`.
        var found: String {
            switch node.content {
            case .sequence: "a list"
            case .mapping: "a mapping"
            case .scalar("", isPlain: true): "nothing"
            case .scalar(let word, _) where node.isNothing: "nothing, which \(word) without quotes means"
            case .scalar(let text, _): Excerpt.quoted(text)
            }
        }
    }

    /// The keys and values of a mapping.
    package struct Fields: Sendable {
        /// A key, its position, and its value.
        package typealias Field = (key: String, keyMark: Mark, value: Value)

        /// The mapping, which may be empty; `nil` if it is absent or not a mapping, and then has no keys.
        package let mapping: Value?
        /// The expected keys; `nil` if any key is allowed.
        private let known: [String]?

        init(_ mapping: Value?, known: [String]?) {
            self.mapping = mapping
            self.known = known
        }

        /// All keys in the order of the text.
        package var all: [Field] {
            guard let mapping, case .mapping(let entries) = mapping.node.content else { return [] }
            return entries.map { ($0.key, $0.keyMark, Value($0.value, at: mapping.wayToIt.key($0.key))) }
        }

        /// The value of a key, or `nil` if it is absent.
        package subscript(key: String) -> Value? {
            assert(known?.contains(key) != false, "the key is not among those that the mapping was asked for")
            guard let mapping, case .mapping(let entries) = mapping.node.content else { return nil }
            return entries.first { $0.key.utf8.elementsEqual(key.utf8) }.map {
                Value($0.value, at: mapping.wayToIt.key(key))
            }
        }
    }
}
