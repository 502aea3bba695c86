internal import Programs
internal import SystemPackage
internal import Text
internal import YAML

/// The steps that configuration files add under the key `steps`, and what is told of them.
package enum DropInStep {
    static let key = "steps"
    static let meaning = "Executables that are run as steps"
    /// What one of them looks like.
    static let shape = Shape.object([
        Shape.Field(
            "name", .text, isRequired: true,
            "the step's name in messages; an entry of a later file takes the place of one with the same name"),
        Shape.Field("enabled", .boolean, "whether the step takes part; true without it"),
        Shape.Field("command", .list(.text), isRequired: true, "the program, as an absolute path, and its arguments"),
        Shape.Field("as", .choice(of: Actor.self), "who it is for ever; the user without it"),
        Shape.Field(
            "timeout", .integer(0...86400), "seconds until it is ended; \(DropIn.timeLimit) without it, 0 for never"),
        Shape.Field(
            "onFailure", .choice(of: FailurePolicy.self),
            "whether the boot ends when it fails, which it does without it, or goes on with a warning"),
        Shape.Field("before", .text, "the step that it runs before"),
        Shape.Field("after", .text, "the step that it runs after; without both it runs after all built-in steps"),
        Shape.Field("environment", .mapping(.text), "variables that it has besides those that all steps have"),
        Shape.Field("secrets", .list(.text), "secrets of the pod that it has; for steps as the user"),
    ])
    static let example = """

        \(key):
          # \(meaning), in this order; see "Write your own step" in the README.
          #- name: proxy
          #  command: [/usr/local/lib/set-up-proxy, --quiet]
          #  as: user
          #  timeout: \(DropIn.timeLimit)
          #  onFailure: stop
          #  after: scratch
          #  environment: {LANG: C.UTF-8}
          #  secrets: [WANDB_API_KEY]

        """

    /// An entry of a file.
    struct Entry: Sendable {
        let name: String
        let isEnabled: Bool
        /// `nil` for one that is wrong or switched off.
        let dropIn: DropIn?
        /// The steps that it runs before and after, each with its place in the file.
        let before: (name: String, value: YAML.Value)?
        let after: (name: String, value: YAML.Value)?
        /// The file and the line where it stands.
        var place: (file: Int, line: Int)
    }

    /// Reads an entry, noting what is wrong; `nil` for one without a name.
    static func read(_ reader: inout YAML.Reader, _ value: YAML.Value, file: Int) -> Entry? {
        guard case .object(let known) = shape else { return nil }
        let fields = reader.mapping(value, keys: known.map(\.name))
        let name = reader.text(reader.required("name", of: fields), as: parseName)
        let isEnabled = reader.boolean(fields["enabled"]) ?? true
        let words = isEnabled ? reader.required("command", of: fields) : fields["command"]
        let command = command(&reader, words)
        let identity: Actor = reader.choice(fields["as"]) ?? .user
        let timeLimit = reader.integer(fields["timeout"], in: 0...86400).map { UInt32($0) } ?? DropIn.timeLimit
        let onFailure: FailurePolicy = reader.choice(fields["onFailure"]) ?? .stop
        let environment = environment(&reader, fields["environment"])
        let secrets = reader.list(fields["secrets"]) { $0.text($1, as: parseVariable) } ?? []
        if let value = fields["secrets"], identity != .user, !secrets.isEmpty {
            reader.note("a step as \(identity.rawValue) gets no secrets", at: value)
        }
        let before = fields["before"].flatMap { value in reader.text(value).map { (name: $0, value: value) } }
        let after = fields["after"].flatMap { value in reader.text(value).map { (name: $0, value: value) } }
        guard let name else { return nil }
        let dropIn = command.map { command in
            DropIn(
                name: name, program: command.program, arguments: command.arguments, identity: identity,
                timeLimit: timeLimit, onFailure: onFailure, environment: environment, secrets: secrets)
        }
        return Entry(
            name: name, isEnabled: isEnabled, dropIn: isEnabled ? dropIn : nil, before: before, after: after,
            place: (file, value.mark.line))
    }

    private static func command(
        _ reader: inout YAML.Reader, _ value: YAML.Value?
    ) -> (program: FilePath, arguments: [String])? {
        guard let value, let items = reader.list(value) else { return nil }
        guard let first = items.first else {
            reader.note("expected a program and its arguments, found an empty list", at: value)
            return nil
        }
        let program = reader.text(first, as: ValueFormats.absolutePath)
        let arguments = items.dropFirst().compactMap { item in reader.text(item, as: parseText) }
        return program.map { ($0, arguments) }
    }

    private static func environment(_ reader: inout YAML.Reader, _ value: YAML.Value?) -> [Assignment] {
        guard let fields = reader.mapping(value) else { return [] }
        return fields.all.compactMap { field in
            guard field.key.isVariableName, !BootVariables.contains(field.key) else {
                reader.note("not the name of a variable that a step can have", at: field.value)
                return nil
            }
            return reader.text(field.value, as: parseText).map { Assignment(field.key, $0) }
        }
    }

    /// Letters, digits, `_`, `.` and `-`, and no built-in step.
    private static func parseName(_ text: String) throws(FormatError) -> String {
        guard text.utf8.count <= 64, DropInDirectory.isPlain(text) else {
            throw FormatError("not a name: a letter or digit, then at most 63 letters, digits, _ . or -")
        }
        guard !BootSequence.steps.contains(where: { $0.name == text }) else {
            throw FormatError("the name of a built-in step")
        }
        return text
    }

    private static func parseVariable(_ text: String) throws(FormatError) -> String {
        guard text.isVariableName else { throw FormatError("not the name of a variable") }
        return text
    }

    /// Text that arguments and environments can hold.
    private static func parseText(_ text: String) throws(FormatError) -> String {
        guard !text.utf8.contains(0) else { throw FormatError("it has a NUL byte") }
        return text
    }
}
