import Foundation
import TestSupport
import Testing

/// What each kind of session has of the boot, in an image with nothing but the two programs, and in one with the hooks of
/// docker/base: the table of the page on sessions.
@Suite(.containers)
struct SessionTableTests {
    /// A kind of session.
    private struct Kind {
        /// How the page calls it.
        var name: String
        /// Starts it in the container `C`, with `LOOK` as what it runs; in `sh`, on the machine.
        var script: String
    }

    /// Prints what a session has, on one line.
    private static let look = "echo \"RESULT|$(id -u)|${ZDOTDIR-}|$(umask)|$(id -G)|$PWD\""

    private static let kinds = [
        Kind(name: "`docker exec C sh -c …`, of a pod that starts as root", script: "podman exec C sh -c \"$LOOK\""),
        Kind(
            name: "`docker exec C entrypointctl exec -- …`",
            script: "podman exec C entrypointctl exec -- sh -c \"$LOOK\""),
        Kind(name: "`docker exec C entrypoint -- …`", script: "podman exec C entrypoint -- sh -c \"$LOOK\""),
        Kind(name: "`docker exec -u jane C sh -c …`", script: "podman exec -u jane C sh -c \"$LOOK\""),
        Kind(name: "`docker exec -u jane C bash -c …`", script: "podman exec -u jane C bash -c \"$LOOK\""),
        Kind(name: "`docker exec -u jane C zsh -c …`", script: "podman exec -u jane C zsh -c \"$LOOK\""),
        Kind(name: "`docker exec -u jane -it C sh`", script: "echo \"$LOOK\" | podman exec -u jane -i C sh -i"),
        Kind(name: "`docker exec -u jane -it C bash`", script: "echo \"$LOOK\" | podman exec -u jane -i C bash -i"),
        Kind(name: "`docker exec -u jane -it C zsh`", script: "echo \"$LOOK\" | podman exec -u jane -i C zsh -i"),
        Kind(name: "`docker exec -u jane C sh -l -c …`", script: "podman exec -u jane C sh -l -c \"$LOOK\""),
        Kind(
            name: "`docker exec -u jane C entrypointctl exec -- …`",
            script: "podman exec -u jane C entrypointctl exec -- sh -c \"$LOOK\""),
        Kind(name: "`ssh jane@C`, with or without a command", script: "podman exec C $SSH \"$LOOK\""),
        Kind(name: "`su - jane`", script: "podman exec C su - jane -c \"$LOOK\""),
        Kind(name: "a job of cron's", script: "podman exec C cat /tmp/plain"),
        Kind(name: "a job of cron's: `entrypointctl exec -- …`", script: "podman exec C cat /tmp/entered"),
        Kind(
            name: "VS Code, attached as `jane`: what its shells and extensions get",
            script: "podman exec -u jane -i C /bin/sh -c '/bin/zsh -lic \"$0\"' \"$LOOK\""),
    ]

    /// Makes a container ready for logins and for cron.
    private static let prepare = """
        sed -i '/pam_loginuid/d' /etc/pam.d/sshd /etc/pam.d/cron # the container is no machine that is audited
        mkdir -p /run/sshd && ssh-keygen -q -A && ssh-keygen -q -t ed25519 -N '' -f /root/key
        install -d -m 700 -o jane -g lab /home/jane/.ssh
        install -m 600 -o jane -g lab /root/key.pub /home/jane/.ssh/authorized_keys
        /usr/sbin/sshd
        printf '@reboot sh /job >/tmp/plain\\n@reboot /usr/local/bin/entrypointctl exec -- sh /job >/tmp/entered\\n' | crontab -u jane -
        cron; for try in $(seq 100); do [ -s /tmp/plain ] && [ -s /tmp/entered ] && exit; sleep 0.1; done
        ls -la /tmp /var/spool/cron/crontabs; exit 1
        """

