internal import Linux
internal import YAML

/// Gives zsh and git places for their state that outlive the container.
package struct ShellState: Step {
    package static let name = "shell"
    package static let summary =
        "zsh's files and history and git's configuration are in the persistent directory, copied from the image once"
    package static let actors = "user"
    package static let neededStep: String? = Scratch.name

    static let directoryVariable = Variable(
        "ZDOTDIR", .absolutePath,
        Words("Directory of the user's zsh files", default: "`$SCRATCH_HOME/\(directoryName)`"))
    static let frameworkVariable = Variable(
        "ZSH", .absolutePath, Words("Directory of oh-my-zsh", default: "`$ZDOTDIR/\(frameworkName)`"))
    static let gitVariable = Variable(
        "GIT_CONFIG_GLOBAL", .absolutePath,
        Words("Git's global configuration file", default: "`$SCRATCH_HOME/\(gitName)`"))

    package static let variables: [any VariableDeclaration] = [directoryVariable, frameworkVariable, gitVariable]
    package static let exports = [directoryVariable.name, frameworkVariable.name, gitVariable.name]

    private static let directoryName = ".shell"
    private static let frameworkName = ".oh-my-zsh"
    private static let gitName = ".gitconfig"

    static let directorySetting = placeSetting(
        "shell.directory", "Directory of the user's zsh files, where `ZDOTDIR` is not set", default: directoryName)
    static let frameworkSetting = placeSetting(
        "shell.framework", "Directory of oh-my-zsh, where `ZSH` is not set",
        default: "\(directoryName)/\(frameworkName)")
    static let gitSetting = placeSetting(
        "shell.gitConfiguration", "Git's global configuration file, where `GIT_CONFIG_GLOBAL` is not set",
        default: gitName)
    static let copiesSetting = FileSetting(
        "shell.copies", .list(of: Copy.type),
        Words(
            "Files and trees of the image that are copied once; a path in `to` without a slash in front is below `ZDOTDIR`",
            default: "`/docker/.oh-my-zsh` to `ZSH` and `/docker/.zshrc`",
            example: "[{from: /docker/.oh-my-zsh, to: .oh-my-zsh}, {from: /docker/.zshrc, to: .zshrc}]"))

    package static let fileSettings: [any SettingDeclaration] = [
        directorySetting, frameworkSetting, gitSetting, copiesSetting,
    ]

    private static func placeSetting(
        _ key: String, _ meaning: String, default defaultText: @autoclosure @escaping @Sendable () -> String
    ) -> FileSetting<FilePath> {
        FileSetting(
            key, .pathInScratch,
            Words(
                "\(meaning); without a slash in front it is below `SCRATCH_HOME`", default: defaultText(),
                example: defaultText()))
    }

    /// A file or tree of the image of which the user gets a copy.
    struct Copy: Equatable, Sendable {
        let source: FilePath
        /// An absolute path, or one below the directory of the user's zsh files.
        let destination: FilePath

        private static let sourceField = Field(
            "from", .absolutePath, isRequired: true, "what is copied; an image without it is fine")
        private static let destinationField = Field(
            "to", .pathInScratch, isRequired: true, "where the copy is")

        static let type = ValueType<Copy>.object([sourceField, destinationField]) { reader, fields in
            let source = reader.value(sourceField, of: fields)
            let destination = reader.value(destinationField, of: fields)
            guard let source, let destination else { return nil }
            return Copy(source: source, destination: destination)
        }
    }

    /// These are below the user's persistent directory, unless they are absolute.
    private let places: (directory: FilePath, framework: FilePath?, git: FilePath)
    /// `nil` for the usual ones.
    private let copies: [Copy]?
    private let givenDirectory: FilePath?
    private let givenFramework: FilePath?
    private let givenGitConfiguration: FilePath?

    package init?(reading reader: inout SettingsReader) {
        givenDirectory = reader.value(Self.directoryVariable)
        givenFramework = reader.value(Self.frameworkVariable)
        givenGitConfiguration = reader.value(Self.gitVariable)
        places = (
            reader.value(Self.directorySetting) ?? FilePath(Self.directoryName), reader.value(Self.frameworkSetting),
            reader.value(Self.gitSetting) ?? FilePath(Self.gitName)
        )
        copies = reader.value(Self.copiesSetting)
    }

    /// Git's global configuration file.
    func gitConfiguration(_ scratch: Scratch) -> FilePath {
        givenGitConfiguration ?? scratch.home.pushing(places.git)
    }

    /// What shells run in a home: bash(1), and zsh(1) unless it is given another directory.
    private static let homeFiles = [
        ".bash_profile", ".bash_login", ".profile", ".bashrc", ".zshenv", ".zprofile", ".zshrc", ".zlogin",
    ]

    package func plan(_ context: PlanContext) -> StepPlan {
        guard let scratch = context.settings[Scratch.self] else { return StepPlan() }
        let directory = givenDirectory ?? scratch.home.pushing(places.directory)
        let framework =
            givenFramework ?? places.framework.map { scratch.home.pushing($0) }
            ?? directory.appending(Self.frameworkName)
        let settings = directory.appending(".zshrc")
        let git = gitConfiguration(scratch)
        let home = context.people.user.home
        let usual = [
            CopyChange(from: Paths.shellSkeleton.appending(Self.frameworkName), to: framework),
            CopyChange(from: Paths.shellSkeleton.appending(".zshrc"), to: settings),
        ]
        let copies = copies?.map { CopyChange(from: $0.source, to: directory.pushing($0.destination)) } ?? usual
        let owners = scratch.permittedOwners(context).owners
        let isInScratch = directory.starts(with: scratch.home)
        let files = [".zshenv", ".zshrc", ".zprofile", ".zlogin"].map { directory.appending($0) } + [framework, git]
        let startup = StartupFiles(
            files: (isInScratch ? [] : [directory]) + files, homeFiles: Self.homeFiles.map { home.appending($0) },
            volume: scratch.home, owners: owners + [0])
        let place = DirectoryChange(
            at: DirectoryChange.Place(directory, own: scratch.ownPlaces(context)),
            made: DirectoryChange.Form(mode: 0o700, group: scratch.group(context)), use: .enter,
            // Any other place is the pod spec's choice: only foreign files are reported. Root's are the image's.
            trust: DirectoryChange.Trust(owners: isInScratch ? owners + [0] : nil, startup: startup))
        let changes: [Change] =
            [
                .directory(place)
            ] + copies.map { .copy($0) } + [
                .firstFile(
                    FirstFileChange(path: directory.appending(".zshenv"), content: Array(Self.zshenv.utf8), mode: 0o644)
                ),
                // A history holds everything that was typed, even passwords by mistake.
                .firstFile(FirstFileChange(path: scratch.home.appending(".zsh_history"), mode: 0o600)),
                .firstFile(FirstFileChange(path: git, mode: 0o644)),
                .link(LinkChange(home.appending(".zshrc"), to: settings, .file, mode: nil)),
                .link(LinkChange(home.appending(".oh-my-zsh"), to: framework, .directory, mode: nil)),
                .link(LinkChange(home.appending(".gitconfig"), to: git, .file, mode: nil)),
            ]
        return StepPlan(
            changes: changes.map { PlannedChange($0, by: [.user], onFailure: .warn) },
            exports: [
                Export(Self.directoryVariable.name, .place(directory)),
                Export(Self.frameworkVariable.name, .place(framework)),
                Export(Self.gitVariable.name, .place(git)),
            ])
    }

    /// What zsh reads first of the user's files; no other shell reads it.
    ///
    /// The history's place is not exported: an interactive bash would use the same file and truncate it. zsh keeps no
    /// history unless it is told how much to keep.
    static let zshenv = """
        # Made at the first start of a container; yours to change.
        : "${HISTFILE:=${SCRATCH_HOME:-$HOME}/.zsh_history}"
        (( SAVEHIST )) || SAVEHIST=10000
        (( HISTSIZE >= SAVEHIST )) || HISTSIZE=$SAVEHIST

        """
}
