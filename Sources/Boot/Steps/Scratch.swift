package import Linux
package import SystemPackage

/// Makes the user's directories on the shared file system.
package struct Scratch: Step {
    package static let name = "scratch"
    package static let summary = "the directories on the shared file system exist, and the umask is set"
    package static let actors = "user, else seed"
    package static let exports = ["SCRATCH_HOME", "WORKING_DIR", "HF_HOME", "HF_TOKEN_PATH"]

    static let rootVariable = Variable(
        "SCRATCH_HOME_ROOT", "Directory of the users' persistent directories", isRequired: true,
        parse: Formats.absolutePath)
    static let workingDirectoryVariable = Variable(
        "WORKING_DIR", "Directory that the command starts in", isRequired: true, parse: Formats.absolutePath)
    static let homeVariable = Variable(
        "SCRATCH_HOME", "The user's persistent directory", default: "`$SCRATCH_HOME_ROOT/$NB_USER`",
        parse: Formats.absolutePath)
    static let cacheVariable = Variable(
        "HF_HOME", "Hugging Face cache, shared by the group", default: "`hf_cache` beside `SCRATCH_HOME_ROOT`",
        parse: Formats.absolutePath)
    static let tokenPathVariable = Variable(
        "HF_TOKEN_PATH", "Where Hugging Face keeps the user's token, which must not be in the shared cache",
        default: "`$SCRATCH_HOME/.cache/huggingface/token`", parse: Formats.absolutePath)
    static let umaskVariable = Variable(
        "SCRATCH_UMASK", "umask of the boot's work as the user, and of the command; octal", default: "007",
        parse: Formats.umask)
    static let seedVariable = Variable(
        "SCRATCH_SEED_USER",
        "Account that makes a directory which the user may not make: a name in `/etc/passwd`, or `uid:gid`",
        default: "`\(defaultSeed)` where that account exists", parse: Seed.parse)

    static let timeoutVariable = Variable(
        "SCRATCH_TIMEOUT",
        "Seconds that a file server may take for one change before the boot is ended; 0 waits for ever",
        default: "60", parse: Formats.seconds)

    package static let variables: [any VariableDeclaration] = [
        rootVariable, homeVariable, workingDirectoryVariable, cacheVariable, tokenPathVariable, umaskVariable,
        seedVariable, timeoutVariable,
    ]

    static let defaultSeed = "mljaggi-admin"

    /// Who the seed user is.
    package enum Seed: Equatable, Sendable {
        case ids(user: UInt32, group: UInt32)
        /// A name in `/etc/passwd`, which must be there unless it is the default.
        case name(String, isDefault: Bool)

        static func parse(_ text: String) throws(FormatError) -> Seed {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            if parts.count == 2, let user = try? Formats.accountID(String(parts[0])),
                let group = try? Formats.accountID(String(parts[1]))
            {
                return .ids(user: user, group: group)
            }
            guard parts.count == 1, let name = try? Formats.accountName(text) else {
                throw FormatError("not the name of an account, nor two decimal ids as uid:gid; root is neither")
            }
            return .name(name, isDefault: false)
        }
    }

    package let home: FilePath
    package let workingDirectory: FilePath
    package let cache: FilePath
    package let tokenPath: FilePath
    package let umask: ModeBits
    package let seed: Seed
    /// In seconds; 0 for any time.
    package let timeout: UInt32

    package init?(reading reader: inout SettingsReader) {
        let root = reader.value(Self.rootVariable)
        let workingDirectory = reader.value(Self.workingDirectoryVariable)
        let home = reader.value(Self.homeVariable)
        let cache = reader.value(Self.cacheVariable)
        let tokenPath = reader.value(Self.tokenPathVariable)
        umask = reader.value(Self.umaskVariable) ?? 0o007
        seed = reader.value(Self.seedVariable) ?? .name(Self.defaultSeed, isDefault: true)
        timeout = reader.value(Self.timeoutVariable) ?? 60
        // What is wrong with the name is told by the step that declares it; without one there is no path to make of it.
        let name = reader.environment.value(Identity.userNameVariable.name)
        let user = name.flatMap { try? Formats.accountName(String(decoding: $0, as: UTF8.self)) }
        guard let root, let workingDirectory, let user else { return nil }
        self.workingDirectory = workingDirectory
        self.home = home ?? root.appending(user)
        self.tokenPath = tokenPath ?? Self.privateCache(in: self.home).appending("token")
        self.cache = cache ?? root.removingLastComponent().appending("hf_cache")
    }

    package func plan(_ context: PlanContext) -> StepPlan {
        let group = group(context)
        let mode = ownMode
        let actors: [Actor] = context.people.seed == nil ? [.user] : [.user, .seed]
        let own = DirectoryChange(path: home, mode: mode, group: group, use: .write, isOnVolume: true)
        let working = DirectoryChange(path: workingDirectory, mode: mode, group: group, use: .enter, isOnVolume: true)
        let shared = DirectoryChange(
            // The set-group-ID bit lets what is made inside belong to the group too (inode(7)).
            path: cache, mode: ModeBits(rawValue: mode.rawValue | 0o2000), group: group, use: .write, isOnVolume: true,
            isShared: true,
            fallbacks: [Self.privateCache(in: home)])
        return StepPlan(
            changes: [
                PlannedChange(.directory(own), by: actors, onFailure: .stop),
                PlannedChange(.directory(working), by: actors, onFailure: .stop),
                PlannedChange(.directory(shared), by: actors, onFailure: .warn),
            ],
            exports: [
                Export("SCRATCH_HOME", home.string),
                Export("WORKING_DIR", workingDirectory.string),
                Export("HF_HOME", .directory(cache)),
                Export("HF_TOKEN_PATH", tokenPath.string),
            ])
    }

    /// A directory of the user's own that another step needs.
    func directory(_ path: FilePath, for use: DirectoryChange.Use, _ context: PlanContext) -> DirectoryChange {
        DirectoryChange(path: path, mode: ownMode, group: group(context), use: use)
    }

    private var ownMode: ModeBits { ModeBits(rawValue: 0o770).masked(by: umask) }

    /// Without privileges it may be a supplementary group of the process.
    private func group(_ context: PlanContext) -> UInt32 {
        context.settings[Identity.self]?.groupID ?? context.people.user.credentials.group
    }

    /// Hugging Face's directory of the user's own.
    private static func privateCache(in home: FilePath) -> FilePath { home.appending(".cache/huggingface") }
}
