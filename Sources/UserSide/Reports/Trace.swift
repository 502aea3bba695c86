package import Boot
package import Text

/// A boot in Chrome's trace event format, which Perfetto and chrome://tracing show: a row for each step.
///
/// See "Trace Event Format" of the Catapult project: complete events (`X`) with times in microseconds, and the names of
/// the process and of the rows as metadata (`M`).
package struct Trace {
    private let record: BootRecord
    private let timeline: Timeline
    /// The most bytes of a text: a pod chooses some of them.
    private static let limit = 1000
    /// All is shown as of one process.
    private static let process = 1

    package init(_ record: BootRecord) {
        self.record = record
        timeline = Timeline(record)
    }

    /// The whole file.
    package var json: JSON {
        var rows: [String] = []
        for bar in timeline.bars where !rows.contains(bar.step) { rows.append(bar.step) }
        let names = rows.enumerated().flatMap { index, step in
            [
                metadata("thread_name", row: index + 1, ("name", Self.text(step))),
                metadata("thread_sort_index", row: index + 1, ("sort_index", .number(index))),
            ]
        }
        let process = "entrypoint \(record.version), started as \(record.start)"
        let events = timeline.bars.map { event($0, row: (rows.firstIndex(of: $0.step) ?? 0) + 1) }
        return .object([
            (
                "traceEvents",
                .array([metadata("process_name", row: 0, ("name", Self.text(process)))] + names + events)
            ),
            ("displayTimeUnit", .string("ms")),
            (
                "otherData",
                .object([
                    ("version", Self.text(record.version)), ("start", Self.text(record.start)),
                    ("changed", .number(record.changed)), ("microseconds", .number(record.microseconds)),
                    ("warnings", .array(record.warnings.map(Self.text))),
                    ("failure", record.failure.map(Self.text) ?? .null),
                ])
            ),
        ])
    }

    private func event(_ bar: Timeline.Bar, row: Int) -> JSON {
        .object([
            ("name", Self.text(bar.what)), ("cat", Self.text(bar.outcome)), ("ph", .string("X")),
            ("ts", .number(bar.start)), ("dur", .number(bar.duration)), ("pid", .number(Self.process)),
            ("tid", .number(row)),
            (
                "args",
                .object([
                    ("step", Self.text(bar.step)), ("outcome", Self.text(bar.outcome)), ("as", Self.text(bar.identity)),
                    ("remark", Self.text(bar.rest)),
                ])
            ),
        ])
    }

    private func metadata(_ name: String, row: Int, _ argument: (String, JSON)) -> JSON {
        .object([
            ("name", .string(name)), ("ph", .string("M")), ("pid", .number(Self.process)), ("tid", .number(row)),
            ("args", .object([argument])),
        ])
    }

    private static func text(_ text: String) -> JSON { .string(text.shown(limit: limit)) }

    private static func text(_ message: BootRecord.Message) -> JSON {
        text("\(message.step): \(message.text) [\(message.id)]")
    }
}
