import Foundation
import Glibc
import Linux
import SystemPackage
import TestSupport
import Testing

@testable import Boot

/// A directory where root, the seed user and the user work, as on a machine of their own.
///
/// The process acts as each of them: only the body of ``withSite(_:)`` in an exit test may use it.
final class Site {
    let root: FilePath
    static let user = Credentials(user: 254_321, group: 83070, groups: [])
    static let seed = Credentials(user: 177_449, group: 83070, groups: [])
    private let umask: ModeBits
    private let hasSeed: Bool

    init(umask: ModeBits = 0o007, hasSeed: Bool = true) throws {
        var template = Array("\(NSTemporaryDirectory())/entrypoint-test-XXXXXX".utf8CString)
        let made = template.withUnsafeMutableBufferPointer { $0.baseAddress.flatMap { mkdtemp($0) } }
        root = FilePath(platformString: try #require(made))
        chmod(root.string, 0o755)
        self.umask = umask
        self.hasSeed = hasSeed
    }

    deinit {
        if getuid() == 0 && geteuid() != 0 { _ = try? Privileges.resume(Credentials(user: 0, group: 0, groups: [])) }
        umount2(root.string, CInt(MNT_DETACH))
        try? FileManager.default.removeItem(atPath: root.string)
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

    /// Applies one change and tells what came of it as text: outcome, as whom, and notes below; paths without the site's.
    func story(
        _ change: Change, by actors: [Actor] = [.user, .seed], mode: Apply.Mode = .boot,
        seedPlaces: SeedPlaces = SeedPlaces(), start: Start = .root
    ) throws -> String {
        let planned = PlannedChange(change, by: actors, onFailure: .warn)
        return try stories([planned], mode: mode, seedPlaces: seedPlaces, start: start)
    }

    /// Applies several changes.
    func stories(
        _ changes: [PlannedChange], exports: [Export] = [], mode: Apply.Mode = .boot,
        seedPlaces: SeedPlaces = SeedPlaces(), start: Start = .root
    ) throws -> String {
        let people = People(
            user: People.User(
                name: "jane", groupName: "lab", home: at("home"), shell: "/bin/sh", credentials: Self.user),
            seed: hasSeed ? Self.seed : nil,
            accounts: PlannedAccounts(), warnings: [])
        let privileges = try Privileges.current()
        let actors = Actors(people, privileges: privileges, start: start, umask: umask)
        let apply = Apply(mode, tree: FileTree(), actors: actors, seedPlaces: seedPlaces)
        var lines: [String] = []
        let plan = Plan(
            changes: changes.map { StepChange(step: "test", planned: $0) }, exports: exports, warnings: [])
        do throws(BootError) {
            let exports = try apply.run(plan) { event in lines.append(Self.story(event)) }
            lines += exports.map { "\($0.name)=\($0.value)" }
        } catch {
            lines.append("stopped by \(error.step): \(error.message)")
        }
        _ = Glibc.umask(0o022)
        return lines.joined(separator: "\n").replacingOccurrences(of: root.string, with: "")
    }

    private static func story(_ event: Event) -> String {
        let outcome =
            switch event.outcome {
            case .already: "already"
            case .changed: "changed as \(event.identity)"
            case .skipped(let reason): "skipped: \(reason)"
            case .unneeded(let reason): "unneeded: \(reason)"
            case .failed(let error): "failed: \(error.message)"
            }
        return ([outcome] + event.notes).joined(separator: "\n  ")
    }

    /// All that is in the site: each name with its mode and owner, and a file's content or a link's target.
    func listing() throws -> String {
        let names = try FileManager.default.subpathsOfDirectory(atPath: root.string).sorted()
        return try names.map { name in
            let status = try #require(try FileTree().status(at(name), links: .refuse))
            let start = "\(name) \(status.mode.octal) \(status.user):\(status.group)"
            switch status.kind {
            case .directory: return start + " /"
            case .link:
                let target = try FileManager.default.destinationOfSymbolicLink(atPath: at(name).string)
                return "\(name) -> \(target)"
            case .file: return "\(start) '\(content(name) ?? "")'"
            default: return "\(start) \(status.kind.words)"
            }
        }.joined(separator: "\n")
    }
}

/// Runs a body with a site in a process and mounts of its own.
func withSite(umask: ModeBits = 0o007, hasSeed: Bool = true, _ body: (Site) throws -> Void) throws {
    try inProcessOfItsOwn {
        let site = try Site(umask: umask, hasSeed: hasSeed)
        try withExtendedLifetime(site) { try body(site) }
    }
}
