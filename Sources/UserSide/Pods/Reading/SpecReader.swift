internal import Boot
internal import Text
internal import YAML

/// A value that a spec sets, and the field that has it.
struct SpecSetting<Value: Sendable>: Sendable {
    let value: Value
    let field: SpecField
}

/// Reads values of the types that Kubernetes takes, and finds whatever has another type.
struct SpecReader {
    private(set) var findings: [PodFinding] = []

    /// The most findings of wrong types: more would not help.
    private static let most = 50

    mutating func add(_ finding: PodFinding) { findings.append(finding) }

    mutating func mapping(_ value: SpecValue?) -> SpecValue? {
        guard let value else { return nil }
        if value.isMapping { return value }
        refuse(value, expected: "a mapping")
        return nil
    }

    /// The items of a list; those that are null are left out.
    mutating func list(_ value: SpecValue?) -> [SpecValue] {
        guard let value else { return [] }
        if !value.isList { refuse(value, expected: "a list") }
        return value.items.filter { !$0.node.isNothing }
    }

    /// The mappings in a list.
    mutating func mappings(_ value: SpecValue?) -> [SpecValue] {
        list(value).compactMap { mapping($0) }
    }

    mutating func text(_ value: SpecValue?) -> String? {
        guard let value else { return nil }
        switch SpecScalar(value.node) {
        case .text(let text): return text
        case nil: refuse(value, expected: "text")
        default: refuse(value, expected: "text", "write it in quotes")
        }
        return nil
    }

    mutating func texts(_ value: SpecValue?) -> [String]? {
        guard let value, value.isList else {
            if let value { refuse(value, expected: "a list") }
            return nil
        }
        return list(value).map { text($0) ?? "" }
    }

    mutating func boolean(_ value: SpecValue?) -> SpecSetting<Bool>? {
        guard let value else { return nil }
        switch SpecScalar(value.node) {
        case .boolean(let flag): return SpecSetting(value: flag, field: value.field)
        case .text("true"), .text("false"): refuse(value, expected: "a boolean", "write it without quotes")
        default: refuse(value, expected: "a boolean", "write true or false")
        }
        return nil
    }

    mutating func integer(_ value: SpecValue?, in range: ClosedRange<Int>) -> SpecSetting<Int>? {
        guard let value else { return nil }
        let noun = "a whole number from \(range.lowerBound) to \(range.upperBound)"
        switch SpecScalar(value.node) {
        case .integer(let number?) where range.contains(number): return SpecSetting(value: number, field: value.field)
        case .text(let text) where text.utf8.decimal != nil: refuse(value, expected: noun, "write it without quotes")
        default: refuse(value, expected: noun)
        }
        return nil
    }

    /// An id of a user or a group.
    mutating func id(_ value: SpecValue?) -> SpecSetting<UInt32>? {
        integer(value, in: 0...Int(Int32.max)).map { SpecSetting(value: UInt32($0.value), field: $0.field) }
    }

    private mutating func refuse(_ value: SpecValue, expected noun: String, _ hint: String = "") {
        guard findings.count(where: { $0.id == PodMessage.wrongType.rawValue }) < Self.most else { return }
        // What is there may be a secret's value, and is not shown.
        findings.append(
            .error(
                .wrongType, value.field, "Kubernetes takes \(noun) here, and this is \(Self.words(value))", set: hint))
    }

    private static func words(_ value: SpecValue) -> String {
        if value.isMapping { return "a mapping" }
        if value.isList { return "a list" }
        switch SpecScalar(value.node) {
        case .boolean: return "a boolean without quotes"
        case .integer: return "a number"
        case .fraction: return "a number with a fraction"
        case .text: return "text"
        case nil: return "nothing"
        }
    }
}
