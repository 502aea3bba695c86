import Linux
import Testing
import Text

@testable import Boot

/// What each grammar understands of a text, and what it leaves unclear.
struct NameGrammarTests {
    /// Whom the text mentions, where it is not understood, and what it includes: `%` is a group, `*` everybody.
    private static func facts(_ grammar: NameGrammar, _ text: String) -> String {
        var findings = SourceFindings(SourceText(Array(text.utf8), of: "/f", comments: grammar.comments))
        grammar.read(&findings)
        if grammar == .pam, passes(findings.stack) { findings.mention(.everyone, findings.stack.line) }
        let mentions = findings.mentions.map { mention in
            let line = mention.line.map { "\($0)" } ?? ""
            return switch mention.subject {
            case .user(let name): "\(name):\(line)"
            case .group(let name): "%\(name):\(line)"
            case .everyone: "*:\(line)"
            case .everyHome: "~:\(line)"
            }
        }
        let problems = findings.problems.map { "problem:\($0.line.map { "\($0)" } ?? "")" }
        let included = findings.included.map { source in
            if case .directory = source.kind { "\(source.path)/" } else { source.path.string }
        }
        return (mentions + problems + included).joined(separator: " ")
    }

    /// Whether somebody passes a service without a proof, beside services as Debian and RHEL have them.
    private static func passes(_ stack: PAMStack) -> Bool {
        let others = [
            "common-auth":
                "auth [success=1 default=ignore] pam_unix.so nullok\nauth requisite pam_deny.so\n"
                + "auth required pam_permit.so\nauth optional pam_cap.so",
            "common-session": "session required pam_unix.so",
            "system-auth":
                "auth required pam_env.so\nauth [default=1 ignore=ignore success=ok] pam_usertype.so isregular\n"
                + "auth [default=1 ignore=ignore success=ok] pam_localuser.so\n"
                + "auth sufficient pam_unix.so nullok\nauth required pam_deny.so",
            "postlogin": "session optional pam_umask.so silent", "round": "auth include round",
            "open": "auth sufficient pam_permit.so", "back": "auth [success=ok default=reset] pam_unix.so",
        ].mapValues { text in
            var findings = SourceFindings(SourceText(Array(text.utf8), of: "/f", comments: .hash))
            PAMGrammar.read(&findings)
            return findings.stack
        }
        var ways = PAMWays { others[$0] }
        return ways.lead(through: stack)
    }

    @Test(arguments: [
        ("root ALL=(ALL:ALL) ALL", "root:1"), ("%sudo\tALL=(ALL) NOPASSWD: ALL", "%sudo:1"),
        ("a, b ,%c,\td ALL = /bin/x, /bin/y : H = /bin/z", "a:1 b:1 %c:1 d:1"),
        ("# anna\n#\n#- x\n#x\nanna ALL=ALL # bert", "anna:5"), ("\t#1000 ALL=(ALL) ALL\n%#100 ALL=ALL", ""),
        ("#1000, builder ALL=ALL", "builder:1"),
        ("User_Alias OPS = #1000, bert : MORE = %ops, ALL", "bert:1 %ops:1 *:1"),
        ("OPS ALL=ALL", "OPS:1"), ("ALL ALL=(ALL) ALL", "*:1"), ("x ALL=(db : web) ALL", "x:1 db:1 %db:1 web:1 %web:1"),
        ("Host_Alias H = a, b\nCmnd_Alias C = /bin/a, !/bin/b\nRunas_Alias R = www, ALL", "www:3"),
        ("Defaults env_reset, !lecture,secure_path=\"/a:/b\"", ""),
        ("Defaults env_keep += \"A B\"\nDefaults  secure_path = /sbin:/bin # x", ""),
        ("Defaults:anna,%ops !authenticate\nDefaults>web umask=0022, umask_override", "anna:1 %ops:1 web:2"),
        ("Defaults!/usr/bin/x env_keep+=\"A\"\nDefaults@host !insults\nDefaults:#5 umask=0022", ""),
        ("@include /a/b\n#include /c # x\n@includedir /d\t\n  #includedir /e", "/a/b /c /d/ /e/"),
        ("a$ ALL=ALL", "a$:1"),
        // As Ubuntu, RHEL, openSUSE and Alpine have them.
        ("Defaults\tuse_pty\nDefaults:%sudo env_keep += \"http_proxy\"\n%admin ALL=(ALL) ALL", "%sudo:2 %admin:3"),
        ("Defaults   !visiblepw\nDefaults    always_query_group_plugin\nDefaults match_group_by_gid", ""),
        ("Defaults targetpw   # ask\nALL   ALL=(ALL) ALL   # WARNING!", "*:2"),
        ("Defaults!/usr/sbin/visudo env_keep += \"SUDO_EDITOR EDITOR VISUAL\"\n%wheel ALL=(ALL:ALL) ALL", "%wheel:2"),
    ])
    func `a plain line of sudoers is understood`(text: String, facts: String) {
        #expect(Self.facts(.sudoers, text) == facts)
    }

