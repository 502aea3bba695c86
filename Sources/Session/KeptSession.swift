internal import Boot
internal import Linux
internal import Text

/// What a boot has kept for the later sessions of its container: what they are to be like, and their environment.
struct KeptSession {
    /// What a session is to be like.
    let record: SessionRecord
    /// The environment without secrets.
    let environment: KeptEnvironment

    /// The file in ``Paths/state`` that says who the user is: root's, and for root alone.
    static let identityName: FilePath.Component = "identity"
    /// The longest file, in bytes.
    private static let limit = 1 << 20

    /// Finds what the boot of this container's life has kept.
    ///
    /// Root believes what root alone can have written and read, and nothing else. Another user believes the report of
    /// a boot for that user.
    ///
    /// - Parameters:
    ///   - user: the id of the user who asks.
    ///   - tree: the container's files.
    /// - Throws: why there is nothing.
    static func find(for user: UInt32, in tree: FileTree) throws(KeptEnvironment.Absence) -> KeptSession {
        if user == 0 {
            let record = try recordOfRoot(in: tree)
            let kept = try KeptEnvironment.read(Paths.state, of: 0, for: record.user.credentials.user, in: tree)
            return KeptSession(record: record, environment: kept)
        }
        return try KeptEnvironment.find(for: user, in: tree) { place, owner throws(KeptEnvironment.Absence) in
            let record = try record(in: place, of: owner, for: user, tree)
            try proveLife(of: record, in: tree)
            let kept = try KeptEnvironment.read(place, of: owner, for: user, in: tree)
            return KeptSession(record: record, environment: kept)
        }
    }

    /// What the boot of this container's life has kept for root alone.
    ///
    /// - Throws: why there is nothing that root believes.
    static func recordOfRoot(in tree: FileTree) throws(KeptEnvironment.Absence) -> SessionRecord {
        let record = try identity(in: tree)
        try proveLife(of: record, in: tree)
        return record
    }

    /// What a boot has kept for a shell of its user, who is never root. Where lives of containers cannot be told from each
    /// other (`hidepid`), it is believed only if root has written it.
    ///
    /// - Throws: why there is nothing.
    static func findForShell(of user: UInt32, in tree: FileTree) throws(KeptEnvironment.Absence) -> KeptSession {
        if user == 0 { throw .nothing("the environment of a boot is its user's, and never root's") }
        return try KeptEnvironment.find(for: user, in: tree) { place, owner throws(KeptEnvironment.Absence) in
            let record = try record(in: place, of: owner, for: user, tree)
            let isKnown = ((try? ContainerLife(in: tree)) ?? nil) != nil
            if isKnown || owner != 0 { try proveLife(of: record, in: tree) }
            let kept = try KeptEnvironment.read(place, of: owner, for: user, in: tree)
            return KeptSession(record: record, environment: kept)
        }
    }

    private static let otherLife = "what is kept is of another container, or of its last start"

    private static func record(
        in place: FilePath, of owner: UInt32, for user: UInt32, _ tree: FileTree
    ) throws(KeptEnvironment.Absence) -> SessionRecord {
        let report = try KeptReport.read(place, of: owner, in: tree)
        guard let record = report.boot.session else { throw .nothing("the boot has not reached its command") }
        guard record.user.credentials.user == user else {
            throw .nothing("the boot was for user \(record.user.credentials.user)")
        }
        return record
    }

    private static func identity(in tree: FileTree) throws(KeptEnvironment.Absence) -> SessionRecord {
        try KeptEnvironment.proveMount(of: Paths.state, in: tree)
        let path = Paths.state.appending(identityName)
        let bytes: [UInt8]
        do throws(ProvenDirectory.Failure) {
            let file = try ProvenDirectory(Paths.state, of: 0, in: tree).open(identityName)
            bytes = try KeptEnvironment.bytes(of: file, path, limit: limit)
        } catch {
            throw KeptEnvironment.Absence(error)
        }
        let record: SessionRecord
        do throws(FormatError) {
            record = try SessionRecord(line: bytes)
        } catch {
            throw .unusable("\(path.shown()): \(error.expected)")
        }
        // No boot makes root a user, and nothing of a user's may reach root.
        guard record.user.credentials.user != 0 else { throw .unusable("\(path.shown()) says that the user is root") }
        return record
    }

    private static func proveLife(
        of record: SessionRecord, in tree: FileTree
    ) throws(KeptEnvironment.Absence) {
        guard let life = (try? ContainerLife(in: tree)) ?? nil else {
            throw .unusable("this container cannot be distinguished from others without /proc")
        }
        guard record.life == life.text else {
            throw .nothing(otherLife)
        }
    }
}
