import Boot
import Foundation
import Linux
import TestSupport
import Testing

@testable import UserSide

/// What of the container's user goes from the account files, and what stays byte for byte.
struct AccountScrubTests {
    private static let user = People.User(
        name: "jane", groupName: "lab", home: "/home/jane", shell: "/bin/sh",
        credentials: Credentials(user: 1000, group: 2000, groups: [27]))

    /// Removes the user of a container with these files below `/etc`.
    ///
    /// - Returns: the files afterwards, and what was found.
    private static func scrub(
        _ files: [String: String], of user: People.User = user
    ) throws -> (files: [String: String], found: [String: Int]) {
        let directory = try TemporaryDirectory()
        let etc = directory.path.appending("etc").string
        try FileManager.default.createDirectory(atPath: etc, withIntermediateDirectories: true)
        for (name, text) in files { try Data(text.utf8).write(to: URL(fileURLWithPath: "\(etc)/\(name)")) }
        let scrub = AccountScrub(of: user, in: FileTree(root: directory.path))
        var notes: [String] = []
        let found = try scrub.search(&notes)
        try scrub.remove(found)
        #expect(try scrub.search(&notes) == [] && notes == [])
        var left: [String: String] = [:]
        for name in files.keys { left[name] = try String(contentsOfFile: "\(etc)/\(name)", encoding: .utf8) }
        return (left, found.reduce(into: [:]) { $0[$1.path.lastComponent?.string ?? ""] = $1.lines })
    }

    @Test func `the lines of the user go from every file`() throws {
        let (files, found) = try Self.scrub([
            "passwd": "root:x:0:0::/root:/bin/sh\njane:x:1000:2000::/home/jane:/bin/sh\nbob:x:1001:1001::/:/bin/sh\n",
            "passwd-": "jane:x:1000:2000::/home/jane:/bin/sh\n",
            "shadow": "root:*:::::::\njane:*:::::::\nbob:!:::::::\n",
            "group": "root:x:0:\nsudo:x:27:bob,jane,jan\nadm:x:4:jane\nlab:x:2000:jane\n+::\n# a comment: of jane",
            "gshadow": "sudo:*:jane:bob,jane\nlab:!::\nadm:*::jane\n",
            "subuid": "jane:100000:65536\nbob:165536:65536\n1000:300000:10\n",
        ])
        #expect(
            files == [
                "passwd": "root:x:0:0::/root:/bin/sh\nbob:x:1001:1001::/:/bin/sh\n", "passwd-": "",
                "shadow": "root:*:::::::\nbob:!:::::::\n",
                "group": "root:x:0:\nsudo:x:27:bob,jan\nadm:x:4:\n+::\n# a comment: of jane",
                "gshadow": "sudo:*::bob\nadm:*::\n", "subuid": "bob:165536:65536\n",
            ])
        #expect(found == ["passwd": 1, "passwd-": 1, "shadow": 1, "group": 3, "gshadow": 3, "subuid": 2])
    }

    @Test(
        arguments: [
            // Another account has the group as its own.
            ("jane:x:1000:2000:::\nbob:x:1001:2000:::\n", "lab:x:2000:\n"),
            // Somebody else is in it.
            ("jane:x:1000:2000:::\n", "lab:x:2000:jane,bob\n"),
            // The id is another group's.
            ("jane:x:1000:2000:::\n", "other:x:2000:\nlab:x:2001:\n"),
        ])
    func `a group that others have stays`(passwd: String, group: String) throws {
        let left = try Self.scrub(["passwd": passwd, "group": group]).files["group"]
        #expect(left == group.replacing("jane,", with: ""))
    }

    @Test(arguments: ["", "jane", ","]) func `a group that nobody else has goes`(members: String) throws {
        let group = "root:x:0:\nlab:x:2000:\(members)\n"
        #expect(
            try Self.scrub(["group": group, "gshadow": "lab:*::\n"]).files == ["group": "root:x:0:\n", "gshadow": ""])
    }

    @Test func `a group of the system's stays`() throws {
        let user = People.User(
            name: "jane", groupName: "users", home: "/", shell: "/bin/sh",
            credentials: Credentials(user: 1000, group: 100, groups: []))
        #expect(try Self.scrub(["group": "users:x:100:jane\n"], of: user).files["group"] == "users:x:100:\n")
    }

    @Test func `an entry of the name with another id stays, and root's is never touched`() throws {
        let passwd = "jane:x:1001:2000:::\nroot:x:0:0:::\n"
        #expect(try Self.scrub(["passwd": passwd]).files["passwd"] == passwd)
        let root = People.User(
            name: "root", groupName: "root", home: "/root", shell: "/bin/sh",
            credentials: Credentials(user: 0, group: 0, groups: []))
        #expect(try Self.scrub(["passwd": passwd, "shadow": "root:*::\n"], of: root).found == [:])
    }

    @Test func `a link in the place of a file is not followed`() throws {
        let directory = try TemporaryDirectory()
        let root = directory.path
        try FileManager.default.createDirectory(atPath: root.appending("etc").string, withIntermediateDirectories: true)
        try Data("jane:x:1000:2000:::\n".utf8).write(to: URL(fileURLWithPath: root.appending("other").string))
        #expect(symlink("/other", root.appending("etc/passwd").string) == 0)
        var notes: [String] = []
        #expect(throws: SystemCallError.self) {
            try AccountScrub(of: Self.user, in: FileTree(root: root)).search(&notes)
        }
    }
}
