import Foundation
import Glibc
import Linux
import TestSupport
import Testing

@testable import Boot

/// What lies beside a place under the name of a killed boot's: only what this program has made goes.
struct LeftoverTests {
    private static let name: FilePath.Component = ".omz"

    /// Makes the image's tree and a leftover of the name, an hour old, and gives what is left of that after a copy.
    private static func remains(
        mode: mode_t = 0o700, isOld: Bool = true, _ fill: (Site, FilePath) throws -> Void
    ) throws -> String {
        // Earlier work as root has left one that closes everything.
        umask(0o022)
        let place = try Site.ofUser()
        try place.makeFile(place.image.appending(".omz/lib/a"), in: place, "a")
        let left = place.scratch.appending(TemporaryName.make(for: name))
        try place.makeDirectory(left, mode: 0o700)
        try fill(place, left)
        try #require(chmod(left.string, mode) == 0)
        if isOld { try age(left) }
        let story = try place.story(
            of: .copy(CopyChange(from: place.image.appending(name), to: place.scratch.appending(name))))
        #expect(story == "changed")
        let listing = try place.listing(place.scratch)
        #expect(listing.contains(".omz/lib/a 0640 a"), "\(listing)")
        return listing.split(separator: "\n").filter { !$0.hasPrefix(".omz/") }
            .map { $0.replacing(left.lastComponent?.string ?? "", with: "LEFT") }.joined(separator: ", ")
    }

    private static func expectStays(
        _ line: String, mode: mode_t = 0o700, _ fill: (Site, FilePath) throws -> Void
    ) throws {
        let remains = try remains(mode: mode, fill)
        #expect(remains.contains(line), "with mode \(mode): \(remains)")
    }

    private static func age(_ path: FilePath) throws {
        let old = timespec(tv_sec: time(nil) - 3700, tv_nsec: 0)
        try #require(utimensat(AT_FDCWD, path.string, [old, old], AT_SYMLINK_NOFOLLOW) == 0)
    }

    private static func mark(_ place: Site, _ left: FilePath, of other: FilePath? = nil) throws {
        let status = try #require(try FileTree().status(other ?? left, links: .refuse))
        try place.makeFile(left.appending("made-by-entrypoint"), "\(status.inode)\n", mode: 0o600)
    }

    private static func putTree(_ place: Site, _ left: FilePath, _ name: String = ".omz") throws {
        try place.makeFile(left.appending("\(name)/lib/a"), in: place, "half")
    }

    @Test func `of a killed boot it goes, whatever the boot was doing`() async {
        await #expect(processExitsWith: .success) {
            expectSame(try Self.remains { _, _ in }, "")
            expectSame(try Self.remains { try Self.mark($0, $1) }, "")
            expectSame(
                try Self.remains { place, left in
                    try Self.mark(place, left)
                    try Self.putTree(place, left)
                }, "")
            // Killed while it removed another one's.
            expectSame(
                try Self.remains { place, left in
                    try Self.mark(place, left)
                    try Self.putTree(place, left, TemporaryName.make(for: Self.name).string)
                }, "")
            // Killed while it wrote the mark, or between making and moving out.
            expectSame(
                try Self.remains { place, left in
                    try place.makeFile(left.appending("made-by-entrypoint"), "", mode: 0o600)
                }, "")
            expectSame(try Self.remains { try $0.makeDirectory($1.appending(".omz")) }, "")
        }
    }

    @Test func `of what was to be taken away only that goes`() async {
        await #expect(processExitsWith: .success) {
            func remains(taking path: String) throws -> String {
                try Self.remains { place, left in
                    try Self.putTree(place, left)
                    let directory = try #require(try FileTree().status(left, links: .refuse))
                    let content = try #require(try FileTree().status(left.appending(path), links: .refuse))
                    try place.makeFile(
                        left.appending("made-by-entrypoint"), "\(directory.inode) \(content.inode)\n", mode: 0o600)
                }
            }
            expectSame(try remains(taking: ".omz"), "")
            let other = try remains(taking: ".omz/lib")
            #expect(other.contains("LEFT/.omz/lib/a 0644 half"), "\(other)")
        }
    }

    @Test func `a whole copy that had not yet its place goes, and one that is not whole stays`() async {
        await #expect(processExitsWith: .success) {
            func copy(_ content: String) throws -> String {
                try Self.remains(mode: 0o750) { place, left in
                    try place.makeDirectory(left.appending("lib"), mode: 0o750)
                    try place.makeFile(left.appending("lib/a"), content, mode: 0o640)
                }
            }
            expectSame(try copy("a"), "")
            let other = try copy("b")
            #expect(other.contains("LEFT/lib/a 0640 b"), "\(other)")
        }
    }

    @Test func `of a boot that may be alive it stays`() async {
        await #expect(processExitsWith: .success) {
            let remains = try Self.remains(isOld: false) { place, left in
                try Self.mark(place, left)
                try Self.putTree(place, left)
            }
            #expect(remains.contains("LEFT/.omz/lib/a"))
        }
    }

    /// What looks like a leftover and may be somebody's work.
    @Test(.actingAsUsers) func `whatever is not certainly this program's stays`() async {
        await #expect(processExitsWith: .success) {
            // Somebody's directory that was given the name.
            try Self.expectStays("LEFT/.omz/lib/a 0644 half") { try Self.putTree($0, $1) }
            try Self.expectStays("LEFT/work/lib/a 0644 half") { try Self.putTree($0, $1, "work") }
            // One with the mark of another directory.
            try Self.expectStays("LEFT/.omz/lib/a") { place, left in
                try Self.putTree(place, left)
                try Self.mark(place, left, of: place.scratch)
            }
            // One in which others can put a mark.
            for mode in [0o770, 0o750, 0o707] as [mode_t] {
                try Self.expectStays("LEFT/.omz/lib/a", mode: mode) { place, left in
                    try Self.putTree(place, left)
                    try Self.mark(place, left)
                }
            }
            // Somebody else's mark; and a leftover that somebody has put something into.
            try Self.expectStays("LEFT/.omz/lib/a") { place, left in
                try Self.putTree(place, left)
                try Self.mark(place, left)
                try #require(chown(left.appending("made-by-entrypoint").string, 4711, 4711) == 0)
            }
            try Self.expectStays("LEFT/notes 0644 mine") { place, left in
                try Self.mark(place, left)
                try place.makeFile(left.appending("notes"), "mine")
            }
            // A mark that was not written to its end, beside something.
            try Self.expectStays("LEFT/.omz/lib/a") { place, left in
                try Self.putTree(place, left)
                try place.makeFile(left.appending("made-by-entrypoint"), "", mode: 0o600)
            }
            try Self.expectStays("LEFT/.omz/lib/a") { place, left in
                try Self.putTree(place, left)
                try place.makeLink(left.appending("made-by-entrypoint"), to: "/etc/passwd")
            }
        }
    }

    @Test func `of files and links only what this boot would write goes`() async {
        await #expect(processExitsWith: .success) {
            let place = try Site.ofUser()
            let (file, link) = (place.scratch.appending(".zshenv"), place.home.appending(".x"))
            func leave(_ path: FilePath, _ make: (FilePath) throws -> Void) throws {
                let left = path.parent.appending(
                    TemporaryName.make(for: try #require(path.lastComponent)))
                try make(left)
                try Self.age(left)
            }
            for content in ["", "exp", "export", "exports", "mine"] {
                try leave(file) { try place.makeFile($0, content) }
            }
            for target in [place.scratch.appending(".x"), "probe", "/elsewhere"] {
                try leave(link) { try place.makeLink($0, to: target) }
            }
            try leave(link) { try place.makeFile($0, "") }
            _ = try place.apply(
                .firstFile(FirstFileChange(path: file, content: Array("export".utf8))),
                .link(LinkChange(link, to: place.scratch.appending(".x"), .directory, mode: 0o777)))
            func rest(_ directory: FilePath) throws -> [String] {
                try place.listing(directory).split(separator: "\n").filter { $0.contains("entrypoint-") }
                    .map { String($0.drop { $0 != " " }) }.sorted()
            }
            expectSame(try rest(place.scratch).joined(separator: ","), " 0644 exports, 0644 mine")
            expectSame(try rest(place.home).joined(separator: ","), " -> /elsewhere, 0644")
        }
    }
}

