import Boot
import Testing

// The refusals of a start as root, and everything of the other starts.

extension AccountRefusalCase {
    private static let system = AccountFiles.lines(
        passwd: """
            root:x:0:0:root:/root:/bin/bash
            www-data:x:33:33::/var/www:/usr/sbin/nologin
            nobody:x:99:65534::/nonexistent:/usr/sbin/nologin
            nobody4:x:65534:65534::/nonexistent:/usr/sbin/nologin
            edge:x:999:999::/:/bin/sh
            jane:x:998:998::/:/bin/sh
            """,
        group: """
            root:x:0:
            users:x:100:
            MLO-unit:x:999:
            """)

    private static let taken = AccountFiles.lines(
        passwd: "ubuntu:x:1000:1000::/home/ubuntu:/bin/bash\njane:x:1001:1001::/home/jane:/bin/zsh",
        group: "ubuntu:x:1000:\nMLO-unit:x:5000:\nusers:x:100:")

    /// The files of a start in which only ids are taken.
    private static let held = AccountFiles.lines(
        passwd: "ubuntu:x:1000:1000::/home/ubuntu:/bin/bash", group: "ubuntu:x:1000:\nusers:x:100:")

    static let root = [
        AccountRefusalCase(
            "the uid of a system account", .jane(uid: 33), on: .lines(passwd: "www-data:x:33:33::/var/www:/bin/sh"),
            refusals: [
                "NB_UID: uid 33 belongs to the system account www-data: choose another NB_UID (runAsUser), 1000 or above"
            ]),
        AccountRefusalCase(
            "the uid of nobody, whatever it is called", .jane(uid: 65534),
            on: .lines(passwd: "nobody4:x:65534:65534::/:/bin/sh"),
            refusals: [
                "NB_UID: uid 65534 belongs to the system account nobody4: "
                    + "choose another NB_UID (runAsUser), 1000 or above"
            ]),
        AccountRefusalCase(
            "the uid of nobody, whatever it is", .jane(uid: 1001), on: .lines(passwd: "nobody:x:1001:1001::/:/bin/sh"),
            refusals: [
                "NB_UID: uid 1001 belongs to the system account nobody: choose another NB_UID (runAsUser), 1000 or above"
            ]),
        AccountRefusalCase(
            "the uid of a system account under reuse as well", .jane(uid: 999, policy: .reuse),
            on: .lines(passwd: "edge:x:999:999::/:/bin/sh"),
            refusals: [
                "NB_UID: uid 999 belongs to the system account edge: choose another NB_UID (runAsUser), 1000 or above"
            ]),
        AccountRefusalCase(
            "names of system entries and the uid of one, all at once", .jane(uid: 33), on: system,
            refusals: [
                "NB_USER: user jane is a system account with uid 998: choose another NB_USER",
                "NB_UID: uid 33 belongs to the system account www-data: choose another NB_UID (runAsUser), 1000 or above",
                "NB_GROUP: group MLO-unit is a system group with gid 999: "
                    + "choose another NB_GROUP, or set NB_GID (runAsGroup) to 999",
            ]),
        AccountRefusalCase(
            "a system group's name even where the gid is another system group's", .jane(gid: 100),
            on: .lines(group: "users:x:100:\nMLO-unit:x:999:"),
            refusals: [
                "NB_GROUP: group MLO-unit is a system group with gid 999: "
                    + "choose another NB_GROUP, or set NB_GID (runAsGroup) to 999"
            ]),
        AccountRefusalCase(
            "a name with gid 0, and does not offer that gid", on: .lines(group: "MLO-unit:x:0:"),
            refusals: ["NB_GROUP: group MLO-unit is a system group with gid 0: choose another NB_GROUP"]),
        AccountRefusalCase(
            "names with other ids under reuse", .jane(uid: 1000, gid: 1000, policy: .reuse), on: taken,
            refusals: [
                "NB_USER: user jane has uid 1001 in this image, not 1000 (identity.onCollision is reuse): "
                    + "choose another NB_USER, or set NB_UID (runAsUser) to 1001",
                "NB_GROUP: group MLO-unit has gid 5000 in this image, not 1000 (identity.onCollision is reuse): "
                    + "choose another NB_GROUP, or set NB_GID (runAsGroup) to 5000",
            ]),
        AccountRefusalCase(
            "to use a name that could not stand in the environment", .jane(uid: 1000, policy: .reuse),
            on: .lines(passwd: "ubuntu\u{7F}:x:1000:1000::/home/ubuntu:/bin/bash"),
            refusals: [
                "NB_UID: uid 1000 belongs to user ubuntu\\u{7f}, whose name cannot be used: "
                    + "choose another NB_UID (runAsUser), or set identity.onCollision to rename"
            ]),
        AccountRefusalCase(
            "ids of others under fail", .jane(uid: 1000, gid: 1000, policy: .fail), on: held,
            refusals: [
                "NB_UID: uid 1000 belongs to user ubuntu (identity.onCollision is fail): "
                    + "set NB_USER to ubuntu, or choose another NB_UID (runAsUser)",
                "NB_GID: gid 1000 belongs to group ubuntu (identity.onCollision is fail): "
                    + "set NB_GROUP to ubuntu, or choose another NB_GID (runAsGroup)",
            ]),
        AccountRefusalCase(
            "the gid of a system group under fail", .jane(gid: 100, policy: .fail), on: held,
            refusals: [
                "NB_GID: gid 100 belongs to group users (identity.onCollision is fail): "
                    + "set NB_GROUP to users, or choose another NB_GID (runAsGroup)"
            ]),
        AccountRefusalCase(
            "names with other ids under fail", .jane(policy: .fail), on: taken,
            refusals: [
                "NB_USER: user jane has uid 1001 in this image, not 254321 (identity.onCollision is fail): "
                    + "choose another NB_USER, or set NB_UID (runAsUser) to 1001",
                "NB_GROUP: group MLO-unit has gid 5000 in this image, not 83070 (identity.onCollision is fail): "
                    + "choose another NB_GROUP, or set NB_GID (runAsGroup) to 5000",
            ]),
        AccountRefusalCase(
            "both sides of a collision under fail", .jane(uid: 1000, gid: 1000, policy: .fail), on: taken,
            refusals: [
                "NB_USER: user jane has uid 1001 in this image, not 1000 (identity.onCollision is fail): "
                    + "choose another NB_USER, or set NB_UID (runAsUser) to 1001",
                "NB_UID: uid 1000 belongs to user ubuntu (identity.onCollision is fail): "
                    + "set NB_USER to ubuntu, or choose another NB_UID (runAsUser)",
                "NB_GROUP: group MLO-unit has gid 5000 in this image, not 1000 (identity.onCollision is fail): "
                    + "choose another NB_GROUP, or set NB_GID (runAsGroup) to 5000",
                "NB_GID: gid 1000 belongs to group ubuntu (identity.onCollision is fail): "
                    + "set NB_GROUP to ubuntu, or choose another NB_GID (runAsGroup)",
            ]),
    ]

