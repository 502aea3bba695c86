import Glibc
import Linux
import TestSupport
import Testing

@testable import Boot

/// Whether a new name is given, by all that an image has.
@Suite(.actingAsUsers)
struct NameRightsTests {
    private func withImage<Result>(_ files: [String: String], _ body: (FileTree, Site) throws -> Result) throws
        -> Result
    {
        try NameImage(files: files).make(body)
    }

    private func reasons(
        _ files: [String: String], _ name: String, _ kind: NameKind = .user, accounts: AccountFiles = AccountFiles(),
        permitted: [String] = []
    ) throws -> [String] {
        try NameImage(files: files).reasons(name, kind, accounts: accounts, permitted: permitted)
    }

    private static func change(_ site: Site, _ path: String, mode: mode_t, user: uid_t = 0) throws {
        let path = site.at(path).string
        try #require(chown(path, user, 0) == 0 && chmod(path, mode) == 0)
    }

    private static let plain = [
        "etc/sudoers": "Defaults env_reset\nroot ALL=(ALL) ALL\n%sudo ALL=(ALL) ALL\n@includedir /etc/sudoers.d\n",
        "etc/sudoers.d/README": "# nothing\n", "etc/pam.d/su": "auth required pam_unix.so\n", "etc/subuid": "",
    ]

    @Test func `a name is given where everything is understood, and by an image without anything`() throws {
        #expect(try reasons(Self.plain, "jane") == [])
        #expect(try reasons(Self.plain, "lab", .group) == [])
        #expect(try reasons([:], "jane") == [])
    }

    @Test(arguments: [
        ("etc/sudoers", "builder ALL=ALL", "Builder", NameKind.user),
        ("etc/sudoers.d/x", "%Ops ALL=ALL", "ops", .group), ("etc/doas.conf", "permit :wheel", "wheel", .group),
        ("etc/sudoers", "@include /etc/more # x", "anna", .user),
        ("etc/pam.d/x", "auth required pam_wheel.so", "WHEEL", .group),
        ("usr/share/dbus-1/system.d/x.conf", "<policy group=\"net\">", "net", .group),
        // What is not understood may name anybody, also behind an escape.
        ("etc/sudoers", "\\x62uilder ALL=ALL", "builder", .user),
        ("etc/sudoers", "b\\uilder ALL=ALL", "builder", .user),
        ("etc/pam.d/x", "auth required pam_exec.so anna", "anna", .user),
        ("etc/polkit-1/rules.d/x.rules", "if (/^anna$/.test(subject.user)) {", "anna", .user),
        ("etc/polkit-1/rules.d/x.rules", "if (/\\banna\\b/.test(subject.user)) {", "anna", .user),
        ("etc/userdb/anna:wheel.membership", "{}", "anna", .user), ("etc/please.d/a/b", "anna", "anna", .user),
        ("etc/userdb/bert:ops.membership", "{}", "ops", .group),
        ("etc/doas.conf", "deny anna", "anna", .group), ("etc/super.tab", "# anna", "anna", .user),
        // Who has a home there says what is run.
        ("etc/sudoers", "Defaults secure_path=\"/home/linux.brew/bin:/bin\"", "linux.brew", .user),
        ("etc/sudoers", "bob ALL=(ALL) /home/anna", "anna", .user),
        ("etc/pam.d/x", "account required pam_succeed_if.so home = /home/anna", "anna", .user),
    ])
    func `a name that a source has is not even permitted by a pattern`(
        path: String, text: String, name: String, kind: NameKind
    ) throws {
        var files = [path: text + "\n"]
        if text.utf8.starts(with: "@include".utf8) { files["etc/more"] = "anna ALL=ALL\n" }
        #expect(try reasons(files, name, kind, permitted: ["*"]).count == 1)
        #expect(try !reasons(files, name, kind).isEmpty)
    }

    @Test(arguments: [
        ("etc/sudoers", "ALL, !jane ALL=ALL"), ("etc/sudoers", "ALL ALL=ALL"), ("etc/sudoers", "+net ALL=ALL"),
        ("etc/sudo.conf", "Plugin x y.so"), ("etc/super.tab", ""), ("etc/userdb/a/x.user", "{}"),
        ("etc/nsswitch.conf", "passwd: files ldap"), ("etc/sudoers.d/x", "a\u{0}"), ("etc/sudoers.d/x", "# \u{1B}"),
        ("etc/pam.d/x", String(repeating: "#\n", count: 600_000)),
    ])
    func `a name that no source has is given only by a pattern where something is unclear`(
        path: String, text: String
    ) throws {
        #expect(try !reasons([path: text], "zoe").isEmpty)
        #expect(try reasons([path: text], "zoe", permitted: ["user-*", "z?e"]) == [])
        #expect(try !reasons([path: text], "zoe", permitted: ["user-*"]).isEmpty)
    }

