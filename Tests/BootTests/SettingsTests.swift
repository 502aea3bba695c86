import Boot
import Linux
import Programs
import Testing

struct SettingsTests {
    @Test func `a complete environment gives every step its settings`() throws {
        let settings = try Pod.settings()
        let names = settings.stepNames
        #expect(names.prefix(2) == ["identity", "scratch"])
        #expect(names.last == "handoff")
        #expect(settings.notices.map(\.text) == [])
        #expect(settings.log == LogSettings(level: .info, format: .text))
        let identity = try #require(settings[Identity.self])
        #expect(identity.userName == "jane")
        #expect(identity.userID == 254_321)
        #expect(identity.groupName == "lab")
        #expect(identity.groupID == 83070)
        #expect(identity.home == "/home/jane")
        #expect(identity.sudo == .all)
        #expect(identity.onCollision == .rename)
        let scratch = try #require(settings[Scratch.self])
        #expect(scratch.home == "/scratch/homes/jane")
        #expect(scratch.workingDirectory == "/scratch/homes/jane/work")
        #expect(scratch.cache == "/scratch/hf_cache")
        #expect(scratch.tokenPath == ".cache/huggingface/token")
        #expect(scratch.cacheInside == "/scratch/homes/hf_cache")
        #expect(scratch.umask == 0o007)
        #expect(scratch.seed == nil)
        #expect(settings.workplace?.timeout == 60)
    }

    @Test func `what the pod gives wins over a default`() throws {
        let settings = try Pod.settings([
            "SCRATCH_HOME": "/other/home", "HF_HOME": "/cache", "HF_TOKEN_PATH": "/token", "SCRATCH_UMASK": "0027",
            "SCRATCH_SEED_USER": "177449:83070", "SCRATCH_TIMEOUT": "0", "IDENTITY_SUDO": "none",
            "IDENTITY_ON_COLLISION": "fail", "ENTRYPOINT_LOG": "debug", "ENTRYPOINT_LOG_FORMAT": "json",
        ])
        #expect(settings.log == LogSettings(level: .debug, format: .json))
        #expect(settings[Identity.self]?.sudo == Identity.Sudo.none)
        #expect(settings[Identity.self]?.groups == ["adm"])
        #expect(settings[Identity.self]?.onCollision == .fail)
        let scratch = try #require(settings[Scratch.self])
        #expect(scratch.home == "/other/home")
        #expect(scratch.cache == "/cache")
        #expect(scratch.tokenPath == "/token")
        #expect(scratch.umask == 0o027)
        #expect(scratch.seed == .ids(user: 177_449, group: 83070))
        #expect(settings.workplace?.timeout == 0)
    }

    @Test func `the cache stays beside the homes where another home is given, and is inside if nothing else fits`()
        throws
    {
        let scratch = try #require(try Pod.settings(["SCRATCH_HOME": "/other"])[Scratch.self])
        #expect(scratch.cache == "/scratch/hf_cache" && scratch.cacheInside == "/scratch/homes/hf_cache")
        let given = try #require(try Pod.settings(["HF_HOME": "/cache"])[Scratch.self])
        #expect(given.cache == "/cache" && given.cacheInside == nil)
        // Not in the place of a user's home.
        let other = try #require(try Pod.settings(["NB_USER": "hf_cache"])[Scratch.self])
        #expect(other.cacheInside == "/scratch/homes/hf_cache/.cache/huggingface")
    }

    @Test func `with the root of all as the scratch root nothing climbs above it`() throws {
        let scratch = try #require(try Pod.settings(["SCRATCH_HOME_ROOT": "/"])[Scratch.self])
        #expect(scratch.home == "/jane")
        #expect(scratch.cache == "/hf_cache")
    }

    private static let all = "NB_USER, NB_UID, NB_GROUP, NB_GID, SCRATCH_HOME_ROOT, WORKING_DIR"
    private static let nothing =
        "nothing is prepared, and the command runs with the identity that the container was started with"

