import Boot
import Testing

@Suite struct AccountsTextTests {
    @Test(arguments: AccountCase.texts)
    func `account files are read and written line by line`(_ example: AccountCase) throws {
        try example.check()
    }

    @Test func `accounts are found by name and by uid, the first of each`() {
        let files = AccountFiles.lines(
            passwd: """
                # site-admin:x:1:1::/:/bin/sh
                +site-admin:x:1:1::/:/bin/sh
                site-admin:x:one:1::/:/bin/sh
                 site-admin:x:177449:83070::/home/admin:/bin/bash
                site-admin:x:2:2::/:/bin/sh
                other:x:177449:3::/:/bin/sh
                short:x:7:8
                """,
            group: """
                first:x:10:bob,site-admin
                second:x:9: site-admin ,eve
                third:x:8:site-admin2,xsite-admin
                fourth:x:7:,site-admin,
                fifth:x:99999999999:site-admin
                sixth:x:4294967295:site-admin
                first:x:11:site-admin
                """)
        let seed = files.account(named: "site-admin")
        #expect(seed?.userID == 177449)
        #expect(seed?.groupID == 83070)
        #expect(files.account(withUserID: 177449) == seed)
        #expect(files.account(named: "site") == nil)
        #expect(files.account(named: "") == nil)
        #expect(files.account(withUserID: 1) == nil)
        #expect(files.account(named: "short")?.groupID == 8)
        #expect(files.groups(ofUserNamed: "site-admin") == [7, 10, 11])
        #expect(files.groupID(named: "fifth") == nil && files.groupID(named: "sixth") == .max)
        #expect(files.groups(ofUserNamed: "") == [])
        #expect(AccountFiles().account(named: "root") == nil)
        #expect(AccountFiles().groups(ofUserNamed: "root") == [])
    }

    @Test(arguments: [
        ("/bin/bash", "/bin/bash"), ("", nil), ("bash", nil), ("/bin/\u{1B}sh", nil), ("/bin/sh:rest", "/bin/sh:rest"),
    ])
    func `the login shell of a uid is known`(_ field: String, _ shell: String?) {
        let files = AccountFiles.lines(passwd: "ubuntu:x:1000:1000::/home/ubuntu:\(field)")
        #expect(files.loginShell(ofUserID: 1000) == shell)
        #expect(files.loginShell(ofUserID: 1001) == nil)
    }

    @Test func `names of an image are shown without what misleads a terminal`() {
        let name = "\u{1B}[2J" + String(repeating: "n", count: 100)
        let files = AccountFiles.lines(passwd: "\(name):x:254321:1::/:/bin/sh")
        AccountRefusalCase(
            "", .jane(policy: .fail), on: files,
            refusals: [
                "NB_UID: uid 254321 belongs to user \\u{1b}[2J\(String(repeating: "n", count: 28))… (104 bytes) "
                    + "(identity.onCollision is fail): choose another NB_UID (runAsUser)"
            ]
        ).check()
    }

    @Test(arguments: ["", "jane:x:0:0", "jane\n", "jane\0", "jane,root", "+jane", "root"])
    func `the planner refuses a name that would write another account`(_ name: String) {
        var request = AccountRequest.jane()
        request.userName = name
        request.groupName = name
        let error = #expect(throws: AccountRefusals.self) { try AccountPlan.plan(request, on: AccountFiles()) }
        #expect(error?.refusals.map(\.variable) == ["NB_USER", "NB_GROUP"])
    }

    @Test(arguments: ["", "home", "/home:/bin/sh", "/home\njane::0:0"])
    func `the planner refuses a path that would write another account`(_ path: String) {
        var request = AccountRequest.jane()
        request.home = path
        request.shell = path
        let shown = path.replacing("\n", with: "\\n")
        let reason = "NB_USER: '\(shown)' cannot be written to an account file: not an absolute path without a colon"
        AccountRefusalCase("", request, on: AccountFiles(), refusals: [reason, reason]).check()
    }

    @Test func `the planner refuses root's ids`() {
        AccountRefusalCase(
            "", .jane(uid: 0, gid: 0), on: AccountFiles(),
            refusals: [
                "NB_UID: uid 0 is root: choose another NB_UID (runAsUser), 1000 or above",
                "NB_GID: gid 0 is root's group: choose another NB_GID (runAsGroup), 1000 or above",
            ]
        ).check()
    }
}

extension AccountCase {
    private static let added = ["user jane (uid 254321) added", "group MLO-unit (gid 83070) added"]

