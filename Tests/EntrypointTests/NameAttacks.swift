import TestSupport
import Testing

extension AttackTests {
    private static let rule = " ALL=(ALL) NOPASSWD: ALL\n"

    /// A name to which a line of the image gives something; what is gained is not the command's, which gains no privileges, but
    /// that of another process of the caller's.
    private static func choosing(
        _ name: String, _ description: String, files: [(path: String, text: String)],
        gaining script: String = "sudo -n true && echo gained",
        also prepare: @escaping @Sendable (Container) throws -> Void = { _ in }
    ) -> Attack {
        Attack(
            testDescription: description,
            prepare: { container in
                for (path, text) in files {
                    if try container.exists(path) {
                        try container.append(path, ByteString(text))
                    } else {
                        try container.write(path, ByteString(text), mode: 0o440)
                    }
                }
                try prepare(container)
            }, script: "NB_USER=\(name) START true; \(script)",
            told: "warning: NB_USER \(name) gets no entry in the account files: ")
    }

    /// A home that a rule has by a path which is not its plain text, where all names are permitted.
    private static func home(
        _ way: String, _ command: String, rule: String? = nil,
        also prepare: @escaping @Sendable (Container) throws -> Void = { _ in }
    ) -> Attack {
        let attack = choosing(
            "deploy", way, files: [("/etc/sudoers.d/x", "#1000 ALL=(ALL) NOPASSWD: \(rule ?? command)\n")],
            gaining: """
                printf '#!/bin/sh\\necho gained\\n' >/home/deploy/run && chmod 755 /home/deploy/run
                sudo -n \(rule == nil ? "/home/deploy/run" : command)
                """,
            also: { container in
                try container.write("/etc/entrypoint.yaml", "identity: {names: ['*']}\n")
                try prepare(container)
            })
        return Attack(
            testDescription: "the home of a program that a rule names by \(way)", prepare: attack.prepare,
            script: attack.script, told: attack.told)
    }

