import Foundation
import Testing

/// What fuzzing has found worth keeping, and what once broke: the inputs that reach all of the reader's code and each of its
/// messages between them, one a line in base64.
struct CorpusTests {
    @Test func `all that holds for any bytes holds for the corpus`() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Corpus")
        let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
        #expect(lines.count >= 100, "the corpus is there")
        for line in lines {
            let bytes = Array(try #require(Data(base64Encoded: String(line)), "\(line)"))
            let violation = violation(for: bytes)
            #expect(violation == nil, "\(line)")
        }
    }
}
