internal import Linux
internal import Programs
internal import Text
internal import YAML

/// The image's own steps: those that configuration files add under the key `steps`, and those of its directories.
package struct DropInSteps: SettingGroup {
    package static let name = "steps"
    package static let title = "Executables that are run as steps"
    package static let role = SettingRole.dropIns
    package static let fileSettings: [any SettingDeclaration] = [setting]

    static let setting = FileSetting(
        name, .list(of: entryType), Words(title, example: example), addsUp: true)

    private static var example: String {
        """
          # \(title), in this order; see "Write your own step" on the page Steps.
          #- name: proxy
          #  command: [/usr/local/lib/set-up-proxy, --quiet]
          #  as: user
          #  timeout: \(DropIn.timeLimit)
          #  onFailure: stop
          #  after: scratch
          #  environment: {LANG: C.UTF-8}
          #  secrets: [WANDB_API_KEY]

        """
    }

    /// The steps, in order.
    package let dropIns: [DropIn]

    /// Reads the steps and determines their order, noting problems.
    package init(reading reader: inout SettingsReader) {
        let entries = Self.entries(&reader)
        let order = DropInOrder(
            entries: entries, files: (reader.stepPrograms ?? []).map { DropIn(file: $0) },
            steps: reader.groups.stepNames, knowsFiles: reader.stepPrograms != nil)
        for problem in order.problems { reader.note(problem.text, at: problem.value, inFile: problem.file) }
        var dropIns = order.dropIns
        if reader.recordsOrigins {
            for index in dropIns.indices {
                let entry = entries.first { $0.entry.name == dropIns[index].name }
                dropIns[index].origin =
                    entry.map { reader.origin(of: $0.entry.value, inFile: $0.file) } ?? dropIns[index].program.shown()
            }
        }
        self.dropIns = dropIns
    }

    /// The entries of all files that are no built-in steps by their names.
    private static func entries(_ reader: inout SettingsReader) -> [(entry: Entry, file: Int)] {
        let entries = reader.entries(of: setting, "step")
        return entries.filter { entry, file in
            guard reader.groups.stepNames.contains(entry.name) else { return true }
            let quoted = Excerpt.quoted(entry.name)
            reader.note("\(quoted) is the name of a built-in step", at: entry.nameValue, inFile: file)
            return false
        }
    }

    /// An entry of a file.
    struct Entry: NamedEntry {
        let name: String
        /// The name, with its place in the file.
        let nameValue: YAML.Value
        let isEnabled: Bool
        /// `nil` for an entry that is wrong or switched off.
        let dropIn: DropIn?
        /// The steps that it runs before and after, each with its place in the file.
        let before: (name: String, value: YAML.Value)?
        let after: (name: String, value: YAML.Value)?
        /// The entry's place in the file.
        let value: YAML.Value
    }

    private static let nameField = Field(
        "name", ValueType<String>.text(ValueFormats.entryName), isRequired: true,
        "the step's name in messages; an entry of a later file takes the place of one with the same name")
    private static let enabledField = Field("enabled", .boolean, "whether the step takes part; true without it")
    private static let commandField = Field(
        "command", .command, isRequired: true, "the program, as an absolute path, and its arguments")
    private static let identityField = Field<Actor>("as", .choice, "who it is for ever; the user without it")
    private static let timeoutField = Field(
        "timeout", .seconds, "seconds until it is ended; \(DropIn.timeLimit) without it, 0 for never")
    private static let failureField = Field<FailurePolicy>(
        "onFailure", .choice,
        "whether the boot ends when it fails, which it does without it, or goes on with a warning")
    private static let beforeField = Field("before", .text, "the step that it runs before")
    private static let afterField = Field(
        "after", .text, "the step that it runs after; without both it runs after all built-in steps")
    private static let environmentField = Field(
        "environment",
        .mapping(of: .text(ValueFormats.argument), named: "the name of a variable that a step can have") { name in
            name.isVariableName && !BootVariables.contains(name)
        }, "variables that it has besides those that all steps have")
    private static let secretsField = Field(
        "secrets", .list(of: ValueType<String>.text(ValueFormats.variableName)),
        "secrets of the pod that it has; for steps as the user")

    private static let entryType = ValueType<Entry>.object([
        nameField, enabledField, commandField, identityField, timeoutField, failureField, beforeField, afterField,
        environmentField, secretsField,
    ]) { reader, fields in
        let name = reader.value(nameField, of: fields)
        let isEnabled = reader.value(enabledField, of: fields) ?? true
        // An entry that is switched off may have nothing but a name.
        let command = isEnabled || fields[commandField.name] != nil ? reader.value(commandField, of: fields) : nil
        let identity = reader.value(identityField, of: fields) ?? .user
        let timeLimit = reader.value(timeoutField, of: fields) ?? DropIn.timeLimit
        let onFailure = reader.value(failureField, of: fields) ?? .stop
        let environment = reader.value(environmentField, of: fields) ?? []
        let secrets = reader.value(secretsField, of: fields) ?? []
        if identity != .user, !secrets.isEmpty {
            reader.note("a step as \(identity.rawValue) gets no secrets", at: secretsField, of: fields)
        }
        let before = fields[beforeField.name].flatMap { value in reader.text(value).map { (name: $0, value: value) } }
        let after = fields[afterField.name].flatMap { value in reader.text(value).map { (name: $0, value: value) } }
        guard let name, let nameValue = fields[nameField.name], let value = fields.mapping else { return nil }
        let dropIn = command.map { command in
            DropIn(
                name: name, program: command.program, arguments: command.arguments, identity: identity,
                timeLimit: timeLimit, onFailure: onFailure,
                environment: environment.map { Assignment($0.name, $0.value) }, secrets: secrets)
        }
        return Entry(
            name: name, nameValue: nameValue, isEnabled: isEnabled, dropIn: isEnabled ? dropIn : nil, before: before,
            after: after, value: value)
    }
}

extension Settings {
    /// The image's own steps, in order; empty when nothing was asked for.
    package var dropIns: [DropIn] { self[DropInSteps.self]?.dropIns ?? [] }
}

extension Settings {
    /// The values of the secrets that the command or a drop-in step gets, which other variables may also have.
    package var secretValues: [[UInt8]] {
        let own = dropIns.flatMap { $0.environment }.filter { secrets.isSecret($0.name, value: $0.value) }
            .flatMap { Secrets.texts(of: Array($0.value.utf8)) }
        return own + secrets.values(in: environment, given: Set(dropIns.flatMap { $0.secrets }))
    }
}
