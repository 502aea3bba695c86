import Boot
import Testing

/// An elevated start adds what is missing and changes nothing that the image has.
@Suite struct AccountsElevatedTests {
    @Test(arguments: AccountCase.kept) func `what the image has stays as it is`(_ example: AccountCase) throws {
        try example.check()
    }

    @Test func `the home and the shell in force are those of the image's entry, where they are paths`() throws {
        for (entry, home, shell) in [
            ("/opt/jane:/bin/dash", "/opt/jane", "/bin/dash"), (":", "/home/jane", "/bin/zsh"),
            ("opt:dash", "/home/jane", "/bin/zsh"), ("/:/bin/dash", "/", "/bin/dash"),
        ] {
            let files = AccountFiles.lines(passwd: "jane:x:254321:83070::\(entry)", group: "MLO-unit:x:83070:")
            let plan = try AccountPlan.plan(.jane(start: .elevated), on: files)
            #expect(plan.home == home && plan.shell == shell && plan.files == files && plan.changes == [])
        }
    }
}

extension AccountsElevatedTests {
    private static let hash = "$6$salt$hash"

    @Test(
        arguments: [
            ("83070:x:83070:alice", "83070:*::"), ("83070:x:83070:alice", ""), ("83070:x:83070:254321,alice", ""),
            ("83070:\(hash):83070:", ""), ("83070::83070:", ""), ("83070:!:83070:", ""),
            ("83070:x:83070:", "83070:\(hash)::"), ("83070:x:83070:", "83070:!:boss:"), ("83070:x:83070:", "83070:!::"),
        ])
    func `a group of the image whose name is its number keeps it`(line: String, shadow: String) throws {
        // With gshadow and without, where the group's own line tells.
        for gshadow in shadow.isEmpty ? [nil, ""] : [shadow] {
            let files = AccountFiles.lines(
                passwd: "jane:x:254321:83070::/home/jane:/bin/zsh", group: "\(line)\nother:x:7:", gshadow: gshadow)
            let plan = try AccountPlan.plan(.jane(start: .elevated), on: files)
            #expect(plan.files.group == files.group && plan.groupName == "83070")
            #expect(plan.warnings == ["gid 83070 belongs to group 83070: its name is kept"])
            // A start as root may change what the image has.
            #expect(try AccountPlan.plan(.jane(), on: files).groupName == "MLO-unit")
        }
    }

    @Test(
        arguments: [
            ("254321::254321:0::/:/bin/sh", nil), ("254321:\(hash):254321:0::/:/bin/sh", nil),
            ("254321:!:254321:0::/:/bin/sh", ""), ("254321:x:254321:0::/:/bin/sh", "254321:\(hash):1::::::"),
            ("254321:x:254321:0::/:/bin/sh", "254321::1::::::"), ("254321:*:254321:0::/:/bin/sh", "254321:*:1::::::"),
        ] as [(String, String?)])
    func `an account of the image whose name is its number is not taken`(line: String, shadow: String?) throws {
        let files = AccountFiles.lines(passwd: line, group: "MLO-unit:x:83070:", shadow: shadow)
        let refusals = #expect(throws: AccountRefusals.self) {
            try AccountPlan.plan(.jane(start: .elevated), on: files)
        }
        #expect(
            refusals?.refusals.map { "\($0.variable): \($0.reason)" } == [
                "NB_UID: uid 254321 belongs to user 254321, which only a start as root may rename: choose another NB_UID "
                    + "(runAsUser)"
            ])
        #expect(try AccountPlan.plan(.jane(), on: files).userName == "jane")
    }
}

extension AccountCase {
    private static let hash = "$6$salt$hash"

