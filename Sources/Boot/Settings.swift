package import Linux
private import YAML

/// Why the settings cannot be used: one line a problem.
package struct SettingsError: Error, Equatable, Sendable {
    package let problems: [String]
    /// What else the reader should know, such as a variable's name that is not known.
    package let notices: [String]
}

/// Reads declared variables from the environment and keeps every problem, so that all are told at once.
package struct SettingsReader {
    /// Where values come from.
    package let environment: EnvironmentBlock
    /// Values of the command line by the names of their variables; they win.
    package let options: [String: String]
    /// What was wrong so far, one line each.
    package private(set) var problems: [String] = []
    /// Where files with values are.
    private let tree: FileTree

    package init(environment: EnvironmentBlock, options: [String: String] = [:], tree: FileTree = FileTree()) {
        self.environment = environment
        self.options = options
        self.tree = tree
    }

    /// The value of a variable, or `nil` when it is unset or, with a problem noted, cannot be used.
    package mutating func value<Value>(_ variable: Variable<Value>) -> Value? {
        let given = options[variable.name].map { Array($0.utf8) }
        guard let bytes = given ?? environment.value(variable.name) else { return nil }
        let name = given == nil ? variable.name : variable.option?.name ?? variable.name
        let shown =
            variable.secrecy == .none ? "\(name) is '\(Text.shown(bytes))'" : "\(name) (\(bytes.count) bytes)"
        guard let text = String(validating: bytes, as: UTF8.self) else {
            problems.append("\(shown): not UTF-8")
            return nil
        }
        do throws(FormatError) {
            return try variable.parse(text)
        } catch {
            problems.append("\(shown): \(error.expected)")
            return nil
        }
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
            problems.append("\(variable.name) and \(variable.file.name) are both set: give one of them")
            return nil
        }
        var (shown, bytes) = ("", given)
        if let given {
            shown = "\(variable.name) (\(given.count) bytes)"
        } else {
            guard let path = value(variable.file) else { return nil }
            shown = "\(variable.file.name) is '\(Text.shown(path))'"
            do throws(FormatError) {
                bytes = try ContentFile.read(path, in: tree)
            } catch {
                problems.append("\(shown): \(error.expected)")
            }
        }
        guard let bytes else { return nil }
        do throws(FormatError) {
            return try parse(bytes, given == nil)
        } catch {
            problems.append("\(shown): \(error.expected)")
            return nil
        }
    }

    /// Notes a problem that only several values together have.
    package mutating func note(problem: String) { problems.append(problem) }

    /// Whether a variable has a value, good or bad.
    package func isSet(_ variable: any VariableDeclaration) -> Bool {
        options[variable.name] != nil || environment.value(variable.name) != nil
    }
}

/// Everything that a boot was asked to do: typed, checked and complete.
package struct Settings: Sendable {
    /// The steps with their own settings, in the boot's order; empty when nothing was asked.
    package let steps: [any Step]
    /// What the boot prints.
    package let log: LogSettings
    /// The environment that the settings were read from.
    package let environment: EnvironmentBlock
    /// What the reader should know although nothing is wrong.
    package let notices: [String]

    /// The settings of a step, or `nil` when it does not take part.
    package subscript<Wanted: Step>(_ type: Wanted.Type) -> Wanted? {
        for case let step as Wanted in steps { return step }
        return nil
    }

    /// Reads and checks all settings.
    ///
    /// With none of the required variables set there is nothing to prepare: the result has no steps.
    ///
    /// - Parameters:
    ///   - environment: the environment that the program was started with.
    ///   - options: values of the command line by the names of their variables.
    /// - Throws: every problem at once, also that only some of the required variables are set.
    package static func read(
        from environment: EnvironmentBlock, options: [String: String] = [:]
    ) throws(SettingsError) -> Settings {
        var reader = SettingsReader(environment: environment, options: options)
        let log = LogSettings(reading: &reader)
        // Read for its problems: the init has taken its own before the boot began.
        _ = InitSettings(reading: &reader)
        let required = BootSequence.variables.filter(\.isRequired)
        let missing = required.filter { !reader.isSet($0) }.map(\.name)
        let policy = reader.value(Identity.whenIncompleteVariable) ?? .fail
        var notices = unknownVariables(in: environment)
        var steps: [any Step] = []
        let isIncomplete = !missing.isEmpty
        if isIncomplete && (missing.count == required.count || policy == .run) {
            notices.append(
                "\(missing.joined(separator: ", ")) \(missing.count == 1 ? "is" : "are") not set: nothing is prepared, "
                    + "and the command runs with the identity that the container was started with")
        } else {
            if isIncomplete {
                let rest =
                    missing.count == 1
                    ? "is not set, but the other required variables are"
                    : "are not set, but other required variables are"
                reader.note(problem: "\(missing.joined(separator: ", ")) \(rest)")
            }
            steps = BootSequence.steps.compactMap { $0.init(reading: &reader) }
        }
        guard reader.problems.isEmpty else { throw SettingsError(problems: reader.problems, notices: notices) }
        return Settings(steps: steps, log: log, environment: environment, notices: notices)
    }

    /// One notice for each `ENTRYPOINT_` variable that is not declared: a mistyped name, or an injected one of a
    /// Kubernetes Service called entrypoint.
    private static func unknownVariables(in environment: EnvironmentBlock) -> [String] {
        let prefix = "ENTRYPOINT_"
        let known = BootSequence.variables.map(\.name).filter { $0.hasPrefix(prefix) }
        let endings = known.map { String($0.dropFirst(prefix.count)) }
        var seen: Set<String> = []
        return environment.names(startingWith: prefix).compactMap { name in
            guard !known.contains(name), seen.insert(name).inserted else { return nil }
            // Only the ending tells: with what all have in common, everything would be near.
            let ending = String(decoding: name.utf8.dropFirst(prefix.utf8.count), as: UTF8.self)
            let nearest =
                Suggestion.nearest(to: ending, among: endings).map { "; did you mean \(prefix)\($0)?" } ?? ""
            return "\(Text.shown(name)) is not a variable of entrypoint\(nearest)"
        }
    }
}
