internal import Linux
internal import SystemPackage

/// Gives zsh and git a place for their state that outlives the container.
package struct ShellState: Step {
    package static let name = "shell"
    package static let summary =
        "zsh's files and history and git's configuration are in the persistent directory, copied from the image once"
    package static let actors = "user"
    package static let exports = ["ZDOTDIR", "ZSH", "GIT_CONFIG_GLOBAL"]

    static let directoryVariable = Variable(
        "ZDOTDIR", "Directory of the user's zsh files", default: "`$SCRATCH_HOME/.shell`", parse: Formats.absolutePath)
    static let frameworkVariable = Variable(
        "ZSH", "Directory of oh-my-zsh", default: "`$ZDOTDIR/.oh-my-zsh`", parse: Formats.absolutePath)
    static let gitVariable = Variable(
        "GIT_CONFIG_GLOBAL", "Git's global configuration file", default: "`$SCRATCH_HOME/.gitconfig`",
        parse: Formats.absolutePath)

    package static let variables: [any VariableDeclaration] = [directoryVariable, frameworkVariable, gitVariable]

    private let givenDirectory: FilePath?
    private let givenFramework: FilePath?
    private let givenGitConfiguration: FilePath?

    package init?(reading reader: inout SettingsReader) {
        givenDirectory = reader.value(Self.directoryVariable)
        givenFramework = reader.value(Self.frameworkVariable)
        givenGitConfiguration = reader.value(Self.gitVariable)
    }

    /// Git's global configuration file.
    func gitConfiguration(_ scratch: Scratch) -> FilePath {
        givenGitConfiguration ?? scratch.home.appending(".gitconfig")
    }

    package func plan(_ context: PlanContext) -> StepPlan {
        guard let scratch = context.settings[Scratch.self] else { return StepPlan() }
        let directory = givenDirectory ?? scratch.home.appending(".shell")
        let framework = givenFramework ?? directory.appending(".oh-my-zsh")
        let settings = directory.appending(".zshrc")
        let git = gitConfiguration(scratch)
        let home = context.people.user.home
        let changes: [Change] = [
            .directory(scratch.directory(directory, for: .enter, context)),
            .copy(CopyChange(from: Paths.shellSkeleton.appending(".oh-my-zsh"), to: framework)),
            .copy(CopyChange(from: Paths.shellSkeleton.appending(".zshrc"), to: settings)),
            .firstFile(FirstFileChange(path: directory.appending(".zshenv"), content: Array(Self.zshenv.utf8))),
            // A history holds what was typed, passwords by mistake too.
            .firstFile(FirstFileChange(path: scratch.home.appending(".zsh_history"), mode: 0o600)),
            .firstFile(FirstFileChange(path: git)),
            .link(LinkChange(home.appending(".zshrc"), to: settings, .file, mode: nil)),
            .link(LinkChange(home.appending(".oh-my-zsh"), to: framework, .directory, mode: nil)),
            .link(LinkChange(home.appending(".gitconfig"), to: git, .file, mode: nil)),
        ]
        return StepPlan(
            changes: changes.map { PlannedChange($0, by: [.user], onFailure: .warn) },
            exports: [
                Export("ZDOTDIR", .place(directory)),
                Export("ZSH", .place(framework)),
                Export("GIT_CONFIG_GLOBAL", .place(git)),
            ])
    }

    /// What zsh reads first of the user's files, and no other shell does.
    ///
    /// The history's place is not exported: an interactive bash would take it for its own and cut it short. zsh keeps no
    /// history unless it is told how much.
    static let zshenv = """
        # Made at the first start of a container; yours to change.
        : "${HISTFILE:=${SCRATCH_HOME:-$HOME}/.zsh_history}"
        (( SAVEHIST )) || SAVEHIST=10000
        (( HISTSIZE >= SAVEHIST )) || HISTSIZE=$SAVEHIST

        """
}
