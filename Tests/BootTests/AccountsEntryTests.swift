import Boot
import Testing

@Suite struct AccountsEntryTests {
    @Test(arguments: AccountCase.entries)
    func `a request makes the account files that are expected`(_ example: AccountCase) throws {
        try example.check()
    }

    @Test func `the plan names what is in force`() throws {
        let files = AccountFiles.lines(
            passwd: "root:x:0:0:root:/root:/bin/bash",
            group: """
                root:x:0:
                adm:x:4:jane,root
                sudo:x:27:
                video:x:44:
                staff:x:50:jane
                MLO-unit:x:83070:jane
                """)
        let plan = try AccountPlan.plan(.jane(joining: ["sudo", "docker"], devices: [0, 44, 109, 83070]), on: files)
        #expect(plan.userName == "jane")
        #expect(plan.groupName == "MLO-unit")
        #expect(plan.home == "/home/jane")
        #expect(plan.shell == "/bin/zsh")
        #expect(plan.groups == [4, 27, 44, 50, 109])
        #expect(plan.rootGroups == [0, 4])
    }

    @Test func `root has its primary group and those that list it`() throws {
        let files = AccountFiles.lines(
            passwd: "root:x:0:3:root:/root:/bin/ash",
            group: """
                root:x:0:root
                bin:x:1:root,bin,daemon
                daemon:x:2:rooty,daemon
                wheel:x:10: root
                """)
        #expect(try AccountPlan.plan(.jane(), on: files).rootGroups == [0, 1, 3, 10])
        #expect(try AccountPlan.plan(.jane(), on: AccountFiles()).rootGroups == [0])
    }
}

