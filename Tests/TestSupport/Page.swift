import Foundation
package import Testing

/// A page of the documentation, as people read it: the README, and the articles of the catalogue.
package struct Page: Sendable, CustomTestStringConvertible {
    /// A block of code between fences.
    package struct Block: Sendable {
        /// The line of the page on which it begins, from 1.
        package var line: Int
        /// The word behind the fence, such as `console`; empty where there is none.
        package var language: String
        /// What it holds, without the indentation of a list around it.
        package var lines: [String]
        /// The comment above it, such as `run: pod`; empty where there is none.
        package var mark: String

        /// The lines as a file has them.
        package var text: String { lines.map { $0 + "\n" }.joined() }

        /// What follows a word of the mark: of `file: pod.env` the `pod.env` of `file`.
        package func mark(_ word: String) -> String? {
            mark.hasPrefix(word + ": ") ? String(mark.dropFirst(word.utf8.count + 2)) : nil
        }
    }

    /// The directory of the articles.
    package static let catalogue = "Sources/entrypoint/Documentation.docc"
    /// The page that lists all others.
    package static let index = catalogue + "/Documentation.md"
    package static let readme = "README.md"
    /// Pages with a suite of their own, which types, builds and parses what they show.
    package static let withOwnSuite: Set = ["Images.md", "Kubernetes.md"]

    /// The path in the repository.
    package let path: String
    package let text: String

    package init(path: String) throws {
        self.path = path
        text = try Golden.text(of: path)
    }

    /// An article by its name, such as `Steps`.
    package init(_ name: String) throws { try self.init(path: "\(Self.catalogue)/\(name).md") }

    package var name: String { Golden.url(path).lastPathComponent }
    package var testDescription: String { path }

    /// All pages, by their paths; the README is the first.
    package static func all() throws -> [Page] {
        let names = try FileManager.default.contentsOfDirectory(atPath: Golden.url(catalogue).path)
        let articles = names.filter { $0.hasSuffix(".md") }.sorted().map { "\(catalogue)/\($0)" }
        return try ([readme] + articles).map(Page.init(path:))
    }

    /// The blocks of code, from the top on.
    package var blocks: [Block] { parts.blocks }

    /// The lines that are no code.
    package var prose: [String] { parts.prose }

    private var parts: (blocks: [Block], prose: [String]) {
        var (blocks, prose): ([Block], [String]) = ([], [])
        var open: (block: Block, indentation: Int)?
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let indentation = line.prefix { $0 == " " }.count
            let content = line.dropFirst(indentation)
            if let current = open {
                if content == "```" && indentation <= current.indentation {
                    blocks.append(current.block)
                    open = nil
                } else {
                    open?.block.lines.append(String(line.dropFirst(min(indentation, current.indentation))))
                }
            } else if content.hasPrefix("```") {
                let above = (prose.last ?? "").drop { $0 == " " }
                let mark = above.hasPrefix("<!-- ") && above.hasSuffix(" -->") ? above.dropFirst(5).dropLast(4) : ""
                open = (
                    Block(line: index + 1, language: String(content.dropFirst(3)), lines: [], mark: String(mark)),
                    indentation
                )
            } else {
                prose.append(String(line))
            }
        }
        // A fence that is not closed: its block is in none of both, and the page's last lines are missed.
        return (blocks, open == nil ? prose : [])
    }

    /// The code below `<!-- example: NAME -->`, which stands once.
    package func example(_ name: String) throws -> String {
        let found = blocks.filter { $0.mark("example") == name }
        try #require(found.count == 1, "\(path) marks the example \(name) once")
        return found[0].text
    }

    /// The commands whose tables stand on the page, as in `<!-- entrypointctl scrub --list -->`.
    package var tables: [String] {
        prose.filter { $0.hasPrefix("<!-- ") }.map { String($0.dropFirst(5).dropLast(4)) }
            .filter { $0.hasPrefix("entrypointctl ") || $0.hasPrefix("scripts/") }
    }

    /// Expects that what stands between `<!-- COMMAND -->` and `<!-- end -->` is a table.
    ///
    /// With `ENTRYPOINT_WRITE_GOLDEN=1` in the environment the page is written where it differs, which is a failure, too.
    package func expectTable(_ table: String, of command: String, sourceLocation: SourceLocation = #_sourceLocation)
        throws
    {
        let (start, end) = ("<!-- \(command) -->\n", "<!-- end -->")
        let parts = text.components(separatedBy: start)
        try #require(parts.count == 2, "\(path) marks the table of \(command) once", sourceLocation: sourceLocation)
        let rest = try #require(
            parts[1].range(of: end), "\(path) marks where the table ends", sourceLocation: sourceLocation)
        try Golden.expect(
            parts[0] + start + table + parts[1][rest.lowerBound...], in: path, sourceLocation: sourceLocation)
    }
}