    @Test(arguments: [
        "\\x62uilder ALL=ALL", "\\builder ALL=ALL", "anna ALL=\\", "# anna \\", "\"anna\" ALL=ALL", "+net ALL=ALL",
        "%:ops ALL=ALL", "ALL, !jane ALL=ALL", "!jane ALL=ALL", "anna", "anna =ALL", "anna ALL", ", ALL=ALL",
        "a,,b ALL=ALL", "User_Alias A", "User_Alias A = +x", "User_Alias A = a #1, b", "User_Alias A = a#b",
        "@include \"/a\"", "@include a", "@include /a/%h", "@include /a/../b", "@include /a b", "@include /a\\ b",
        "@include", "@includes /a", "#includedir /a/*", "Defaults", "Defaults exempt_group=ops",
        "Defaults group_plugin=\"x\"",
        "Defaults runas_default=web", "Defaults:+x env_reset", "Defaults env_reset anna", "Defaults secure_path=\"/a",
        "Defaults ldap_base=x", "Defaults:\"anna\" env_reset", "Defaultsanna ALL=ALL", "anna ALL=(\"x\") ALL",
        "anna ALL=(db ALL", "anna !ALL=ALL", "é ALL=ALL", "@@include /a", "anna ALL=ALL#x",
    ])
    func `another line of sudoers is a problem`(text: String) {
        #expect(Self.facts(.sudoers, text + "\n").hasSuffix("problem:1"))
    }

    @Test(arguments: [
        (NameGrammar.sudo, "# x\nPlugin sudoers_policy sudoers.so\nPlugin sudoers_io sudoers.so # y", ""),
        (.sudo, "Set disable_coredump false\nDebug sudo /x all@warn\nPath askpass /x\nSet group_source static", ""),
        (.sudo, "Plugin sudoers_policy sudoers.so sudoers_file=/x", "problem:1"),
        (.sudo, "Plugin other_policy other.so", "problem:1"), (.sudo, "Path plugin_dir /x", "problem:1"),
        (.sudo, "Plugin sudoers_policy \\", "problem:1"),
        (.doas, "permit nopass keepenv hans as root cmd ls -l\npermit persist :wheel # x", "root:1 hans:1 %wheel:2"),
        (.doas, "deny hans", "problem:1"), (.doas, "permit setenv { A } hans", "problem:1"),
        (.doas, "permit", "problem:1"),
        (.doas, "permit \"hans\"", "problem:1"), (.doas, "permit hans \\", "problem:1"),
        (.doas, "permit hans ls", "problem:1"),
        (
            .nameService, "passwd: files systemd # x\ngroup:\tcompat\nhosts: files dns\nnetgroup: nis\nsudoers: files",
            ""
        ),
        (.nameService, "passwd: files sss", "problem:1"), (.nameService, "sudoers: ldap", "problem:1"),
        (.nameService, "Group: files [NOTFOUND=return] systemd", "problem:1"),
        (.nameService, "group: files [SUCCESS=merge] systemd", ""), (.nameService, "passwd files", "problem:1"),
        (.nameService, "initgroups: extrausers", "problem:1"), (.nameService, "passwd:", "problem:1"),
        (.passwd, "root:x:0:0:root:/root:/bin/sh\n\n# x\n1000:*:1000:0:a user:/:/bin/sh", ""),
        (.passwd, "+::::::", "problem:1"), (.passwd, "-x", "problem:1"), (.passwd, "x:x:1:1:::y:z", "problem:1"),
        (.passwd, "x:x:1::::", "problem:1"), (.group, "root:x:0:\nadm:x:4:a,b-c", ""), (.group, "+:::", "problem:1"),
        (.group, "adm:x:4:a, b", "problem:1"), (.group, "adm:x:4:+@x", "problem:1"), (.group, "adm:x:a:", "problem:1"),
        (.shadow, "root:*:::::::\nx:!$6$a:19000:0:99999:7:::", ""), (.shadow, "root:*", "problem:1"),
        (.shadow, "+::::::::", "problem:1"), (.gshadow, "root:*::\nadm:!:a:b,c", ""),
        (.gshadow, "adm:!:a:b c", "problem:1"),
    ])
    func `sudo's plugins, doas, the name service and account files are understood as far as they are plain`(
        grammar: NameGrammar, text: String, facts: String
    ) {
        #expect(Self.facts(grammar, text) == facts)
    }

