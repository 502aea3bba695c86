package import Linux
package import Programs
internal import YAML

/// Services and snapshots in a file of the user's own (`ENTRYPOINT_USER_CONFIG`).
extension Configuration {
    /// Adds a file that may have services as the user and snapshots, and nothing else, with precedence over those before it.
    ///
    /// It must be read as the user, and must exist. Its problems are among those of the configuration.
    package mutating func addServices(ofUser path: FilePath, from tree: FileTree) {
        var own = Configuration(of: SettingGroups([DeclaredStep<Snapshots>(), DeclaredStep<Services>()]))
        own.add(path, from: tree, isRequired: true)
        problems += own.problems
        for var file in own.files {
            file.onlySettings = [Snapshots.name, Services.name]
            files.append(file)
        }
    }

    /// The file of the user's own that an environment names. Whoever reads the variable reports what is wrong with the name.
    package static func userFile(namedBy environment: EnvironmentBlock) -> FilePath? {
        environment.value(ConfigurationSettings.userFileVariable.name).flatMap { bytes in
            String(validating: bytes, as: UTF8.self).flatMap { try? ValueFormats.absolutePath($0) }
        }
    }
}
