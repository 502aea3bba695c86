internal import Boot
internal import Linux
internal import Text

/// What an actor may do in a directory on scratch, found out by doing it with temporary files.
struct ScratchTrial: ~Copyable {
    /// A directory that is tried.
    enum Place {
        /// The directory of all homes.
        case root
        case home
        /// Where the command starts.
        case working
    }

    private let facts: ContainerFacts
    private let path: FilePath
    private let remedies: ScratchRemedies
    private let directory: TrialDirectory
    /// The names that were made, and must be removed.
    private var names: [FilePath.Component] = []
    /// What goes well, in words.
    private var abilities: [String] = []
    private var findings: [Finding] = []

    /// How often a file is made to find out how long that takes.
    private static let rounds = 5
    /// How long that may take altogether, in microseconds.
    private static let patience: Int64 = 500_000
    /// How long it may take to make a file until that is a finding, in microseconds.
    private static let slow: Int64 = 50_000
    /// How far the clock of a file server may be off until that is a finding, in milliseconds.
    private static let skew: Int64 = 2000

    /// What the actor of the facts may do.
    static func findings(_ facts: ContainerFacts, in place: Place) -> [Finding] {
        guard let path = path(of: place, facts), !isRepeated(place, path, facts) else { return [] }
        // The seed user only makes what is missing in the directory of all homes.
        if facts.role == .seed && place != .root { return [] }
        CheckProgress.look(at: path)
        let remedies = ScratchRemedies(facts, place, path)
        do throws(SystemCallError) {
            var trial = ScratchTrial(
                facts, path, remedies, try TrialDirectory(path, links: Actors.links(facts.role)))
            return trial.run()
        } catch {
            return [remedies.refusal(error, of: "cannot enter \(path.shown())", status: nil)]
        }
    }

    static func path(of place: Place, _ facts: ContainerFacts) -> FilePath? {
        switch place {
        case .root: facts.scratchRoot
        case .home: facts.scratchHome
        case .working: facts.workingDirectory
        }
    }

    /// Whether another place is the same directory.
    private static func isRepeated(_ place: Place, _ path: FilePath, _ facts: ContainerFacts) -> Bool {
        switch place {
        case .home: false
        case .root: path == facts.scratchHome
        case .working: path == facts.scratchHome || path == facts.scratchRoot
        }
    }

    private init(
        _ facts: ContainerFacts, _ path: FilePath, _ remedies: ScratchRemedies, _ directory: consuming TrialDirectory
    ) {
        self.facts = facts
        self.path = path
        self.remedies = remedies
        self.directory = directory
    }

    private mutating func run() -> [Finding] {
        defer { for name in names { _ = try? directory.directory.remove(name) } }
        do throws(SystemCallError) {
            let before = Clock.realTime
            let start = Clock.monotonic
            let name = TrialDirectory.makeName()
            let file = try directory.make(name)
            names.append(name)
            let first = Clock.microseconds(since: start)
            let after = Clock.realTime
            let status = try file.status(path: path)
            compareOwner(status)
            compareMode(status)
            try lock(file)
            write(file)
            link(name)
            rename(name)
            compareClock(status, between: before, and: after)
            measure(first)
            directory.removeLeftovers(of: status)
            return [.ok("\(path.shown()): \(abilities.joined(separator: ", "))")] + findings
        } catch {
            let status = try? directory.directory.status()
            return [remedies.refusal(error, of: "cannot make files in \(path.shown())", status: status)] + findings
        }
    }

    /// Who owns what the actor makes: the mapping of ids by the file server.
    private mutating func compareOwner(_ status: FileStatus) {
        let owner = "\(status.user):\(status.group)"
        let actor = facts.actor
        if facts.role == .root {
            abilities.append(
                status.user == 0
                    ? "what root makes belongs to \(owner), so that root is not squashed"
                    : "what root makes belongs to \(owner) (root_squash)")
            return
        }
        abilities.append("what \(actor.text) makes belongs to \(owner)")
        if status.user != actor.user {
            findings.append(remedies.foreignOwner(owner))
        } else if let directory = try? directory.directory.status(),
            status.group != (directory.mode.contains(0o2000) ? directory.group : actor.group)
        {
            findings.append(remedies.foreignGroup(status.group))
        }
    }

