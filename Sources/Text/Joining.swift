extension [String] {
    /// The texts with a separator between them.
    ///
    /// It replaces the standard library's function for every collection, whose types are made on first use: that takes
    /// a fortieth of a boot's instructions.
    package func joined(separator: String = "") -> String {
        guard var result = first else { return "" }
        for text in dropFirst() {
            result += separator
            result += text
        }
        return result
    }
}
