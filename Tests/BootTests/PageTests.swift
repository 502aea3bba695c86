import Boot
import Explanations
import Foundation
import Linux
import Session
import TestSupport
import Testing

/// What is on the pages of the documentation and needs no container to be looked at.
struct PageTests {
    @Test(arguments: try Page.all()) func `every link leads to a file and a heading that there are`(page: Page) throws {
        for link in page.links {
            let exists = FileManager.default.fileExists(atPath: Golden.url(link.file).path)
            #expect(exists, "\(page.path): \(link.target)")
            guard exists, !link.anchor.isEmpty else { continue }
            let anchors = try Page(path: link.file).anchors
            #expect(anchors.contains(link.anchor), "\(page.path): \(link.target) is none of \(anchors)")
        }
    }

    @Test func `every page can be reached from the README, and is listed in the index`() throws {
        let pages = try Page.all()
        var reached: Set<String> = [Page.readme]
        var pending = [Page.readme]
        while let path = pending.popLast() {
            let links = pages.first { $0.path == path }?.links ?? []
            pending += links.map(\.file).filter { reached.insert($0).inserted }
        }
        let listed = Set(try Page(path: Page.index).links.map(\.file) + [Page.readme, Page.index])
        for page in pages {
            #expect(reached.contains(page.path), "no link leads to \(page.path)")
            #expect(listed.contains(page.path), "\(Page.index) does not list \(page.path)")
        }
        #expect(pages.count > 12)
    }

    @Test func `the README is short, in lines that can be read`() throws {
        let readme = try Page(path: Page.readme)
        #expect(readme.text.count { $0 == "\n" } <= 150)
        // What programs print is as long as it is, and a link cannot be broken.
        for line in readme.prose where !line.contains("](") { #expect(line.count <= 120, "\(line)") }
    }

    @Test(arguments: try Page.all()) func `a page begins with one sentence that says what it answers`(page: Page) throws
    {
        #expect(page.headings.first?.level == 1 && page.headings.count { $0.level == 1 } == 1)
        let lines = page.prose.filter { !$0.isEmpty }
        try #require(lines.count > 2 && lines[0].hasPrefix("# "), "\(page.path)")
        #expect(lines[1].hasSuffix(".") || page.path == Page.readme, "\(lines[1])")
        #expect(Set(page.anchors).count == page.anchors.count, "a heading of \(page.path) stands twice")
        for block in page.blocks where !Page.withOwnSuite.contains(page.name) {
            #expect(!block.language.isEmpty, "\(page.path):\(block.line) is in no language")
        }
    }

    @Test(arguments: try Page.all()) func `what is to be typed stands in blocks, and not in indented lines`(page: Page)
    {
        if Page.withOwnSuite.contains(page.name) { return }
        var isInList = false
        for line in page.prose where !line.isEmpty {
            if line.hasPrefix("    ") && !isInList { Issue.record("\(page.path): \(line)") }
            if line.first != " " { isInList = line.wholeMatch(of: /(-|[0-9]+\.) .*/) != nil }
        }
    }

    @Test(arguments: [
        ("Steps", "steps --table steps", Tables.steps), ("Configuration", "steps --table variables", Tables.variables),
        ("Configuration", "steps --table exit-codes", Tables.exitCodes),
        ("Configuration", "config reference", ConfigurationReference(of: BootSequence.groups).table),
        ("Messages", "explain --table", MessageIdentifier.explanationTable),
    ])
    func `a page has the table as the code declares it`(name: String, command: String, table: String) throws {
        try Page(name).expectTable(table, of: "entrypointctl \(command)")
    }

    @Test func `every table that is made has a test that compares it`() throws {
        let compared: Set = [
            "entrypointctl steps --table steps", "entrypointctl steps --table variables",
            "entrypointctl steps --table exit-codes", "entrypointctl config reference",
            "entrypointctl explain --table",
            // SecretPlaceTests, MatrixTests and ServiceKeysTests.
            "entrypointctl scrub --list", "scripts/matrix --table", "entrypointctl steps --table services",
        ]
        #expect(Set(try Page.all().flatMap(\.tables)) == compared)
    }

    @Test(arguments: try Page.all()) func `a configuration on a page has no mistakes`(page: Page) {
        for block in page.blocks where block.language == "yaml" && !Page.withOwnSuite.contains(page.name) {
            // Pods are looked at where they are run.
            if block.text.contains("apiVersion:") { continue }
            let isConfiguration = block.mark == "configuration" || block.mark("example") != nil
            #expect(
                isConfiguration, "\(page.path):\(block.line) is neither a configuration nor a resource of Kubernetes")
            let problems = Inspection.problems(in: [(name: page.path, bytes: Array(block.text.utf8))])
            #expect(problems == [], "\(page.path):\(block.line)")
        }
    }

    @Test func `what a page shows of a plan is in one`() throws {
        var count = 0
        for page in try Page.all() {
            for block in page.blocks {
                guard let file = block.mark("shown in") else { continue }
                let known = Set(try Golden.text(of: file).split(separator: "\n").map(String.init))
                for line in block.lines where !line.hasPrefix("$ ") && line != "..." {
                    #expect(known.contains(line), "\(page.path): \(line)")
                    count += 1
                }
            }
        }
        #expect(count > 3)
    }

    /// What DocC says that code hosts do not: of links that are spelt as its own, and of its directives.
    @Test(.enabled(if: Self.hasDocC, "no docc in PATH")) func `the pages are rendered without a warning`() throws {
        try withTemporaryDirectory { directory in
            var script = Program([Golden.url("scripts/pages").path, "--output", "\(directory.string)/site"])
            script.environment = .inherited()
            let outcome = try script.run(within: .seconds(120))
            let warnings = outcome.errorLines.filter { $0.hasPrefix("warning: ") || $0.hasPrefix("error: ") }
            #expect(warnings == [] && outcome.exitCode == 0, "\(outcome)")
            for page in try Page.all() where page.path != Page.readme && page.path != Page.index {
                let name = page.name.dropLast(3).lowercased()
                let file = "\(directory.string)/site/documentation/entrypoint/\(name)/index.html"
                #expect(FileManager.default.fileExists(atPath: file), "\(name)")
            }
        }
    }

    private static let hasDocC = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        .contains { FileManager.default.isExecutableFile(atPath: "\($0)/docc") }
}
