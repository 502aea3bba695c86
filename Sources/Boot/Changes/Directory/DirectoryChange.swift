package import Linux
internal import Text

/// A directory exists.
package struct DirectoryChange: Equatable, Sendable {
    /// What the user must be able to do there.
    package enum Use: Equatable, Sendable {
        /// Nothing in particular.
        case none
        /// Enter it.
        case enter
        /// Enter it, and make and remove files in it.
        case write
    }

    /// Where a directory is.
    package struct Place: Equatable, Sendable {
        package fileprivate(set) var path: FilePath
        /// The roots of the user's own tree. Missing directories above belong to the group, whatever the umask is.
        package let own: [FilePath]
        /// Whether the directory is expected on a volume, so that its absence may mean that the volume is missing.
        package let isOnVolume: Bool
        /// Whether it is told when nothing more can be stored there.
        package let needsSpace: Bool
        /// What the directory must be on one mount with; `nil` for nothing in particular.
        package let neighbour: Neighbour?

        package init(
            _ path: FilePath, own: [FilePath] = [], isOnVolume: Bool = false, needsSpace: Bool = false,
            neighbour: Neighbour? = nil
        ) {
            self.path = path
            self.own = own
            self.isOnVolume = isOnVolume
            self.needsSpace = needsSpace
            self.neighbour = neighbour
        }
    }

    /// How a directory is made; one that exists stays as it is.
    package struct Form: Equatable, Sendable {
        package fileprivate(set) var mode: ModeBits
        /// The mode of a directory that the seed makes: the user does not own it, so the user's umask does not matter.
        package let seedMode: ModeBits
        /// The owner of a directory that root makes; other actors own what they make.
        package let owner: UInt32?
        package let group: UInt32
        /// Whether others of the group work in it too: an existing one is then expected to have the same mode bits.
        package let isShared: Bool

        package init(
            mode: ModeBits, seedMode: ModeBits? = nil, owner: UInt32? = nil, group: UInt32, isShared: Bool = false
        ) {
            self.mode = mode
            self.seedMode = seedMode ?? mode
            self.owner = owner
            self.group = group
            self.isShared = isShared
        }
    }

    /// Who may own a directory and the files in it.
    package struct Trust: Equatable, Sendable {
        /// Who may own an existing directory, and those above it within the user's own tree; `nil` for anybody.
        package let owners: [UInt32]?
        /// Files that are reported when they belong to somebody else.
        package let startup: StartupFiles?
        /// Files in it that the same must own if they are there.
        package let files: [FilePath.Component]

        package init(
            owners: [UInt32]? = nil, startup: StartupFiles? = nil, files: [FilePath.Component] = []
        ) {
            self.owners = owners
            self.startup = startup
            self.files = files
        }
    }

    package private(set) var place: Place
    package private(set) var made: Form
    package private(set) var use: Use
    /// What is used in its place when it cannot be used: the first of these that can.
    package let fallbacks: [FilePath]
    package let trust: Trust

    package init(
        at place: Place, made: Form, use: Use, fallbacks: [FilePath] = [], trust: Trust = Trust()
    ) {
        self.place = place
        self.made = made
        self.use = use
        self.fallbacks = fallbacks
        self.trust = trust
    }

    package var path: FilePath { place.path }

    /// The same directory at another path.
    func moved(to path: FilePath) -> DirectoryChange {
        var change = self
        change.place.path = path
        return change
    }

    /// The same directory for another use.
    private func used(for use: Use) -> DirectoryChange {
        var change = self
        change.use = use
        return change
    }

    /// The same directory as an actor makes it.
    func made(by actor: Actor) -> DirectoryChange {
        var change = self
        change.made.mode = mode(by: actor)
        return change
    }

    /// The mode that an actor gives to the directory.
    func mode(by actor: Actor) -> ModeBits { actor == .seed ? made.seedMode : made.mode }
}

extension DirectoryChange: CheckedChange {
    var goal: String { "directory \(path.shown()) (\(made.mode.octal))" }

    func done(by identity: String) -> String { "created \(path.shown()) (\(made.mode.octal)) as \(identity)" }

    var deed: Deed { .created(path) }

    var subject: FilePath? { path }

    var blocksWhatLiesBelow: Bool { true }

    func moved(by resolve: (FilePath) -> FilePath) -> Change? { .directory(moved(to: resolve(path))) }

