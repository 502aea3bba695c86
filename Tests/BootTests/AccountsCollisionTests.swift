import Boot
import Testing

@Suite struct AccountsCollisionTests {
    @Test(arguments: AccountCase.renames)
    func `a start as root renames`(_ example: AccountCase) throws {
        try example.check()
    }

    @Test(arguments: AccountCase.reuses)
    func `a start as root reuses`(_ example: AccountCase) throws {
        try example.check()
    }

    @Test(arguments: AccountRefusalCase.root)
    func `a start as root refuses`(_ example: AccountRefusalCase) {
        example.check()
    }

    @Test func `reuse tells the name, home and shell of the account that it uses`() throws {
        let files = AccountFiles.lines(
            passwd: "ubuntu:x:1000:1000::/home/ubuntu:/bin/bash", group: "ubuntu:x:1000:\nadm:x:4:ubuntu,jane")
        let plan = try AccountPlan.plan(.jane(uid: 1000, gid: 1000, policy: .reuse), on: files)
        #expect(plan.userName == "ubuntu")
        #expect(plan.groupName == "ubuntu")
        #expect(plan.home == "/home/ubuntu")
        #expect(plan.shell == "/bin/bash")
        #expect(plan.groups == [4])
    }

    @Test func `the group of a kept name is the one in force`() throws {
        let plan = try AccountPlan.plan(.jane(gid: 100), on: .lines(group: "users:x:100:"))
        #expect(plan.groupName == "users")
        #expect(plan.groupID == 100)
        #expect(plan.groups == [])
    }
}

