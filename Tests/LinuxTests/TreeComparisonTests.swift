import CTestSupport
import Foundation
import Glibc
import Linux
import TestSupport
import Testing

/// Trees that are compared with what may be their copies.
struct TreeComparisonTests {
    /// A change of a copy, after which it is none.
    struct Difference: CustomTestStringConvertible {
        var testDescription: String
        var change: @Sendable (_ copy: FilePath, _ original: FilePath) throws -> Void

        init(_ words: String, _ change: @escaping @Sendable (_ copy: FilePath, _ original: FilePath) throws -> Void) {
            testDescription = words
            self.change = change
        }
    }

    static let differences = [
        Difference("one byte of a large file") { copy, _ in
            let file = open(copy.appending("sub/large").string, O_WRONLY | O_CLOEXEC)
            defer { close(file) }
            try #require(pwrite(file, [1], 1, 70_000) == 1)
        },
        Difference("a shorter file") { copy, _ in try #require(truncate(copy.appending("sub/large").string, 1) == 0) },
        Difference("a mode") { copy, _ in try #require(chmod(copy.appending("file").string, 0o755) == 0) },
        Difference("a directory's mode") { copy, _ in try #require(chmod(copy.appending("sub").string, 0o700) == 0) },
        Difference("a link's target") { copy, _ in
            try #require(unlink(copy.appending("link").string) == 0)
            try makeLink(copy.appending("link"), to: "fire")
        },
        Difference("a file more") { copy, _ in try makeFile(copy.appending("sub/more")) },
        Difference("a file less") { copy, _ in try #require(unlink(copy.appending("sub/empty").string) == 0) },
        Difference("another name") { copy, _ in
            try #require(rename(copy.appending("file").string, copy.appending("other").string) == 0)
        },
        Difference("another kind") { copy, _ in
            try #require(unlink(copy.appending("sub/empty").string) == 0)
            try makeDirectory(copy.appending("sub/empty"), mode: 0o640)
        },
        Difference("one file by two names") { copy, original in
            try #require(unlink(copy.appending("file").string) == 0)
            try #require(link(original.appending("file").string, copy.appending("file").string) == 0)
        },
        Difference("a pipe in both") { copy, original in
            for tree in [copy, original] { try #require(mkfifo(tree.appending("pipe").string, 0o600) == 0) }
        },
        Difference("no copy at all") { copy, _ in try FileManager.default.removeItem(atPath: copy.string) },
        Difference("no original") { _, original in try FileManager.default.removeItem(atPath: original.string) },
    ]

    /// Calls the body with a tree and its copy, and what tells whether it is one.
    private static func withCopy(
        _ body: (_ original: FilePath, _ copy: FilePath, _ isCopy: (ModeBits) throws -> Bool) throws -> Void
    ) throws {
        try withTemporaryDirectory { directory in
            let (from, to) = (directory.appending("from"), directory.appending("to"))
            for path in [from, to, from.appending("tree"), from.appending("tree/sub")] { try makeDirectory(path) }
            let original = from.appending("tree")
            try makeFile(original.appending("file"), Array("content".utf8), mode: 0o640)
            try makeFile(original.appending("sub/empty"), mode: 0o640)
            try makeFile(original.appending("sub/large"), (0..<140_001).map { UInt8(truncatingIfNeeded: $0 &* 7) })
            try makeLink(original.appending("link"), to: "file")
            let source = try FileTree().openDirectory(from, links: .refuse)
            let target = try FileTree().openDirectory(to, links: .refuse)
            _ = try source.copy("tree", to: "copy", in: target, extent: .everything)
            try body(original, to.appending("copy")) { umask in
                let source = try FileTree().openDirectory(from, links: .refuse)
                return try FileTree().openDirectory(to, links: .refuse)
                    .holdsCopy("copy", of: "tree", in: source, umask: umask)
            }
        }
    }

    @Test func `a copy is one, by its umask`() throws {
        try Self.withCopy { _, copy, isCopy in
            let (same, other) = (try isCopy(0o022), try isCopy(0o027))
            #expect(same && !other)
            // What the directory above a copy gives it.
            try #require(chmod(copy.appending("sub").string, 0o2755) == 0)
            let isStillCopy = try isCopy(0o022)
            #expect(isStillCopy)
        }
    }

    @Test(arguments: differences) func `what differs in anything is no copy`(difference: Difference) throws {
        try Self.withCopy { original, copy, isCopy in
            try difference.change(copy, original)
            let isStillCopy = try isCopy(0o022)
            #expect(!isStillCopy)
        }
    }

    @Test(.actingAsUsers) func `what belongs to somebody else is no copy, and a link is not followed`() throws {
        try Self.withCopy { original, copy, isCopy in
            try #require(lchown(copy.appending("link").string, 7, 7) == 0)
            let isOthersCopy = try isCopy(0o022)
            #expect(!isOthersCopy)
            try FileManager.default.removeItem(atPath: copy.string)
            try makeLink(copy, to: original)
            let isLinkCopy = try isCopy(0o022)
            #expect(!isLinkCopy)
        }
    }
}
