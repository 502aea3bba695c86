import Boot
import Foundation
import Testing

/// The README's tables are those of the code.
struct ReadmeTests {
    private static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    @Test(arguments: [("steps", Tables.steps), ("variables", Tables.variables), ("exit-codes", Tables.exitCodes)])
    func `the README has the table as the code declares it`(name: String, table: String) throws {
        let readme = try String(contentsOf: Self.root.appending(path: "README.md"), encoding: .utf8)
        let start = "<!-- entrypointctl steps --table \(name) -->\n"
        let parts = readme.components(separatedBy: start)
        #expect(parts.count == 2, "the README marks the table once")
        #expect(parts.last?.components(separatedBy: "<!-- end -->").first == table)
    }
}
