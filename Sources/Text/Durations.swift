extension Collection<UInt8> where SubSequence: Collection<UInt8> {
    /// The nanoseconds in a decimal number of seconds, which may have a fraction: `10`, `0.5`. `nil` for anything else,
    /// and for more than 64 bits. Digits of the fraction after the ninth are ignored.
    package var nanosecondsOfSeconds: UInt64? {
        let parts = split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first?.decimal else { return nil }
        var nanoseconds: UInt64 = 0
        if parts.count == 2 {
            let digits = parts[1].prefix(9)
            guard parts[1].allSatisfy({ $0.isDigit }), let fraction = digits.decimal else { return nil }
            nanoseconds = fraction
            for _ in digits.count..<9 { nanoseconds *= 10 }
        }
        let (scaled, isTooLarge) = whole.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, carries) = scaled.addingReportingOverflow(nanoseconds)
        return isTooLarge || carries ? nil : sum
    }
}

/// Lengths of time as messages have them.
package enum TimeText {
    /// A number of nanoseconds: `12 ms`, `0.3 s`, `30 s`, `10 min`.
    package static func seconds(_ nanoseconds: UInt64) -> String {
        if nanoseconds > 0 && nanoseconds < 95_000_000 { return "\(max(1, nanoseconds / 1_000_000)) ms" }
        let tenths = (nanoseconds &+ 50_000_000) / 100_000_000
        if tenths >= 6000 && tenths % 600 == 0 { return "\(tenths / 600) min" }
        if tenths >= 100 || tenths % 10 == 0 { return "\(tenths / 10) s" }
        return "\(tenths / 10).\(tenths % 10) s"
    }
}
