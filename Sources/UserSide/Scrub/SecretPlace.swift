/// Files that hold what is secret or personal, under names that programs give them.
package struct SecretPlace: Equatable, Sendable {
    /// What they belong to, in one word.
    package let kind: String
    /// Their paths: absolute, below each home (`~/`), or below the cache of models (`$HF_HOME/`). In a component, `*`
    /// stands for any bytes.
    package let paths: [String]
    /// What they hold, in a clause.
    package let holds: String
    /// Whether they are also removed where the runtime keeps them in memory: in `/run`, `/dev` and `/dev/shm`.
    package let isInMemory: Bool

    init(_ kind: String, _ paths: [String], _ holds: String, isInMemory: Bool = false) {
        self.kind = kind
        self.paths = paths
        self.holds = holds
        self.isInMemory = isInMemory
    }

    /// All places: help, documentation and search are made from this list. What is a directory goes with all that is in it.
    package static let all: [SecretPlace] = [
        SecretPlace(
            "ssh", ["~/.ssh", "~/.ssh-agent*", "/tmp/ssh-*"],
            "keys, known hosts, authorized keys, sockets of agents"),
        SecretPlace(
            "git",
            [
                "~/.gitconfig", "~/.config/git", "~/.git-credentials", "~/.git-credential-cache", "~/.cache/git",
                "~/.config/gh", "~/.config/glab-cli", "~/.config/hub",
            ], "name, address and stored credentials"),
        SecretPlace(
            "models",
            [
                "$HF_HOME/token", "$HF_HOME/stored_tokens", "~/.cache/huggingface/token",
                "~/.cache/huggingface/stored_tokens", "~/.huggingface", "~/.config/wandb", "~/.wandb",
                "~/wandb/settings",
                "~/.kaggle", "~/.config/kaggle", "~/.config/openai", "~/.config/comet*", "~/.comet.config",
                "~/.neptune*",
            ], "tokens of Hugging Face, Weights & Biases and the like"),
        SecretPlace(
            "registry",
            [
                "~/.docker", "~/.dockercfg", "~/.config/containers/auth.json", "/run/containers/*/auth.json",
                "/run/user/*/containers/auth.json", "~/.config/helm/registry", "~/.ngc",
            ], "logins at registries of images"),
        SecretPlace("kubernetes", ["~/.kube"], "configuration and caches of kubectl"),
        SecretPlace(
            "cloud",
            [
                "~/.aws", "~/.config/gcloud", "~/.boto", "~/.gsutil", "~/.azure", "~/.oci", "~/.s3cfg", "~/.s3fs",
                "~/.passwd-s3fs", "~/.mc", "~/.config/rclone", "~/.rclone.conf", "~/.config/openstack",
                "~/.config/doctl",
                "~/.config/hcloud", "~/.config/restic", "~/.terraformrc", "~/.terraform.d", "~/.vault-token",
                "~/.config/sops",
            ], "credentials of object stores, clouds and vaults"),
        SecretPlace(
            "packages",
            [
                "~/.config/pip", "~/.pip", "~/.pypirc", "~/.config/uv", "~/.local/share/uv/credentials", "~/.condarc",
                "~/.conda/.condarc", "~/.mambarc", "~/.continuum", "~/.config/anaconda-client", "~/.config/pypoetry",
                "~/.npmrc", "~/.config/npm", "~/.yarnrc", "~/.yarnrc.yml", "~/.cargo/credentials",
                "~/.cargo/credentials.toml", "~/.gem/credentials", "~/.bundle/config", "~/.m2/settings.xml",
                "~/.m2/settings-security.xml", "~/.gradle/gradle.properties", "~/.composer/auth.json",
                "~/.config/composer/auth.json", "~/.nuget/NuGet",
            ], "configurations of package managers, which have credentials in them"),
        SecretPlace(
            "passwords",
            [
                "~/.netrc", "~/_netrc", "~/.authinfo*", "~/.curlrc", "~/.wgetrc", "~/.pgpass", "~/.pg_service.conf",
                "~/.my.cnf", "~/.mylogin.cnf", "~/.mongorc.js", "~/.smbcredentials", "~/.davfs2", "~/.fetchmailrc",
                "~/.msmtprc", "~/.password-store", "~/.local/share/keyrings", "~/.local/share/python_keyring",
                "/run/user/*/keyring", "/tmp/krb5cc_*", "~/.krb5",
            ], "passwords and tickets of other services"),
        SecretPlace("gnupg", ["~/.gnupg", "/run/user/*/gnupg"], "keys and sockets of GnuPG"),
        SecretPlace(
            "history",
            [
                "~/.*_history", "~/.zhistory", "~/.histfile", "~/.history", "~/.zsh_sessions", "~/.bash_sessions",
                "~/.shell/.*_history", "~/.local/share/fish/fish_history", "~/.local/state/bash",
                "~/.local/state/zsh", "~/.ipython/profile_*/history.sqlite*", "~/.lesshst", "~/.local/state/lesshst",
                "~/.Rhistory", "~/.julia/logs", "~/.octave_hist", "~/.dbshell", "~/.mongodb/mongosh", "~/.wget-hsts",
                "~/.viminfo", "~/.local/state/nvim", "~/.local/share/nvim/shada", "~/.local/state/vim", "~/.z",
                "~/.local/share/zoxide", "~/.local/share/recently-used.xbel",
            ], "what was typed in shells and other programs"),
        SecretPlace(
            "jupyter",
            [
                "~/.local/share/jupyter/runtime", "~/.local/share/jupyter/*_secret", "~/.jupyter/jupyter_*_config.*",
                "~/.jupyter/*_cookie_secret", "~/.jupyter/lab/workspaces",
            ], "tokens, passwords and state of servers"),
        SecretPlace(
            "editors",
            [
                "~/.vscode-server/.*token*", "~/.vscode-server/data", "~/.vscode-server/.cli*",
                "~/.vscode-server/cli/*.json",
                "~/.vscode-server/*.log", "~/.cursor-server/.*token*", "~/.cursor-server/data",
                "~/.cursor-server/*.log",
                "~/.vscode-remote", "~/.vscode-cli", "~/.config/code-server", "~/.config/Code", "~/.config/Cursor",
                "~/.config/github-copilot", "~/.local/share/code-server/User", "~/.emacs.d/auto-save-list",
                "~/.local/share/nvim/swap", "~/.cache/vim", "~/.vim/swap", "~/.vim/undo", "~/.*.sw?", "~/*~", "~/#*#",
                "/tmp/.*.sw?", "/tmp/vscode-*",
            ], "tokens of servers, what was edited, swap files"),
        SecretPlace(
            "desktop", ["~/.Xauthority", "~/.ICEauthority", "~/.serverauth.*", "/tmp/tmux-*", "/tmp/.ICE-unix/*"],
            "access to displays and terminals"),
        SecretPlace(
            "boot",
            [
                "/run/entrypoint", "/run/entrypoint-*", "/run/.step.entrypoint-*", "/dev/shm/entrypoint-*",
                "/dev/shm/.step.entrypoint-*", "/tmp/.step.entrypoint-*", "/dev/termination-log",
            ], "what a boot keeps: environment, report, keys in memory", isInMemory: true),
    ]
}

