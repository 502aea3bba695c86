extension [String] {
    /// The texts with a separator between them.
    ///
    /// It takes the place of what the standard library has for every collection, whose types are made at its first use: that
    /// is a fortieth of a boot's instructions.
    package func joined(separator: String = "") -> String {
        guard var result = first else { return "" }
        for text in dropFirst() {
            result += separator
            result += text
        }
        return result
    }
}
