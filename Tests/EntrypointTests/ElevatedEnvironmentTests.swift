import Foundation
import TestSupport
import Testing

/// What a caller's environment can do to a program that has privileges: nothing, and the command gets it unchanged.
@Suite(.containers)
struct ElevatedEnvironmentTests {
    /// The beginnings of the names that the C library and Swift's runtime read.
    private static let prefixes = [
        "SWIFT_", "LD_", "MALLOC_", "GLIBC_", "GCONV_", "LOC", "NLSPATH", "TZ", "RES", "HOSTALIASES", "LC_", "LANG",
        "GETCONF_DIR", "TMPDIR", "OUTPUT_CHARSET",
    ]

    /// Every name in the program that looks like a variable of its libraries.
    private static func names() throws -> [String] {
        // The second program has the runtime of ordinary Swift, too.
        let bytes = try ["/entrypoint", "/entrypointctl"].map {
            try Data(contentsOf: URL(fileURLWithPath: TestMachine.programs + $0))
        }
        var names: Set<String> = []
        for text in bytes.joined().split(whereSeparator: { $0 == 0 || $0 == UInt8(ascii: "=") }) where text.count < 100
        {
            let isName = text.allSatisfy {
                (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || $0 == UInt8(ascii: "_")
            }
            let name = String(decoding: text, as: UTF8.self)
            if isName, prefixes.contains(where: name.hasPrefix) { names.insert(name) }
        }
        for name in [
            "GLIBC_TUNABLES", "LD_LIBRARY_PATH", "LD_DEBUG", "MALLOC_CHECK_", "SWIFT_BACKTRACE", "SWIFT_DEBUG_HELP",
            "SWIFT_DEBUG_LIB_PRESPECIALIZED_PATH", "LOCPATH", "TZ",
        ] { #expect(names.contains(name), "the program is expected to have \(name) in it") }
        return names.sorted()
    }

    /// A hostile value for each of them.
    private static func hostile() throws -> [(name: String, value: String)] {
        let chosen = [
            "SWIFT_DEBUG_HELP": "YES", "SWIFT_BACKTRACE": "enable=yes,bogus=1,swift-backtrace=/hostile/b",
            "GLIBC_TUNABLES": "glibc.malloc.check=3:glibc.rtld.nns=999999", "LD_DEBUG": "all", "LD_SHOW_AUXV": "1",
        ]
        return try names().map { ($0, chosen[$0] ?? "/hostile/\($0)") }
    }

    /// Runs a program as user `caller` (1000:2000) under a tracer that root runs, which alone leaves it the capabilities of
    /// its file, with some variables that only the program gets.
    static func trace(
        _ container: Container, _ program: [ByteString], variables: [(name: String, value: String)] = []
    ) throws -> (outcome: Outcome, trace: [String]) {
        container.environment = container.environment.with(["NB_USER": "caller"])
        if try !container.text("/etc/passwd").contains("caller") {
            try container.append("/etc/passwd", "caller:x:1000:2000::/:/bin/sh\n")
        }
        (container.user, container.group) = (0, 0)
        if !container.capabilities.contains("SYS_PTRACE") { container.capabilities.append("SYS_PTRACE") }
        try container.makeDirectory("/trace")
        container.entrypoint =
            ["/usr/bin/strace", "-f", "-qq", "-s", "300", "-u", "caller", "-o", "/trace/calls"]
            + variables.flatMap { ["-E", ByteString("\($0.name)=\($0.value)")] as [ByteString] } + ["--"]
        let outcome = try container.run(program)
        return (outcome, try container.text("/trace/calls").split(separator: "\n").map(String.init))
    }

    static func isElevated(_ trace: [String]) -> Bool {
        trace.contains { $0.contains(" setresuid(0, 0, 0)") && $0.hasSuffix("= 0") }
    }

    @Test func `no variable makes the program open, load or say anything`() throws {
        try withPod(.debian, .elevated) { container in
            let hostile = try Self.hostile()
            // The command does not exist: what a command's own libraries do with the variables is not to be seen here.
            let (outcome, trace) = try Self.trace(
                container, ["/usr/local/bin/entrypoint", "/missing"], variables: hostile)
            #expect(Self.isElevated(trace) && outcome.exitCode == 127, "\(outcome)")
            #expect(outcome.errorLines.allSatisfy { $0.hasPrefix("entrypoint: ") }, "\(outcome)")
            // What is kept of the environment for later sessions is written.
            let opened = trace.filter { $0.contains("hostile") && !$0.contains(" write(") }
            #expect(opened.isEmpty, "\(opened)")
            // Root starts the other one where the pod has set the variables.
            for arguments in [["exec", "--", "/missing"], ["steps"]] as [[ByteString]] {
                let (outcome, trace) = try Self.trace(
                    container, ["/usr/local/bin/entrypointctl"] + arguments, variables: hostile)
                #expect(outcome.errorLines.allSatisfy { $0.hasPrefix("entrypointctl: ") }, "\(outcome)")
                let opened = trace.filter { $0.contains("hostile") && !$0.contains("execve(") }
                #expect(opened.isEmpty, "\(opened)")
            }
        }
    }

    /// The other program has the same libraries, and does not hide its environment from them.
    @Test func `a program with the same privileges that does not hide them loads a library of the caller's`() throws {
        try withPod(.debian, .elevated) { container in
            let weak = try Data(contentsOf: URL(fileURLWithPath: TestMachine.tools + "/weak"))
            try container.write("/usr/local/bin/weak", ByteString(Array(weak)), mode: 0o755)
            try setCapabilities(of: "/usr/local/bin/weak", in: container, elevating + "+p")
            let (outcome, trace) = try Self.trace(
                container, ["/usr/local/bin/weak"], variables: try Self.hostile())
            #expect(
                trace.contains { $0.contains("openat(AT_FDCWD, \"/hostile/SWIFT_DEBUG_LIB_PRESPECIALIZED_PATH\"") },
                "\(outcome)")
            for text in ["Swift runtime debugging", "unknown backtracing setting", "cannot parse value SWIFT_"] {
                #expect(outcome.errors.contains(text), "\(outcome)")
            }
        }
    }

    @Test(arguments: ["exec", "init"]) func `the command gets every variable as it was`(mode: ByteString) throws {
        try ElevatedTests.withElevatedPod { container in
            container.environment["ENTRYPOINT_MODE"] = mode
            let hostile = try Self.hostile().filter { $0.name != "LD_DEBUG" && $0.name != "LD_SHOW_AUXV" }
            container.environment = Environment(
                entries: hostile.map { ByteString("\($0.name)=\($0.value)") } + container.environment.entries)
            let report = try container.boot(ProbeReport.path).report()
            for (name, value) in hostile {
                #expect(report.environment.entries.filter { $0.text.hasPrefix(name + "=") } == ["\(name)=\(value)"])
            }
            #expect(try report.users == [1000, 1000, 1000] && report.bounding == 0)
        }
    }

    @Test(arguments: [Programs.plain, .elevated])
    func `the init has no environment left, whatever stands first in it`(programs: Programs) throws {
        try withPod(.busybox, programs) { container in
            if programs == .elevated { (container.user, container.group) = (1000, 2000) }
            container.environment = Environment(
                entries: ["GLIBC_TUNABLES=glibc.malloc.check=3"] + container.environment.entries
                    + ["SSH_PRIVATE_KEY_B64_FILE=", "OWN_TOKEN=secret"])
            let running = try container.start(ProbeReport.path, "print", "ready", "await", "1")
            try running.waitForOutput("ready")
            let block = try Mounts.wholeText(of: "/proc/\(running.pid())/environ")
            #expect(block.utf8.allSatisfy { $0 == 0 }, "\(block)")
            #expect(!running.errorsSoFar.text.contains("cannot find its environment"))
            try running.signal(15)
            _ = try running.wait()
        }
    }
}

/// The capabilities of an elevated start.
let elevating = "cap_setuid,cap_setgid,cap_chown,cap_dac_override,cap_fowner,cap_setpcap,cap_kill"

/// Gives a file of a container capabilities, as `setcap` in a Dockerfile does.
func setCapabilities(of path: String, in container: Container, _ text: String) throws {
    let outcome = try Program("/usr/sbin/setcap", ["\(text)", "\(container.root + path)"]).run()
    if outcome.exitCode != 0 { throw TestFailure("setcap: \(outcome)") }
}
