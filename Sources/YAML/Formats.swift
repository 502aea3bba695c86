/// The forms of numbers, modes and durations.
enum ScalarFormats {
    /// A decimal number, perhaps negative, without leading zeros.
    static func integer(_ text: String) -> Int? {
        let digits = text.utf8.drop { $0 == UInt8(ascii: "-") }
        guard text.utf8.count - digits.count <= 1, isDigits(digits),
            digits.first != UInt8(ascii: "0") || digits.count == 1
        else { return nil }
        return Int(text)
    }

    /// A mode: a zero, then octal digits.
    static func mode(_ text: String) -> UInt32? {
        guard text.utf8.first == UInt8(ascii: "0"), text.utf8.count <= 5 else { return nil }
        return octal(text.utf8)
    }

    /// A mode that was written without the leading zero, or with the `0o` of YAML 1.2: what may have been meant.
    static func mode(withoutZero text: String) -> UInt32? {
        let digits =
            text.utf8.starts(with: [UInt8(ascii: "0"), UInt8(ascii: "o")]) ? text.utf8.dropFirst(2) : text.utf8[...]
        guard digits.count <= 4 else { return nil }
        return octal(digits)
    }

    /// A mode as it is to be written, with a zero and at least three digits.
    static func octal(_ mode: UInt32) -> String {
        let digits = String(mode, radix: 8)
        return "0" + String(repeating: "0", count: max(0, 3 - digits.utf8.count)) + digits
    }

    /// A duration: a decimal number, perhaps with up to nine digits of a fraction, of seconds or of its unit `s`, `m` or `h`.
    static func duration(_ text: String) -> Duration? {
        var number = text.utf8[...]
        var unit = 1
        switch number.last {
        case UInt8(ascii: "s"): number.removeLast()
        case UInt8(ascii: "m"): (unit, number) = (60, number.dropLast())
        case UInt8(ascii: "h"): (unit, number) = (3600, number.dropLast())
        default: break
        }
        let parts = number.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, whole.count <= 10, let seconds = decimal(whole) else { return nil }
        guard parts.count == 2 else { return .seconds(seconds * unit) }
        let fraction = parts[1]
        guard fraction.count <= 9, var nanoseconds = decimal(fraction) else { return nil }
        for _ in fraction.count..<9 { nanoseconds *= 10 }
        return .seconds(seconds * unit) + .nanoseconds(nanoseconds * unit)
    }

    /// A duration as it is to be written, in seconds; a fraction is left out.
    static func seconds(_ duration: Duration) -> String { "\(duration.components.seconds)s" }

    private static func octal(_ digits: some Collection<UInt8>) -> UInt32? {
        guard !digits.isEmpty, digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "7")).contains($0) }) else {
            return nil
        }
        return digits.reduce(0) { $0 * 8 + UInt32($1 - UInt8(ascii: "0")) }
    }

    private static func decimal(_ digits: some Collection<UInt8>) -> Int? {
        guard isDigits(digits) else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }

    private static func isDigits(_ bytes: some Collection<UInt8>) -> Bool {
        !bytes.isEmpty && bytes.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }
}
