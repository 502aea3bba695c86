import Foundation
import TestSupport

/// The page "My pod does not start".
enum TroubleshootingPage {
    /// A case of the page: its heading, and the lines that people see.
    struct Case {
        var heading: String
        var lines: [String]
    }

    /// The cases: each third-level heading, with the first block of text below it.
    static func cases() throws -> [Case] {
        let text = try Page("MyPodDoesNotStart").text
        return text.components(separatedBy: "\n### ").dropFirst().map { section in
            let heading = section.prefix { $0 != "\n" }
            let blocks = section.components(separatedBy: "\n```")
            let block = blocks.count > 1 ? blocks[1] : ""
            return Case(
                heading: String(heading),
                lines: block.split(separator: "\n").dropFirst(block.hasPrefix("\n") ? 0 : 1).map(String.init))
        }
    }
}
