import Foundation
import Glibc
import Linux
import TestSupport
import Testing

@testable import Boot

/// What a dry run says of work that will fail: what the boot says then.
struct ForesightTests {
    /// Work of the user's in a directory.
    enum Work: CaseIterable {
        case directory, file, copy, link, target, obstacle, git, ssh

        func change(in place: FilePath, on site: Site) throws -> Change {
            let path = place.appending("x")
            switch self {
            case .directory:
                return .directory(
                    DirectoryChange(
                        at: DirectoryChange.Place(path),
                        made: DirectoryChange.Form(mode: 0o770, group: site.user.group), use: .none))
            case .file: return .firstFile(FirstFileChange(path: path))
            case .copy: return .copy(CopyChange(from: site.image.appending("file"), to: path))
            case .link: return .link(LinkChange(path, to: site.scratch.appending("file"), .file, mode: 0o600))
            case .target: return .link(LinkChange(site.home.appending("x"), to: path, .directory, mode: 0o700))
            case .obstacle:
                return .link(
                    LinkChange(place.appending("there"), to: site.scratch.appending("file"), .file, mode: 0o600))
            case .git:
                return .gitIdentity(
                    GitIdentityChange(
                        path: path, entries: [GitIdentityChange.Entry(key: "name", value: "Jane")], git: nil,
                        home: site.home))
            case .ssh:
                let file = SSHFilesChange.File(.knownHosts, Secret(text: "HOST\n"), from: "SSH_KNOWN_HOSTS")
                let root = Mount(point: "/", type: "overlay", source: "overlay")
                return .sshFiles(SSHFilesChange(directory: path, files: [file], alias: nil, mounts: [root]))
            }
        }
    }

    /// Why the work fails.
    enum Obstacle: String, CaseIterable {
        case closed, readOnly
    }

    @Test(.actingAsUsers, arguments: Work.allCases, Obstacle.allCases)
    func `a dry run foresees what cannot be made`(work: Work, obstacle: Obstacle) async {
        await #expect(processExitsWith: .success) {
            [work = "\(work)" as String, obstacle = obstacle.rawValue as String] in
            try inProcessOfItsOwn {
                let site = try Site(hasSeed: false)
                try site.mountMemory("size=1m")
                for name in ["home", "scratch", "image"] { try site.directory(name) }
                for directory in [site.home, site.scratch] { try site.give(directory) }
                try site.makeFile(site.scratch.appending("file"))
                try site.file("image/file")
                let place = try site.directory("place")
                try site.makeFile(place.appending("there"), "mine")
                if obstacle == "readOnly" {
                    try site.give(place)
                    try site.makeReadOnly()
                }
                let wanted = try #require(Work.allCases.first { "\($0)" == work })
                let change = try wanted.change(in: place, on: site)
                let foreseen = try Self.failure(of: change, by: .user, .dryRun, on: site)
                let met = try Self.failure(of: change, by: .user, .boot, on: site)
                let errno: Errno = obstacle == "readOnly" ? .readOnlyFileSystem : .permissionDenied
                #expect(foreseen?.attempts.last?.error.errno == errno, "\(foreseen?.message ?? "nothing")")
                #expect(met?.attempts.last?.error.errno == errno, "\(met?.message ?? "nothing")")
                #expect(foreseen?.attempts.last?.identity == met?.attempts.last?.identity)
            }
        }
    }

    @Test(.actingAsUsers, arguments: ["writes", "removes"])
    func `a dry run foresees that root cannot change a file`(verb: String) async {
        await #expect(processExitsWith: .success) { [verb = verb as String] in
            try inProcessOfItsOwn {
                let site = try Site(hasSeed: false)
                try site.mountMemory("size=1m")
                let file = try site.file("file", "old")
                let change: Change =
                    verb == "writes"
                    ? .file(FileChange(path: file, content: Array("new".utf8), mode: 0o440, meaning: "a test"))
                    : .removal(RemovalChange(path: file, meaning: "a test"))
                #expect(try Self.failure(of: change, by: .root, .dryRun, on: site) == nil)
                try site.makeReadOnly()
                let foreseen = try Self.failure(of: change, by: .root, .dryRun, on: site)
                let met = try Self.failure(of: change, by: .root, .boot, on: site)
                #expect(foreseen?.attempts.last?.error.errno == .readOnlyFileSystem)
                #expect(foreseen?.action == met?.action && foreseen?.remedy == met?.remedy)
                #expect(site.content("file") == "old")
            }
        }
    }

    /// Why a change fails; `nil` where it does not.
    private static func failure(
        of change: Change, by actor: Actor, _ mode: Apply.Mode, on site: Site
    ) throws -> BootError? {
        var failure: BootError?
        let planned = PlannedChange(change, by: [actor], onFailure: .warn)
        let plan = Plan(changes: [StepChange(step: "test", planned: planned)], exports: [], warnings: [])
        try site.apply(plan, mode: mode) { event in
            if case .failed(let error) = event.outcome { failure = error }
        }
        return failure
    }
}
