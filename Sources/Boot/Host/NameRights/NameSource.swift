internal import Linux

/// A place where an image may give rights to names.
struct NameSource {
    enum Kind {
        case file
        /// A directory whose files follow the grammar.
        case directory(Selection)
        /// A directory in which, at any depth, every file is a problem.
        case tree
        /// Something whose existence is a problem.
        case presence
    }

    /// Which files of a directory are read.
    enum Selection {
        case all
        case ending(String)
        /// The files of a directory that sudo reads: without a full stop, and not an editor's backup (sudoers(5)).
        case sudoers

        func includes(_ name: FilePath.Component) -> Bool {
            let bytes = Array(name.string.utf8)
            switch self {
            case .all: return true
            case .ending(let ending): return bytes.suffix(ending.utf8.count).elementsEqual(ending.utf8)
            case .sudoers: return !bytes.contains(UInt8(ascii: ".")) && bytes.last != UInt8(ascii: "~")
            }
        }
    }

    let path: FilePath
    let kind: Kind
    let grammar: NameGrammar
    /// Whether it does not matter who has written it.
    let mayBeAnybodys: Bool

    init(_ path: FilePath, _ kind: Kind, _ grammar: NameGrammar, mayBeAnybodys: Bool = false) {
        self.path = path
        self.kind = kind
        self.grammar = grammar
        self.mayBeAnybodys = mayBeAnybodys
    }

    /// A file in this directory.
    func entry(_ path: FilePath) -> NameSource { NameSource(path, .file, grammar) }
}

/// How a file is read.
enum NameGrammar: String {
    case passwd, group, shadow, gshadow, nameService, netgroup
    case sudoers, sudo, doas, polkit, polkitAuthority
    case pam, limits, capabilities, seusers, settings, names, subordinateIDs, empty
    case sshd, dbus
    /// The existence of the file is the problem.
    case presence

    var comments: SourceText.Comments {
        switch self {
        case .sudoers: .sudoers
        case .settings: .settings
        case .polkit, .dbus, .passwd, .group, .shadow, .gshadow, .presence: .none
        default: .hash
        }
    }

    /// Whether it is one of the account files, whose names are looked up separately.
    var isAccounts: Bool { [.passwd, .group, .shadow, .gshadow].contains(self) }

    func read(_ findings: inout SourceFindings) {
        switch self {
        case .passwd: AccountGrammar.readPasswd(&findings)
        case .group: AccountGrammar.readGroup(&findings)
        case .shadow: AccountGrammar.readShadow(&findings)
        case .gshadow: AccountGrammar.readGroupShadow(&findings)
        case .nameService: AccountGrammar.readNameService(&findings)
        case .netgroup: Netgroups.read(&findings)
        case .sudoers: SudoersGrammar.read(&findings)
        case .sudo: SudoGrammar.readConfiguration(&findings)
        case .doas: SudoGrammar.readDoas(&findings)
        case .polkit: PolkitGrammar.readRules(&findings)
        case .polkitAuthority: PolkitGrammar.readAuthority(&findings)
        case .pam: PAMGrammar.read(&findings)
        case .limits: ListGrammar.readLimits(&findings)
        case .capabilities: ListGrammar.readCapabilities(&findings)
        case .seusers: ListGrammar.readSEUsers(&findings)
        case .settings: ListGrammar.readSettings(&findings)
        case .names: ListGrammar.readNames(&findings)
        case .subordinateIDs: ListGrammar.readSubordinateIDs(&findings)
        case .empty: for line in findings.text.lines { findings.note(line) }
        case .sshd: SSHDGrammar.read(&findings)
        case .dbus: DBusGrammar.read(&findings)
        case .presence: findings.note(nil, "what it grants is not known here")
        }
    }
}

extension NameSource {
    /// Every known place, as distributions use it.
    static let all: [NameSource] =
        [
            // Whoever can mount this file or write to it can choose names without the boot's help.
            NameSource(Paths.passwd, .file, .passwd, mayBeAnybodys: true), NameSource(Paths.group, .file, .group),
            NameSource(Paths.shadow, .file, .shadow), NameSource(Paths.gshadow, .file, .gshadow),
            NameSource("/etc/nsswitch.conf", .file, .nameService),
            NameSource("/usr/etc/nsswitch.conf", .file, .nameService),
            NameSource("/etc/netgroup", .file, .netgroup),
        ] + privileges + modules + daemons + others

