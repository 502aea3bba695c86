package import Linux
package import Text
internal import YAML

/// The formats of values that services have.
package enum ServiceFormats {
    /// Reads a duration: seconds, which may have a fraction, or a number with `s`, `m`, `h` or `d`.
    ///
    /// - Returns: nanoseconds, at most those of 366 days.
    package static func duration(_ text: String) throws(FormatError) -> UInt64 {
        let units: [(letter: UInt8, seconds: UInt64)] = [
            (UInt8(ascii: "s"), 1), (UInt8(ascii: "m"), 60), (UInt8(ascii: "h"), 3600), (UInt8(ascii: "d"), 86400),
        ]
        let unit = units.first { $0.letter == text.utf8.last }
        let number = unit == nil ? text.utf8[...] : text.utf8.dropLast()
        guard let time = number.nanosecondsOfSeconds, time <= longest,
            case (let product, let isTooLong) = time.multipliedReportingOverflow(by: unit?.seconds ?? 1),
            !isTooLong, product <= longest
        else {
            throw FormatError(
                "not a duration: seconds such as 30 or 0.5, or a number with s, m, h or d, at most 366 days")
        }
        return product
    }

    private static var longest: UInt64 { 366 * 86400 * 1_000_000_000 }

    /// Reads a number of bytes, which may end in `K`, `M`, `G` or `T` for powers of 1024.
    package static func size(_ text: String) throws(FormatError) -> UInt64 {
        let power = "KMGT".utf8.firstIndex { $0 == text.utf8.last }
            .map { "KMGT".utf8.distance(from: "KMGT".utf8.startIndex, to: $0) + 1 }
        let number = power == nil ? text.utf8[...] : text.utf8.dropLast()
        guard number.count <= 15, let count = number.decimal,
            case (let product, let isTooLarge) = count.multipliedReportingOverflow(by: 1 << UInt64(10 * (power ?? 0))),
            !isTooLarge
        else {
            throw FormatError("not a size: a number of bytes, which may end in K, M, G or T")
        }
        return product
    }

    /// An absolute path, or the name of a program that `PATH` leads to.
    static func program(_ text: String) throws(FormatError) -> String {
        if text.utf8.first == UInt8(ascii: "/") { return try ValueFormats.absolutePath(text).string }
        guard !text.isEmpty, text.utf8.count <= 255, !text.utf8.contains(UInt8(ascii: "/")),
            !text.utf8.contains(where: { $0.isControl })
        else { throw FormatError("neither an absolute path nor the name of a program in PATH") }
        return text
    }

    /// A signal that a program can do something about.
    static func signal(_ text: String) throws(FormatError) -> Signal {
        let signal = try SignalFormats.parseSignal(text)
        guard signal != .stop, signal != .child else { throw FormatError("not a signal that ends a service") }
        return signal
    }

    /// The limits that a service may have, by their names.
    package static let limits: [(name: String, resource: ResourceLimit)] = [
        ("addressSpace", .addressSpace), ("coreFile", .coreFile), ("data", .data), ("fileSize", .fileSize),
        ("openFiles", .openFiles), ("processes", .processes), ("processorTime", .processorTime), ("stack", .stack),
    ]

    /// A limit; seconds for `processorTime`, a number for `openFiles` and `processes`, else bytes.
    static func limit(_ text: String) throws(FormatError) -> UInt64 { text == "unlimited" ? .max : try size(text) }
}

extension ValueType<UInt64> {
    /// Nanoseconds, which are written as a duration.
    package static var duration: ValueType<UInt64> {
        ValueType(.duration, parse: ServiceFormats.duration) { $0.text($1, as: ServiceFormats.duration) }
    }

    /// Bytes.
    package static var size: ValueType<UInt64> { .text(ServiceFormats.size) }
}

extension ValueType<Actor> {
    /// Who a service is.
    static var serviceIdentity: ValueType {
        let words = [Actor.user.rawValue, Actor.root.rawValue]
        return .inFiles(.choice(words)) { reader, value in
            reader.word(value, of: words).flatMap { Actor(rawValue: $0) }
        }
    }
}

extension ValueType<[String]> {
    /// A program, as an absolute path or as a name that `PATH` leads to, and its arguments.
    static var serviceCommand: ValueType {
        .inFiles(.list(.text)) { reader, value in
            reader.command(value, program: ServiceFormats.program).map { [$0.program] + $0.arguments }
        }
    }

    /// Some names, or one.
    static var serviceNames: ValueType {
        .inFiles(.either(.text, .list(.text))) { reader, value in
            if case .sequence = value.node.content {
                return reader.list(value, of: { reader, item in reader.text(item, as: ValueFormats.entryName) })
            }
            return reader.text(value, as: ValueFormats.entryName).map { [$0] }
        }
    }
}
