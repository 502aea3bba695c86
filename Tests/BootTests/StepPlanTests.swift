import Linux
import Testing
import Text

@testable import Boot

/// What the steps behind the scratch step plan, from their settings alone.
struct StepPlanTests {
    /// The plan of one step for a pod with some variables set to other values.
    static func plan<Wanted: Step>(
        _ step: Wanted.Type, _ changes: [String: String] = [:], git: FilePath? = nil, mounts: [Mount] = []
    ) throws -> StepPlan {
        let settings = try Pod.settings(changes)
        let user = People.User(
            name: "jane", groupName: "lab", home: "/home/jane", shell: "/bin/zsh",
            credentials: Credentials(user: 254_321, group: 83070, groups: []))
        let people = People(
            user: user, seed: nil,
            accounts: PlannedAccounts(), warnings: [])
        var facts = HostFacts()
        facts.mounts = mounts
        facts.programs = git.map { [$0] } ?? []
        let host = Host(tree: FileTree(), privileges: try Privileges.current(), facts: facts)
        let wanted = try #require(settings[Wanted.self])
        return wanted.plan(PlanContext(settings: settings, people: people, host: host, exports: []))
    }

    /// The goals of a plan, each of which is the user's and none of which stops the boot.
    private static func goals(_ plan: StepPlan) -> [String] {
        #expect(plan.changes.allSatisfy { $0.by == [.user] && $0.onFailure == .warn })
        return plan.changes.map(\.change.goal)
    }

    private static let scratch = "/scratch/homes/jane"

