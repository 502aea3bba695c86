internal import Boot
internal import Linux
package import Text

/// What is known of a directory and its snapshots, in a file in the directory. It decides: nothing is saved unless the
/// directory was restored, or is proved to be new.
package struct SnapshotState: Equatable, Sendable {
    package enum Phase: String, Sendable {
        /// The directory holds what a snapshot held, and the user's work since.
        case restored
        /// The repository has answered that it has no snapshot of the directory.
        case fresh
        /// What was restored is being moved to its place.
        case placing
        /// What is in its place is being moved aside, because it stands in the repository.
        case replacing
        /// Neither is known.
        case incomplete
    }

    /// A save.
    package struct Save: Equatable, Sendable {
        /// When it ended, in nanoseconds since 1970.
        package var ended: UInt64 = 0
        /// Nanoseconds that it took.
        package var duration: UInt64 = 0
        /// Why it failed; empty for one that has not.
        package var failure = ""
        package var files: UInt64 = 0
        package var bytes: UInt64 = 0
        package var bytesAdded: UInt64 = 0
        /// How many files could not be read.
        package var unreadable: UInt64 = 0
        package var isFinal = false
    }

    package var phase: Phase
    /// The repository's address.
    package let repository: String
    /// The snapshot that the directory comes from, or that it was saved to last; empty for none.
    package var snapshot = ""
    /// When that snapshot was made (RFC 3339); empty where nobody knows.
    package var time = ""
    /// The snapshot that it was restored from; empty for none.
    package var base = ""
    /// The last snapshot of another pod that was told of.
    package var told = ""
    /// The pod that the directory belongs to.
    package var host: String
    /// Nothing had changed since the last save at this time, in nanoseconds since 1970; 0 where nobody knows.
    package var cleanSince: UInt64 = 0
    /// The names that the directory had then (``TreeSurvey/mark``).
    package var mark = ""
    /// Whether the directory was saved since it was restored.
    package var isSavedHere = false
    /// When it was looked for snapshots of other pods last, and when old ones were removed.
    package var checked: UInt64 = 0
    package var pruned: UInt64 = 0
    /// Why the state is incomplete.
    package var reason = ""
    package var last: Save?

    package init(_ phase: Phase, repository: String, host: String) {
        self.phase = phase
        self.repository = repository
        self.host = host
    }

    /// Whether the directory may be saved.
    package var maySave: Bool { phase == .restored || phase == .fresh }

    package var json: JSON {
        var members: [(String, JSON)] = [
            ("version", .number(1)), ("state", .string(phase.rawValue)), ("repository", .string(repository)),
            ("snapshot", .string(snapshot)), ("time", .string(time)), ("base", .string(base)), ("told", .string(told)),
            ("host", .string(host)), ("cleanSince", .number(cleanSince)), ("mark", .string(mark)),
            ("isSavedHere", .bool(isSavedHere)), ("checked", .number(checked)), ("pruned", .number(pruned)),
        ]
        if !reason.isEmpty { members.append(("reason", .string(reason))) }
        if let last { members.append(("lastSave", last.json)) }
        return .object(members)
    }

    /// Reads what ``json`` has.
    ///
    /// - Throws: what was expected.
    init(reading bytes: [UInt8]) throws(FormatError) {
        let json = try JSON(reading: bytes)
        guard json["version"]?.integer(Int.self) == 1, let phase = json["state"]?.string.flatMap(Phase.init),
            let repository = json["repository"]?.string, let host = json["host"]?.string
        else { throw FormatError("expected version 1 of a snapshot's state") }
        self.init(phase, repository: repository, host: host)
        snapshot = json["snapshot"]?.string ?? ""
        base = json["base"]?.string ?? ""
        time = json["time"]?.string ?? ""
        told = json["told"]?.string ?? ""
        cleanSince = json["cleanSince"]?.integer() ?? 0
        mark = json["mark"]?.string ?? ""
        isSavedHere = json["isSavedHere"] == .bool(true)
        checked = json["checked"]?.integer() ?? 0
        pruned = json["pruned"]?.integer() ?? 0
        reason = json["reason"]?.string ?? ""
        last = json["lastSave"].map { Save(reading: $0) }
    }
}

extension SnapshotState.Save {
    package var json: JSON {
        var members: [(String, JSON)] = [
            ("ended", .string(Timestamps.utc(nanoseconds: ended))), ("endedNanoseconds", .number(ended)),
            ("durationNanoseconds", .number(duration)), ("files", .number(files)), ("bytes", .number(bytes)),
            ("bytesAdded", .number(bytesAdded)), ("unreadable", .number(unreadable)), ("isFinal", .bool(isFinal)),
        ]
        if !failure.isEmpty { members.append(("failure", .string(failure))) }
        return .object(members)
    }

    fileprivate init(reading json: JSON) {
        ended = json["endedNanoseconds"]?.integer() ?? 0
        duration = json["durationNanoseconds"]?.integer() ?? 0
        failure = json["failure"]?.string ?? ""
        files = json["files"]?.integer() ?? 0
        bytes = json["bytes"]?.integer() ?? 0
        bytesAdded = json["bytesAdded"]?.integer() ?? 0
        unreadable = json["unreadable"]?.integer() ?? 0
        isFinal = json["isFinal"] == .bool(true)
    }
}
