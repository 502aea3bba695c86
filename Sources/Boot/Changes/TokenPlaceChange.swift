package import Linux
internal import Text

/// A file in the user's home for a token ends with the container, and is nobody else's. Where the home outlives the
/// container, or somebody else has made the file's place, one in memory is used instead. The file itself is not made.
package struct TokenPlaceChange: Equatable, Sendable {
    /// The file, as planned.
    package let planned: FilePath
    /// The file, below the directory that is used as the home.
    package let path: FilePath
    package let home: FilePath
    /// Further files in its directory.
    let neighbours: [FilePath.Component]
    /// Whether another step makes its place lead to a volume.
    let isKept: Bool
    /// Who may own the directories.
    let owners: [UInt32]
    /// The container's mounts, which tell whether the home outlives the container; `nil` for those that there are.
    let mounts: [Mount]?

    package init(
        path: FilePath, home: FilePath, neighbours: [FilePath.Component] = [], isKept: Bool = false, owners: [UInt32],
        mounts: [Mount]? = nil
    ) {
        planned = path
        self.path = path
        self.home = home
        self.neighbours = neighbours
        self.isKept = isKept
        self.owners = owners
        self.mounts = mounts
    }

    private init(_ change: TokenPlaceChange, movedBy resolve: (FilePath) -> FilePath) {
        (planned, path, home) = (change.planned, resolve(change.path), resolve(change.home))
        (neighbours, isKept, owners, mounts) = (change.neighbours, change.isKept, change.owners, change.mounts)
    }
}

extension TokenPlaceChange: ChangeKind {
    var goal: String { "place \(path.shown()) ends with the container, and is nobody else's" }

    func done(by identity: String) -> String { "chose memory for \(path.shown()) as \(identity)" }

    var deed: Deed { .other("chose memory for \(path.shown())") }

    var subject: FilePath? { path }

    var needed: [FilePath] { [planned] }

    var blocksWhatLiesBelow: Bool { true }

    var isToldWhenAmiss: Bool { true }

    func moved(by resolve: (FilePath) -> FilePath) -> Change? {
        .tokenPlace(TokenPlaceChange(self, movedBy: resolve))
    }

    func apply(on bench: Workbench) throws(BootError) -> Outcome {
        do throws(BootError) {
            if !isKept {
                if try endsWithContainer(on: bench) { return .already }
            }
        } catch {
            // What an observer cannot see may well be the user's.
            if bench.actors.isObserver, !bench.actors.isUser, error.isForWantOfPrivileges { return .already }
            bench.note(error, consequence: "a token is kept in memory")
        }
        let (memory, isMade) = try bench.memoryDirectory(
            "entrypoint-huggingface", for: "tokens", mounts: mounts ?? bench.mounts)
        bench.ledger.choose(memory, for: planned.parent)
        return isMade ? .changed : .already
    }

    /// Whether the file would end with the container.
    ///
    /// - Throws: whose the place is, if somebody else could read the file there.
    private func endsWithContainer(on bench: Workbench) throws(BootError) -> Bool {
        // The places of the way that exist, from the home down.
        var place = home
        var way: [FilePath] = []
        for name in path.components.dropFirst(home.components.count).dropLast() {
            place.append(name)
            way.append(place)
        }
        var deepest = home
        for (index, place) in ([home] + way).enumerated() {
            guard let status = try bench.look(at: place) else { break }
            // Wherever the link leads, somebody has moved it somewhere else.
            if status.kind == .link { return false }
            // Whose the home is has been told.
            if index == 0 && !owners.contains(status.user) { return false }
            try check(place, status, on: bench)
            deepest = place
        }
        if deepest == path.parent {
            for name in (path.lastComponent.map { [$0] } ?? []) + neighbours {
                let file = deepest.appending(name)
                guard let status = try bench.look(at: file) else { continue }
                if status.kind == .link { return false }
                try check(file, status, on: bench)
            }
        }
        return try isContainers(deepest, on: bench)
    }

    private func check(_ place: FilePath, _ status: FileStatus, on bench: Workbench) throws(BootError) {
        if owners.contains(status.user) { return }
        throw BootError(
            .filesForeignOwner, "cannot use \(place.shown())",
            reason: "it belongs to user \(status.user), who could read what user \(bench.actors.userID) writes there",
            remedy: "move it away")
    }

    /// Whether a directory lies on the container's own root file system.
    private func isContainers(_ place: FilePath, on bench: Workbench) throws(BootError) -> Bool {
        if let mounts { return Mount.holding(place, in: mounts)?.point == "/" }
        let found = try bench.perform("cannot look at", place) { () throws(SystemCallError) in
            (root: bench.tree.mount(at: "/"), place: bench.tree.mount(at: place))
        }
        // In a dry run, the home may not exist yet.
        if found.place == 0 && bench.isDryRun { return Mount.holding(place, in: bench.mounts)?.point == "/" }
        return found.root != 0 && found.root == found.place
    }
}
