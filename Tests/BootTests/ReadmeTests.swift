import Boot
import Foundation
import TestSupport
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
        ("steps --table exit-codes", Tables.exitCodes),
        ("config reference", ConfigurationReference(of: BootSequence.groups).table),
    ])
    func `the README has the table as the code declares it`(command: String, table: String) throws {
        let readme = try String(contentsOf: Self.root.appending(path: "README.md"), encoding: .utf8)
        let start = "<!-- entrypointctl \(command) -->\n"
        let parts = readme.components(separatedBy: start)
        #expect(parts.count == 2, "the README marks the table once")
        #expect(parts.last?.components(separatedBy: "<!-- end -->").first == table)
    }

    /// The names of tests, and of attacks that one test makes of a table.
    private static func testNames() throws -> Set<String> {
        let tests = Self.root.appending(path: "Tests")
        let paths = try #require(FileManager.default.enumerator(atPath: tests.path))
        var names: Set<String> = []
        for case let path as String in paths where path.hasSuffix(".swift") {
            let text = try String(contentsOf: tests.appending(path: path), encoding: .utf8)
            names.formUnion(text.matches(of: /func `([^`]+)`/).map { String($0.1) })
            names.formUnion(text.matches(of: /testDescription:\s+"([^"]+)"/).map { String($0.1) })
        }
        return names
    }

    /// Whether a name is that of an attack whose description has a part that differs.
    private static func `is`(_ name: String, thePattern pattern: String) -> Bool {
        let parts = pattern.split(separator: /\\\([^)]*\)/, omittingEmptySubsequences: false)
        guard parts.count > 1, let first = parts.first, let last = parts.last, first.count + last.count > 20 else {
            return false
        }
        return name.hasPrefix(first) && name.hasSuffix(last)
    }

    @Test func `every line of the tables on security names tests that there are`() throws {
        let readme = try String(contentsOf: Self.root.appending(path: "README.md"), encoding: .utf8)
        let section = try #require(
            readme.components(separatedBy: "\n### Who may do what\n").last?
                .components(separatedBy: "\n## ").first)
        let known = try Self.testNames()
        let rows = section.split(separator: "\n").filter { $0.hasPrefix("| ") && !$0.hasPrefix("| --- ") }
        var count = 0
        for row in rows where !row.hasSuffix("| shown by |") {
            let last = row.dropLast(2).components(separatedBy: " | ").last ?? ""
            let names = last.matches(of: /`([^`]+)`/).map { String($0.1) }
            for name in names where !known.contains(name) {
                #expect(known.contains { Self.is(name, thePattern: $0) }, "\(name)")
            }
            count += names.count
            // What is not this program's to show, and what the table below shows.
            let isShownElsewhere = row.hasPrefix("| The kernel,") || last == "the next table"
            #expect(!names.isEmpty || isShownElsewhere, "\(row)")
        }
        #expect(rows.count > 25 && count > 45)
    }
}
