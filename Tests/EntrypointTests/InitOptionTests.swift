import TestSupport
import Testing

/// Options that cannot be used: each is told by its exact line, and nothing runs.
@Suite(.containers)
struct InitOptionTests {
    @Test(
        arguments: [
            (["--grce", "3"], "unknown option --grce: did you mean --grace?"),
            (
                ["--rewrite-signals=TERM:INT"],
                "unknown option --rewrite-signals=TERM:INT: did you mean --rewrite-signal?"
            ),
            (["--nothing-like-it"], "unknown option --nothing-like-it"),
            (["--grace="], "option --grace needs a value"),
            (["--warn-reaped=yes"], "option --warn-reaped takes no value"),
        ] as [([ByteString], String)])
    func `options that there are not`(options: [ByteString], line: String) throws {
        try withPod(.scratch) { container in
            let outcome = try container.bootInNamespaces(options + [ProbeReport.path])
            #expect(outcome.exitCode == 64 && outcome.output == "", "\(outcome)")
            #expect(outcome.errors == "entrypoint: \(line); see entrypoint --help\n", "\(outcome)")
        }
    }

    @Test(
        arguments: [
            ("--mode", "pid1", "not one of exec, init"),
            ("--forward", "all", "\"all\" is not a receiver of signals; write group or child"),
            ("--rewrite-signal", "TREM:INT", "\"TREM\" \(SettingsTests.noSignal)"),
            ("--rewrite-signal", "KILL:INT", "\"KILL:INT\" rewrites SIGKILL, which no process can receive"),
            (
                "--rewrite-signal", "CHLD:0",
                "\"CHLD:0\" rewrites SIGCHLD, which tells the init of its children and is never sent on"
            ),
            (
                "--rewrite-signal", "TERM",
                "\"TERM\" is not a rule FROM:TO; write for example TERM:QUIT, or USR1:0 to drop USR1"
            ),
            ("--remap-exit", "256", "\"256\" is not an exit code; write a number from 0 to 255"),
            ("--parent-death-signal", "65", "\"65\" \(SettingsTests.noSignal)"),
            ("--grace", "x", "\"x\" \(SettingsTests.noTime)"),
            ("--stop-timeout", "-1", "\"-1\" \(SettingsTests.noTime)"),
        ] as [(String, String, String)])
    func `values that cannot be used are told`(option: String, value: String, reason: String) throws {
        try withPod(.scratch) { container in
            let outcome = try container.bootInNamespaces(["\(option)", "\(value)", ProbeReport.path])
            #expect(outcome.exitCode == 78 && outcome.output == "", "\(outcome)")
            #expect(outcome.errors == "entrypoint: settings: \(option) is '\(value)': \(reason)\n", "\(outcome)")
        }
    }
}
