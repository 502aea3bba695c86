import Programs
import Testing

/// Secrets that a step prints in pieces, over several lines.
struct FoldedSecretTests {
    private static let secret = "hf_AbCdEfGhIjKlMnOpQrStUvWx"

    /// The lines that come of some output, which comes in chunks of a size.
    private static func lines(_ output: String, chunk: Int = 7, hiding secrets: [String] = [secret]) -> [String] {
        var lines: [String] = []
        var parts = OutputLines(hiding: secrets.map { Array($0.utf8) })
        let bytes = Array(output.utf8)
        for start in stride(from: 0, to: bytes.count, by: chunk) {
            parts.take(Array(bytes[start..<min(start + chunk, bytes.count)])) { lines.append($0) }
        }
        parts.finish { lines.append($0) }
        return lines
    }

    /// A text as `fold -w` prints it.
    private static func folded(_ text: String, _ width: Int, _ separator: String = "\n") -> String {
        let bytes = Array(text.utf8)
        return stride(from: 0, to: bytes.count, by: width).map { start in
            String(decoding: bytes[start..<min(start + width, bytes.count)], as: UTF8.self)
        }.joined(separator: separator)
    }

    @Test(arguments: 3...30) func `a secret that is folded is hidden whatever the width`(width: Int) {
        for separator in ["\n", "\r\n", "\n    ", " \n"] {
            for chunk in [1, 7, 4096] {
                let output = Self.folded(Self.secret, width, separator) + "\nthe end\n"
                let shown = Self.lines(output, chunk: chunk)
                #expect(shown.last == "the end")
                #expect(!shown.dropLast().joined().contains { $0.isLetter }, "\(shown)")
            }
        }
    }

    @Test(arguments: [1, 2]) func `of a secret that is folded in tiny pieces only the first ones are shown`(width: Int)
    {
        let shown = Self.lines(Self.folded(Self.secret, width) + "\nthe end\n")
        #expect(shown.last == "the end")
        #expect(shown.dropLast().joined().filter { $0 != "…" }.count <= 3, "\(shown)")
    }

    static let printed: [(String, [String])] = [
        // The first piece is too short to wait for.
        ("x h\nf_AbCdEfGhIjKlMnOpQrStUvWx\n", ["x h", "…"]), ("x h\nf_AbC\n", ["x h", "…"]),
        ("x h\nf_Ab\nX\n", ["x h", "f_Ab", "X"]),
        // Text before the first piece and behind the last one.
        ("token: hf_AbCd\nEfGhIjKlMnOpQrStUv\nWx is it\nnext\n", ["token: …", "…", "… is it", "next"]),
        // It does not go on.
        ("see hf_AbCd\nEfGhX\nIjKl\n", ["see hf_AbCd", "EfGhX", "IjKl"]), ("see hf_\nmore\n", ["see hf_", "more"]),
        ("hf_AbCd\n\nEfGhIjKlMnOpQrStUvWx\n", ["hf_AbCd", "", "EfGhIjKlMnOpQrStUvWx"]),
        // It begins again.
        ("hf_AbCd\nhf_AbCd\nEfGhIjKlMnOpQrStUvWx\n", ["hf_AbCd", "…", "…"]),
        // The output ends before it does.
        ("hf_AbCd\nEfGhIjKl\n", ["…", "…"]), ("hf_AbCd\nEfGhIjKl", ["…", "…"]), ("hf_\nA", ["hf_", "A"]),
        // Once on each line, also where it is there several times.
        ("a \(secret) b \(secret)\n\(secret)\n", ["a … b …", "…"]),
        ("\(secret)hf_Ab\nCdEfGhIjKlMnOpQrStUvWx\(secret)\n", ["……", "……"]),
    ]

    @Test(arguments: printed) func `the pieces are hidden, and nothing else is`(output: String, lines: [String]) {
        for chunk in [1, 5, 4096] { #expect(Self.lines(output, chunk: chunk) == lines) }
    }

    @Test func `lines that are none are shown in order, and not kept back for long`() {
        var shown: [String] = []
        var parts = OutputLines(hiding: [Array(Self.secret.utf8)])
        parts.take(Array("one\ntwo hf_A\n".utf8)) { shown.append($0) }
        #expect(shown == ["one"])
        parts.take(Array("three\n".utf8)) { shown.append($0) }
        #expect(shown == ["one", "two hf_A", "three"])
        parts.take(Array("hf_AbCdEf\n".utf8)) { shown.append($0) }
        parts.finish { shown.append($0) }
        #expect(shown.last == "hf_AbCdEf" && parts.last == "hf_AbCdEf")
    }

    @Test(arguments: [3, 20, 60]) func `every line of a key is a secret that may be folded`(width: Int) {
        let lines = (0..<12).map { line in
            String((0..<64).map { "abcdefghijklmnopqrstuvwxyzABCDEFGH"[($0 * 7 + line * 11 + $0 * $0 * line) % 34] })
        }
        let key = lines.joined(separator: "\n")
        let shown = Self.lines(lines.map { Self.folded($0, width) }.joined(separator: "\n"), hiding: [key])
        #expect(!shown.joined().contains { $0.isLetter }, "\(shown)")
    }

    @Test func `whatever secrets and output are, the work is limited, and lines are hidden rather than shown`() {
        let many = (0..<20_000).map { String(repeating: "a", count: 20) + "\($0)" }.joined(separator: "\n")
        let one = String(repeating: "a", count: 100_000) + "b"
        for secret in [many, one] {
            let output = String(repeating: String(repeating: "a", count: 500) + "\n", count: 200)
            let shown = Self.lines(output, chunk: 4096, hiding: [secret])
            #expect(shown.count == 200 && shown.allSatisfy { $0.allSatisfy { $0 == "…" } })
        }
        // What is kept back is shown in the end, and counted as ever.
        let short = Self.lines(String(repeating: "abc\n", count: 1500), chunk: 4096, hiding: ["abcabcabcabd"])
        #expect(short.count == 1001 && short.last == "500 further lines (2000 bytes) not shown")
    }

    @Test func `lines that are no part of a secret wait for nobody, however each of them ends`() {
        var output = OutputLines(hiding: [Array("hf_0123456789".utf8)])
        var shown = 0
        for _ in 1...5000 {
            output.take(Array("hf_\n".utf8)) { _ in shown += 1 }
            output.take(Array("x hf\n".utf8)) { _ in shown += 1 }
        }
        #expect(shown == OutputLines.countLimit)
        output.finish { _ in shown += 1 }
        #expect(shown == OutputLines.countLimit + 1)
    }

    @Test func `a secret of more lines than anybody reads is hidden, and does not wait for its end`() {
        var output = OutputLines(hiding: [[UInt8](repeating: 0x61, count: 100_000)])
        var shown: [String] = []
        for _ in 1...3000 { output.take(Array("aaaa\n".utf8)) { shown.append($0) } }
        #expect(!shown.isEmpty)
        output.finish { shown.append($0) }
        #expect(!shown.joined().contains("aaaa"), "\(shown.prefix(3))")
    }

    @Test func `the password of a URL is hidden by itself, as it is written and as it is meant`() {
        #expect(
            SecretURL.passwords(in: Array("a=amqp://u:p%40ss%2Fword@h https://x:hunter2@y".utf8)).map {
                String(decoding: $0, as: UTF8.self)
            } == ["p%40ss%2Fword", "p@ss/word", "hunter2"])
        #expect(SecretURL.passwords(in: Array("https://host:80/@x https://u@h".utf8)) == [])
    }
}

extension String {
    fileprivate subscript(index: Int) -> Character { self[self.index(startIndex, offsetBy: index)] }
}
