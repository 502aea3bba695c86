import Glibc
import Linux
import TestSupport
import Testing

@testable import Boot

/// What is taken away by mistake, because another boot has put it there in the meantime.
struct StagingTests {
    private struct Case: Sendable {
        let taken: String
        let newer: [String: String]
        let kept: String?
        let listing: String
    }

    private static let cases = [
        Case(taken: "link", newer: [:], kept: nil, listing: ".x -> /scratch/.x\naway/ 0700"),
        Case(taken: "link", newer: [".x": "link"], kept: nil, listing: ".x -> /scratch/.x\naway/ 0700"),
        Case(
            taken: "link", newer: [".x": "other"], kept: ".x.before-entrypoint",
            listing: ".x -> /scratch/other\n.x.before-entrypoint -> /scratch/.x\naway/ 0700"),
        Case(
            taken: "link", newer: [".x": "file"], kept: ".x.before-entrypoint",
            listing: ".x 0644 file\n.x.before-entrypoint -> /scratch/.x\naway/ 0700"),
        Case(
            taken: "link", newer: [".x": "other", ".x.before-entrypoint": "link"], kept: ".x.before-entrypoint",
            listing: ".x -> /scratch/other\n.x.before-entrypoint -> /scratch/.x\naway/ 0700"),
        Case(
            taken: "file", newer: [".x": "link", ".x.before-entrypoint": "link"], kept: ".x.before-entrypoint.1",
            listing: """
                .x -> /scratch/.x
                .x.before-entrypoint -> /scratch/.x
                .x.before-entrypoint.1 0644 file
                away/ 0700
                """),
    ]

    @Test(.actingAsUsers, arguments: cases.indices)
    func `it goes back, beside what has its place now, and a second link to the same is not kept`(
        index: Int
    ) async {
        await #expect(processExitsWith: .success) { [index = index as Int] in
            let example = Self.cases[index]
            let place = try Site.ofUser()
            func make(_ path: FilePath, _ what: String) throws {
                if what == "file" { return try place.makeFile(path, "file") }
                let target = "/scratch/\(what == "link" ? ".x" : what)"
                try #require(symlink(target, path.string) == 0)
            }
            try place.makeDirectory(place.home.appending("away"), mode: 0o700)
            try make(place.home.appending("away/.x"), example.taken)
            for (name, what) in example.newer { try make(place.home.appending(name), what) }
            let tree = FileTree()
            let kept = try Staging.putBack(
                ".x", from: tree.openDirectory(place.home.appending("away"), links: .refuse), as: ".x",
                to: tree.openDirectory(place.home, links: .refuse))
            #expect(kept?.string == example.kept)
            // The links are made as root here.
            try expectSame(place.listing(place.home).replacing(" 0:0 ->", with: " ->"), example.listing)
        }
    }
}
