internal import Linux
internal import Text
internal import YAML

/// A snapshot as a configuration file has it.
struct SnapshotEntry: NamedEntry {
    /// Empty for one without a name.
    let name: String
    /// The name, with its place in the file; the entry where it has none.
    let nameValue: YAML.Value
    /// `nil` for one that is switched off.
    let snapshot: Snapshot?
    /// The directory, with its placeholders.
    let directory: String
    /// Its keys, with their places.
    let fields: YAML.Fields
}

/// The keys of a snapshot's entry.
enum SnapshotType {
    static let nameField = Field(
        "name", ValueType<String>.text(ValueFormats.entryName),
        "the snapshot's name, where there are several; an entry of a later file takes the place of one with the same name"
    )
    private static let enabledField = Field("enabled", .boolean, "whether it is kept; true without it")
    static let directoryField = Field("directory", ValueType<String>.text, "the directory that outlives its pod")
    static let repositoryField = Field(
        "repository", ValueType<String>.text,
        "where the snapshots are: s3:https://HOST/BUCKET/PREFIX, or an absolute path")
    private static let engineField = Field<Snapshot.Engine>(
        "engine", .choice,
        "what keeps the snapshots; restic without it. A mirror has no owners, modes, hard links or empty directories")
    private static let credentialsField = Field(
        "credentials", credentialsType, "the files with the keys of the storage")
    private static let everyField = Field(
        "every", ValueType<UInt64>.duration,
        "the time from the end of a save to the next one; 5m without it, 0 for one at the start and one at the end")
    private static let addressingField = Field<Snapshot.Addressing>(
        "addressing", .choice, "how requests name the bucket; virtual without it")
    private static let regionField = Field("region", ValueType<String>.text, "the region of the object storage")
    private static let createBucketField = Field(
        "createBucket", .boolean, "whether a bucket that is missing may be made; false without it")
    private static let createField = Field(
        "create", .boolean, "whether a repository that is missing is made at the start; false without it")
    private static let transfersField = Field(
        "transfers", ValueType<Int32>.integer(1...1024), "how many transfers there are at once")
    private static let packSizeField = Field(
        "packSize", ValueType<Int32>.integer(4...128), "MiB of a file of the repository")
    private static let excludeField = Field(
        "exclude", .list(of: ValueType<String>.text(ValueFormats.argument)),
        "patterns of what is not saved; .cache and **/__pycache__ without it")
    private static let keepField = Field("keep", keepType, "how many snapshots stay; all without it")
    private static let restoreTimeoutField = Field(
        "restoreTimeout", ValueType<UInt64>.duration, "how long a restore may take; 1h without it")
    private static let finalTimeoutField = Field(
        "finalTimeout", ValueType<UInt64>.duration, "how long the save at the end may take; 25 s without it")
    private static let onFailureField = Field<FailurePolicy>(
        "onFailure", .choice,
        "whether the boot ends when the directory is neither restored nor proved to be new, which it does without it, or "
            + "goes on without saving")

    static let entry = ValueType<SnapshotEntry>.object([
        nameField, enabledField, directoryField, repositoryField, engineField, credentialsField, everyField,
        addressingField, regionField, createBucketField, createField, transfersField, packSizeField, excludeField,
        keepField, restoreTimeoutField, finalTimeoutField, onFailureField,
    ]) { reader, fields in
        let name = reader.value(nameField, of: fields)
        let isEnabled = reader.value(enabledField, of: fields) ?? true
        var snapshot = Snapshot(
            name: name ?? Snapshot.standardName, directory: "/",
            repository: reader.value(repositoryField, of: fields) ?? "")
        let directory = reader.value(directoryField, of: fields) ?? ""
        snapshot.engine = reader.value(engineField, of: fields) ?? .restic
        snapshot.credentials = reader.value(credentialsField, of: fields) ?? Snapshot.Credentials()
        snapshot.every = reader.value(everyField, of: fields) ?? Snapshot.standardInterval
        snapshot.addressing = reader.value(addressingField, of: fields) ?? .virtual
        snapshot.region = reader.value(regionField, of: fields) ?? ""
        snapshot.createBucket = reader.value(createBucketField, of: fields) ?? false
        snapshot.create = reader.value(createField, of: fields) ?? false
        snapshot.transfers = reader.value(transfersField, of: fields) ?? 0
        snapshot.packSize = reader.value(packSizeField, of: fields) ?? 0
        snapshot.exclude = reader.value(excludeField, of: fields) ?? Snapshot.standardExclude
        snapshot.keep = reader.value(keepField, of: fields)
        snapshot.restoreTimeout = reader.value(restoreTimeoutField, of: fields) ?? snapshot.restoreTimeout
        snapshot.finalTimeout = reader.value(finalTimeoutField, of: fields) ?? snapshot.finalTimeout
        snapshot.onFailure = reader.value(onFailureField, of: fields) ?? .stop
        guard let place = fields[nameField.name] ?? fields.mapping else { return nil }
        return SnapshotEntry(
            name: name ?? "", nameValue: place, snapshot: isEnabled ? snapshot : nil, directory: directory,
            fields: fields)
    }

    /// One snapshot, or several.
    static let entries = ValueType<[SnapshotEntry]>.inFiles(.either(entry.shape, .list(entry.shape))) { reader, value in
        if case .sequence = value.node.content { return reader.list(value, of: entry.read) }
        return entry.read(&reader, value).map { [$0] }
    }

    private static let accessKeyField = Field("accessKeyFile", ValueType<FilePath>.absolutePath, "the access key")
    private static let secretKeyField = Field("secretKeyFile", ValueType<FilePath>.absolutePath, "the secret key")
    private static let sessionTokenField = Field(
        "sessionTokenFile", ValueType<FilePath>.absolutePath, "the session token")
    private static let passwordField = Field(
        "passwordFile", ValueType<FilePath>.absolutePath, "the password that the repository is encrypted with")
    private static let certificateField = Field(
        "caFile", ValueType<FilePath>.absolutePath, "the certificates that the storage's own is signed with")

    private static let credentialsType = ValueType<Snapshot.Credentials>.object([
        accessKeyField, secretKeyField, sessionTokenField, passwordField, certificateField,
    ]) { reader, fields in
        var credentials = Snapshot.Credentials()
        credentials.accessKeyFile = reader.value(accessKeyField, of: fields)
        credentials.secretKeyFile = reader.value(secretKeyField, of: fields)
        credentials.sessionTokenFile = reader.value(sessionTokenField, of: fields)
        credentials.passwordFile = reader.value(passwordField, of: fields)
        credentials.certificateFile = reader.value(certificateField, of: fields)
        return credentials
    }

    private static let keepFields = Snapshot.Keep.names.map { name in
        Field(
            name, ValueType<Int32>.integer(1...10000),
            name == "last" ? "the newest ones" : "the newest of each of so many of them")
    }

    private static let keepType = ValueType<Snapshot.Keep>.object(keepFields.map { $0 }) { reader, fields in
        var keep = Snapshot.Keep()
        for field in keepFields {
            if let count = reader.value(field, of: fields) { keep.numbers.append((field.name, count)) }
        }
        if keep.numbers.isEmpty, let place = fields.mapping {
            reader.note("expected at least one number: what is kept by none of them is removed", at: place)
            return nil
        }
        return keep
    }
}
