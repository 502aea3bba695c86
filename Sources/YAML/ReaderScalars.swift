internal import Text

/// The values that a text stands for.
extension YAML.Reader {
    /// A text, quoted or not: `no`, `10` and `true` are texts if a text is expected.
    package mutating func text(_ value: YAML.Value?) -> String? {
        scalar(value, "text")
    }

    /// A text whose format is checked.
    ///
    /// - Parameter parse: makes the result, or throws what is wrong, in words that follow `PATH: 'TEXT': `.
    package mutating func text<Parsed, Failure: Error & CustomStringConvertible>(
        _ value: YAML.Value?, as parse: (String) throws(Failure) -> Parsed
    ) -> Parsed? {
        guard let value, let text = scalar(value, "text") else { return nil }
        do throws(Failure) {
            return try parse(text)
        } catch {
            note("\(Excerpt.quoted(text)): \(error)", at: value)
            return nil
        }
    }

    /// One word of a fixed list.
    package mutating func choice<Choice: RawRepresentable & CaseIterable>(_ value: YAML.Value?) -> Choice?
    where Choice.RawValue == String {
        word(value, of: Choice.allCases.map { $0.rawValue }).flatMap { Choice(rawValue: $0) }
    }

    /// One of some words.
    package mutating func word(_ value: YAML.Value?, of words: [String]) -> String? {
        let noun = "one of \(words.joined(separator: ", "))"
        guard let value, let text = scalar(value, noun) else { return nil }
        if words.contains(where: { $0.utf8.elementsEqual(text.utf8) }) { return text }
        expected(noun, value, hint: Suggestion.nearest(to: text, among: words).map { "did you mean \($0)?" })
        return nil
    }

    /// A boolean: `true` or `false` without quotes, and none of the other words that YAML 1.1 has for them.
    package mutating func boolean(_ value: YAML.Value?) -> Bool? {
        let hint = "write true or false"
        guard let value, let text = scalar(value, "a boolean", hint: hint) else { return nil }
        switch (text, isPlain(value)) {
        case ("true", true): return true
        case ("false", true): return false
        case ("true", false), ("false", false): expected("a boolean", value, hint: "write it without quotes")
        default: expected("a boolean", value, hint: hint)
        }
        return nil
    }

    /// A whole number, in decimal and without quotes.
    package mutating func integer(_ value: YAML.Value?, in range: ClosedRange<Int>) -> Int? {
        let noun = "a whole number from \(range.lowerBound) to \(range.upperBound)"
        guard let value, let text = scalar(value, noun) else { return nil }
        guard let number = ScalarFormats.integer(text), range.contains(number) else {
            expected(noun, value)
            return nil
        }
        guard isPlain(value) else {
            expected(noun, value, hint: "write it without quotes")
            return nil
        }
        return number
    }

    /// File permissions or a umask: octal digits that begin with 0, with or without quotes.
    ///
    /// A mode without the leading zero is refused, because other YAML readers treat it as decimal.
    package mutating func mode(_ value: YAML.Value?, in range: ClosedRange<UInt32> = 0...0o7777) -> UInt32? {
        let isAny = range == 0...0o7777
        let limits = " from \(ScalarFormats.octal(range.lowerBound)) to \(ScalarFormats.octal(range.upperBound))"
        let noun = "an octal mode\(isAny ? "" : limits)"
        guard let value, let text = scalar(value, noun) else { return nil }
        if let mode = ScalarFormats.mode(text), range.contains(mode) { return mode }
        let repaired = ScalarFormats.mode(withoutZero: text).flatMap {
            range.contains($0) ? ScalarFormats.octal($0) : nil
        }
        expected(noun, value, hint: repaired.map { "write \($0)" })
        return nil
    }

    /// The text of a scalar; a list, a mapping or an empty value is a problem.
    private mutating func scalar(_ value: YAML.Value?, _ noun: String, hint: String? = nil) -> String? {
        guard let value else { return nil }
        if case .scalar(let text, _) = value.node.content, !value.node.isNothing { return text }
        expected(noun, value, hint: hint)
        return nil
    }

    private func isPlain(_ value: YAML.Value) -> Bool {
        if case .scalar(_, isPlain: true) = value.node.content { true } else { false }
    }
}
