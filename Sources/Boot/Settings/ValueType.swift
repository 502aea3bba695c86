package import Linux
internal import Text
package import YAML

/// The type of a setting's value: what it looks like in a file, and how it is read there and in the environment.
///
/// The reader, the reference and the schema all come from it, so that they cannot disagree.
package struct ValueType<Value: Sendable>: Sendable {
    /// This is only made for those who read it; a boot does not.
    private let makeShape: @Sendable () -> Shape
    /// Reads the value from the text of a variable, which is not empty; throws what was expected.
    let parse: @Sendable (String) throws(FormatError) -> Value
    /// Reads the value from a file; `nil` if a problem was noted.
    let read: @Sendable (inout YAML.Reader, YAML.Value) -> Value?

    /// A type.
    ///
    /// - Parameters:
    ///   - shape: what a value looks like in a file.
    ///   - parse: reads the value from a text that is not empty; throws what was expected.
    ///   - read: reads the value from a file; `nil` if a problem was noted.
    init(
        _ shape: @autoclosure @escaping @Sendable () -> Shape,
        parse: @escaping @Sendable (String) throws(FormatError) -> Value,
        read: @escaping @Sendable (inout YAML.Reader, YAML.Value) -> Value?
    ) {
        makeShape = shape
        self.parse = parse
        self.read = read
    }

    /// What a value looks like in a file.
    package var shape: Shape { makeShape() }
}

extension ValueType {
    /// A text whose format is checked.
    static func text(_ parse: @escaping @Sendable (String) throws(FormatError) -> Value) -> ValueType {
        ValueType(.text, parse: parse) { $0.text($1, as: parse) }
    }

    /// A type that only files have.
    ///
    /// - Parameters:
    ///   - shape: what a value looks like.
    ///   - read: reads the value; `nil` if a problem was noted.
    package static func inFiles(
        _ shape: @autoclosure @escaping @Sendable () -> Shape,
        read: @escaping @Sendable (inout YAML.Reader, YAML.Value) -> Value?
    ) -> ValueType {
        ValueType(
            shape(), parse: { _ throws(FormatError) in throw FormatError("only a configuration file can set it") },
            read: read)
    }

    /// Items in order; those that cannot be used are left out.
    package static func list<Item>(of item: ValueType<Item>) -> ValueType where Value == [Item] {
        inFiles(.list(item.shape)) { $0.list($1, of: item.read) }
    }

    /// Items in order, which the environment has as one text.
    ///
    /// - Parameters:
    ///   - item: what one item looks like.
    ///   - separator: what separates the items in the text.
    ///   - parse: reads such a text, of one item or of all of them.
    static func items(
        _ item: @autoclosure @escaping @Sendable () -> Shape = .text, separatedBy separator: Character = ",",
        parse: @escaping @Sendable (String) throws(FormatError) -> Value
    ) -> ValueType {
        ValueType(.list(item()), parse: parse) { reader, value in
            reader.joinedItems(value, by: separator, checking: parse).flatMap { text in
                reader.value(of: text, at: value, as: parse)
            }
        }
    }

    /// Values under names that the file chooses.
    ///
    /// - Parameters:
    ///   - type: the type of each value.
    ///   - names: what a name is, as problems say it, and whether a text is such a name.
    package static func mapping<Item>(
        of type: ValueType<Item>, named noun: String, where isName: @escaping @Sendable (String) -> Bool
    ) -> ValueType where Value == [(name: String, value: Item)] {
        inFiles(.mapping(type.shape)) { reader, value in
            reader.mapping(value)?.all.compactMap { field in
                guard isName(field.key) else {
                    reader.note("not \(noun)", at: field.value)
                    return nil
                }
                return type.read(&reader, field.value).map { (field.key, $0) }
            }
        }
    }

    /// Values under known names.
    ///
    /// - Parameters:
    ///   - fields: the names with their types.
    ///   - read: makes the value from its fields, or notes what is wrong.
    package static func object(
        _ fields: @autoclosure @escaping @Sendable () -> [any FieldDeclaration],
        read: @escaping @Sendable (inout YAML.Reader, YAML.Fields) -> Value?
    ) -> ValueType {
        inFiles(.object(fields().map { $0.shapeField })) { reader, value in
            let known = reader.mapping(value, keys: fields().map { $0.name })
            return read(&reader, known)
        }
    }

    /// A text, or values under known names.
    package static func either(_ text: ValueType, orObject object: ValueType) -> ValueType {
        inFiles(.either(text.shape, object.shape)) { reader, value in
            if case .mapping = value.node.content { object.read(&reader, value) } else { text.read(&reader, value) }
        }
    }
}

extension ValueType where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
    /// One word of a fixed list.
    package static var choice: ValueType { choice(parse: ValueFormats.choice) }

    /// One word of a fixed list, which has its own order in messages.
    package static func choice(among choices: [Value]) -> ValueType {
        ValueType(.choice(choices.map { $0.rawValue }), parse: ValueFormats.choice) { $0.choice($1) }
    }

    /// One word of a fixed list.
    ///
    /// - Parameter parse: reads a variable's text; its error says in its own words what was expected.
    static func choice(
        parse: @escaping @Sendable (String) throws(FormatError) -> Value
    ) -> ValueType {
        ValueType(.choice(of: Value.self), parse: parse) { $0.choice($1) }
    }
}

