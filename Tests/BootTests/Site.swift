import Foundation
import Glibc
import Linux
import TestSupport
import Testing

@testable import Boot

/// A directory with people, where changes are applied: root, the seed user and the user, as on a machine of their own, or
/// the user alone, who has a home, a scratch directory and an image's files there.
///
/// Where the tests run as root the process acts as each of them: only an exit test may apply changes then.
final class Site {
    static let user = Credentials(user: 254_321, group: 83070, groups: [])
    static let seed = Credentials(user: 177_449, group: 83070, groups: [])

    let root: FilePath
    /// The user: another than root where the tests run as root, else the one who runs them.
    let user: Credentials
    private let temporary: TemporaryDirectory
    private let seed: Credentials?
    private let umask: ModeBits

    var home: FilePath { at("home") }
    var scratch: FilePath { at("scratch") }
    var image: FilePath { at("image") }

    init(umask: ModeBits = 0o007, hasSeed: Bool = true, user: Credentials = Site.user) throws {
        temporary = try TemporaryDirectory()
        root = temporary.path
        self.user = user
        self.umask = umask
        seed = hasSeed ? Self.seed : nil
    }

    /// The site of the user alone.
    static func ofUser() throws -> Site {
        let found = try Privileges.current()
        let own = Credentials(user: found.user.effective, group: found.group.effective, groups: found.groups)
        let site = try Site(hasSeed: false, user: found.user.effective == 0 ? Site.user : own)
        for directory in ["home", "scratch", "image"] { try site.directory(directory) }
        for directory in [site.home, site.scratch] { try site.give(directory) }
        return site
    }

    deinit {
        if getuid() == 0 && geteuid() != 0 { _ = try? Privileges.resume(Credentials(user: 0, group: 0, groups: [])) }
        umount2(root.string, CInt(MNT_DETACH))
    }

    /// A path below the site.
    func at(_ path: String) -> FilePath { root.appending(path) }

    /// Makes a directory with a mode and an owner.
    @discardableResult
    func directory(_ path: String, _ mode: mode_t = 0o755, _ owner: UInt32 = geteuid(), _ group: UInt32 = getegid())
        throws -> FilePath
    {
        try #require(mkdir(at(path).string, 0o700) == 0 && chown(at(path).string, owner, group) == 0)
        try #require(chmod(at(path).string, mode) == 0)
        return at(path)
    }

    /// Makes a file with a content, a mode and an owner.
    @discardableResult
    func file(_ path: String, _ content: String = "", _ mode: mode_t = 0o644, _ owner: UInt32 = geteuid()) throws
        -> FilePath
    {
        try Data(content.utf8).write(to: URL(filePath: at(path).string))
        try #require(chmod(at(path).string, mode) == 0 && chown(at(path).string, owner, getegid()) == 0)
        return at(path)
    }

    /// Makes a link.
    @discardableResult
    func link(_ path: String, to target: String) throws -> FilePath {
        try #require(symlink(target, at(path).string) == 0)
        return at(path)
    }

    func content(_ path: String) -> String? {
        FileManager.default.contents(atPath: at(path).string).map { String(decoding: $0, as: UTF8.self) }
    }

    func inode(_ path: String) throws -> UInt64 {
        try #require(try FileTree().status(at(path), links: .refuse)).inode
    }

    /// Makes the site's directory a file system of its own, which ends with the process.
    func mountMemory(_ options: String) throws {
        try #require(mount("memory", root.string, "tmpfs", 0, options) == 0)
        try #require(chmod(root.string, 0o755) == 0)
    }

    /// Makes the site's file system read-only.
    func makeReadOnly() throws {
        try #require(mount("none", root.string, nil, UInt(MS_REMOUNT | MS_RDONLY), nil) == 0)
    }

    /// Makes the user the owner of a file.
    func give(_ path: FilePath) throws {
        try #require(lchown(path.string, user.user, user.group) == 0)
    }

    /// Makes a file of the user's.
    func makeFile(_ path: FilePath, _ content: String = "", mode: mode_t = 0o644) throws {
        try Data(content.utf8).write(to: URL(filePath: path.string))
        try #require(chmod(path.string, mode) == 0)
        try give(path)
    }

    /// Makes a directory of the user's, and those above it.
    func makeDirectory(_ path: FilePath, mode: mode_t = 0o755) throws {
        if mkdir(path.string, mode) != 0 {
            try #require(errno == ENOENT)
            try makeDirectory(path.parent)
            try #require(mkdir(path.string, mode) == 0)
        }
        try #require(chmod(path.string, mode) == 0)
        try give(path)
    }

    /// Makes a link of the user's.
    func makeLink(_ path: FilePath, to target: FilePath) throws {
        try #require(symlink(target.string, path.string) == 0)
        try give(path)
    }

    /// Applies a plan; `observe` is told of each event.
    ///
    /// - Returns: the variables for the user's command.
    @discardableResult
    func apply(
        _ plan: Plan, mode: Apply.Mode, seedPlaces: SeedPlaces = SeedPlaces(), start: Start? = nil,
        observe: (Event) -> Void
    ) throws(BootError) -> [(name: String, value: String)] {
        let privileges: Privileges
        do throws(SystemCallError) {
            privileges = try Privileges.current()
        } catch {
            throw BootError(.startCredentials, step: "test", "cannot read the privileges: \(error)")
        }
        let people = People(
            user: People.User(name: "jane", groupName: "lab", home: home, shell: "/bin/sh", credentials: user),
            seed: seed, accounts: PlannedAccounts(), warnings: [])
        let start = start ?? (privileges.user.effective == 0 ? .root : .bare)
        let actors = Actors(people, privileges: privileges, start: start, umask: umask)
        return try Apply(mode, tree: FileTree(), actors: actors, seedPlaces: seedPlaces).run(plan, observe: observe)
    }
}

/// Runs a body with a site in a process and mounts of its own.
func withSite(umask: ModeBits = 0o007, hasSeed: Bool = true, _ body: (Site) throws -> Void) throws {
    try inProcessOfItsOwn {
        let site = try Site(umask: umask, hasSeed: hasSeed)
        try withExtendedLifetime(site) { try body(site) }
    }
}

/// Expects two texts to be the same, and shows the first: of an exit test nothing else is seen.
func expectSame(_ actual: String, _ expected: String, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(actual == expected, "it is:\n\(actual)", sourceLocation: sourceLocation)
}

/// Mounts a file system of memory.
func mountMemory(at path: FilePath, size: String = "1m") throws {
    try #require(mount("tmpfs", path.string, "tmpfs", 0, "size=\(size),mode=1777") == 0)
}
