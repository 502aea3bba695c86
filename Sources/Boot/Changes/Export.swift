package import Linux

/// A variable that later steps and the user's command receive.
package struct Export: Equatable, Sendable {
    /// Where the value comes from.
    package enum Value: Equatable, Sendable {
        /// Known in the plan.
        case text(String)
        /// The directory that is used for a planned one, which may be its fallback.
        case directory(FilePath)
        /// A planned path; there is no variable if it, or a directory above it, could not be made.
        case place(FilePath)
        /// A planned path, or a text if the path, or a directory above it, could not be made.
        case placeOrText(FilePath, String)
        /// A text; there is no variable if two directories are on the same device.
        case textWhenApart(String, FilePath, FilePath)
    }

    package let name: String
    package let value: Value

    package init(_ name: String, _ text: String) {
        self.init(name, .text(text))
    }

    package init(_ name: String, _ value: Value) {
        self.name = name
        self.value = value
    }
}
