package import Linux
internal import Programs
package import SystemPackage
internal import Text
internal import YAML

/// Makes the user's directories on the shared file system.
package struct Scratch: Step {
    package static let isOptional = false
    package static let name = "scratch"
    package static let summary = "the directories on the shared file system exist, and the umask is set"
    package static let actors = "user, else seed"
    package static let exports = ["SCRATCH_HOME", "WORKING_DIR", "HF_HOME", "HF_TOKEN_PATH"]

    static let rootVariable = Variable(
        "SCRATCH_HOME_ROOT", "Directory of the users' persistent directories", isRequired: true,
        key: "scratch.homeRoot", example: "/mloscratch/homes", parse: ValueFormats.absolutePath)
    static let workingDirectoryVariable = Variable(
        "WORKING_DIR", "Directory that the command starts in", isRequired: true, key: "scratch.workingDirectory",
        example: "/workspace", parse: ValueFormats.absolutePath)
    static let homeVariable = Variable(
        "SCRATCH_HOME", "The user's persistent directory", default: "`$SCRATCH_HOME_ROOT/$NB_USER`",
        parse: ValueFormats.absolutePath)
    static let cacheVariable = Variable(
        "HF_HOME", "Hugging Face cache, shared by the group", default: "`hf_cache` beside `SCRATCH_HOME_ROOT`",
        key: "scratch.sharedCache", example: "/mloscratch/hf_cache", parse: ValueFormats.absolutePath)
    static let tokenPathVariable = Variable(
        "HF_TOKEN_PATH", "Where Hugging Face keeps the user's token, which must not be in the shared cache",
        default: "`$SCRATCH_HOME/.cache/huggingface/token`", parse: ValueFormats.absolutePath)
    static let umaskVariable = Variable(
        "SCRATCH_UMASK", "umask of the boot's work as the user, and of the command; octal", default: "007",
        key: "scratch.umask", shape: .octal, parse: ValueFormats.umask)
    static let seedVariable = Variable(
        "SCRATCH_SEED_USER",
        "Account that makes a directory which the user may not make: a name in `/etc/passwd`, or `uid:gid`",
        default: "`\(defaultSeed)` where that account exists", isImagePolicy: true, key: "scratch.seedUser",
        example: "\"177449:83070\"",
        parse: SeedRequest.parse)

    package static let timeoutVariable = Variable(
        "SCRATCH_TIMEOUT",
        "Seconds that a file server may take for one change before the boot is ended; 0 waits for ever",
        default: "60", key: "scratch.timeout", shape: .integer(0...86400), parse: ValueFormats.seconds)

    static let seedDirectoriesSetting = FileSetting<[SeedDirectory]>(
        "scratch.seedDirectories",
        "Directories beneath which the seed user may make directories; directly in them in an elevated start, where one on a "
            + "volume is described as `/proc/self/mountinfo` has it",
        default: "anywhere, and nowhere in an elevated start",
        shape: .list(.either(.text, .object(SeedDirectory.fields))),
        example: "[/srv/homes, {path: /data/homes, source: \"10.0.0.5:/data\", root: /, type: nfs4, point: /data}]"
    ) { $0.list($1, of: SeedDirectory.read) }
    static let homeOwnersSetting = FileSetting<[HomeOwner]>(
        "scratch.homeOwners",
        "Uids, or names in the image's `/etc/passwd`, whose directory may be a user's `SCRATCH_HOME` or a cache in it, beside "
            + "the user and the seed user",
        default: "none", shape: .list(.text), example: "[177449]"
    ) { reader, value in
        reader.list(value) { reader, item in reader.text(item, as: HomeOwner.parse) }
    }
    static let directoriesSetting = FileSetting<[Directory]>(
        "scratch.directories", "Further directories; a path without a slash in front is below `SCRATCH_HOME`",
        default: "none", shape: .list(.object(Directory.fields)),
        example: "[{path: data, mode: \"0770\"}, {path: /mloscratch/shared, owner: seed, shared: true}]"
    ) { $0.list($1, of: Directory.read) }

    static let tokenPathSetting = FileSetting<FilePath>(
        "scratch.tokenPath",
        "Where Hugging Face keeps the user's token, where `HF_TOKEN_PATH` is not set; without a slash in front it is below "
            + "`SCRATCH_HOME`",
        default: ".cache/huggingface/token", shape: .text, example: ".cache/huggingface/token"
    ) { $0.text($1, as: ValueFormats.pathInScratch) }

    package static let fileSettings: [any SettingDeclaration] = [
        tokenPathSetting, seedDirectoriesSetting, homeOwnersSetting, directoriesSetting,
    ]

    package static let variables: [any VariableDeclaration] = [
        rootVariable, homeVariable, workingDirectoryVariable, cacheVariable, tokenPathVariable, umaskVariable,
        seedVariable, timeoutVariable,
    ]

    static let defaultSeed = "mljaggi-admin"

    package let home: FilePath
    package let workingDirectory: FilePath
    package let cache: FilePath
    package let tokenPath: FilePath
    package let umask: ModeBits
    package let seed: SeedRequest
    /// Directories beneath which the seed user may make directories; `nil` for anywhere.
    package let seedDirectories: [SeedDirectory]?
    /// Who may own the home, beside the user and the seed user.
    package let homeOwners: [HomeOwner]
    /// Further directories.
    package let directories: [Directory]
    /// In seconds; 0 for any time.
    package let timeout: UInt32

    package init?(reading reader: inout SettingsReader) {
        let root = reader.value(Self.rootVariable)
        let workingDirectory = reader.value(Self.workingDirectoryVariable)
        let home = reader.value(Self.homeVariable)
        let cache = reader.value(Self.cacheVariable)
        let tokenPath = reader.value(Self.tokenPathVariable)
        let usualTokenPath = reader.value(Self.tokenPathSetting)
        umask = reader.value(Self.umaskVariable) ?? 0o007
        seed = reader.value(Self.seedVariable) ?? .name(Self.defaultSeed, isDefault: true)
        seedDirectories = reader.value(Self.seedDirectoriesSetting) ?? (reader.isElevated ? [] : nil)
        homeOwners = reader.value(Self.homeOwnersSetting) ?? []
        directories = reader.value(Self.directoriesSetting) ?? []
        timeout = reader.value(Self.timeoutVariable) ?? 60
        // What is wrong with the name is told by the step that declares it; without one there is no path to make of it.
        let name = reader.environment.value(Identity.userNameVariable.name)
        let user = name.flatMap { try? ValueFormats.accountName(String(decoding: $0, as: UTF8.self)) }
        guard let root, let workingDirectory, let user else { return nil }
        self.workingDirectory = workingDirectory
        self.home = home ?? root.appending(user)
        self.tokenPath = self.home.pushing(tokenPath ?? usualTokenPath ?? ".cache/huggingface/token")
        self.cache = cache ?? root.parent.appending("hf_cache")
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
            fallbacks: [Self.privateCache(in: home)])
        let token = DirectoryChange(
            at: DirectoryChange.Place(tokenPath.parent, own: ownPlaces(context), isOnVolume: true),
            made: DirectoryChange.Form(mode: Self.groupMode, group: group(context)), use: .none,
            trust: DirectoryChange.Trust(owners: permittedOwners(context).owners + [0]), isLeftToOthers: true)
        // Elsewhere the pod spec has chosen it.
        let tokens =
            tokenPath.starts(with: home)
            ? [
                PlannedChange(
                    .directory(token), by: [.user], onFailure: .warn,
                    consequence: "HF_TOKEN_PATH is not set, as others could read a token there")
            ] : []
        return StepPlan(
            changes: [
                PlannedChange(.directory(own), by: actors(for: home, context), onFailure: .stop),
                PlannedChange(.directory(working), by: actors(for: workingDirectory, context), onFailure: .stop),
                PlannedChange(.directory(shared), by: actors(for: cache, context), onFailure: .warn),
            ] + tokens + directories.map { furtherChange($0, context) },
            exports: [
                Export("SCRATCH_HOME", home.string),
                Export("WORKING_DIR", workingDirectory.string),
                Export("HF_HOME", .directory(cache)),
                Export("HF_TOKEN_PATH", tokens.isEmpty ? .text(tokenPath.string) : .place(tokenPath)),
            ], warnings: permittedOwners(context).warnings)
    }

    /// A directory of the user's own that another step needs.
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

    /// The mode of a directory that is not the user's alone, whatever the umask is.
    private static let groupMode: ModeBits = 0o770
    /// The group works there too, and the sticky bit keeps it from moving the user's files away (inode(7)).
    private static let homeMode: ModeBits = 0o1770
    /// The set-group-ID bit lets what is made inside belong to the group too (inode(7)).
    private static let sharedMode: ModeBits = 0o2770

    /// What the user makes there is the user's own, to which the umask applies. A working directory above the home is everybody's.
    func ownPlaces(_ context: PlanContext) -> [FilePath] {
        let isEverybodys = home.starts(with: workingDirectory) || cache.starts(with: workingDirectory)
        return [context.people.user.home, home] + (isEverybodys ? [] : [workingDirectory])
    }

    /// Without privileges it may be a supplementary group of the process.
    func group(_ context: PlanContext) -> UInt32 {
        context.settings[Identity.self]?.groupID ?? context.people.user.credentials.group
    }

    /// The user, and the seed user where there is one who may work there.
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

    /// Hugging Face's directory of the user's own.
    private static func privateCache(in home: FilePath) -> FilePath { home.appending(".cache/huggingface") }
}