extension AccountCase {
    static let entries = [
        AccountCase(
            "adds user and group with their shadow lines",
            before: .lines(
                passwd: "root:x:0:0:root:/root:/bin/bash", group: "root:x:0:",
                shadow: "root:*:19000:0:99999:7:::", gshadow: "root:*::"),
            after: .lines(
                passwd: """
                    root:x:0:0:root:/root:/bin/bash
                    jane:x:254321:83070::/home/jane:/bin/zsh
                    """,
                group: """
                    root:x:0:
                    MLO-unit:x:83070:
                    """,
                shadow: """
                    root:*:19000:0:99999:7:::
                    jane:*:::::::
                    """,
                gshadow: """
                    root:*::
                    MLO-unit:*::
                    """),
            changes: ["user jane (uid 254321) added", "group MLO-unit (gid 83070) added"]),
        AccountCase(
            "closes the password in passwd and group where there is no shadow",
            before: .lines(passwd: "root::0:0:root:/root:/bin/sh", group: "root::0:"),
            after: .lines(
                passwd: """
                    root::0:0:root:/root:/bin/sh
                    jane:*:254321:83070::/home/jane:/bin/zsh
                    """,
                group: """
                    root::0:
                    MLO-unit:*:83070:
                    """),
            changes: ["user jane (uid 254321) added", "group MLO-unit (gid 83070) added"]),
        AccountCase(
            "changes nothing where everything is right",
            .jane(joining: ["sudo", "docker", "MLO-unit"], devices: [44]),
            before: .lines(
                passwd: "jane:x:254321:83070:Jane Doe,,,:/home/jane:/bin/zsh",
                group: """
                    sudo:x:27:ubuntu,jane
                    video:x:44:jane
                    MLO-unit:!:83070:
                    """,
                shadow: "jane:*:::::::",
                gshadow: """
                    sudo:*::jane
                    MLO-unit:*::
                    """)),
        AccountCase(
            "changes nothing for a system account that was asked for by name and id", .jane(uid: 500, gid: 100),
            before: .lines(
                passwd: "jane:x:500:100::/home/jane:/bin/zsh",
                group: "MLO-unit:x:100:")),
        AccountCase(
            "corrects gid, home and shell, and keeps the comment",
            before: .lines(
                passwd: "jane:x:254321:100:Jane Doe,,,:/var/jane:/bin/bash", group: "MLO-unit:x:83070:",
                shadow: "jane:*:::::::"),
            after: .lines(
                passwd: "jane:x:254321:83070:Jane Doe,,,:/home/jane:/bin/zsh", group: "MLO-unit:x:83070:",
                shadow: "jane:*:::::::"),
            changes: ["user jane: gid set to 83070, home set to /home/jane, shell set to /bin/zsh"]),
        AccountCase(
            "leaves the user no password, no lock and no expiry, and nobody else's line alone",
            before: .lines(
                passwd: "jane:$6$salt$hash:254321:83070::/home/jane:/bin/zsh", group: "MLO-unit:x:83070:",
                shadow: """
                    root:$6$salt$root:19000:0:99999:7:::
                    jane:!$6$salt$hash:19000:0:99999:7::19001:
                    janet:!:19000::::::
                    jane::::::::
                    """,
                gshadow: """
                    MLO-unit:$6$salt$group:janet,bob:bob
                    MLO:!:janet:
                    """),
            after: .lines(
                passwd: "jane:x:254321:83070::/home/jane:/bin/zsh", group: "MLO-unit:x:83070:",
                shadow: """
                    root:$6$salt$root:19000:0:99999:7:::
                    jane:*:::::::
                    janet:!:19000::::::
                    """,
                gshadow: """
                    MLO-unit:*::bob
                    MLO:!:janet:
                    """),
            changes: [
                "user jane: password field closed", "user jane: shadow entry set (no password)",
                "group MLO-unit: gshadow entry set (no password)",
            ]),
        AccountCase(
            "closes a password that stands in passwd itself",
            before: .lines(passwd: "jane::254321:83070::/home/jane:/bin/zsh", group: "MLO-unit::83070:"),
            after: .lines(passwd: "jane:*:254321:83070::/home/jane:/bin/zsh", group: "MLO-unit::83070:"),
            changes: ["user jane: password field closed"]),
        AccountCase(
            "adds the missing shadow lines of entries that exist",
            before: .lines(
                passwd: "jane:x:254321:83070::/home/jane:/bin/zsh", group: "MLO-unit:x:83070:bob", shadow: "",
                gshadow: ""),
            after: .lines(
                passwd: "jane:x:254321:83070::/home/jane:/bin/zsh", group: "MLO-unit:x:83070:bob",
                shadow: "jane:*:::::::", gshadow: "MLO-unit:*::bob"),
            changes: [
                "user jane: shadow entry set (no password)", "group MLO-unit: gshadow entry set (no password)",
            ]),
        AccountCase(
            "gives new entries nothing of shadow lines that were left behind",
            before: .lines(
                passwd: "", group: "", shadow: "jane:$6$salt$hash:19000::::::",
                gshadow: "MLO-unit:$6$salt$hash:bob:bob"),
            after: .lines(
                passwd: "jane:x:254321:83070::/home/jane:/bin/zsh", group: "MLO-unit:x:83070:",
                shadow: "jane:*:::::::", gshadow: "MLO-unit:*::"),
            changes: ["user jane (uid 254321) added", "group MLO-unit (gid 83070) added"]),
        AccountCase(
            "joins the groups that the image has, in group and gshadow",
            .jane(joining: ["sudo", "adm", "docker", "MLO-unit"]),
            before: .lines(
                passwd: "jane:x:254321:83070::/home/jane:/bin/zsh",
                group: """
                    adm:x:4:syslog
                    sudo:x:27:
                    sudo:x:28:
                    MLO-unit:x:83070:
                    """,
                gshadow: """
                    sudo:*:bob:
                    MLO-unit:*::
                    """),
            after: .lines(
                passwd: "jane:x:254321:83070::/home/jane:/bin/zsh",
                group: """
                    adm:x:4:syslog,jane
                    sudo:x:27:jane
                    sudo:x:28:
                    MLO-unit:x:83070:
                    """,
                gshadow: """
                    sudo:*:bob:jane
                    MLO-unit:*::
                    """),
            changes: ["user jane joined group sudo", "user jane joined group adm"]),
        AccountCase(
            "joins in the one file where the member is missing",
            .jane(joining: ["sudo"]),
            before: .lines(
                passwd: "jane:x:254321:83070::/home/jane:/bin/zsh", group: "MLO-unit:x:83070:\nsudo:x:27:jane",
                gshadow: "MLO-unit:*::\nsudo:*::bob"),
            after: .lines(
                passwd: "jane:x:254321:83070::/home/jane:/bin/zsh", group: "MLO-unit:x:83070:\nsudo:x:27:jane",
                gshadow: "MLO-unit:*::\nsudo:*::bob,jane"),
            changes: ["user jane joined group sudo"]),
        AccountCase(
            "joins the groups of devices, gives those without a name one, and passes over gid 0",
            .jane(devices: [109, 44, 0, 109, 110, 83070]),
            before: .lines(
                passwd: "jane:x:254321:83070::/home/jane:/bin/zsh",
                group: """
                    root:x:0:
                    video:x:44:
                    gpu-110:x:500:
                    MLO-unit:x:83070:
                    """,
                gshadow: """
                    MLO-unit:*::
                    gpu-109:!:bob:bob
                    """),
            after: .lines(
                passwd: "jane:x:254321:83070::/home/jane:/bin/zsh",
                group: """
                    root:x:0:
                    video:x:44:jane
                    gpu-110:x:500:
                    MLO-unit:x:83070:
                    gpu-109:x:109:jane
                    gpu-110-2:x:110:jane
                    """,
                gshadow: """
                    MLO-unit:*::
                    gpu-109:*::jane
                    gpu-110-2:*::jane
                    """),
            changes: [
                "user jane joined group video", "group gpu-109 (gid 109) added", "user jane joined group gpu-109",
                "group gpu-110-2 (gid 110) added", "user jane joined group gpu-110-2",
            ]),
        AccountCase(
            "names a device's group unlike the primary group",
            .jane(group: "gpu-44", devices: [44]),
            before: .lines(passwd: "jane:x:254321:83070::/home/jane:/bin/zsh", group: ""),
            after: .lines(
                passwd: "jane:x:254321:83070::/home/jane:/bin/zsh", group: "gpu-44:*:83070:\ngpu-44-2:*:44:jane"),
            changes: [
                "group gpu-44 (gid 83070) added", "group gpu-44-2 (gid 44) added", "user jane joined group gpu-44-2",
            ]),
    ]
}
