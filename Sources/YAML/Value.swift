extension YAML {
    /// A value of a document together with the way to it.
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
        /// The way to the value, as in `scratch.directories[2].mode`: items of lists count from 0; empty for the document.
        package var path: String { wayToIt.text }

        /// What there is, as it follows `found`.
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

        /// The mapping, which may be nothing; `nil` when it is absent or not a mapping: no key is then there.
        package let mapping: Value?
        /// The keys that are asked for; `nil` when they may be any.
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

        /// The value of a key, or `nil` when it is absent.
        package subscript(key: String) -> Value? {
            assert(known?.contains(key) != false, "the key is not among those that the mapping was asked for")
            guard let mapping, case .mapping(let entries) = mapping.node.content else { return nil }
            return entries.first { $0.key.utf8.elementsEqual(key.utf8) }.map {
                Value($0.value, at: mapping.wayToIt.key(key))
            }
        }
    }
}
