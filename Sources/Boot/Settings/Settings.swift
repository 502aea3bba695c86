internal import Linux
package import Programs
package import SystemPackage
internal import Text
internal import YAML

/// Why the settings cannot be used: one line a problem.
package struct SettingsError: Error, Equatable, Sendable {
    package let problems: [String]
    /// What else the reader should know, such as a variable's name that is not known.
    package let notices: [String]
}

/// Everything that a boot was asked to do: typed, checked and complete.
package struct Settings: Sendable {
    /// The steps with their own settings, in the boot's order; empty when nothing was asked.
    package let steps: [any Step]
    /// The image's own steps in their order; empty when nothing was asked.
    package let dropIns: [DropIn]
    /// The policy of each step by its name.
    package let policies: [String: StepPolicy]
    /// The numbers of the capabilities that the command keeps.
    package let keptCapabilities: [Int]
    /// Which variables are secrets.
    package let secrets: Secrets
    /// What the boot prints.
    package let log: LogSettings
    /// The environment that the settings were read from.
    package let environment: EnvironmentBlock
    /// What the reader should know although nothing is wrong.
    package let notices: [String]

    /// Whether nothing is to be prepared.
    package var isEmpty: Bool { steps.isEmpty }

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
    ///   - configuration: the configuration files.
    ///   - contents: what is done about the files that settings name.
    ///   - isElevated: whether the privileges are those of the program's file, and the environment is anybody's.
    ///   - willRead: is told of each file before it is read: its server may not answer.
    /// - Throws: every problem at once, also that only some of the required variables are set.
    package static func read(
        from environment: EnvironmentBlock, options: [String: String] = [:],
        configuration: Configuration = Configuration(), contents: SettingsReader.Contents = .needed(FileTree()),
        isElevated: Bool = false, willRead: @escaping (FilePath) -> Void = { _ in }
    ) throws(SettingsError) -> Settings {
        var reader = SettingsReader(
            environment: environment, options: options, configuration: configuration, contents: contents,
            isElevated: isElevated)
        reader.willRead = willRead
        _ = reader.value(ConfigurationSettings.fileVariable)
        let log = LogSettings(reading: &reader)
        // Read for its problems: the init has taken its own before the boot began.
        _ = InitSettings(reading: &reader)
        let required = BootSequence.variables.filter(\.isRequired)
        // What the image sets is not asked for by anybody yet.
        let isAsked = required.contains { reader.isSet($0) }
        let missing = required.filter { !reader.isSet($0) && !reader.isInFile($0) }.map(\.name)
        let policy = reader.value(Identity.whenIncompleteVariable) ?? .fail
        var notices = configuration.notices + unknownVariables(in: environment)
        var steps: [any Step] = []
        var dropIns: [DropIn] = []
        var policies: [String: StepPolicy] = [:]
        let isIncomplete = !missing.isEmpty
        if isIncomplete && (!isAsked || policy == .run) {
            notices.append(
                "\(missing.joined(separator: ", ")) \(missing.count == 1 ? "is" : "are") not set: nothing is prepared, "
                    + "and the command runs with the identity that the container was started with")
            reader.checkFiles()
        } else {
            if isIncomplete {
                let rest =
                    missing.count == 1
                    ? "is not set, but the other required variables are"
                    : "are not set, but other required variables are"
                reader.note(problem: "\(missing.joined(separator: ", ")) \(rest)")
            }
            for step in BootSequence.steps {
                let policy = StepPolicy(of: step, reading: &reader)
                policies[step.name] = policy
                // Read also when it is switched off: a mistake is one all the same.
                let step = step.init(reading: &reader)
                if let step, policy.isEnabled { steps.append(step) }
            }
            dropIns = reader.dropIns()
        }
        let kept = reader.value(Capabilities.keepSetting) ?? []
        let secrets = Secrets(reading: &reader)
        notices += reader.notices
        let problems = reader.problems
        guard problems.isEmpty else { throw SettingsError(problems: problems, notices: notices) }
        return Settings(
            steps: steps, dropIns: dropIns, policies: policies, keptCapabilities: kept, secrets: secrets, log: log,
            environment: environment,
            notices: notices)
    }

    /// Reads every setting for what the reader notes of it.
    package static func readAll(_ reader: inout SettingsReader) {
        _ = reader.value(ConfigurationSettings.fileVariable)
        _ = LogSettings(reading: &reader)
        _ = InitSettings(reading: &reader)
        _ = reader.value(Identity.whenIncompleteVariable)
        _ = reader.value(Capabilities.keepSetting)
        _ = Secrets(reading: &reader)
        for step in BootSequence.steps {
            _ = StepPolicy(of: step, reading: &reader)
            _ = step.init(reading: &reader)
        }
        _ = reader.dropIns()
    }

    /// The most variables that are told of one by one.
    private static let noticeLimit = 10

    /// A notice for each `ENTRYPOINT_` variable that is not declared: a mistyped name, or an injected one of a Kubernetes
    /// Service called entrypoint. Of many, some are told and the rest counted: they may be all that a process can be given.
    private static func unknownVariables(in environment: EnvironmentBlock) -> [String] {
        let prefix = "ENTRYPOINT_"
        let known = BootSequence.variables.map(\.name).filter { $0.hasPrefix(prefix) }
        let endings = known.map { String($0.dropFirst(prefix.count)) }
        var seen = Set(known)
        let unknown = environment.names(startingWith: prefix).filter { seen.insert($0).inserted }
        var notices = unknown.prefix(noticeLimit).map { name in
            // Only the ending tells: with what all have in common, everything would be near.
            let ending = String(decoding: name.utf8.dropFirst(prefix.utf8.count), as: UTF8.self)
            let nearest =
                Suggestion.nearest(to: ending, among: endings).map { "; did you mean \(prefix)\($0)?" } ?? ""
            return "\(name.shown()) is not a variable of entrypoint\(nearest)"
        }
        if unknown.count > noticeLimit {
            let rest = (unknown.count - noticeLimit).counted("further variable")
            notices.append("\(rest) of the form \(prefix)* not known to entrypoint either")
        }
        return notices
    }
}
