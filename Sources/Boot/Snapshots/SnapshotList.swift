internal import Linux
internal import Text
internal import YAML

/// The snapshots of the configuration files and of the variables.
struct SnapshotList {
    private(set) var snapshots: [Snapshot] = []

    /// Reads them, and notes what is wrong with them or between them.
    init(_ setting: FileSetting<[SnapshotEntry]>, reading reader: inout SettingsReader) {
        let entries = reader.entries(of: setting, "snapshot") { reader, entry, other, file in
            guard reader.configuration.files[file].isUsers else { return }
            let name = entry.name.isEmpty ? "" : " '\(entry.name)'"
            reader.note("the image has a snapshot\(name) already", at: other.nameValue, inFile: file)
        }
        let variables = Variables(&reader)
        if entries.isEmpty {
            guard variables.isAny else { return }
            var snapshot = Snapshot(name: Snapshot.standardName, directory: "/", repository: "")
            variables.apply(to: &snapshot)
            finish(snapshot, &reader, variables) { problem, reader in
                reader.note(Note(.settingsInvalidValue, "SNAPSHOT_\(problem.variable): \(problem.text)"))
            }
            return
        }
        if variables.isAny, entries.count > 1 {
            reader.note(
                Note(
                    .settingsInvalidValue,
                    "\(variables.first) is set, and the configuration has \(entries.count) snapshots: variables are for one"
                ))
        }
        for (entry, file) in entries {
            guard var snapshot = entry.snapshot else { continue }
            snapshot.isOwn = reader.configuration.files[file].isUsers
            if entry.name.isEmpty, entries.count > 1 {
                reader.note("each of several snapshots needs a name", at: entry.nameValue, inFile: file)
            }
            if entries.count == 1 { variables.apply(to: &snapshot) }
            finish(snapshot, &reader, variables, directory: entry.directory) { problem, reader in
                let place = entry.fields[problem.key] ?? entry.fields.mapping ?? entry.nameValue
                reader.note(problem.text, at: place, inFile: file)
            }
        }
    }

    /// Something that is wrong, at a key of the entry or at the variable in its place.
    private struct Problem {
        let key: String
        let variable: String
        let text: String
    }

    /// Fills the placeholders, and checks what depends on several keys.
    private mutating func finish(
        _ snapshot: Snapshot, _ reader: inout SettingsReader, _ variables: Variables, directory: String = "",
        _ tell: (Problem, inout SettingsReader) -> Void
    ) {
        var snapshot = snapshot
        // A boot has no value for some of them until a later step; whoever works with a snapshot has all.
        let placeholders = Placeholders(reader.environment, keepsUnknown: true)
        var problems: [Problem] = []
        func note(_ key: String, _ variable: String, _ text: String) {
            problems.append(Problem(key: key, variable: variable, text: text))
        }
        let text = variables.directory ?? directory
        if text.isEmpty {
            note("directory", "DIRECTORY", "a snapshot needs a directory")
        } else {
            do throws(FormatError) {
                snapshot.directory = try Self.directory(try placeholders.fill(text))
            } catch {
                note("directory", "DIRECTORY", "'\(text.shown())': \(error.expected)")
            }
        }
        if snapshot.repository.isEmpty {
            note("repository", "REPOSITORY", "a snapshot needs a repository")
        } else {
            do throws(FormatError) {
                snapshot.repository = try Self.repository(try placeholders.fill(snapshot.repository))
            } catch {
                // Whoever writes a password into the address must not find it in the log.
                let isSecret = snapshot.repository.utf8.contains(UInt8(ascii: "@"))
                let shown = isSecret ? "" : "'\(snapshot.repository.shown())': "
                note("repository", "REPOSITORY", shown + error.expected)
            }
        }
        if problems.isEmpty {
            if reader.hasAllVariables { checkCredentials(snapshot, variables, note) }
            checkTimes(snapshot, note)
            checkPlaces(snapshot, note)
        }
        guard problems.isEmpty else {
            for problem in problems { tell(problem, &reader) }
            return
        }
        snapshots.append(snapshot)
    }

    private func checkTimes(_ snapshot: Snapshot, _ note: (String, String, String) -> Void) {
        let second: UInt64 = 1_000_000_000
        if snapshot.every > 0, snapshot.every < second {
            note("every", "EVERY", "at least 1 s is between two saves; 0 for one at the start and one at the end")
        }
        if snapshot.restoreTimeout < second { note("restoreTimeout", "RESTORE_TIMEOUT", "at least 1 s") }
        if snapshot.finalTimeout < second { note("finalTimeout", "FINAL_TIMEOUT", "at least 1 s") }
        if snapshot.engine == .archive, let keep = snapshot.keep, keep.numbers.contains(where: { $0.name != "last" }) {
            note("keep", "ENGINE", "of archives only the last ones are kept: keep: {last: N}")
        }
    }

    private func checkPlaces(_ snapshot: Snapshot, _ note: (String, String, String) -> Void) {
        if !snapshot.isRemote, FilePath(snapshot.repository).starts(with: snapshot.directory) {
            note("repository", "REPOSITORY", "it is in the directory that it keeps")
        }
        for other in snapshots {
            let (one, two) = (snapshot.directory, other.directory)
            guard one.starts(with: two) || two.starts(with: one) else { continue }
            note("directory", "DIRECTORY", "it overlaps with that of the snapshot \(other.name)")
        }
    }