extension AccountCase {
    static let renames = [
        AccountCase(
            "the holder of the uid, in all member lists, without its password", .jane(uid: 1000, joining: ["sudo"]),
            before: .lines(
                passwd: """
                    root:x:0:0:root:/root:/bin/bash
                    ubuntu:x:1000:1000:Ubuntu:/home/ubuntu:/bin/bash
                    bob:x:1001:1001::/home/bob:/bin/bash
                    """,
                group: """
                    adm:x:4:syslog,ubuntu
                    dialout:x:20:ubuntu,bob
                    cdrom:x:24:jane,ubuntu
                    sudo:x:27:ubuntu
                    ubuntu:x:1000:
                    other:x:1002:ubuntu2,xubuntu
                    MLO-unit:x:83070:
                    """,
                shadow: """
                    root:*:19000:0:99999:7:::
                    ubuntu:$6$salt$hash:19000:0:99999:7:::
                    bob:!:19000:0:99999:7:::
                    """,
                gshadow: """
                    adm:*:ubuntu,root:syslog,ubuntu
                    sudo:*::ubuntu
                    ubuntu:!::
                    MLO-unit:*::
                    """),
            after: .lines(
                passwd: """
                    root:x:0:0:root:/root:/bin/bash
                    jane:x:1000:83070:Ubuntu:/home/jane:/bin/zsh
                    bob:x:1001:1001::/home/bob:/bin/bash
                    """,
                group: """
                    adm:x:4:syslog,jane
                    dialout:x:20:jane,bob
                    cdrom:x:24:jane
                    sudo:x:27:jane
                    ubuntu:x:1000:
                    other:x:1002:ubuntu2,xubuntu
                    MLO-unit:x:83070:
                    """,
                shadow: """
                    root:*:19000:0:99999:7:::
                    jane:*:::::::
                    bob:!:19000:0:99999:7:::
                    """,
                gshadow: """
                    adm:*:jane,root:syslog,jane
                    sudo:*::jane
                    ubuntu:!::
                    MLO-unit:*::
                    """),
            changes: [
                "user ubuntu (uid 1000) renamed to jane",
                "user jane: gid set to 83070, home set to /home/jane, shell set to /bin/zsh",
            ]),
        AccountCase(
            "the holder of the uid although the new name has lines left behind", .jane(uid: 1000),
            before: .lines(
                passwd: "ubuntu:x:1000:83070::/home/jane:/bin/zsh", group: "MLO-unit:x:83070:",
                shadow: """
                    jane:$6$salt$old:19000::::::
                    ubuntu:$6$salt$hash:19000::::::
                    """),
            after: .lines(
                passwd: "jane:x:1000:83070::/home/jane:/bin/zsh", group: "MLO-unit:x:83070:",
                shadow: "jane:*:::::::"),
            changes: ["user ubuntu (uid 1000) renamed to jane"]),
        AccountCase(
            "a holder of the uid under a name that belongs to another line, which keeps what is the name's",
            .jane(uid: 1000),
            before: .lines(
                passwd: """
                    ubuntu:x:1001:1001::/home/ubuntu:/bin/sh
                    ubuntu:x:1000:83070::/home/jane:/bin/zsh
                    """,
                group: "adm:x:4:ubuntu\nMLO-unit:x:83070:", shadow: "ubuntu:!:19000::::::"),
            after: .lines(
                passwd: """
                    ubuntu:x:1001:1001::/home/ubuntu:/bin/sh
                    jane:x:1000:83070::/home/jane:/bin/zsh
                    """,
                group: "adm:x:4:ubuntu\nMLO-unit:x:83070:", shadow: "ubuntu:!:19000::::::\njane:*:::::::"),
            changes: ["user ubuntu (uid 1000) renamed to jane"]),
        AccountCase(
            "the holder of the gid",
            before: .lines(
                passwd: "jane:x:254321:83070::/home/jane:/bin/zsh", group: "unit:x:83070:bob\nadm:x:4:",
                gshadow: "MLO-unit:!::mallory\nunit:$6$salt$hash:eve:bob,jim\nadm:*::"),
            after: .lines(
                passwd: "jane:x:254321:83070::/home/jane:/bin/zsh", group: "MLO-unit:x:83070:bob\nadm:x:4:",
                gshadow: "MLO-unit:*::bob,jim\nadm:*::"),
            changes: ["group unit (gid 83070) renamed to MLO-unit"]),
        AccountCase(
            "nobody where the gid is a system group's, and keeps that name", .jane(gid: 100),
            before: .lines(
                passwd: "jane:x:254321:100::/home/jane:/bin/zsh", group: "users:x:100:", gshadow: "users:!:bob:"),
            warnings: ["gid 100 belongs to system group users: its name is kept"]),
        AccountCase(
            "nobody where the gid is a system group's and the group has another gid", .jane(gid: 100),
            before: .lines(passwd: "jane:x:254321:100::/home/jane:/bin/zsh", group: "users:x:100:\nMLO-unit:x:83070:"),
            warnings: ["gid 100 belongs to system group users: its name is kept, and group MLO-unit keeps gid 83070"]),
        AccountCase(
            "no user of that name with another uid, but gives it the uid",
            before: .lines(
                passwd: "jane:x:1001:1001:Jane:/old/jane:/bin/sh\nbob:x:1002:1001::/:/bin/sh",
                group: "jane:x:1001:\nMLO-unit:x:83070:"),
            after: .lines(
                passwd: "jane:x:254321:83070:Jane:/home/jane:/bin/zsh\nbob:x:1002:1001::/:/bin/sh",
                group: "jane:x:1001:\nMLO-unit:x:83070:"),
            changes: [
                "user jane: uid changed from 1001 to 254321",
                "user jane: gid set to 83070, home set to /home/jane, shell set to /bin/zsh",
            ]),
        AccountCase(
            "no group of that name with another gid, but gives it the gid",
            before: .lines(
                passwd: "jane:x:254321:83070::/home/jane:/bin/zsh", group: "MLO-unit:x:5000:bob",
                gshadow: "MLO-unit:*::bob"),
            after: .lines(
                passwd: "jane:x:254321:83070::/home/jane:/bin/zsh", group: "MLO-unit:x:83070:bob",
                gshadow: "MLO-unit:*::bob"),
            changes: ["group MLO-unit: gid changed from 5000 to 83070"]),
        AccountCase(
            "nobody where name and id belong to two entries, and puts the name before the holder",
            .jane(uid: 1000, joining: ["MLO-unit"]),
            before: .lines(
                passwd: """
                    # users
                    ubuntu:x:1000:1000::/home/ubuntu:/bin/bash
                    bob:x:1002:1002::/home/bob:/bin/bash
                    jane:x:1001:1001:Jane:/home/jane:/bin/zsh
                    # end
                    """,
                group: """
                    adm:x:4:ubuntu,jane
                    unit:x:83070:ubuntu
                    # between
                    MLO-unit:x:1001:bob
                    """,
                shadow: "ubuntu:$6$salt$hash:19000::::::\njane:*:::::::",
                gshadow: "unit:!:eve:ubuntu\nMLO-unit:!::bob"),
            after: .lines(
                passwd: """
                    # users
                    jane:x:1000:83070:Jane:/home/jane:/bin/zsh
                    ubuntu:x:1000:1000::/home/ubuntu:/bin/bash
                    bob:x:1002:1002::/home/bob:/bin/bash
                    # end
                    """,
                group: """
                    adm:x:4:ubuntu,jane
                    MLO-unit:x:83070:bob
                    unit:x:83070:ubuntu
                    # between
                    """,
                shadow: "ubuntu:$6$salt$hash:19000::::::\njane:*:::::::",
                gshadow: "unit:!:eve:ubuntu\nMLO-unit:*::bob"),
            changes: [
                "user jane: uid changed from 1001 to 1000", "user jane: gid set to 83070",
                "user jane put before user ubuntu in passwd", "group MLO-unit: gid changed from 1001 to 83070",
                "group MLO-unit put before group unit in group", "group MLO-unit: gshadow entry set (no password)",
            ],
            warnings: [
                "uid 1000 is shared by users jane and ubuntu: programs show jane",
                "gid 83070 is shared by groups MLO-unit and unit: programs show MLO-unit",
            ]),
        AccountCase(
            "nobody where two entries share the id already, but puts the name first", .jane(uid: 1000),
            before: .lines(
                passwd: """
                    ubuntu:x:1000:1000::/home/ubuntu:/bin/bash
                    jane:x:1000:83070::/home/jane:/bin/zsh
                    """,
                group: "unit:x:83070:\nMLO-unit:x:83070:"),
            after: .lines(
                passwd: """
                    jane:x:1000:83070::/home/jane:/bin/zsh
                    ubuntu:x:1000:1000::/home/ubuntu:/bin/bash
                    """,
                group: "MLO-unit:x:83070:\nunit:x:83070:"),
            changes: [
                "user jane put before user ubuntu in passwd", "group MLO-unit put before group unit in group",
            ],
            warnings: [
                "uid 1000 is shared by users jane and ubuntu: programs show jane",
                "gid 83070 is shared by groups MLO-unit and unit: programs show MLO-unit",
            ]),
    ]

