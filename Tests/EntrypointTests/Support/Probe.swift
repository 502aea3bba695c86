import TestSupport
import Testing

/// What `probe report` told: all that a program was started with. See `Tests/Fixtures/probe.c`.
struct ProbeReport: Sendable {
    /// The path of the probe in every container.
    static let path: ByteString = "/usr/local/bin/probe"

    private let facts: [String: [String]]
    /// The arguments after the probe's own name.
    let arguments: [ByteString]
    /// The whole environment.
    let environment: Environment

    /// Reads a report; lines before or after it are passed over.
    init(_ output: String) throws {
        var facts: [String: [String]] = [:]
        var arguments: [ByteString] = []
        var entries: [ByteString] = []
        for line in output.split(separator: "\n") {
            let fields = line.split(separator: " ").map(String.init)
            switch fields.first {
            case "argument": arguments.append(try ProbeReport.bytes(fields.dropFirst().first))
            case "variable": entries.append(try ProbeReport.bytes(fields.dropFirst().first))
            case let key?: facts[key] = Array(fields.dropFirst())
            case nil: break
            }
        }
        if facts["uid"] == nil || arguments.isEmpty { throw TestFailure("this is no probe's report: \(output)") }
        self.facts = facts
        self.arguments = Array(arguments.dropFirst())
        environment = Environment(entries: entries)
    }

    /// Real, effective and saved user id.
    var users: [UInt32] { get throws { try numbers("uid").map(UInt32.init) } }
    /// Real, effective and saved group id.
    var groups: [UInt32] { get throws { try numbers("gid").map(UInt32.init) } }
    /// The supplementary groups, in ascending order.
    var supplementaryGroups: [UInt32] { get throws { try numbers("groups").map(UInt32.init).sorted() } }
    var umask: UInt32 { get throws { UInt32(try number("umask")) } }
    var directory: String { get throws { try ProbeReport.bytes(field("directory")).text } }
    /// The capability sets: bit N stands for capability N.
    var effective: UInt64 { get throws { try number("effective") } }
    var permitted: UInt64 { get throws { try number("permitted") } }
    var inheritable: UInt64 { get throws { try number("inheritable") } }
    var bounding: UInt64 { get throws { try number("bounding") } }
    var ambient: UInt64 { get throws { try number("ambient") } }
    var securebits: UInt64 { get throws { try number("securebits") } }
    var noNewPrivileges: Bool { get throws { try number("nonewprivileges") == 1 } }
    var isDumpable: Bool { get throws { try number("dumpable") == 1 } }
    var isSubreaper: Bool { get throws { try number("subreaper") == 1 } }
    /// The signal that it gets when its parent ends, or 0.
    var deathSignal: UInt64 { get throws { try number("deathsignal") } }
    /// Numbers of the signals that were blocked, or ignored, when it started.
    var blockedSignals: [Int] { get throws { ProbeReport.signals(try number("blocked")) } }
    var ignoredSignals: [Int] { get throws { ProbeReport.signals(try number("ignored")) } }
    var process: UInt64 { get throws { try number("pid") } }
    var parent: UInt64 { get throws { try number("parent") } }
    var processGroup: UInt64 { get throws { try number("group") } }
    var session: UInt64 { get throws { try number("session") } }
    /// The process group in the foreground of the terminal on standard input; nothing where that is no terminal.
    var foreground: UInt64? { get throws { UInt64(try field("foreground")) } }

    /// The soft and the hard limit: `as core cpu data fsize memlock nofile nproc stack`; `UInt64.max` is none.
    func limit(_ name: String) throws -> (soft: UInt64, hard: UInt64) {
        let values = try numbers("limit.\(name)")
        if values.count != 2 { throw TestFailure("the probe told no limit \(name)") }
        return (values[0], values[1])
    }

    /// What each open descriptor leads to, such as `/dev/null` or `pipe:[1234]`; empty without `/proc`.
    var descriptors: [Int: String] {
        get throws {
            var result: [Int: String] = [:]
            for (key, values) in facts where key.hasPrefix("descriptor.") {
                if let number = Int(key.dropFirst("descriptor.".count)) {
                    result[number] = try ProbeReport.bytes(values.first).text
                }
            }
            return result
        }
    }

    private func field(_ key: String) throws -> String {
        guard let value = facts[key]?.first else { throw TestFailure("the probe told no \(key)") }
        return value
    }

    private func number(_ key: String) throws -> UInt64 {
        guard let value = UInt64(try field(key)) else { throw TestFailure("\(key) is no number") }
        return value
    }

    private func numbers(_ key: String) throws -> [UInt64] {
        guard let values = facts[key] else { throw TestFailure("the probe told no \(key)") }
        return values.compactMap { UInt64($0) }
    }

    private static func signals(_ mask: UInt64) -> [Int] { (1...64).filter { mask >> UInt64($0 - 1) & 1 == 1 } }

    private static func bytes(_ hexadecimal: String?) throws -> ByteString {
        guard let hexadecimal, hexadecimal != "-" else { return "" }
        let digits = Array(hexadecimal.utf8)
        return ByteString(
            try stride(from: 0, to: digits.count - 1, by: 2).map { index in
                guard let byte = UInt8(String(decoding: digits[index...index + 1], as: UTF8.self), radix: 16) else {
                    throw TestFailure("not hexadecimal: \(hexadecimal)")
                }
                return byte
            })
    }
}

extension Outcome {
    /// What the probe reported on standard output.
    ///
    /// - Throws: `TestFailure` with the whole outcome, where there is no report.
    func report() throws -> ProbeReport {
        do {
            return try ProbeReport(output)
        } catch {
            throw TestFailure("no report of the probe: \(self)")
        }
    }
}
