package import SystemPackage
internal import Text

extension FilePath {
    /// The path as it may stand in a message: control characters escaped, and whole up to the kernel's limit.
    package func shown() -> String { string.shown(limit: 4096) }
}
