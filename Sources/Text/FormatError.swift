/// Why a text cannot be taken: what was expected, as it follows `NAME is 'VALUE': `.
package struct FormatError: Error, Equatable, Sendable, CustomStringConvertible {
    package let expected: String
    package var description: String { expected }

    package init(_ expected: String) { self.expected = expected }
}
