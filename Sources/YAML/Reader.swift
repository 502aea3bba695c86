internal import Text

extension YAML {
    /// Reads values of expected types and collects every problem, so that all of them are reported at once.
    ///
    /// Each method takes a value that may be absent. It returns `nil` if the value is absent or cannot be used; the
    /// latter is noted as a problem.
    ///
    ///     var reader = YAML.Reader()
    ///     let top = reader.mapping(YAML.Value(document: try YAML.parse(bytes)), keys: ["scratch"])
    ///     let scratch = reader.mapping(top["scratch"], keys: ["umask", "directories"])
    ///     let umask = reader.mode(scratch["umask"], in: 0...0o077) ?? 0o007
    ///     for directory in reader.list(scratch["directories"]) ?? [] { … }
    ///     try reader.finish()
    package struct Reader {
        private var problems = Problems()

        package init() {}

        /// Ends reading.
        ///
        /// - Throws: all problems in the order of the text, if there are any.
        package func finish() throws(Problems) {
            guard problems.isEmpty else { throw problems.sorted() }
        }

        /// Notes a problem that only the caller can see.
        ///
        /// - Parameter text: what is wrong, in words that follow `PATH: `.
        package mutating func note(_ text: String, at value: Value) {
            problems.note(Problem(at: value.mark, path: value.path, text))
        }

        /// A mapping whose keys must all be known.
        ///
        /// An empty value, as when all keys are comments, is a mapping without keys. Each unknown key is a problem.
        ///
        /// - Parameter keys: the keys that it may have.
        /// - Returns: its fields; none if it is absent or not a mapping.
        package mutating func mapping(_ value: Value?, keys: [String]) -> Fields {
            guard let value, !value.node.isNothing else { return Fields(value, known: keys) }
            guard case .mapping = value.node.content else {
                expected("a mapping", value)
                return Fields(nil, known: keys)
            }
            let fields = Fields(value, known: keys)
            for field in fields.all where !keys.contains(field.key) {
                let nearest = Suggestion.nearest(to: field.key, among: keys).map { "did you mean \($0)?" }
                let hint = nearest ?? "known here: \(keys.joined(separator: ", "))"
                problems.note(Problem(at: field.keyMark, path: field.value.path, "not a known key; \(hint)"))
            }
            return fields
        }

        /// A mapping whose keys are names that the file chooses.
        package mutating func mapping(_ value: Value?) -> Fields? {
            guard let value else { return nil }
            guard case .mapping = value.node.content else {
                expected("a mapping", value, hint: value.node.isNothing ? "write {} for an empty one" : nil)
                return nil
            }
            return Fields(value, known: nil)
        }

        /// The items of a list.
        package mutating func list(_ value: Value?) -> [Value]? {
            guard let value else { return nil }
            guard case .sequence(let items) = value.node.content else {
                expected("a list", value, hint: value.node.isNothing ? "write [] for an empty one" : nil)
                return nil
            }
            return items.enumerated().map { Value($0.element, at: value.wayToIt.index($0.offset)) }
        }

        /// The items of a list, all read in the same way; those that cannot be used are left out.
        ///
        /// - Parameter read: reads an item, noting problems.
        package mutating func list<Item>(_ value: Value?, of read: (inout Reader, Value) -> Item?) -> [Item]? {
            list(value)?.compactMap { read(&self, $0) }
        }

        /// The value of a key that must not be absent.
        package mutating func required(_ key: String, of fields: Fields) -> Value? {
            if let value = fields[key] { return value }
            if let mapping = fields.mapping { note("the key '\(key)' is missing", at: mapping) }
            return nil
        }

        /// Notes that something else was expected.
        ///
        /// - Parameter hint: what to write.
        mutating func expected(_ noun: String, _ value: Value, hint: String? = nil) {
            note("expected \(noun), found \(value.found)\(hint.map { ": \($0)" } ?? "")", at: value)
        }
    }
}