    @Test(arguments: [
        ("etc/sudoers", "# anna ALL=ALL"), ("etc/sudoers", "annabel ALL=ALL"), ("etc/sudoers.d/x.bak", "anna ALL=ALL"),
        ("etc/security/namespace.init", "anna"), ("etc/polkit-1/rules.d/x.js", "anna"), ("etc/pam.d/x", "# anna"),
        ("etc/nsswitch.conf", "hosts: anna"), ("etc/sudoers", "x ALL=(ALL) /bin/anna"),
        ("etc/sudoers", "Defaults secure_path=\"/srv/home/anna:/home/annabel\""),
    ])
    func `a word that gives nothing is no name`(path: String, text: String) throws {
        #expect(try reasons([path: text], "anna") == [])
        #expect(try reasons([path: text], "anna", .group) == [])
    }

    @Test(arguments: [
        (NameKind.user, "passwd", "Anna:x:1:1::/:/bin/sh", true), (.user, "shadow", "anna:x:::::::", true),
        (.user, "shadow", "anna:*:::::::", false), (.user, "group", "ops:x:4:bert,anna", true),
        (.user, "gshadow", "ops:x:anna:", true), (.user, "gshadow", "ops:x::ANNA", true),
        (.user, "group", "anna:x:4:", false), (.group, "group", "Anna:x:4:", true),
        (.group, "gshadow", "anna:x::", true),
        (.group, "gshadow", "anna:*::", false), (.group, "passwd", "anna:x:1:1::/:/bin/sh", false),
    ])
    func `a name that the account files have in any form is not permitted`(
        kind: NameKind, file: String, line: String, isRefused: Bool
    ) throws {
        var accounts = AccountFiles()
        let text = Array("root:x:0:0::/:/bin/sh\n\(line)\n".utf8)
        switch file {
        case "passwd": accounts.passwd = text
        case "shadow": accounts.shadow = text
        case "group": accounts.group = text
        default: accounts.gshadow = text
        }
        let found = try reasons([:], "anna", kind, accounts: accounts, permitted: ["*"])
        #expect(found == (isRefused ? ["/etc/\(file):2: the name is there"] : []))
    }

    @Test(arguments: [
        ("sudoers", "@include \"/opt/site\""), ("sudoers", "@include ../site"), ("sudoers", "@include /opt/s\\ite"),
        ("sudoers", "#includedir \"/opt/x\""), ("sudoers", "@include /opt/%h"),
        ("sudoers", "# \u{0C}\n@include /opt/site"),
        ("sudoers", String(repeating: "#\n", count: 600_000) + "@include /opt/site"),
        ("sudo.conf", "Plugin sudoers_policy sudoers.so sudoers_file=/opt/site"),
        ("sudoers", "Defaults group_plugin=\"group_file.so /opt/site\""),
        ("pam.d/x", "auth sufficient pam_exec.so quiet /opt/site"),
        ("pam.d/x", "auth sufficient pam_exec.so quiet \\\n /opt/site"),
        ("sudoers", "Defaults \\\n group_plugin=\"group_file.so /opt/site\""), ("pam.d/x", "auth substack /opt/site"),
        ("pam.d/x", "auth required pam_listfile.so item=user file=/opt/site"),
        ("dbus-1/system.conf", "<busconfig><include>/opt/site</include></busconfig>"),
        ("dbus-1/system.conf", "<busconfig><odd/><include>/opt/site</include></busconfig>"),
        ("ssh/sshd_config", "Include /opt/s?te"),
    ])
    func `a file that is not found has any name, whatever is permitted`(file: String, text: String) throws {
        #expect(try !reasons(["etc/\(file)": text + "\n"], "zoe", permitted: ["*"]).isEmpty)
    }

    @Test func `a service of PAM asks what the services ask that it includes, by links, too`() throws {
        let plain = ["etc/select/auth": "auth sufficient pam_unix.so\nauth required pam_deny.so\n"]
        for (text, isOpen) in [
            ("auth include system-auth\n", false), ("auth required pam_env.so\nauth include system-auth\n", false),
            ("auth [default=1] pam_env.so\nauth include system-auth\nauth required pam_permit.so\n", false),
            ("auth [default=2] pam_env.so\nauth include system-auth\nauth required pam_permit.so\n", true),
            ("auth [default=2] pam_env.so\nauth substack system-auth\nauth required pam_permit.so\n", false),
            ("auth [default=1] pam_env.so\nauth substack system-auth\nauth required pam_permit.so\n", true),
            ("auth [default=ignore] pam_env.so\nauth include no-auth\nauth optional pam_permit.so\n", true),
        ] {
            try withImage(plain.merging(["etc/pam.d/su": text, "etc/pam.d/x": ""]) { $1 }) { tree, site in
                try site.link("etc/pam.d/system-auth", to: "../select/auth")
                let rights = NameRights.read(from: tree, caller: 1000)
                #expect(rights.problems == [])
                #expect(rights.mentions.map(\.place) == (isOpen ? ["/etc/pam.d/su:1"] : []), "\(text)")
            }
        }
    }

