import TestSupport
import Testing

/// What a start as root does when the image gives a name or an id to somebody else: every cell of the table.
@Suite(.containers)
struct CollisionTests {
    /// Account files, what is asked of them, and what comes of it.
    struct Case: CustomTestStringConvertible {
        var name: String
        var variables: Environment = [:]
        /// What follows `image` in the container's files.
        var found = Accounts()
        /// The lines about accounts, and what then follows `image`.
        var result: (log: [String], accounts: Accounts)?
        /// The line of a refusal; the files stay as they are.
        var refusal: String?

        var testDescription: String { name }
    }

    static let image = Accounts(
        passwd: """
            root:x:0:0:root:/root:/bin/bash
            www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin
            nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin

            """,
        group: "root:x:0:\nshadow:x:42:\nusers:x:100:\nnogroup:x:65534:\n",
        shadow: "root:*:19000:0:99999:7:::\nnobody:*:19000:0:99999:7:::\n",
        gshadow: "root:*::\nusers:*::\n")

    /// The user's and the group's own lines, where nothing was in the way.
    static let janeEntry = "jane:x:1000:2000::/home/jane:/bin/zsh\n"
    static let labEntry = "lab:x:2000:\n"
    static let janeShadow = "jane:*:::::::\n"
    static let labShadow = "lab:*::\n"

    static let bob = Accounts(
        passwd: "bob:x:1000:1000:Bob:/home/bob:/bin/bash\n", group: "bob:x:1000:\ndocker:x:1001:carol,bob\n",
        shadow: "bob:$6$salt$hash:19000:0:99999:7:::\n", gshadow: "bob:!::\ndocker:!:bob:carol,bob\n")
    static let otherJane = Accounts(
        passwd: "jane:x:1500:1500:Jane:/home/jane:/bin/bash\n", shadow: "jane:$6$salt$hash:19000:0:99999:7:::\n")
    static let research = Accounts(group: "research:x:2000:carol\n", gshadow: "research:!::carol\n")
    static let otherLab = Accounts(group: "lab:x:1999:carol\n", gshadow: "lab:!::carol\n")

    static let renames: [Case] = [
        Case(
            name: "uid of another: the holder is renamed, the home field and memberships follow", found: bob,
            result: (
                [
                    "user bob (uid 1000) renamed to jane; user jane: gid set to 2000, home set to /home/jane, "
                        + "shell set to /bin/zsh; group lab (gid 2000) added"
                ],
                Accounts(
                    passwd: "jane:x:1000:2000:Bob:/home/jane:/bin/zsh\n",
                    group: "bob:x:1000:\ndocker:x:1001:carol,jane\n" + labEntry, shadow: janeShadow,
                    gshadow: "bob:!::\ndocker:!:jane:carol,jane\n" + labShadow)
            )),
        Case(
            name: "gid of another: the group is renamed and keeps its members", found: research,
            result: (
                ["user jane (uid 1000) added; group research (gid 2000) renamed to lab"],
                Accounts(passwd: janeEntry, group: "lab:x:2000:carol\n", shadow: janeShadow, gshadow: "lab:*::carol\n")
            )),
        Case(
            name: "user name with another uid: the entry gets the uid", found: otherJane,
            result: (
                [
                    "user jane: uid changed from 1500 to 1000; user jane: gid set to 2000, shell set to /bin/zsh; "
                        + "user jane: shadow entry set (no password); group lab (gid 2000) added"
                ],
                Accounts(
                    passwd: "jane:x:1000:2000:Jane:/home/jane:/bin/zsh\n", group: labEntry, shadow: janeShadow,
                    gshadow: labShadow)
            )),
        Case(
            name: "group name with another gid: the entry gets the gid", found: otherLab,
            result: (
                [
                    "user jane (uid 1000) added; group lab: gid changed from 1999 to 2000; "
                        + "group lab: gshadow entry set (no password)"
                ],
                Accounts(passwd: janeEntry, group: "lab:x:2000:carol\n", shadow: janeShadow, gshadow: "lab:*::carol\n")
            )),
        Case(
            name: "all four at once: the ids lead to the names that were asked for",
            found: Accounts(
                passwd: bob.passwd + otherJane.passwd, group: research.group + otherLab.group, shadow: otherJane.shadow),
            result: (
                [
                    "warning: uid 1000 is shared by users jane and bob: programs show jane",
                    "warning: gid 2000 is shared by groups lab and research: programs show lab",
                    "user jane: uid changed from 1500 to 1000; user jane: gid set to 2000, shell set to /bin/zsh; "
                        + "user jane put before user bob in passwd; user jane: shadow entry set (no password); "
                        + "group lab: gid changed from 1999 to 2000; group lab put before group research in group; "
                        + "group lab: gshadow entry set (no password)",
                ],
                Accounts(
                    passwd: "jane:x:1000:2000:Jane:/home/jane:/bin/zsh\n" + bob.passwd,
                    group: "lab:x:2000:carol\n" + research.group, shadow: janeShadow, gshadow: "lab:*::carol\n")
            )),
        Case(
            name: "an entry whose name is the uid, which a container runtime injected, is renamed",
            found: Accounts(passwd: "1000:x:1000:0:container user:/:/bin/sh\n"),
            result: (
                [
                    "user 1000 (uid 1000) renamed to jane; user jane: gid set to 2000, home set to /home/jane, "
                        + "shell set to /bin/zsh; group lab (gid 2000) added"
                ],
                Accounts(
                    passwd: "jane:x:1000:2000:container user:/home/jane:/bin/zsh\n", group: labEntry,
                    shadow: janeShadow,
                    gshadow: labShadow)
            )),
        Case(
            name: "gid of a system group: it keeps its name, and the gid is used", variables: ["NB_GID": "100"],
            result: (
                [
                    "warning: gid 100 belongs to system group users: its name is kept",
                    "user jane (uid 1000) added",
                ],
                Accounts(passwd: "jane:x:1000:100::/home/jane:/bin/zsh\n", shadow: janeShadow)
            )),
    ]

