import Glibc
import Linux
import TestSupport
import Testing

@testable import Boot

/// Whose home a source of rights speaks of, however the path is written and wherever it leads.
@Suite(.actingAsUsers)
struct NameHomesTests {
    private static let rule = "%ops ALL=(root) NOPASSWD: "

    private func isGiven(_ image: NameImage, _ name: String, _ kind: NameKind = .user) throws -> Bool {
        // Whatever the maker of the image answers for.
        try image.reasons(name, kind, permitted: ["*"]).isEmpty
    }

    @Test(arguments: [
        "/home/*/bin/tool", "/home/de*/bin/tool", "/home/[d]eploy/bin/tool", "/home/?eploy/bin/tool", "/home/*",
        "/h?me/deploy/bin/tool", "/h*/deploy/tool", "/*/deploy/bin/tool", "/*/*/bin/tool", "/[g-i]ome/deploy/tool",
        "/home//deploy/bin/tool", "//home/deploy/bin/tool", "/home/./deploy/bin/tool", "/./home/deploy/bin/tool",
        "/mnt/../home/deploy/bin/tool", "/home/other/../deploy/bin/tool", "/usr/.?/home/deploy/tool",
        "/home/de\\ploy/bin/tool", "/ho\\me/deploy/tool", "/ho\\x6de/x/tool", "/home/{deploy,x}/bin/tool",
        "/home/[[:alpha:]]eploy/tool", "/o[[:alpha:]]t/deploy/tool", "^/home/.*$", "^/(home|opt)/deploy/tool$",
        "/home/%u/tool", "/home/$USER/tool", "~/bin/tool", "~deploy/tool", "$HOME/tool", "${HOME}/tool", "../x/tool",
        "*/bin/tool", "/home", "/home/", "/home/deploy", "/home/deploy/", "!/home/deploy/tool", "/home/Deploy/tool",
        "/bin/sh -c /home/deploy/tool", "/bin/x -f/home/deploy/x", "/bin/x --file=/home/*/x", "/bin/a, /home/deploy/b",
        "/bin/sh -c cd\\ /home/deploy/x", "sudoedit /home/deploy/x", "/proc/self/root/home/deploy/tool",
        "/proc/1/root/x", "/proc/[0-9]/root/x", "/proc/./self/root/home/x", "/proc//1/cwd/x", "/proc/sys/../self/cwd/x",
        "/proc/./[0-9]*/root/x", "/proc/sys/../[0-9]/root/x", "/p*/1/root/x",
        "CWD=/ /bin/sh home/deploy/x", "/usr/bin/make -C / -f home/deploy/x", "/ho\\\n  me/deploy/tool",
        "/home/\\\ndeploy/tool",
        "/home/dépl/tool", "CHROOT=/home /bin/tool", "CWD=~deploy /bin/tool",
    ])
    func `a rule that may run what lies in a home names its user`(command: String) throws {
        let image = NameImage(
            files: ["etc/sudoers": Self.rule + command + "\n"], directories: ["home", "mnt", "opt", "proc", "usr"])
        #expect(try !isGiven(image, "deploy"))
    }

    @Test(arguments: [
        "/home/other/bin/tool", "/home/deployer/tool", "/usr/bin/*", "/opt/*/bin/tool", "/usr/b?n/x",
        "/srv/home/deploy",
        "/home/../deploy/tool", "/bin/mount 10.0.0.0/8", "/sbin/x s/a/b/", "/dev/tty[0-9]", "/proc/sys/kernel/x",
        "ALL", "/bin/a, /bin/b", "/usr/lib/x/deploy/../tool", "/bin/x usr/deploy", "sha256:aB/cd+== /bin/x",
    ])
    func `a rule that runs nothing in a user's home does not`(command: String) throws {
        let image = NameImage(
            files: ["etc/sudoers": Self.rule + command + "\n", "usr/bin/x": "", "opt/a/bin/tool": ""],
            links: ["bin": "usr/bin"], directories: ["home"])
        #expect(try image.reasons("deploy") == [])
    }