    private func checkCredentials(
        _ snapshot: Snapshot, _ variables: Variables, _ note: (String, String, String) -> Void
    ) {
        let given = snapshot.credentials
        if snapshot.engine == .restic, given.passwordFile == nil, !variables.hasPassword {
            note(
                "credentials", "PASSWORD_FILE",
                "restic needs the password of its repository: credentials.passwordFile, or SNAPSHOT_PASSWORD")
        }
        if snapshot.isRemote,
            given.accessKeyFile == nil && !variables.hasAccessKey
                || given.secretKeyFile == nil && !variables.hasSecretKey
        {
            note(
                "credentials", "ACCESS_KEY_FILE",
                "object storage needs credentials.accessKeyFile and credentials.secretKeyFile, or SNAPSHOT_ACCESS_KEY and "
                    + "SNAPSHOT_SECRET_KEY")
        }
        if snapshot.engine == .mirror, snapshot.keep != nil {
            note("keep", "ENGINE", "a mirror has one state, of which nothing is removed")
        }
    }

    /// A directory that may be restored into.
    private static func directory(_ text: String) throws(FormatError) -> FilePath {
        if text.utf8.first == UInt8(ascii: "{") { return FilePath(text) }
        let path = try ValueFormats.absolutePath(text)
        let refused: [FilePath] = [
            "/", "/bin", "/boot", "/dev", "/etc", "/lib", "/proc", "/run", "/sbin", "/sys", "/tmp", "/usr", "/var",
        ]
        guard !refused.contains(path) else { throw FormatError("not a directory that is the user's alone") }
        return path
    }

    /// An address that is understood.
    private static func repository(_ text: String) throws(FormatError) -> String {
        guard !text.utf8.contains(where: { $0.isControl || $0 == UInt8(ascii: " ") }), text.utf8.count < 1024 else {
            throw FormatError("it has a blank or a control character, or more than 1023 bytes")
        }
        if text.utf8.first == UInt8(ascii: "/") { return try ValueFormats.absolutePath(text).string }
        var rest = text[...]
        guard rest.utf8.starts(with: "s3:".utf8) else {
            throw FormatError("neither s3:https://HOST/BUCKET/PREFIX nor an absolute path")
        }
        rest = rest.dropFirst(3)
        for scheme in ["https://", "http://"] where rest.utf8.starts(with: scheme.utf8) {
            rest = rest.dropFirst(scheme.count)
        }
        guard !rest.utf8.contains(UInt8(ascii: "@")) else {
            throw FormatError("an address has no user and no password: write keys to credentials")
        }
        let parts = rest.split(separator: "/", omittingEmptySubsequences: false).map { String($0) }
        guard parts.count >= 2, parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }),
            !rest.utf8.contains(where: { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") })
        else { throw FormatError("not an address such as s3:https://HOST/BUCKET/PREFIX") }
        return text
    }
}

extension SnapshotList {
    /// What the variables say.
    private struct Variables {
        /// The first one that is set.
        var first = ""
        var isAny: Bool { !first.isEmpty }
        var directory: String?
        var hasPassword = false
        var hasAccessKey = false
        var hasSecretKey = false
        private var changes: [(inout Snapshot) -> Void] = []

        init(_ reader: inout SettingsReader) {
            for variable in SnapshotVariables.all where first.isEmpty && reader.isSet(variable) {
                first = variable.name
            }
            guard isAny else { return }
            directory = reader.value(SnapshotVariables.directory)
            hasPassword = reader.value(SnapshotVariables.password) != nil
            hasAccessKey = reader.value(SnapshotVariables.accessKey) != nil
            hasSecretKey = reader.value(SnapshotVariables.secretKey) != nil
            _ = reader.value(SnapshotVariables.sessionToken)
            take(reader.value(SnapshotVariables.repository)) { $0.repository = $1 }
            take(reader.value(SnapshotVariables.engine)) { $0.engine = $1 }
            take(reader.value(SnapshotVariables.every)) { $0.every = $1 }
            take(reader.value(SnapshotVariables.addressing)) { $0.addressing = $1 }
            take(reader.value(SnapshotVariables.region)) { $0.region = $1 }
            take(reader.value(SnapshotVariables.create)) { $0.create = $1 }
            take(reader.value(SnapshotVariables.createBucket)) { $0.createBucket = $1 }
            take(reader.value(SnapshotVariables.transfers)) { $0.transfers = Int32($1) }
            take(reader.value(SnapshotVariables.packSize)) { $0.packSize = Int32($1) }
            take(reader.value(SnapshotVariables.exclude)) { $0.exclude = $1 }
            take(reader.value(SnapshotVariables.keep)) { $0.keep = $1 }
            take(reader.value(SnapshotVariables.onFailure)) { $0.onFailure = $1 }
            take(reader.value(SnapshotVariables.restoreTimeout)) { $0.restoreTimeout = $1 }
            take(reader.value(SnapshotVariables.finalTimeout)) { $0.finalTimeout = $1 }
            take(reader.value(SnapshotVariables.accessKeyFile)) { $0.credentials.accessKeyFile = $1 }
            take(reader.value(SnapshotVariables.secretKeyFile)) { $0.credentials.secretKeyFile = $1 }
            take(reader.value(SnapshotVariables.sessionTokenFile)) { $0.credentials.sessionTokenFile = $1 }
            take(reader.value(SnapshotVariables.passwordFile)) { $0.credentials.passwordFile = $1 }
            take(reader.value(SnapshotVariables.certificateFile)) { $0.credentials.certificateFile = $1 }
        }

        private mutating func take<Value>(_ value: Value?, _ set: @escaping (inout Snapshot, Value) -> Void) {
            guard let value else { return }
            changes.append { set(&$0, value) }
        }

        func apply(to snapshot: inout Snapshot) { for change in changes { change(&snapshot) } }
    }
}
