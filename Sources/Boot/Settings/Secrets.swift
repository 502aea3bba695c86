package import Linux
package import Programs
internal import Text
internal import YAML

/// Which variables of an environment are secrets.
package struct Secrets: SettingGroup, Equatable {
    package static let name = "secrets"
    package static let title = "Which variables are kept from others, and which of them may be files"

    /// Passed secrets that are known by their names, whatever patterns are set.
    package static let names: Set<String> = ["WANDB_API_KEY", "HF_TOKEN", "GITHUB_TOKEN"]
    /// The endings of the names of passed secrets, besides the declared ones.
    package static let suffixes = [
        "_TOKEN", "_KEY", "_SECRET", "PASSWORD", "PASSWD", "_PASS", "_PWD", "_PASSPHRASE", "_CREDENTIALS", "_PAT",
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

    static let filesSetting = FileSetting<[String]>(
        "secrets.files", .list(of: .text(parseFileName)),
        Words(
            "Passed variables that may also come as `NAME_FILE` with the path of a file, whose content the command gets as "
                + "`NAME`",
            default: "`\(usualFiles.joined(separator: ", "))`", example: "[HF_TOKEN, OPENAI_API_KEY]"))

    /// The settings of the secrets.
    package static let fileSettings: [any SettingDeclaration] = [strippedSetting, passedSetting, filesSetting]

    /// Passed secrets that may be files. A name that only ends like a secret's may have a meaning of its own with
    /// `_FILE`, such as `POSTGRES_PASSWORD_FILE`.
    package static let usualFiles = ["HF_TOKEN", "WANDB_API_KEY", "GITHUB_TOKEN"]

    private static func parseFileName(_ text: String) throws(FormatError) -> String {
        guard text.isVariableName else { throw FormatError("not the name of a variable; patterns do not count here") }
        guard mayBeFile(text) else { throw FormatError("not a secret: the variable has a meaning of its own") }
        return text
    }

    /// Whether a variable has no meaning for the programs that the command starts, and may be a secret in a file.
    static func mayBeFile(_ name: String) -> Bool {
        !name.hasSuffix(SecretFile.suffix) && !StepExports.steersPrograms(name)
    }

    private static var patterns: ValueType<[Pattern]> { .list(of: .text(Pattern.parse)) }

    private let declared: DeclaredSecrets
    private let stripped: [Pattern]
    private let passed: [Pattern]
    /// The names of the secrets that may be files.
    package let files: [String]

    /// The declared secrets of all settings, and those with a usual name.
    @export(interface) package init(of groups: SettingGroups) {
        declared = groups.secrets
        stripped = []
        passed = []
        files = Self.usualFiles
    }

    /// Reads what the files add, taking all files together.
    @export(interface) package init(reading reader: inout SettingsReader) {
        declared = reader.groups.secrets
        stripped = reader.values(Self.strippedSetting).flatMap { $0 }
        let files = reader.value(Self.filesSetting)
        let others = reader.peerVariables.secretFiles
        passed = reader.values(Self.passedSetting).flatMap { $0 } + ((files ?? []) + others).map { .name($0) }
        self.files = (files ?? Self.usualFiles) + others
        checkFiles(&reader)
    }

    /// Reports a name that is a setting's or a step's own.
    private func checkFiles(_ reader: inout SettingsReader) {
        guard reader.hasFiles else { return }
        let groups = reader.groups
        let reserved = Set(groups.variables.map { $0.name } + groups.all.flatMap { $0.exports })
        reader.check(Self.filesSetting) { problems, value in
            // Problems of the items themselves have already been noted.
            var silent = YAML.Reader()
            for item in silent.list(value) ?? [] {
                guard let name = silent.text(item), reserved.contains(name) else { continue }
                problems.note("'\(name)': not a secret: the variable is one of entrypoint's own", at: item)
            }
        }
    }

    /// Whether a variable's value is never shown and never kept in a file.
    @export(interface) package func isSecret(_ name: String) -> Bool {
        var name = name
        return name.withUTF8 { declared.contains($0) } || matchesSettings(name)
    }

    /// Whether an entry of an environment is never shown and never kept in a file: by its name, or because a URL in its
    /// value has a password.
    ///
    /// It is asked of every variable of a pod, and makes no text of its name.
    ///
    /// - Parameter nameLength: the number of bytes before the `=`.
    @export(interface) package func isSecret(_ entry: CString, nameLength: Int) -> Bool {
        if entry.withBytes(before: nameLength, { declared.contains($0) }) { return true }
        if !(passed.isEmpty && stripped.isEmpty), let name = entry.variableName, matchesSettings(name) { return true }
        // Most values have no URL in them, and most URLs nobody's name.
        return entry.contains("://") && entry.contains("@")
            && entry.withBytes(from: nameLength + 1) { SecretURL.isIn($0) }
    }

    private func matchesSettings(_ name: String) -> Bool {
        passed.contains { $0.matches(name) } || stripped.contains { $0.matches(name) }
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
        return environment.entries.flatMap { entry -> [[UInt8]] in
            guard let length = entry.variableNameLength else { return [] }
            let isSecret = isSecret(entry, nameLength: length)
            guard isSecret || !given.isEmpty, let name = entry.variableName,
                given.contains(name) || isSecret && !stripped.contains(name)
            else {
                return []
            }
            return Self.texts(of: entry.bytes(from: length + 1))
        }
    }

    /// What nobody may see of a secret's value: the value, and the passwords of the URLs in it. What is as short as a word
    /// cannot be recognised.
    package static func texts(of value: [UInt8]) -> [[UInt8]] {
        ([value] + SecretURL.passwords(in: value)).filter { $0.count >= SecretMask.shortest }
    }

    /// Whether a variable with this value is never shown and never kept in a file: by its name, or because a URL in the
    /// value has a password.
    @export(interface) package func isSecret(_ name: String, value: String) -> Bool {
        isSecret(name) || SecretURL.isIn(value)
    }
}
