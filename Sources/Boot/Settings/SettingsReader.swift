package import Linux
package import Programs
internal import SystemPackage
package import Text
internal import YAML

/// Reads declared settings from the command line, the environment and the configuration files, in this order of weight,
/// and keeps every problem, so that all are told at once.
package struct SettingsReader {
    /// What is done about the files that settings name.
    package enum Contents: Sendable {
        /// They are read; one that is missing is a problem.
        case needed(FileTree)
        /// They are read; one that is missing is told of, as of a container that is not there yet.
        case expected(FileTree)
        /// They are not looked at.
        case ignored
    }

    /// A value that was found, as it may be shown, and where.
    package struct ShownValue: Sendable {
        package var value: String
        package var origin: String
    }

    /// The environment that the program was started with.
    package let environment: EnvironmentBlock
    /// Values of the command line by the names of their variables.
    package let options: [String: String]
    var configuration: Configuration
    /// Whether the privileges are those of the program's file, and the environment is anybody's.
    package let isElevated: Bool
    /// What the reader should know although nothing is wrong.
    package private(set) var notices: [String] = []
    private var ownProblems: [String] = []
    private let contents: Contents
    /// Is told of each file that a setting names before it is read.
    var willRead: (FilePath) -> Void = { _ in }
    /// The settings that were found somewhere, by variable or key; `nil` when nobody asks.
    private var found: [String: ShownValue]?

    /// - Parameters:
    ///   - environment: the environment that the program was started with.
    ///   - options: values of the command line by the names of their variables.
    ///   - configuration: the configuration files, and all settings that there are.
    ///   - contents: what is done about the files that settings name.
    ///   - isElevated: whether the privileges are those of the program's file, and the environment is anybody's.
    ///   - recordsOrigins: whether ``found(_:)`` will be asked.
    package init(
        environment: EnvironmentBlock, options: [String: String] = [:],
        configuration: Configuration, contents: Contents = .needed(FileTree()),
        isElevated: Bool = false, recordsOrigins: Bool = false
    ) {
        self.environment = environment
        self.options = options
        self.configuration = configuration
        self.contents = contents
        found = recordsOrigins ? [:] : nil
        self.isElevated = isElevated
    }

    /// What was wrong so far, one line each: the variables first, then the files.
    package var problems: [String] { ownProblems + configuration.allProblems() }

    /// All settings that there are.
    package var groups: SettingGroups { configuration.groups }

    /// Whether there are configuration files.
    package var hasFiles: Bool { !configuration.files.isEmpty }

    /// What was found of a setting, by the name of its variable or by its key.
    package func found(_ name: String) -> ShownValue? { found?[name] }

    /// The value of a variable, or `nil` when it is unset or, with a problem noted, cannot be used.
    package mutating func value<Value>(_ variable: Variable<Value>) -> Value? {
        // Also where another value counts more: a mistake in a file is one all the same.
        let inFile = fileValue(variable)
        let given = options[variable.name].map { Array($0.utf8) }
        guard let bytes = given ?? environment.value(variable.name) else { return inFile }
        if isElevated && variable.rules.isImagePolicy {
            notices.append(
                "\(variable.name) is ignored: in a start with the capabilities of the program's file only the image's "
                    + "configuration counts for it")
            return inFile
        }
        let name = given == nil ? variable.name : variable.option?.name ?? variable.name
        let isSecret = variable.secrecy != .none
        let shown = isSecret ? "\(name) (\(bytes.count) bytes)" : "\(name) is '\(bytes.shown())'"
        record(
            variable.name, isSecret ? "\(bytes.count) bytes" : bytes.shown(),
            given == nil ? .environment : .option(name))
        do throws(FormatError) {
            return try variable.parse(Self.text(of: bytes))
        } catch {
            ownProblems.append("\(shown): \(error.expected)")
            return nil
        }
    }

    /// The text that bytes are.
    ///
    /// - Throws: that they are none.
    package static func text(of bytes: [UInt8]) throws(FormatError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw FormatError("not UTF-8") }
        return text
    }

    /// The value of a variable that may stand in a file, or `nil` when it is unset or, with a problem noted, cannot be used.
    ///
    /// - Parameters:
    ///   - variable: the variable.
    ///   - parse: what its bytes mean; told whether they come from a file.
    package mutating func content<Value>(
        _ variable: ContentVariable, parse: (Secret, _ isFile: Bool) throws(FormatError) -> Value
    ) -> Value? {
        let given = environment.secret(variable.name)
        if isSet(variable.file) && given != nil {
            note(problem: "\(variable.name) and \(variable.file.name) are both set: give one of them")
            return nil
        }
        let path = value(variable.file)
        let shown: String
        let bytes: Secret?
        if let given {
            shown = "\(variable.name) (\(given.count) bytes)"
            record(variable.name, "\(given.count) bytes", .environment)
            bytes = given
        } else if let path {
            shown = "\(variable.file.name) is '\(path.shown())'"
            bytes = readContent(path, shown)
        } else {
            return nil
        }
        guard let bytes else { return nil }
        do throws(FormatError) {
            return try parse(bytes, given == nil)
        } catch {
            note(problem: "\(shown): \(error.expected)")
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
                notices.append("\(shown), which is not there to be looked at")
                return nil
            }
        }
        do throws(FormatError) {
            return try ContentFile.read(path, in: tree)
        } catch {
            note(problem: "\(shown): \(error.expected)")
            return nil
        }
    }

    /// The value of a setting of the files, from the file that counts most, or `nil` when none has it or, with a problem
    /// noted, it cannot be used.
    package mutating func value<Value>(_ setting: FileSetting<Value>) -> Value? {
        var value: Value?
        for place in configuration.places(of: setting.key) {
            record(setting.key, place)
            value = setting.type.read(&configuration.files[place.file].reader, place.value)
        }
        return value
    }

    /// Checks what the files have for a setting, once more is known than its reader knew.
    ///
    /// - Parameter check: notes problems of a value.
    mutating func check<Value>(
        _ setting: FileSetting<Value>, _ check: (inout YAML.Reader, YAML.Value) -> Void
    ) {
        for place in configuration.places(of: setting.key) {
            check(&configuration.files[place.file].reader, place.value)
        }
    }

    /// The values of a setting of the files in every file that has it, from the one that counts least.
    package mutating func values<Value>(_ setting: FileSetting<Value>) -> [Value] {
        valuesByFile(setting).map(\.value)
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

    /// - Parameter isAdded: whether it adds to what files that count less have.
    mutating func record(_ name: String?, _ place: Configuration.Place, isAdded: Bool = false) {
        guard found != nil, let name else { return }
        let origin = Origin.file("\(configuration.files[place.file].name):\(place.value.mark.line)").words
        let value = place.value.node.shown
        if isAdded, let before = found?[name] {
            found?[name] = ShownValue(value: "\(before.value) + \(value)", origin: "\(before.origin), \(origin)")
        } else {
            found?[name] = ShownValue(value: value, origin: origin)
        }
    }

    /// Notes a problem of a value in a file that only several values together have.
    mutating func note(_ text: String, at value: YAML.Value, inFile file: Int) {
        configuration.files[file].reader.note(text, at: value)
    }

    /// The executables in the image's directories of steps; `nil` when they were not looked at.
    var stepPrograms: [FilePath]? { configuration.stepPrograms }

    /// Notes a problem that only several values together have.
    package mutating func note(problem: String) { ownProblems.append(problem) }

    /// Whether a configuration file has a value for a variable, good or bad.
    package func isInFile(_ variable: any VariableDeclaration) -> Bool {
        !configuration.places(of: variable.key).isEmpty
    }

    /// Whether a variable has a value in the environment or the command line, good or bad.
    package func isSet(_ variable: any VariableDeclaration) -> Bool {
        options[variable.name] != nil || environment.value(variable.name) != nil
    }

    /// A group that was read.
    struct Group {
        let type: any SettingGroup.Type
        /// `nil` for what is no step.
        let policy: StepPolicy?
        /// `nil` when there is nothing to do or it cannot be set up.
        let settings: (any SettingGroup)?
    }

    /// Reads the groups of some roles, those also that are switched off: a mistake is one all the same.
    mutating func groups(of roles: [SettingRole]) -> [Group] {
        var result: [Group] = []
        for type in groups.all where roles.contains(type.role) {
            let policy = type.role == .step ? StepPolicy(of: type, reading: &self) : nil
            result.append(Group(type: type, policy: policy, settings: type.init(reading: &self)))
        }
        return result
    }

    /// Checks the settings of the steps in the files, where no step takes part.
    mutating func checkFiles() {
        guard hasFiles else { return }
        var reader = SettingsReader(
            environment: EnvironmentBlock([]), configuration: configuration, contents: .ignored)
        _ = reader.groups(of: [.step, .dropIns])
        configuration = reader.configuration
    }
}

extension YAML.Node {
    /// The value on one line, as a file might have it.
    fileprivate var shown: String {
        switch content {
        case .scalar(let text, _): text.shown()
        case .sequence(let items): "[\(items.map(\.shown).joined(separator: ", "))]"
        case .mapping(let entries):
            "{\(entries.map { "\($0.key.shown()): \($0.value.shown)" }.joined(separator: ", "))}"
        }
    }
}
