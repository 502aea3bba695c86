package import Linux
package import Programs
internal import Text

/// Everything that a boot is asked to do: typed, checked and complete.
package struct Settings: Sendable {
    /// The enabled groups with their own settings, in the order of the boot.
    private let groups: [CheckedGroup]
    /// The policy of each step by its name.
    package let policies: [String: StepPolicy]
    /// The names of the steps that are switched off, in the order of the boot, with the key that switches each off.
    package let disabledSteps: [(name: String, key: String)]
    /// The numbers of the capabilities that the command keeps.
    package let keptCapabilities: [Int]
    /// Which variables are secrets.
    package let secrets: Secrets
    /// What the boot prints.
    package let log: LogSettings
    /// The environment that the settings were read from, with the secrets whose values are in files.
    package let environment: EnvironmentBlock
    /// The secrets whose values are in files.
    package let secretFiles: [SecretFile]
    /// What the reader should know although nothing is wrong.
    package let notices: [Note]

    /// Where the command works; `nil` if there is nothing to prepare.
    package let workplace: Workplace?
    /// Whether there is nothing to prepare.
    package let isEmpty: Bool

    /// The settings of a group, or `nil` if it is not enabled.
    package subscript<Wanted: SettingGroup>(_ type: Wanted.Type) -> Wanted? {
        Self.find(type, in: groups)
    }

    /// Whether a group is enabled.
    func isEnabled(_ group: any GroupDeclaration) -> Bool { groups.contains { $0.name == group.name } }

    /// Reads and checks all settings.
    ///
    /// If none of the required variables is set, there is nothing to prepare, and the result has no steps.
    ///
    /// - Parameters:
    ///   - environment: the environment that the program was started with.
    ///   - options: the values on the command line, by the names of their variables.
    ///   - configuration: the configuration files, and all existing settings.
    ///   - contents: how the files that settings name are treated.
    ///   - isElevated: whether the privileges come from the program's file; anybody may have set the environment then.
    ///   - willRead: is called with each file before it is read, because its server may not answer.
    /// - Throws: every problem at once, including that only some of the required variables are set.
    @export(interface) package static func read(
        from environment: EnvironmentBlock, options: [String: String] = [:], configuration: Configuration,
        contents: SettingsReader.Contents = .needed(FileTree()), isElevated: Bool = false,
        willRead: @escaping (FilePath) -> Void = { _ in }
    ) throws(SettingsError) -> Settings {
        var reader = SettingsReader(
            environment: environment, options: options, configuration: configuration, contents: contents,
            isElevated: isElevated)
        reader.willRead = willRead
        let unknown = UnknownVariables(
            in: reader.environment, configuration.groups, reader.value(WhenMisspelt.variable) ?? .standard)
        for problem in unknown.problems { reader.note(problem) }
        let others = reader.peerVariables
        for problem in others.problems { reader.note(problem) }
        var notices = configuration.notices + unknown.notices + others.notices
        var groups = reader.groups(of: [.process])
        let processSettings = groups.compactMap { $0.settings }
        let secrets = reader.secretFiles(
            named: find(Secrets.self, in: processSettings)?.files ?? Secrets.usualFiles)
        // What is switched off needs nothing.
        let required = configuration.groups.all.filter { reader.isEnabled($0) }.flatMap {
            $0.variables.filter { $0.isRequired }
        }
        // What the image sets does not mean that anybody has asked for a boot.
        let isAsked = required.contains { reader.isSet($0) }
        let missing = required.filter { !reader.isSet($0) && !reader.isInFile($0) }.map { $0.name }
        let whenIncomplete = reader.value(WhenIncomplete.variable) ?? .standard
        let isPrepared = missing.isEmpty || isAsked && whenIncomplete != .run
        if reader.value(WhenIncomplete.requiredSetting) == true && !isPrepared {
            reader.note(
                Note(
                    .settingsIdentityRequired,
                    "\(missing.joined(separator: ", ")) \(missing.count == 1 ? "is" : "are") not set, and the image "
                        + "requires an identity (\(WhenIncomplete.requiredSetting.key ?? ""))"))
        } else if !isPrepared {
            notices.append(
                Note(
                    .settingsNothingPrepared,
                    "\(missing.joined(separator: ", ")) \(missing.count == 1 ? "is" : "are") not set: nothing is prepared, "
                        + (reader.hasServices ? "no service is started, " : "")
                        + "and the command runs with the identity that the container was started with"))
            notices += Compatibility.unheeded(in: environment, others)
            reader.checkFiles()
        } else {
            // A file that could not be read may have had them.
            if !missing.isEmpty && configuration.problems.isEmpty {
                let rest =
                    missing.count == 1
                    ? "is not set, but the other required variables are"
                    : "are not set, but other required variables are"
                reader.note(Note(.settingsIncomplete, "\(missing.joined(separator: ", ")) \(rest)"))
            }
            groups += reader.groups(of: [.step, .dropIns])
        }
        notices += reader.notices
        let problems = reader.problems
        guard problems.isEmpty else { throw SettingsError(problems: problems, notices: notices) }
        // A program that knows such files would take both variables for a contradiction, this one included.
        let whole =
            secrets.files.isEmpty
            ? environment
            : EnvironmentBlock(
                environment.setting(
                    secrets.values,
                    removing: Set(secrets.files.map { others.names[$0.variable] ?? $0.variable })))
        return Settings(groups, whole, secrets.files, configuration.groups, reader.workplace, notices: notices)
    }

    private init(
        _ groups: [SettingsReader.Group], _ environment: EnvironmentBlock, _ secretFiles: [SecretFile],
        _ all: SettingGroups, _ workplace: Workplace?, notices: [Note]
    ) {
        self.workplace = workplace
        let off = groups.filter { $0.policy?.isEnabled == false }.map { $0.declaration.name }
        disabledSteps = groups.compactMap { group in
            let (name, needed) = (group.declaration.name, group.declaration.neededStep)
            if off.contains(name) { return (name, "\(name).enabled") }
            return needed.flatMap { off.contains($0) ? (name, "\($0).enabled") : nil }
        }
        let without = disabledSteps
        let enabled = groups.filter { group in
            group.settings != nil && !without.contains { $0.name == group.declaration.name }
        }
        self.groups = enabled.compactMap { $0.settings }
        isEmpty = !enabled.contains { $0.declaration.role == .step }
        policies = groups.reduce(into: [:]) { policies, group in policies[group.declaration.name] = group.policy }
        self.environment = environment
        self.secretFiles = secretFiles
        self.notices = notices
        let found = groups.compactMap { $0.settings }
        log = Self.find(LogSettings.self, in: found) ?? LogSettings()
        secrets = Self.find(Secrets.self, in: found) ?? Secrets(of: all)
        keptCapabilities = Self.find(Capabilities.self, in: found)?.kept ?? []
    }

    private static func find<Wanted: SettingGroup>(_ type: Wanted.Type, in groups: [CheckedGroup]) -> Wanted? {
        for group in groups {
            if let settings = group.value(of: type) { return settings }
        }
        return nil
    }

    /// Reads every setting, so that the reader can note what it finds.
    @export(interface) package static func readAll(_ reader: inout SettingsReader) {
        _ = reader.groups(of: [.process, .step, .dropIns])
        _ = reader.value(WhenIncomplete.variable)
        _ = reader.value(WhenMisspelt.variable)
    }
}
