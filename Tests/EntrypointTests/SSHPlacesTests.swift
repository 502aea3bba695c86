import Foundation
import Glibc
import TestSupport
import Testing

/// Where ssh's directory may be, and settings that are refused.
@Suite(.containers)
struct SSHPlacesTests {
    @Test func `on a persistent volume there is no key, but links to memory`() throws {
        let key = try SSHKey()
        let traces = try SecretsTests.traces(of: key)
        try withSquashedScratch { volume in
            try check(chown(volume.export, 1000, 2000), "chown", volume.export)
            try withPod { container in
                container.mounts = [.bind(volume.mount, to: "/home/jane")]
                container.environment["SSH_PRIVATE_KEY_B64"] = key.base64
                for start in ["first start", "second start"] {
                    let outcome = try container.boot(
                        "sh", "-c",
                        """
                        readlink ~/.ssh/id_rsa ~/.ssh/id_ed25519; ssh-keygen -y -f ~/.ssh/id_rsa
                        stat -Lc '%a %u:%g' ~/.ssh/id_rsa /dev/shm/entrypoint-ssh-1000; find ~/.ssh -type f
                        """)
                    let inMemory = "/dev/shm/entrypoint-ssh-1000/id_rsa"
                    #expect(outcome.outputLines.prefix(2) == [inMemory, inMemory], "\(outcome)")
                    #expect(outcome.outputLines.dropFirst(2).first?.hasPrefix(key.publicWords) == true, "\(outcome)")
                    #expect(outcome.outputLines.dropFirst(3) == ["600 1000:2000", "700 1000:2000"], "\(outcome)")
                    // The memory is the container's, and is empty at the second start; the links are there.
                    let written = start == "first start" ? "id_rsa (0600), id_ed25519 (a link)" : "id_rsa (0600)"
                    #expect(
                        outcome.log(of: "ssh") == [
                            "set up /home/jane/.ssh as user 1000:2000; created /dev/shm/entrypoint-ssh-1000 (0700) as "
                                + "root; wrote \(written)"
                        ], "\(outcome)")
                    let files = FileManager.default.enumerator(atPath: volume.export)
                    for case let file as String in try #require(files) {
                        let content = FileManager.default.contents(atPath: "\(volume.export)/\(file)") ?? Data()
                        #expect(!traces.contains { ByteString(content).contains($0) }, "a key in \(file)")
                    }
                }
            }
        }
    }

    /// An emptyDir is open to all, and has no sticky bit.
    @Test func `keys are kept where others can exchange them only if there is no other place, and told`() throws {
        let key = try SSHKey()
        try withSquashedScratch { volume in
            try check(chown(volume.export, 1000, 2000), "chown", volume.export)
            for isOnly in [false, true] {
                try withPod { container in
                    container.mounts = [.bind(volume.mount, to: "/home/jane"), .memory("/run")]
                    if isOnly { container.mounts.append(.bind(volume.mount, to: "/dev/shm")) }
                    // The runtime gives the memory the mode of what is there.
                    try check(chmod(container.root + "/run", 0o777), "chmod", "/run")
                    container.environment["SSH_PRIVATE_KEY_B64"] = key.base64
                    let script: ByteString = "readlink ~/.ssh/id_rsa; ssh-keygen -y -f ~/.ssh/id_rsa"
                    let outcome = try container.boot("sh", "-c", script)
                    let place = isOnly ? "/run" : "/dev/shm"
                    #expect(outcome.outputLines.first == "\(place)/entrypoint-ssh-1000/id_rsa", "\(outcome)")
                    #expect(outcome.outputLines.last?.hasPrefix(key.publicWords) == true, "\(outcome)")
                    let words = "others can replace /run/entrypoint-ssh-1000"
                    let told = outcome.log(of: "ssh").filter { $0.contains(words) }
                    #expect(told.count == (isOnly ? 1 : 0), "\(outcome)")
                }
            }
        }
    }

    /// Whoever owns it decides whom ssh believes, and where keys are read from.
    @Test(arguments: [true, false])
    func `a directory of somebody else's, and a link to one, is not used`(isLink: Bool) throws {
        let key = try SSHKey()
        try withPod { container in
            container.environment["SSH_PRIVATE_KEY_B64"] = key.base64
            try container.makeDirectory("/home/jane", mode: 0o750, user: 1000, group: 2000)
            let place = isLink ? "/elsewhere" : "/home/jane/.ssh"
            try container.makeDirectory(place, mode: 0o777, user: isLink ? 1000 : 1001, group: 2000)
            if isLink {
                try container.link("/home/jane/.ssh", to: "/elsewhere")
                try check(lchown(container.root + "/home/jane/.ssh", 1001, 2000), "lchown", ".ssh")
            }
            let outcome = try container.boot("ls", "-A", ByteString(place))
            #expect(outcome.exitCode == 0 && outcome.output == "", "\(outcome)")
            let words = "warning: cannot use /home/jane/.ssh: it belongs to user 1001, who could change what ssh"
            #expect(outcome.log(of: "ssh").first?.hasPrefix(words) == true, "\(outcome)")
        }
    }

    @Test func `a link, a file, a link to nothing or a mount in the directory's place is told`() throws {
        let key = try SSHKey()
        try withPod { container in
            container.environment["SSH_PRIVATE_KEY_B64"] = key.base64
            try container.makeDirectory("/home/jane", mode: 0o750, user: 1000, group: 2000)
            try container.makeDirectory("/elsewhere", mode: 0o700, user: 1000, group: 2000)
            try container.link("/home/jane/.ssh", to: "/elsewhere")
            let linked = try container.boot("sh", "-c", "ssh-keygen -y -f ~/.ssh/id_rsa")
            #expect(linked.output.hasPrefix(key.publicWords), "\(linked)")
            #expect(try container.target("/elsewhere/id_rsa") == "/dev/shm/entrypoint-ssh-1000/id_rsa")

            try container.remove("/home/jane/.ssh")
            try container.link("/home/jane/.ssh", to: "/nowhere")
            #expect(
                try container.boot("true").log(of: "ssh") == [
                    "warning: cannot use /home/jane/.ssh: it is a symbolic link to something that does not exist; "
                        + "remove it, or make its target"
                ])
            try container.remove("/home/jane/.ssh")
            try container.write("/home/jane/.ssh", "a file\n")
            #expect(
                try container.boot("true").log(of: "ssh") == [
                    "warning: cannot use /home/jane/.ssh: it is a file, and a directory is expected; move it away"
                ])
            #expect(try container.text("/home/jane/.ssh") == "a file\n")
            try container.remove("/home/jane/.ssh")
            container.mounts = [.memory("/home/jane/.ssh")]
            let mounted = try container.boot("ls", "-A", "/home/jane/.ssh")
            #expect(
                mounted.log(of: "ssh") == [
                    "warning: skipped: /home/jane/.ssh has id_rsa, id_ed25519: /home/jane/.ssh is a mount and is left "
                        + "alone, so that SSH_PRIVATE_KEY_B64 is not used; unset it, or mount nothing there"
                ], "\(mounted)")
            #expect(mounted.output == "")
        }
    }

    /// Values of `SSH_PRIVATE_KEY_B64`, and what is said of them after the variable and the value's size.
    static let bad: [(ByteString, String)] = [
        ("not base64!", "not base64: byte 11 has no place in it"),
        (
            ByteString([0, 1, 254, 255, 7, 9]).base64,
            "it does not decode to a key: no line -----BEGIN … PRIVATE KEY----- of PEM or OpenSSH"
        ),
        (
            ByteString("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 jane\n").base64,
            "it is a public key, and the private one is expected"
        ),
        (
            ByteString("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n").base64,
            "the key is cut off: it has no line -----END … PRIVATE KEY-----"
        ),
        (
            ByteString("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n").base64,
            "the key is cut off or damaged"
        ),
    ]

    @Test(arguments: bad) func `a bad key ends the boot before anything is done`(value: ByteString, reason: String)
        throws
    {
        try withPod { container in
            container.environment["SSH_PRIVATE_KEY_B64"] = value
            let outcome = try container.boot("true")
            #expect(outcome.exitCode == 78)
            #expect(outcome.log == ["settings: SSH_PRIVATE_KEY_B64 (\(value.bytes.count) bytes): \(reason)"])
            #expect(try container.written(in: "/home", "/scratch", "/run").values.allSatisfy { $0.kind == .directory })
        }
    }

    /// Paths for `SSH_PRIVATE_KEY_B64_FILE`, and what is said of them.
    static let badFiles: [(ByteString, String)] = [
        ("/none", "there is no such file"), ("relative", "not an absolute path"), ("/empty", "it is empty"),
        ("/directory", "it is a directory, and a file is expected"),
        ("/pipe", "it is a named pipe, and a file is expected"),
        ("/dev/zero", "it is a device, and a file is expected"),
        ("/large", "it has more than 1048576 bytes"),
        ("/empty/file", "it cannot be read: not a directory (stat ENOTDIR)"),
        ("/secret", "it cannot be read: permission denied (openat EACCES)"),
    ]

    @Test(arguments: badFiles) func `a bad file ends the boot at once`(path: ByteString, reason: String) throws {
        try withPod { container in
            try container.write("/empty", "")
            try container.makeDirectory("/directory")
            try container.write("/large", ByteString([UInt8](repeating: 65, count: 1_100_000)))
            try container.write("/secret", "x", mode: 0o600)
            container.entrypoint = []
            #expect(try container.run("mkfifo", "/pipe").exitCode == 0)
            container.entrypoint = ["/usr/local/bin/entrypoint"]
            if path == "/secret" { (container.user, container.group) = (1000, 2000) }
            container.environment["SSH_PRIVATE_KEY_B64_FILE"] = path
            let outcome = try container.boot("true")
            #expect(outcome.exitCode == 78 && outcome.duration < .seconds(30))
            // What is no path may be the key itself.
            let shown = path.text.hasPrefix("/") ? "is '\(path.text)'" : "(\(path.bytes.count) bytes)"
            #expect(outcome.log == ["settings: SSH_PRIVATE_KEY_B64_FILE \(shown): \(reason)"])
        }
    }

    @Test func `a variable and its file are not both taken`() throws {
        try withPod { container in
            let names: [ByteString] = [
                "SSH_PRIVATE_KEY_B64", "SSH_PUBLIC_KEY", "SSH_KNOWN_HOSTS", "SSH_AUTHORIZED_KEYS",
            ]
            for name in names {
                container.environment = .pod
                container.environment[name] = "eA=="
                container.environment[name + "_FILE"] = "/file"
                let outcome = try container.boot("true")
                #expect(outcome.exitCode == 78)
                #expect(outcome.log == ["settings: \(name.text) and \(name.text)_FILE are both set: give one of them"])
            }
        }
    }
}
