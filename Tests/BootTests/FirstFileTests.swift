import Glibc
import Linux
import TestSupport
import Testing

@testable import Boot

/// A file that is made once.
struct FirstFileTests {
    @Test func `a first file is made with its content, mode and owner, and then left to the user`() async {
        await #expect(processExitsWith: .success) {
            let place = try Site.ofUser()
            let change = Change.firstFile(
                FirstFileChange(path: place.scratch.appending(".zshenv"), content: Array("first\n".utf8)))
            try expectSame(place.story(of: change, mode: .dryRun), "changed")
            try expectSame(place.listing(place.scratch), "")
            try expectSame(place.story(of: change), "changed")
            try expectSame(place.listing(place.scratch), ".zshenv 0660 first\\n")
            try place.makeFile(place.scratch.appending(".zshenv"), "his own", mode: 0o600)
            try expectSame(place.story(of: change), "already")
            try expectSame(place.listing(place.scratch), ".zshenv 0600 his own")
        }
    }

    @Test func `an empty one may be closed to others`() async {
        await #expect(processExitsWith: .success) {
            let place = try Site.ofUser()
            let change = Change.firstFile(FirstFileChange(path: place.scratch.appending(".zsh_history"), mode: 0o600))
            try expectSame(place.story(of: change), "changed")
            try expectSame(place.story(of: change), "already")
            try expectSame(place.listing(place.scratch), ".zsh_history 0600")
        }
    }

    @Test func `a link of the user's counts as their file, even one that leads nowhere`() async {
        await #expect(processExitsWith: .success) {
            let place = try Site.ofUser()
            try place.makeLink(place.scratch.appending(".gitconfig"), to: "/nowhere")
            let change = Change.firstFile(FirstFileChange(path: place.scratch.appending(".gitconfig")))
            try expectSame(place.story(of: change), "already")
            try expectSame(place.listing(place.scratch), ".gitconfig -> /nowhere")
        }
    }

    @Test(arguments: [("pipe", "a named pipe"), ("socket", "a socket"), ("directory", "a directory")])
    func `nothing that would block or cannot be a file is taken, not behind a link either`(kind: String, words: String)
        async
    {
        await #expect(processExitsWith: .success) { [kind = kind as String, words = words as String] in
            let place = try Site.ofUser()
            let (path, other) = (place.scratch.appending(".gitconfig"), place.scratch.appending("other"))
            switch kind {
            case "pipe": try #require(mkfifo(path.string, 0o600) == 0)
            case "socket": try #require(mknod(path.string, S_IFSOCK | 0o600, 0) == 0)
            default: try place.makeDirectory(path)
            }
            for mode in [Apply.Mode.dryRun, .boot] {
                let change = Change.firstFile(FirstFileChange(path: path))
                try expectSame(
                    place.story(of: change, mode: mode),
                    "failed: cannot use /scratch/.gitconfig: it is \(words), and a file is expected; move it away")
            }
            try place.makeLink(other, to: ".gitconfig")
            try expectSame(
                place.story(of: .firstFile(FirstFileChange(path: other))),
                "failed: cannot use /scratch/other: it is a symbolic link to \(words), and a file is expected; "
                    + "move it away")
        }
    }

    @Test func `what belongs into a directory that has been replaced goes there, and is reported there`() async {
        await #expect(processExitsWith: .success) {
            let place = try Site.ofUser()
            let home = place.home.appending("jane")
            try place.makeFile(home, "in the way")
            let (events, exports) = try place.apply(
                .directory(
                    DirectoryChange(
                        at: DirectoryChange.Place(home),
                        made: DirectoryChange.Form(mode: 0o770, group: place.user.group),
                        use: .write, fallbacks: [place.scratch])),
                .link(LinkChange(home.appending("x"), to: place.scratch.appending("x"), .file, mode: 0o600)),
                .firstFile(FirstFileChange(path: home.appending("y"))),
                exports: [Export("HOME", .directory(home)), Export("Y", .place(home.appending("y")))])
            #expect(
                events.map { place.plain($0.change.planned.change.goal) } == [
                    "directory /scratch (0770)", "file /scratch/x", "file /scratch/y",
                ])
            try expectSame(place.listing(place.scratch), "x 0600\ny 0660")
            #expect(exports.mapValues(place.plain) == ["HOME": "/scratch", "Y": "/scratch/y"])
        }
    }

    @Test(.actingAsUsers) func `a directory that is closed to the user is told`() async {
        await #expect(processExitsWith: .success) {
            let place = try Site.ofUser()
            try #require(chown(place.scratch.string, 0, 0) == 0)
            let change = Change.firstFile(FirstFileChange(path: place.scratch.appending("f"), content: [65]))
            try expectSame(
                place.story(of: change), "failed: cannot create /scratch/f: permission denied (openat EACCES as user)")
            try expectSame(place.listing(place.scratch), "")
        }
    }

    @Test func `what depends on a file or directory that could not be made is skipped, and its variable is not set`()
        async
    {
        await #expect(processExitsWith: .success) {
            let place = try Site.ofUser()
            let directory = place.scratch.appending(".shell")
            try place.makeFile(directory)
            let (events, exports) = try place.apply(
                .directory(
                    DirectoryChange(
                        at: DirectoryChange.Place(directory),
                        made: DirectoryChange.Form(mode: 0o770, group: place.user.group), use: .enter)),
                .firstFile(FirstFileChange(path: directory.appending(".zshenv"))),
                .firstFile(FirstFileChange(path: place.scratch.appending("other"))),
                .link(
                    LinkChange(place.home.appending(".zshrc"), to: directory.appending(".zshrc"), .file, mode: 0o600)),
                exports: [
                    Export("ZDOTDIR", .place(directory)), Export("ZSH", .place(directory.appending("x"))),
                    Export("OTHER", .place(place.scratch.appending("other"))),
                ])
            #expect(
                events.map(place.story) == [
                    "failed: cannot use /scratch/.shell: it is a file, and a directory is expected; "
                        + "move it away or choose another path",
                    "skipped: /scratch/.shell cannot be used", "changed", "skipped: /scratch/.shell cannot be used",
                ])
            #expect(exports.mapValues(place.plain) == ["OTHER": "/scratch/other"])
        }
    }
}
