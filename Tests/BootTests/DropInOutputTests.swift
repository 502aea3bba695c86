import Foundation
import Testing

@testable import Boot

/// What drop-in steps give back: lines for the log, and exports.
struct DropInOutputTests {
    /// The lines that come of some output, which comes in chunks of a size.
    private static func lines(_ output: [UInt8], chunk: Int = 7, hiding secrets: [String] = []) -> [String] {
        var lines: [String] = []
        var parts = OutputLines(hiding: secrets.map { Array($0.utf8) })
        for start in stride(from: 0, to: output.count, by: chunk) {
            parts.take(Array(output[start..<min(start + chunk, output.count)])) { lines.append($0) }
        }
        parts.finish { lines.append($0) }
        return lines
    }

    static let outputs: [(String, [String])] = [
        ("", []), ("a", ["a"]), ("a\n", ["a"]), ("a\nb\n\nc", ["a", "b", "", "c"]), ("\n", [""]),
        ("50 %\r100 %\r\n", ["50 %\\r100 %"]), ("\u{1b}[31mred\u{7}\n", ["\\u{1b}[31mred\\u{7}"]),
        ("e\u{301}\u{202e}x", ["e\u{301}\\u{202e}x"]),
    ]

    @Test(arguments: outputs) func `lines stand in the log as they are, without what a terminal would obey`(
        output: String, lines: [String]
    ) {
        #expect(Self.lines(Array(output.utf8)) == lines)
        #expect(Self.lines(Array(output.utf8), chunk: 1) == lines)
        #expect(Self.lines([0xFF, 0x0A, 0x00, 0x41]) == ["\u{FFFD}", "\\u{0}A"])
    }

    @Test func `a long line is cut`() {
        let line = [UInt8](repeating: UInt8(ascii: "x"), count: 1000)
        #expect(Self.lines(line) == [String(repeating: "x", count: 1000)])
        #expect(Self.lines(line + [0x78]) == [String(repeating: "x", count: 1000) + "…"])
        let long = [UInt8](repeating: 0x78, count: 100_000) + [0x0A, 0x79, 0x0A]
        #expect(Self.lines(long, chunk: 4096) == [String(repeating: "x", count: 1000) + "…", "y"])
    }

    @Test func `what is too much is counted`() {
        let many = Self.lines(Array(String(repeating: "ab\n", count: 1500).utf8), chunk: 4096)
        #expect(many.count == 1001 && many.last == "500 further lines (1500 bytes) not shown")
        let large = Self.lines(
            Array(String(repeating: String(repeating: "x", count: 999) + "\n", count: 300).utf8), chunk: 4096)
        #expect(large.count == 264 && large.last == "37 further lines (37000 bytes) not shown")
    }

    @Test func `a secret is not shown, wherever a line is cut`() {
        #expect(Self.lines(Array("a hf_secret b hf_secrethf_secret\n".utf8), hiding: ["hf_secret"]) == ["a … b ……"])
        // What is as short as a word is one.
        #expect(Self.lines(Array("a true\n".utf8), hiding: ["true"]) == ["a true"])
        let line = String(repeating: "x", count: 995) + "hf_secret"
        #expect(Self.lines(Array(line.utf8), hiding: ["hf_secret"]).joined().contains("hf_s") == false)
    }

    /// A file, and what comes of it.
    static let exports: [([UInt8], String)] = [
        ([], ""), (Array("A=b\n".utf8), "A=b"), (Array("A=b".utf8), "A=b"), (Array("\n\nA=\n\n".utf8), "A="),
        (Array("A=b=c \"d\" $e\n".utf8), "A=b=c \"d\" $e"), (Array("A=1\nB=2\nA=3\n".utf8), "B=2 A=3"),
        (Array("LD_PRELOAD=x\nPATH=/a\n".utf8), "LD_PRELOAD=x PATH=/a"),
        (Array("A=b\nsecret\n".utf8), "line 2 has no '='"),
        (Array("# a = b\n".utf8), "line 1 does not begin with the name of a variable"),
        (Array("export A=b\n".utf8), "line 1 does not begin with the name of a variable"),
        (Array(" A=b\n".utf8), "line 1 does not begin with the name of a variable"),
        (Array("=b\n".utf8), "line 1 does not begin with the name of a variable"),
        (Array("1A=b\n".utf8), "line 1 does not begin with the name of a variable"),
        (Array("A=b\nHOME=/x\n".utf8), "line 2 sets HOME, which is not a step's to set"),
        (Array("NB_UID=0\n".utf8), "line 1 sets NB_UID, which is not a step's to set"),
        (Array("SCRATCH_UMASK=0\n".utf8), "line 1 sets SCRATCH_UMASK, which is not a step's to set"),
        (Array("ENTRYPOINT_X=0\n".utf8), "line 1 sets ENTRYPOINT_X, which is not a step's to set"),
        (Array("KEPT_BACK=0\n".utf8), "line 1 sets KEPT_BACK, which is not a step's to set"),
        ([0x41, 0x3D, 0x00, 0x0A], "line 1 has a NUL byte"), ([0x41, 0x3D, 0xFF, 0x0A], "line 1 is not UTF-8"),
        ([0xC3, 0x3D, 0x0A], "line 1 does not begin with the name of a variable"),
        (Array("A=".utf8) + [UInt8](repeating: 0x78, count: 65534), "A=" + String(repeating: "x", count: 65534)),
        (Array("A=".utf8) + [UInt8](repeating: 0x78, count: 65535), "it has more than 65536 bytes"),
    ]

    @Test(arguments: exports) func `a file of exports is taken as it stands, or not at all`(
        file: [UInt8], told: String
    ) {
        do throws(FormatError) {
            let found = try StepExports.parse(file, refusing: ["KEPT_BACK"])
            #expect(found.map { "\($0.name)=\($0.value)" }.joined(separator: " ") == told)
        } catch {
            #expect(error.expected == told)
        }
    }

    @Test(arguments: [
        "LD_PRELOAD", "LD_LIBRARY_PATH", "GLIBC_TUNABLES", "BASH_ENV", "ENV", "PYTHONSTARTUP", "PYTHONPATH", "PERL5LIB",
        "PERL5OPT", "RUBYOPT", "NODE_OPTIONS", "IFS", "PATH", "ZDOTDIR", "GIT_CONFIG_GLOBAL", "JAVA_TOOL_OPTIONS",
    ]) func `what steers loaders and interpreters is known`(name: String) {
        #expect(StepExports.steersPrograms(name) && !StepExports.isOwn(name))
    }

    @Test(arguments: ["HF_HOME", "CUDA_VISIBLE_DEVICES", "http_proxy", "LANG", "OMP_NUM_THREADS", "SSL_CERT_FILE"])
    func `what is a setting of programs is none of those`(name: String) {
        #expect(!StepExports.steersPrograms(name) && !StepExports.isOwn(name))
    }
}