    static let kept = [
        AccountCase(
            "an account keeps its password, gid, home and shell", .jane(start: .elevated),
            before: .lines(
                passwd: "jane:x:254321:100:Jane:/opt/jane:/bin/sh", group: "docker:x:998:jane\nMLO-unit:x:83070:",
                shadow: "jane:\(hash):19000:0:99999:7::20000:\njane:old:::::::", gshadow: "MLO-unit:*::"),
            warnings: [
                "user jane keeps gid 100 in passwd: a start with the capabilities of the program's file changes no entry "
                    + "of the image"
            ]),
        AccountCase(
            "a password in passwd is not replaced by a line of shadow", .jane(start: .elevated),
            before: .lines(
                passwd: "jane:\(hash):254321:83070::/home/jane:/bin/zsh", group: "MLO-unit:\(hash):83070:bob",
                shadow: "", gshadow: "")),
        AccountCase(
            "lines of shadow and gshadow that are missing are added", .jane(start: .elevated),
            before: .lines(
                passwd: "jane:x:254321:83070::/home/jane:/bin/zsh", group: "MLO-unit:x:83070:bob", shadow: "",
                gshadow: ""),
            after: .lines(
                passwd: "jane:x:254321:83070::/home/jane:/bin/zsh", group: "MLO-unit:x:83070:bob",
                shadow: "jane:*:::::::", gshadow: "MLO-unit:*::bob"),
            changes: [
                "user jane: shadow entry added (no password)", "group MLO-unit: gshadow entry added (no password)",
            ]),
        AccountCase(
            "a group keeps its password, administrators and members", .jane(start: .elevated),
            before: .lines(
                passwd: "jane:x:254321:83070::/home/jane:/bin/zsh", group: "MLO-unit:x:83070:bob",
                gshadow: "MLO-unit:\(hash):boss,eve:bob\nMLO-unit:!::")),
        AccountCase(
            "so does one that has another name", .jane(start: .elevated),
            before: .lines(
                passwd: "jane:x:254321:83070::/home/jane:/bin/zsh", group: "unit:x:83070:bob\nmore:x:83070:",
                gshadow: "unit:\(hash):boss:bob"),
            warnings: ["gid 83070 belongs to group unit: its name is kept"]),
        AccountCase(
            "groups that are granted get the member, and nothing else of their lines changes",
            .jane(joining: ["sudo", "adm"], devices: [44, 109], start: .elevated),
            before: .lines(
                passwd: "jane:x:254321:83070::/home/jane:/bin/zsh",
                group: " sudo:\(hash):+27: bob\nadm:x:4\nvideo:x:044:\nMLO-unit:x:83070:\ngpu-109:x:5:",
                gshadow: "sudo:\(hash):boss:bob\nadm:!\nMLO-unit:*::\ngpu-109-2:\(hash):eve:eve"),
            after: .lines(
                passwd: "jane:x:254321:83070::/home/jane:/bin/zsh",
                group: " sudo:\(hash):+27: bob,jane\nadm:x:4:jane\nvideo:x:044:jane\nMLO-unit:x:83070:\ngpu-109:x:5:\n"
                    + "gpu-109-3:x:109:jane",
                gshadow: "sudo:\(hash):boss:bob,jane\nadm:!::jane\nMLO-unit:*::\ngpu-109-2:\(hash):eve:eve\n"
                    + "gpu-109-3:*::jane"),
            changes: [
                "user jane joined group sudo", "user jane joined group adm", "user jane joined group video",
                "group gpu-109-3 (gid 109) added", "user jane joined group gpu-109-3",
            ]),
        AccountCase(
            "new entries change no line that was left behind under their names", .jane(start: .elevated),
            before: .lines(
                passwd: "", group: "", shadow: "jane:\(hash):19000::::::\njane:!::::::",
                gshadow: "MLO-unit:\(hash):bob:bob"),
            after: .lines(
                passwd: "jane:x:254321:83070::/home/jane:/bin/zsh", group: "MLO-unit:x:83070:",
                shadow: "jane:\(hash):19000::::::\njane:!::::::", gshadow: "MLO-unit:\(hash):bob:bob"),
            changes: ["user jane (uid 254321) added", "group MLO-unit (gid 83070) added"]),
        AccountCase(
            "a runtime's entries are renamed, and the image's groups that list the number are not",
            .jane(start: .elevated),
            before: .lines(
                passwd: "254321:*:254321:0:user:/:/bin/sh", group: "83070:x:83070:254321\ndocker:x:998:254321",
                shadow: "", gshadow: "docker:!:254321:254321"),
            after: .lines(
                passwd: "jane:x:254321:83070:user:/home/jane:/bin/zsh",
                group: "MLO-unit:x:83070:jane\ndocker:x:998:254321",
                shadow: "jane:*:::::::", gshadow: "docker:!:254321:254321\nMLO-unit:*::jane"),
            changes: [
                "user 254321 (uid 254321) renamed to jane",
                "user jane: gid set to 83070, home set to /home/jane, shell set to /bin/zsh",
                "user jane: password field closed",
                "group 83070 (gid 83070) renamed to MLO-unit",
            ]),
    ]
}
