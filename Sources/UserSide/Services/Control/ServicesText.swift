internal import Linux
internal import Text

/// The states of services, for people.
package enum ServicesText {
    /// A line a service.
    ///
    /// - Parameter now: nanoseconds since 1970.
    package static func table(of services: [ServiceState], now: UInt64) -> TextTable {
        var table = TextTable(["service", "as", "state", "pid", "since", "restarts", "last exit", "next"])
        for service in services {
            table.add([
                .init(service.name.shown()), .init(service.identity), state(of: service),
                .init(service.process.map { "\($0)" } ?? "-"),
                .init(service.process == nil ? "-" : time(service.started)), .init("\(service.restarts)"),
                .init(service.lastExit.map { "\($0.code)" } ?? "-"), .init(time(service.next)),
            ])
        }
        return table
    }

    private static func time(_ time: UInt64?) -> String { time.map { Timestamps.utc(nanoseconds: $0) } ?? "-" }

    private static func state(of service: ServiceState) -> TextTable.Cell {
        let isUnready = service.phase == .running && !service.isReady
        let words = service.phase.rawValue + (isUnready ? ", not ready" : "")
        switch service.phase {
        case .running: return .init(words, as: isUnready ? .attention : .good)
        case .failed: return .init(words, as: .bad)
        case .waiting, .starting, .stopping: return .init(words, as: .attention)
        case .scheduled, .stopped, .ended: return .init(words)
        }
    }

    /// All that is known of a service.
    package static func status(of service: ServiceState, now: UInt64, _ style: OutputStyle) -> String {
        var table = TextTable()
        func add(_ name: String, _ value: String, as meaning: OutputStyle.Meaning? = nil) {
            if !value.isEmpty { table.add([.init("  " + name, as: .faint), .init(value, as: meaning)]) }
        }
        let state = state(of: service)
        add("state", state.text, as: state.meaning)
        add("as", service.identity)
        add("pid", service.process.map { "\($0)" } ?? "")
        add("since", service.process == nil ? "" : moment(service.started, now))
        add("ready", service.isReady ? "yes" : "no")
        add("restarts", "\(service.restarts)")
        add("last exit", service.lastExit?.inWords ?? "")
        add("why", service.lastError.shown(), as: .bad)
        add("last run took", service.lastDuration.map(duration) ?? "")
        add("runs", service.schedule.shown())
        add("next run", moment(service.next, now))
        add("it says", service.statusText.shown())
        add("after", service.after.map { $0.shown() }.inWords)
        return style.text(service.name.shown(), as: .heading) + "\n" + table.text(style)
    }

    /// A time, and how far it is.
    private static func moment(_ time: UInt64?, _ now: UInt64) -> String {
        guard let time else { return "" }
        let span = TimeSpan.text((time > now ? time - now : now - time) / 1_000_000_000)
        return "\(Timestamps.utc(nanoseconds: time)) (\(time > now ? "in \(span)" : "\(span) ago"))"
    }

    /// A duration in the unit that says something.
    private static func duration(_ nanoseconds: UInt64) -> String {
        nanoseconds < 10_000_000_000
            ? "\(nanoseconds / 1_000_000) ms" : TimeSpan.text(nanoseconds / 1_000_000_000)
    }
}