    func apply(on bench: Workbench) throws(BootError) -> Outcome {
        if isRoots, let reason = try reasonAgainstRoot(on: bench) { return .skipped(.filesNotTheImages, reason) }
        let wanted = besideNeighbour(on: bench)
        if wanted.path != path {
            bench.ledger.choose(wanted.path, for: path)
            bench.performed = .directory(wanted)
        }
        do throws(BootError) {
            return try wanted.ensure(on: bench)
        } catch {
            for fallback in fallbacks {
                let change = replacement(at: fallback, on: bench)
                let part = Workbench(forPartOf: bench, by: [.user, .seed].filter(bench.actors.has))
                defer { bench.takeNotes(of: part) }
                let outcome: Outcome
                do throws(BootError) {
                    outcome = try change.ensure(on: part)
                } catch {
                    // The first failure is the one to report.
                    continue
                }
                part.note(error, consequence: "\(fallback.shown()) is used instead")
                bench.ledger.choose(fallback, for: path)
                if !part.identity.isEmpty { bench.identity = part.identity }
                bench.performed = part.performed ?? .directory(change)
                return outcome
            }
            throw error
        }
    }

    /// The directory that is made in its place.
    private func replacement(at fallback: FilePath, on bench: Workbench) -> DirectoryChange {
        let planned = bench.ledger.plannedDirectories
        // If the plan describes such a place, that description also applies here.
        if let known = planned.first(where: { $0.path == fallback }) {
            return known.used(for: .write)
        }
        // What lies in the home has the same owners as the home.
        let above = planned.first { fallback.starts(with: $0.path) && $0.trust.owners != nil }
        return DirectoryChange(
            at: Place(fallback, own: place.own),
            made: Form(
                mode: ModeBits(rawValue: 0o770).masked(by: bench.actors.workUmask), seedMode: 0o770, group: made.group),
            use: .write, trust: Trust(owners: above?.trust.owners.map { $0 + [0] }))
    }

    /// Makes sure that this very directory exists and can be used.
    @inline(never)
    func ensure(on bench: Workbench) throws(BootError) -> Outcome {
        // Programs find some of these files even if there is no directory.
        defer { tellForeignFiles(on: bench) }
        return try checkAndMake(on: bench)
    }

    func check(on bench: Workbench) throws(BootError) -> Finding<Void> {
        // The working directory is often the persistent one, and every call to a file server takes time.
        let isAsked = trust.owners != nil || trust.startup != nil
        if bench.ledger.isWritable(path) && use == .enter && !isAsked { return .already }
        try checkOwnersAbove(on: bench)
        let (found, link) = try lookWithLink(at: path, on: bench)
        if found == nil, let link { try checkOwner(at: path, link, link, on: bench) }
        if let status = found {
            try checkOwner(at: path, status, link, on: bench)
            try checkOwnersOfFiles(on: bench)
            try checkUse(status, on: bench)
            if use == .write { bench.ledger.noteWritable(path) }
            compare(with: status, on: bench)
            tellFull(on: bench)
            return .already
        }
        // In a boot it would exist by now.
        return bench.isDryRun && bench.ledger.isExpectedItself(path) ? .already : .differs(())
    }

    func foresee(_: Void, on bench: Workbench) throws(BootError) {
        try checkMakeable(on: bench)
        bench.ledger.expect(path)
    }

    func makeTrue(_: Void, on bench: Workbench) throws(BootError) -> Outcome {
        try makeMissing(on: bench)
        if trust.owners != nil {
            // Another process may have been faster.
            let (found, link) = try lookWithLink(at: path, on: bench)
            if let found { try checkOwner(at: path, found, link, on: bench) }
            try checkOwnersAbove(on: bench)
        }
        try checkUse(nil, on: bench)
        return .changed
    }
}

// What a dry run can predict.
extension DirectoryChange {
    /// Checks whether a boot could make the directory, and as whom.
    private func checkMakeable(on bench: Workbench) throws(BootError) {
        bench.identity = bench.actors.words(bench.actor)
        var parent = path.parent
        while parent.lastComponent != nil, try look(at: parent, on: bench) == nil {
            if bench.isExpected(parent) { return }
            parent = parent.parent
        }
        var attempts: [Attempt] = []
        for actor in bench.able {
            let named = actor == .seed ? bench.seedPlaces.named(parent, for: path, made: []) : nil
            if named?.isEmpty == true { continue }
            bench.identity = bench.actors.words(actor)
            if let named, let refusal = seedRefusal(at: parent, named, on: bench) {
                throw bench.failure("cannot create", path, attempts, isOnVolume: place.isOnVolume, remedy: refusal)
            }
            do throws(SystemCallError) {
                try bench.checkMaking(in: parent, as: actor)
                tell(madeBy: actor, on: bench)
                return
            } catch {
                attempts.append(Attempt(as: bench.identity, error))
                guard error.errno == .permissionDenied || error.errno == .notPermitted else { break }
            }
        }
        throw bench.failure("cannot create", path, attempts, isOnVolume: place.isOnVolume)
    }
}
