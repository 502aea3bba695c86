import TestSupport
import Testing

/// `entrypointctl env` with a kept environment that is not what a boot would write: nothing of it is run, and what it cannot be
/// is told.
@Suite(.containers)
struct KeptNamesTests {
    private static let hostile: [ByteString] = [
        "$(touch /tmp/ran)=1", "`touch /tmp/ran`=1", "X;touch /tmp/ran;Y=1", "A\ntouch /tmp/ran\nB=1",
        "=touch /tmp/ran",
        "touch /tmp/ran", "", "A B=1", "1A=1", "x[$(touch /tmp/ran)]=1", "-p=1", [0xFF, 0xFE] + "=1", "é=1",
        "export=1", "PATH =1", "OK=$(touch /tmp/ran)", "QUOTE='; touch /tmp/ran; '", "BYTES=" + [0xFF, 0x01, 0x0A],
        "TWICE=first", "TWICE=second",
    ]

    private func withKept(
        _ content: ByteString, _ body: (_ session: ([ByteString]) throws -> Outcome, Container) throws -> Void
    ) throws {
        try withPod(.debian) { container in
            let boot = try container.start("/bin/sh", "-c", "echo up; exec sleep 60")
            try boot.waitForOutput("up")
            try container.write("/run/entrypoint/environment", content, mode: 0o640, group: 2000)
            try body({ try boot.exec($0, user: "1000:2000") }, container)
        }
    }

    private static func joined(_ entries: [ByteString]) -> ByteString { entries.reduce("") { $0 + $1 + [0] } }

    @Test func `hostile names and values are run by no shell`() throws {
        try withKept(Self.joined(Self.hostile)) { session, container in
            for shell in ["sh", "bash", "zsh"] as [ByteString] {
                let outcome = try session([
                    shell, "-c", "eval \"$(/usr/local/bin/entrypointctl env --sh)\"; printf '%s|' \"$OK\" \"$QUOTE\"",
                ])
                #expect(
                    outcome.exitCode == 0 && outcome.output == "$(touch /tmp/ran)|'; touch /tmp/ran; '|"
                        && outcome.errors == "", "\(shell): \(outcome)")
            }
            #expect(try !container.exists("/tmp/ran"))
            // Evaluated as a list of assignments, the same does what it wants.
            let naive = try session(["sh", "-c", "eval 'X=$(touch /tmp/ran)'"])
            #expect(try naive.exitCode == 0 && container.exists("/tmp/ran"))
        }
    }

    @Test func `as JSON each name has its value, and the rest is told`() throws {
        try withKept(Self.joined(Self.hostile)) { session, _ in
            let outcome = try session(["entrypointctl", "env", "--json"])
            #expect(outcome.exitCode == 0)
            #expect(
                outcome.errorLines == [
                    "entrypointctl: left out 2 entries with no name: see --null",
                    "entrypointctl: left out an entry with a name that is not UTF-8: see --null",
                    "entrypointctl: left out an entry with a name that an earlier one has: see --null",
                ], "\(outcome)")
            for line in [
                #""A\ntouch /tmp/ran\nB": "1""#, #""OK": "$(touch /tmp/ran)""#, #""TWICE": "first""#, #""é": "1""#,
                #""BYTES": {"base64": "/wEK"}"#,
            ] { #expect(outcome.output.contains(line), "\(line): \(outcome)") }
            let parsed = try session([
                "sh", "-c",
                "entrypointctl env --json 2>/dev/null | python3 -c 'import json,sys; print(len(json.load(sys.stdin)))'",
            ])
            #expect(parsed.output == "15\n", "\(parsed)")
            // People see one line an entry, and programs every byte.
            let people = try session(["entrypointctl", "env"])
            #expect(people.outputLines.count == Self.hostile.count - 1, "\(people)")
            let null = try session(["entrypointctl", "env", "--null"])
            #expect(null.standardOutput == Self.joined(Self.hostile.filter { $0 != "" }), "\(null)")
        }
    }

    /// What is in the file, and what is told of it; nothing where it counts.
    static let files: [(content: ByteString, told: String)] = [
        ("", ""), ("A=1", "cannot read /run/entrypoint/environment: invalid argument"),
        ("A=1\0B=$(touch /tmp/ran)", "cannot read /run/entrypoint/environment: invalid argument"),
        (
            ByteString([UInt8](repeating: 65, count: 9 << 20)),
            "cannot read /run/entrypoint/environment: invalid argument"
        ),
        ("A=" + ByteString([UInt8](repeating: 65, count: 200_000)) + [0], ""),
    ]

    @Test(arguments: files.indices) func `a file that is cut off or huge is no environment`(index: Int) throws {
        let (content, told) = Self.files[index]
        try withKept(content) { session, container in
            for form in ["--sh", "--json", "--null"] as [ByteString] {
                let outcome = try session(["entrypointctl", "env", form])
                let isGiven = told.isEmpty || form == "--sh"
                #expect(outcome.exitCode == (isGiven ? 0 : 1), "\(form): \(outcome)")
                #expect(isGiven ? outcome.errors == "" : outcome.errors.contains(told), "\(form): \(outcome)")
                #expect(told.isEmpty || outcome.output == "", "\(form): \(outcome)")
            }
            #expect(try !container.exists("/tmp/ran"))
        }
    }
}