    /// The lines of docker/base/Dockerfile that hook sessions.
    private static func hooks() throws -> String {
        let dockerfile = try String(contentsOfFile: ImageBuild.project + "/docker/base/Dockerfile", encoding: .utf8)
        let hooks = try #require(dockerfile.firstMatch(of: /COPY profile.sh(.*?)\n\n/.dotMatchesNewlines())?.0)
        return String(hooks)
    }

    /// What each kind of session has in a container of an image.
    private func look(at image: String, in directory: String) throws -> [String] {
        let name = "sessions-" + (image.split(separator: "-").last.map { String($0) } ?? "")
        let options: [ByteString] = [
            "run", "--rm", "--name=\(name)", "--network=none", "--tmpfs=/scratch/homes:mode=777",
        ]
        let command: [ByteString] = ["\(image)", "sh", "-c", "echo up; exec sleep 600"]
        let group: [ByteString] = ["--cgroup-parent=/\(try TestMachine.run)"]
        let container = try Podman.program(
            options + group + Podman.mounts() + ImageBuild.variables(.pod) + command
        ).start()
        try container.waitForOutput("up")
        var write = try Podman.program(["exec", "-i", "\(name)", "tee", "/job"])
        write.input = ByteString(Self.look + "\n")
        write.standardInput = .pipe
        #expect(try write.run().exitCode == 0)
        let prepared = try Podman.invoke("exec", "\(name)", "sh", "-c", ByteString(Self.prepare))
        try #require(prepared.exitCode == 0, "\(prepared)")
        let cells = try Self.kinds.map { kind in
            var session = try Podman.program([])
            session.path = "/bin/sh"
            session.arguments = ["-c", ByteString(kind.script.replacing(" C ", with: " \(name) "))]
            session.environment["LOOK"] = ByteString(Self.look)
            session.environment["SSH"] =
                "ssh -q -i /root/key -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null jane@127.0.0.1"
            session.environment["PATH"] = Environment.container["PATH"]
            return Self.cell(try session.run(within: .seconds(60)))
        }
        try container.stop()
        return cells
    }

    /// What a session has of the boot.
    private static func cell(_ outcome: Outcome) -> String {
        guard let line = outcome.outputLines.last(where: { $0.hasPrefix("RESULT|") }) else { return "\(outcome)" }
        let fields = line.split(separator: "|", omittingEmptySubsequences: false).map { String($0) }
        guard fields.count == 6 else { return line }
        if fields[1] == "0" { return "root's own" }
        let facts = [
            ("environment", fields[2] == "/scratch/homes/jane/.shell"),
            ("umask", Int(fields[3]) == 7),
            ("groups", Set(fields[4].split(separator: " ")) == ["2000", "4", "27"]),
            ("directory", ["/scratch/homes/jane", "/home/jane"].contains(fields[5])),
        ]
        let held = facts.filter { $0.1 }.map { $0.0 }
        return held.count == facts.count ? "**all**" : held.isEmpty ? "nothing" : held.joined(separator: ", ")
    }

    @Test func `the page on sessions says what each kind of session has`() throws {
        try withRunDirectory { directory in
            let base = "localhost/entrypoint-hooked"
            let file = directory + "/Dockerfile"
            try "FROM \(Image.debian.name)\n\(try Self.hooks())".write(toFile: file, atomically: false, encoding: .utf8)
            try ImageBuild.build(base, from: file, in: ImageBuild.project + "/docker/base", [])
            let columns = try [Image.debian.name, base].map { try look(at: $0, in: directory) }
            let rows = zip(Self.kinds, zip(columns[0], columns[1])).map { "| \($0.name) | \($1.0) | \($1.1) |" }
            let table = (["| session | bare image | docker/base |", "| --- | --- | --- |"] + rows).joined(
                separator: "\n")
            let tables = try Page("Sessions").prose.split { !$0.hasPrefix("|") }
            let shown = tables.first { $0.first?.hasPrefix("| session |") == true }?.joined(separator: "\n")
            #expect(shown == table, "the page is to have\n\(table)")
        }
    }
}
