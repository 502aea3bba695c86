import Glibc
import TestSupport
import Testing

/// Who may log in to a pod by ssh: what a real sshd makes of `~/.ssh/authorized_keys`.
@Suite(.containers)
struct SSHLoginTests {
    /// Logs in to an sshd of the distribution that changes nothing but the port and its streams, which is root's as far as
    /// sudo reaches.
    static let logIn: ByteString = """
        sudo -n rm -f /tmp/sshd.log; sudo -n install -d -m 755 /run/sshd; sudo -n ssh-keygen -q -A
        sudo -n /usr/sbin/sshd -p 2222 -o ListenAddress=127.0.0.1 -o UsePAM=no -o PasswordAuthentication=no -E /tmp/sshd.log
        log_in() {
            ssh -p 2222 -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR \
                jane@127.0.0.1 'echo $(id -un) is in'
        }
        # It listens some time after it has gone into the background.
        n=0; until log_in || sudo -n grep refused: /tmp/sshd.log || [ "$n" -ge 100 ]; do n=$((n + 1)); sleep 0.1; done
        """

    /// A pod with a private key, whose public key may log in.
    private static func withKeys(_ body: (Container) throws -> Void) throws {
        let key = try SSHKey()
        try withPod { container in
            container.environment["SSH_PRIVATE_KEY_B64"] = key.base64
            container.environment["SSH_AUTHORIZED_KEYS"] = "# jane\r\n\r\nrestrict,pty " + key.publicLine
            try body(container)
        }
    }