    @Test func `includes and links are followed, each file once`() throws {
        let files = [
            "etc/sudoers": "@include /opt/site\n#includedir /opt/more\n",
            "opt/site": "#include /etc/sudoers\nanna ALL=ALL\n",
            "opt/more/1": "bert ALL=ALL\n", "opt/more/2.bak": "carl ALL=ALL\n", "opt/more/3~": "dora ALL=ALL\n",
        ]
        #expect(try reasons(files, "anna") == ["/opt/site:2: anna is named"])
        #expect(try reasons(files, "bert") == ["/opt/more/1:1: bert is named"])
        #expect(try reasons(files, "carl") == [] && reasons(files, "dora") == [])
        try withImage(["opt/pam/su": "auth required pam_wheel.so\n", "etc/x": ""]) { tree, site in
            try site.link("etc/pam.d", to: "../opt/pam")
            #expect(NameRights.read(from: tree, caller: 1000).mentions.map(\.place) == ["/opt/pam/su:1"])
        }
    }

    @Test func `what another than root may change is a problem, and so is what is no file`() throws {
        try withImage(Self.plain) { tree, site in
            func problems(caller: UInt32 = 1000) -> [String] {
                NameRights.read(from: tree, caller: caller).problems.map(\.text)
            }
            #expect(problems() == [])
            try Self.change(site, "etc/subuid", mode: 0o664)
            #expect(problems() == ["/etc/subuid: others than its owner can write to it"])
            try Self.change(site, "etc/subuid", mode: 0o644, user: 1000)
            #expect(problems() == ["/etc/subuid: it belongs to user 1000"])
            try Self.change(site, "etc/subuid", mode: 0o644, user: 100)
            #expect(problems() == [])
            #expect(problems(caller: 100) == ["/etc/subuid: it belongs to user 100"])
            try Self.change(site, "etc/sudoers.d", mode: 0o777)
            #expect(problems().contains("/etc/sudoers.d: others than its owner can write to it"))
            try Self.change(site, "etc/sudoers.d", mode: 0o755)
            try Self.change(site, "etc", mode: 0o777)
            #expect(problems().contains("/etc: others than its owner can write to it"))
            try Self.change(site, "etc", mode: 0o755)
            try site.link("etc/subgid", to: "subgid")
            #expect(problems() == ["/etc/subgid: too many symbolic links"])
            try site.directory("etc/doas.conf")
            #expect(problems().contains("/etc/doas.conf: not what is expected there"))
        }
    }

    @Test func `what is not trusted for its owner or mode is searched for names all the same`() throws {
        let image = ["etc/sudoers.d/x": "builder ALL=(ALL) NOPASSWD: ALL\n"]
        try withImage(image) { tree, site in
            func reasons(_ name: String) throws -> [String] {
                NameRights.read(from: tree, caller: 1000).verdict(
                    on: name, .user, accounts: AccountFiles(), permitted: [try NamePattern("*")]
                ).reasons
            }
            for (mode, user) in [(0o755, 0), (0o775, 0), (0o755, 1000)] as [(UInt32, UInt32)] {
                try Self.change(site, "etc/sudoers.d", mode: mode, user: user)
                #expect(try reasons("builder") == ["/etc/sudoers.d/x:1: builder is named"])
                #expect(try reasons("zoe") == [])
            }
            // What is there and cannot be read may have any name.
            try site.link("etc/sudoers.d/y", to: "y")
            #expect(try reasons("zoe").contains("/etc/sudoers.d/y: too many symbolic links"))
        }
    }

