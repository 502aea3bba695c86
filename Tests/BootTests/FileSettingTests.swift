import Foundation
import Linux
import Programs
import TestSupport
import Testing

@testable import Boot

/// Every key of a configuration file has an effect.
struct FileSettingTests {
    /// A value for a key, and what else the pod has where that is needed to see the effect.
    struct Case {
        let key: String
        let value: String
        var variables: [String: String] = [:]
        var missing: Set<String> = []

        init(_ key: String, _ value: String, _ variables: [String: String] = [:], without missing: Set<String> = []) {
            self.key = key
            self.value = value
            self.variables = variables
            self.missing = missing
        }

        /// The file: `section: {key: value}`.
        var text: String {
            let parts = key.split(separator: ".", maxSplits: 1)
            return parts.count == 2 ? "\(parts[0]): {\(parts[1]): \(value)}" : "\(key): \(value)"
        }
    }

    private static let key = ["SSH_PUBLIC_KEY": "ssh-ed25519 AAAA"]
    private static let git = ["GIT_USER_NAME": "Jane"]
    private static let required: Set<String> = [
        "NB_USER", "NB_UID", "NB_GROUP", "NB_GID", "SCRATCH_HOME_ROOT", "WORKING_DIR",
    ]

    static let cases = [
        Case("compatibility", "[docker-stacks]", ["NB_UMASK": "027", "CHOWN_HOME": "yes"]),
        Case("chain", "[/opt/base/entrypoint, --quiet]"),
        Case("log.level", "debug"), Case("log.format", "json"), Case("init.mode", "exec"),
        Case("init.forward", "child"),
        Case("init.rewriteSignals", "[TERM:INT]"), Case("init.remapExit", "[143, 0]"), Case("init.warnReaped", "true"),
        Case("init.parentDeathSignal", "TERM"), Case("init.grace", "0.5"), Case("init.stopTimeout", "25"),
        Case("capabilities.keep", "[NET_RAW, cap_bpf, CAP_NET_RAW, net_raw]"),
        Case("secrets.stripped", "[REGISTRY_PASSWORD, NO_SUCH]"),
        Case("secrets.passed", "[\"*_DSN\"]"), Case("secrets.files", "[LICENCE]", ["LICENCE": "x"]),
        Case("scrub.paths", "[/opt/site/license.key]"),
        Case("identity.onFailure", "stop"),
        Case("identity.sudo", "none"),
        Case("identity.onCollision", "fail"), Case("identity.whenIncomplete", "run", without: ["NB_GID"]),
        Case("identity.whenMisspelt", "warn", ["NB_UDI": "5"], without: ["NB_GID"]),
        Case("identity.required", "true", ["ENTRYPOINT_LOG": "loud"], without: required),
        Case("identity.shells", "[/bin/fish]"),
        Case("identity.groups", "[video, nowhere]"), Case("identity.deviceGroups", "false"),
        Case("identity.names", "[\"user-*\", \"J?ne\"]"),
        Case("scratch.enabled", "false", git.merging(key) { $1 }, without: ["SCRATCH_HOME_ROOT", "WORKING_DIR"]),
        Case("scratch.onFailure", "warn"), Case("scratch.homeRoot", "/homes", without: ["SCRATCH_HOME_ROOT"]),
        Case("scratch.workingDirectory", "/work", without: ["WORKING_DIR"]), Case("scratch.sharedCache", "/cache"),
        Case("scratch.umask", "022"), Case("scratch.seedUser", "\"8:9\""), Case("scratch.timeout", "5"),
        Case("scratch.tokenPath", "token"), Case("scratch.seedDirectories", "[/scratch/other]"),
        Case("scratch.homeOwners", "[4711, nobody2, nowhere]"),
        Case(
            "scratch.directories",
            "[{path: data}, {path: /d, mode: \"0711\", owner: root}, {path: /s, owner: seed, shared: true}]"),
        Case("snapshot", "{directory: /workdir, repository: /mnt/x, credentials: {passwordFile: /p}, onFailure: warn}"),
        Case("shell.enabled", "false"), Case("shell.onFailure", "stop"), Case("shell.directory", "zsh"),
        Case("shell.framework", "/opt/omz"), Case("shell.gitConfiguration", "git/config"),
        Case("shell.copies", "[{from: /etc/skel, to: skel}]"), Case("links.enabled", "false"),
        Case("links.onFailure", "stop"), Case("links.names", "[.julia/, .config/gh/hosts.yml]"),
        Case("ssh.enabled", "false", key), Case("ssh.onFailure", "stop", key),
        Case("ssh.privateKeyFile", "/run/secrets/key"), Case("ssh.publicKeyFile", "/run/secrets/key.pub"),
        Case("ssh.knownHostsFile", "/run/secrets/hosts"),
        Case("ssh.authorizedKeysFile", "/run/secrets/people"), Case("ssh.privateKeyName", "deploy", key),
        Case("caches.enabled", "false"), Case("caches.onFailure", "stop"), Case("caches.uvLinkMode", "symlink"),
        Case("caches.directories", "{UV_CACHE_DIR: none, PIP_CACHE_DIR: .cache/pip, TRITON_CACHE_DIR: /t}"),
        Case("git.enabled", "false", git), Case("git.onFailure", "stop", git), Case("git.userName", "Joe"),
        Case("git.userEmail", "joe@example.org", git),
        Case("services", "[{name: exporter, command: [/opt/exporter], ready: {tcp: 9100, timeout: 5}}]"),
    ]

