package import Linux
internal import Programs

/// A directory on the node's disk that outlives its pod: it is restored from a repository before the user's work begins, and
/// saved again and again, and once more at the end.
package struct Snapshot: Equatable, Sendable {
    /// What keeps the snapshots.
    package enum Engine: String, CaseIterable, Sendable {
        /// restic: encrypted, deduplicated, with everything that a file has.
        case restic
        /// Archives of tar and zstd, whole ones, through rclone.
        case archive
        /// A copy of the files through rclone, which has no owners, modes, hard links or empty directories.
        case mirror
    }

    /// How the bucket is named in requests to object storage.
    package enum Addressing: String, CaseIterable, Sendable {
        /// In the name of the host.
        case virtual
        /// In the path.
        case path
    }

    /// What the storage and the repository ask for. Files are read anew for every run, as the user.
    package struct Credentials: Equatable, Sendable {
        package var accessKeyFile: FilePath?
        package var secretKeyFile: FilePath?
        package var sessionTokenFile: FilePath?
        package var passwordFile: FilePath?
        /// The certificates that the storage's own is signed with, in PEM.
        package var certificateFile: FilePath?

        package init() {}
    }

    /// How many snapshots stay; those that none of the numbers keeps are removed once a day.
    package struct Keep: Equatable, Sendable {
        /// A number of restic's `forget`, such as `last`, and its value.
        package var numbers: [(name: String, count: Int32)] = []

        package static let names = ["last", "hourly", "daily", "weekly", "monthly", "yearly"]

        package init() {}

        package static func == (left: Keep, right: Keep) -> Bool {
            left.numbers.elementsEqual(right.numbers) { $0.name == $1.name && $0.count == $1.count }
        }
    }

    /// The name; ``standardName`` for the only one.
    package let name: String
    package var directory: FilePath
    /// Where the snapshots are: `s3:https://HOST/BUCKET/PREFIX`, or an absolute path.
    package var repository: String
    package var engine = Engine.restic
    package var credentials = Credentials()
    /// Nanoseconds from the end of a save to the next one; 0 for one at the start and one at the end.
    package var every = Snapshot.standardInterval
    package var addressing = Addressing.virtual
    package var region = ""
    /// Whether a bucket that is missing may be made with the repository.
    package var createBucket = false
    /// Whether a repository that is missing is made at the start.
    package var create = false
    /// How many transfers there are at once; 0 for the engine's own number.
    package var transfers: Int32 = 0
    /// MiB of a file of the repository; 0 for the engine's own size.
    package var packSize: Int32 = 0
    /// What is not saved, as patterns of the engine.
    package var exclude = Snapshot.standardExclude
    package var keep: Keep?
    /// Nanoseconds that a restore may take.
    package var restoreTimeout: UInt64 = 3600 * 1_000_000_000
    /// Nanoseconds that the save at the end may take.
    package var finalTimeout: UInt64 = 25 * 1_000_000_000
    /// Whether it is from a file of the user's own, which only what runs as the user reads.
    package var isOwn = false
    /// What happens to the boot when the directory is neither restored nor proved to be new.
    package var onFailure = FailurePolicy.stop

    package static let standardName = "snapshot"
    /// What programs make again.
    package static let standardExclude = [".cache", "**/__pycache__"]
    package static let standardInterval: UInt64 = 300 * 1_000_000_000

    package init(name: String, directory: FilePath, repository: String) {
        self.name = name
        self.directory = directory
        self.repository = repository
    }

    /// Whether the repository is object storage.
    package var isRemote: Bool { repository.hasPrefix("s3:") }
}

extension Snapshot {
    /// The program that does the work, beside the one that runs.
    package static var program: FilePath {
        let own = (try? FileTree().linkTarget("/proc/self/exe", links: .follow)) ?? nil
        return (own ?? "/usr/local/bin/entrypoint").parent.appending("entrypointctl")
    }

    /// The service that saves.
    package var service: Service {
        let saving = [Self.program.string, "snapshot", "save", "--name", name]
        var service = Service(
            name: name == Self.standardName ? name : "\(Self.standardName)-\(name)", command: saving + ["--periodic"])
        service.secrets = SnapshotVariables.secretNames
        service.schedule = .every(every == 0 ? 366 * 86400 * 1_000_000_000 : every)
        service.final = Service.Final(
            command: saving + ["--final"], timeout: finalTimeout, reserve: finalTimeout)
        // A service that never began has no final run, and a command may end before one begins after it.
        service.start = .beforeCommand
        return service
    }

    /// The step that restores those of a file of the user's own.
    package static var restoreOwn: DropIn {
        DropIn(
            name: standardName, source: .bundled, program: program,
            arguments: ["snapshot", "restore", "--boot", "--own"], identity: .user,
            // The program knows how long each may take.
            timeLimit: 0)
    }

    /// The step that restores.
    package var restore: DropIn {
        DropIn(
            name: Self.standardName, source: .bundled, program: Self.program,
            arguments: ["snapshot", "restore", "--boot", "--name", name], identity: .user,
            // The program has a limit of its own, and says which.
            timeLimit: UInt32(clamping: restoreTimeout / 1_000_000_000 + 60), onFailure: onFailure,
            secrets: SnapshotVariables.secretNames)
    }
}
