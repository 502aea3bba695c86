import Foundation
import Glibc
import TestSupport
import Testing

/// Real services under a real keeper: when they are ready, and who is told.
struct KeeperReadyTests {
    /// A program of one line that sends its argument to the socket of sd_notify(3).
    private static let notify = """
        perl -MSocket -e '$p = $ENV{NOTIFY_SOCKET}; $p =~ s/^@/\\0/; socket(S, AF_UNIX, SOCK_DGRAM, 0); \
        send(S, $ARGV[0], 0, pack("S a*", AF_UNIX, $p)) or die $!' -- "$1"
        """

    private static func environment() -> Environment { ["TELL": ByteString(notify)] }

    private static let kinds: [(ready: String, script: String)] = [
        ("{file: DIR/ready}", "sleep 0.1; touch DIR/ready; exec sleep 100"),
        (
            "{tcp: 38917}",
            #"exec perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(Listen => 5, LocalAddr => \"127.0.0.1:38917\", ReuseAddr => 1) or die; sleep 100'"#
        ),
        ("{exec: [test, -e, DIR/done]}", "sleep 0.1; touch DIR/done; exec sleep 100"),
        ("{descriptor: 5}", "sleep 0.1; echo >&5; exec 5>&-; exec sleep 100"),
        ("{notify: true}", "sleep 0.1; sh -c \\\"$TELL\\\" sh READY=1; exec sleep 100"),
    ]

    @Test(
        "a service is ready by a file, a port, a program, a descriptor or a datagram, and the next one starts then",
        arguments: kinds.map { $0.ready })
    func ready(ready: String) throws {
        let script = try #require(Self.kinds.first { $0.ready == ready }).script
        let kept = try KeptServices(
            """
              - name: web
                ready: \(ready)
                command: [sh, -c, "touch DIR/begun; \(script)"]
              - name: next
                after: web
                command: [sh, -c, "touch DIR/next; exec sleep 100"]

            """, environment: Self.environment())
        try kept.wait("the next one") { FileManager.default.fileExists(atPath: kept.path("next")) }
        try kept.waitForLog("web: ready in")
        #expect(try kept.end().exitCode == 0)
    }

    @Test("an old file is not ready, and a service that never is gets ended")
    func never() throws {
        let kept = try KeptServices(
            """
              - name: web
                ready: {file: /etc/passwd, timeout: 0.5}
                restart: never
                command: [sleep, "100"]
              - name: next
                after: web
                command: [sh, -c, "touch DIR/next; exec sleep 100"]

            """)
        try kept.waitForLog("web: has failed: it was not ready within 0.5 s")
        try kept.wait("the next one") { FileManager.default.fileExists(atPath: kept.path("next")) }
        #expect(try kept.end().exitCode == 0)
    }

    @Test("a watchdog that is not fed ends the service; its status is its own, and nobody else's word counts")
    func watchdog() throws {
        let kept = try KeptServices(
            """
              - name: web
                ready: {notify: true, watchdog: 0.6}
                restart: never
                command: [sh, -c, "sh -c \\\"$TELL\\\" sh READY=1; for i in 1 2 3 4 5 6; do sleep 0.2; sh -c \\\"$TELL\\\" sh WATCHDOG=1; done; touch DIR/fed; exec sleep 100"]
              - name: liar
                ready: {notify: true, timeout: 1}
                restart: never
                command: [sleep, "100"]

            """, environment: Self.environment())
        try kept.waitForLog("web: ready in")
        try kept.waitForLog("web: warning: has not fed its watchdog for 0.6 s")
        #expect(FileManager.default.fileExists(atPath: kept.path("fed")))
        let outcome = try kept.running.wait()
        #expect(outcome.exitCode == 1 && outcome.errors.contains("liar: has failed: it was not ready within 1 s"))
    }

    /// Runs a keeper as a boot does, with its status on standard output.
    private func boot(_ services: String) throws -> KeptServices {
        // The shell's own standard output is the status.
        try KeptServices(
            services, options: ["--status", "3"], wrapper: ["/bin/sh", "-c", "exec \"$@\" 3>&1 >/dev/null", "sh"])
    }

    @Test("a boot is told when the command may run, and by whose fault it may not")
    func status() throws {
        let kept = try boot(
            """
              - name: web
                ready: {file: DIR/go}
                command: [sh, -c, "touch DIR/begun; exec sleep 100"]
              - name: later
                start: after-command
                command: [sh, -c, "touch DIR/later; exec sleep 100"]

            """)
        try kept.wait("start") { FileManager.default.fileExists(atPath: kept.path("begun")) }
        usleep(200_000)
        #expect(kept.running.outputSoFar.bytes.isEmpty)
        try "".write(toFile: kept.path("go"), atomically: false, encoding: .utf8)
        try kept.running.waitForOutput("ready\n")
        usleep(200_000)
        // The command does not run, because the status is still read.
        #expect(!FileManager.default.fileExists(atPath: kept.path("later")))
        #expect(try kept.end().exitCode == 0)

        let failing = try boot(
            """
              - name: other
                command: [sh, -c, "trap 'touch DIR/ended; exit' TERM; while :; do sleep 0.05; done"]
              - name: web
                ready: {file: DIR/go, timeout: 0.5}
                onFailure: stop
                command: [sleep, "100"]

            """)
        let outcome = try failing.running.wait()
        #expect(outcome.exitCode == 125)
        #expect(outcome.output == "failed 125 web was not ready within 0.5 s\n")
        #expect(FileManager.default.fileExists(atPath: failing.path("ended")))
    }

    @Test("the services after the command start when the status is not read any more, and one asks for the end")
    func afterCommand() throws {
        let kept = try KeptServices(
            """
              - name: later
                start: after-command
                restart: never
                onFailure: stop
                command: [sh, -c, "touch DIR/later; exit 3"]

            """, options: ["--status", "3", "--stop-request", "4"],
            wrapper: [
                "/bin/bash", "-c",
                "mkfifo $0/status; { read line <$0/status; echo $line >$0/told; } & exec \"$@\" 3>$0/status 4>$0/request",
                "DIR",
            ])
        try kept.wait("request") { kept.lines("request") == ["later"] }
        #expect(kept.lines("told") == ["ready"])
        #expect(try kept.running.isRunning())
        #expect(try kept.end().exitCode == 0)
    }

    @Test(
        "settings that are wrong end it with 78, and the file of the user's own has nothing but the user's services",
        arguments: [
            ("  - {name: a, command: [sleep, \"1\"], as: root}\n", "services as the user only"),
            ("  - {name: a, command: [sleep, \"1\"], colour: blue}\n", "colour"),
            ("  []\nidentity: {mode: current}\n", "identity"),
            ("  - {name: a, command: [sleep, \"1\"], after: b}\n", "no service 'b'"),
        ])
    func wrong(services: String, words: String) throws {
        let kept = try KeptServices(services)
        let byHand = try kept.running.wait()
        #expect(byHand.exitCode == 78 && byHand.errors.contains(words), "\(byHand)")
        let booted = try boot(services)
        let outcome = try booted.running.wait()
        #expect(
            outcome.exitCode == 78 && outcome.output.hasPrefix("failed 78 ") && outcome.output.contains(words),
            "\(outcome)")
        #expect(outcome.errors.isEmpty)
    }
}
