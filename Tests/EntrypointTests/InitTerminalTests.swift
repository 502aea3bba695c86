import Glibc
import TestSupport
import Testing

/// The user's shell in a container with a terminal.
@Suite(.containers)
struct InitTerminalTests {
    /// The shells of people, without their own settings and with a prompt that is no part of what is typed.
    static let shells: [[ByteString]] = [["/bin/bash", "--norc", "-i"], ["/bin/zsh", "-f", "-i"]]

    /// Starts a shell and waits until it reads what is typed.
    private func start(_ shell: [ByteString], in container: Container) throws -> RunningContainer {
        container.terminal = true
        container.environment["TERM"] = "dumb"
        let running = try container.start(shell)
        running.write("PS1='prompt''> '; echo begin''ning\n")
        try running.waitForOutput("beginning\r\n")
        try running.waitForOutput("prompt> ")
        return running
    }

    @Test(arguments: shells)
    func `a shell has job control`(shell: [ByteString]) throws {
        try withPod(.debian) { container in
            let running = try start(shell, in: container)
            running.write("sh -c 'echo chi''ld; read x; echo chi''ld read $x'\n")
            try running.waitForOutput("child\r\n")
            running.write("\u{1a}")
            try running.waitForOutput("prompt> ", fresh: true)
            running.write("stty size; echo st''opped\n")
            try running.waitForOutput("24 80\r\nstopped\r\n")
            running.write("fg; echo code $?\n")
            try running.waitForOutput("read x", fresh: true)
            running.write("typed\n")
            try running.waitForOutput("child read typed\r\ncode 0\r\n")
            running.write("echo sle''eping; sleep 60\n")
            try running.waitForOutput("sleeping\r\n")
            usleep(200_000)
            running.write("\u{3}")
            running.write("echo code $?\n")
            try running.waitForOutput("code 130\r\n")
            running.write("exit 5\n")
            let outcome = try running.wait()
            #expect(outcome.exitCode == 5, "\(outcome)")
            #expect(!outcome.output.contains("no job control") && !outcome.output.contains("init:"), "\(outcome)")
        }
    }

    @Test(arguments: shells)
    func `TERM ends a shell that ignores it`(shell: [ByteString]) throws {
        try withPod(.debian) { container in
            let running = try start(shell, in: container)
            try running.signal(SIGTERM)
            // HUP ends it; should it miss one, the next.
            let outcome = try running.wait(within: .seconds(20))
            #expect([129, 1].contains(outcome.exitCode), "\(outcome)")
            #expect(
                outcome.output.contains(/init: SIGTERM at \S+Z: the command ended [a-z ]*[0-9.]+ s after it \(/),
                "\(outcome)")
        }
    }

    @Test func `the shell's job learns of a new size of the window`() throws {
        try withPod(.debian) { container in
            let running = try start(Self.shells[0], in: container)
            running.write("bash -c 'trap \"stty size; exit\" WINCH; echo wait''ing; while :; do sleep 0.1; done'\n")
            try running.waitForOutput("waiting\r\n")
            try running.resize(columns: 77, rows: 33)
            try running.waitForOutput("33 77\r\n")
            running.write("exit 6\n")
            #expect(try running.wait().exitCode == 6)
        }
    }

    @Test func `an editor fills the window, follows its size, and can be left for the shell`() throws {
        try withPod(.debian) { container in
            try container.write("/tmp/letter", "Dear reader\n", mode: 0o666)
            let running = try start(Self.shells[0], in: container)
            running.write("TERM=xterm vim.tiny -N -u NONE -i NONE -n /tmp/letter\n")
            try running.waitForOutput("Dear reader")
            /// Asks it for the size of the window that it fills.
            func expectSize(rows: Int, columns: Int) throws {
                for (name, size) in [("lines", rows), ("columns", columns)] {
                    running.write(":set \(name)?\r")
                    try running.waitForOutput("\(name)=\(size)", fresh: true)
                }
            }
            try expectSize(rows: 24, columns: 80)
            try running.resize(columns: 77, rows: 33)
            try running.waitForOutput("Dear reader", fresh: true)
            try expectSize(rows: 33, columns: 77)
            running.write("\u{1a}")
            try running.waitForOutput("Stopped", fresh: true)
            running.write("echo sh''ell\n")
            try running.waitForOutput("shell\r\n")
            running.write("fg\n")
            try running.waitForOutput("Dear reader", fresh: true)
            running.write("oSincerely\u{1b}:wq\r")
            try running.waitForOutput("prompt> ", fresh: true)
            running.write("echo code $?; exit 6\n")
            try running.waitForOutput("code 0\r\n")
            #expect(try running.wait().exitCode == 6)
            #expect(try container.text("/tmp/letter") == "Dear reader\nSincerely\n")
        }
    }

    @Test func `an editor that is the command cannot be stopped for nobody`() throws {
        try withPod(.debian) { container in
            container.terminal = true
            container.environment["TERM"] = "xterm"
            try container.write("/tmp/letter", "Dear reader\n", mode: 0o666)
            let running = try container.start("vim.tiny", "-N", "-u", "NONE", "-i", "NONE", "-n", "/tmp/letter")
            try running.waitForOutput("Dear reader")
            running.write("\u{1a}")
            try running.waitForOutput("Dear reader", fresh: true)
            running.write("oSincerely\u{1b}:wq\r")
            #expect(try running.wait().exitCode == 0)
            #expect(try container.text("/tmp/letter") == "Dear reader\nSincerely\n")
        }
    }

    @Test func `the command is the same under podman with a terminal`() throws {
        var program = try Podman.program(
            [
                "run", "--rm", "--interactive", "--tty", "--network=none", "--cgroup-parent=/\(try TestMachine.run)",
            ] + Podman.mounts() + ["\(Image.debian.name)", "/bin/bash", "--norc", "-i"])
        program.terminal = true
        let running = try program.start()
        running.write("PS1='prompt''> '; echo begin''ning\n")
        try running.waitForOutput("beginning\r\n", within: .seconds(60))
        running.write("sh -c 'echo sle''eping; read x; echo read $x; exec sleep 60'\n")
        try running.waitForOutput("sleeping\r\n")
        running.write("\u{1a}")
        try running.waitForOutput("Stopped")
        running.write("fg\ntyped\n")
        try running.waitForOutput("read typed\r\n")
        running.write("\u{3}")
        running.write("echo code $?; exit 5\n")
        try running.waitForOutput("code 130\r\n")
        #expect(try running.wait(within: .seconds(60)).exitCode == 5)
    }
}