    @Test func `with nothing set nothing is prepared, and one notice says so`() throws {
        for environment in [EnvironmentBlock(), EnvironmentBlock("PATH=/bin", "HF_HOME=/x", "NB_USER=")] {
            let settings = try Settings.read(from: environment)
            #expect(settings.stepNames.isEmpty)
            #expect(settings[Identity.self] == nil)
            #expect(settings.notices.map(\.text) == ["\(Self.all) are not set: \(Self.nothing)"])
        }
    }

    @Test func `the image may let the command run where something is missing`() throws {
        let settings = try Settings.read(
            from: Pod.environment(["IDENTITY_WHEN_INCOMPLETE": Array("run".utf8)], without: ["NB_GID"]))
        #expect(settings.stepNames.isEmpty)
        #expect(settings.notices.map(\.text) == ["NB_GID is not set: \(Self.nothing)"])
    }

    @Test func `the first of two entries counts, even when it is empty`() throws {
        let entries = Pod.environment().entries
        let first = try Settings.read(from: EnvironmentBlock([string("NB_UID=7")] + entries))
        #expect(first[Identity.self]?.userID == 7)
        #expect(
            Pod.problems(EnvironmentBlock([string("NB_UID=")] + entries)) == [
                "NB_UID is not set, but the other required variables are"
            ])
    }

    @Test func `a name that is not known is told once, with the one that was meant`() throws {
        let odd = ["ENTRYPOINT_LOGS=debug", "ENTRYPOINT_LOGS=x", "ENTRYPOINT_SERVICE_HOST=10.0.0.1", "ENTRYPOINT_=1"]
        let settings = try Settings.read(from: EnvironmentBlock(Pod.environment().entries + odd.map(string)))
        #expect(
            settings.notices.map(\.text) == [
                "ENTRYPOINT_LOGS is not a variable of entrypoint; did you mean ENTRYPOINT_LOG?",
                "ENTRYPOINT_ is not a variable of entrypoint",
            ])
    }

    @Test func `of many names that are not known some are told, and the rest is counted`() throws {
        func notices(_ count: Int) throws -> [String] {
            let odd = (0..<count).flatMap { ["ENTRYPOINT_LO\($0)=x", "ENTRYPOINT_LO\($0)=y"] }
            return try Settings.read(from: EnvironmentBlock(Pod.environment().entries + odd.map(string))).notices.map(
                \.text)
        }
        #expect(try notices(10).count == 10)
        let eleven = try notices(11)
        #expect(eleven.count == 11)
        #expect(eleven.last == "1 further variable is not known to entrypoint either")
        let many = try notices(30_000)
        #expect(
            many.count == 11
                && many.first == "ENTRYPOINT_LO0 is not a variable of entrypoint; did you mean ENTRYPOINT_LOG?")
        #expect(many.last == "29990 further variables are not known to entrypoint either")
        let long = "ENTRYPOINT_" + String(repeating: "L", count: 100_000)
        let one = try Settings.read(from: EnvironmentBlock(Pod.environment().entries + [string(long + "=x")])).notices
            .map(\.text)
        #expect(one.count == 1 && one[0].utf8.count < 300)
    }

    @Test(arguments: ["ENTRYPOINT", "IDENTITY", "SCRATCH", "NB", "NB_USER", "NB_UI"])
    func `what Kubernetes injects for a Service is not taken for a mistyped name`(service: String) throws {
        let injected = [
            "SERVICE_HOST", "SERVICE_PORT", "SERVICE_PORT_HTTP", "SERVICE_PORT_A_B", "PORT", "PORT_80_TCP",
            "PORT_80_TCP_PROTO", "PORT_80_TCP_PORT", "PORT_80_UDP_ADDR", "PORT_443_SCTP",
        ]
        let settings = try Settings.read(
            from: EnvironmentBlock(Pod.environment().entries + injected.map { string("\(service)_\($0)=x") }))
        #expect(settings.notices.map(\.text) == [])
        let others = ["PORT_80", "PORT_80_TCPX", "PORT_X_TCP", "PORT_80_TCP_ADDR_X", "HOST", "PORTS"]
        let known = try Settings.read(
            from: EnvironmentBlock(Pod.environment().entries + others.map { string("NB_USERS_\($0)=x") }))
        #expect(known.notices.count == others.count)
    }

    /// Names that are not known, what they may stand for, and whether they would decide who the user is.
    private static let misspelt: [(name: String, known: String?, isFatal: Bool)] = [
        ("IDENTITY_SUOD", "IDENTITY_SUDO", true), ("IDENTIY_SUDO", "IDENTITY_SUDO", true),
        ("DENTITY_SUD", "IDENTITY_SUDO", true), ("NB_UDI", "NB_UID", true), ("NBUID", "NB_UID", true),
        ("N_UID", "NB_UID", true), ("NB_ID", "NB_UID", true), ("NB_UIDS", "NB_UID", true), ("NB_USR", "NB_USER", true),
        ("NB_GROUPE", "NB_GROUP", true), ("XB_GROUQ", "NB_GROUP", true),
        ("SCRATCH_SEED_USR", "SCRATCH_SEED_USER", true),
        ("SCRATCH_SED_USR", "SCRATCH_SEED_USER", true), ("SCRATCH_SEEDS", nil, false),
        ("NB_UMASKS", nil, false), ("IDENTITY_THEFT", nil, false), ("NB_", nil, false),
        ("SCRATCH_HOME_ROT", "SCRATCH_HOME_ROOT", false), ("WORKIN_DIR", "WORKING_DIR", false),
        ("SSH_PRIVATE_KEY_B46", "SSH_PRIVATE_KEY_B64", false), ("SSH_PUBLICKEY", "SSH_PUBLIC_KEY", false),
        ("GIT_USERNAME", "GIT_USER_NAME", false), ("UV_CACHE_DIRS", "UV_CACHE_DIR", false),
        ("HF_HOMES", "HF_HOME", false), ("PERSISTANT_LINKS", "PERSISTENT_LINKS", false),
    ]

    @Test(arguments: misspelt) func `a name that is nearly one of ours is told, and never grants anything`(
        name: String, known: String?, isFatal: Bool
    ) throws {
        let text = "\(name) is not a variable of entrypoint" + (known.map { "; did you mean \($0)?" } ?? "")
        let pod = EnvironmentBlock(Pod.environment().entries + [string("\(name)=x")])
        // Nor may it be what makes a start one for nobody in particular.
        for environment in [pod, EnvironmentBlock([string("\(name)=x")])] {
            if isFatal {
                #expect(
                    Pod.problems(environment)
                        == ["\(text) (with identity.whenMisspelt: warn the boot goes on without it)"])
            } else {
                #expect(try Settings.read(from: environment).notices.map(\.text).contains(text))
            }
        }
        let relaxed = EnvironmentBlock(pod.entries + [string("IDENTITY_WHEN_MISSPELT=warn")])
        #expect(try Settings.read(from: relaxed).notices.map(\.text) == [text])
        // Without a value it counts as unset.
        #expect(
            try Settings.read(from: EnvironmentBlock(Pod.environment().entries + [string("\(name)=")])).notices == [])
    }

    @Test func `names of other programs are not told of`() throws {
        let names = [
            "SSH_AUTH_SOCK", "SSH_CONNECTION", "SSH_TTY", "GIT_AUTHOR_NAME", "UV_INDEX", "UV_PYTHON", "HF_HUB_OFFLINE",
            "HF_TOKEN", "USER", "UID", "HOME", "LOGNAME", "SHELL", "PATH", "ZDOTDIRS_OF", "PYTHONPATH", "WANDB_DIR",
        ]
        let settings = try Settings.read(
            from: EnvironmentBlock(Pod.environment().entries + names.map { string("\($0)=x") }))
        #expect(settings.notices.map(\.text) == [])
    }

    @Test func `a notice does not repeat what was set`() throws {
        let settings = try Settings.read(
            from: EnvironmentBlock(Pod.environment().entries + [string("ENTRYPOINT_S3CRET=hunter2")]))
        #expect(!settings.notices.map(\.whole).joined().contains("hunter2"))
    }

    @Test func `every variable is declared once, with a meaning`() {
        let variables = BootSequence.groups.variables
        #expect(Set(variables.map(\.name)).count == variables.count)
        for variable in variables {
            #expect(!variable.meaning.isEmpty && !variable.meaning.hasSuffix("."))
        }
        #expect(Set(variables.filter(\.isRequired).map(\.name)) == Set(Pod.required.keys))
    }
}
