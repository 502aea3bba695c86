import Foundation
import TestSupport
import Testing

/// Pods that make the boot long, silent or talkative.
@Suite(.containers)
struct HostilePodTests {
    // MARK: What steps print

    /// What prints a private key, in what ways people do.
    static let prints = [
        #"echo "$DEPLOY_KEY""#, #"printf '%s' "key: $DEPLOY_KEY.""#, "env", #"set -x; : "$DEPLOY_KEY""#,
        #"export -p"#, #"printf '%s' "$DEPLOY_KEY" | sed 's/$/\r/'"#, #"printf '%s\n' "$DEPLOY_KEY" | tail -n 5"#,
        #"printf '%s\n' "$DEPLOY_KEY" | cut -c1-2000; false"#, #"printf '%s' "$DEPLOY_KEY" | head -c 70"#,
    ]

    /// A key with lines of any length.
    private static func key(lines: [String]) -> String {
        (["-----BEGIN PRIVATE KEY-----"] + lines + ["-----END PRIVATE KEY-----"]).joined(separator: "\n") + "\n"
    }

    @Test(arguments: [true, false]) func `a private key that a step prints is in no line of the log`(isNaive: Bool)
        throws
    {
        let lines = [
            "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgevZzL1gdAFr88hb2",
            "OF/2NxApJCzGCEDdfSp6VQO30hyhRANCAAQRWz+jn65BtOMvdyHKcvjBeBSDZH2r", "1RTw", "jsK==",
        ]
        let key = Self.key(lines: lines)
        for print in Self.prints {
            try withPod { container in
                container.environment["DEPLOY_KEY"] = ByteString(key)
                try container.write("/opt/print", ByteString("#!/bin/sh\n\(print)\n"), mode: 0o755)
                if isNaive {
                    try container.useNaiveScript()
                    try container.link("/etc/entrypoint/steps.d/10-print", to: "/opt/print")
                    try container.makeDirectory("/scratch/homes", mode: 0o777)
                } else {
                    try container.write(
                        "/etc/entrypoint.yaml",
                        "steps: [{name: print, command: [/opt/print], as: user, secrets: [DEPLOY_KEY], onFailure: warn}]\n"
                    )
                }
                let outcome = isNaive ? try container.run("true") : try container.boot("true")
                let told = outcome.output + outcome.errors
                let shown = (lines + [String(lines[0].prefix(20))]).filter(told.contains)
                #expect(!shown.isEmpty == isNaive, "\(print): \(shown) \(outcome)")
                if !isNaive { #expect(outcome.log(of: "print").contains { $0.contains("…") }, "\(outcome)") }
            }
        }
    }

    @Test func `a secret that is longer than a line is not begun`() throws {
        let secret = (0..<500).map { "\($0 * 7_919_333 % 10_000_019 + 1_000_000)" }.joined()
        try withPod(.busybox) { container in
            container.environment["DEPLOY_KEY"] = ByteString(secret)
            try container.write(
                "/etc/entrypoint.yaml",
                """
                steps: [{name: print, command: [/bin/sh, -c, 'echo "key: $DEPLOY_KEY"; false'], secrets: [DEPLOY_KEY],
                         onFailure: warn}]

                """)
            let outcome = try container.boot("true")
            #expect(outcome.log(of: "print").first == "key: ……", "\(outcome)")
            #expect(outcome.log(of: "print").contains { $0.hasSuffix("the last line of its output is 'key: ……'") })
            #expect(!outcome.errors.contains(secret.prefix(8)), "\(outcome)")
        }
    }

    // MARK: Where it lies

    @Test func `a program on a mount with nosuid says so`() throws {
        try ElevatedTests.withElevatedPod { container in
            container.mounts = [
                Container.Mount(
                    source: container.root + "/usr/local/bin", path: "/usr/local/bin", options: ["bind", "nosuid"])
            ]
            let outcome = try container.boot("id", "-u")
            #expect(outcome.output == "1000\n", "\(outcome)")
            #expect(
                outcome.errors.contains(
                    "the program's file is on a mount with nosuid, where its capabilities do not count"), "\(outcome)")
            #expect(!outcome.errors.contains("runAsUser"), "\(outcome)")
        }
    }

    @Test(arguments: [Programs.plain, .elevated]) func `homes that are a link are told in words`(programs: Programs)
        throws
    {
        try withPod(.debian, programs) { container in
            if programs == .elevated { (container.user, container.group) = (1000, 2000) }
            try container.remove("/home")
            try container.makeDirectory("/var/home")
            try container.link("/home", to: "var/home")
            let outcome = try container.boot("sh", "-c", "echo $HOME")
            #expect(outcome.output == "/scratch/homes/jane\n", "\(outcome)")
            #expect(
                outcome.log(of: "identity").contains {
                    $0.contains(
                        "/home is a symbolic link, which root does not follow (openat2 ELOOP as root); the image must "
                            + "have no link there; /scratch/homes/jane is used instead")
                }, "\(outcome)")
            #expect(try container.names(in: "/var/home") == [])
        }
    }

    // MARK: How much there is

    @Test func `of thousands of variables some are told`() throws {
        try withPod(.busybox) { container in
            for number in 0..<20_000 { container.environment.entries.append("ENTRYPOINT_LO\(number)G=x") }
            container.environment.entries.append(
                ByteString("ENTRYPOINT_" + String(repeating: "L", count: 100_000) + "=x"))
            let outcome = try container.runInNamespaces(["true"])
            #expect(outcome.exitCode == 0, "\(outcome.errors.prefix(2000))")
            let told = outcome.errorLines.filter { $0.contains("not a variable of entrypoint") }
            #expect(told.count == 10, "\(told)")
            let rest = outcome.errorLines.filter {
                $0.contains("19991 further variables are not known to entrypoint either")
            }
            #expect(rest.count == 1 && outcome.errors.utf8.count < 10_000)
        }
    }

    @Test func `a full standard error that does not block is waited for once`() throws {
        try withPod { container in
            try container.write(
                "/full.py",
                """
                import os, sys
                reader, writer = os.pipe()
                os.set_blocking(writer, False)
                os.set_inheritable(reader, True)
                try:
                    while True: os.write(writer, b"x" * 4096)
                except BlockingIOError: pass
                os.dup2(writer, 2)
                os.execv(sys.argv[1], sys.argv[1:])

                """)
            container.environment["ENTRYPOINT_LOG"] = "debug"
            let file = "/strace/strace"
            container.mounts = [.bind(container.traces, to: "/strace")]
            container.entrypoint = [
                "/usr/bin/python3", "/full.py", "/usr/bin/strace", "-f", "-qq", "-o", "\(file)", "-e",
                "trace=poll,write",
                "/usr/local/bin/entrypoint",
            ]
            let outcome = try container.run("echo", "done")
            #expect(outcome.output == "done\n", "\(outcome)")
            let trace = try String(contentsOfFile: container.traces + "/strace", encoding: .utf8).split(separator: "\n")
            // What strace cannot look into it shows as an address.
            let waits = trace.filter { $0.contains(" poll(") && $0.contains(", 1, 1000") }
            let lost = trace.filter { $0.contains("write(2,") && $0.contains("EAGAIN") }
            #expect(waits.count == 1 && lost.count > 10, "\(waits) \(lost.count) \(trace.prefix(5))")
        }
    }
}
