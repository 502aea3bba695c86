/// Why a text cannot be used: what was expected, in words that follow `NAME is 'VALUE': `.
package struct FormatError: Error, Equatable, Sendable, CustomStringConvertible {
    package let expected: String
    package var description: String { expected }

    package init(_ expected: String) { self.expected = expected }
}
