import Linux

/// What was done, as the log tells it: what is alike is told together.
enum Deed: Equatable, Sendable {
    case created(FilePath)
    /// A copy was made of something of the image's.
    case copied(FilePath, to: FilePath)
    case linked(FilePath, to: FilePath)
    /// In words of its own.
    case other(String)
}
