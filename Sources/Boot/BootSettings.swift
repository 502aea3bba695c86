package import Linux
package import Programs

// By default, settings are those of the boot.

extension Configuration {
    /// No files.
    ///
    /// - Parameter isStrict: whether only files count that nobody but the image's maker can have written.
    @export(interface) package init(isStrict: Bool = false) { self.init(of: BootSequence.groups, isStrict: isStrict) }

    /// Reads the image's files, and one that was named.
    ///
    /// - Parameters:
    ///   - tree: the container's files.
    ///   - named: another file, which overrides the image's; it must exist.
    ///   - isStrict: whether only files count that nobody but the image's maker can have written.
    @export(interface) package static func read(from tree: FileTree, named: FilePath? = nil, isStrict: Bool = false)
        -> Configuration
    {
        read(BootSequence.groups, from: tree, named: named, isStrict: isStrict)
    }
}

extension Settings {
    /// Reads and checks all settings of an environment, without configuration files.
    ///
    /// - Throws: every problem at once.
    @export(interface) package static func read(from environment: EnvironmentBlock) throws(SettingsError) -> Settings {
        try read(from: environment, configuration: Configuration())
    }

    /// The names of the enabled steps, in the boot's order; empty when nothing was asked for.
    package var stepNames: [String] { BootSequence.steps.filter { isEnabled($0) }.map { $0.name } }
}
