import Foundation
import Glibc
import Linux
import TestSupport
import Testing

@testable import Boot

/// A tree of the image that is copied once.
struct CopyTests {
    private static func copy(_ place: Site) -> Change {
        .copy(CopyChange(from: place.image.appending("omz"), to: place.scratch.appending("omz")))
    }

    /// A tree with files, a link, a directory and modes.
    private static func makeTree(_ place: Site) throws {
        let tree = place.image.appending("omz")
        try place.makeDirectory(tree.appending("lib"))
        try place.makeFile(tree.appending("main"), "main", mode: 0o755)
        try place.makeFile(tree.appending("lib/a"), "a")
        try place.makeFile(tree.appending("lib/secret"), "s", mode: 0o400)
        try place.makeFile(tree.appending("lib/privileged"), "p", mode: 0o6755)
        try place.makeLink(tree.appending("lib/link"), to: "../main")
        try place.makeLink(tree.appending("lib/dangling"), to: "/nowhere")
        try place.makeDirectory(tree.appending("closed"), mode: 0o755)
        try place.makeFile(tree.appending("closed/inside"), "i")
        try #require(chmod(tree.appending("closed").string, 0o555) == 0)
    }

    static let copied = """
        omz/ 0750
        omz/closed/ 0550
        omz/closed/inside 0640 i
        omz/lib/ 0750
        omz/lib/a 0640 a
        omz/lib/dangling -> /nowhere
        omz/lib/link -> ../main
        omz/lib/privileged 0750 p
        omz/lib/secret 0400 s
        omz/main 0750 main
        """

    @Test func `a tree is copied with its links and modes, less the umask, and then left to the user`() async {
        await #expect(processExitsWith: .success) {
            let place = try Site.ofUser()
            try Self.makeTree(place)
            try expectSame(place.story(of: Self.copy(place), mode: .dryRun), "changed")
            try expectSame(place.listing(place.scratch), "")
            try expectSame(place.story(of: Self.copy(place)), "changed")
            try expectSame(place.listing(place.scratch), Self.copied)
            try #require(unlink(place.scratch.appending("omz/main").string) == 0)
            try expectSame(place.story(of: Self.copy(place)), "already")
            #expect(try !place.listing(place.scratch).contains("omz/main"))
        }
    }

    @Test func `a file is copied too, and an image without it is fine`() async {
        await #expect(processExitsWith: .success) {
            let place = try Site.ofUser()
            try expectSame(place.story(of: Self.copy(place)), "unneeded: the image has no /image/omz")
            // More than is read at once.
            let content = String(repeating: "0123456789abcdef", count: 20000)
            try place.makeFile(place.image.appending("omz"), content)
            try expectSame(place.story(of: Self.copy(place)), "changed")
            try expectSame(place.listing(place.scratch), "omz 0640 \(content)")
        }
    }

    @Test func `pipes and sockets are left out and named`() async {
        await #expect(processExitsWith: .success) {
            let place = try Site.ofUser()
            try place.makeDirectory(place.image.appending("omz"))
            try #require(mkfifo(place.image.appending("omz/pipe").string, 0o666) == 0)
            let story = try place.story(of: Self.copy(place))
            #expect(
                story == "changed\n/image/omz/pipe is neither a file nor a directory nor a link and was not copied")
            try expectSame(place.listing(place.scratch), "omz/ 0750")
        }
    }

    @Test func `a pipe in the place of the tree is an error and does not hold up anything`() async {
        await #expect(processExitsWith: .success) {
            let place = try Site.ofUser()
            try #require(mkfifo(place.image.appending("omz").string, 0o666) == 0)
            try expectSame(
                place.story(of: Self.copy(place)),
                "failed: cannot copy /image/omz to /scratch/omz: operation not supported "
                    + "(copy EOPNOTSUPP as user)")
            try expectSame(place.listing(place.scratch), "")
        }
    }

    @Test(.actingAsUsers) func `what the user cannot read is named, and nothing is left of the copy`() async {
        await #expect(processExitsWith: .success) {
            let place = try Site.ofUser()
            try Self.makeTree(place)
            try #require(chown(place.image.appending("omz/lib/secret").string, 0, 0) == 0)
            try expectSame(
                place.story(of: Self.copy(place)),
                "failed: cannot copy /image/omz to /scratch/omz: /image/omz/lib/secret: permission denied "
                    + "(openat EACCES as user); the user must be able to read all of /image/omz")
            try expectSame(place.listing(place.scratch), "")
        }
    }

    @Test(.actingAsUsers) func `a file system that fills up in the middle is as it was`() async {
        await #expect(processExitsWith: .success) {
            try inProcessOfItsOwn {
                let place = try Site.ofUser()
                try Self.makeTree(place)
                try place.makeFile(place.image.appending("omz/zz"), String(repeating: "x", count: 300_000))
                try mountMemory(at: place.scratch, size: "200k")
                try place.makeFile(place.scratch.appending("mine"), "m")
                try expectSame(
                    place.story(of: Self.copy(place)),
                    "failed: cannot copy /image/omz to /scratch/omz: no space left on device "
                        + "(write ENOSPC as user); no space is left on tmpfs (tmpfs) on /scratch")
                try expectSame(place.listing(place.scratch), "mine 0644 m")
                umount(place.scratch.string)
            }
        }
    }

    @Test func `of many at once one makes the copy, which is whole, and nothing else is left`() async {
        await #expect(processExitsWith: .success) {
            let place = try Site.ofUser()
            try Self.makeTree(place)
            for round in 0..<10 {
                let destination = place.scratch.appending("omz")
                var children: [pid_t] = []
                for _ in 0..<4 {
                    let child = fork()
                    if child == 0 {
                        let outcome = (try? place.event(of: Self.copy(place)))?.outcome
                        _exit(outcome == .changed ? 1 : outcome == .already ? 0 : 2)
                    }
                    children.append(child)
                }
                var made = 0
                for child in children {
                    var status: CInt = -1
                    waitpid(child, &status, 0)
                    #expect(status == 0 || status == 1 << 8)
                    made += status == 0 ? 0 : 1
                }
                #expect(made == 1, "round \(round)")
                try expectSame(place.listing(place.scratch), Self.copied)
                try #require(chmod(destination.appending("closed").string, 0o755) == 0)
                try FileManager.default.removeItem(atPath: destination.string)
            }
        }
    }
}
