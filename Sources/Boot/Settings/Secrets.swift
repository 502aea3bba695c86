package import Linux
package import Programs
internal import Text
internal import YAML

/// Which variables of an environment are secrets.
package struct Secrets: SettingGroup, Equatable {
    package static let name = "secrets"
    package static let title = "Which variables are kept from others; those of several files add up"

    /// Passed secrets that are known by their names, whatever patterns are set.
    package static let names: Set<String> = ["WANDB_API_KEY", "HF_TOKEN", "GITHUB_TOKEN"]
    /// The endings of the names of passed secrets, besides the declared ones.
    package static let suffixes = [
        "_TOKEN", "_KEY", "_SECRET", "_PASSWORD", "_PASSPHRASE", "_CREDENTIALS", "_PAT",
    ]

    /// The name of a variable, or the beginning or ending of names.
    package enum Pattern: Equatable, Sendable {
        case name(String)
        case prefix(String)
        case suffix(String)

        /// Reads a name with at most one `*`, at the beginning or at the end.
        static func parse(_ text: String) throws(FormatError) -> Pattern {
            let isSuffix = text.utf8.first == UInt8(ascii: "*")
            let isPrefix = !isSuffix && text.utf8.last == UInt8(ascii: "*")
            let part = isSuffix ? String(text.dropFirst()) : isPrefix ? String(text.dropLast()) : text
            guard !part.isEmpty, (isSuffix ? "_" + part : part).isVariableName else {
                throw FormatError("not the name of a variable, perhaps with a * in front or at the end")
            }
            return isSuffix ? .suffix(part) : isPrefix ? .prefix(part) : .name(part)
        }

        func matches(_ name: String) -> Bool {
            // Bytes are compared, because a letter that combines with the next one would hide the end of a text.
            switch self {
            case .name(let text): name.utf8.elementsEqual(text.utf8)
            case .prefix(let text): name.utf8.starts(with: text.utf8)
            case .suffix(let text): name.utf8.reversed().starts(with: text.utf8.reversed())
            }
        }
    }

    static let strippedSetting = FileSetting<[Pattern]>(
        "secrets.stripped", patterns,
        Words("Further variables that are kept from the command", example: "[REGISTRY_PASSWORD]") { groups in
            "`\(groups.secrets.stripped.sorted().joined(separator: ", "))`"
        }, addsUp: true)
    static let passedSetting = FileSetting<[Pattern]>(
        "secrets.passed", patterns,
        Words(
            "Further variables that reach the command and are shown nowhere",
            default: "`\((suffixes.map { "*" + $0 } + names.sorted()).joined(separator: ", "))`",
            example: "[\"*_DSN\"]"), addsUp: true)

    /// The settings of the secrets.
    package static let fileSettings: [any SettingDeclaration] = [strippedSetting, passedSetting]

    private static var patterns: ValueType<[Pattern]> { .list(of: .text(Pattern.parse)) }

    private let declared: DeclaredSecrets
    private let stripped: [Pattern]
    private let passed: [Pattern]

    /// The declared secrets of all settings, and those with a usual name.
    @export(interface) package init(of groups: SettingGroups) {
        declared = groups.secrets
        stripped = []
        passed = []
    }

    /// Reads what the files add, taking all files together.
    @export(interface) package init(reading reader: inout SettingsReader) {
        declared = reader.groups.secrets
        stripped = reader.values(Self.strippedSetting).flatMap { $0 }
        passed = reader.values(Self.passedSetting).flatMap { $0 }
    }

    /// Whether a variable's value is never shown and never kept in a file.
    @export(interface) package func isSecret(_ name: String) -> Bool {
        var name = name
        if name.withUTF8({ Self.hasUsualEnding($0) || declared.contains($0) }) { return true }
        return passed.contains { $0.matches(name) } || stripped.contains { $0.matches(name) }
    }

    /// Whether an entry of an environment is never shown and never kept in a file: by its name, or because a URL in its
    /// value has a password.
    @export(interface) package func isSecret(_ name: String, _ entry: CString) -> Bool {
        if isSecret(name) { return true }
        // Most values have no URL in them.
        return entry.contains("://") && entry.withBytes(from: name.utf8.count + 1) { SecretURL.isIn($0) }
    }

    // Every variable of an environment is checked, and most names are no secrets.
    private static func hasUsualEnding(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
        for suffix in suffixes {
            let ending = suffix.utf8
            guard ending.count <= name.count, ending.last == name.last else { continue }
            if name[(name.count - ending.count)...].elementsEqual(ending) { return true }
        }
        return false
    }

    /// The names of the variables of an environment that the user's command does not get.
    @export(interface) package func stripped(in environment: EnvironmentBlock) -> Set<String> {
        if stripped.isEmpty { return declared.stripped }
        let names = environment.names(startingWith: "").filter { name in stripped.contains { $0.matches(name) } }
        return declared.stripped.union(names)
    }

    /// The values of an environment's secrets that somebody gets, if they are long enough to be recognised.
    ///
    /// - Parameter given: the names of stripped secrets that a drop-in gets.
    @export(interface) package func values(in environment: EnvironmentBlock, given: Set<String> = []) -> [[UInt8]] {
        let stripped = stripped(in: environment)
        return environment.entries.compactMap { entry in
            guard let name = entry.variableName,
                given.contains(name) || isSecret(name, entry) && !stripped.contains(name)
            else {
                return nil
            }
            let value = entry.bytes(from: name.utf8.count + 1)
            return value.count < SecretMask.shortest ? nil : value
        }
    }
}
