import Glibc
import Linux
import TestSupport
import Testing

@testable import Boot

/// Whose a directory may be, and where root and the seed user make one.
@Suite(.actingAsUsers)
struct DirectoryRightsTests {
    private static func home(_ path: FilePath, owners: [UInt32] = [Site.user.user, Site.seed.user]) -> Change {
        .directory(
            DirectoryChange(
                at: DirectoryChange.Place(path, own: [path], isOnVolume: true),
                made: DirectoryChange.Form(mode: 0o1770, seedMode: 0o1770, group: Site.user.group), use: .write,
                trust: DirectoryChange.Trust(owners: owners)))
    }

    private static func shell(_ path: FilePath) -> Change {
        .directory(
            DirectoryChange(
                at: DirectoryChange.Place(path), made: DirectoryChange.Form(mode: 0o700, group: Site.user.group),
                use: .enter,
                trust: DirectoryChange.Trust(
                    owners: [Site.user.user, 0],
                    startup: StartupFiles(
                        files: [".zshenv", ".zshrc"].map { path.appending($0) }, homeFiles: [], volume: "/",
                        owners: [Site.user.user]))))
    }

    private static func roots(_ path: FilePath) -> Change {
        .directory(
            DirectoryChange(
                at: DirectoryChange.Place(path), made: DirectoryChange.Form(mode: 0o755, owner: 0, group: 0),
                use: .none))
    }