    static let reuses = [
        AccountCase(
            "the holders of both ids under their names, with their home and shell",
            .jane(uid: 1000, gid: 1000, joining: ["sudo"], policy: .reuse),
            before: .lines(
                passwd: "ubuntu:x:1000:999:Ubuntu:/home/ubuntu:/bin/bash", group: "ubuntu:x:1000:\nsudo:x:27:",
                shadow: "ubuntu:$6$salt$hash:19000::::::", gshadow: "ubuntu:!::\nsudo:*::"),
            after: .lines(
                passwd: "ubuntu:x:1000:1000:Ubuntu:/home/ubuntu:/bin/bash", group: "ubuntu:x:1000:\nsudo:x:27:ubuntu",
                shadow: "ubuntu:*:::::::", gshadow: "ubuntu:!::\nsudo:*::ubuntu"),
            changes: [
                "user ubuntu: gid set to 1000", "user ubuntu: shadow entry set (no password)",
                "user ubuntu joined group sudo",
            ],
            warnings: [
                "uid 1000 belongs to user ubuntu: it is used in place of jane",
                "gid 1000 belongs to group ubuntu: its name is kept",
            ]),
        AccountCase(
            "a holder without paths of its own with those that were asked for", .jane(uid: 1000, policy: .reuse),
            before: .lines(passwd: "ubuntu:x:1000:83070:::", group: "MLO-unit:x:83070:"),
            after: .lines(passwd: "ubuntu:x:1000:83070::/home/jane:/bin/zsh", group: "MLO-unit:x:83070:"),
            changes: ["user ubuntu: home set to /home/jane, shell set to /bin/zsh"],
            warnings: ["uid 1000 belongs to user ubuntu: it is used in place of jane"]),
        AccountCase(
            "the holder of a uid that the name shares further down", .jane(uid: 1000, policy: .reuse),
            before: .lines(
                passwd: """
                    ubuntu:x:1000:83070::/home/ubuntu:/bin/bash
                    jane:x:1000:83070::/home/jane:/bin/zsh
                    """,
                group: "MLO-unit:x:83070:"),
            warnings: ["uid 1000 belongs to user ubuntu: it is used in place of jane"]),
        AccountCase(
            "a system group", .jane(gid: 100, policy: .reuse),
            before: .lines(passwd: "jane:x:254321:100::/home/jane:/bin/zsh", group: "users:x:100:"),
            warnings: ["gid 100 belongs to system group users: its name is kept"]),
        AccountCase(
            "nothing where nothing is taken", .jane(policy: .reuse), before: .lines(passwd: "", group: ""),
            after: .lines(passwd: "jane:*:254321:83070::/home/jane:/bin/zsh", group: "MLO-unit:*:83070:"),
            changes: ["user jane (uid 254321) added", "group MLO-unit (gid 83070) added"]),
    ]
}
