internal import Linux

/// One line for standard error, built without allocating memory. What does not fit is cut off.
struct MessageLine {
    private var bytes = InlineArray<1024, UInt8>(repeating: 0)
    private var count = 0
    /// Whether it is a JSON object, as the rest of the log then is.
    private let isJSON: Bool

    /// How bad something is.
    enum Level { case info, warning, error }

    /// The beginning of a line; the name of the step follows, and then ``endStep()``.
    ///
    /// - Parameter id: the stable name of a warning or an error; empty for a line that is neither.
    init(_ level: Level = .info, id: StaticString = "", isJSON: Bool = false) {
        self.isJSON = isJSON
        self.level = level
        guard isJSON else {
            append("entrypoint: ")
            return
        }
        append("{\"time\":\"")
        append(realTime: Clock.realTime)
        append("\",\"program\":\"entrypoint\",\"level\":\"")
        append(level == .info ? "info" : level == .warning ? "warning" : "error")
        if id.utf8CodeUnitCount > 0 {
            append("\",\"id\":\"")
            append(id)
        }
        append("\",\"step\":\"")
    }

    private let level: Level

    /// Ends the name of the step: what follows is the message.
    mutating func endStep() {
        append(isJSON ? "\",\"message\":\"" : level == .warning ? ": warning: " : ": ")
    }

    /// The space for text, which leaves some bytes for the end of the line.
    private static var limit: Int { 1020 }

    mutating func append(byte: UInt8) {
        guard count < MessageLine.limit else { return }
        bytes[count] = byte
        count += 1
    }

    mutating func append(_ text: StaticString) {
        for index in 0..<text.utf8CodeUnitCount { append(byte: text.utf8Start[index]) }
    }

    /// Adds a byte of text from elsewhere: anything that could move the cursor or end the line is shown as `?`. So is what
    /// is not ASCII in JSON, because nobody knows whether it is UTF-8.
    mutating func append(foreign byte: UInt8) {
        if isJSON && (byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")) {
            guard count + 1 < MessageLine.limit else { return }
            append(byte: UInt8(ascii: "\\"))
        }
        append(byte: byte < 32 || byte == 127 || isJSON && byte > 127 ? UInt8(ascii: "?") : byte)
    }

    mutating func append(_ name: ProcessName) {
        for index in 0..<name.count { append(foreign: name.bytes[index]) }
    }

    mutating func append(_ number: some BinaryInteger, digits: Int = 1) {
        var rest = UInt64(clamping: number)
        var reversed = InlineArray<20, UInt8>(repeating: 48)
        var length = 0
        while rest > 0 || length < digits {
            reversed[length] = UInt8(truncatingIfNeeded: 48 + rest % 10)
            rest /= 10
            length += 1
        }
        while length > 0 {
            length -= 1
            append(byte: reversed[length])
        }
    }

    /// Nanoseconds as seconds with one decimal: `12.3 s`, or `less than 0.1 s`.
    mutating func append(seconds nanoseconds: UInt64) {
        var tenths = (nanoseconds &+ 50_000_000) / 100_000_000
        if tenths == 0 {
            append("less than ")
            tenths = 1
        }
        append(tenths / 10)
        append(".")
        append(tenths % 10)
        append(" s")
    }

    /// A signal as manual pages write it.
    mutating func append(_ signal: Signal) {
        if let name = signal.fixedName {
            append("SIG")
            append(name)
        } else if Signal.realTime.contains(signal.rawValue) {
            append("SIGRTMIN+")
            append(signal.rawValue - Signal.realTime.lowerBound)
        } else {
            append("signal ")
            append(signal.rawValue)
        }
    }

    /// How a process ended: `exit code 3`, `SIGKILL`.
    mutating func append(_ end: ProcessEnd) {
        switch end {
        case .exited(let code):
            append("exit code ")
            append(code)
        case .signaled(let signal): append(signal)
        }
    }

    /// Nanoseconds since 1970 as a date and time of day in UTC (RFC 3339): `2026-11-21T05:04:03Z`.
    mutating func append(realTime nanoseconds: UInt64) {
        let time = CalendarTime(secondsSince1970: nanoseconds / 1_000_000_000)
        append(time.year, digits: 4)
        append("-")
        append(time.month, digits: 2)
        append("-")
        append(time.day, digits: 2)
        append("T")
        append(time.hour, digits: 2)
        append(":")
        append(time.minute, digits: 2)
        append(":")
        append(time.second, digits: 2)
        append("Z")
    }

    /// Writes the line, which is complete then.
    ///
    /// - Parameter limit: how long to wait for a slow reader.
    mutating func write(waitingMilliseconds limit: Int32) {
        var length = count
        func end(_ byte: UInt8, _ bytes: inout InlineArray<1024, UInt8>) {
            bytes[length] = byte
            length += 1
        }
        if isJSON {
            end(UInt8(ascii: "\""), &bytes)
            end(UInt8(ascii: "}"), &bytes)
        }
        end(UInt8(ascii: "\n"), &bytes)
        withUnsafeBytes(of: &bytes) { buffer in
            OpenFiles.writeError(UnsafeRawBufferPointer(rebasing: buffer[..<length]), waitingMilliseconds: limit)
        }
    }

    /// The text so far.
    var text: String {
        var copy: [UInt8] = []
        for index in 0..<count { copy.append(bytes[index]) }
        return String(decoding: copy, as: UTF8.self)
    }
}

/// A point in time in UTC, by the Gregorian calendar.
struct CalendarTime: Equatable {
    var year: UInt64
    var month: UInt64
    var day: UInt64
    var hour: UInt64
    var minute: UInt64
    var second: UInt64

    init(secondsSince1970 seconds: UInt64) {
        (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60)
        // Years are counted from March, so that a leap day is the last day of its year. An era is 400 years.
        let days = seconds / 86400 + 719_468
        let dayOfEra = days % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = yearOfEra + days / 146_097 * 400 + (month <= 2 ? 1 : 0)
    }
}
