import Glibc
import Linux
import TestSupport
import Testing

@testable import Boot

/// Directories that the user or the seed makes on real file systems.
@Suite(.actingAsUsers)
struct DirectoryTests {
    private static func scratch(
        _ path: FilePath, mode: ModeBits = 0o770, seedMode: ModeBits? = nil, own: [FilePath] = [],
        use: DirectoryChange.Use = .write, isShared: Bool = false, fallbacks: [FilePath] = []
    ) -> Change {
        .directory(
            DirectoryChange(
                at: DirectoryChange.Place(path, own: own, isOnVolume: true),
                made: DirectoryChange.Form(
                    mode: mode, seedMode: seedMode, group: Site.user.group, isShared: isShared),
                use: use, fallbacks: fallbacks))
    }

    @Test func `the user makes what they may, with all that is missing above it`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try site.directory("s", 0o755, Site.user.user, Site.user.group)
                expectSame(try site.story(Self.scratch(site.at("s/a/b"))), "changed as user 254321:83070")
                expectSame(
                    try site.listing(),
                    """
                    s 0755 254321:83070 /
                    s/a 0770 254321:83070 /
                    s/a/b 0770 254321:83070 /
                    """)
                expectSame(try site.story(Self.scratch(site.at("s/a/b"))), "already")
            }
        }
    }

    @Test func `a shared directory has the set-group-ID bit, and its parents have not`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try site.directory("s", 0o777)
                expectSame(
                    try site.story(Self.scratch(site.at("s/up/cache"), mode: 0o2770, isShared: true)),
                    "changed as user 254321:83070")
                expectSame(
                    try site.listing(),
                    """
                    s 0777 0:0 /
                    s/up 0770 254321:83070 /
                    s/up/cache 2770 254321:83070 /
                    """)
            }
        }
    }

    @Test func `below a directory with the set-group-ID bit the group is still the user's`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try site.directory("s", 0o2777, 0, 4242)
                expectSame(try site.story(Self.scratch(site.at("s/a"))), "changed as user 254321:83070")
                expectSame(
                    try site.listing(),
                    """
                    s 2777 0:4242 /
                    s/a 2770 254321:83070 /
                    """)
            }
        }
    }

    @Test func `the umask counts for what is the user's own, and for nothing above it`() async {
        await #expect(processExitsWith: .success) {
            try withSite(umask: 0o077) { site in
                try site.directory("s", 0o777)
                let own = [site.at("s/a/b")]
                for (path, mode) in [("s/a/b/c/d", 0o700), ("s/a/b/c/open", 0o755), ("s/e/f", 0o700)]
                    as [(String, ModeBits)]
                {
                    expectSame(
                        try site.story(Self.scratch(site.at(path), mode: mode, own: own)),
                        "changed as user 254321:83070")
                }
                expectSame(
                    try site.story(Self.scratch(site.at("s/a/b/cache"), mode: 0o2770, own: own, isShared: true)),
                    "changed as user 254321:83070")
                expectSame(
                    try site.listing(),
                    """
                    s 0777 0:0 /
                    s/a 0770 254321:83070 /
                    s/a/b 0700 254321:83070 /
                    s/a/b/c 0700 254321:83070 /
                    s/a/b/c/d 0700 254321:83070 /
                    s/a/b/c/open 0755 254321:83070 /
                    s/a/b/cache 2770 254321:83070 /
                    s/e 0770 254321:83070 /
                    s/e/f 0700 254321:83070 /
                    """)
            }
        }
    }

    @Test func `what the seed makes is open to the group, whatever the umask is, and told so`() async {
        await #expect(processExitsWith: .success) {
            try withSite(umask: 0o077) { site in
                try site.directory("s", 0o755, Site.seed.user, 600)
                let change = Self.scratch(site.at("s/a"), mode: 0o700, seedMode: 0o770, own: [site.at("s/a")])
                expectSame(try site.story(change, mode: .dryRun), "changed as seed 177449:83070")
                expectSame(try site.story(change), "changed as seed 177449:83070")
                expectSame(try site.story(change), "already")
                expectSame(
                    try site.listing(),
                    """
                    s 0755 177449:600 /
                    s/a 0770 177449:83070 /
                    """)
                try site.directory("closed", 0o700, Site.seed.user, Site.seed.group)
                expectSame(
                    try site.story(Self.scratch(site.at("closed"), mode: 0o700, seedMode: 0o770)),
                    "failed: cannot write in /closed: permission denied (faccessat EACCES as user 254321:83070); it has "
                        + "mode 0700 and belongs to 177449:83070: its owner can run chgrp 83070 /closed && chmod 0770 "
                        + "/closed")
            }
        }
    }

    @Test func `the seed makes only what the user may not, with the user's group`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try site.directory("s", 0o755, Site.seed.user, 600)
                expectSame(try site.story(Self.scratch(site.at("s/a/b"))), "changed as user 254321:83070")
                expectSame(
                    try site.listing(),
                    """
                    s 0755 177449:600 /
                    s/a 0770 177449:83070 /
                    s/a/b 0770 254321:83070 /
                    """)
                expectSame(
                    try site.story(Self.scratch(site.at("s/cache"), mode: 0o2770)), "changed as seed 177449:83070")
            }
        }
    }

    @Test func `every attempt is told when neither may`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try site.mountMemory("size=1m")
                try site.directory("s", 0o755)
                expectSame(
                    try site.story(Self.scratch(site.at("s/a"))),
                    "failed: cannot create /s/a: permission denied (mkdirat EACCES as user 254321:83070, "
                        + "as seed 177449:83070); make the directory once as its owner, or set SCRATCH_SEED_USER to an "
                        + "account that may (uid:gid)")
                expectSame(try site.listing(), "s 0755 0:0 /")
            }
        }
    }

    @Test func `without a seed the user's attempt is all`() async {
        await #expect(processExitsWith: .success) {
            try withSite(hasSeed: false) { site in
                try site.mountMemory("size=1m")
                expectSame(
                    try site.story(Self.scratch(site.at("a"))),
                    "failed: cannot create /a: permission denied (mkdirat EACCES as user 254321:83070); make the "
                        + "directory once as its owner, or set SCRATCH_SEED_USER to an account that may (uid:gid)")
            }
        }
    }

    @Test func `a directory that exists is not changed, and what matters is noted`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try site.directory("open", 0o777, Site.user.user, Site.user.group)
                try site.directory("narrow", 0o700, Site.user.user, Site.user.group)
                try site.directory("shared", 0o755, Site.user.user, 77)
                try site.directory("closed", 0o750, 5, 6)
                let before = try site.listing()
                expectSame(
                    try site.story(Self.scratch(site.at("open"))),
                    "already\n  /open has mode 0777: everyone can enter it; correct it with chmod o-rwx /open")
                expectSame(try site.story(Self.scratch(site.at("narrow"))), "already")
                expectSame(
                    try site.story(Self.scratch(site.at("shared"), mode: 0o2770, isShared: true)),
                    """
                    already
                      /shared has mode 0755: others of group 77 cannot share all of it; its owner (254321) can correct it \
                    with chmod 2770 /shared
                      /shared has mode 0755: everyone can enter it; correct it with chmod o-rwx /shared
                    """)
                expectSame(
                    try site.story(Self.scratch(site.at("closed"))),
                    "failed: cannot write in /closed: permission denied (faccessat EACCES as user 254321:83070); it has "
                        + "mode 0750 and belongs to 5:6: its owner can run chgrp 83070 /closed && chmod 0770 /closed")
                expectSame(
                    try site.story(Self.scratch(site.at("closed"), use: .enter)),
                    "failed: cannot enter /closed: permission denied (faccessat EACCES as user 254321:83070); it has "
                        + "mode 0750 and belongs to 5:6: its owner can run chgrp 83070 /closed && chmod 0770 /closed")
                expectSame(try site.listing(), before)
            }
        }
    }

    @Test func `a file in the way is told`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try site.file("f", "keep")
                let before = try site.listing()
                expectSame(
                    try site.story(Self.scratch(site.at("f"))),
                    "failed: cannot use /f: it is a file, and a directory is expected; move it away or choose another path"
                )
                expectSame(
                    try site.story(Self.scratch(site.at("f/a"))),
                    "failed: cannot look at /f/a: not a directory (stat ENOTDIR as user 254321:83070)")
                expectSame(try site.listing(), before)
            }
        }
    }

    @Test func `the user may follow their own links, the seed none`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try site.directory("real", 0o770, Site.user.user, Site.user.group)
                try site.directory("seeds", 0o755, Site.seed.user, 600)
                try site.link("link", to: "real")
                try site.link("to-seeds", to: "seeds")
                try site.link("dangling", to: "nothing")
                try site.link("loop", to: "loop")
                expectSame(try site.story(Self.scratch(site.at("link"))), "already")
                expectSame(try site.story(Self.scratch(site.at("link/a"))), "changed as user 254321:83070")
                let before = try site.listing()
                expectSame(
                    try site.story(Self.scratch(site.at("to-seeds/a"))),
                    "failed: cannot create /to-seeds/a: /to-seeds is a symbolic link, which the seed user does not follow "
                        + "(mkdirat EACCES as user 254321:83070, openat2 ELOOP as seed 177449:83070); name the path that it "
                        + "leads to")
                expectSame(
                    try site.story(Self.scratch(site.at("dangling"))),
                    "failed: cannot use /dangling: it is a symbolic link that leads nowhere; remove it, or make the "
                        + "directory that it leads to")
                expectSame(
                    try site.story(Self.scratch(site.at("loop"))),
                    "failed: cannot look at /loop: too many levels of symbolic links (stat ELOOP as user 254321:83070)")
                expectSame(try site.listing(), before)
            }
        }
    }

    @Test func `what lies behind a closed directory is nobody's to make`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try site.directory("closed", 0o770, Site.seed.user, 600)
                expectSame(
                    try site.story(Self.scratch(site.at("closed/jane"))),
                    "failed: cannot look at /closed/jane: permission denied (stat EACCES as user 254321:83070); every "
                        + "directory above it must let this user pass, and some servers know only the primary group")
                expectSame(try site.listing(), "closed 0770 177449:600 /")
            }
        }
    }

    @Test func `a full file system is told, and nothing half made is left`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try site.mountMemory("size=1m,nr_inodes=3")
                try site.directory("s", 0o777)
                try site.directory("t", 0o777)
                let before = try site.listing()
                let story = try site.story(Self.scratch(site.at("s/a")))
                expectSame(
                    story,
                    "failed: cannot create /s/a: no space left on device (mkdirat ENOSPC as user 254321:83070); no space "
                        + "is left on memory (tmpfs) on ")
                expectSame(try site.listing(), before)
            }
        }
    }

    @Test func `a read-only file system is told`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try site.mountMemory("size=1m")
                try site.directory("s", 0o777)
                try site.makeReadOnly()
                expectSame(
                    try site.story(Self.scratch(site.at("s/a"))),
                    "failed: cannot create /s/a: read-only file system (mkdirat EROFS as user 254321:83070); memory "
                        + "(tmpfs) on  is mounted read-only: see readOnly in the pod's volumeMounts")
                expectSame(
                    try site.story(Self.scratch(site.at("s"))),
                    "failed: cannot write in /s: read-only file system (faccessat EROFS as user 254321:83070); memory "
                        + "(tmpfs) on  is mounted read-only: see readOnly in the pod's volumeMounts")
            }
        }
    }

    @Test func `a fallback takes the place of what cannot be used, and is exported`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try site.directory("home", 0o770, Site.user.user, Site.user.group)
                try site.file("cache")
                let change = PlannedChange(
                    Self.scratch(site.at("cache"), fallbacks: [site.at("cache/no"), site.at("home/.cache")]),
                    by: [.user, .seed], onFailure: .warn)
                let below = PlannedChange(Self.scratch(site.at("cache/x")), by: [.user], onFailure: .warn)
                expectSame(
                    try site.stories([change, below], exports: [Export("HF_HOME", .directory(site.at("cache")))]),
                    """
                    changed as user 254321:83070
                      cannot use /cache: it is a file, and a directory is expected; move it away or choose another path; \
                    /home/.cache is used instead
                    changed as user 254321:83070
                    HF_HOME=/home/.cache
                    """)
                expectSame(
                    try site.listing(),
                    """
                    cache 0644 0:0 ''
                    home 0770 254321:83070 /
                    home/.cache 0770 254321:83070 /
                    home/.cache/x 0770 254321:83070 /
                    """)
            }
        }
    }

    @Test func `what lies below a place that failed is skipped, and a failure may stop all`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try site.file("f")
                let changes = [
                    PlannedChange(Self.scratch(site.at("f")), by: [.user], onFailure: .warn, consequence: "no f"),
                    PlannedChange(Self.scratch(site.at("f/a")), by: [.user], onFailure: .warn),
                    PlannedChange(Self.scratch(site.at("f")), by: [.user], onFailure: .stop),
                    PlannedChange(Self.scratch(site.at("g")), by: [.seed], onFailure: .stop),
                    PlannedChange(Self.scratch(site.at("h")), by: [.root], onFailure: .stop),
                ]
                expectSame(
                    try site.stories(changes),
                    """
                    failed: cannot use /f: it is a file, and a directory is expected; move it away or choose another path
                      no f
                    skipped: /f cannot be used
                    skipped: /f cannot be used
                    stopped by test: cannot create /g: permission denied (mkdirat EACCES as seed 177449:83070); nothing \
                    is mounted there: the scratch volume is probably missing from the pod's volumeMounts (docker run -v)
                    """)
            }
        }
    }

    @Test func `a dry run changes nothing and knows what would be there`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try site.directory("s", 0o777)
                try site.file("f")
                let before = try site.listing()
                let changes = ["s/a", "s/a/b", "s", "f"].map {
                    PlannedChange(Self.scratch(site.at($0)), by: [.user, .seed], onFailure: .warn)
                }
                expectSame(
                    try site.stories(changes, mode: .dryRun),
                    """
                    changed as user 254321:83070
                    changed as user 254321:83070
                    already
                    failed: cannot use /f: it is a file, and a directory is expected; move it away or choose another path
                    """)
                expectSame(try site.listing(), before)
            }
        }
    }
}