    private static let administrators = "polkit.addAdminRule(function(action, subject) {\n    return "

    @Test(arguments: [
        (
            "/* -*- mode: js -*- */\n// a \"text\n\(administrators)[\"unix-group:sudo\", \"unix-user:0\"];\n});",
            "%sudo:4 0:4"
        ),
        ("\(administrators)[\"unix-group:a\"];});\n\(administrators)[\"unix-group:b\"];});", "%a:2 %b:4"),
        ("\(administrators)[\"unix-netgroup:x\"];});", "problem:1"), ("\(administrators)[];});", "problem:1"),
        ("\(administrators)[\"unix-group:a\" + x];});", "%a:2 problem:1"), ("x = 1;", "problem:1"),
        ("/* x", "problem:"),
        ("// é\u{2028}x", "problem:"), ("\(administrators)[\"unix-group:a\\x62\"];});", "problem:1"),
        (
            """
            polkit.addRule(function(action, subject) {
                if ((action.id == "a.b" || action.id == "c") && subject.local && subject.active &&
                    (subject.user == "net" || subject.isInGroup ("ops"))) {
                    return polkit.Result.YES;
                }
            });
            """, "net:3 %ops:3"
        ),
        (
            "polkit.addRule(function(action, subject) { if (!subject.isInGroup(\"a\")) { return polkit.Result.YES; } });",
            "problem:1"
        ),
        (
            "polkit.addRule(function(action, subject) { if (subject.user != \"a\") { return polkit.Result.YES; } });",
            "problem:1"
        ),
        (
            "polkit.addRule(function(action, subject) { if (subject.user == \"a\") { return polkit.Result.NO; } });",
            "a:1 problem:1"
        ),
        (
            "polkit.addRule(function(action, subject) { if (action.id.match(x)) { return polkit.Result.YES; } });",
            "problem:1"
        ),
    ])
    func `rules of polkit are understood where they are a plain list or condition`(text: String, facts: String) {
        #expect(Self.facts(.polkit, text) == facts)
    }

    @Test(arguments: [
        ("[Configuration]\nAdminIdentities=unix-group:sudo;unix-user:a;", "%sudo:2 a:2"),
        ("[Configuration]\nAdminIdentities=unix-netgroup:x", "problem:2"),
        ("[x]\nIdentity=unix-user:a", "problem:1 problem:2"),
    ])
    func `the administrators of an old polkit are a plain list`(text: String, facts: String) {
        #expect(Self.facts(.polkitAuthority, text) == facts)
    }

