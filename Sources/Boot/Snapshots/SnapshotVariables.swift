internal import Linux
internal import Text

/// The variables of a snapshot, for a pod that has one.
package enum SnapshotVariables {
    /// What the names of all of them begin with.
    static let prefix = "SNAPSHOT_"

    static let directory = Variable(
        "SNAPSHOT_DIRECTORY", .text, Words("Directory that a snapshot keeps", example: "/workdir"))
    static let repository = Variable(
        "SNAPSHOT_REPOSITORY", .text,
        Words("Where its snapshots are", example: "s3:https://objects.example.com/bucket/{user}"))
    static let engine = Variable<Snapshot.Engine>(
        "SNAPSHOT_ENGINE", .choice, Words("What keeps the snapshots", default: "restic"))
    static let every = Variable(
        "SNAPSHOT_EVERY", ValueType<UInt64>.duration,
        Words("Time from the end of a save to the next one; 0 for one at the start and one at the end", default: "5m"))
    static let addressing = Variable<Snapshot.Addressing>(
        "SNAPSHOT_ADDRESSING", .choice, Words("How requests name the bucket", default: "virtual"))
    static let region = Variable("SNAPSHOT_REGION", .text, Words("Region of the object storage"))
    static let create = Variable(
        "SNAPSHOT_CREATE", .boolean,
        Words("Whether a repository that is missing is made at the start", default: "false"))
    static let createBucket = Variable(
        "SNAPSHOT_CREATE_BUCKET", .boolean, Words("Whether a bucket that is missing may be made", default: "false"))
    static let transfers = Variable(
        "SNAPSHOT_TRANSFERS", ValueType<UInt32>.text(parseCount), Words("How many transfers there are at once"))
    static let packSize = Variable(
        "SNAPSHOT_PACK_SIZE", ValueType<UInt32>.text(parsePackSize), Words("MiB of a file of the repository"))
    static let exclude = Variable(
        "SNAPSHOT_EXCLUDE", ValueType<[String]>.text(parsePatterns),
        Words("Patterns of what is not saved, with commas between them", default: "`.cache,**/__pycache__`"))
    static let keep = Variable(
        "SNAPSHOT_KEEP", ValueType<Snapshot.Keep>.text(parseKeep),
        Words("How many snapshots stay", default: "all", example: "last=10,daily=7"))
    static let onFailure = Variable<FailurePolicy>(
        "SNAPSHOT_ON_FAILURE", .choice,
        Words("What happens when the directory is neither restored nor proved to be new", default: "stop"))
    static let restoreTimeout = Variable(
        "SNAPSHOT_RESTORE_TIMEOUT", ValueType<UInt64>.duration, Words("How long a restore may take", default: "1h"))
    static let finalTimeout = Variable(
        "SNAPSHOT_FINAL_TIMEOUT", ValueType<UInt64>.duration,
        Words("How long the save at the end may take", default: "25"))

    static let accessKeyFile = file("ACCESS_KEY_FILE", "the access key of the object storage")
    static let secretKeyFile = file("SECRET_KEY_FILE", "its secret key")
    static let sessionTokenFile = file("SESSION_TOKEN_FILE", "its session token")
    static let passwordFile = file("PASSWORD_FILE", "the password that the repository is encrypted with")
    static let certificateFile = file("CA_FILE", "the certificates that the object storage's own is signed with")

    private static func file(_ name: String, _ content: String) -> Variable<FilePath> {
        Variable(
            "SNAPSHOT_\(name)", .absolutePath,
            Words("File with \(content)", example: "/run/secrets/\(name.lowercased())"))
    }

    static let accessKey = secret("ACCESS_KEY", "Access key of the object storage")
    static let secretKey = secret("SECRET_KEY", "Secret key of the object storage")
    static let sessionToken = secret("SESSION_TOKEN", "Session token of the object storage")
    static let password = secret("PASSWORD", "Password that the repository is encrypted with")

    private static func secret(_ name: String, _ meaning: String) -> Variable<String> {
        Variable("SNAPSHOT_\(name)", .text, Words(meaning), .secret(.stripped))
    }

    private static func parseCount(_ text: String) throws(FormatError) -> UInt32 { try number(text, in: 1...1024) }
    private static func parsePackSize(_ text: String) throws(FormatError) -> UInt32 { try number(text, in: 4...128) }

    private static func number(_ text: String, in range: ClosedRange<UInt32>) throws(FormatError) -> UInt32 {
        guard text.utf8.count <= 9, let number = text.utf8.decimal.flatMap({ UInt32(exactly: $0) }),
            range.contains(number)
        else { throw FormatError("not a number from \(range.lowerBound) to \(range.upperBound)") }
        return number
    }

    private static func parsePatterns(_ text: String) throws(FormatError) -> [String] {
        text.split(separator: ",").map { String($0) }
    }

    private static func parseKeep(_ text: String) throws(FormatError) -> Snapshot.Keep {
        var keep = Snapshot.Keep()
        for part in text.split(separator: ",") {
            let pair = part.split(separator: "=", maxSplits: 1).map { String($0) }
            guard pair.count == 2, Snapshot.Keep.names.contains(pair[0]) else {
                throw FormatError("not a list such as last=10,daily=7 of \(Snapshot.Keep.names.inWords)")
            }
            keep.numbers.append((pair[0], Int32(try number(pair[1], in: 1...10000))))
        }
        return keep
    }

    /// The names of the variables with secrets.
    package static let secretNames = [accessKey.name, secretKey.name, sessionToken.name, password.name]

    static let all: [any VariableDeclaration] = [
        directory, repository, engine, every, addressing, region, create, createBucket, transfers, packSize, exclude,
        keep, onFailure, restoreTimeout, finalTimeout,
        accessKeyFile, secretKeyFile, sessionTokenFile, passwordFile, certificateFile, accessKey, secretKey,
        sessionToken, password,
    ]
}
