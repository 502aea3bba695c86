import Foundation
import Programs
import Testing
import Text

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
        // A shell takes blanks from the ends of a value.
        #expect(Self.lines(Array("a hf_secret b\n".utf8), hiding: [" hf_secret\t "]) == ["a … b"])
        // So does one that reads a secret of several lines, and a short line is known by the one before it.
        let printed = Self.lines(Array("first-line\nab\nother\n".utf8), hiding: [" first-line \n ab \nlast-line"])
        #expect(printed == ["…", "…", "other"])
        let line = String(repeating: "x", count: 995) + "hf_secret"
        #expect(Self.lines(Array(line.utf8), hiding: ["hf_secret"]).joined().contains("hf_s") == false)
    }

    /// A secret of several lines, some of them short.
    private static let key = """
        -----BEGIN PRIVATE KEY-----
        MC4CAQAwBQYDK2VwBCIEIJ1sVbEw
        AbC=

        zz
        q0kT7Yv3hWm9xP2dLr
        x9
        """

    /// What a step prints of it, and what is shown.
    static let printed: [(String, [String])] = [
        (key, ["…", "…", "…", "", "…", "…", "…"]),
        ("KEY=\(key)'; echo AbC= zz\nAbC=\nx9\n", ["KEY=…", "…", "…", "", "…", "…", "…'; echo AbC= zz", "AbC=", "x9"]),
        (key.replacing("\n", with: "\r\n") + "\r\nzz\r\n", ["…", "…", "…", "", "…", "…", "…", "zz"]),
        (key.replacing("\n", with: "\\n"), ["…"]),
        (key.replacing("\n", with: ", "), ["…, …, AbC=, , zz, …, x9"]),
        (key.replacing("\n", with: "\n  "), ["…", "  …", "  …", "  ", "  …", "  …", "  …"]),
        // From the middle on, and not in order.
        ("MC4CAQAwBQYDK2VwBCIEIJ1sVbEw\nAbC=\n\nzz\nzz\n", ["…", "…", "", "…", "zz"]),
        ("MC4CAQAwBQYDK2VwBCIEIJ1sVbEw\nzz\nx9\n", ["…", "zz", "x9"]),
        ("a q0kT7Yv3hWm9xP2dLr b q0kT7Yv3hWm9xP2dLq\nx9\n", ["a … b q0kT7Yv3hWm9xP2dLq", "x9"]),
        // The output ends within it.
        ("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQ", ["…", "…"]), ("x q0kT7Yv", ["x …"]), ("x q0kT7", ["x q0kT7"]),
        ("x q0kT7Yv\n", ["x q0kT7Yv"]),
    ]

    @Test(arguments: printed) func `a secret of several lines is hidden line by line`(output: String, lines: [String]) {
        for ending in ["", "\n", "\r\n", "\n\n"] {
            let secret = Self.key.replacing("\n", with: ending.hasPrefix("\r") ? "\r\n" : "\n") + ending
            for chunk in [1, 7, 4096] {
                #expect(Self.lines(Array(output.utf8), chunk: chunk, hiding: [secret]) == lines)
            }
        }
        // Where the secret has them in two characters, some shells print newlines.
        let secret = Self.key.replacing("\n", with: "\\n")
        let expected = output.contains("\\n") ? ["…"] : lines
        #expect(Self.lines(Array(output.utf8), hiding: [secret]) == expected)
    }

    @Test func `a secret of short lines is hidden where they come in order`() {
        #expect(
            Self.lines(Array("ab\ncd\nef\ngh\ncd\n".utf8), hiding: ["ab\ncd\nef\ngh"]) == ["ab", "…", "…", "…", "cd"])
        // Secrets that overlap.
        #expect(Self.lines(Array("xabcdefghijkly\n".utf8), hiding: ["abcdefgh", "efghijkl"]) == ["x…y"])
        #expect(Self.lines(Array("abcdefghij\n".utf8), hiding: ["abcdef", "abcdefgh"]) == ["…ij"])
    }

    @Test func `the beginning of a secret that is longer than a line is hidden`() {
        let secret = String(
            (0..<5000).map { "abcdefghijklmnopqrstuvwxyz0123456789".randomElement() ?? Character("\($0)") })
        for (before, after) in [("", ""), ("", "\n"), ("token: ", " more\n"), (String(repeating: "x", count: 990), "")]
        {
            let shown = Self.lines(Array("\(before)\(secret)\(after)".utf8), chunk: 4096, hiding: [secret])
            #expect(shown == ["\(before)……"])
        }
        // What is not shown is not masked either, and a line without a secret is cut as ever.
        let long = String(repeating: "y", count: 1500)
        #expect(
            Self.lines(Array((long + secret).utf8), hiding: [secret]) == [String(repeating: "y", count: 1000) + "…"])
        let rest = String(secret.dropFirst())
        #expect(Self.lines(Array(secret.utf8), hiding: [rest]) == ["\(secret.prefix(1))……"])
    }

    @Test func `whatever secrets and output are, a line takes limited work, and is hidden rather than shown`() {
        func repeated(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }
        let output = Array(repeated(repeated("a", 2100) + "\n", 300).utf8)
        // A million bytes that nearly match everywhere; twenty thousand parts that begin alike.
        let one = repeated("a", 1_000_000) + "b"
        let many = (0..<20_000).map { repeated("a", 20) + "\($0)" }.joined(separator: "\n")
        for secret in [one, many] {
            let shown = Self.lines(output, chunk: 4096, hiding: [secret])
            #expect(shown.dropLast().allSatisfy { $0 == "……" } && shown.count == 264)
        }
        // Usual output is shown although there is much to hide.
        let usual = Self.lines(Array("all is well\n".utf8), hiding: [one, many])
        #expect(usual == ["all is well"])
    }

    @Test func `the last line is kept as it is shown`() {
        var lines = OutputLines(hiding: [Array(Self.key.utf8)])
        lines.take(Array("\(Self.key)\n".utf8)) { _ in }
        #expect(lines.last == "…")
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
        (Array("A=b\nHOME=/x\n".utf8), "line 2 sets HOME, which a step cannot set"),
        (Array("NB_UID=0\n".utf8), "line 1 sets NB_UID, which a step cannot set"),
        (Array("SCRATCH_UMASK=0\n".utf8), "line 1 sets SCRATCH_UMASK, which a step cannot set"),
        (Array("ENTRYPOINT_X=0\n".utf8), "line 1 sets ENTRYPOINT_X, which a step cannot set"),
        (Array("KEPT_BACK=0\n".utf8), "line 1 sets KEPT_BACK, which a step cannot set"),
        ([0x41, 0x3D, 0x00, 0x0A], "line 1 has a NUL byte"), ([0x41, 0x3D, 0xFF, 0x0A], "line 1 is not UTF-8"),
        ([0xC3, 0x3D, 0x0A], "line 1 does not begin with the name of a variable"),
        (Array("A=".utf8) + [UInt8](repeating: 0x78, count: 65534), "A=" + String(repeating: "x", count: 65534)),
        (Array("A=".utf8) + [UInt8](repeating: 0x78, count: 65535), "it has more than 65536 bytes"),
    ]

    @Test(arguments: exports) func `a file of exports is taken as it stands, or not at all`(
        file: [UInt8], told: String
    ) {
        do throws(FormatError) {
            let found = try StepExports.parse(file) { $0 == "KEPT_BACK" || BootVariables.contains($0) }
            #expect(found.map { "\($0.name)=\($0.value)" }.joined(separator: " ") == told)
        } catch {
            #expect(error.expected == told)
        }
    }

    @Test(arguments: [
        "LD_PRELOAD", "LD_LIBRARY_PATH", "GLIBC_TUNABLES", "BASH_ENV", "ENV", "PYTHONSTARTUP", "PYTHONPATH", "PERL5LIB",
        "PERL5OPT", "RUBYOPT", "NODE_OPTIONS", "IFS", "PATH", "ZDOTDIR", "GIT_CONFIG_GLOBAL", "JAVA_TOOL_OPTIONS",
    ]) func `what steers loaders and interpreters is known`(name: String) {
        #expect(StepExports.steersPrograms(name) && !BootVariables.contains(name))
    }

    @Test(arguments: ["HF_HOME", "CUDA_VISIBLE_DEVICES", "http_proxy", "LANG", "OMP_NUM_THREADS", "SSL_CERT_FILE"])
    func `what is a setting of programs is none of those`(name: String) {
        #expect(!StepExports.steersPrograms(name) && !BootVariables.contains(name))
    }

    /// What scripts do with a variable on every day, by real shells.
    @Test(
        arguments: [
            "correct  horse\tbattery", "machine example.org\n  login me\n  password s3cr3t\n",
            "ab1234\ncd34\nef56\ngh78", "jane:p@ss'w0rd$1!", #"{"key":"abcdef 123456"}"#,
            #"back\slash\and\more"#, "first1\rsecond\rthird3", " blanks around ",
            "Xy7#k$9p,Q2~z!", #"SECRET\\AAAABBBB9"#, #"SECRETAAAA\tBBBBBB9"#, "Pa!ss&word-9x", "pässwörd$wort",
            "a<b>&c'd'e",
        ],
        [
            ["bash", "-c", "echo $X"], ["bash", "-c", #"echo "$X""#], ["bash", "-c", "set -x; : $X"],
            ["bash", "-c", #"set -x; : "$X""#], ["bash", "-c", #"printf '%q\n' "$X""#], ["bash", "-c", "declare -p X"],
            ["sh", "-c", #"set -x; : "$X""#], ["sh", "-c", "set -x; : $X"],
            ["sh", "-c", "echo $X"], ["zsh", "-c", "echo $X"], ["sh", "-c", "export -p | grep X="],
            ["bash", "-c", "export -p | grep -a X="],
            ["zsh", "-c", #"printf '%q\n' "$X""#], ["env", "LC_ALL=C", "bash", "-c", #"printf '%q\n' "$X""#],
            ["zsh", "-c", #"set -x; : "$X""#],
            ["sh", "-c", #"printf '%s\n' "$X" | tr '\r' '\n'"#],
            ["python3", "-c", "import json, os; print(json.dumps(os.environ['X'], ensure_ascii=False))"],
            ["python3", "-c", "import json, os; print(json.dumps(os.environ['X']))"],
            ["python3", "-c", "import shlex, os; print(shlex.quote(os.environ['X']))"],
        ])
    func `a secret is hidden as shells and JSON write it`(secret: String, command: [String]) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command
        process.environment = ["X": secret, "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"]
        let pipe = Pipe()
        (process.standardOutput, process.standardError) = (pipe, pipe)
        try process.run()
        let output = Array(try pipe.fileHandleForReading.readToEnd() ?? Data())
        process.waitUntilExit()
        let words = secret.split(whereSeparator: { $0.isWhitespace }).filter { $0.utf8.count >= 4 }
        #expect(output.count > secret.utf8.count / 2, "it is printed")
        let lines = Self.lines(output, hiding: [secret])
        for word in words { #expect(!lines.contains { $0.contains(word) }, "\(lines)") }
    }
}
