import Boot
import Foundation
import Testing

/// The README's tables are those of the code.
struct ReadmeTests {
    private static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    @Test func `the README's plan is one`() throws {
        let readme = try String(contentsOf: Self.root.appending(path: "README.md"), encoding: .utf8)
        let plan = try String(
            contentsOf: Self.root.appending(path: "Tests/EntrypointTests/Golden/plan.txt"), encoding: .utf8)
        let known = Set(plan.split(separator: "\n"))
        let example = try #require(readme.components(separatedBy: "$ entrypointctl plan\n").dropFirst().first)
        let lines = example.split(separator: "\n").prefix { $0.hasPrefix("    ") }.map { $0.dropFirst(4) }
        #expect(lines.count > 3)
        for line in lines where line != "..." { #expect(known.contains(line)) }
    }

    @Test(arguments: [
        ("steps --table steps", Tables.steps), ("steps --table variables", Tables.variables),
        ("steps --table exit-codes", Tables.exitCodes), ("config reference", ConfigurationReference.table),
    ])
    func `the README has the table as the code declares it`(command: String, table: String) throws {
        let readme = try String(contentsOf: Self.root.appending(path: "README.md"), encoding: .utf8)
        let start = "<!-- entrypointctl \(command) -->\n"
        let parts = readme.components(separatedBy: start)
        #expect(parts.count == 2, "the README marks the table once")
        #expect(parts.last?.components(separatedBy: "<!-- end -->").first == table)
    }
}