    @Test(arguments: [
        (["opt/tools": "/home/deploy/tools"], "/opt/tools/tool"), (["opt/tools": "../home/deploy"], "/opt/tools/tool"),
        (["opt/tool": "/home/deploy/tool"], "/opt/tool"), (["opt/a": "b", "opt/b": "/home/./deploy"], "/opt/a/tool"),
        (["opt/tools": "/home/deploy/tools"], "/o*/tools/tool"), (["opt/tools": "/home/deploy/tools"], "/opt/*/tool"),
        (["opt/tools": "/home/deploy/tools"], "/opt/t*"), (["opt/tools": "/home/deploy/tools"], "/opt/tools/"),
        (["opt/up": ".."], "/opt/up/home/deploy/x"), (["opt/h": "/home"], "/opt/h/deploy/x"),
        (["opt/h": "/home"], "/opt/*/deploy/x"), (["opt/h": "/"], "/opt/h/h*/deploy/x"), (["opt/l": "l"], "/opt/l/x"),
        (["home": "data/users"], "/data/users/deploy/x"), (["home": "/data/users"], "/data/*/deploy/x"),
        (["home": "/data/users"], "/home/deploy/x"), (["home": "/data/users"], "/data/users"),
        (["opt/tools/run": "/home/deploy/run"], "/opt/tools/"), (["opt/a/run": "../../home/deploy/x"], "/opt/*/"),
        (["opt/tools/run": "/home/deploy/run"], "/opt/tools"),
        (["opt/my tools": "/home/deploy"], "/opt/my\\ tools/x"), (["opt/a": "/proc/self/cwd"], "/opt/a/x"),
        (["opt/t/x": "/proc/./self/root/home/deploy/x"], "/opt/t/"), (["opt/a": "/proc"], "/opt/a/[0-9]/root/x"),
    ])
    func `links are gone along, also those that lead nowhere yet`(links: [String: String], command: String) throws {
        let image = NameImage(
            files: ["etc/sudoers": Self.rule + command + "\n"], links: links, directories: ["opt"])
        #expect(try !isGiven(image, "deploy"))
        let other = NameImage(files: image.files, directories: ["opt", "data/users"])
        if command.utf8.first == 0x2F, !links.keys.contains("home"), links["opt/my tools"] == nil {
            #expect(try other.reasons("deploy") == [])
        }
    }

    @Test(arguments: [
        ("etc/doas.conf", "permit nopass ops cmd /home/*/tool"), ("etc/doas.conf", "permit ops cmd bin/tool"),
        ("etc/sudoers", "Defaults secure_path=\"/bin:/home//deploy/bin\""),
        ("etc/sudoers", "Defaults secure_path=\"/bin:/opt/my tools/bin\""),
        ("etc/sudoers", "Cmnd_Alias X = /opt/tools/x"), ("etc/sudo.conf", "Plugin sudoers_io /home/./deploy/x.so"),
        ("etc/ssh/sshd_config", "TrustedUserCAKeys /home/*/ca.pub"),
        ("etc/ssh/sshd_config", "AuthorizedKeysFile /home/%u/keys"),
        ("etc/ssh/sshd_config", "Subsystem sftp /opt/tools/sftp"),
        ("etc/pam.d/x", "auth required pam_env.so envfile=/opt/tools/env"),
        ("etc/pam.d/x", "auth required [/home/*/pam.so]"),
        ("etc/security/pam_env.conf", "PATH DEFAULT=/home/./deploy/bin"),
        ("usr/share/dbus-1/system.d/x.conf", "<busconfig><include>/home/./deploy/x</include></busconfig>"),
        ("etc/polkit-1/rules.d/x.rules", "polkit.spawn([\"/home/*/x\"]);"),
        ("etc/polkit-1/rules.d/x.rules", "polkit.spawn(['sh', '-c', 'exec /opt/tools/x']);"),
        ("etc/super.tab", "x /home//deploy/x root"), ("etc/ssh/sshd_config", "TrustedUserCAKeys /opt/a=b,c/keys"),
    ])
    func `in every grammar`(path: String, text: String) throws {
        let image = NameImage(
            files: [path: text + "\n"],
            links: ["opt/tools": "/home/deploy", "opt/my tools": "/home/deploy", "opt/a=b,c": "/home/deploy"])
        #expect(try !isGiven(image, "deploy"))
    }

    @Test(arguments: [
        ("etc/ssh/sshd_config", "AuthorizedKeysFile .ssh/keys %h/.ssh/more\nSubsystem sftp /usr/lib/sftp"),
        ("etc/polkit-1/rules.d/x.rules", "/* x */ // * /\n// */x\n"),
        (
            "usr/share/dbus-1/system.d/x.conf",
            "<!-- /*/x -->\n<busconfig><policy user=\"x\"><allow own=\"a\"/></policy></busconfig>"
        ),
        ("etc/pam.d/x", "session optional pam_motd.so motd=/run/motd.dynamic\n# /home/*/x\n"),
        ("etc/security/pam_env.conf", "XDG DEFAULT=@{HOME}/x OVERRIDE=${X}/y\n# X \\\n# /home/*/x"),
    ])
    func `what is below the home of whoever it is about, or no path, is no home`(path: String, text: String) throws {
        #expect(try isGiven(NameImage(files: [path: text + "\n"]), "deploy"))
    }