    @Test func `the shell's state is in the persistent directory`() throws {
        let plan = try Self.plan(ShellState.self)
        #expect(
            Self.goals(plan) == [
                "directory /scratch/homes/jane/.shell (0700)",
                "/scratch/homes/jane/.shell/.oh-my-zsh, first copied from /docker/.oh-my-zsh",
                "/scratch/homes/jane/.shell/.zshrc, first copied from /docker/.zshrc",
                "file /scratch/homes/jane/.shell/.zshenv", "file /scratch/homes/jane/.zsh_history",
                "file /scratch/homes/jane/.gitconfig",
                "link /home/jane/.zshrc to /scratch/homes/jane/.shell/.zshrc",
                "link /home/jane/.oh-my-zsh to /scratch/homes/jane/.shell/.oh-my-zsh",
                "link /home/jane/.gitconfig to /scratch/homes/jane/.gitconfig",
            ])
        #expect(
            plan.exports == [
                Export("ZDOTDIR", .place("/scratch/homes/jane/.shell")),
                Export("ZSH", .place("/scratch/homes/jane/.shell/.oh-my-zsh")),
                Export("GIT_CONFIG_GLOBAL", .place("/scratch/homes/jane/.gitconfig")),
            ])
    }

    @Test func `the history is closed to others, and its place is exported by nobody`() throws {
        let plan = try Self.plan(ShellState.self)
        let modes = plan.changes.compactMap { change -> String? in
            guard case .firstFile(let file) = change.change else { return nil }
            return "\(file.path.lastComponent?.string ?? "") \(file.mode.octal)"
        }
        #expect(modes == [".zshenv 0644", ".zsh_history 0600", ".gitconfig 0644"])
        #expect(BootSequence.steps.allSatisfy { !$0.exports.contains("HISTFILE") })
    }

    @Test func `places that the pod gives take the place of the defaults`() throws {
        let plan = try Self.plan(
            ShellState.self, ["ZDOTDIR": "/z", "ZSH": "/opt/omz", "GIT_CONFIG_GLOBAL": "/etc/git"])
        #expect(
            Self.goals(plan) == [
                "directory /z (0700)", "/opt/omz, first copied from /docker/.oh-my-zsh",
                "/z/.zshrc, first copied from /docker/.zshrc", "file /z/.zshenv",
                "file /scratch/homes/jane/.zsh_history", "file /etc/git", "link /home/jane/.zshrc to /z/.zshrc",
                "link /home/jane/.oh-my-zsh to /opt/omz", "link /home/jane/.gitconfig to /etc/git",
            ])
        let caches = try Self.plan(
            Caches.self, ["UV_CACHE_DIR": "/c", "UV_PYTHON_INSTALL_DIR": "/p", "UV_LINK_MODE": "clone"])
        #expect(Self.goals(caches) == ["directory /c (0770)", "directory /p (0770)"])
        #expect(
            caches.exports == [Export("UV_CACHE_DIR", .place("/c")), Export("UV_PYTHON_INSTALL_DIR", .place("/p"))])
        let git = try Self.plan(GitIdentity.self, ["GIT_CONFIG_GLOBAL": "/etc/git", "GIT_USER_NAME": "Jane"])
        #expect(Self.goals(git) == ["/etc/git has user.name"])
    }

    @Test func `uv's caches are in the persistent directory, and it copies between devices`() throws {
        let plan = try Self.plan(Caches.self)
        #expect(
            Self.goals(plan) == [
                "directory /scratch/homes/jane/.cache/uv (0770)", "directory /scratch/homes/jane/.uv (0770)",
            ])
        #expect(
            plan.exports == [
                Export("UV_CACHE_DIR", .place("/scratch/homes/jane/.cache/uv")),
                Export("UV_PYTHON_INSTALL_DIR", .place("/scratch/homes/jane/.uv")),
                Export(
                    "UV_LINK_MODE",
                    .textWhenApart("copy", "/scratch/homes/jane/.cache/uv", "/scratch/homes/jane/work")),
            ])
    }

    @Test func `what every step exports is what it says`() throws {
        let declared = BootSequence.steps.flatMap { $0.exports }
        #expect(Set(declared).count == declared.count)
        #expect(try Self.plan(ShellState.self).exports.map(\.name) == ShellState.exports)
        #expect(try Self.plan(Caches.self).exports.map(\.name) == Caches.exports)
        let names = BootSequence.groups.variables.map(\.name)
        #expect(Set(names).count == names.count)
    }

    @Test func `no two groups have the same name, by which a group's settings are found`() {
        let names = BootSequence.groups.all.map { $0.name }
        #expect(names.count > BootSequence.steps.count && Set(names).count == names.count)
    }

    @Test(
        arguments: [
            (
                nil,
                [
                    "link /home/jane/.zsh_history to /scratch/homes/jane/.zsh_history",
                    "link /home/jane/.vscode to /scratch/homes/jane/.vscode",
                    "link /home/jane/.vscode-server to /scratch/homes/jane/.vscode-server",
                    "link /home/jane/.cursor to /scratch/homes/jane/.cursor",
                    "link /home/jane/.cursor-server to /scratch/homes/jane/.cursor-server",
                ]
            ),
            ("none", []), ("x", ["link /home/jane/x to /scratch/homes/jane/x"]),
            (
                " .config/gh/  .config/a b/",
                [
                    "directory /home/jane/.config (0770)", "directory /scratch/homes/jane/.config (0770)",
                    "link /home/jane/.config/gh to /scratch/homes/jane/.config/gh",
                    "link /home/jane/.config/a to /scratch/homes/jane/.config/a",
                    "link /home/jane/b to /scratch/homes/jane/b",
                ]
            ),
        ] as [(String?, [String])])
    func `links lead from the home to the persistent directory`(names: String?, goals: [String]) throws {
        let plan = try Self.plan(PersistentLinks.self, names.map { ["PERSISTENT_LINKS": $0] } ?? [:])
        #expect(Self.goals(plan) == goals)
    }

    @Test func `a slash at the end makes a name a directory's`() throws {
        let plan = try Self.plan(PersistentLinks.self, ["PERSISTENT_LINKS": "a b/"])
        let owners: [UInt32] = [254321, 0]
        #expect(
            plan.changes.map(\.change) == [
                .link(LinkChange("/home/jane/a", to: "/scratch/homes/jane/a", .file, mode: 0o600, owners: owners)),
                .link(LinkChange("/home/jane/b", to: "/scratch/homes/jane/b", .directory, mode: 0o770, owners: owners)),
            ])
    }

    @Test(arguments: [
        ("/etc", "/etc is not in its normal form"), ("..", ".. is not in its normal form"),
        ("a/../b", "a/../b is not in its normal form"), ("a//", "a/ is not in its normal form"),
        ("./a", "./a is not in its normal form"), ("/", " is not in its normal form"),
        (
            String(repeating: "n", count: 201),
            String(repeating: "n", count: 100) + "… (201 bytes) is not in its normal form"
        ),
    ])
    func `a name that leads elsewhere is refused`(name: String, reason: String) throws {
        #expect(
            Pod.problem("PERSISTENT_LINKS", Array("x \(name)".utf8))
                == "PERSISTENT_LINKS is '\(("x \(name)").shown())': not names of files and directories/ below the home: "
                + reason)
    }

    @Test func `a name twice, and ssh's directory, are refused`() throws {
        #expect(
            Pod.problem("PERSISTENT_LINKS", Array("a b a/".utf8)) == "PERSISTENT_LINKS is 'a b a/': a is there twice")
        for name in [".ssh", ".ssh/", ".ssh/keys/"] {
            #expect(
                Pod.problem("PERSISTENT_LINKS", Array(name.utf8))
                    == "PERSISTENT_LINKS is '\(name)': .ssh cannot be kept: no key is stored on a persistent volume")
        }
    }

    @Test func `without its variables neither ssh nor git takes part`() throws {
        let settings = try Pod.settings(["SSH_PRIVATE_KEY_B64": "", "SSH_PUBLIC_KEY_FILE": "", "GIT_USER_NAME": ""])
        #expect(settings[SSHKeys.self] == nil && settings[GitIdentity.self] == nil)
    }

    @Test(arguments: [
        ("Jane", "Jane"), ("  Jane Doe\n", "Jane Doe"), ("Jané \"J\" = 'x' \\ <y>", "Jané \"J\" = 'x' \\ <y>"),
        ("-x", "-x"),
    ])
    func `a git identity is taken as it is, without whitespace around it`(given: String, value: String) throws {
        let plan = try Self.plan(
            GitIdentity.self, ["GIT_USER_NAME": given, "GIT_USER_EMAIL": "j@example.org"], git: "/usr/bin/git")
        #expect(
            plan.changes.map(\.change) == [
                .gitIdentity(
                    GitIdentityChange(
                        path: "/scratch/homes/jane/.gitconfig",
                        entries: [.init(key: "name", value: value), .init(key: "email", value: "j@example.org")],
                        git: "/usr/bin/git", home: "/home/jane"))
            ])
    }

    @Test(arguments: [
        ("a\nb", "GIT_USER_NAME is 'a\\nb': it has a newline or another control character"),
        ("a\u{1B}[2J", "GIT_USER_NAME is 'a\\u{1b}[2J': it has a newline or another control character"),
        (" \n", "GIT_USER_NAME is ' \\n': nothing but whitespace"),
    ])
    func `a git identity of more than one line is refused`(given: String, problem: String) throws {
        #expect(Pod.problem("GIT_USER_NAME", Array(given.utf8)) == problem)
    }
}