    static let reuses: [Case] = [
        Case(
            name: "reuse, uid of another: the holder is used under its own name", found: bob,
            result: (
                [
                    "warning: uid 1000 belongs to user bob: it is used in place of jane",
                    "user bob: gid set to 2000; user bob: shadow entry set (no password); group lab (gid 2000) added",
                ],
                Accounts(
                    passwd: "bob:x:1000:2000:Bob:/home/bob:/bin/bash\n", group: bob.group + labEntry,
                    shadow: "bob:*:::::::\n", gshadow: bob.gshadow + labShadow)
            )),
        Case(
            name: "reuse, gid of another: the group keeps its name", found: research,
            result: (
                ["warning: gid 2000 belongs to group research: its name is kept", "user jane (uid 1000) added"],
                Accounts(passwd: janeEntry, group: research.group, shadow: janeShadow, gshadow: research.gshadow)
            )),
        Case(
            name: "reuse, user name with another uid", found: otherJane,
            refusal: "NB_USER: user jane has uid 1500 in this image, not 1000 (identity.onCollision is reuse): "
                + "choose another NB_USER, or set NB_UID (runAsUser) to 1500"),
        Case(
            name: "reuse, group name with another gid", found: otherLab,
            refusal: "NB_GROUP: group lab has gid 1999 in this image, not 2000 (identity.onCollision is reuse): "
                + "choose another NB_GROUP, or set NB_GID (runAsGroup) to 1999"),
    ]

    static let fails: [Case] = [
        Case(
            name: "fail, uid of another", found: bob,
            refusal: "NB_UID: uid 1000 belongs to user bob (identity.onCollision is fail): set NB_USER to bob, "
                + "or choose another NB_UID (runAsUser)"),
        Case(
            name: "fail, gid of another", found: research,
            refusal: "NB_GID: gid 2000 belongs to group research (identity.onCollision is fail): "
                + "set NB_GROUP to research, or choose another NB_GID (runAsGroup)"),
        Case(
            name: "fail, user name with another uid", found: otherJane,
            refusal: "NB_USER: user jane has uid 1500 in this image, not 1000 (identity.onCollision is fail): "
                + "choose another NB_USER, or set NB_UID (runAsUser) to 1500"),
        Case(
            name: "fail, group name with another gid", found: otherLab,
            refusal: "NB_GROUP: group lab has gid 1999 in this image, not 2000 (identity.onCollision is fail): "
                + "choose another NB_GROUP, or set NB_GID (runAsGroup) to 1999"),
        Case(
            name: "fail, all four: all are told at once", found: bob + otherJane + research + otherLab,
            refusal: "NB_USER: user jane has uid 1500 in this image, not 1000 (identity.onCollision is fail): "
                + "choose another NB_USER, or set NB_UID (runAsUser) to 1500; "
                + "NB_UID: uid 1000 belongs to user bob (identity.onCollision is fail): set NB_USER to bob, "
                + "or choose another NB_UID (runAsUser); "
                + "NB_GROUP: group lab has gid 1999 in this image, not 2000 (identity.onCollision is fail): "
                + "choose another NB_GROUP, or set NB_GID (runAsGroup) to 1999; "
                + "NB_GID: gid 2000 belongs to group research (identity.onCollision is fail): "
                + "set NB_GROUP to research, or choose another NB_GID (runAsGroup)"),
    ]

