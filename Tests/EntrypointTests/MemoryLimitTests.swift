import TestSupport
import Testing

/// Starts with too little memory: a line and 125, and never a crash.
@Suite(.containers)
struct MemoryLimitTests {
    /// Starts the program with one limit after the other; tells code and number of lines.
    private static let scan: ByteString = """
        for limit in LIMITS; do
            (ulimit $limit; exec /usr/local/bin/entrypoint -- true) >/dev/null 2>/tmp/errors
            echo "$limit $? $(grep -c ^entrypoint: /tmp/errors) $(grep -vc ^entrypoint: /tmp/errors)"
        done
        """

    @Test(arguments: [("-v", "address space", 8800, 65536), ("-d", "data", 2000, 32768), ("-s", "stack", 24, 256)])
    func `a limit on memory that is too low ends the start with one line`(
        option: String, what: String, first: Int, enough: Int
    ) throws {
        try withPod(.debian) { container in
            container.entrypoint = ["/bin/bash", "-c"]
            let limits = [first, first + 100, first + 1000, first + 5000, enough - 1, enough, 2 * enough]
            let words = limits.map { "'\(option) \($0)'" }.joined(separator: " ")
            let outcome = try container.run(ByteString(Self.scan.text.replacing("LIMITS", with: words)))
            for (limit, line) in zip(limits, outcome.outputLines) {
                let parts = line.split(separator: " ")
                #expect(parts[2] == (limit < enough ? "125" : "0"), "\(line)")
                if limit < enough { #expect(parts[3...] == ["1", "0"], "\(line)") }
            }
            #expect(outcome.outputLines.count == limits.count)
            let script = "ulimit \(option) \(enough - 1); exec /usr/local/bin/entrypoint -- true"
            let told = try container.run(ByteString(script))
            #expect(
                told.errorLines == [
                    "entrypoint: cannot start with \((enough - 1) * 1024) bytes of \(what): the process was started with "
                        + "that limit (ulimit \(option)); a boot needs \(enough * 1024)"
                ], "\(told)")
        }
    }

    @Test func `a limit that may be raised is raised for the boot alone`() throws {
        try withPod(.debian) { container in
            container.entrypoint = ["/bin/bash", "-c"]
            let outcome = try container.run(
                """
                ulimit -Sv 20000; ulimit -Sd 9000; ulimit -Ss 24
                exec /usr/local/bin/entrypoint -- /bin/sh -c 'ulimit -Sv; ulimit -Hv; ulimit -Sd; ulimit -Ss'
                """)
            #expect(outcome.exitCode == 0 && outcome.outputLines == ["20000", "unlimited", "9000", "24"], "\(outcome)")
        }
    }

    @Test(arguments: [16, 24, 32, 48, 255]) func `with too little stack no elevated boot begins`(kilobytes: Int) throws
    {
        try ElevatedTests.withElevatedPod { container in
            container.entrypoint = ["/bin/bash", "-c"]
            let before = try container.text("/etc/passwd")
            let outcome = try container.run("ulimit -s \(kilobytes); exec /usr/local/bin/entrypoint -- true")
            #expect(outcome.exitCode == 125 && outcome.errorLines.count == 1, "\(outcome)")
            #expect(try container.text("/etc/passwd") == before)
        }
    }

    @Test func `a command that is missing is told of where the command's stack is small`() throws {
        try withPod(.debian) { container in
            container.entrypoint = ["/bin/bash", "-c"]
            let outcome = try container.run("ulimit -Ss 24; exec /usr/local/bin/entrypoint -- missing")
            #expect(outcome.exitCode == 127 && outcome.errors.contains("missing"), "\(outcome)")
        }
    }
}