extension Site {
    /// Makes a file of the user's, and the directories above it.
    fileprivate func makeFile(_ path: FilePath, in place: Site, _ content: String) throws {
        if try FileTree().status(path.parent, links: .follow) == nil {
            try makeDirectory(path.parent)
        }
        try makeFile(path, content)
    }

    /// A file that was seen empty, and what rename(2) would do by now.
    @Test func `a file that is no longer empty is not replaced`() throws {
        try withSite { site in
            try site.file("history", "theirs")
            try site.file("new", "ours")
            let parent = try FileTree().openDirectory(site.root, links: .refuse)
            let status = try #require(try parent.status("new"))
            do throws(SystemCallError) {
                try Staging.replaceEmpty("history", in: parent, with: "new", status, from: parent)
                Issue.record("it was replaced")
            } catch {
                #expect(error.errno == .fileExists)
            }
            #expect(site.content("history") == "theirs" && site.content("new") == "ours")
            try site.file("history", "")
            try Staging.replaceEmpty("history", in: parent, with: "new", status, from: parent)
            #expect(site.content("history") == "ours" && site.content("new") == nil)
            try site.file("new", "again")
            try Staging.replaceEmpty("missing", in: parent, with: "new", status, from: parent)
            #expect(site.content("missing") == "again")
            #expect(try Set(parent.names().map(\.string)).isSuperset(of: ["history", "missing"]))
            #expect(try !parent.names().contains { $0.string.contains("entrypoint") })
        }
    }

    /// A boot was killed between taking a file away that it took for empty, and putting it back.
    @Test func `a file that a killed boot had taken away comes back beside its place`() throws {
        try withSite { site in
            let name: FilePath.Component = "history"
            try site.file("history", "newer")
            let parent = try FileTree().openDirectory(site.root, links: .refuse)
            for content in ["older", "", "oldest"] {
                let left = TemporaryName.make(for: name)
                try parent.makeDirectory(left, mode: 0o700)
                try site.file("\(left.string)/history", content)
                // A directory that the program has not marked may be anybody's.
                #expect(!Staging.removeLeft(left, for: name, in: parent) {})
                #expect(site.content("\(left.string)/history") == content)
                try site.file("\(left.string)/made-by-entrypoint", "\(site.inode(left.string)) empty\n", 0o600)
                #expect(Staging.removeLeft(left, for: name, in: parent) {})
                #expect(try parent.status(left) == nil)
            }
            #expect(site.content("history") == "newer")
            #expect(site.content("history.before-entrypoint") == "older")
            #expect(site.content("history.before-entrypoint.1") == "oldest")
        }
    }
}