    @Test func `the table has every key, once`() {
        let declared = BootSequence.groups.fileSettings.compactMap(\.key)
        #expect(Set(declared).count == declared.count)
        #expect(Self.cases.map(\.key) == declared, "in the order of the declarations")
    }

    @Test func `each key changes what the boot does, and nothing else`() throws {
        // Those of the steps that have a section of their own, and the others.
        var stories: [Bool: String] = [:]
        let sections = ["shell", "links", "ssh", "caches", "git"]
        for example in Self.cases {
            var story = ""
            let isOfStep = sections.contains { example.key.hasPrefix("\($0).") }
            defer { stories[isOfStep, default: ""] += story }
            // What a file gives in the place of the pod is compared with what the pod gave.
            let isReplaced = BootSequence.groups.variables.contains { $0.key == example.key && $0.isRequired }
            let before = try PlanFacts.lines(
                of: "", example.variables, without: isReplaced ? [] : example.missing)
            let after = try PlanFacts.lines(of: example.text, example.variables, without: example.missing)
            let difference = after.difference(from: before)
            #expect(!difference.isEmpty, "\(example.text) has no effect")
            story += example.text + "\n"
            story += difference.removals.map { change in
                if case .remove(_, let line, _) = change { "  - \(line)\n" } else { "" }
            }.joined()
            story += difference.insertions.map { change in
                if case .insert(_, let line, _) = change { "  + \(line)\n" } else { "" }
            }.joined()
        }
        // The program stands beside the one that runs, which is the tests' here.
        let others = (stories[false] ?? "").replacing(Snapshot.program.string, with: "/usr/local/bin/entrypointctl")
        try Golden.expect(others, in: "Tests/BootTests/Golden/settings.txt")
        try Golden.expect(stories[true] ?? "", in: "Tests/BootTests/Golden/settings-of-steps.txt")
    }

