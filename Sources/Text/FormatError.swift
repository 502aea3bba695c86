/// Why a text cannot be used: what was expected, in words that follow `NAME is 'VALUE': `.
package struct FormatError: Error, Equatable, Sendable, CustomStringConvertible {
    package let expected: String
    /// The system call that failed and its error's symbol, for those who know them; empty where there are none.
    package let detail: String
    package var description: String { expected }

    package init(_ expected: String, detail: String = "") {
        self.expected = expected
        self.detail = detail
    }
}
