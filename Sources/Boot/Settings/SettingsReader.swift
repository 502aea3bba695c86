package import Linux
package import Programs
package import Text
internal import YAML

/// Reads declared settings from the command line, the environment and the configuration files, in this order of
/// precedence. It collects every problem, so that all of them are reported at once.
package struct SettingsReader {
    /// How the files that settings name are treated.
    package enum Contents: Sendable {
        /// They are read; one that is missing is a problem.
        case needed(FileTree)
        /// They are read; one that is missing is noted, because the container that will have it may not exist yet.
        case expected(FileTree)
        /// They are not read.
        case ignored
    }

    /// A value that was found, as it may be shown, and its origin.
    package struct ShownValue: Sendable {
        package var value: String
        package var origin: String
    }

    /// The environment that the program was started with, with our variables in the place of those that stand for them.
    package var environment: EnvironmentBlock { peerVariables.environment }
    /// Variables of other images.
    let peerVariables: PeerVariables
    /// The values on the command line, by the names of their variables.
    package let options: [String: String]
    var configuration: Configuration
    /// Whether the privileges come from the program's file, so that anybody may have set the environment.
    package let isElevated: Bool
    /// Where the command works, once the section of scratch has been read.
    var workplace: Workplace?
    /// What the reader should know although nothing is wrong.
    package private(set) var notices: [Note] = []
    private var ownProblems: [Note] = []
    private let contents: Contents
    /// Is called with each file that a setting names before the file is read.
    var willRead: (FilePath) -> Void = { _ in }
    /// The settings that were found somewhere, by variable or key; `nil` when nobody will ask for them.
    private var found: [String: ShownValue]?

    /// - Parameters:
    ///   - environment: the environment that the program was started with.
    ///   - options: the values on the command line, by the names of their variables.
    ///   - configuration: the configuration files, and all existing settings.
    ///   - contents: how the files that settings name are treated.
    ///   - isElevated: whether the privileges come from the program's file; anybody may have set the environment then.
    ///   - recordsOrigins: whether ``found(_:)`` will be called.
    package init(
        environment: EnvironmentBlock, options: [String: String] = [:],
        configuration: Configuration, contents: Contents = .needed(FileTree()),
        isElevated: Bool = false, recordsOrigins: Bool = false
    ) {
        peerVariables = PeerVariables(environment, configuration, isElevated: isElevated)
        self.options = options
        self.configuration = configuration
        self.contents = contents
        found = recordsOrigins ? [:] : nil
        self.isElevated = isElevated
    }

    /// The problems so far, one line for each: those of the variables first, then those of the files.
    package var problems: [Note] { ownProblems + configuration.allProblems() }

    /// All existing settings.
    package var groups: SettingGroups { configuration.groups }

    /// Whether there are configuration files.
    package var hasFiles: Bool { !configuration.files.isEmpty }

    /// What was found for a setting, by the name of its variable or by its key.
    package func found(_ name: String) -> ShownValue? { found?[name] }

    /// The value of a variable, or `nil` if it is unset or cannot be used; the latter is noted as a problem.
    package mutating func value<Value>(_ variable: Variable<Value>) -> Value? {
        // The file is checked even if another value takes precedence: a mistake in it is still a mistake.
        let inFile = fileValue(variable)
        let given = options[variable.name].map { Array($0.utf8) }
        guard let bytes = given ?? environment.value(variable.name) else { return inFile }
        let nameInPod = peerVariables.names[variable.name] ?? variable.name
        if isElevated && variable.rules.isImagePolicy {
            notices.append(
                Note(
                    .settingsImagePolicy,
                    "\(nameInPod) is ignored: in a start with the capabilities of the program's file only the image's "
                        + "configuration counts for it"))
            return inFile
        }
        let name = given == nil ? nameInPod : variable.option?.name ?? variable.name
        // Whoever gives a secret in the place of its file's path must not find it in the log.
        let isInPlaceOfPath =
            variable.name.utf8.reversed().starts(with: SecretFile.suffix.utf8.reversed())
            && bytes.first != UInt8(ascii: "/")
        let isSecret = variable.secrecy != .none || isInPlaceOfPath
        func shown() -> String? { isSecret || bytes.withUnsafeBufferPointer(SecretURL.isIn) ? nil : bytes.shown() }
        if found != nil {
            record(
                variable.name, shown() ?? "\(bytes.count) bytes",
                given == nil ? .environment(peerVariables.names[variable.name]) : .option(name))
        }
        do throws(FormatError) {
            return try variable.parse(Self.text(of: bytes))
        } catch {
            // What was expected may quote what was found.
            let words =
                if let value = shown() {
                    "\(name) is '\(value)': \(error.expected)"
                } else if isSecret {
                    "\(name) (\(bytes.count) bytes): \(error.expected)"
                } else {
                    "\(name) (\(bytes.count) bytes): a URL with a password, which is not shown, is no value for this"
                }
            note(Note(.settingsInvalidValue, words))
            return nil
        }
    }

    /// The text that some bytes encode.
    ///
    /// - Throws: an error if they are not text.
    package static func text(of bytes: [UInt8]) throws(FormatError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw FormatError("not UTF-8") }
        return text
    }

    /// The value of a variable that may be in a file, or `nil` if it is unset or, with a problem noted, unusable.
    ///
    /// - Parameters:
    ///   - variable: the variable.
    ///   - parse: interprets its bytes, knowing whether they come from a file.
    package mutating func content<Value>(
        _ variable: ContentVariable, parse: (Secret, _ isFile: Bool) throws(FormatError) -> Value
    ) -> Value? {
        let given = environment.secret(variable.name)
        let fileName = peerVariables.names[variable.file.name] ?? variable.file.name
        if isSet(variable.file) && given != nil {
            note(Note(.settingsGivenTwice, "\(variable.name) and \(fileName) are both set: give one of them"))
            return nil
        }
        let path = value(variable.file)
        let shown: String
        let bytes: Secret?
        if let given {
            shown = "\(variable.name) (\(given.count) bytes)"
            record(variable.name, "\(given.count) bytes", .environment(nil))
            bytes = given
        } else if let path {
            shown = "\(fileName) is '\(path.shown())'"
            bytes = readContent(path, shown)
        } else {
            return nil
        }
        guard let bytes else { return nil }
        do throws(FormatError) {
            return try parse(bytes, given == nil)
        } catch {
            note(Note(.settingsInvalidValue, "\(shown): \(error.expected)"))
            return nil
        }
    }

    private mutating func readContent(_ path: FilePath, _ shown: String) -> Secret? {
        if case .ignored = contents {} else { willRead(path) }
        let tree: FileTree
        switch contents {
        case .ignored: return nil
        case .needed(let place): tree = place
        case .expected(let place):
            tree = place
            if (try? tree.status(path, links: .follow)) == nil {
                notices.append(Note(.settingsUnseenContent, "\(shown), which cannot be seen here"))
                return nil
            }
        }
        do throws(FormatError) {
            return try ContentFile.read(path, in: tree)
        } catch {
            note(Note(.settingsUnreadableContent, "\(shown): \(error.expected)", detail: error.detail))
            return nil
        }
    }

    /// The value of a setting, from the file with the highest precedence, or `nil` if no file has it or it cannot be
    /// used; the latter is noted as a problem.
    package mutating func value<Value>(_ setting: FileSetting<Value>) -> Value? {
        var value: Value?
        for place in configuration.places(of: setting.key) {
            record(setting.key, place)
            value = setting.type.read(&configuration.files[place.file].reader, place.value)
        }
        return value
    }

    /// Checks the values that the files have for a setting, once more is known than when they were read.
    ///
    /// - Parameter check: notes problems of a value.
    mutating func check<Value>(
        _ setting: FileSetting<Value>, _ check: (inout YAML.Reader, YAML.Value) -> Void
    ) {
        for place in configuration.places(of: setting.key) {
            check(&configuration.files[place.file].reader, place.value)
        }
    }

    /// The values of a setting in every file that has it, in ascending order of precedence.
    package mutating func values<Value>(_ setting: FileSetting<Value>) -> [Value] {
        valuesByFile(setting).map { $0.value }
    }

    /// ``values(_:)`` with the files that have them, for ``note(_:at:inFile:)``.
    mutating func valuesByFile<Value>(_ setting: FileSetting<Value>) -> [(file: Int, value: Value)] {
        var values: [(file: Int, value: Value)] = []
        for place in configuration.places(of: setting.key) {
            record(setting.key, place, isAdded: true)
            if let value = setting.type.read(&configuration.files[place.file].reader, place.value) {
                values.append((place.file, value))
            }
        }
        return values
    }

    private mutating func fileValue<Value>(_ variable: Variable<Value>) -> Value? {
        var value: Value?
        for place in configuration.places(of: variable.key) {
            record(variable.name, place)
            value = variable.type.read(&configuration.files[place.file].reader, place.value)
        }
        return value
    }

    private mutating func record(_ name: String, _ value: String, _ origin: Origin) {
        if found != nil { found?[name] = ShownValue(value: value, origin: origin.words) }
    }

    /// - Parameter isAdded: whether the value adds to those of the files with lower precedence.
    mutating func record(_ name: String?, _ place: Configuration.Place, isAdded: Bool = false) {
        guard found != nil, let name else { return }
        let origin = Origin.file(self.origin(of: place.value, inFile: place.file)).words
        let value = place.value.node.shown
        if isAdded, let before = found?[name] {
            found?[name] = ShownValue(value: "\(before.value) + \(value)", origin: "\(before.origin), \(origin)")
        } else {
            found?[name] = ShownValue(value: value, origin: origin)
        }
    }

    /// Whether a file has services.
    var hasServices: Bool { !configuration.places(of: "services").isEmpty }

    /// Whether the variables are all that a boot gets; whoever runs later has no stripped secrets.
    var hasAllVariables: Bool { if case .ignored = contents { false } else { true } }

    /// Whether a file has snapshots.
    var hasSnapshots: Bool { !configuration.places(of: "snapshot").isEmpty }

    /// Whether somebody will ask where settings came from.
    var recordsOrigins: Bool { found != nil }

    /// Where a value stands, as `FILE:LINE`.
    func origin(of value: YAML.Value, inFile file: Int) -> String {
        "\(configuration.files[file].name):\(value.mark.line)"
    }

    /// Notes a problem of a value in a file that only arises from several values together.
    mutating func note(_ text: String, at value: YAML.Value, inFile file: Int) {
        configuration.files[file].reader.note(text, at: value)
    }

    /// The executables in the image's directories of steps; `nil` when nobody has looked for them.
    var stepPrograms: [FilePath]? { configuration.stepPrograms }

    /// Notes a problem that only arises from several values together.
    package mutating func note(_ problem: Note) { ownProblems.append(problem) }

    /// Whether a configuration file has a value for a variable, valid or not.
    package func isInFile(_ variable: any VariableDeclaration) -> Bool {
        !configuration.places(of: variable.key).isEmpty
    }

    /// Whether a variable has a value in the environment or on the command line, valid or not.
    package func isSet(_ variable: any VariableDeclaration) -> Bool {
        options[variable.name] != nil || environment.value(variable.name) != nil
    }

    /// Whether a step takes part, as far as the files say; what is wrong in them is noted when the step is read.
    func isEnabled(_ step: any GroupDeclaration) -> Bool {
        guard hasFiles, step.role == .step, step.isOptional else { return true }
        var silent = self
        return StepPolicy(of: step, reading: &silent).isEnabled
    }

    /// ``isEnabled(_:)`` of a step by its name.
    func isEnabled(_ step: String) -> Bool {
        guard hasFiles, let step = groups.all.first(where: { $0.name == step }) else { return true }
        return isEnabled(step)
    }

    /// A group that was read.
    struct Group {
        let declaration: any GroupDeclaration
        /// `nil` for a group that is not a step.
        let policy: StepPolicy?
        /// `nil` when there is nothing to do or the group cannot be set up.
        let settings: CheckedGroup?
    }

    /// Reads the groups of some roles, even those that are switched off, because a mistake in them is still a mistake.
    mutating func groups(of roles: [SettingRole]) -> [Group] {
        var result: [Group] = []
        for declaration in groups.all where roles.contains(declaration.role) {
            let policy = declaration.role == .step ? StepPolicy(of: declaration, reading: &self) : nil
            result.append(Group(declaration: declaration, policy: policy, settings: declaration.read(&self)))
        }
        return result
    }

    /// Checks the settings of the steps in the files when no step is enabled.
    mutating func checkFiles() {
        guard hasFiles else { return }
        var reader = SettingsReader(
            environment: EnvironmentBlock([]), configuration: configuration, contents: .ignored)
        _ = reader.groups(of: [.step, .dropIns])
        configuration = reader.configuration
    }
}

extension YAML.Node {
    /// The value on one line, as it could be written in a file.
    fileprivate var shown: String {
        switch content {
        case .scalar(let text, _): text.shown()
        case .sequence(let items): "[\(items.map { $0.shown }.joined(separator: ", "))]"
        case .mapping(let entries):
            "{\(entries.map { "\($0.key.shown()): \($0.value.shown)" }.joined(separator: ", "))}"
        }
    }
}
