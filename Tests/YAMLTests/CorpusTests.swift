import Foundation
import Testing

/// What fuzzing has found worth keeping, and what once broke.
struct CorpusTests {
    @Test func `all that holds for any bytes holds for the corpus`() throws {
        let directory = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Corpus")
        let files = try FileManager.default.contentsOfDirectory(at: directory, includingPropertiesForKeys: nil)
        #expect(files.count >= 100, "the corpus is there")
        for file in files {
            let violation = violation(for: Array(try Data(contentsOf: file)))
            #expect(violation == nil, "\(file.lastPathComponent)")
        }
    }
}
