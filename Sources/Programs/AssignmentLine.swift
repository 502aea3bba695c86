/// A line `NAME=VALUE` of a file that people or programs write.
package struct AssignmentLine {
    /// Counted from 1.
    package let number: Int
    /// The whole line, without its newline.
    package let bytes: ArraySlice<UInt8>

    package init(number: Int, bytes: ArraySlice<UInt8>) {
        self.number = number
        self.bytes = bytes
    }

    /// The part before the first `=`, or the whole line if there is none.
    package var name: ArraySlice<UInt8> { bytes.prefix { $0 != UInt8(ascii: "=") } }

    /// The part after the first `=`; `nil` if there is none.
    package var value: ArraySlice<UInt8>? {
        name.endIndex < bytes.endIndex ? bytes[(name.endIndex + 1)...] : nil
    }

    /// The lines of a file, including empty ones.
    package static func lines(of bytes: ArraySlice<UInt8>) -> [AssignmentLine] {
        bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated().map {
            AssignmentLine(number: $0.offset + 1, bytes: $0.element)
        }
    }
}
