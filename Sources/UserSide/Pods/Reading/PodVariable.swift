internal import Boot
internal import Text

/// A variable of a container, as a spec gives it.
struct PodVariable {
    /// Where a value comes from.
    enum Source: Equatable {
        /// The spec itself.
        case spec
        /// A Secret, whose values are shown nowhere.
        case secret(String)
        case configMap(String)
        /// What only the cluster knows.
        case cluster(String)

        /// Such as `Secret jane-env`.
        var words: String {
            switch self {
            case .spec: "the spec"
            case .secret(let name): "Secret \(name.shown(limit: 80))"
            case .configMap(let name): "ConfigMap \(name.shown(limit: 80))"
            case .cluster(let field): field.shown(limit: 80)
            }
        }
    }

    let name: String
    /// `nil` where the spec does not show it: the variable counts as set.
    let value: String?
    let source: Source
    /// Whether the value is a Secret's, or made with one.
    let isSecret: Bool
    let field: SpecField

    init(_ name: String, _ value: String?, from source: Source, isSecret: Bool? = nil, at field: SpecField) {
        self.name = name
        self.value = value
        self.source = source
        if case .secret = source { self.isSecret = true } else { self.isSecret = isSecret ?? false }
        self.field = field
    }
}

/// Kubernetes' `$(NAME)` in values, which stands for a variable that was given before.
enum PodExpansion {
    /// A value with what its variables stand for.
    struct Result {
        /// `nil` where a variable has a value that is not known.
        var value: String?
        var isSecret = false
    }

    /// The most bytes of a value; a longer one could not be given to a program anyway.
    private static let most = 1 << 20

    /// - Parameters:
    ///   - text: the value; `$$` stands for `$`, and a name that is not known stays as it is.
    ///   - secrets: which names are secrets, wherever their values stand.
    ///   - find: gives a variable that was given before.
    static func expand(_ text: String, _ secrets: Secrets, with find: (String) -> PodVariable?) -> Result {
        let bytes = Array(text.utf8)
        guard bytes.contains(dollar) else { return Result(value: text) }
        var (expanded, position) = ([UInt8](), 0)
        var (isKnown, isSecret) = (true, false)
        while position < bytes.count {
            let next = position + 1 < bytes.count ? bytes[position + 1] : 0
            guard bytes[position] == dollar, next == dollar || next == UInt8(ascii: "(") else {
                expanded.append(bytes[position])
                position += 1
                continue
            }
            if next == dollar {
                expanded.append(dollar)
                position += 2
                continue
            }
            guard let end = bytes[position...].firstIndex(of: UInt8(ascii: ")")) else {
                expanded += bytes[position...]
                break
            }
            let name = String(decoding: bytes[(position + 2)..<end], as: UTF8.self)
            if let variable = find(name) {
                isSecret =
                    isSecret || variable.isSecret || secrets.isSecret(variable.name, value: variable.value ?? "")
                if let value = variable.value { expanded += value.utf8 } else { isKnown = false }
            } else {
                expanded += bytes[position...end]
            }
            position = end + 1
            // Values that double with each variable would fill the memory.
            if expanded.count > most {
                isKnown = false
                break
            }
        }
        return Result(value: isKnown ? String(decoding: expanded, as: UTF8.self) : nil, isSecret: isSecret)
    }

    private static let dollar = UInt8(ascii: "$")
}
