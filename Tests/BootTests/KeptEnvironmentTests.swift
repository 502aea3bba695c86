import Foundation
import Glibc
import Linux
import TestSupport
import Testing

@testable import Boot
@testable import Session

/// What a session takes for the environment that a boot has kept, below a folder that is shown as `/`.
@Suite(.actingAsUsers)
struct KeptEnvironmentTests {
    private static let user = Credentials(user: 254_321, group: 83070, groups: [])

    /// Keeps one as the boot does.
    private static func keep(_ environment: String..., in site: Site, start: Start = .root) throws {
        let state = try StateDirectory(for: start, user: user, in: FileTree(root: site.root))
        try state.keep(environment: environment.map(string), of: user.user, without: Secrets(of: BootSequence.groups))
    }

    /// Makes the places, and has the user's own boot keep `B=own` if that is wanted.
    private static func prepare(_ site: Site, own: Bool = false) throws {
        for path in ["run", "dev"] { try site.directory(path) }
        try site.directory("dev/shm", 0o1777)
        guard own else { return }
        try Privileges.assume(user)
        try keep("B=own", in: site, start: .bare)
        try Privileges.resume(Credentials(user: 0, group: 0, groups: []))
    }

    /// The entries, or why there are none.
    private static func found(for id: UInt32 = user.user, in site: Site) -> String {
        do throws(KeptEnvironment.Absence) {
            let entries = try KeptEnvironment.find(for: id, in: FileTree(root: site.root)).entries
            return entries.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "|")
        } catch {
            switch error {
            case .nothing(let words): return "nothing: " + words
            case .unusable(let words): return "unusable: " + words
            }
        }
    }

    @Test func `a boot's environment is its user's, and nobody else's`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try Self.prepare(site)
                try Self.keep("A=1", "B=two\nlines", "odd name=", in: site)
                #expect(Self.found(in: site) == "A=1|B=two\nlines|odd name=")
                #expect(
                    Self.found(for: 0, in: site) == "nothing: the environment of a boot is its user's, and never root's"
                )
                #expect(
                    Self.found(for: 254_322, in: site)
                        == "nothing: /run/entrypoint/environment is another user's; there is no "
                        + "/dev/shm/entrypoint-254322")
                try Privileges.assume(Self.user)
                #expect(KeptEnvironmentTests.found(for: CurrentProcess.effectiveUser, in: site).hasPrefix("A=1|"))
            }
        }
    }

    @Test func `the environment of a boot without privileges is the user's own, root's comes first`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try Self.prepare(site, own: true)
                #expect(Self.found(in: site) == "B=own")
                #expect(Self.found(for: 254_322, in: site).hasPrefix("nothing: "))
                try Self.keep("A=1", in: site)
                #expect(Self.found(in: site) == "A=1")
                // Root's is not to be trusted any more; the user's own still is.
                try #require(chmod(site.at("run").string, 0o777) == 0)
                #expect(Self.found(in: site) == "B=own")
            }
        }
    }

    @Test func `in sticky directories, which others may write in, it is found`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try Self.prepare(site)
                try #require(chmod(site.at("run").string, 0o1777) == 0)
                try Self.keep("A=1", in: site)
                #expect(Self.found(in: site) == "A=1")
            }
        }
    }

    /// What somebody else may have done to root's or the user's directory, and what is told of it.
    enum Tampering: String, CaseIterable, Codable, Sendable {
        case rootIsAnothers, holderIsOpen, holderIsGroups, holderIsAnothers, holderIsLink
        case directoryIsLink, directoryIsAnothers, directoryIsOpen, directoryIsGroups, directoryIsFile
        case fileIsAnothers, fileIsOpen, fileIsLink, fileIsHardLink, fileIsPipe, fileIsDirectory, fileIsGone
        case fileIsCutShort, fileIsHuge

        /// - Parameters:
        ///   - directory: the state directory.
        ///   - holder: the one that it is in.
        ///   - owner: whose the state directory must be.
        /// - Returns: what is told.
        func apply(_ site: Site, _ directory: String, _ holder: String, _ owner: UInt32) throws -> String {
            let file = directory + "/environment"
            func own(_ path: String, _ id: UInt32) throws { try #require(chown(site.at(path).string, id, 0) == 0) }
            func open(_ path: String, _ mode: mode_t) throws { try #require(chmod(site.at(path).string, mode) == 0) }
            func replace(_ path: String) throws -> String {
                try #require(rename(site.at(path).string, site.at("away").string) == 0)
                return site.at(path).string
            }
            switch self {
            case .rootIsAnothers:
                try own("", 5)
                return "/ belongs to user 5"
            case .holderIsOpen:
                try open(holder, 0o777)
                return "/\(holder) can be written to by others, or what is in it replaced"
            case .holderIsGroups:
                try open(holder, 0o775)
                return "/\(holder) can be written to by others, or what is in it replaced"
            case .holderIsAnothers:
                try own(holder, 5)
                return "/\(holder) belongs to user 5"
            case .holderIsLink:
                let path = try replace(holder)
                try #require(symlink("/away", path) == 0)
                return "/\(holder) is a symbolic link"
            case .directoryIsLink:
                let path = try replace(directory)
                try #require(symlink("/away", path) == 0)
                return "/\(directory) is a symbolic link"
            case .directoryIsAnothers:
                try own(directory, 5)
                return "/\(directory) belongs to user 5"
            case .directoryIsOpen:
                // The sticky bit is no excuse here: a file of any name may be the attacker's.
                try open(directory, 0o1777)
                return "/\(directory) can be written to by others, or what is in it replaced"
            case .directoryIsGroups:
                try open(directory, 0o775)
                return "/\(directory) can be written to by others, or what is in it replaced"
            case .directoryIsFile:
                _ = try replace(directory)
                try site.file(directory)
                return "/\(directory) is not what a boot makes there"
            case .fileIsAnothers:
                try own(file, 5)
                return "/\(file) belongs to user 5"
            case .fileIsOpen:
                try open(file, 0o666)
                return "/\(file) can be written to by others, or what is in it replaced"
            case .fileIsLink:
                let path = try replace(file)
                try #require(symlink("/away", path) == 0)
                return "/\(file) is a symbolic link"
            case .fileIsHardLink:
                try #require(link(site.at(file).string, site.at("other").string) == 0)
                return "/\(file) has 2 names"
            case .fileIsPipe:
                let path = try replace(file)
                try #require(mkfifo(path, 0o600) == 0 && chown(path, owner, 0) == 0)
                return "/\(file) is not what a boot makes there"
            case .fileIsDirectory:
                let path = try replace(file)
                try #require(mkdir(path, 0o700) == 0 && chown(path, owner, 0) == 0)
                return "/\(file) is not what a boot makes there"
            case .fileIsGone:
                _ = try replace(file)
                return "there is no /\(file)"
            case .fileIsCutShort:
                try #require(truncate(site.at(file).string, 2) == 0)
                return "cannot read /\(file): invalid argument"
            case .fileIsHuge:
                try #require(truncate(site.at(file).string, off_t(KeptEnvironment.limit) + 1) == 0)
                return "cannot read /\(file): invalid argument"
            }
        }
    }

    @Test(arguments: Tampering.allCases, [true, false])
    func `what somebody else may have put there is not taken`(tampering: Tampering, isRoots: Bool) async {
        await #expect(processExitsWith: .success) {
            [tampering = tampering as Tampering, isRoots = isRoots as Bool] in
            try withSite { site in
                try Self.prepare(site, own: !isRoots)
                if isRoots { try Self.keep("A=1", in: site) }
                let content = isRoots ? "A=1" : "B=own"
                #expect(Self.found(in: site) == content)
                let told = try tampering.apply(
                    site, isRoots ? "run/entrypoint" : "dev/shm/entrypoint-254321", isRoots ? "run" : "dev/shm",
                    isRoots ? 0 : Self.user.user)
                let found = Self.found(in: site)
                #expect(found.contains(told), "\(found)")
                #expect(found.hasPrefix(tampering == .fileIsGone ? "nothing: " : "unusable: "), "\(found)")
            }
        }
    }

    @Test(arguments: ["", "254322\n", "254321", "254321\n0", "0\n", "-1\n", "254321 \n"])
    func `a record of another user, or of none, gives nothing`(record: String) async {
        await #expect(processExitsWith: .success) { [record = record as String] in
            try withSite { site in
                try Self.prepare(site)
                try Self.keep("A=1", in: site)
                try site.file("run/entrypoint/environment.user", record)
                #expect(Self.found(in: site).hasPrefix("nothing: /run/entrypoint/environment is another user's"))
                try #require(unlink(site.at("run/entrypoint/environment.user").string) == 0)
                #expect(Self.found(in: site).hasPrefix("nothing: there is no /run/entrypoint/environment.user"))
                try site.link("run/entrypoint/environment.user", to: "environment")
                #expect(Self.found(in: site).hasPrefix("unusable: /run/entrypoint/environment.user is a symbolic link"))
            }
        }
    }

    @Test func `a volume of the pod's is not taken, one in memory is`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try Self.prepare(site)
                try Self.keep("A=1", in: site)
                let directory = site.at("run/entrypoint").string
                try #require(mount(directory, directory, nil, UInt(MS_BIND), nil) == 0)
                #expect(Self.found(in: site).hasPrefix("unusable: /run/entrypoint is a mount of the pod's"))
                try #require(umount2(directory, 0) == 0)
                let run = site.at("run").string
                try #require(mount("memory", run, "tmpfs", 0, "mode=1777") == 0)
                try Self.keep("A=2", in: site)
                #expect(Self.found(in: site) == "A=2")
            }
        }
    }

    @Test func `who is not in the group is told that it cannot be read`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try Self.prepare(site)
                try Self.keep("A=1", in: site)
                try Privileges.assume(Credentials(user: Self.user.user, group: 99, groups: []))
                #expect(
                    Self.found(in: site)
                        == "unusable: cannot read /run/entrypoint/environment: permission denied")
            }
        }
    }

    @Test func `what is exchanged between proof and use is not read`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                try Self.prepare(site)
                try Self.keep("A=1", in: site)
                try site.directory("evil", 0o755, 5)
                try site.file("evil/environment", "A=evil\0", 0o644, 5)
                try site.file("evil/environment.user", "254321\n", 0o644, 5)
                let (directory, away) = (site.at("run/entrypoint").string, site.at("run/away").string)
                let child = fork()
                if child == 0 {
                    while rename(directory, away) == 0, symlink("/evil", directory) == 0, unlink(directory) == 0,
                        rename(away, directory) == 0
                    {}
                    _exit(1)
                }
                var (found, naivelyFound): (Set<String>, Set<String>) = ([], [])
                let tree = FileTree(root: site.root)
                for _ in 0..<200_000
                where found.count < 2 || !found.contains("A=1") || !naivelyFound.contains("A=evil") {
                    found.insert(String(Self.found(in: site).prefix { $0 != ":" }))
                    // As it is done by names: look, and then read what has the name.
                    guard try tree.status("/run/entrypoint", links: .refuse)?.user == 0,
                        let bytes = try? tree.read("/run/entrypoint/environment")
                    else { continue }
                    naivelyFound.insert(String(decoding: bytes.dropLast(), as: UTF8.self))
                }
                kill(child, SIGKILL)
                waitpid(child, nil, 0)
                #expect(naivelyFound.contains("A=evil"))
                #expect(found.contains("A=1") && found.isSubset(of: ["A=1", "nothing", "unusable"]), "\(found)")
            }
        }
    }
}