extension ValueType<(program: FilePath, arguments: [String])> {
    /// A program, as an absolute path, and its arguments.
    package static var command: ValueType {
        .inFiles(.list(.text)) { $0.command($1, program: ValueFormats.absolutePath) }
    }
}

extension ValueType<String> {
    /// The name of an account.
    package static var accountName: ValueType<String> { .text(ValueFormats.accountName) }

    /// Any text.
    package static var text: ValueType<String> { .text { text throws(FormatError) in text } }

    /// One of some words.
    package static func word(of words: [String]) -> ValueType<String> {
        ValueType(
            .choice(words), parse: { text throws(FormatError) in try ValueFormats.word(text, of: words) }
        ) { $0.word($1, of: words) }
    }
}

extension ValueType<Bool> {
    /// `true` or `false`.
    package static var boolean: ValueType<Bool> {
        ValueType(.boolean, parse: ValueFormats.boolean) { $0.boolean($1) }
    }
}

extension ValueType<UInt32> {
    /// The id of an account.
    package static var accountID: ValueType<UInt32> { .text(ValueFormats.accountID) }

    /// Whole seconds, at most one day.
    package static var seconds: ValueType<UInt32> {
        ValueType(.integer(0...ValueFormats.longestSeconds), parse: ValueFormats.seconds) { reader, value in
            reader.integer(value, in: 0...ValueFormats.longestSeconds).map { UInt32($0) }
        }
    }
}

extension ValueType<UInt64> {
    /// Nanoseconds, which are written as seconds that may have a fraction.
    package static var decimalSeconds: ValueType<UInt64> {
        ValueType(.number, parse: SignalFormats.parseSeconds) { $0.text($1, as: SignalFormats.parseSeconds) }
    }
}

extension ValueType<FilePath> {
    /// An absolute path.
    package static var absolutePath: ValueType<FilePath> { .text(ValueFormats.absolutePath) }

    /// An absolute path, or one below the user's persistent directory.
    package static var pathInScratch: ValueType<FilePath> { .text(ValueFormats.pathInScratch) }
}

extension ValueType<ModeBits> {
    /// A umask that leaves the owner access.
    package static var umask: ValueType<ModeBits> {
        ValueType(.octal, parse: ValueFormats.umask) { reader, value in
            // The file's syntax decides how it may be written; the value itself is checked as everywhere else.
            reader.mode(value).flatMap { _ in reader.text(value, as: ValueFormats.umask) }
        }
    }

    /// The mode of a file or directory.
    package static var mode: ValueType<ModeBits> {
        inFiles(.octal) { reader, value in reader.mode(value).map { ModeBits(rawValue: $0) } }
    }
}

extension YAML.Reader {
    /// A program and its arguments; `nil` if a problem was noted.
    ///
    /// - Parameter parse: reads the program.
    mutating func command<Program>(
        _ value: YAML.Value, program parse: (String) throws(FormatError) -> Program
    ) -> (program: Program, arguments: [String])? {
        guard let items = list(value) else { return nil }
        guard let first = items.first else {
            note("expected a program and its arguments, found an empty list", at: value)
            return nil
        }
        let program = text(first, as: parse)
        let arguments = items.dropFirst().compactMap { text($0, as: ValueFormats.argument) }
        return program.map { ($0, arguments) }
    }

    /// The value of a text that is written in a file.
    fileprivate mutating func value<Value>(
        of text: String, at place: YAML.Value, as parse: (String) throws(FormatError) -> Value
    ) -> Value? {
        do throws(FormatError) {
            return try parse(text)
        } catch {
            note("'\(text.shown())': \(error.expected)", at: place)
            return nil
        }
    }

    /// The items of a list as one text; `nil` if an item cannot be used. Every problem is noted.
    ///
    /// - Parameter check: throws what is wrong with an item.
    fileprivate mutating func joinedItems<Value>(
        _ value: YAML.Value, by separator: Character, checking check: (String) throws(FormatError) -> Value
    ) -> String? {
        guard let items = list(value) else { return nil }
        var texts: [String] = []
        for item in items {
            guard let text = text(item) else { continue }
            let checked = self.value(of: text, at: item) { text throws(FormatError) in
                let isOne = text.utf8.allSatisfy { $0 > 0x20 && $0 != separator.asciiValue }
                guard isOne, !text.isEmpty else {
                    let comma = separator == "," ? ", or a comma," : ""
                    throw FormatError("not one item: it is empty, or has white space\(comma) in it")
                }
                return try check(text)
            }
            if checked != nil { texts.append(text) }
        }
        return texts.count == items.count ? texts.joined(separator: String(separator)) : nil
    }
}
