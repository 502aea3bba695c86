import YAML

/// What must hold for any bytes. The corpus is tested with it, and the fuzz target is nothing else.
///
/// - Returns: what does not hold, or `nil`.
func violation(for bytes: [UInt8]) -> String? {
    var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        .map { Array(String(decoding: $0, as: UTF8.self).unicodeScalars) }
    if lines[0].first == "\u{FEFF}" { lines[0].removeFirst() }
    var reader = YAML.Reader()
    do throws(YAML.Problems) {
        let document = try YAML.parse(bytes)
        if let value = YAML.Value(document: document) {
            var last = value.mark
            if let violation = violation(in: value, after: &last, depth: 1, lines: lines) { return violation }
            probe(value, &reader)
        }
        guard try YAML.parse(bytes) == document else { return "parsed again, another tree" }
        try reader.finish()
    } catch {
        return violation(in: error, lines: lines)
    }
    return nil
}

private let libyamlWords = [
    "while ", "did not ", "found ", "could not ", "control ", "block ", "mapping ", "invalid ", "incomplete ",
]

/// What does not hold for problems: at least one, in order, each short, on one line, and at a place that exists.
private func violation(in problems: YAML.Problems, lines: [[Unicode.Scalar]]) -> String? {
    if problems.isEmpty { return "refused without problem" }
    if problems.all.count > YAML.Problems.limit { return "too many problems" }
    if !zip(problems.all, problems.all.dropFirst()).allSatisfy({ $0.mark <= $1.mark }) {
        return "problems out of order"
    }
    for problem in problems.all {
        let line = problem.line(in: "f")
        if let violation = violation(of: problem.mark, lines: lines) { return "\(violation): \(line)" }
        if problem.text.isEmpty { return "a problem without text" }
        if problem.text.utf8.count > 300 || problem.path.utf8.count > 100 * YAML.maximumDepth {
            return "a problem that is too long: \(line)"
        }
        if line.unicodeScalars.contains(where: { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) }) {
            return "a control character in a problem: \(line)"
        }
        // What libyaml says in its own words has not been put into better ones.
        if problem.text.hasPrefix("while ") || problem.text.hasPrefix("did not find") {
            return "libyaml's words: \(line)"
        }
    }
    return nil
}

/// What does not hold for a tree: positions in order and where the text is, no key twice, no NUL, and not too deep.
private func violation(
    in value: YAML.Value, after last: inout YAML.Mark, depth: Int, lines: [[Unicode.Scalar]]
) -> String? {
    let mark = value.mark
    if let violation = violation(of: mark, lines: lines) { return "\(violation): \(value.path)" }
    if mark < last { return "out of order: \(value.path)" }
    last = mark
    switch value.node.content {
    case .scalar(let text, let isPlain):
        if text.utf8.contains(0) { return "a NUL: \(value.path)" }
        guard isPlain, !text.isEmpty else { return nil }
        let isThere = lines[mark.line - 1].dropFirst(mark.column - 1).starts(with: text.unicodeScalars)
        return isThere ? nil : "not where it stands: \(value.path)"
    case .sequence(let items):
        if depth > YAML.maximumDepth { return "too deep" }
        var reader = YAML.Reader()
        guard let values = reader.list(value), values.count == items.count else { return "a list cannot be read" }
        for item in values {
            if let violation = violation(in: item, after: &last, depth: depth + 1, lines: lines) { return violation }
        }
        return nil
    case .mapping(let entries):
        if depth > YAML.maximumDepth { return "too deep" }
        if Set(entries.map { Array($0.key.utf8) }).count != entries.count { return "a key twice: \(value.path)" }
        var reader = YAML.Reader()
        guard let fields = reader.mapping(value), fields.all.count == entries.count else { return "no mapping" }
        for field in fields.all {
            if let violation = violation(of: field.keyMark, lines: lines) { return "\(violation): \(field.key)" }
            if field.keyMark < last { return "out of order: \(field.key)" }
            last = field.keyMark
            if fields[field.key]?.node != field.value.node { return "not found by its key: \(field.key)" }
            if let violation = violation(in: field.value, after: &last, depth: depth + 1, lines: lines) {
                return violation
            }
        }
        return nil
    }
}

/// What does not hold for a position: it is in a line that exists, and at most two behind its end.
private func violation(of mark: YAML.Mark, lines: [[Unicode.Scalar]]) -> String? {
    guard mark.line >= 1, mark.column >= 1, mark.line <= lines.count + 1 else { return "no such line" }
    let length = mark.line <= lines.count ? lines[mark.line - 1].count : 0
    return mark.column <= length + 2 ? nil : "no such column"
}

private enum Word: String, CaseIterable { case text, word }

/// Reads every value as every type.
private func probe(_ value: YAML.Value, _ reader: inout YAML.Reader) {
    _ = reader.text(value)
    _ = reader.boolean(value)
    _ = reader.integer(value, in: -100...100)
    _ = reader.mode(value)
    _ = reader.mode(value, in: 0...0o077)
    _ = reader.choice(value) as Word?
    _ = reader.required("path", of: reader.mapping(value, keys: ["path", "mode"]))
    for field in reader.mapping(value)?.all ?? [] { probe(field.value, &reader) }
    for item in reader.list(value) ?? [] { probe(item, &reader) }
}
