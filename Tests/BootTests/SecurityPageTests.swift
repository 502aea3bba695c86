import Foundation
import TestSupport
import Testing

/// What the page on security promises is shown by tests.
struct SecurityPageTests {
    /// The names of tests, and of attacks that one test makes of a table.
    private static func testNames() throws -> Set<String> {
        let tests = Golden.url("Tests")
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
        let page = try Page("Security")
        let known = try Self.testNames()
        var (rows, count) = (0, 0)
        // The rows of each table whose last column says so.
        for table in page.prose.split(whereSeparator: { !$0.hasPrefix("|") })
        where table.first?.hasSuffix("| shown by |") == true {
            for row in table.dropFirst(2) {
                rows += 1
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
        }
        #expect(rows > 40 && count > 45)
    }
}
