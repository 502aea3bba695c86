import Foundation
import TestSupport
import Testing

/// What sshd's sessions have of the boot in an image with the hooks of docker/base: commands, copies and logins.
@Suite(.containers)
struct SSHSessionTests {
    private static let prepare = """
        set -e
        sed -i '/pam_loginuid/d' /etc/pam.d/sshd # the container is no machine that is audited
        mkdir -p /run/sshd; ssh-keygen -q -A; ssh-keygen -q -t ed25519 -N '' -f /root/key
        install -d -m 700 -o jane -g lab /home/jane/.ssh
        install -m 600 -o jane -g lab /root/key.pub /home/jane/.ssh/authorized_keys
        printf 'Host C\\nHostName 127.0.0.1\\nUser jane\\nIdentityFile /root/key\\nStrictHostKeyChecking no\\nUserKnownHostsFile /dev/null\\nLogLevel ERROR\\n' >/root/config
        /usr/sbin/sshd
        """

    private static let sessions = """
        set -e
        echo "command: $(ssh -F /root/config C 'echo $SCRATCH_HOME $(umask)')"
        echo "login: $(echo 'echo "=$SCRATCH_HOME $(umask)="; exit' | ssh -F /root/config -tt C 2>/dev/null | tr -d '\\r' | grep -ao '=/[^=]*=')"
        echo content >/root/file; chmod 666 /root/file
        scp -q -F /root/config /root/file C:/scratch/homes/jane/by-scp
        echo "put /root/file /scratch/homes/jane/by-sftp" | sftp -q -b - -F /root/config C >/dev/null
        stat -c '%n %a %U' /scratch/homes/jane/by-*
        """

    @Test(arguments: ["zsh", "bash"])
    func `a command, a login, scp and sftp have the environment and the umask of the boot`(shell: String) throws {
        let base = ImageBuild.project + "/docker/base"
        let dockerfile = try String(contentsOfFile: base + "/Dockerfile", encoding: .utf8)
        let hooks = try #require(dockerfile.firstMatch(of: /COPY profile.sh(.*?)\n\n/.dotMatchesNewlines())?.0)
        try withRunDirectory { directory in
            let file = directory + "/Dockerfile"
            let policy =
                "RUN mkdir -p /etc/entrypoint && echo 'identity: {shells: [/bin/\(shell)]}' >/etc/entrypoint.yaml\n"
            try "FROM \(Image.debian.name)\n\(hooks)\n\(policy)".write(toFile: file, atomically: false, encoding: .utf8)
            let image = "localhost/entrypoint-ssh-\(shell)"
            try ImageBuild.build(image, from: file, in: base, [])
            let name: ByteString = "ssh-\(shell)"
            let start: [ByteString] = [
                "run", "--rm", "--name=" + name, "--network=none", "--cgroup-parent=/\(try TestMachine.run)",
                "--tmpfs=/scratch/homes:mode=777",
            ]
            let command: [ByteString] = ["\(image)", "sh", "-c", "echo up; exec sleep 60"]
            let container = try Podman.program(
                start + Podman.mounts() + ImageBuild.variables(.pod) + command
            ).start()
            try container.waitForOutput("up")
            let prepared = try Podman.invoke("exec", name, "sh", "-c", ByteString(Self.prepare))
            try #require(prepared.exitCode == 0, "\(prepared)")
            let sessions = try Podman.invoke("exec", name, "sh", "-c", ByteString(Self.sessions))
            // bash prints four digits, zsh three.
            let umask = shell == "bash" ? "0007" : "007"
            #expect(
                sessions.outputLines == [
                    "command: /scratch/homes/jane \(umask)", "login: =/scratch/homes/jane \(umask)=",
                    "/scratch/homes/jane/by-scp 660 jane", "/scratch/homes/jane/by-sftp 660 jane",
                ], "\(sessions)")
            try container.stop()
        }
    }
}
