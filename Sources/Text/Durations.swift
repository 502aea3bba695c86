extension Collection<UInt8> where SubSequence: Collection<UInt8> {
    /// The nanoseconds of decimal seconds, perhaps with a fraction: `10`, `0.5`. `nil` for what is none, and for more than
    /// 64 bits. Digits of a fraction beyond the ninth count for nothing.
    package var nanosecondsOfSeconds: UInt64? {
        let parts = split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first?.decimal else { return nil }
        var nanoseconds: UInt64 = 0
        if parts.count == 2 {
            let digits = parts[1].prefix(9)
            guard parts[1].allSatisfy(\.isDigit), let fraction = digits.decimal else { return nil }
            nanoseconds = fraction
            for _ in digits.count..<9 { nanoseconds *= 10 }
        }
        let (scaled, isTooLarge) = whole.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, carries) = scaled.addingReportingOverflow(nanoseconds)
        return isTooLarge || carries ? nil : sum
    }
}
