import Foundation
import TestSupport
import Testing

@testable import UserSide

/// The table of the places that a scrub knows.
struct SecretPlaceTests {
    @Test func `each place begins with a base, and is named once`() {
        let paths = SecretPlace.all.flatMap(\.paths)
        for path in paths {
            let parts = SecretPlace.parts(of: path)
            #expect(path.hasPrefix("~/") || path.hasPrefix("$HF_HOME/") || path.hasPrefix("/"), "\(path)")
            #expect(!parts.components.isEmpty && !parts.components.contains("..") && !path.contains("//"), "\(path)")
            // A pattern in the place of a home's entry must not mean all of them.
            #expect(!parts.components.allSatisfy { $0.allSatisfy { $0 == "*" } }, "\(path)")
        }
        #expect(Set(paths).count == paths.count && paths.count > 100)
        #expect(Set(SecretPlace.all.map(\.kind)).count == SecretPlace.all.count)
    }

    @Test func `the page has the table as the code has it`() throws {
        try Page("Scrub").expectTable(ScrubText.placesInMarkdown, of: "entrypointctl scrub --list")
    }

    @Test(
        arguments: [
            ("a", "a", true), ("a", "b", false), ("", "*", true), ("abc", "*", true), ("abc", "a*c", true),
            ("ac", "a*c", true), ("abcb", "a*b", true), ("abcbd", "a*b", false), ("a.swp", ".*.sw?", false),
            (".a.swp", ".*.sw?", true), (".a.swpx", ".*.sw?", false), (".zsh_history", ".*_history", true),
            ("zsh_history", ".*_history", false), ("#x#", "#*#", true), ("#", "#*#", false), ("x~", "*~", true),
            ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "*a*a*a*a*a*a*a*a*a*b", false), ("abab", "*ab", true),
        ])
    func `a pattern matches names`(name: String, pattern: String, matches: Bool) {
        #expect(SecretPlace.matches(name, pattern) == matches)
    }
}