    /// Whether the file server leaves modes as they are.
    private mutating func compareMode(_ status: FileStatus) {
        guard let umask = facts.umask, facts.role == .user else { return }
        let asked = (0o666 as ModeBits).masked(by: umask)
        guard status.mode != asked else { return }
        findings.append(
            .warn(
                "a file made with mode \(asked.octal) has mode \(status.mode.octal) in \(path.shown())",
                remedy: "a default ACL or the file server changes it: look at getfacl \(path.shellWord)"))
    }

    private mutating func lock(_ file: borrowing Descriptor) throws(SystemCallError) {
        do throws(SystemCallError) {
            try file.lock(path: path)
            abilities.append("flock works")
        } catch {
            findings.append(remedies.missing("flock", error, remedies.noLocks))
        }
    }

    /// A full file system lets a file be made, and refuses what is written into it.
    private mutating func write(_ file: borrowing Descriptor) {
        do throws(SystemCallError) {
            try file.writeAll([UInt8](repeating: UInt8(ascii: "\n"), count: 4096), path: path)
            try file.synchronize(path: path)
        } catch {
            findings.append(remedies.refusal(error, of: "cannot write into files in \(path.shown())", status: nil))
        }
    }

    private mutating func link(_ name: FilePath.Component) {
        let other = TrialDirectory.makeName()
        do throws(SystemCallError) {
            try directory.directory.makeHardLink(other, to: name)
            names.append(other)
            abilities.append("hard links work")
        } catch {
            findings.append(remedies.missing("link", error, remedies.noLinks))
        }
    }

    private mutating func rename(_ name: FilePath.Component) {
        let other = TrialDirectory.makeName()
        do throws(SystemCallError) {
            try directory.directory.rename(name, to: other)
            names.append(other)
            abilities.append("renaming works")
        } catch {
            findings.append(remedies.missing("rename", error, remedies.noRenames))
        }
    }

    /// The clock of the file server against that of this machine.
    private mutating func compareClock(_ status: FileStatus, between before: UInt64, and after: UInt64) {
        let difference = Self.difference(status.modified, between: before, and: after)
        guard difference.magnitude > Self.skew else { return }
        findings.append(
            .warn(
                "the clock of \(remedies.server) is \(difference.magnitude / 1000) s "
                    + "\(difference < 0 ? "behind" : "ahead of") this machine's: make and other programs take files for older "
                    + "or newer than they are",
                remedy:
                    "let both synchronise their clocks (chronyc tracking, or timedatectl, on the node and the server)"))
    }

    /// How far a time of a file server is off, in milliseconds; negative where it is behind.
    ///
    /// - Parameters:
    ///   - time: the time that the server has given to a file.
    ///   - before: the time of this machine before the file was made, in nanoseconds since 1970.
    ///   - after: the time of this machine after that.
    static func difference(_ time: FileStatus.Timestamp, between before: UInt64, and after: UInt64) -> Int64 {
        let time = Int64(time.seconds) &* 1000 &+ Int64(time.nanoseconds) / 1_000_000
        let (earliest, latest) = (Int64(clamping: before / 1_000_000), Int64(clamping: after / 1_000_000))
        return time < earliest ? time &- earliest : time > latest ? time &- latest : 0
    }

    /// How long it takes to make a file.
    private mutating func measure(_ first: Int64) {
        var times = [first]
        let start = Clock.monotonic
        while times.count < Self.rounds, Clock.microseconds(since: start) < Self.patience {
            let name = TrialDirectory.makeName()
            let begin = Clock.monotonic
            guard (try? directory.make(name)) != nil else { break }
            times.append(Clock.microseconds(since: begin))
            _ = try? directory.directory.remove(name)
        }
        let median = times.sorted()[times.count / 2]
        abilities.append("a file is made in \(median.inMilliseconds)")
        guard median > Self.slow else { return }
        findings.append(
            .warn(
                "to make a file in \(path.shown()) takes \(median.inMilliseconds)",
                remedy:
                    "keep environments and many small files off it (UV_CACHE_DIR and WORKING_DIR on a local volume), and ask "
                    + "whoever runs \(remedies.server) about its load"))
    }
}
