package import Linux
internal import Programs
internal import Text

/// Makes the user's directories on the shared file system.
package struct Scratch: Step {
    package static let isOptional = false
    package static let name = "scratch"
    package static let summary = "the directories on the shared file system exist, and the umask is set"
    package static let actors = "user, else seed"

    static let cacheVariable = Variable(
        "HF_HOME", .absolutePath,
        Words(
            "Hugging Face cache, shared by the group", default: "`\(sharedCacheName)` beside `SCRATCH_HOME_ROOT`",
            example: "/mloscratch/hf_cache"),
        key: "scratch.sharedCache")
    static let tokenPathVariable = Variable(
        "HF_TOKEN_PATH", .absolutePath,
        Words(
            "Where Hugging Face keeps the user's token, which must not be in the shared cache",
            default: "`$SCRATCH_HOME/\(tokenName)`"))
    static let umaskVariable = Variable(
        "SCRATCH_UMASK", .umask,
        Words(
            "umask of the boot's work as the user, and of the command; octal",
            default: "00\(String(standardUmask.rawValue, radix: 8))"),
        key: "scratch.umask")
    static let seedVariable = Variable(
        PodVariables.seedUserName, .text(SeedRequest.parse),
        Words(
            "Account that makes a directory which the user may not make: a name in `/etc/passwd`, or `uid:gid`",
            default: "`\(defaultSeed)` where that account exists", example: "\"177449:83070\""),
        .imagePolicy, key: "scratch.seedUser")

    package static let variables: [any VariableDeclaration] = [
        PodVariables.scratchRoot, PodVariables.scratchHome, PodVariables.workingDirectory, cacheVariable,
        tokenPathVariable, umaskVariable, seedVariable, PodVariables.timeout,
    ]
    package static let exports = [
        PodVariables.scratchHome.name, PodVariables.workingDirectory.name, cacheVariable.name, tokenPathVariable.name,
    ]

    static let seedDirectoriesSetting = FileSetting(
        "scratch.seedDirectories", .list(of: SeedDirectory.type),
        Words(
            "Directories beneath which the seed user may make directories; directly in them in an elevated start, where one "
                + "on a volume is described as `/proc/self/mountinfo` has it",
            default: "anywhere, and nowhere in an elevated start",
            example:
                "[/srv/homes, {path: /data/homes, source: \"10.0.0.5:/data\", root: /, type: nfs4, point: /data}]"))
    static let homeOwnersSetting = FileSetting(
        "scratch.homeOwners", .list(of: .text(HomeOwner.parse)),
        Words(
            "Uids, or names in the image's `/etc/passwd`, whose directory may be a user's `SCRATCH_HOME` or a cache in it, "
                + "beside the user and the seed user",
            default: "none", example: "[177449]"))
    static let directoriesSetting = FileSetting(
        "scratch.directories", .list(of: Directory.type),
        Words(
            "Further directories; a path without a slash in front is below `SCRATCH_HOME`", default: "none",
            example: "[{path: data, mode: \"0770\"}, {path: /mloscratch/shared, owner: seed, shared: true}]"))
    static let tokenPathSetting = FileSetting(
        "scratch.tokenPath", .pathInScratch,
        Words(
            "Where Hugging Face keeps the user's token, where `HF_TOKEN_PATH` is not set; without a slash in front it is "
                + "below `SCRATCH_HOME`",
            default: tokenName, example: tokenName))

    package static let fileSettings: [any SettingDeclaration] = [
        tokenPathSetting, seedDirectoriesSetting, homeOwnersSetting, directoriesSetting,
    ]

    /// The name of the shared cache's directory.
    private static let sharedCacheName = "hf_cache"
    /// The user's own directory for Hugging Face.
    private static let privateCacheName = ".cache/huggingface"
    private static let tokenName = "\(privateCacheName)/token"
    private static let standardUmask: ModeBits = 0o007
    static let defaultSeed = "mljaggi-admin"

    package let home: FilePath
    package let workingDirectory: FilePath
    package let cache: FilePath
    package let tokenPath: FilePath
    package let umask: ModeBits
    package let seed: SeedRequest
    /// The directories below which the seed user may make directories; `nil` for no restriction.
    package let seedDirectories: [SeedDirectory]?
    /// Who may own the home, besides the user and the seed user.
    package let homeOwners: [HomeOwner]
    /// Further directories.
    package let directories: [Directory]
    /// In seconds; 0 for no limit.
    package let timeout: UInt32

    package init?(reading reader: inout SettingsReader) {
        let root = reader.value(PodVariables.scratchRoot)
        let workingDirectory = reader.value(PodVariables.workingDirectory)
        let home = reader.value(PodVariables.scratchHome)
        let cache = reader.value(Self.cacheVariable)
        let tokenPath = reader.value(Self.tokenPathVariable)
        let usualTokenPath = reader.value(Self.tokenPathSetting)
        umask = reader.value(Self.umaskVariable) ?? Self.standardUmask
        seed = reader.value(Self.seedVariable) ?? .name(Self.defaultSeed, isDefault: true)
        seedDirectories = reader.value(Self.seedDirectoriesSetting) ?? (reader.isElevated ? [] : nil)
        homeOwners = reader.value(Self.homeOwnersSetting) ?? []
        directories = reader.value(Self.directoriesSetting) ?? []
        timeout = reader.value(PodVariables.timeout) ?? PodVariables.standardTimeout
        // The step that declares the name reports what is wrong with it; without a name, no path can be made of it.
        let name = reader.environment.value(PodVariables.userName.name)
        let user = name.flatMap { try? ValueFormats.accountName(String(decoding: $0, as: UTF8.self)) }
        guard let root, let workingDirectory, let user else { return nil }
        self.workingDirectory = workingDirectory
        self.home = home ?? root.appending(user)
        self.tokenPath = self.home.pushing(tokenPath ?? usualTokenPath ?? FilePath(Self.tokenName))
        self.cache = cache ?? root.parent.appending(Self.sharedCacheName)
        checkRootsDirectories(&reader, root: root, user: user)
    }

    package func plan(_ context: PlanContext) -> StepPlan {
        let own = DirectoryChange(
            at: DirectoryChange.Place(home, own: ownPlaces(context), isOnVolume: true),
            made: DirectoryChange.Form(
                mode: Self.homeMode.masked(by: umask), seedMode: Self.homeMode, group: group(context)),
            use: .write, trust: DirectoryChange.Trust(owners: permittedOwners(context).owners))
        let working = directory(workingDirectory, for: .enter, context, isOnVolume: true)
        let shared = DirectoryChange(
            at: DirectoryChange.Place(cache, own: [home], isOnVolume: true),
            made: DirectoryChange.Form(mode: Self.sharedMode, group: group(context), isShared: true), use: .write,
            fallbacks: [home.appending(Self.privateCacheName)])
        // Hugging Face keeps every token a second time, beside the one in use.
        let token = OwnFileChange(
            path: tokenPath, neighbours: ["stored_tokens"], own: ownPlaces(context),
            owners: permittedOwners(context).owners + [0])
        // Any other place was chosen by the pod spec.
        let tokens =
            tokenPath.starts(with: home)
            ? [
                PlannedChange(
                    .ownFile(token), by: [.user], onFailure: .warn,
                    consequence:
                        "\(Self.tokenPathVariable.name) is \(Self.nowhere): no token is kept, which others could read")
            ] : []
        return StepPlan(
            changes: [
                PlannedChange(.directory(own), by: actors(for: home, context), onFailure: .stop),
                PlannedChange(.directory(working), by: actors(for: workingDirectory, context), onFailure: .stop),
                PlannedChange(.directory(shared), by: actors(for: cache, context), onFailure: .warn),
            ] + tokens + directories.map { furtherChange($0, context) },
            exports: [
                Export(PodVariables.scratchHome.name, home.string),
                Export(PodVariables.workingDirectory.name, workingDirectory.string),
                Export(Self.cacheVariable.name, .directory(cache)),
                Export(
                    Self.tokenPathVariable.name,
                    tokens.isEmpty ? .text(tokenPath.string) : .placeOrText(tokenPath, Self.nowhere)),
            ], warnings: permittedOwners(context).warnings)
    }

    /// The place for a token that everybody could read elsewhere: by default Hugging Face keeps it in the shared cache.
    private static let nowhere = "/dev/null"

    /// A directory that the user owns and another step needs.
    func directory(
        _ path: FilePath, for use: DirectoryChange.Use, _ context: PlanContext, isOnVolume: Bool = false,
        owners: [UInt32]? = nil
    ) -> DirectoryChange {
        DirectoryChange(
            at: DirectoryChange.Place(path, own: ownPlaces(context), isOnVolume: isOnVolume),
            made: DirectoryChange.Form(
                mode: Self.groupMode.masked(by: umask), seedMode: Self.groupMode, group: group(context)),
            use: use, trust: DirectoryChange.Trust(owners: owners))
    }

    /// The mode of a directory that other members of the group also use, whatever the umask is.
    private static let groupMode: ModeBits = 0o770
    /// The group also works there; the sticky bit keeps it from moving the user's files away (inode(7)).
    /// The directories that outlive every container, ``home`` first.
    package var persistentDirectories: [FilePath] { [home, cache] }

    private static let homeMode: ModeBits = 0o1770
    /// The set-group-ID bit makes the group own what is made inside, too (inode(7)).
    private static let sharedMode: ModeBits = 0o2770

    /// The umask applies to what the user makes there. A working directory above the home is shared.
    func ownPlaces(_ context: PlanContext) -> [FilePath] {
        let isEverybodys = home.starts(with: workingDirectory) || cache.starts(with: workingDirectory)
        return [context.people.user.home, home] + (isEverybodys ? [] : [workingDirectory])
    }

    /// Without privileges, the group may be a supplementary group of the process.
    func group(_ context: PlanContext) -> UInt32 {
        context.settings[Identity.self]?.groupID ?? context.people.user.credentials.group
    }

    /// The user, and the seed user if there is one who may work there.
    private func actors(for path: FilePath, _ context: PlanContext) -> [Actor] {
        let mayMake = seedDirectories?.contains { path != $0.path && path.starts(with: $0.path) } ?? true
        return context.people.seed != nil && mayMake ? [.user, .seed] : [.user]
    }

    private func furtherChange(_ directory: Directory, _ context: PlanContext) -> PlannedChange {
        let path = directory.path.isAbsolute ? directory.path : home.pushing(directory.path)
        let isRoots = directory.owner == .root
        let standard = directory.isShared ? Self.sharedMode : Self.groupMode
        let users = directory.owner == .user && !directory.isShared ? standard.masked(by: umask) : standard
        let change = DirectoryChange(
            at: DirectoryChange.Place(
                path, own: directory.isShared ? [home] : ownPlaces(context), isOnVolume: !isRoots),
            made: DirectoryChange.Form(
                mode: directory.mode ?? users, seedMode: directory.mode ?? standard, owner: isRoots ? 0 : nil,
                group: isRoots ? 0 : group(context), isShared: directory.isShared),
            use: isRoots ? .none : .write)
        let by: [Actor] =
            switch directory.owner {
            case .root: [.root]
            case .seed: actors(for: path, context).filter { $0 == .seed }
            case .user: actors(for: path, context)
            }
        return PlannedChange(.directory(change), by: by, onFailure: .warn)
    }
}
