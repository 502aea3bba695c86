import Foundation
import Linux
import SystemPackage
import Testing

@testable import Boot

/// Which file of an image gives rights to a name.
struct NameRightsTests {
    private static func rights(_ files: [String: String]) throws -> NameRights {
        let root = URL(filePath: NSTemporaryDirectory()).appending(path: "entrypoint-rights-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: root) }
        for (path, text) in files {
            let file = root.appending(path: path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try text.write(to: file, atomically: false, encoding: .utf8)
        }
        return NameRights.read(from: FileTree(root: FilePath(root.path)))
    }

    @Test(arguments: [
        ("etc/sudoers", "anna ALL=(ALL) ALL", "anna"), ("etc/sudoers", "User_Alias OPS = bert, \\\n carl", "carl"),
        ("etc/sudoers", "Defaults:dora !authenticate # not emil", "dora"), ("etc/sudoers.d/x", "%fred ALL=ALL", "fred"),
        ("etc/sudoers", "a$ ALL=ALL", "a$"), ("etc/subuid", "gert:100000:65536", "gert"),
        ("etc/doas.conf", "permit nopass :hans", "hans"), ("etc/security/access.conf", "+:ines:ALL", "ines"),
        ("usr/share/polkit-1/rules.d/50-x.rules", "if (subject.isInGroup(\"kurt\"))", "kurt"),
    ])
    func `a name is found where it has rights`(path: String, text: String, name: String) throws {
        #expect(try Self.rights([path: text + "\n"]).file(mentioning: name) == FilePath("/" + path))
    }

    @Test(arguments: [
        ("etc/sudoers", "# anna ALL=(ALL) ALL", "anna"), ("etc/sudoers", "annabel ALL=ALL", "anna"),
        ("etc/security/namespace.init", "user=$3", "user"), ("etc/sudoers.d/90-entrypoint", "anna ALL=ALL", "anna"),
        ("etc/pam.d/x", "auth required pam_unix.so user", "user"),
    ])
    func `a word that gives nothing is no name`(path: String, text: String, name: String) throws {
        #expect(try Self.rights([path: text + "\n"]).file(mentioning: name) == nil)
    }

    @Test func `what sudoers includes is read, however it is written, and a circle ends`() throws {
        let rights = try Self.rights([
            "etc/sudoers": "@include sudoers.site\n#includedir /opt/more\n",
            "etc/sudoers.site": "#include /etc/sudoers\nanna ALL=ALL\n",
            "opt/more/1": "@include \"/opt/last\"\n", "opt/last": "bert ALL=ALL\n",
        ])
        #expect(rights.file(mentioning: "anna") == "/etc/sudoers.site")
        #expect(rights.file(mentioning: "bert") == "/opt/last")
    }

    @Test func `a group has rights by pam, too, and wheel without being named`() throws {
        let rights = try Self.rights([
            "etc/pam.d/su": "auth sufficient pam_wheel.so trust\n", "etc/pam.d/x": "auth required x.so group=ops\n",
        ])
        #expect(rights.file(mentioningGroup: "wheel") == "/etc/pam.d/su")
        #expect(rights.file(mentioningGroup: "ops") == "/etc/pam.d/x")
        #expect(rights.file(mentioningGroup: "lab") == nil && rights.file(mentioning: "ops") == nil)
        #expect(try Self.rights(["etc/pam.d/su": "# pam_wheel.so\n"]).file(mentioningGroup: "wheel") == nil)
    }
}