    static let elevated = [
        AccountRefusalCase(
            "the uid of another account", .jane(uid: 1000, start: .elevated), on: held,
            refusals: [
                "NB_UID: uid 1000 belongs to user ubuntu, which only a start as root may rename: "
                    + "set NB_USER to ubuntu, or choose another NB_UID (runAsUser)"
            ]),
        AccountRefusalCase(
            "the uid of another account under reuse as well", .jane(uid: 1000, policy: .reuse, start: .elevated),
            on: held,
            refusals: [
                "NB_UID: uid 1000 belongs to user ubuntu, which only a start as root may rename: "
                    + "set NB_USER to ubuntu, or choose another NB_UID (runAsUser)"
            ]),
        AccountRefusalCase(
            "the uid of a system account", .jane(uid: 33, start: .elevated), on: system,
            refusals: [
                "NB_USER: user jane is a system account with uid 998: choose another NB_USER",
                "NB_UID: uid 33 belongs to the system account www-data: choose another NB_UID (runAsUser), 1000 or above",
                "NB_GROUP: group MLO-unit is a system group with gid 999: "
                    + "choose another NB_GROUP, or set NB_GID (runAsGroup) to 999",
            ]),
        AccountRefusalCase(
            "names with other ids", .jane(start: .elevated), on: taken,
            refusals: [
                "NB_USER: user jane has uid 1001 in this image, which only a start as root may change: "
                    + "choose another NB_USER, or set NB_UID (runAsUser) to 1001",
                "NB_GROUP: group MLO-unit has gid 5000 in this image, which only a start as root may change: "
                    + "choose another NB_GROUP, or set NB_GID (runAsGroup) to 5000",
            ]),
        AccountRefusalCase(
            "a name with another uid also where the uid is a runtime's entry", .jane(start: .elevated),
            on: .lines(
                passwd: "jane:x:1001:1001::/home/jane:/bin/sh\n254321:x:254321:0::/:/bin/sh",
                group: "MLO-unit:x:83070:"),
            refusals: [
                "NB_USER: user jane has uid 1001 in this image, which only a start as root may change: "
                    + "choose another NB_USER, or set NB_UID (runAsUser) to 1001"
            ]),
        AccountRefusalCase(
            "an account behind a runtime's entry for its uid", .jane(start: .elevated),
            on: .lines(
                passwd: "254321:x:254321:0::/:/bin/sh\njane:x:254321:1001::/home/jane:/bin/sh",
                group: "MLO-unit:x:83070:"),
            refusals: [
                "NB_UID: uid 254321 belongs to user 254321, which only a start as root may rename: choose another NB_UID "
                    + "(runAsUser)"
            ]),
        AccountRefusalCase(
            "the gid of another group under fail", .jane(gid: 100, policy: .fail, start: .elevated), on: held,
            refusals: [
                "NB_GID: gid 100 belongs to group users (identity.onCollision is fail): "
                    + "set NB_GROUP to users, or choose another NB_GID (runAsGroup)"
            ]),
        AccountRefusalCase(
            "a new account that would be in a group", .jane(start: .elevated),
            on: .lines(passwd: "", group: "docker:x:998:jane"),
            refusals: [
                "NB_USER: group docker of this image lists jane, and only a start as root may add an account that is in "
                    + "it: choose another NB_USER"
            ]),
        AccountRefusalCase(
            "a runtime's entry that would come into a group", .jane(start: .elevated),
            on: .lines(passwd: "254321:*:254321:0::/:/bin/sh", group: "docker:x:998:", gshadow: "docker:!:jane:"),
            refusals: [
                "NB_USER: group docker of this image lists jane, and only a start as root may add an account that is in "
                    + "it: choose another NB_USER"
            ]),
    ]
}

