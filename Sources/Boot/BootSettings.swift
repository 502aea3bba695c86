package import Linux
package import Programs
package import SystemPackage

// Where nothing else is said, settings are those of the boot.

extension Configuration {
    /// No files.
    ///
    /// - Parameter isStrict: whether only files count that nobody but the image's maker can have written.
    package init(isStrict: Bool = false) { self.init(of: BootSequence.groups, isStrict: isStrict) }

    /// Reads the image's files, and one that was named.
    ///
    /// - Parameters:
    ///   - tree: the container's files.
    ///   - named: a further file, which counts more than the image's; it must be there.
    ///   - isStrict: whether only files count that nobody but the image's maker can have written.
    package static func read(from tree: FileTree, named: FilePath? = nil, isStrict: Bool = false) -> Configuration {
        read(BootSequence.groups, from: tree, named: named, isStrict: isStrict)
    }
}

extension Settings {
    /// Reads and checks all settings of an environment, without configuration files.
    ///
    /// - Throws: every problem at once.
    package static func read(from environment: EnvironmentBlock) throws(SettingsError) -> Settings {
        try read(from: environment, configuration: Configuration())
    }

    /// The steps that take part, with their own settings, in the boot's order; empty when nothing was asked.
    package var steps: [any Step] { BootSequence.steps.compactMap { step($0) } }
}