    @Test func `a key in SSH_AUTHORIZED_KEYS logs in, and with the variable it goes`() throws {
        try Self.withKeys { container in
            let first = try container.boot("sh", "-c", Self.logIn)
            #expect(first.output == "jane is in\n", "\(first)")
            #expect(
                first.log(of: "ssh") == [
                    "set up /home/jane/.ssh as user 1000:2000; wrote id_rsa (0600), authorized_keys (0600), "
                        + "id_ed25519 (a link)"
                ])
            let file = "/home/jane/.ssh/authorized_keys"
            #expect(try container.status(file)?.description == "file 0600 1000:2000")
            container.environment["SSH_AUTHORIZED_KEYS"] = nil
            let second = try container.boot("true")
            #expect(
                second.log(of: "ssh") == ["set up /home/jane/.ssh as user 1000:2000; removed authorized_keys"],
                "\(second)")
            #expect(try !container.exists(file))
        }
    }

    @Test func `on a persistent volume sshd takes the keys, too`() throws {
        try withSquashedScratch { volume in
            try check(chown(volume.export, 1000, 2000), "chown", volume.export)
            try Self.withKeys { container in
                container.mounts = [.bind(volume.mount, to: "/home/jane")]
                let outcome = try container.boot("sh", "-c", Self.logIn + "\nreadlink ~/.ssh/id_rsa")
                #expect(outcome.outputLines == ["jane is in", "/dev/shm/entrypoint-ssh-1000/id_rsa"], "\(outcome)")
                #expect(!outcome.log.contains { $0.contains("warning: ") }, "\(outcome)")
            }
        }
    }

    @Test func `where others can write in the home, sshd refuses the keys, and the boot has warned`() throws {
        try Self.withKeys { container in
            try container.makeDirectory("/home/jane", mode: 0o757, user: 1000, group: 2000)
            let outcome = try container.boot("sh", "-c", Self.logIn)
            #expect(outcome.output.contains("bad ownership or modes for directory /home/jane"), "\(outcome)")
            #expect(
                outcome.log(of: "ssh").contains(
                    "warning: /home/jane has mode 0757: others can change who may log in, and sshd may refuse the keys; "
                        + "correct it with chmod go-w /home/jane, or set StrictModes no for sshd"), "\(outcome)")
            try check(chmod(container.root + "/home/jane", 0o755), "chmod", "/home/jane")
            #expect(try container.boot("sh", "-c", Self.logIn).output == "jane is in\n")
        }
    }

    @Test func `what is no public key ends the boot, and nothing of it is told or written`() throws {
        let key = try SSHKey()
        let secret = key.file.text.split(separator: "\n").dropFirst().first ?? ""
        try withPod { container in
            let file = "SSH_AUTHORIZED_KEYS_FILE is '/people'"
            let values: [(ByteString, String)] = [
                (key.file, "it holds a private key, which must not be in a file that everybody may read"),
                (
                    "\r\n" + key.publicLine + "ssh-ed25519 " + ByteString(String(secret)),
                    "line 3: its key is cut off or damaged, or of another type than its first word says"
                ),
            ]
            for (value, reason) in values {
                container.environment = .pod
                container.environment["SSH_AUTHORIZED_KEYS"] = value
                let outcome = try container.boot("true")
                #expect(outcome.exitCode == 78)
                #expect(outcome.log == ["settings: SSH_AUTHORIZED_KEYS (\(value.bytes.count) bytes): \(reason)"])
                container.environment = .pod
                container.environment["SSH_AUTHORIZED_KEYS_FILE"] = "/people"
                try container.write("/people", value)
                let ofFile = try container.boot("true")
                #expect(ofFile.exitCode == 78)
                #expect(ofFile.log == ["settings: \(file): \(reason)"])
                #expect(try !container.exists("/home/jane/.ssh"))
            }
        }
    }

    // MARK: Attacks

    @Test(arguments: [false, true])
    func `a link of the user's in the file's place leads nobody to what is root's`(isElevated: Bool) throws {
        let key = try SSHKey()
        try withPod(.debian, isElevated ? .elevated : .plain) { container in
            if isElevated { (container.user, container.group) = (1000, 2000) }
            container.environment["SSH_AUTHORIZED_KEYS"] = key.publicLine
            try container.makeDirectory("/home/jane", mode: 0o750, user: 1000, group: 2000)
            try container.makeDirectory("/home/jane/.ssh", mode: 0o700, user: 1000, group: 2000)
            try container.makeDirectory("/root/.ssh", mode: 0o700)
            try container.write("/root/.ssh/authorized_keys", "# root's\n", mode: 0o600)
            let file = "/home/jane/.ssh/authorized_keys"
            try container.link(file, to: "/root/.ssh/authorized_keys")
            let outcome = try container.boot("true")
            #expect(outcome.exitCode == 0, "\(outcome)")
            #expect(try container.text("/root/.ssh/authorized_keys") == "# root's\n")
            #expect(try container.read(file) == key.publicLine)
            #expect(try container.status(file)?.description == "file 0600 1000:2000")
            #expect(try container.target(file + ".before-entrypoint") == "/root/.ssh/authorized_keys")

            // The directory itself, as a link to root's.
            try container.remove("/home/jane/.ssh")
            try container.link("/home/jane/.ssh", to: "/root/.ssh")
            let second = try container.boot("true")
            #expect(second.log(of: "ssh").contains { $0.hasPrefix("warning: ") }, "\(second)")
            #expect(try container.names(in: "/root/.ssh") == ["authorized_keys"])
            #expect(try container.text("/root/.ssh/authorized_keys") == "# root's\n")
        }
    }

    @Test(arguments: [false, true])
    func `a directory of somebody else's gets no keys`(isElevated: Bool) throws {
        let key = try SSHKey()
        try withPod(.debian, isElevated ? .elevated : .plain) { container in
            if isElevated { (container.user, container.group) = (1000, 2000) }
            container.environment["SSH_AUTHORIZED_KEYS"] = key.publicLine
            try container.makeDirectory("/home/jane", mode: 0o750, user: 1000, group: 2000)
            try container.makeDirectory("/home/jane/.ssh", mode: 0o777, user: 1001, group: 2000)
            let outcome = try container.boot("ls", "-A", "/home/jane/.ssh")
            #expect(outcome.exitCode == 0 && outcome.output == "", "\(outcome)")
            let words = "warning: cannot use /home/jane/.ssh: it belongs to user 1001, who could change what ssh"
            #expect(outcome.log(of: "ssh").first?.hasPrefix(words) == true, "\(outcome)")
        }
    }
}
