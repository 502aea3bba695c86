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

    @Test(arguments: [
        (".x.entrypoint-12-a9", true), ("..x.entrypoint-1-a.entrypoint-2-b", true), ("x.entrypoint-1-a", false),
        (".entrypoint-1-a", false), (".entrypoint", false), (".x.entrypoint-", false), (".x.entrypoint-a-1", false),
        (".", false), (".x.entrypoint-1-a.b", false),
    ])
    func `a temporary name is known without what it stands for`(text: String, isTemporary: Bool) throws {
        #expect(TemporaryName.isTemporary(try #require(FilePath.Component(text))) == isTemporary)
        #expect(TemporaryName.isTemporary(TemporaryName.make(for: ".zshrc")))
    }
}