@Suite struct AccountsRefusalTests {
    @Test(arguments: AccountCase.elevated)
    func `an elevated or bare start plans`(_ example: AccountCase) throws {
        try example.check()
    }

    @Test(arguments: AccountRefusalCase.elevated)
    func `an elevated start refuses`(_ example: AccountRefusalCase) {
        example.check()
    }

    @Test(arguments: AccountRefusalCase.elevated.prefix(5))
    func `a bare start refuses collisions as an elevated one does`(_ example: AccountRefusalCase) {
        var request = example.request
        request.start = .bare
        AccountRefusalCase(example.testDescription, request, on: example.files, refusals: example.refusals).check()
    }

    @Test(arguments: AccountCase.injected)
    func `the planner renames what a runtime added`(_ example: AccountCase) throws {
        try example.check()
    }

    @Test(arguments: Start.allCases, CollisionPolicy.allCases)
    func `the planner renames a runtime's entries in every start`(_ start: Start, _ policy: CollisionPolicy) throws {
        let files = AccountFiles.lines(passwd: "500:*:500:0::/:/bin/sh", group: "501:x:501:500")
        let plan = try AccountPlan.plan(.jane(uid: 500, gid: 501, policy: policy, start: start), on: files)
        let expected = AccountFiles.lines(passwd: "jane:*:500:501::/home/jane:/bin/zsh", group: "MLO-unit:x:501:jane")
        #expect(plan.files.shown == expected.shown)
        #expect(plan.userName == "jane")
        #expect(plan.groupName == "MLO-unit")
    }
}

extension AccountCase {
    static let injected = [
        AccountCase(
            "podman's line",
            before: .lines(
                passwd: "root:x:0:0::/root:/bin/sh\n254321:*:254321:0:container user:/:/bin/sh",
                group: "root:x:0:\n83070:x:83070:254321", shadow: "root:*:19000::::::", gshadow: "root:*::"),
            after: .lines(
                passwd: "root:x:0:0::/root:/bin/sh\njane:x:254321:83070:container user:/home/jane:/bin/zsh",
                group: "root:x:0:\nMLO-unit:x:83070:jane", shadow: "root:*:19000::::::\njane:*:::::::",
                gshadow: "root:*::\nMLO-unit:*::jane"),
            changes: [
                "user 254321 (uid 254321) renamed to jane",
                "user jane: gid set to 83070, home set to /home/jane, shell set to /bin/zsh",
                "user jane: password field closed",
                "group 83070 (gid 83070) renamed to MLO-unit",
            ]),
        AccountCase(
            "CRI-O's line",
            before: .lines(
                passwd: "254321:x:254321:0:254321 user:/root:/sbin/nologin", group: "MLO-unit:x:83070:"),
            after: .lines(passwd: "jane:x:254321:83070:254321 user:/home/jane:/bin/zsh", group: "MLO-unit:x:83070:"),
            changes: [
                "user 254321 (uid 254321) renamed to jane",
                "user jane: gid set to 83070, home set to /home/jane, shell set to /bin/zsh",
            ]),
        AccountCase(
            "not where the user has an entry of another uid, which goes before it",
            before: .lines(
                passwd: "254321:*:254321:0::/:/bin/sh\njane:x:1000:83070::/home/jane:/bin/zsh",
                group: "MLO-unit:x:83070:"),
            after: .lines(
                passwd: "jane:x:254321:83070::/home/jane:/bin/zsh\n254321:*:254321:0::/:/bin/sh",
                group: "MLO-unit:x:83070:"),
            changes: ["user jane: uid changed from 1000 to 254321", "user jane put before user 254321 in passwd"],
            warnings: ["uid 254321 is shared by users jane and 254321: programs show jane"]),
        AccountCase(
            "not a line of that name for another uid",
            before: .lines(passwd: "254321:x:0:0::/:/bin/sh", group: "83070:x:0:\nMLO-unit:x:83070:"),
            after: .lines(
                passwd: "254321:x:0:0::/:/bin/sh\njane:*:254321:83070::/home/jane:/bin/zsh",
                group: "83070:x:0:\nMLO-unit:x:83070:"),
            changes: ["user jane (uid 254321) added"]),
    ]

