package import Linux
internal import Programs
internal import Text

/// Makes the user's directories on the shared file system.
package struct Scratch: Step {
    package static let name = "scratch"
    package static let summary = "the directories on the shared file system exist, and the umask is set"
    package static let actors = "user, else seed"

    static let cacheVariable = Variable(
        "HF_HOME", .absolutePath,
        Words(
            "Hugging Face cache, shared by the group",
            default: "`\(sharedCacheName)` beside `SCRATCH_HOME_ROOT`, or in it where it is the top of a volume",
            example: "/scratch/hf_cache"),
        key: "scratch.sharedCache")
    static let tokenPathVariable = Variable(
        "HF_TOKEN_PATH", .absolutePath,
        Words(
            "Where Hugging Face keeps the user's token, which must be neither in the shared cache nor on a volume",
            default: "`~/\(tokenName)`, or in memory where the home outlives the container"))
    static let seedVariable = Variable(
        PodVariables.seedUserName, .text(SeedRequest.parse),
        Words(
            "Account that makes a directory which the user may not make: a name in `/etc/passwd`, or `uid:gid`",
            default: "none", example: "\"177449:83070\""),
        .imagePolicy, key: "scratch.seedUser")

    package static let variables: [any VariableDeclaration] = [
        PodVariables.scratchRoot, PodVariables.scratchHome, PodVariables.workingDirectory, cacheVariable,
        tokenPathVariable, PodVariables.umask, seedVariable, PodVariables.timeout,
    ]
    package static let exports = [
        PodVariables.scratchHome.name, PodVariables.workingDirectory.name, cacheVariable.name, tokenPathVariable.name,
    ]

    static let seedDirectoriesSetting = FileSetting(
        "scratch.seedDirectories", .list(of: SeedDirectory.type),
        Words(
            "Directories beneath which the seed user may make directories; directly in them in an elevated start, where one "
                + "on a volume is described as `/proc/self/mountinfo` has it",
            default: "anywhere, and nowhere in an elevated start", elevated: "nowhere",
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
            example: "[{path: data, mode: \"0770\"}, {path: /scratch/shared, owner: seed, shared: true}]"))
    static let tokenPathSetting = FileSetting(
        "scratch.tokenPath", .pathInScratch,
        Words(
            "Where Hugging Face keeps the user's token, where `HF_TOKEN_PATH` is not set; without a slash in front it is "
                + "below the home, or in memory where the home outlives the container",
            default: tokenName, example: tokenName))

    package static let fileSettings: [any SettingDeclaration] = [
        tokenPathSetting, seedDirectoriesSetting, homeOwnersSetting, directoriesSetting,
    ]

    /// The name of the shared cache's directory.
    private static let sharedCacheName = "hf_cache"
    /// The user's own directory for Hugging Face.
    private static let privateCacheName = ".cache/huggingface"
    private static let tokenName = "\(privateCacheName)/token"

    /// The directory of the users' persistent directories.
    package let homeRoot: FilePath
    package let home: FilePath
    package let workingDirectory: FilePath
    package let cache: FilePath
    /// Where the cache is if what is beside the directory of the homes is on another mount; `nil` for a cache that was
    /// asked for.
    package let cacheInside: FilePath?
    /// An absolute path, or one below the user's home.
    package let tokenPath: FilePath
    package let umask: ModeBits
    /// Who makes what the user may not make, if anybody.
    package let seed: SeedRequest?
    /// The directories below which the seed user may make directories; `nil` for no restriction.
    package let seedDirectories: [SeedDirectory]?
    /// Who may own the home, besides the user and the seed user.
    package let homeOwners: [HomeOwner]
    /// Further directories.
    package let directories: [Directory]

    package init?(reading reader: inout SettingsReader) {
        let root = reader.value(PodVariables.scratchRoot)
        let work = Workplace(reading: &reader, hasScratch: reader.isEnabled(Self.name))
        // It counts even if this step is switched off.
        reader.workplace = work
        let home = reader.value(PodVariables.scratchHome)
        let cache = reader.value(Self.cacheVariable)
        let tokenPath = reader.value(Self.tokenPathVariable)
        let usualTokenPath = reader.value(Self.tokenPathSetting)
        seed = reader.value(Self.seedVariable)
        seedDirectories = reader.value(Self.seedDirectoriesSetting) ?? (reader.isElevated ? [] : nil)
        homeOwners = reader.value(Self.homeOwnersSetting) ?? []
        directories = reader.value(Self.directoriesSetting) ?? []
        // The step that declares the name reports what is wrong with it; without a name, no path can be made of it.
        let name = reader.environment.value(PodVariables.userName.name)
        let user = name.flatMap { try? ValueFormats.accountName(String(decoding: $0, as: UTF8.self)) }
        guard let root, let workingDirectory = work.directory, let user else { return nil }
        umask = work.umask
        self.workingDirectory = workingDirectory
        self.home = home ?? root.appending(user)
        self.tokenPath = tokenPath ?? usualTokenPath ?? FilePath(Self.tokenName)
        self.cache = cache ?? root.parent.appending(Self.sharedCacheName)
        let inside = root.appending(Self.sharedCacheName)
        // A user may be called like the cache.
        cacheInside =
            cache != nil
            ? nil : self.home.starts(with: inside) ? self.home.appending(Self.privateCacheName) : inside
        self.homeRoot = root
        checkRootsDirectories(&reader, root: root, user: user)
    }

    package func plan(_ context: PlanContext) -> StepPlan {
        let own = DirectoryChange(
            at: DirectoryChange.Place(home, own: ownPlaces(context), isOnVolume: true, needsSpace: true),
            made: DirectoryChange.Form(
                mode: Self.homeMode.masked(by: umask), seedMode: Self.homeMode, group: group(context)),
            use: .write, trust: DirectoryChange.Trust(owners: permittedOwners(context).owners))
        let working = directory(workingDirectory, for: .enter, context, isOnVolume: true)
        let shared = DirectoryChange(
            at: DirectoryChange.Place(
                cache, own: [home], isOnVolume: true,
                neighbour: cacheInside.map { DirectoryChange.Neighbour(homeRoot, orInside: $0) }),
            made: DirectoryChange.Form(mode: Self.sharedMode, group: group(context), isShared: true), use: .write,
            fallbacks: [home.appending(Self.privateCacheName)])
        let token = context.people.user.home.pushing(tokenPath)
        let tokens = tokenChanges(token, context)
        return StepPlan(
            changes: [
                PlannedChange(.directory(own), by: actors(for: [home], context), onFailure: .stop),
                PlannedChange(.directory(working), by: actors(for: [workingDirectory], context), onFailure: .stop),
                PlannedChange(
                    .directory(shared), by: actors(for: [cache] + (cacheInside.map { [$0] } ?? []), context),
                    onFailure: .warn),
            ] + tokens + directories.map { furtherChange($0, context) },
            exports: [
                Export(PodVariables.scratchHome.name, home.string),
                Export(PodVariables.workingDirectory.name, workingDirectory.string),
                Export(Self.cacheVariable.name, .directory(cache)),
                Export(
                    Self.tokenPathVariable.name,
                    tokens.isEmpty ? .text(token.string) : .placeOrText(token, Self.nowhere)),
            ], warnings: permittedOwners(context).warnings)
    }

    /// What is done about the place of the token. Hugging Face keeps every token a second time, beside the one in use.
    private func tokenChanges(_ token: FilePath, _ context: PlanContext) -> [PlannedChange] {
        let neighbours: [FilePath.Component] = ["stored_tokens"]
        let owners = permittedOwners(context).owners + [0]
        if !tokenPath.isAbsolute {
            let change = TokenPlaceChange(
                path: token, home: context.people.user.home, neighbours: neighbours,
                isKept: context.settings[PersistentLinks.self]?.keeps(tokenPath) ?? false,
                owners: [context.people.user.credentials.user, 0])
            return [
                PlannedChange(
                    .tokenPlace(change), by: [.user], onFailure: .warn,
                    consequence:
                        "\(Self.tokenPathVariable.name) is \(Self.nowhere): no token is kept, which would outlive the container"
                )
            ]
        }
        // Any other place was chosen by the pod spec.
        guard token.starts(with: home) else { return [] }
        let change = OwnFileChange(path: token, neighbours: neighbours, own: ownPlaces(context), owners: owners)
        return [
            PlannedChange(
                .ownFile(change), by: [.user], onFailure: .warn,
                consequence:
                    "\(Self.tokenPathVariable.name) is \(Self.nowhere): no token is kept, which others could read")
        ]
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

    /// The directories that outlive every container, ``home`` first.
    package var persistentDirectories: [FilePath] { [home, cache] + (cacheInside.map { [$0] } ?? []) }

    /// The mode of a directory that other members of the group also use, whatever the umask is.
    private static let groupMode: ModeBits = 0o770
    /// The group also works there; the sticky bit keeps it from moving the user's files away (inode(7)).
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
    private func actors(for paths: [FilePath], _ context: PlanContext) -> [Actor] {
        let mayMake =
            seedDirectories?.contains { seed in paths.contains { $0 != seed.path && $0.starts(with: seed.path) } }
            ?? true
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
            case .seed: actors(for: [path], context).filter { $0 == .seed }
            case .user: actors(for: [path], context)
            }
        return PlannedChange(.directory(change), by: by, onFailure: .warn)
    }
}
