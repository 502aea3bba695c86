import TestSupport
import Testing

/// The keys of a pod's secret, and what ssh does with them.
@Suite(.containers)
struct SSHTests {
    /// How a key may come.
    enum Form: String, CaseIterable, Sendable {
        case base64, wrapped, carriageReturns, noLastNewline, fileWithKey, fileWithBase64
    }

    @Test(arguments: ["ed25519", "rsa"], Form.allCases)
    func `ssh-keygen reads the installed key, however it came`(type: ByteString, form: Form) throws {
        let key = try SSHKey(type)
        try withPod { container in
            let name: ByteString = "SSH_PRIVATE_KEY_B64"
            switch form {
            case .base64: container.environment[name] = key.base64
            case .wrapped:
                let text = key.base64.text
                container.environment[name] = "\(text.prefix(76))\n\(text.dropFirst(76))\n"
            case .carriageReturns:
                container.environment[name] = ByteString(key.file.text.replacing("\n", with: "\r\n")).base64
            case .noLastNewline: container.environment[name] = ByteString(key.file.bytes.dropLast()).base64
            case .fileWithKey: try container.write("/run/secrets/key", key.file, mode: 0o400)
            case .fileWithBase64: try container.write("/run/secrets/key", key.base64, mode: 0o400)
            }
            if container.environment[name] == nil { container.environment[name + "_FILE"] = "/run/secrets/key" }
            let outcome = try container.boot("sh", "-c", "ssh-keygen -y -f ~/.ssh/id_rsa; env | grep -c KEY_B64=")
            #expect(outcome.outputLines.first?.hasPrefix(key.publicWords) == true, "\(outcome)")
            #expect(outcome.outputLines.last == "0")
            #expect(try container.read("/home/jane/.ssh/id_rsa") == key.file)
            #expect(try container.status("/home/jane/.ssh")?.description == "directory 0700 1000:2000")
            #expect(try container.status("/home/jane/.ssh/id_rsa")?.description == "file 0600 1000:2000")
            let hasAlias = try container.exists("/home/jane/.ssh/id_ed25519")
            #expect(hasAlias == (type == "ed25519"))
        }
    }

    @Test(arguments: ["ed25519", "rsa"]) func `ssh logs in with the key to a host that is known`(type: ByteString)
        throws
    {
        let (key, host) = (try SSHKey(type), try SSHKey())
        try withPod { container in
            try container.write("/etc/ssh/host_key", host.file, mode: 0o600)
            try container.write("/etc/ssh/authorized_jane", key.publicLine)
            try container.write(
                "/etc/ssh/test_config",
                """
                ListenAddress 127.0.0.1:2222
                HostKey /etc/ssh/host_key
                AuthorizedKeysFile /etc/ssh/authorized_%u
                UsePAM no
                PasswordAuthentication no
                KbdInteractiveAuthentication no

                """)
            try container.makeDirectory("/run/sshd")
            container.environment["SSH_PRIVATE_KEY_B64"] = key.base64
            container.environment["SSH_PUBLIC_KEY"] = key.publicLine
            container.environment["SSH_KNOWN_HOSTS"] = "[127.0.0.1]:2222 \(host.publicWords)"
            let outcome = try container.boot(
                "sh", "-c",
                """
                sudo -n /usr/sbin/sshd -f /etc/ssh/test_config -E /tmp/sshd.log
                # The daemon leaves the foreground before it listens.
                ssh -p 2222 -o ConnectionAttempts=30 -o BatchMode=yes -o StrictHostKeyChecking=yes jane@127.0.0.1 'echo $(id -un) is in' ||
                    sudo cat /tmp/sshd.log
                """)
            #expect(outcome.output == "jane is in\n", "\(outcome)")
            #expect(try container.status("/home/jane/.ssh/known_hosts")?.description == "file 0644 1000:2000")
            #expect(try container.read("/home/jane/.ssh/id_rsa.pub") == key.publicLine)
        }
    }

    @Test func `an encrypted key is accepted, and a key of 200 KB is`() throws {
        let (encrypted, plain) = (try SSHKey(passphrase: "sesame"), try SSHKey())
        try withPod { container in
            container.environment["SSH_PRIVATE_KEY_B64"] = encrypted.base64
            let outcome = try container.boot("sh", "-c", "ssh-keygen -y -P sesame -f ~/.ssh/id_rsa")
            #expect(outcome.output.hasPrefix(encrypted.publicWords), "\(outcome)")

            container.environment["SSH_PRIVATE_KEY_B64"] = nil
            container.environment["SSH_PRIVATE_KEY_B64_FILE"] = "/key"
            let comment = String(repeating: "a comment of a generous key\n", count: 200 * 1024 / 28)
            try container.write("/key", plain.file + ByteString(comment))
            #expect(
                try container.boot("sh", "-c", "ssh-keygen -y -f ~/.ssh/id_rsa").output.hasPrefix(plain.publicWords))
        }
    }

    @Test func `what the user has in the directory stays`() throws {
        let key = try SSHKey()
        try withPod { container in
            container.environment["SSH_PRIVATE_KEY_B64"] = key.base64
            try container.makeDirectory("/home/jane", mode: 0o750, user: 1000, group: 2000)
            try container.makeDirectory("/home/jane/.ssh", mode: 0o700, user: 1000, group: 2000)
            for name in ["config", "id_rsa", "id_ed25519"] {
                try container.write(
                    "/home/jane/.ssh/\(name)", "\(name) of jane\n", mode: 0o600, user: 1000, group: 2000)
            }
            let outcome = try container.boot("sh", "-c", "ssh-keygen -y -f ~/.ssh/id_rsa")
            #expect(outcome.output.hasPrefix(key.publicWords), "\(outcome)")
            #expect(
                outcome.log(of: "ssh") == [
                    "set up /home/jane/.ssh as user 1000:2000; wrote id_rsa (0600)",
                    "warning: /home/jane/.ssh/id_rsa was in the way and is kept as /home/jane/.ssh/id_rsa.before-entrypoint",
                ])
            for (name, content) in [
                ("config", "config"), ("id_rsa.before-entrypoint", "id_rsa"), ("id_ed25519", "id_ed25519"),
            ] { #expect(try container.text("/home/jane/.ssh/\(name)") == "\(content) of jane\n") }
        }
    }

    @Test func `a file whose variable is gone is removed, and without any variable nothing is done`() throws {
        let key = try SSHKey()
        try withPod { container in
            container.environment["SSH_PRIVATE_KEY_B64"] = key.base64
            container.environment["SSH_PUBLIC_KEY"] = key.publicLine
            container.environment["SSH_KNOWN_HOSTS"] = "host \(key.publicWords)"
            let first = try container.boot("true")
            #expect(
                first.log(of: "ssh") == [
                    "set up /home/jane/.ssh as user 1000:2000; wrote id_rsa (0600), id_rsa.pub (0644), "
                        + "known_hosts (0644), id_ed25519 (a link)"
                ])
            container.environment["SSH_PRIVATE_KEY_B64"] = nil
            #expect(
                try container.boot("true").log(of: "ssh") == [
                    "set up /home/jane/.ssh as user 1000:2000; removed id_rsa, id_ed25519"
                ])
            #expect(try container.names(in: "/home/jane/.ssh") == [".entrypoint", "id_rsa.pub", "known_hosts"])
            container.environment = .pod
            #expect(try container.boot("true").log(of: "ssh").isEmpty)
            #expect(try container.names(in: "/home/jane/.ssh") == [".entrypoint", "id_rsa.pub", "known_hosts"])
        }
    }
}
