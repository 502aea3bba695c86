import Foundation
import Glibc
import Linux
import TestSupport
import Testing

@testable import Boot

/// A link in the home that leads to the persistent directory.
struct LinkTests {
    private static func link(_ place: Site, _ kind: LinkChange.Kind = .directory, mode: ModeBits? = 0o777) -> Change {
        .link(LinkChange(place.home.appending(".x"), to: place.scratch.appending(".x"), kind, mode: mode))
    }

    @Test(arguments: [true, false]) func `the target is made, and the link`(isDirectory: Bool) async {
        await #expect(processExitsWith: .success) { [isDirectory = isDirectory as Bool] in
            let place = try Site.ofUser()
            let change = Self.link(place, isDirectory ? .directory : .file, mode: isDirectory ? 0o777 : 0o600)
            try expectSame(place.story(of: change, mode: .dryRun), "changed")
            try expectSame(place.listing(place.root), "home/ 0755\nimage/ 0755 0:0\nscratch/ 0755")
            try expectSame(place.story(of: change), "changed")
            try expectSame(place.listing(place.home), ".x -> /scratch/.x")
            try expectSame(place.listing(place.scratch), (isDirectory ? ".x/ 0770" : ".x 0600"))
            try expectSame(place.story(of: change), "already")
            try FileManager.default.removeItem(atPath: place.scratch.appending(".x").string)
            #expect(try place.story(of: change) == "changed", "a link that leads nowhere gets its target")
            try expectSame(place.listing(place.scratch), (isDirectory ? ".x/ 0770" : ".x 0600"))
        }
    }

    @Test func `a target that is not to be made is waited for`() async {
        await #expect(processExitsWith: .success) {
            let place = try Site.ofUser()
            try expectSame(place.story(of: Self.link(place, mode: nil)), "unneeded: there is no /scratch/.x")
            try expectSame(place.listing(place.home), "")
            try place.makeDirectory(place.scratch.appending(".x"))
            try expectSame(place.story(of: Self.link(place, mode: nil)), "changed")
            try expectSame(place.listing(place.home), ".x -> /scratch/.x")
        }
    }

    @Test(arguments: ["/elsewhere", "/nowhere/at all", ".x"]) func `another link is replaced`(old: String) async {
        await #expect(processExitsWith: .success) { [old = old as String] in
            let place = try Site.ofUser()
            try place.makeLink(place.home.appending(".x"), to: FilePath(old))
            try expectSame(place.story(of: Self.link(place)), "changed\nit was a link to \(old)")
            try expectSame(place.listing(place.home), ".x -> /scratch/.x")
        }
    }

    @Test func `a file in the way moves to the target`() async {
        await #expect(processExitsWith: .success) {
            let place = try Site.ofUser()
            try place.makeFile(place.home.appending(".x"), "mine", mode: 0o640)
            let change = Self.link(place, .file, mode: 0o600)
            try expectSame(
                place.story(of: change, mode: .dryRun), "changed\nwhat is in its place moves to /scratch/.x")
            try expectSame(
                place.story(of: change), "changed\nwhat was in its place moved to /scratch/.x")
            try expectSame(place.listing(place.home), ".x -> /scratch/.x")
            try expectSame(place.listing(place.scratch), ".x 0640 mine")
        }
    }

    @Test func `a file moves over an empty one, and never over one with a content`() async {
        await #expect(processExitsWith: .success) {
            let place = try Site.ofUser()
            let change = Self.link(place, .file, mode: 0o600)
            try place.makeFile(place.scratch.appending(".x"))
            try place.makeFile(place.home.appending(".x"), "first")
            try expectSame(place.story(of: change), "changed\nwhat was in its place moved to /scratch/.x")
            try expectSame(place.listing(place.scratch), ".x 0644 first")
            for content in ["second", "third"] {
                try #require(unlink(place.home.appending(".x").string) == 0)
                try place.makeFile(place.home.appending(".x"), content)
                let kept = content == "second" ? ".x.before-entrypoint" : ".x.before-entrypoint.1"
                try expectSame(place.story(of: change), "changed\n/home/.x was in the way and is kept as /home/\(kept)")
            }
            try expectSame(
                place.listing(place.home),
                """
                .x -> /scratch/.x
                .x.before-entrypoint 0644 second
                .x.before-entrypoint.1 0644 third
                """)
            try expectSame(place.listing(place.scratch), ".x 0644 first")
        }
    }

    @Test(.actingAsUsers, arguments: [false, true])
    func `a directory moves over an empty one, and never over a link to one`(isApart: Bool) async {
        await #expect(processExitsWith: .success) { [isApart = isApart as Bool] in
            try inProcessOfItsOwn {
                let place = try Site.ofUser()
                if isApart { try mountMemory(at: place.scratch) }
                for isLink in [false, true] {
                    try place.makeDirectory(place.home.appending(".x"), mode: 0o750)
                    try place.makeFile(place.home.appending(".x/f"), "1", mode: 0o640)
                    let target = place.scratch.appending(isLink ? "far" : ".x")
                    try place.makeDirectory(target)
                    if isLink { try place.makeLink(place.scratch.appending(".x"), to: target) }
                    try expectSame(
                        place.story(of: Self.link(place), mode: .dryRun),
                        isLink
                            ? "changed\n/home/.x is in the way and is kept as /home/.x.before-entrypoint"
                            : "changed\nwhat is in its place moves to /scratch/.x")
                    try expectSame(
                        place.story(of: Self.link(place)),
                        isLink
                            ? "changed\n/home/.x was in the way and is kept as /home/.x.before-entrypoint"
                            : "changed\nwhat was in its place moved to /scratch/.x")
                    try expectSame(
                        place.listing(place.scratch),
                        isLink ? ".x -> /scratch/far\nfar/ 0755" : ".x/ 0750\n.x/f 0640 1")
                    try #require(unlink(place.home.appending(".x").string) == 0)
                    try FileManager.default.removeItem(atPath: place.scratch.appending(".x").string)
                }
                if isApart { umount(place.scratch.string) }
            }
        }
    }

    @Test func `a directory in the way moves to the target, or is kept beside it`() async {
        await #expect(processExitsWith: .success) {
            let place = try Site.ofUser()
            try place.makeDirectory(place.home.appending(".x/sub"))
            try place.makeFile(place.home.appending(".x/sub/f"), "1")
            try expectSame(place.story(of: Self.link(place)), "changed\nwhat was in its place moved to /scratch/.x")
            try expectSame(place.listing(place.scratch), ".x/ 0755\n.x/sub/ 0755\n.x/sub/f 0644 1")
            try #require(unlink(place.home.appending(".x").string) == 0)
            try place.makeDirectory(place.home.appending(".x"))
            try expectSame(
                place.story(of: Self.link(place), mode: .dryRun),
                "changed\n/home/.x is in the way and is kept as /home/.x.before-entrypoint")
            try expectSame(
                place.story(of: Self.link(place)),
                "changed\n/home/.x was in the way and is kept as /home/.x.before-entrypoint")
            try expectSame(place.listing(place.home), ".x -> /scratch/.x\n.x.before-entrypoint/ 0755")
        }
    }

    @Test func `something of another kind in the way is kept beside the link`() async {
        await #expect(processExitsWith: .success) {
            let place = try Site.ofUser()
            try place.makeFile(place.home.appending(".x"), "a file")
            try expectSame(
                place.story(of: Self.link(place)),
                "changed\n/home/.x was in the way and is kept as /home/.x.before-entrypoint")
            try expectSame(place.listing(place.home), ".x -> /scratch/.x\n.x.before-entrypoint 0644 a file")
            try expectSame(place.listing(place.scratch), ".x/ 0770")
        }
    }

    @Test func `a target of another kind is an error, and nothing moves`() async {
        await #expect(processExitsWith: .success) {
            let place = try Site.ofUser()
            try place.makeFile(place.home.appending(".x"), "mine")
            try place.makeDirectory(place.scratch.appending(".x"))
            let error = "failed: cannot link /home/.x to /scratch/.x: that is"
            try expectSame(
                place.story(of: Self.link(place, .file, mode: 0o600)),
                "\(error) a directory, and a file is expected; move it away")
            try expectSame(place.listing(place.home), ".x 0644 mine")
            try #require(rmdir(place.scratch.appending(".x").string) == 0)
            try place.makeFile(place.scratch.appending(".x"), "theirs")
            try expectSame(
                place.story(of: Self.link(place)), "\(error) a file, and a directory is expected; move it away")
            try expectSame(place.listing(place.home), ".x 0644 mine")
            try expectSame(place.listing(place.scratch), ".x 0644 theirs")
        }
    }

    @Test func `a target that is a link itself is followed, and one that leads nowhere is an error`() async {
        await #expect(processExitsWith: .success) {
            let place = try Site.ofUser()
            try place.makeLink(place.scratch.appending(".x"), to: place.scratch.appending("far"))
            try place.makeDirectory(place.home.appending(".x"))
            let error =
                "failed: cannot link /home/.x to /scratch/.x: that is a symbolic link to something that does not exist; "
                + "remove it, or make its target"
            try expectSame(place.story(of: Self.link(place)), error)
            try expectSame(place.listing(place.home), ".x/ 0755")
            try #require(rmdir(place.home.appending(".x").string) == 0)
            try expectSame(place.story(of: Self.link(place)), error)
            try place.makeDirectory(place.scratch.appending("far"))
            try expectSame(place.story(of: Self.link(place)), "changed")
            try expectSame(place.listing(place.home), ".x -> /scratch/.x")
            try expectSame(place.story(of: Self.link(place)), "already")
        }
    }

    @Test func `in a home that is the persistent directory there is nothing to link`() async {
        await #expect(processExitsWith: .success) {
            let place = try Site.ofUser()
            let path = place.scratch.appending(".x")
            let same = Change.link(LinkChange(path, to: path, .directory, mode: 0o777))
            try expectSame(place.story(of: same), "changed")
            try expectSame(place.listing(place.scratch), ".x/ 0770")
            try expectSame(place.story(of: same), "already")
            // The same directory by another path.
            try #require(rmdir(place.home.string) == 0)
            try place.makeLink(place.home, to: place.scratch)
            try place.makeFile(place.scratch.appending(".x/f"))
            try expectSame(place.story(of: Self.link(place)), "already")
            try expectSame(place.listing(place.scratch), ".x/ 0770\n.x/f 0644")
        }
    }

    @Test(.actingAsUsers) func `from another file system things are copied whole, then removed`() async {
        await #expect(processExitsWith: .success) {
            try inProcessOfItsOwn {
                let place = try Site.ofUser()
                try mountMemory(at: place.scratch)
                try place.makeDirectory(place.home.appending(".x/sub"))
                try place.makeFile(place.home.appending(".x/sub/f"), "1", mode: 0o600)
                try place.makeLink(place.home.appending(".x/link"), to: "sub")
                try expectSame(place.story(of: Self.link(place)), "changed\nwhat was in its place moved to /scratch/.x")
                try expectSame(place.listing(place.home), ".x -> /scratch/.x")
                try expectSame(
                    place.listing(place.scratch),
                    """
                    .x/ 0750
                    .x/link -> sub
                    .x/sub/ 0750
                    .x/sub/f 0600 1
                    """)
                umount(place.scratch.string)
            }
        }
    }

    @Test(.actingAsUsers) func `what cannot be moved is kept beside the link, and what can be later stays`() async {
        await #expect(processExitsWith: .success) {
            try inProcessOfItsOwn {
                let place = try Site.ofUser()
                try mountMemory(at: place.scratch, size: "100k")
                try place.makeDirectory(place.home.appending(".x"))
                try #require(mkfifo(place.home.appending(".x/pipe").string, 0o600) == 0)
                try expectSame(
                    place.story(of: Self.link(place)),
                    """
                    changed
                    cannot move /home/.x to /scratch/.x: /home/.x/pipe: operation not supported \
                    (copy EOPNOTSUPP as user)
                    /home/.x was in the way and is kept as /home/.x.before-entrypoint
                    """)
                try expectSame(place.listing(place.scratch), ".x/ 0770")
                try #require(unlink(place.home.appending(".x").string) == 0)
                try #require(rmdir(place.scratch.appending(".x").string) == 0)
                try place.makeDirectory(place.home.appending(".x"))
                try place.makeFile(place.home.appending(".x/big"), String(repeating: "b", count: 200_000))
                try expectSame(
                    place.story(of: Self.link(place)),
                    """
                    failed: cannot move /home/.x to /scratch/.x: no space left on device (write ENOSPC as user); \
                    no space is left on tmpfs (tmpfs) on /scratch
                    /home/.x stays as it is, and the next boot tries again
                    """)
                #expect(access(place.home.appending(".x/big").string, F_OK) == 0)
                try expectSame(place.listing(place.scratch), "")
                umount(place.scratch.string)
            }
        }
    }

    @Test func `what an earlier boot has copied and not yet removed is removed, and anything else is kept`() async {
        await #expect(processExitsWith: .success) {
            let place = try Site.ofUser()
            let (path, target) = (place.home.appending(".x"), place.scratch.appending(".x"))
            for (content, isCopy) in [("1", true), ("2", false), ("1", true)] {
                try place.makeDirectory(path.appending("sub"))
                try place.makeFile(path.appending("sub/f"), "1", mode: 0o644)
                try place.makeDirectory(target.appending("sub"), mode: 0o750)
                try #require(chmod(target.string, 0o750) == 0)
                try place.makeFile(target.appending("sub/f"), content, mode: 0o640)
                try expectSame(
                    place.story(of: Self.link(place), mode: .dryRun),
                    isCopy
                        ? "changed\nwhat is in its place is removed: /scratch/.x is a copy of it"
                        : "changed\n/home/.x is in the way and is kept as /home/.x.before-entrypoint")
                try expectSame(
                    place.story(of: Self.link(place)),
                    isCopy
                        ? "changed\nwhat was in its place was removed: /scratch/.x is a copy of it"
                        : "changed\n/home/.x was in the way and is kept as /home/.x.before-entrypoint")
                try expectSame(place.listing(place.scratch), ".x/ 0750\n.x/sub/ 0750\n.x/sub/f 0640 \(content)")
                try #require(unlink(path.string) == 0)
                try FileManager.default.removeItem(atPath: target.string)
            }
            try expectSame(
                place.listing(place.home),
                """
                .x.before-entrypoint/ 0755
                .x.before-entrypoint/sub/ 0755
                .x.before-entrypoint/sub/f 0644 1
                """)
            try expectSame(place.listing(place.scratch), "")
        }
    }

    @Test(.actingAsUsers) func `a mount in the way, or in what is in the way, is left alone`() async {
        await #expect(processExitsWith: .success) {
            try inProcessOfItsOwn {
                let place = try Site.ofUser()
                try place.makeDirectory(place.home.appending(".x/sub"))
                for mounted in [".x", ".x/sub"] {
                    try mountMemory(at: place.home.appending(mounted))
                    try place.makeFile(place.home.appending("\(mounted)/f"))
                    try expectSame(
                        place.story(of: Self.link(place)),
                        "skipped: /home/.x is a mount or holds one, and is left alone")
                    #expect(access(place.home.appending("\(mounted)/f").string, F_OK) == 0)
                    umount(place.home.appending(mounted).string)
                }
                try expectSame(place.listing(place.scratch), "")
            }
        }
    }

    @Test(.actingAsUsers) func `a home of somebody else's is told`() async {
        await #expect(processExitsWith: .success) {
            let place = try Site.ofUser()
            try #require(chown(place.home.string, 0, 0) == 0)
            try expectSame(
                place.story(of: Self.link(place)),
                "failed: cannot link /home/.x: permission denied (symlinkat EACCES as user)")
            try place.makeFile(place.home.appending(".x"), "mine")
            try expectSame(
                place.story(of: Self.link(place, .file, mode: 0o600)),
                """
                failed: cannot link /home/.x to /scratch/.x: that is a directory, and a file is expected; move it away
                """)
            try #require(rmdir(place.scratch.appending(".x").string) == 0)
            try expectSame(
                place.story(of: Self.link(place, .file, mode: 0o600)),
                """
                failed: cannot move /home/.x to /scratch/.x: permission denied (renameat2 EACCES as user)
                /home/.x stays as it is, and the next boot tries again
                """)
            try expectSame(place.listing(place.home), ".x 0644 mine")
        }
    }

    @Test(.actingAsUsers) func `what root left in the home is kept even if only its copy can move`() async {
        await #expect(processExitsWith: .success) {
            try inProcessOfItsOwn {
                let place = try Site.ofUser()
                try mountMemory(at: place.scratch)
                try place.makeDirectory(place.home.appending(".x/sub"))
                try place.makeFile(place.home.appending(".x/sub/f"), "1")
                try #require(chown(place.home.appending(".x/sub").string, 0, 0) == 0)
                let story = try place.story(of: Self.link(place))
                #expect(
                    story.hasPrefix("changed\nwhat was copied from /home/.x cannot be removed and remains in /home/"))
                #expect(story.hasSuffix("(unlinkat EACCES)\nwhat was in its place moved to /scratch/.x"))
                try expectSame(place.listing(place.scratch), ".x/ 0750\n.x/sub/ 0750\n.x/sub/f 0640 1")
                umount(place.scratch.string)
            }
        }
    }

    @Test(.actingAsUsers, arguments: [false, true])
    func `of many at once every one ends with the link, and nothing is lost`(isApart: Bool) async {
        await #expect(processExitsWith: .success) { [isApart = isApart as Bool] in
            try inProcessOfItsOwn {
                let place = try Site.ofUser()
                if isApart { try mountMemory(at: place.scratch) }
                for _ in 0..<30 {
                    let names = (0..<8).map { "\($0)" }
                    try place.makeDirectory(place.home.appending(".x"), mode: 0o750)
                    for name in names { try place.makeFile(place.home.appending(".x/" + name), name, mode: 0o640) }
                    let children = (0..<4).map { number in
                        let child = fork()
                        if child == 0 {
                            let story = (try? place.story(of: Self.link(place))) ?? "nothing"
                            _exit((try? place.makeFile(place.root.appending("story.\(number)"), story)) == nil ? 1 : 0)
                        }
                        return child
                    }
                    for (number, child) in children.enumerated() {
                        var status: CInt = -1
                        try #require(child > 0 && waitpid(child, &status, 0) == child && status == 0)
                        let story = try String(contentsOfFile: "\(place.root)/story.\(number)", encoding: .utf8)
                        #expect(story.hasPrefix("already") || story.hasPrefix("changed"), "\(story)")
                    }
                    try expectSame(place.listing(place.home), ".x -> /scratch/.x")
                    try expectSame(
                        place.listing(place.scratch),
                        (".x/ 0750\n" + names.map { ".x/\($0) 0640 \($0)" }.joined(separator: "\n")))
                    try #require(unlink(place.home.appending(".x").string) == 0)
                    try FileManager.default.removeItem(atPath: place.scratch.appending(".x").string)
                }
                if isApart { umount(place.scratch.string) }
            }
        }
    }
}