    @Test(arguments: [
        ("etc/sudoers", "+ops ALL=ALL"), ("etc/sudoers", "Defaults:+ops !authenticate"),
        ("etc/sudoers", "User_Alias X = anna, +ops"), ("etc/sudoers", "\"+ops\" ALL=ALL"),
        ("etc/security/access.conf", "+:@ops:ALL"), ("etc/hosts.equiv", "+ +@ops"), ("etc/hosts.equiv", "+@ops"),
        ("etc/pam.d/x", "auth sufficient pam_succeed_if.so user innetgroup ops"),
        ("etc/pam.d/x", "auth sufficient pam_succeed_if.so user innetgr ops"),
        ("etc/pam.d/x", "auth sufficient pam_succeed_if.so user notinnetgr ops"),
        ("etc/polkit-1/rules.d/x.rules", "if (subject.isInNetgroup(\"ops\")) {"),
        ("etc/polkit-1/localauthority.conf.d/x.conf", "AdminIdentities=unix-netgroup:ops"),
    ])
    func `who is in a netgroup is looked up, and anybody may be where that cannot be read`(path: String, text: String)
        throws
    {
        func isGiven(_ name: String, _ service: String?, _ netgroup: String = "ops (-,Anna,-)\n") throws -> Bool {
            var files = [path: text + "\n", "etc/netgroup": netgroup]
            files["etc/nsswitch.conf"] = service.map { "passwd: files\n\($0)\n" }
            return try reasons(files, name, permitted: ["*"]).isEmpty
        }
        for service in [nil, "netgroup: files", "netgroup:"] {
            #expect(try !isGiven("anna", service) && isGiven("zoe", service))
            // Parts of a name are put together.
            #expect(try !isGiven("anna", service, "ops \\\n (-,an\\\nna,-)\n"))
        }
        for service in ["netgroup: nis", "NetGroup: files sss", "netgroup: [NOTFOUND=continue] files", "netgroup ldap"]
        {
            #expect(try !isGiven("zoe", service), "\(service)")
        }
    }

    @Test func `netgroups that nobody uses say only whom they have`() throws {
        let files = ["etc/netgroup": "ops (-,anna,-)\n", "etc/nsswitch.conf": "netgroup: nis\n"]
        #expect(try reasons(files, "zoe") == [])
        #expect(try reasons(files, "anna") == ["/etc/netgroup:1: anna is named"])
        #expect(
            try reasons(["etc/netgroup": "ops (,,)\n"], "zoe") == ["/etc/netgroup:1: everybody with a name has rights"])
    }

    @Test(arguments: [
        ("polkit-1/rules.d/x.rules", "if (subject.user == \"\\u0061nna\") {"),
        ("polkit-1/rules.d/x.rules", "if (subject.user == \"\\x61nna\") {"),
        ("polkit-1/rules.d/x.rules", "if (subject.user == \"\\141nna\") {"),
        ("polkit-1/rules.d/x.rules", "if (subject.user == \"\\u{61}nna\") {"),
        ("polkit-1/rules.d/x.rules", "if (subject.user == \"an\\\nna\") {"),
        ("polkit-1/rules.d/x.rules", "x();\nif (subject.user == \"\\x61nna\") {"),
        ("dbus-1/system.conf", "<policy user=\"&#97;nna\">"), ("dbus-1/system.conf", "<policy user=\"&#x61;nna\">"),
        ("dbus-1/system.conf", "<odd/><policy user=\"&#97;nna\">"), ("dbus-1/system.conf", "<user>a&n;na</user>"),
        ("dbus-1/system.conf", "<odd/><user>an<!-- -->na</user>"), ("dbus-1/system.conf", "<user>an<!-- -->na</user>"),
        ("dbus-1/system.conf", "<odd/><user><![CDATA[an]]>na</user>"), ("dbus-1/system.conf", "<user>an<?x?>na</user>"),
        ("dbus-1/system.conf", "\u{0}a\u{0}n\u{0}n\u{0}a"), ("doas.conf", "permit nopass an\\\nna"),
        ("doas.conf", "permit nopass \"an\"na"), ("ssh/sshd_config", "AllowUsers a\"nna\""),
    ])
    func `a name that is written in another way is not permitted by a pattern either`(file: String, text: String) throws
    {
        #expect(try !reasons(["etc/\(file)": text + "\n"], "anna", permitted: ["*"]).isEmpty)
    }

    @Test(arguments: [
        ("polkit-1/rules.d/x.rules", "if (action.id.match(/^org\\.x\\.\\w+$/)) {"),
        ("dbus-1/system.conf", "<odd/><!-- x --> <user>bus</user>"), ("doas.conf", "permit nopass \"ber\"t"),
    ])
    func `another line that is not understood is`(file: String, text: String) throws {
        #expect(try !reasons(["etc/\(file)": text + "\n"], "anna").isEmpty)
        #expect(try reasons(["etc/\(file)": text + "\n"], "anna", permitted: ["*"]) == [])
    }

    @Test func `a directory with too many files is a doubt`() throws {
        var files: [String: String] = [:]
        for number in 0...1000 { files["etc/sudoers.d/\(number)"] = "" }
        let found = try reasons(files, "zoe")
        #expect(found.count == 1 && found[0].hasSuffix("more than 1000 files: this one is not read"), "\(found)")
    }
}