extension SecretPlace {
    /// What a path of ``paths`` begins with.
    enum Base: Equatable, Sendable {
        case root, home, models
    }

    /// A path of ``paths`` in its parts.
    ///
    /// - Returns: where it begins, and its components from there on.
    static func parts(of path: String) -> (base: Base, components: [String]) {
        let components = path.split(separator: "/").map { String($0) }
        return switch components.first {
        case "~": (.home, Array(components.dropFirst()))
        case "$HF_HOME": (.models, Array(components.dropFirst()))
        default: (.root, components)
        }
    }

    /// Whether a name matches a pattern in which `*` stands for any bytes and `?` for any byte.
    static func matches(_ name: String, _ pattern: String) -> Bool {
        let (name, pattern) = (Array(name.utf8), Array(pattern.utf8))
        var (position, place) = (0, 0)
        // The last star, and how much of the name it stands for: any earlier one need not be tried again.
        var star: (place: Int, position: Int)?
        while position < name.count {
            if place < pattern.count, pattern[place] == UInt8(ascii: "*") {
                star = (place, position)
                place += 1
            } else if place < pattern.count, pattern[place] == UInt8(ascii: "?") || pattern[place] == name[position] {
                (position, place) = (position + 1, place + 1)
            } else if let last = star {
                star = (last.place, last.position + 1)
                (position, place) = (last.position + 1, last.place + 1)
            } else {
                return false
            }
        }
        return pattern[place...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