    static let systemAccounts: [Case] = [
        Case(
            name: "uid of a system account", variables: ["NB_UID": "33"],
            refusal: "NB_UID: uid 33 belongs to the system account www-data: choose another NB_UID (runAsUser), "
                + "1000 or above"),
        Case(
            name: "uid of an account below 1000", variables: ["NB_UID": "999"],
            found: Accounts(passwd: "daemon:x:999:999::/:/bin/sh\n"),
            refusal: "NB_UID: uid 999 belongs to the system account daemon: choose another NB_UID (runAsUser), "
                + "1000 or above"),
        Case(
            name: "name of a system account", variables: ["NB_USER": "www-data"],
            refusal: "NB_USER: user www-data is a system account with uid 33: choose another NB_USER"),
        Case(
            name: "name of nobody", variables: ["NB_USER": "nobody"],
            refusal: "NB_USER: user nobody is a system account with uid 65534: choose another NB_USER"),
        Case(
            name: "name of a system group", variables: ["NB_GROUP": "users"],
            refusal: "NB_GROUP: group users is a system group with gid 100: choose another NB_GROUP, "
                + "or set NB_GID (runAsGroup) to 100"),
        Case(
            name: "name of nobody's group", variables: ["NB_GROUP": "nogroup"],
            refusal: "NB_GROUP: group nogroup is a system group with gid 65534: choose another NB_GROUP"),
    ]

    static var cases: [Case] {
        func with(_ policy: ByteString, _ cases: [Case]) -> [Case] {
            cases.map { found in
                var found = found
                found.variables["IDENTITY_ON_COLLISION"] = policy
                return found
            }
        }
        return renames + with("reuse", reuses) + with("fail", fails) + systemAccounts
            + with("reuse", systemAccounts.filter { $0.refusal != nil })
    }

    @Test(arguments: cases)
    func `a collision ends as the table says`(_ collision: Case) throws {
        try withPod { container in
            // The group of the id that is asked for must be able to use scratch.
            let group = collision.variables["NB_GID"] == "100" ? UInt32(100) : 2000
            try container.makeDirectory("/scratch/homes", mode: 0o770, group: group)
            try (Self.image + collision.found).write(to: container)
            container.environment = .pod.with(collision.variables).with(["IDENTITY_SUDO": "none"])
            let outcome = try container.boot("id", "-un")
            if let (log, accounts) = collision.result {
                let name = accounts.passwd.hasPrefix("bob:x:1000") ? "bob" : "jane"
                #expect(outcome.log(of: "identity") == log + ["created /home/\(name) (0750) as root"], "\(outcome)")
                #expect(try Accounts(of: container) == Self.image + accounts)
                #expect(outcome.output == "\(name)\n")
                let second = try container.boot("id", "-un")
                #expect(!second.log(of: "identity").contains { !$0.hasPrefix("warning: ") }, "\(second)")
                #expect(try Accounts(of: container) == Self.image + accounts)
            } else {
                #expect(outcome.exitCode == 78)
                #expect(outcome.log == ["identity: \(collision.refusal ?? "")"], "\(outcome)")
                #expect(try Accounts(of: container) == Self.image + collision.found)
                #expect(try !container.exists("/home/jane") && !container.exists("/run/entrypoint"))
            }
        }
    }

    @Test func `a rename moves no file`() throws {
        try withPod { container in
            try (Self.image + Self.bob).write(to: container)
            try container.makeDirectory("/home/bob", mode: 0o755, user: 1000, group: 1000)
            try container.write("/home/bob/notes", "his\n", user: 1000, group: 1000)
            #expect(try container.boot("true").exitCode == 0)
            #expect(try container.status("/home/bob")?.description == "directory 0755 1000:1000")
            #expect(try container.text("/home/bob/notes") == "his\n")
            #expect(try !container.exists("/home/jane/notes"))
        }
    }

    @Test func `the seed user is found before they are renamed, and may have the user's uid`() throws {
        try withPod { container in
            var accounts = Self.image
            accounts.passwd += "site-admin:x:1000:83070:seed:/home/seed:/bin/sh\n"
            try accounts.write(to: container)
            try container.write("/etc/entrypoint.yaml", "scratch: {seedUser: site-admin}\n")
            try container.makeDirectory("/scratch/homes", mode: 0o755, user: 1000, group: 83070)
            let outcome = try container.boot("id", "-un")
            #expect(outcome.output == "jane\n")
            #expect(outcome.log(of: "scratch") == ["created /scratch/homes/jane (1770) as user 1000:2000"])
            #expect(try container.text("/run/entrypoint/report.jsonl").contains("\"seed\":\"1000:2000\""))
        }
    }
}
