package import Text

/// A length of time as people write it.
package enum TimeSpan {
    /// Reads a number of seconds, or a number with `s`, `m`, `h` or `d`.
    ///
    /// - Returns: seconds, at most ten years.
    /// - Throws: what was expected.
    package static func seconds(_ text: String) throws(FormatError) -> UInt64 {
        let units: [UInt8: UInt64] = [
            UInt8(ascii: "s"): 1, UInt8(ascii: "m"): 60, UInt8(ascii: "h"): 3600, UInt8(ascii: "d"): 86400,
        ]
        let bytes = Array(text.utf8)
        let unit = bytes.last.flatMap { units[$0] }
        let (product, isTooLarge) = ((unit == nil ? bytes[...] : bytes.dropLast()).decimal ?? .max)
            .multipliedReportingOverflow(by: unit ?? 1)
        guard !isTooLarge, product <= 3650 * 86400 else {
            throw FormatError("not a time: a number of seconds, or a number with s, m, h or d, at most 3650d")
        }
        return product
    }

    /// Seconds in the two largest units that say something, such as `2h 5m`.
    package static func text(_ seconds: UInt64) -> String {
        let parts = [(seconds / 86400, "d"), (seconds / 3600 % 24, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")]
        let first = parts.firstIndex { $0.0 > 0 } ?? 3
        return parts[first...].prefix(2).filter { $0.0 > 0 || first == 3 }.map { "\($0.0)\($0.1)" }
            .joined(separator: " ")
    }
}
