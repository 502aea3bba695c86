import Glibc
import TestSupport
import Testing

/// What a step prints of a secret that it was given: nobody reads it in the log.
@Suite(.containers)
struct SecretOutputTests {
    /// A key whose lines are short enough for a log.
    private static func key() throws -> ByteString { try SSHKey().file }

    /// What scripts do, by accident or out of curiosity.
    static let scripts: [ByteString] = [
        "echo \"$S\"", "echo \"a $S b $S\"; echo \"$S\"", "printf '%s\\n' \"$S\"", "echo $S", "set -x; : \"$S\"", "env",
        "export -p", "printf '%s\\n' \"$S\" | fold -w 10", "printf '%s\\n' \"$S\" | fold -w 3",
        "printf '%s\\n' \"$S\" | fold -w 20 | sed 's/^/    /'", "printf '%s\\n' \"$S\" | tr -d '\\n' | fold -w 76",
        "python3 -c 'import os, time, sys\nfor c in os.environ[\"S\"]:\n  sys.stdout.write(c); sys.stdout.flush()'",
        "printf '%0990d' 0; printf '%s\\n' \"$S\"", "printf '%s' \"$S\"; printf '%s\\n' \"$S\" >&2",
        "echo \"$S\" >&2; exit 3",
        "printf '%s\\n' \"$S\" | while read -r line; do echo \"line: $line\"; sleep 0.01; done",
    ]

    @Test(arguments: scripts) func `the value of a secret is hidden, once on a line and across lines`(
        script: ByteString
    ) throws {
        let key = try Self.key()
        let url: ByteString = "postgres://jane:hunter2hunter2@db.example.org/x"
        let traces: (ByteString) -> [String] = { secret in
            // What nobody could guess of it: five bytes anywhere, where words of a language are none.
            let lines = secret.text.split(separator: "\n").filter { !$0.hasPrefix("-----") }
            return lines.flatMap { line in
                stride(from: 8, to: line.count - 12, by: 5).map { start in
                    String(line.dropFirst(start).prefix(12))
                }
            }
        }
        for secret in ["hf_AbCdEfGhIjKlMnOpQrStUvWx0123456789", key] as [ByteString] {
            try withPod { container in
                container.environment["S"] = secret
                container.environment["DATABASE"] = url
                container.environment["ENTRYPOINT_LOG"] = "debug"
                try container.write("/step", "#!/bin/bash\n" + script + "\n", mode: 0o755)
                try container.write(
                    "/etc/entrypoint.yaml",
                    """
                    secrets: {passed: [S]}
                    steps:
                      - {name: shows, command: [/step], secrets: [S], onFailure: warn}
                      - {name: parses, command: [/bin/sh, -c, 'echo "${DATABASE#*jane:}"; echo "$DATABASE"'], secrets: [DATABASE]}
                      - {name: has-none, command: [/bin/sh, -c, 'echo ${DATABASE-none} ${S-none}']}
                    """)
                let outcome = try container.boot("cat", "/run/entrypoint/report.jsonl", "/run/entrypoint/environment")
                #expect(outcome.exitCode == 0, "\(outcome)")
                for text in [outcome.errors, outcome.output] {
                    for trace in traces(secret) { #expect(!text.contains(trace), "\(trace) of \(outcome)") }
                    #expect(!text.contains("hunter2"), "\(outcome)")
                }
                #expect(outcome.log(of: "shows").contains { $0.contains("…") }, "\(outcome)")
                #expect(outcome.log(of: "parses").prefix(2) == ["…@db.example.org/x", "…"], "\(outcome)")
                #expect(outcome.log(of: "has-none").first == "none none", "\(outcome)")
            }
        }
    }

    /// A value that is wrong is shown, but for a secret.
    @Test func `a password in a setting that is wrong is not shown, nor left for Kubernetes`() throws {
        try withPod { container in
            try container.write("/dev-log", "")
            container.mounts = [.bind(container.root + "/dev-log", to: "/dev/termination-log")]
            container.environment["HF_HOME"] = "https://jane:hunter2hunter2@host/cache"
            let outcome = try container.boot("true")
            #expect(outcome.exitCode == 78, "\(outcome)")
            #expect(
                outcome.log == [
                    "settings: HF_HOME (38 bytes): a URL with a password, which is not shown, is no value for this"
                ], "\(outcome)")
            let left = try container.text("/dev-log")
            #expect(left.contains("HF_HOME") && !left.contains("hunter2"), "\(left)")
        }
    }
}