    /// sudo(8), doas(1), polkit(8).
    private static let privileges: [NameSource] =
        [Paths.sudoers, "/etc/sudoers-rs", "/usr/local/etc/sudoers", "/usr/local/etc/sudoers-rs", "/usr/etc/sudoers"]
        .map { NameSource($0, .file, .sudoers) }
        + [Paths.sudoersDirectory, "/usr/local/etc/sudoers.d", "/usr/etc/sudoers.d"].map {
            NameSource($0, .directory(.sudoers), .sudoers)
        }
        + ["/etc/sudo.conf", "/usr/local/etc/sudo.conf", "/usr/etc/sudo.conf"].map { NameSource($0, .file, .sudo) }
        + ["/etc/doas.conf", "/usr/local/etc/doas.conf"].map { NameSource($0, .file, .doas) }
        + ["/etc/doas.d", "/usr/local/etc/doas.d"].map { NameSource($0, .directory(.ending(".conf")), .doas) }
        + ["/etc", "/run", "/usr/local/share", "/usr/share"].map {
            NameSource(FilePath($0).appending("polkit-1/rules.d"), .directory(.ending(".rules")), .polkit)
        } + [
            NameSource("/etc/polkit-1/localauthority.conf.d", .directory(.ending(".conf")), .polkitAuthority),
            NameSource("/etc/polkit-1/localauthority", .tree, .presence),
            NameSource("/var/lib/polkit-1/localauthority", .tree, .presence),
        ]

    /// Where PAM has its services; a service in an earlier directory hides those in later ones.
    static let services: [FilePath] = [
        "/etc/pam.d", "/usr/lib/pam.d", "/usr/share/pam.d", "/usr/etc/pam.d", "/usr/local/etc/pam.d",
    ]

    /// pam(7), and the files of its modules.
    private static let modules: [NameSource] =
        [NameSource("/etc/pam.conf", .file, .empty)]
        + services.map { NameSource($0, .directory(.all), .pam) }
        + ["/etc/security", "/usr/etc/security", "/usr/lib/security", "/usr/share/security"].flatMap { root in
            [
                ("limits.conf", .limits), ("capability.conf", .capabilities), ("sepermit.conf", .seusers),
                ("faillock.conf", .settings), ("pwquality.conf", .settings), ("pwhistory.conf", .settings),
                ("pam_env.conf", .settings), ("access.conf", .empty), ("group.conf", .empty), ("time.conf", .empty),
                ("namespace.conf", .empty), ("chroot.conf", .empty), ("pam_winbind.conf", .empty),
            ].map { (name: String, grammar: NameGrammar) in
                NameSource(FilePath(root).appending(name), .file, grammar)
            }
                + [
                    ("limits.d", .limits), ("pwquality.conf.d", .settings), ("access.d", .empty), ("group.d", .empty),
                    ("time.d", .empty), ("namespace.d", .empty), ("faillock.conf.d", .settings),
                ].map { (name: String, grammar: NameGrammar) in
                    NameSource(FilePath(root).appending(name), .directory(.ending(".conf")), grammar)
                }
        }

    /// sshd_config(5), dbus-daemon(1), systemd's records of users (nss-systemd(8)).
    private static let daemons: [NameSource] =
        ["/etc/ssh/sshd_config", "/usr/etc/ssh/sshd_config"].map { NameSource($0, .file, .sshd) }
        + ["/etc/ssh/sshd_config.d", "/usr/etc/ssh/sshd_config.d"].map {
            NameSource($0, .directory(.ending(".conf")), .sshd)
        }
        + ["/etc/dbus-1", "/usr/share/dbus-1"].flatMap { root in
            ["system.conf", "system-local.conf"].map { NameSource(FilePath(root).appending($0), .file, .dbus) }
                + [NameSource(FilePath(root).appending("system.d"), .directory(.ending(".conf")), .dbus)]
        }
        + [
            "/etc/userdb", "/run/userdb", "/run/host/userdb", "/usr/lib/userdb", "/usr/local/lib/userdb",
            "/run/systemd/userdb",
        ].map { NameSource($0, .tree, .presence) }

    private static let others: [NameSource] =
        ["/etc/subuid", "/etc/subgid"].map { NameSource($0, .file, .subordinateIDs) }
        + ["/etc/cron.allow", "/etc/cron.deny", "/etc/cron.d/cron.allow", "/etc/at.allow", "/etc/at.deny"].map {
            NameSource($0, .file, .names)
        }
        + [
            "/etc/suauth", "/etc/login.access", "/etc/hosts.equiv", "/etc/shosts.equiv", "/etc/ssh/shosts.equiv",
            "/etc/porttime", "/etc/incron.allow", "/etc/incron.deny",
        ].map { NameSource($0, .file, .empty) }
        // Programs that make others root according to their own rules.
        + [
            "/etc/super.tab", "/etc/please.ini", "/etc/please.d", "/etc/calife.auth", "/etc/calife.conf",
            "/etc/op.conf",
            "/etc/op.d", "/etc/userv", "/etc/busybox.conf", "/etc/sudoers.so", "/etc/usermode.conf", "/etc/su.allow",
            "/etc/security/su.allow", "/etc/su1.priv", "/etc/sup.conf", "/etc/ssu.conf", "/etc/privs.conf",
        ].map { NameSource($0, .presence, .presence) }
}