    static let texts = [
        AccountCase(
            "makes passwd and group where they are missing, but no shadow", before: AccountFiles(),
            after: .lines(passwd: "jane:*:254321:83070::/home/jane:/bin/zsh", group: "MLO-unit:*:83070:"),
            changes: added),
        AccountCase(
            "fills empty files", before: .lines(passwd: "", group: "", shadow: "", gshadow: ""),
            after: .lines(
                passwd: "jane:x:254321:83070::/home/jane:/bin/zsh", group: "MLO-unit:x:83070:",
                shadow: "jane:*:::::::", gshadow: "MLO-unit:*::"),
            changes: added),
        AccountCase(
            "adds a missing last newline only before a line of its own",
            before: AccountFiles(
                passwd: Array("root:x:0:0::/root:/bin/sh".utf8), group: Array("root:x:0:\nMLO-unit:x:83071:".utf8)),
            after: AccountFiles(
                passwd: Array("root:x:0:0::/root:/bin/sh\njane:*:254321:83070::/home/jane:/bin/zsh\n".utf8),
                group: Array("root:x:0:\nMLO-unit:x:83070:".utf8)),
            changes: ["user jane (uid 254321) added", "group MLO-unit: gid changed from 83071 to 83070"]),
        AccountCase(
            "moves a last line without newline",
            before: AccountFiles(
                passwd: Array("jane:x:254321:83070::/home/jane:/bin/zsh".utf8),
                group: Array("old:x:83070:\nMLO-unit:x:1001:".utf8)),
            after: AccountFiles(
                passwd: Array("jane:x:254321:83070::/home/jane:/bin/zsh".utf8),
                group: Array("MLO-unit:x:83070:\nold:x:83070:\n".utf8)),
            changes: [
                "group MLO-unit: gid changed from 1001 to 83070", "group MLO-unit put before group old in group",
            ],
            warnings: ["gid 83070 is shared by groups MLO-unit and old: programs show MLO-unit"]),
        AccountCase(
            "keeps comments, NIS references, blank and malformed lines",
            before: .lines(
                passwd: """
                    # jane:x:254321:83070::/home/jane:/bin/zsh

                    +jane::::::
                    -jane
                    \t
                    jane
                    jane:x
                    jane:x:254321
                    jane:x::83070::/home/jane:/bin/zsh
                    jane:x:- 1:83070::/home/jane:/bin/zsh
                    jane:x:254321x:83070::/home/jane:/bin/zsh
                    jane:x:254321 :83070::/home/jane:/bin/zsh
                    :x:254321:83070::/home/jane:/bin/zsh
                    jane2:x:1:1::/:/bin/sh
                    """,
                group: """
                    #MLO-unit:x:83070:
                    +:::
                    MLO-unit:x:++83070:
                    MLO-unit:x:0x10:
                    ::83070:
                    MLO-unit
                    """,
                shadow: """
                    # jane:!::::::::
                    +jane::::::::
                    jane
                    :*:::::::
                    """,
                gshadow: """
                    MLO-unit
                    -MLO-unit:!::
                    :!::
                    """),
            after: .lines(
                passwd: """
                    # jane:x:254321:83070::/home/jane:/bin/zsh

                    +jane::::::
                    -jane
                    \t
                    jane
                    jane:x
                    jane:x:254321
                    jane:x::83070::/home/jane:/bin/zsh
                    jane:x:- 1:83070::/home/jane:/bin/zsh
                    jane:x:254321x:83070::/home/jane:/bin/zsh
                    jane:x:254321 :83070::/home/jane:/bin/zsh
                    :x:254321:83070::/home/jane:/bin/zsh
                    jane2:x:1:1::/:/bin/sh
                    jane:x:254321:83070::/home/jane:/bin/zsh
                    """,
                group: """
                    #MLO-unit:x:83070:
                    +:::
                    MLO-unit:x:++83070:
                    MLO-unit:x:0x10:
                    ::83070:
                    MLO-unit
                    MLO-unit:x:83070:
                    """,
                shadow: """
                    # jane:!::::::::
                    +jane::::::::
                    jane
                    :*:::::::
                    jane:*:::::::
                    """,
                gshadow: """
                    MLO-unit
                    -MLO-unit:!::
                    :!::
                    MLO-unit:*::
                    """),
            changes: added),
        AccountCase(
            "keeps a right entry as it is written, with blanks, leading zeros and further fields",
            .jane(joining: ["sudo"]),
            before: .lines(
                passwd: " \tjane:x: 00254321:+083070::/home/jane:/bin/zsh",
                group: """
                    MLO-unit::\t083070
                    sudo:x:27: jane
                    """)),
        AccountCase(
            "keeps the other bytes of an entry that it changes", .jane(joining: ["sudo", "adm"]),
            before: .lines(
                passwd: "\tjane:x: +254321:1: Jane :/home/jane:/bin/sh:more",
                group: "MLO-unit:x:83070:\n  sudo::\t027: bob ,\nadm:x:4", gshadow: "MLO-unit:*::\n sudo:!:eve\nadm"),
            after: .lines(
                passwd: "\tjane:x: +254321:83070: Jane :/home/jane:/bin/zsh",
                group: "MLO-unit:x:83070:\n  sudo::\t027: bob ,,jane\nadm:x:4:jane",
                gshadow: "MLO-unit:*::\n sudo:!:eve:jane\nadm"),
            changes: [
                "user jane: gid set to 83070, shell set to /bin/zsh", "user jane joined group sudo",
                "user jane joined group adm",
            ]),
        AccountCase(
            "completes a short entry",
            before: .lines(passwd: "  jane:x:254321:83070", group: "MLO-unit:x:83070"),
            after: .lines(passwd: "  jane:x:254321:83070::/home/jane:/bin/zsh", group: "MLO-unit:x:83070"),
            changes: ["user jane: home set to /home/jane, shell set to /bin/zsh"]),
        AccountCase(
            "takes the first of several lines with one name",
            before: .lines(
                passwd: """
                    jane:x:1000:83070::/home/jane:/bin/zsh
                    jane:x:254321:1::/other:/bin/sh
                    """,
                group: """
                    MLO-unit:x:1000:bob
                    MLO-unit:x:83070:eve
                    """),
            after: .lines(
                passwd: """
                    jane:x:254321:83070::/home/jane:/bin/zsh
                    jane:x:254321:1::/other:/bin/sh
                    """,
                group: """
                    MLO-unit:x:83070:bob
                    MLO-unit:x:83070:eve
                    """),
            changes: [
                "user jane: uid changed from 1000 to 254321", "group MLO-unit: gid changed from 1000 to 83070",
            ]),
    ]
}
