import Foundation
import Glibc
import Linux
import TestSupport
import Testing

@testable import Boot

/// The settings of ssh's keys, from the environment and from files.
struct SSHKeysTests {
    /// The files that the settings of a pod come to, with the second name.
    private static func files(_ changes: [String: String]) throws -> (files: [SSHFileName: String], alias: SSHFileName?)
    {
        let plan = try StepPlanTests.plan(SSHKeys.self, changes)
        try #require(plan.changes.count == 1)
        guard case .sshFiles(let change) = plan.changes[0].change else { return ([:], nil) }
        #expect(change.directory == "/home/jane/.ssh")
        return (Dictionary(uniqueKeysWithValues: change.files.map { ($0.name, $0.content.text) }), change.alias)
    }

    private static func problem(_ changes: [String: String]) -> [String] {
        Pod.problems(Pod.environment(changes.mapValues { Array($0.utf8) }))
    }

    /// Calls a body with a path in a new directory.
    private static func withFile(_ body: (String) throws -> Void) throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "entrypoint-content-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: directory) }
        try body(directory.appending(path: "file").path())
    }

    @Test(arguments: [("ed25519", SSHFileName.ed25519), ("ecdsa", .ecdsa), ("rsa", nil)] as [(String, SSHFileName?)])
    func `keys come from the environment`(type: String, alias: SSHFileName?) throws {
        let pair = try makeKey(["-t", type])
        let (files, found) = try Self.files([
            "SSH_PRIVATE_KEY_B64": Data(pair.privateKey.utf8).base64EncodedString(), "SSH_PUBLIC_KEY": pair.publicKey,
            "SSH_KNOWN_HOSTS": "example.org ssh-ed25519 AAAA\r\n", "SSH_AUTHORIZED_KEYS": "\r\n\(pair.publicKey)",
        ])
        #expect(
            files == [
                .privateKey: pair.privateKey, .publicKey: pair.publicKey,
                .knownHosts: "example.org ssh-ed25519 AAAA\n", .authorizedKeys: pair.publicKey,
            ])
        #expect(found == alias)
        let (single, none) = try Self.files(["SSH_KNOWN_HOSTS": "x"])
        #expect(single == [.knownHosts: "x\n"] && none == nil)
    }

    @Test func `keys come from files, which may be links and hold the key itself`() throws {
        let pair = try makeKey(["-t", "ed25519"])
        try Self.withFile { path in
            // As Kubernetes mounts a secret.
            try #require(mkdir("\(path)-data", 0o755) == 0 && symlink("file-data", "\(path)-link") == 0)
            for text in [pair.privateKey, Data(pair.privateKey.utf8).base64EncodedString() + "\n"] {
                try text.write(toFile: "\(path)-data/key", atomically: false, encoding: .utf8)
                unlink(path)
                try #require(symlink("file-link/key", path) == 0)
                #expect(try Self.files(["SSH_PRIVATE_KEY_B64_FILE": path]).files == [.privateKey: pair.privateKey])
            }
        }
    }

    @Test func `a key of 200 KB in a file is normal input`() throws {
        let der = [0x30, 0x83, 0x03, 0x0D, 0x40] + [UInt8](repeating: 0x05, count: 200_000)
        let body = Data(der).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
        let file = "-----BEGIN RSA PRIVATE KEY-----\n\(body)\n-----END RSA PRIVATE KEY-----\n"
        try Self.withFile { path in
            try Data(file.utf8).base64EncodedString().write(toFile: path, atomically: false, encoding: .utf8)
            #expect(try Self.files(["SSH_PRIVATE_KEY_B64_FILE": path]).files == [.privateKey: file])
        }
    }

    @Test func `every bad key is told, and nothing of its value`() throws {
        let pair = try makeKey(["-t", "ed25519"])
        let publicKey = Data(pair.publicKey.utf8).base64EncodedString()
        #expect(
            Self.problem([
                "SSH_PRIVATE_KEY_B64": publicKey, "SSH_PUBLIC_KEY": pair.privateKey, "SSH_KNOWN_HOSTS": " \n",
                "SSH_PUBLIC_KEY_FILE": "", "NB_UID": "x", "SSH_AUTHORIZED_KEYS": "\n\(pair.publicKey)ssh-rsa\n",
            ]).sorted() == [
                "NB_UID is 'x': not a decimal id from 1 to 4294967294, other than 65534, which is nobody's",
                "SSH_AUTHORIZED_KEYS (\(pair.publicKey.utf8.count + 9) bytes): line 3: it has a type of key, and no key after "
                    + "it",
                "SSH_KNOWN_HOSTS (2 bytes): nothing but whitespace",
                "SSH_PRIVATE_KEY_B64 (\(publicKey.utf8.count) bytes): it is a public key, and the private one is expected",
                "SSH_PUBLIC_KEY (\(pair.privateKey.utf8.count) bytes): it holds a private key, which must not be in a file "
                    + "that everybody may read",
            ])
    }

    @Test func `a value and a file for it cannot both be given`() {
        for name in ["SSH_PRIVATE_KEY_B64", "SSH_PUBLIC_KEY", "SSH_KNOWN_HOSTS", "SSH_AUTHORIZED_KEYS"] {
            #expect(
                Self.problem([name: "x", "\(name)_FILE": "/nonexistent"])
                    == ["\(name) and \(name)_FILE are both set: give one of them"])
        }
    }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            ("/nonexistent/key", "there is no such file"), ("/etc", "it is a directory, and a file is expected"),
            ("/dev/zero", "it is a device, and a file is expected"),
            ("/dev/null", "it is a device, and a file is expected"),
            ("/etc/passwd/x", "it cannot be read: not a directory"), ("key", "not an absolute path"),
        ])
    func `a file that cannot be taken is told without waiting`(path: String, reason: String) {
        // What is no path may be the key itself.
        let shown = path.hasPrefix("/") ? "is '\(path)'" : "(\(path.utf8.count) bytes)"
        #expect(Self.problem(["SSH_PUBLIC_KEY_FILE": path]) == ["SSH_PUBLIC_KEY_FILE \(shown): \(reason)"])
    }

    @Test(.timeLimit(.minutes(1))) func `a pipe is not waited for, and too much is not read`() throws {
        try Self.withFile { path in
            func expect(_ reason: String) {
                #expect(
                    Self.problem(["SSH_KNOWN_HOSTS_FILE": path]) == ["SSH_KNOWN_HOSTS_FILE is '\(path)': \(reason)"])
            }
            try #require(mkfifo(path, 0o600) == 0)
            expect("it is a named pipe, and a file is expected")
            unlink(path)
            try Data().write(to: URL(filePath: path))
            expect("it is empty")
            for size in [(1 << 20) + 1, 1 << 40] {
                try #require(truncate(path, off_t(size)) == 0)
                expect("it has more than 1048576 bytes")
            }
            try #require(truncate(path, 1 << 20) == 0)
            expect("it has a NUL byte")
            unlink(path)
            try #require(symlink(path, path) == 0)
            expect("it cannot be read: too many levels of symbolic links")
        }
    }

    @Test(.actingAsUsers) func `a file that the caller may not read is told`() async {
        await #expect(processExitsWith: .success) {
            try Self.withFile { path in
                try Data("x".utf8).write(to: URL(filePath: path))
                try #require(chmod(path, 0) == 0)
                if geteuid() == 0 { try Privileges.assume(Credentials(user: 4711, group: 4711, groups: [])) }
                #expect(
                    Self.problem(["SSH_KNOWN_HOSTS_FILE": path])
                        == ["SSH_KNOWN_HOSTS_FILE is '\(path)': it cannot be read: permission denied"])
                if getuid() == 0 { try Privileges.resume(Credentials(user: 0, group: 0, groups: [])) }
            }
        }
    }

    @Test func `no key shows in a goal, in a report, or in the dump of a plan`() throws {
        let pair = try makeKey(["-t", "ed25519"])
        let plan = try StepPlanTests.plan(
            SSHKeys.self, ["SSH_PRIVATE_KEY_B64": Data(pair.privateKey.utf8).base64EncodedString()])
        var dumped = "\(plan)\n\(plan.changes.map(\.change.goal))\n"
        dump(plan, to: &dumped)
        let line = try #require(pair.privateKey.split(separator: "\n").dropFirst().first)
        #expect(dumped.contains("/home/jane/.ssh has id_rsa, id_ed25519") && dumped.contains("(secret, "))
        #expect(!dumped.contains(line.prefix(20)))
    }
}
