import Foundation
import TestSupport
import Testing

/// The repository's scripts, as people call them.
struct ScriptTests {
    @Test func `an area of long tests that does not exist is refused, and those that do are listed`() throws {
        let script = Golden.url("scripts/test").path
        let refused = try Program([script, "--long", "nothing"]).run()
        #expect(refused.exitCode == 64 && refused.output == "" && refused.errors.contains("'nothing'"), "\(refused)")
        let listed = try Program([script, "--long"]).run()
        #expect(listed.exitCode == 0, "\(listed)")
        for area in ["faults", "matrix", "nfs", "bench", "fuzz"] {
            #expect(refused.errors.contains("\n  \(area) "), "\(refused)")
            #expect(("\n" + listed.output).contains("\n  \(area) "), "\(listed)")
        }
    }

    @Test func `every script has help`() throws {
        let directory = Golden.url("scripts")
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path)
            .filter { FileManager.default.isExecutableFile(atPath: directory.appending(path: $0).path) }
        #expect(names.count >= 9)
        for name in names {
            let outcome = try Program([directory.appending(path: name).path, "--help"]).run()
            #expect(outcome.exitCode == 0 && outcome.output.hasPrefix("usage: scripts/\(name)"), "\(outcome)")
        }
    }
}