    @Test func `what the pod gives counts more than any file`() throws {
        let values = [
            "ENTRYPOINT_LOG": "quiet", "ENTRYPOINT_LOG_FORMAT": "text", "ENTRYPOINT_MODE": "init",
            "ENTRYPOINT_FORWARD": "group", "ENTRYPOINT_REWRITE_SIGNALS": "TERM:QUIT", "ENTRYPOINT_REMAP_EXIT": "1",
            "ENTRYPOINT_WARN_REAPED": "false", "ENTRYPOINT_PARENT_DEATH_SIGNAL": "HUP", "ENTRYPOINT_GRACE": "1",
            "ENTRYPOINT_STOP_TIMEOUT": "1", "IDENTITY_SUDO": "all", "IDENTITY_ON_COLLISION": "rename",
            "IDENTITY_WHEN_INCOMPLETE": "fail", "IDENTITY_WHEN_MISSPELT": "warn",
            "SCRATCH_HOME_ROOT": "/r", "WORKING_DIR": "/w", "HF_HOME": "/hf",
            "SCRATCH_UMASK": "077", "SCRATCH_SEED_USER": "5:5", "SCRATCH_TIMEOUT": "1", "PERSISTENT_LINKS": "none",
            "SSH_PRIVATE_KEY_B64_FILE": "/k", "SSH_PUBLIC_KEY_FILE": "/p", "SSH_KNOWN_HOSTS_FILE": "/h",
            "SSH_AUTHORIZED_KEYS_FILE": "/a",
            "UV_LINK_MODE": "clone", "GIT_USER_NAME": "A", "GIT_USER_EMAIL": "a@b",
        ]
        let keys = BootSequence.groups.fileSettings.compactMap { $0 as? any VariableDeclaration }
        #expect(Set(keys.map(\.name)) == Set(values.keys))
        let without = try PlanFacts.lines(of: "", values)
        for variable in keys {
            let example = try #require(Self.cases.first { $0.key == variable.key })
            #expect(try PlanFacts.lines(of: example.text, values) == without, "\(example.text)")
        }
        // These stand in files alone, and yet give way to a variable of the pod.
        let places = [
            "ZDOTDIR": "/z", "ZSH": "/zsh", "GIT_CONFIG_GLOBAL": "/g", "HF_TOKEN_PATH": "/t", "PIP_CACHE_DIR": "/p",
        ]
        let text = """
            shell: {directory: z, framework: o, gitConfiguration: g}
            scratch: {tokenPath: t}
            caches: {directories: {PIP_CACHE_DIR: none}}
            """
        let exports = try PlanFacts.lines(of: text, places)
        for (name, value) in places { #expect(exports.contains("\(name)=\(value)")) }
    }

    @Test func `without the shell step git's identity goes where git looks`() throws {
        let text = "shell: {enabled: false}"
        #expect(
            try PlanFacts.lines(of: text, Self.git).contains(
                "git: /home/jane/.gitconfig has user.name, by user, else warn"))
        let given = Self.git.merging(["GIT_CONFIG_GLOBAL": "/g"]) { $1 }
        #expect(try PlanFacts.lines(of: text, given).contains("git: /g has user.name, by user, else warn"))
    }

    @Test func `with every step off that can be, the user and the command are left`() throws {
        let text = BootSequence.steps.filter { $0.isOptional }.map { "\($0.name): {enabled: false}\n" }.joined()
        let lines = try PlanFacts.lines(of: text, Self.git.merging(Self.key) { $1 })
        let steps = Set(lines.compactMap { $0.split(separator: ":").first.map(String.init) })
            .intersection(BootSequence.steps.map { $0.name })
        #expect(steps == ["identity"])
        #expect(lines.filter { $0.hasSuffix(" is off") }.count == 6)
    }

    @Test func `a private key is linked to by the name that ssh knows`() throws {
        for (name, alias) in [("deploy", SSHFileName.ed25519), ("id_ed25519", nil)] as [(String, SSHFileName?)] {
            var configuration = Configuration()
            configuration.add(Array("ssh: {privateKeyName: \(name)}".utf8), name: "f")
            let key = Data(try makeKey(["-t", "ed25519"]).privateKey.utf8).base64EncodedString()
            let settings = try Settings.read(
                from: Pod.environment(["SSH_PRIVATE_KEY_B64": Array(key.utf8)]),
                configuration: configuration)
            let plan = try #require(settings[SSHKeys.self]).plan(try PlanFacts.context(settings))
            guard case .sshFiles(let change) = plan.changes.first?.change else {
                Issue.record("no change of ssh's files")
                continue
            }
            #expect(change.alias == alias)
            #expect(change.files.map(\.name) == [.privateKey(name)])
            #expect(Set(change.possibleNames.map(\.text)).count == change.possibleNames.count)
        }
    }
}
