import Foundation
import TestSupport
import Testing

/// `entrypointctl sessions` in a real container: who is there, and who is ended.
@Suite(.containers)
struct SessionsCommandTests {
    /// A session as `sessions list --json` tells it.
    private struct Session: Decodable {
        var session: Int
        var user: String
        var origin: String
        var terminal: String?
        var idle: Int?
        var processes: Int
        var command: String
        var foreground: String?
        var own: Bool
        var outcome: String?
    }

    private static func sessions(_ outcome: Outcome) throws -> [Session] {
        try JSONDecoder().decode([Session].self, from: Data(outcome.standardOutput.bytes))
    }

    /// What the boot hands over to, with a job that has a session of its own.
    private static let command: ByteString = "setsid sleep 300 & echo up; while :; do sleep 1; done"

    /// Calls the body with a container that jane's boot has made ready; its command tells that it is alive.
    private func withBootedPod(_ body: (RunningContainer, Container) throws -> Void) throws {
        try withPod(.debian) { container in
            container.environment["HF_TOKEN"] = "hf_secretsecret"
            let boot = try container.start("/bin/sh", "-c", Self.command)
            try boot.waitForOutput("up")
            try body(boot, container)
            // Whatever was ended, process 1 and the command are still there.
            #expect(
                try Self.count("sleep 300", in: boot) == 1
                    && Self.count("/bin/sh -c \(Self.command.text)", in: boot) == 1)
        }
    }

    /// How many processes have this command line.
    private static func count(_ command: String, in boot: RunningContainer) throws -> Int {
        let script: ByteString = "for file in /proc/[0-9]*/cmdline; do tr '\\0' ' ' <$file; echo; done 2>/dev/null"
        let lines = try boot.exec(["sh", "-c", script], user: "0:0").outputLines
        return lines.filter { $0.trimmingCharacters(in: .whitespaces) == command }.count
    }

    private static func list(_ boot: RunningContainer, user: String = "0:0") throws -> [Session] {
        let outcome = try boot.exec(["entrypointctl", "sessions", "list", "--json"], user: user)
        #expect(outcome.exitCode == 0, "\(outcome)")
        return try sessions(outcome)
    }

    /// Starts a shell on a terminal, as `docker exec -it` does.
    private static func startShell(_ boot: RunningContainer, user: String = "1000:2000") throws -> RunningProgram {
        let shell = try boot.startExec(["/bin/sh", "-i"], user: user, terminal: true)
        shell.write("echo rea''dy\n")
        try shell.waitForOutput("ready\r\n")
        return shell
    }

    @Test func `sessions are listed with their users, terminals and commands, and without secrets`() throws {
        try withBootedPod { boot, _ in
            let shell = try Self.startShell(boot)
            shell.write("/bin/sh -c 'echo beg''un; sleep 301; true' hf_secretsecret\n")
            try shell.waitForOutput("begun\r\n")
            let job = try boot.startExec(["sleep", "302"], user: "0:0", terminal: false)
            try wait(for: "both") {
                let found = try Self.list(boot)
                return found.count == 3
                    && found.contains { $0.foreground?.hasPrefix("/bin/sh -c echo begun; sleep 301") == true }
            }
            let found = try Self.list(boot)
            let ofShell = try #require(found.first { $0.terminal != nil })
            #expect(ofShell.user == "jane" && ofShell.origin == "exec" && ofShell.terminal?.hasPrefix("pts/") == true)
            #expect(ofShell.command == "/bin/sh -i" && ofShell.processes == 3 && (ofShell.idle ?? 99) < 30)
            let ofJob = try #require(found.first { $0.command == "sleep 302" })
            #expect(ofJob.user == "root" && ofJob.idle == nil && ofJob.processes == 1)
            #expect(found.filter { $0.own }.map(\.command) == ["entrypointctl sessions list --json"])
            let text = try boot.exec(["entrypointctl", "sessions", "list"], user: "0:0")
            #expect(text.outputLines.first?.hasPrefix("session  user  terminal") == true, "\(text)")
            #expect(
                text.output.contains("/bin/sh -i: /bin/sh -c echo begun; sleep 301; true …")
                    && !text.output.contains("hf_secret"),
                "\(text)")
            // A uid without an entry sees them, too.
            let nobody = try boot.exec(
                ["env", "-i", "/usr/local/bin/entrypointctl", "sessions", "list"], user: "4242:4242")
            #expect(nobody.exitCode == 0 && nobody.outputLines.count == 4, "\(nobody)")
            _ = try shell.stop()
            _ = try job.stop()
        }
    }

    @Test func `what is idle is ended, and nothing else, and nobody is ended without being asked`() throws {
        try withBootedPod { boot, _ in
            let idle = try Self.startShell(boot)
            let terminal = try #require(try Self.list(boot).compactMap(\.terminal).first)
            let busy = try Self.startShell(boot)
            let job = try boot.startExec(["sleep", "303"], user: "1000:2000", terminal: false)
            let aged = try boot.exec(["touch", "-a", "-d", "3 hours ago", "/dev/\(terminal)"], user: "0:0")
            #expect(aged.exitCode == 0, "\(aged)")
            let end: [ByteString] = ["entrypointctl", "sessions", "end", "--idle", "2h"]
            let unasked = try boot.exec(end, user: "0:0")
            #expect(unasked.exitCode == 64 && unasked.errors.contains("--yes does not ask"), "\(unasked)")
            #expect(unasked.outputLines.count == 2 && unasked.output.contains(terminal), "\(unasked)")
            let dry = try boot.exec(end + ["--dry-run", "--json"], user: "0:0")
            #expect(try dry.exitCode == 0 && Self.sessions(dry).map(\.outcome) == ["would end"], "\(dry)")
            #expect(try Self.list(boot).count == 4)
            let ended = try boot.exec(end + ["--yes", "--json"], user: "0:0")
            #expect(try ended.exitCode == 0 && Self.sessions(ended).map(\.outcome) == ["ended"], "\(ended)")
            #expect(try idle.wait().exitCode != 0)
            #expect(try busy.isRunning() && job.isRunning() && Self.list(boot).count == 3)
            let none = try boot.exec(end + ["--yes"], user: "0:0")
            #expect(none.exitCode == 0 && none.output == "no sessions\n", "\(none)")
            // All but the own one.
            let all = try boot.exec(["entrypointctl", "sessions", "end", "--yes"], user: "1000:2000")
            #expect(all.exitCode == 0 && all.outputLines.count == 3, "\(all)")
            _ = try busy.wait()
            _ = try job.wait()
        }
    }

    @Test func `the user ends the user's own sessions, and root's stay`() throws {
        try withBootedPod { boot, _ in
            let roots = try Self.startShell(boot, user: "0:0")
            let users = try Self.startShell(boot)
            let outcome = try boot.exec(
                ["entrypointctl", "sessions", "end", "--yes", "--json"], user: "1000:2000")
            #expect(outcome.exitCode == 1, "\(outcome)")
            #expect(
                try Self.sessions(outcome).reduce(into: [:]) { $0[$1.user] = $1.outcome }
                    == ["root": "not permitted", "jane": "ended"], "\(outcome)")
            _ = try users.wait()
            #expect(try roots.isRunning())
            _ = try roots.stop()
        }
    }

    @Test func `who ignores the request is killed, with all that belongs to the session`() throws {
        try withBootedPod { boot, _ in
            let script: ByteString = "trap '' TERM HUP; sleep 305 & sleep 304 & echo rea''dy; while :; do sleep 1; done"
            let stubborn = try boot.startExec(["/bin/sh", "-c", script], user: "1000:2000", terminal: true)
            try stubborn.waitForOutput("ready")
            let id = try #require(try Self.list(boot).first { $0.terminal != nil }?.session)
            let outcome = try boot.exec(
                ["entrypointctl", "sessions", "end", "\(id)", "--yes", "--json"], user: "0:0")
            #expect(try outcome.exitCode == 0 && Self.sessions(outcome).map(\.outcome) == ["killed"], "\(outcome)")
            _ = try stubborn.wait()
            #expect(try Self.count("sleep 304", in: boot) == 0 && Self.count("sleep 305", in: boot) == 0)
        }
    }

    @Test func `nobody ends the own session, process 1, or what is no session`() throws {
        try withBootedPod { boot, _ in
            let own = try boot.exec(
                ["sh", "-c", "entrypointctl sessions end $$ --yes --json; echo code $?"], user: "0:0")
            #expect(own.output.contains("\"outcome\": \"own\"") && own.output.hasSuffix("code 1\n"), "\(own)")
            for id in ["1", "2", "99999"] as [ByteString] {
                let outcome = try boot.exec(["entrypointctl", "sessions", "end", id, "--yes"], user: "0:0")
                #expect(
                    outcome.exitCode == 1 && outcome.errors == "entrypointctl: there is no session \(id.text)\n",
                    "\(outcome)")
            }
            for arguments in [["--idle", "soon"], ["--idle", "-1"], ["x"], ["--dry-run", "--yes"]] as [[ByteString]] {
                let outcome = try boot.exec(["entrypointctl", "sessions", "end"] + arguments, user: "0:0")
                #expect(outcome.exitCode == 64, "\(outcome)")
            }
        }
    }

    @Test func `a session by ssh and one of a program with terminals are sessions of their own`() throws {
        try withBootedPod { boot, _ in
            let prepare: ByteString = """
                sed -i '/pam_loginuid/d' /etc/pam.d/sshd
                mkdir -p /run/sshd && ssh-keygen -q -A && ssh-keygen -q -t ed25519 -N '' -f /root/key
                install -d -m 700 -o jane -g lab /home/jane/.ssh
                install -m 600 -o jane -g lab /root/key.pub /home/jane/.ssh/authorized_keys
                ip link set lo up 2>/dev/null || python3 -c '
                import fcntl, socket, struct
                s = socket.socket(); fcntl.ioctl(s, 0x8914, struct.pack("16sh", b"lo", 0x41))'
                /usr/sbin/sshd
                """
            let prepared = try boot.exec(["sh", "-c", prepare], user: "0:0")
            #expect(prepared.exitCode == 0, "\(prepared)")
            let ssh = try boot.startExec(
                [
                    "ssh", "-q", "-tt", "-i", "/root/key", "-o", "StrictHostKeyChecking=no", "-o",
                    "UserKnownHostsFile=/dev/null", "jane@127.0.0.1", "sleep 306",
                ], user: "0:0", terminal: true)
            let giver: ByteString =
                "setsid python3 -c 'import pty; pty.spawn([\"sleep\", \"307\"])' </dev/null >/dev/null 2>&1 &"
            let given = try boot.exec(["sh", "-c", giver], user: "1000:2000")
            #expect(given.exitCode == 0, "\(given)")
            try wait(for: "all") {
                Set(try Self.list(boot).map(\.origin)) == ["exec", "ssh", "terminal"]
            }
            let found = try Self.list(boot)
            let login = try #require(found.first { $0.origin == "ssh" })
            #expect(login.user == "jane" && login.terminal != nil && login.command.contains("sleep 306"), "\(found)")
            #expect(found.first { $0.origin == "terminal" }?.command == "sleep 307", "\(found)")
            let outcome = try boot.exec(
                ["entrypointctl", "sessions", "end", "\(login.session)", "--yes"], user: "0:0")
            #expect(outcome.exitCode == 0, "\(outcome)")
            _ = try ssh.wait()
            #expect(try Self.list(boot).allSatisfy { $0.origin != "ssh" })
        }
    }

    @Test func `where proc hides the processes of others, that is told`() throws {
        try withBootedPod { boot, _ in
            let script = """
                import ctypes, os
                libc = ctypes.CDLL(None, use_errno=True)
                assert libc.setns(os.open('/proc/\(try boot.pid())/ns/mnt', os.O_RDONLY), 0x20000) == 0
                assert libc.mount(None, b'/proc', None, 0x20, b'hidepid=2') == 0, os.strerror(ctypes.get_errno())
                """
            let hidden = try Program("/usr/bin/python3", ["-c", ByteString(script)]).run()
            #expect(hidden.exitCode == 0, "\(hidden)")
            let outcome = try boot.exec(["entrypointctl", "sessions", "list"], user: "1000:2000")
            #expect(
                outcome.exitCode == 0
                    && outcome.errors
                        == "entrypointctl: note: /proc is hidden (hidepid): only this user's processes are seen\n",
                "\(outcome)")
        }
    }
}
