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

    /// The texts as in a sentence: `a`, `a and b`, `a, b and c`.
    package var inWords: String {
        guard count > 1, let last else { return first ?? "" }
        return "\(Array(dropLast()).joined(separator: ", ")) and \(last)"
    }
}
