internal import Boot

/// What is asked about the programs beside the command.
enum ServiceChecks {
    private static let second: UInt64 = 1_000_000_000
    /// Seconds of the end that are kept for KILL.
    private static let kept: UInt64 = 2
    /// Seconds for the program's own work, and for a slow machine.
    private static let spare: UInt64 = 5

    /// Whether the time at the end is enough for what services may take: they are stopped one after the other, and the last
    /// runs of an identity are at once.
    static func stopping(_ facts: ContainerFacts) -> [Finding] {
        guard !facts.services.isEmpty else { return [] }
        let needed = [Actor.root, .user].reduce(UInt64(0)) { sum, actor in
            let services = facts.services.filter { $0.identity == actor }
            return added(
                services.map { $0.stop.timeout } + [services.compactMap { $0.final?.timeout }.max() ?? 0], to: sum)
        }
        let reserve = min(kept * second, facts.grace / 2)
        let has = facts.grace - reserve
        guard needed > has else {
            return [.ok("services may take \(words(needed)) to end, and have \(words(has))")]
        }
        let grace = (needed - 1) / second + 1 + kept
        let stop = min(facts.stopTimeout, longest)
        let period = (stop + second - 1) / second + grace + spare
        let command = stop == 0 ? ", and the time that the command needs" : ""
        return [
            .warn(
                "services may take \(words(needed)) to end (\(parts(facts.services))), and have \(words(has)): "
                    + "ENTRYPOINT_GRACE is \(words(facts.grace)), the last \(words(reserve)) for KILL",
                remedy:
                    "set ENTRYPOINT_GRACE=\(grace) and, in the pod spec, terminationGracePeriodSeconds: \(period)\(command)"
                    + " (docker run --stop-timeout); or shorten stop.timeout or final.timeout of the services")
        ]
    }

    /// What each service may take, the longest first.
    private static func parts(_ services: [Service]) -> String {
        let stops = services.map { ($0.stop.timeout, "\($0.name) \(words($0.stop.timeout))") }
        let finals = services.compactMap { service in
            service.final.map { ($0.timeout, "the last run of \(service.name) \(words($0.timeout))") }
        }
        let all = (stops + finals).enumerated().sorted { ($1.element.0, $0.offset) < ($0.element.0, $1.offset) }
        let more = all.count > most ? ", and \(all.count - most) more" : ""
        return all.prefix(most).map { $0.element.1 }.joined(separator: ", ") + more
    }

    /// The most parts that are named.
    private static let most = 5

    /// The longest time that is told, in nanoseconds: a year and a day.
    private static let longest = 366 * 86400 * second

    /// A sum that stays at the longest time.
    private static func added(_ times: [UInt64], to sum: UInt64) -> UInt64 {
        times.reduce(sum) { min($0 + min($1, longest), longest) }
    }

    /// Seconds, with at most one digit behind the point.
    private static func words(_ time: UInt64) -> String {
        let tenths = (min(time, longest) + second / 20) / (second / 10)
        return tenths % 10 == 0 ? "\(tenths / 10) s" : "\(tenths / 10).\(tenths % 10) s"
    }
}
