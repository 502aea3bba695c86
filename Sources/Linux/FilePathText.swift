internal import Text

extension FilePath {
    /// The path as it may appear in a message: with control characters escaped, and whole up to the kernel's limit.
    package func shown() -> String { string.shown(limit: 4096) }
}
