import Foundation
import Glibc
import Linux
import TestSupport
import Testing

@testable import Boot

/// Names of what is made beside its final place.
struct TemporaryNameTests {
    @Test func `a name is known again, differs each time, and fits into a directory`() throws {
        let name = try #require(FilePath.Component(String(repeating: "é", count: 127)))
        let made = TemporaryName.make(for: name)
        #expect(made.string.utf8.count <= 255)
        #expect(TemporaryName.isTemporary(made, for: name))
        #expect(TemporaryName.make(for: name) != made)
        let other: FilePath.Component = ".zshrc"
        #expect(!TemporaryName.isTemporary(made, for: other))
        #expect(!TemporaryName.isTemporary(name, for: name))
        for text in [".zshrc.entrypoint-", ".zshrc.entrypoint-1", ".zshrc.entrypoint-x-1", "..zshrc.entrypoint-1-A b"] {
            let candidate = try #require(FilePath.Component(text))
            #expect(!TemporaryName.isTemporary(candidate, for: other), "\(text)")
        }
        #expect(TemporaryName.isTemporary("..zshrc.entrypoint-12-a9", for: other))
    }
}