    /// What the author of a pod chooses to be called.
    static let names = [
        choosing("builder", "a name that sudoers knows", files: [("/etc/sudoers.d/team", "builder" + rule)]),
        choosing("Builder", "a name in another case", files: [("/etc/sudoers.d/team", "builder" + rule)]),
        choosing(
            "builder", "a name behind an id in an alias",
            files: [("/etc/sudoers.d/team", "User_Alias OPS = #1500, builder\nOPS" + rule)]),
        choosing(
            "builder", "a name in a file that is included with a comment",
            files: [("/etc/sudoers", "@include /opt/site # our own\n"), ("/opt/site", "builder" + rule)]),
        choosing(
            "builder", "a name in a file that is included by the name of the host",
            files: [("/etc/sudoers", "@include /opt/site-%h\n"), ("/opt/site-container", "builder" + rule)]),
        choosing(
            "builder", "a name in a file that is included in quotes",
            files: [("/etc/sudoers", "@include \"/opt/our site\"\n"), ("/opt/our site", "builder" + rule)]),
        choosing("builder", "a name with a byte as a number", files: [("/etc/sudoers.d/team", "\\x62uilder" + rule)]),
        choosing("builder", "a name with an escaped byte", files: [("/etc/sudoers.d/team", "\\builder" + rule)]),
        choosing(
            "builder", "a name in a line that goes on", files: [("/etc/sudoers.d/team", "anna, \\\nbuilder" + rule)]),
        choosing(
            "builder", "a name beyond the limit of size",
            files: [("/etc/sudoers.d/team", String(repeating: "# nothing\n", count: 120_000) + "builder" + rule)]),
        choosing(
            "builder", "a name in more files than the limit, in a directory that is mounted", files: [],
            also: { container in
                try container.makeDirectory("/more")
                for number in 1000...2000 { try container.write("/more/\(number)", "", mode: 0o440) }
                try container.write("/more/9", ByteString("builder" + rule), mode: 0o440)
                container.mounts = [.bind("\(container.root)/more", to: "/etc/sudoers.d", readOnly: true)]
            }),
        choosing(
            "builder", "a name of a netgroup",
            files: [("/etc/sudoers.d/team", "+team" + rule), ("/etc/netgroup", "team (-,builder,-)\n")],
            also: { container in
                let text = try container.text("/etc/nsswitch.conf").replacing(
                    "netgroup:       nis", with: "netgroup: files")
                try container.write("/etc/nsswitch.conf", ByteString(text))
            }),
        choosing(
            "builder", "a name in the file that sudo.conf gives to sudo",
            files: [
                ("/etc/sudo.conf", "Plugin sudoers_policy sudoers.so sudoers_file=/opt/site\n"),
                ("/opt/site", "builder" + rule),
            ]),
        choosing(
            "zoe", "a name that a rule for all others does not have", files: [("/etc/sudoers.d/x", "ALL, !jane" + rule)]
        ),
        choosing("zoe", "any name, which a rule asks for", files: [("/etc/sudoers.d/x", "ALL" + rule)]),
        choosing(
            "builder", "a name that su lets pass", files: [],
            gaining: "su -c 'echo gained'",
            also: { container in
                let text = try container.text("/etc/pam.d/su")
                try container.write(
                    "/etc/pam.d/su", ByteString("auth sufficient pam_succeed_if.so use_uid user = builder\n\(text)"))
            }),
        choosing(
            "zoe", "any name, which su asks for", files: [],
            gaining: "su -c 'echo gained'",
            also: { container in
                let text = try container.text("/etc/pam.d/su")
                let line = "auth sufficient pam_succeed_if.so use_uid uid >= 1000\n"
                try container.write("/etc/pam.d/su", ByteString(line + text))
            }),
        choosing(
            "zoe", "any name, where a condition of su's decides what is asked", files: [],
            gaining: "su -c 'echo gained'",
            also: { container in
                let text = try container.text("/etc/pam.d/su")
                let lines = """
                    auth [success=ignore default=1] pam_usertype.so use_uid isregular
                    auth sufficient pam_permit.so

                    """
                try container.write("/etc/pam.d/su", ByteString(lines + text))
            }),
        choosing(
            "builder", "a name in a file that is not found, where all names are permitted",
            files: [("/etc/sudoers", "@include \"/opt/site\"\n"), ("/opt/site", "builder" + rule)],
            also: { try $0.write("/etc/entrypoint.yaml", "identity: {names: ['*']}\n") }),
        choosing(
            "deploy", "the home of a program that a rule names",
            files: [("/etc/sudoers.d/x", "#1000 ALL=(ALL) NOPASSWD: /home/deploy/run\n")],
            gaining: """
                printf '#!/bin/sh\\necho gained\\n' >/home/deploy/run && chmod 755 /home/deploy/run
                sudo -n /home/deploy/run
                """),
        home("a pattern for homes", "/home/*/run"), home("a pattern for a name", "/home/[d]eploy/run"),
        home("a pattern for where homes are", "/h?me/deploy/run"), home("two slashes", "/home//deploy/run"),
        home("a directory that is the same", "/home/./deploy/run"), home("a way up", "/mnt/../home/deploy/run"),
        home("a link that leads nowhere yet", "/opt/tools/run") { container in
            try container.link("/opt/tools", to: "/home/deploy")
        },
        home("a directory of commands, one of them a link", "/opt/tools/run", rule: "/opt/tools/") { container in
            try container.link("/opt/tools/run", to: "/home/deploy/run")
        },
        home("a pattern for a link", "/opt/t*/run") { try $0.link("/opt/tools", to: "../home/deploy") },
        choosing(
            "deploy", "the home of another account",
            files: [
                ("/etc/passwd", "svc:x:998:998::/home/deploy:/bin/bash\n"),
                ("/etc/sudoers.d/x", "#1000 ALL=(svc) NOPASSWD: /usr/local/bin/report\n"),
            ],
            gaining: """
                echo '[ "$(id -un)" != svc ] || echo gained' >/home/deploy/.bash_profile
                chmod 755 /home/deploy; sudo -n -H -u svc /usr/local/bin/report
                """,
            also: { container in
                try container.write("/etc/entrypoint.yaml", "identity: {names: ['*']}\n")
                try container.write("/usr/local/bin/report", "#!/bin/bash -l\n", mode: 0o755)
            }),
        choosing(
            "deploy", "a name of a netgroup, where all names are permitted",
            files: [("/etc/sudoers.d/x", "+admins" + rule), ("/etc/netgroup", "admins (,deploy,)\n")],
            also: { container in
                try container.write("/etc/entrypoint.yaml", "identity: {names: ['*']}\n")
                let text = try container.text("/etc/nsswitch.conf").replacing(
                    "netgroup:       nis", with: "netgroup: files")
                try container.write("/etc/nsswitch.conf", ByteString(text))
            }),
        choosing(
            "olga", "the name of a group's member", files: [("/etc/group", "ops:x:4000:olga\n")],
            gaining: "sg ops -c 'id -G' | grep -qw 4000 && echo gained"),
        choosing(
            "olga", "the name of a group's member in its shadow",
            files: [("/etc/group", "ops:x:4000:\n"), ("/etc/gshadow", "ops:!::olga\n")],
            gaining: "sg ops -c 'id -G' | grep -qw 4000 && echo gained"),
        choosing(
            "jane", "any name, in a group that the pod's own file calls as sudoers does",
            files: [("/etc/sudoers.d/x", "%ops" + rule)],
            also: { container in
                try container.write("/mine", "root:x:0:\nops:x:2000:\n")
                container.mounts = [.bind("\(container.root)/mine", to: "/etc/group")]
            }),
        Attack(
            testDescription: "the name of a group that sudoers knows",
            prepare: { try $0.write("/etc/sudoers.d/team", ByteString("%Admins" + rule), mode: 0o440) },
            script: "NB_GROUP=admins START true; sudo -n true && echo gained",
            told: "warning: NB_GROUP admins gets no entry in the account files: "),
        Attack(
            testDescription: "the name of a group that su lets pass",
            prepare: { container in
                let text = try container.text("/etc/pam.d/su")
                try container.write("/etc/pam.d/su", ByteString("auth sufficient pam_wheel.so trust use_uid\n\(text)"))
            }, script: "NB_GROUP=wheel START true; su -c 'echo gained'",
            told: "warning: NB_GROUP wheel gets no entry in the account files: "),
    ]
}