    @Test func `a source that lies in a home by a link names its user`() throws {
        for (links, path) in [
            (["etc/pam.d": "/home/deploy/pam"], "/etc/pam.d"), (["etc/ssh": "../home/deploy"], "/etc/ssh/sshd_config"),
            (["etc/polkit-1": "/opt/x", "opt/x": "/home/deploy"], "/etc/polkit-1/rules.d"),
        ] {
            let reasons = try NameImage(links: links).reasons("deploy", permitted: ["*"])
            #expect(reasons.contains("\(path): deploy is named"), "\(reasons)")
            #expect(try NameImage(links: links).reasons("zoe") == [])
        }
    }

    @Test(arguments: [
        "svc:x:998:998::/home/deploy:/bin/bash", "root:x:0:0:root:/home/deploy:/bin/sh", "a:x:9:9::/home/deploy/a:/x",
        "a:x:9:9::/home/./deploy/:/x", "a:x:9:9::/srv/link:/x", "a:x:9:9::/srv/link/sub:/x", "a:x:9:9::/home:/x",
        "a:x:9:9::home/deploy:/x", "a:x: 9:9::/home/deploy:/x", "a:x:9:9::/x:/home/deploy/shell", "a:x:9:9::/home/é:/x",
        "+:::::/home/deploy:", "a:x:9:9::/mnt/../home/deploy",
    ])
    func `a name whose home is another account's is not given`(line: String) throws {
        let image = NameImage(
            files: ["etc/passwd": "root:x:0:0::/root:/bin/sh\n\(line)\n"], links: ["srv/link": "/home/deploy"])
        #expect(try !isGiven(image, "deploy"))
    }

    @Test func `a group has no home`() throws {
        let image = NameImage(
            files: ["etc/passwd": "a:x:9:9::/home/deploy:/x\n", "etc/sudoers": Self.rule + "/home/deploy/x, /home/*\n"])
        #expect(try !isGiven(image, "deploy") && isGiven(image, "deploy", .group))
    }

    @Test(arguments: [
        "nobody:x:65534:65534::/:/x", "a:x:9:9::/home/other:/x", "me:x:1000:9::/home/deploy:/x", "a:x:9:9:::/x",
        "a:x:9:9::/home/deployer:/x", "a:x:9:9::/homes:/x", "#a:x:9:9::/home/deploy:/x", "a:x:9:9::/var/*:/x",
    ])
    func `an account whose home lies elsewhere, and the user's own, say nothing`(line: String) throws {
        let image = NameImage(files: ["etc/passwd": "\(line)\n"])
        #expect(try isGiven(image, "deploy"))
    }

    @Test func `where homes lie elsewhere by a link, an account above them has them all`() throws {
        let image = NameImage(files: ["etc/passwd": "a:x:9:9::/data:/x\n"], links: ["home": "data/users"])
        #expect(try !isGiven(image, "deploy"))
    }

    /// The processor time of the thread in seconds: others may use the machine at the same time.
    private static var processorSeconds: Int {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return time.tv_sec
    }

    @Test func `the work that paths may make is limited`() throws {
        var image = NameImage(files: ["etc/sudoers": Self.rule + "/a/*/*/*/*\n"])
        for one in 0..<30 { for two in 0..<30 { image.directories.append("a/\(one)/\(two)") } }
        #expect(try image.reasons("deploy") == [])
        // Through links there is no end.
        for one in 0..<30 { image.links["a/\(one)/up"] = "../.." }
        image.files["etc/sudoers"] = Self.rule + "/a" + String(repeating: "/*/up/a", count: 12) + "\n"
        try image.make { tree, _ in
            let start = Self.processorSeconds
            let rights = NameRights.read(from: tree, caller: 1000)
            #expect(rights.mentions.map(\.subject).contains(.everyHome))
            #expect(Self.processorSeconds - start < 20)
        }
        // Nor have many.
        let text = Self.rule + String(repeating: "/x/y, ", count: 100_000) + "/x\n"
        #expect(try !isGiven(NameImage(files: ["etc/sudoers": text]), "deploy"))
    }
}