    @Test(arguments: [
        ("#%PAM-1.0\n@include common-auth\nauth\tsufficient pam_rootok.so # [1]", ""),
        ("auth [success=1 default=ignore] pam_unix.so nullok\n-session optional pam_systemd.so", ""),
        ("auth include system-auth\naccount substack system-auth", ""),
        ("auth required pam_wheel.so use_uid", "%wheel:1"),
        ("auth sufficient pam_wheel.so trust group=ops", "%ops:1"),
        (
            "auth requisite pam_succeed_if.so uid >= 1000 quiet_success\nauth required pam_deny.so\n"
                + "session [default=ignore] pam_succeed_if.so service in crond quiet use_uid",
            ""
        ),
        ("auth required pam_unix.so\nauth required pam_permit.so\naccount sufficient pam_localuser.so", ""),
        ("auth optional pam_faildelay.so delay=3\n@include common-auth", ""),
        ("auth sufficient pam_rootok.so\nauth substack system-auth\nauth include postlogin", ""),
        (
            "auth required pam_faillock.so preauth\n-auth [success=2 default=ignore] pam_systemd_home.so\n"
                + "auth [success=1 default=bad] pam_unix.so try_first_pass nullok\n"
                + "auth [default=die] pam_faillock.so authfail\nauth optional pam_permit.so\nauth required pam_env.so",
            ""
        ),
        // Whoever has a name passes.
        ("auth required pam_permit.so", "*:1"), ("auth required pam_env.so\n@include common-session", "*:1"),
        ("auth required pam_succeed_if.so use_uid uid >= 1000", "*:1"),
        ("auth sufficient pam_permit.so\nauth required pam_deny.so", "*:1"),
        ("auth [default=1 ignore=ignore success=ok] pam_localuser.so", "*:1"),
        ("auth [success=ignore default=1] pam_succeed_if.so uid < 1000\nauth requisite pam_deny.so", ""),
        ("auth sufficient pam_succeed_if.so use_uid uid >= 1000", "*:1"),
        ("auth [success=1 default=ignore] pam_localuser.so", ""),
        ("auth [success=1 default=ignore] pam_localuser.so\n@include common-auth", ""),
        ("auth [success=2 default=ignore] pam_localuser.so\n@include common-auth", "*:1"),
        ("auth [default=done] pam_shells.so", "*:1"), ("auth required pam_env.so\nauth sufficient pam_unix.so", "*:1"),
        (
            "auth sufficient pam_rootok.so\nauth [success=ignore default=1] pam_usertype.so use_uid isregular\n"
                + "auth sufficient pam_permit.so\n@include common-auth", "*:1"
        ),
        (
            "\nauth required pam_succeed_if.so use_uid home = /srv/x\nauth sufficient pam_permit.so\n@include common-auth",
            "*:2"
        ),
        ("auth [success=ignore default=die] pam_usertype.so isregular\nauth [success=done] pam_permit.so", "*:1"),
        ("auth [default=1 success=ignore] pam_usertype.so\nauth sufficient pam_debug.so\n@include common-auth", "*:1"),
        ("auth [default=bad] pam_unix.so\nauth [default=reset] pam_env.so\nauth required pam_permit.so", "*:1"),
        ("auth substack open\nauth optional pam_env.so", "*:1"), ("auth include round", "*:1"),
        ("auth required pam_permit.so\nauth substack back", "*:1"),
        ("auth required pam_permit.so\nauth include back", ""), ("auth substack back", ""),
        ("auth include unknown", "*:1"),
        // PAM passes over blanks beside the sign.
        ("auth [success = done default=ignore] pam_succeed_if.so use_uid uid >= 1000", "problem:1"),
        ("auth [success=ok other=done] pam_unix.so", "problem:1"), ("auth [] pam_unix.so", "problem:1"),
        ("auth [success=ok success=1] pam_unix.so", "problem:1"),
        ("auth sufficient pam_succeed_if.so user ingroup backup", "problem:1"),
        ("auth sufficient pam_succeed_if.so user = anna", "problem:1"),
        ("auth sufficient pam_succeed_if.so uid", "problem:1"),
        ("auth requisite pam_unix.so\nauth required pam_listfile.so item=user sense=allow file=/x", "problem:2"),
        ("auth requisite pam_unix.so\nauth required pam_exec.so /x", "problem:2"),
        ("auth requisite pam_unix.so\nauth sufficient pam_sss.so", "problem:2"),
        ("auth required /lib/pam_unix.so", "problem:1"), ("auth required pam_unix.so \\", "problem:1"),
        ("auth required pam_unix.so unknown", "problem:1"), ("auth required pam_access.so accessfile=/x", "problem:1"),
        ("auth required pam_wheel.so deny", "problem:1"), ("auth include ../x", "problem:1"),
        ("auth include a b", "problem:1"),
        ("auth", "problem:1"), ("AUTH required pam_unix.so", "problem:1"), ("auth [x pam_unix.so", "problem:1"),
        ("auth required $ISA/pam_unix.so", "problem:1"), ("auth required pam_faillock.so admin_group=x", "problem:1"),
    ])
    func `a service of PAM is understood where its modules are known`(text: String, facts: String) {
        #expect(Self.facts(.pam, text) == facts)
    }

