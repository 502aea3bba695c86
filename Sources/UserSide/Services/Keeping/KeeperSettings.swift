package import Boot
package import Linux
package import Programs
internal import Text

/// What a keeper of services finds when it starts: its settings and its secrets.
package struct KeeperSettings: Sendable {
    /// The services of its identity, in the order in which they are started.
    package let services: [Service]
    package let log: LogSettings
    /// The init's grace, in nanoseconds.
    package let grace: UInt64
    /// Which variables are secrets.
    package let secrets: Secrets
    /// What the reader should know although nothing is wrong.
    package let notices: [Note]

    /// Why the settings cannot be used.
    package struct Refusal: Error {
        package let problems: [Note]
    }

    /// Reads the settings: the image's, of the file that `ENTRYPOINT_CONFIG` names, and for services as the user of the
    /// file that `ENTRYPOINT_USER_CONFIG` names.
    ///
    /// - Parameters:
    ///   - identity: whose services it keeps.
    ///   - start: how the container was started; in an elevated start only files of the image count besides the user's.
    ///   - environment: its environment.
    /// - Throws: every problem at once.
    package init(
        for identity: Actor, start: Start?, environment: EnvironmentBlock
    ) throws(Refusal) {
        let isElevated = start == .elevated
        let tree = FileTree()
        var configuration = Configuration.read(
            from: tree, named: isElevated ? nil : Configuration.file(namedBy: environment), isStrict: isElevated)
        if identity == .user, let file = Configuration.userFile(namedBy: environment) {
            configuration.addServices(ofUser: file, from: tree)
        }
        var reader = SettingsReader(
            environment: environment, configuration: configuration, contents: .ignored, isElevated: isElevated)
        _ = ConfigurationSettings(reading: &reader)
        log = LogSettings(reading: &reader)
        grace = InitSettings(reading: &reader).grace
        secrets = Secrets(reading: &reader)
        let step = Services(reading: &reader)
        var all = step?.all ?? []
        // Root's keeper has none of the variables that a snapshot may have its settings from.
        if identity == .user { all += (Snapshots(reading: &reader)?.all ?? []).map { $0.service } }
        // The boot has checked the files, and others may have written to one since.
        if identity == .root {
            do throws(BootError) {
                try step?.checkPolicy()
            } catch {
                reader.note(Note(error.id, error.brief))
            }
        }
        let problems = reader.problems
        notices = configuration.notices + reader.notices
        guard problems.isEmpty else { throw Refusal(problems: problems) }
        // After any other start than root's, nothing runs as root.
        let isPermitted = identity != .root || start == .root || start == nil
        services = isPermitted ? all.filter { $0.identity == identity } : []
    }

    /// How a keeper with these settings is started.
    ///
    /// - Parameters:
    ///   - environment: its environment.
    ///   - given: the entries that a boot has given it besides, the secrets that its services name.
    package func options(environment: EnvironmentBlock, given: [CString]) -> KeeperOptions {
        let hidden = environment.entries.compactMap { entry -> String? in
            guard let length = entry.variableNameLength, secrets.isSecret(entry, nameLength: length) else { return nil }
            return entry.variableName
        }
        return KeeperOptions(
            grace: grace, environment: environment, secrets: EnvironmentBlock(given + environment.entries),
            hidden: Set(hidden), nextTime: { CronTimes.next($0, after: $1) })
    }
}