    @Test func `a home has the sticky bit from the start, whoever makes it, and nothing lies beside it`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try site.directory("open", 0o775, 0, Site.user.group)
                try site.directory("seeds", 0o755, Site.seed.user, 600)
                expectSame(try site.story(Self.home(site.at("open/jane"))), "changed as user 254321:83070")
                expectSame(try site.story(Self.home(site.at("seeds/jane"))), "changed as seed 177449:83070")
                for path in ["open/jane", "seeds/jane"] {
                    expectSame(try site.story(Self.home(site.at(path))), "already")
                }
                expectSame(
                    try site.listing(),
                    """
                    open 0775 0:83070 /
                    open/jane 1770 254321:83070 /
                    seeds 0755 177449:600 /
                    seeds/jane 1770 177449:83070 /
                    """)
            }
        }
    }

    @Test func `a home of somebody else's is used by nobody, also in a dry run, unless its owner is permitted`() async {
        await #expect(processExitsWith: .success) {
            for owner in [0, 4711] as [UInt32] {
                try withSite { site in
                    try site.directory("jane", 0o777, owner, Site.user.group)
                    let refusal =
                        "failed: cannot use /jane: it belongs to "
                        + (owner == 0
                            ? "root, whose files there could run as user 254321; "
                            : "user 4711, and NB_UID is 254321; probably NB_UID must be 4711; if 254321 is right, files of "
                                + "the owner's there could run as user 254321: ")
                        + "its owner or root can run chown 254321:83070 /jane, or the image's configuration "
                        + "can permit the owner: scratch.homeOwners: [\(owner)]"
                    for mode in [.dryRun, .boot] as [Apply.Mode] {
                        expectSame(try site.story(Self.home(site.at("jane")), mode: mode), refusal)
                    }
                    let story = try site.story(Self.home(site.at("jane"), owners: [Site.user.user, owner]))
                    #expect(story.hasPrefix("already"), "\(story)")
                    // Through a link of the user's own, too.
                    try site.link("link", to: "jane")
                    let linked = try site.story(Self.home(site.at("link")))
                    #expect(
                        linked.contains(
                            "a symbolic link to a directory that belongs to \(owner == 0 ? "root" : "user 4711")")
                            && !linked.contains("chown"), "\(linked)")
                    // Of a link of somebody else's its owner can make another.
                    try site.directory("own", 0o1770, Site.user.user, Site.user.group)
                    try site.link("other", to: "own")
                    try #require(lchown(site.at("other").string, 4711, 4711) == 0)
                    let others = try site.story(Self.home(site.at("other")))
                    #expect(
                        others.contains("/other: it is a symbolic link that belongs to user 4711, whose"), "\(others)")
                    try #require(lchown(site.at("other").string, Site.user.user, Site.user.group) == 0)
                    expectSame(try site.story(Self.home(site.at("other"))), "already")
                    for name in ["other", "own"] { try #require(remove(site.at(name).string) == 0) }
                    expectSame(try site.listing(), "jane 0777 \(owner):83070 /\nlink -> jane")
                }
            }
        }
    }

    @Test func `a home in whose place the user's fallback is counts as in the plan`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try site.directory("s", 0o775, 0, Site.user.group)
                try site.file("home")
                func stories(_ name: String) throws -> String {
                    let home = DirectoryChange(
                        at: DirectoryChange.Place(site.at("home")),
                        made: DirectoryChange.Form(mode: 0o750, group: Site.user.group), use: .write,
                        fallbacks: [site.at(name)])
                    return try site.stories([
                        PlannedChange(.directory(home), by: [.user], onFailure: .warn),
                        PlannedChange(Self.home(site.at(name)), by: [.user, .seed], onFailure: .warn),
                    ])
                }
                #expect(try stories("s/jane").contains("/s/jane is used instead"))
                try site.directory("s/bob", 0o777, 4711, Site.user.group)
                #expect(try stories("s/bob").contains("cannot use /s/bob: it belongs to user 4711"))
                #expect(try !stories("s/bob").contains("is used instead"))
                expectSame(
                    try site.listing(),
                    "home 0644 0:0 ''\ns 0775 0:83070 /\ns/bob 0777 4711:83070 /\ns/jane 1770 254321:83070 /")
            }
        }
    }

    @Test func `what others can do in a home or with the shell's files is told, and left as it is`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try site.directory("a", 0o770, Site.user.user, Site.user.group)
                try site.directory("b", 0o2777, Site.user.user, Site.user.group)
                try site.directory("c", 0o770, Site.seed.user, Site.user.group)
                try site.directory("d", 0o750, Site.user.user, Site.user.group)
                func told(_ what: String, _ correction: String) -> String {
                    "others of group 83070 can move the user's files away; \(what)correct it with chmod \(correction)"
                }
                expectSame(
                    try site.story(Self.home(site.at("a"))), "already\n  /a has mode 0770: \(told("", "1770 /a"))")
                expectSame(
                    try site.story(Self.home(site.at("b"))),
                    "already\n  /b has mode 2777: \(told("", "3770 /b"))\n  /b has mode 2777: everyone can enter it; "
                        + "correct it with chmod o-rwx /b")
                expectSame(
                    try site.story(Self.home(site.at("c"))),
                    "already\n  /c has mode 0770: \(told("its owner (177449) can ", "1770 /c"))")
                expectSame(try site.story(Self.home(site.at("d"))), "already")
                expectSame(
                    try site.story(Self.shell(site.at("a"))),
                    "already\n  /a has mode 0770: others can enter it or change what shells run; correct it with "
                        + "chmod 700 /a")
                try site.directory("closed", 0o700, Site.user.user, Site.user.group)
                expectSame(try site.story(Self.shell(site.at("closed"))), "already")
                try site.file("closed/.zshenv", "x", 0o644, 4711)
                try site.file("closed/.zshrc", "x", 0o644, Site.user.user)
                let before = try site.listing()
                for mode in [.dryRun, .boot] as [Apply.Mode] {
                    expectSame(
                        try site.story(Self.shell(site.at("closed")), mode: mode),
                        "already\n  /closed/.zshenv belongs to user 4711, and what it says runs as user 254321; look at it, "
                            + "and remove it or run chown -h 254321:83070 /closed/.zshenv")
                }
                expectSame(try site.listing(), before)
                try site.directory("bobs", 0o777, 4711, Site.user.group)
                #expect(try site.story(Self.shell(site.at("bobs"))).contains("failed: cannot use /bobs: it belongs to"))
            }
        }
    }

    @Test func `root makes a directory of its own only where every directory above is root's own`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                let base = site.root.parent
                let isSafe = try #require(try FileTree().status(base, links: .refuse)).mode
                try #require(isSafe.contains(0o1000) || isSafe.rawValue & 0o022 == 0)
                try site.directory("own", 0o755)
                try site.directory("sticky", 0o1777)
                try site.directory("open", 0o775, 0, Site.user.group)
                try site.directory("users", 0o755, Site.user.user, Site.user.group)
                try site.directory("users/own", 0o755)
                try site.link("link", to: "own")
                for path in ["own/a/b", "sticky/a"] {
                    expectSame(try site.story(Self.roots(site.at(path)), by: [.root]), "changed as root")
                }
                let before = try site.listing()
                for mode in [.dryRun, .boot] as [Apply.Mode] {
                    for (path, place, whose) in [
                        ("users/a", "users", "mode 0755 and belongs to 254321:83070"),
                        ("users/own/a", "users", "mode 0755 and belongs to 254321:83070"),
                        ("open/a", "open", "mode 0775 and belongs to 0:83070"),
                    ] {
                        expectSame(
                            try site.story(Self.roots(site.at(path)), by: [.root], mode: mode),
                            "failed: cannot create /\(path) as root: /\(place) has \(whose), and root makes nothing in "
                                + "another's directory; choose another owner for it in scratch.directories, or a path that "
                                + "is root's alone")
                    }
                    expectSame(
                        try site.story(Self.roots(site.at("link/a")), by: [.root], mode: mode),
                        "failed: cannot create /link/a as root: /link is a symbolic link, and a directory is expected; name the "
                            + "directory itself in scratch.directories")
                }
                expectSame(try site.listing(), before)
            }
        }
    }

    @Test func `a directory of root's in a user's tree is a mistake, told with its place`() throws {
        func problems(_ paths: String..., in variables: [String: String] = [:]) throws -> [String] {
            var configuration = Configuration()
            let items = paths.map { "    - {path: \($0), owner: root}\n" }.joined()
            configuration.add(Array("scratch:\n  directories:\n\(items)".utf8), name: "f.yaml")
            do throws(SettingsError) {
                _ = try Settings.read(
                    from: Pod.environment(variables.mapValues { Array($0.utf8) }), configuration: configuration,
                    contents: .expected(FileTree(root: "/nowhere")))
                return []
            } catch {
                return error.problems.map(\.text)
            }
        }
        for (number, (path, place, variable)) in [
            ("/scratch/homes/jane", "/scratch/homes/jane", "SCRATCH_HOME"),
            ("/scratch/homes/jane/x/y", "/scratch/homes/jane", "SCRATCH_HOME"),
            ("/scratch/homes/bob", "/scratch/homes", "SCRATCH_HOME_ROOT"),
            ("/scratch/hf_cache/models", "/scratch/hf_cache", "HF_HOME"),
            ("/home/jane/.config", "/home/jane", "the user's home"),
        ].enumerated() {
            #expect(
                try problems("/srv/\(number)", path) == [
                    "f.yaml:4:7: scratch.directories[1]: root makes no directory below \(place) (\(variable)), which "
                        + "belongs to users: name a path that is nobody else's, or another owner"
                ])
        }
        #expect(try problems("/work/x", in: ["WORKING_DIR": "/work"]).count == 1)
        #expect(try problems("/h/x", "/c/x", in: ["SCRATCH_HOME": "/h", "HF_HOME": "/c"]).count == 2)
        #expect(try problems("/srv", "/scratch", "/home", "/scratch/homesick", in: ["WORKING_DIR": "/"]) == [])
    }

    // MARK: The seed user

    /// Where the seed user may work by path: `anywhere`, `nowhere`, or where what is mounted decides.
    @Test func `a path tells where the seed user may work`() {
        let volume = SeedDirectory.Volume(source: "s", type: "t")
        let plain = [SeedDirectory("/h")], described = [SeedDirectory("/h", on: volume)]
        func words(_ places: SeedPlaces, _ parent: FilePath, _ target: FilePath, made: [FilePath] = []) -> String {
            let named = places.named(parent, for: target, made: made)
            return named.map { $0.isEmpty ? "nowhere" : "by mount" } ?? "anywhere"
        }
        #expect(words(SeedPlaces(), "/x", "/x/y") == "anywhere")
        #expect(words(SeedPlaces(isStrict: true), "/x", "/x/y") == "nowhere")
        for list in [plain, described] {
            let strict = SeedPlaces(list, isStrict: true)
            #expect(words(strict, "/h", "/h/jane") == "by mount")
            #expect(words(strict, "/h/a", "/h/a/jane") == "nowhere")
            #expect(words(strict, "/h/a", "/h/a/jane", made: ["/h/a"]) == "by mount")
            #expect(words(strict, "/", "/h/jane") == "nowhere" && words(strict, "/hh", "/hh/jane") == "nowhere")
        }
        #expect(words(SeedPlaces(plain), "/h/a", "/h/a/jane") == "anywhere")
        #expect(words(SeedPlaces(plain), "/", "/h/jane") == "anywhere")
        #expect(words(SeedPlaces(described), "/h/a", "/h/a/jane") == "by mount")
        #expect(words(SeedPlaces(described), "/", "/h/jane") == "nowhere")
    }

    @Test func `a mount tells where the seed user may work, byte for byte`() throws {
        let directory = try FileTree().openParent(of: "/proc/x", links: .refuse)
        let number = directory.mount
        let mounts = SeedPlaces.Mounts(
            all: [
                Mount(id: 1, point: "/", type: "overlay", source: "overlay"),
                Mount(id: number, root: "/sub e\u{301}", point: "/proc", type: "nfs4", source: "10.0.0.5:/export"),
            ], root: 1)
        func isNamed(
            _ source: String = "10.0.0.5:/export", _ type: String = "nfs4", _ root: String = "/sub e\u{301}",
            _ point: FilePath? = nil
        ) -> Bool {
            let volume = SeedDirectory.Volume(source: source, type: type, root: root, point: point)
            return SeedPlaces().refusal(of: directory, [SeedDirectory("/proc", on: volume)], mounts) == nil
        }
        #expect(number != 0 && isNamed())
        #expect(isNamed("10.0.0.5:/export", "nfs4", "/sub e\u{301}", "/proc"))
        #expect(!isNamed("10.0.0.5:/export", "nfs4", "/sub e\u{301}", "/other"))
        #expect(!isNamed("10.0.0.5:/other") && !isNamed("10.0.0.5:/export", "nfs"))
        #expect(!isNamed("10.0.0.5:/export", "nfs4", "/") && !isNamed("10.0.0.5:/export", "nfs4", "/sub \u{e9}"))
        let plain = SeedPlaces().refusal(of: directory, [SeedDirectory("/proc")], mounts)
        #expect(
            plain
                == "the seed user does nothing in /proc, which lies on a mount that the image's configuration does not "
                + "describe: if it may work there, add to scratch.seedDirectories: {path: /proc, source: \"10.0.0.5:/export\", "
                + "root: \"/sub e\u{301}\", type: nfs4, point: /proc}")
        // The image's own, and what nothing is known of.
        let own = SeedPlaces.Mounts(all: mounts.all, root: number)
        #expect(SeedPlaces().refusal(of: directory, [SeedDirectory("/proc")], own) == nil)
        let unknown = SeedPlaces.Mounts(all: [], root: 0)
        #expect(SeedPlaces().refusal(of: directory, [SeedDirectory("/proc")], unknown) != nil)
    }

    @Test func `the seed makes a directory where the mount is the described one, and nowhere else`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try site.mountMemory("size=1m")
                try site.directory("h", 0o755, Site.seed.user, Site.seed.group)
                func story(_ source: String, isStrict: Bool, mode: Apply.Mode = .boot, _ name: String = "jane") throws
                    -> String
                {
                    let volume = SeedDirectory.Volume(source: source, type: "tmpfs")
                    let places = SeedPlaces([SeedDirectory(site.at("h"), on: volume)], isStrict: isStrict)
                    return try site.story(Self.home(site.at("h/\(name)")), mode: mode, seedPlaces: places)
                }
                for isStrict in [true, false] {
                    for mode in [.dryRun, .boot] as [Apply.Mode] {
                        let refusal = try story("other", isStrict: isStrict, mode: mode)
                        #expect(
                            refusal.hasSuffix(
                                "(mkdirat EACCES as user 254321:83070); the seed user does nothing in /h, which lies on a mount "
                                    + "that the image's configuration does not describe: if it may work there, "
                                    + "add to scratch.seedDirectories: {path: /h, source: memory, root: /, type: tmpfs, "
                                    + "point: }")
                                || mode == .dryRun && refusal.contains("the seed user does nothing in /h"), "\(refusal)"
                        )
                        expectSame(try site.listing(), "h 0755 177449:83070 /")
                    }
                }
                for (isStrict, name) in [(true, "jane"), (false, "bob")] {
                    expectSame(
                        try story("memory", isStrict: isStrict, mode: .dryRun, name), "changed as seed 177449:83070")
                    expectSame(try story("memory", isStrict: isStrict, name), "changed as seed 177449:83070")
                }
            }
        }
    }
}