    @Test(
        arguments: [
            (
                NameGrammar.limits, "* soft core 0\nanna hard nproc 5 # x\n@ops - nice -5\nroot -",
                "anna:2 %ops:3 root:4"
            ),
            (.limits, "1000:2000 soft core 0", "problem:1"), (.limits, "anna", "problem:1"),
            (.capabilities, "none *\ncap_net_raw anna @ops\ncap_sys_admin *", "anna:2 %ops:2 *:3"),
            (.capabilities, "!cap_x anna", "problem:1"), (.capabilities, "cap_x +net", "problem:1"),
            (.seusers, "@ops:exclusive\nanna", "%ops:1 anna:2"), (.seusers, "%user_u", "problem:1"),
            (.settings, "minlen = 8\nenforce_for_root\nPATH DEFAULT=/bin OVERRIDE=@{X}\n# a \\", ""),
            (.settings, "admin_group = ops", "problem:1"), (.settings, "x", "problem:1"),
            (.names, "anna\n# bert", "anna:1"), (.names, "ALL anna", "problem:1"), (.names, "anna \\", "problem:1"),
            (.subordinateIDs, "anna:100000:65536\n1000:1:2", "anna:1"), (.subordinateIDs, "anna:x:1", "problem:1"),
            (.empty, "# x\n", ""), (.empty, "+:ines:ALL", "problem:1"), (.empty, "# x \\", "problem:1"),
            (.sshd, "Include /etc/ssh/x.d/*.conf\nPort 22\nSubsystem\tsftp /x", "/etc/ssh/x.d/"),
            (
                .sshd,
                "AllowUsers anna bert\ndenygroups=ops\nMatch User a,b Address *,!1.2.3.4\nMatch Group c\nMatch all",
                "anna:1 bert:1 %ops:2 a:3 b:3 %c:4"
            ),
            (.sshd, "AllowUsers a*", "problem:1"), (.sshd, "Match User !a", "problem:1"),
            (.sshd, "Match Exec x", "problem:1"),
            (.sshd, "AuthorizedKeysFile /keys/%u", "problem:1"),
            (.sshd, "AuthorizedKeysFile %h/.ssh/authorized_keys", ""),
            (.sshd, "Include /etc/*", "problem:1"), (.sshd, "Unknown x", "problem:1"),
            (.sshd, "AllowUsers \"a\"", "problem:1"),
            (
                .dbus,
                "<?xml version=\"1.0\"?> <!-- <x -->\n<!DOCTYPE busconfig PUBLIC \"a\"\n \"b\">\n<busconfig><policy user=\"anna\">"
                    + "\n<allow own='x'/></policy><policy group = \"ops\"/><policy context=\"default\"><allow user=\"*\"/></policy></busconfig>",
                "anna:4 %ops:5"
            ),
            (.dbus, "<busconfig><user>bus</user><includedir>system.d</includedir></busconfig>", "bus:1"),
            (.dbus, "<!DOCTYPE busconfig [<!ENTITY x 'anna'>]>", "problem:1"),
            (.dbus, "<policy user=\"&#97;nna\">", "problem:1"),
            (.dbus, "<busconfig><include>/x</include>", "problem:1"),
            (.dbus, "<busconfig><user>an<!-- x -->na</user>", "an:1 problem:1"),
            (.netgroup, "team (-,anna,-) other (h,bert,d)# x\nother (,-,)\nempty", "anna:1 bert:1"),
            (.netgroup, "all (,,)\nhosts (x,-,)", "*:1"), (.netgroup, "team (a,b)", "problem:1"),
            (.netgroup, "team (-,anna,-", "problem:1"), (.netgroup, "team (-,an na,-)", "problem:1"),
            (.netgroup, "team \\\n(-,anna,-)", "problem:1 problem:2"), (.netgroup, "team +x", "problem:1"),
            (.dbus, "<![CDATA[<policy user=\"a\">]]>", "problem:1"),
            (.dbus, "<?xml version=\"1.0\" encoding=\"utf-7\"?>", "problem:1"), (.dbus, "<policy user=a>", "problem:1"),
            (.dbus, "<policy user=\"a>b\">", "problem:1"), (.dbus, "<!-- x", "problem:1"), (.dbus, "<x>", "problem:1"),
        ] as [(NameGrammar, String, String)])
    func `files of a few words, sshd and the bus are understood as far as they are plain`(
        grammar: NameGrammar, text: String, facts: String
    ) {
        #expect(Self.facts(grammar, text) == facts)
    }

    @Test(arguments: [
        ("jane", "jane", true), ("Jane", "jANE", true), ("j*", "jane", true), ("*", "jane", true),
        ("user-?", "user-7", true),
        ("user-?", "user-77", false), ("user-?", "user-", false), ("a*b*c", "aXbYbZc", true),
        ("a*b*c", "aXbYbZ", false),
        ("**", "x", true), ("jane", "janet", false), ("jane", "jan", false), ("*e", "jane", true), ("?*", "a", true),
    ])
    func `a pattern is for the whole name`(pattern: String, name: String, isMatch: Bool) throws {
        #expect(try NamePattern(pattern).matches(name) == isMatch)
    }

    @Test(arguments: ["", "a b", "[a]", "jän", "a/b", String(repeating: "a", count: 65)])
    func `a pattern that no name could match is refused`(pattern: String) {
        #expect(throws: FormatError.self) { try NamePattern(pattern) }
    }
}