    static let elevated = [
        AccountCase(
            "new entries", .jane(start: .elevated),
            before: .lines(
                passwd: "root:x:0:0::/root:/bin/sh", group: "root:x:0:\nsudo:x:27:", shadow: "", gshadow: ""),
            after: .lines(
                passwd: "root:x:0:0::/root:/bin/sh\njane:x:254321:83070::/home/jane:/bin/zsh",
                group: "root:x:0:\nsudo:x:27:\nMLO-unit:x:83070:", shadow: "jane:*:::::::", gshadow: "MLO-unit:*::"),
            changes: ["user jane (uid 254321) added", "group MLO-unit (gid 83070) added"]),
        AccountCase(
            "a new account that is listed in its own primary group only", .jane(start: .elevated),
            before: .lines(passwd: "", group: "MLO-unit:x:83070:jane", gshadow: "MLO-unit:*::jane"),
            after: .lines(
                passwd: "jane:*:254321:83070::/home/jane:/bin/zsh", group: "MLO-unit:x:83070:jane",
                gshadow: "MLO-unit:*::jane"),
            changes: ["user jane (uid 254321) added"]),
        AccountCase(
            "the groups that image policy grants", .jane(joining: ["sudo"], devices: [44], start: .elevated),
            before: .lines(
                passwd: "jane:x:254321:83070::/home/jane:/bin/zsh", group: "sudo:x:27:\nMLO-unit:x:83070:"),
            after: .lines(
                passwd: "jane:x:254321:83070::/home/jane:/bin/zsh",
                group: "sudo:x:27:jane\nMLO-unit:x:83070:\ngpu-44:*:44:jane"),
            changes: [
                "user jane joined group sudo", "group gpu-44 (gid 44) added", "user jane joined group gpu-44",
            ]),
        AccountCase(
            "the gid under the name that it has", .jane(gid: 5000, start: .elevated),
            before: .lines(
                passwd: "jane:x:254321:5000::/home/jane:/bin/zsh", group: "unit:x:5000:", gshadow: "unit:!::"),
            warnings: ["gid 5000 belongs to group unit: its name is kept"]),
        AccountCase(
            "the gid under a runtime's name, where the group comes later", .jane(start: .elevated),
            before: .lines(
                passwd: "jane:x:254321:83070::/home/jane:/bin/zsh", group: "83070:x:83070:\nMLO-unit:x:83070:"),
            warnings: ["gid 83070 belongs to group 83070: its name is kept, and group MLO-unit keeps gid 83070"]),
        AccountCase(
            "the gid under the first of its names", .jane(start: .elevated),
            before: .lines(
                passwd: "jane:x:254321:83070::/home/jane:/bin/zsh", group: "unit:x:83070:\nMLO-unit:x:83070:"),
            warnings: ["gid 83070 belongs to group unit: its name is kept, and group MLO-unit keeps gid 83070"]),
        AccountCase(
            "gid 0 as it is in a bare start", .jane(gid: 0, start: .bare),
            before: .lines(passwd: "root:x:0:0::/root:/bin/sh", group: "0:x:0:\nMLO-unit:x:83070:"),
            after: .lines(
                passwd: "root:x:0:0::/root:/bin/sh\njane:*:254321:0::/home/jane:/bin/zsh",
                group: "0:x:0:\nMLO-unit:x:83070:"),
            changes: ["user jane (uid 254321) added"]),
        AccountCase(
            "no group file for gid 0", .jane(gid: 0, start: .bare), before: AccountFiles(),
            after: .lines(passwd: "jane:*:254321:0::/home/jane:/bin/zsh"),
            changes: ["user jane (uid 254321) added"]),
    ]
}
