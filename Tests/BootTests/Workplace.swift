import CTestSupport
import Foundation
import Glibc
import Linux
import SystemPackage
import Testing

@testable import Boot

/// A home, a scratch directory and an image's files in a temporary directory, and a user who works there.
///
/// The user is another than root where the tests run as root: then the process takes his effective ids, and only exit
/// tests may use this.
final class Workplace {
    let root: FilePath
    let user: Credentials
    private let apply: (Plan, Apply.Mode) throws(BootError) -> (events: [Event], exports: [String: String])

    var home: FilePath { root.appending("home") }
    var scratch: FilePath { root.appending("scratch") }
    var image: FilePath { root.appending("image") }

    init(umask: ModeBits = 0o007) throws {
        var template = Array("\(NSTemporaryDirectory())/entrypoint-test-XXXXXX".utf8CString)
        let made = template.withUnsafeMutableBufferPointer { $0.baseAddress.flatMap { mkdtemp($0) } }
        let root = FilePath(platformString: try #require(made))
        self.root = root
        let privileges = try Privileges.current()
        let isRoot = privileges.user.effective == 0
        let user =
            isRoot
            ? Credentials(user: 254_321, group: 83070, groups: [])
            : Credentials(
                user: privileges.user.effective, group: privileges.group.effective, groups: privileges.groups)
        self.user = user
        let people = People(
            user: People.User(
                name: "jane", groupName: "lab", home: root.appending("home"), shell: "/bin/zsh", credentials: user),
            seed: nil, accounts: PlannedAccounts(),
            warnings: [])
        let host = Host(tree: FileTree(), privileges: privileges)
        apply = { plan, mode throws(BootError) in
            let actors = Actors(people, privileges: privileges, start: host.start, umask: umask)
            let apply = Apply(mode, tree: host.tree, actors: actors)
            var events: [Event] = []
            let exports = try apply.run(plan) { events.append($0) }
            return (events, Dictionary(exports.map { ($0.name, $0.value) }) { $1 })
        }
        chmod(root.string, 0o755)
        for directory in [home, scratch, image] {
            try #require(mkdir(directory.string, 0o755) == 0)
        }
        for directory in [home, scratch] { try give(directory) }
    }

    deinit {
        try? FileManager.default.removeItem(atPath: root.string)
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
            try makeDirectory(path.removingLastComponent())
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

    /// Applies changes as the user; failures are told and do not end it.
    func apply(
        _ changes: Change..., exports: [Export] = [], mode: Apply.Mode = .boot
    ) throws(BootError) -> (events: [Event], exports: [String: String]) {
        let changes = changes.map {
            StepChange(step: "test", planned: PlannedChange($0, by: [.user], onFailure: .warn))
        }
        return try apply(Plan(changes: changes, exports: exports, warnings: []), mode)
    }

    /// Applies a plan as the user.
    func apply(
        _ plan: Plan, mode: Apply.Mode = .boot
    ) throws(BootError) -> (events: [Event], exports: [String: String]) {
        try apply(plan, mode)
    }

    /// The only event of one change.
    func event(of change: Change, mode: Apply.Mode = .boot) throws -> Event {
        let events = try apply(change, mode: mode).events
        try #require(events.count == 1)
        return events[0]
    }

    /// A text with the workplace's own path left out.
    func plain(_ text: String) -> String { text.replacingOccurrences(of: root.string, with: "") }

    /// What came of a change, and what was told, as one text: `changed`, `failed: …`; notes and the remark below.
    func story(of change: Change, mode: Apply.Mode = .boot) throws -> String {
        try story(event(of: change, mode: mode))
    }

    /// An event as text.
    func story(_ event: Event) -> String {
        let outcome =
            switch event.outcome {
            case .already: "already"
            case .changed: "changed"
            case .skipped(let reason): "skipped: \(reason)"
            case .unneeded(let reason): "unneeded: \(reason)"
            case .failed(let error): "failed: \(error.message)"
            }
        let user = "user \(user.text)"
        return plain(([outcome] + event.notes + (event.remark.isEmpty ? [] : [event.remark])).joined(separator: "\n"))
            .replacingOccurrences(of: user, with: "user")
    }

    /// All that is below a directory, one line an entry: name, mode, owner if it is not the user, content or target; the
    /// manifest of ssh's files is left out.
    func listing(_ directory: FilePath) throws -> String {
        let names = try FileManager.default.subpathsOfDirectory(atPath: directory.string).sorted()
            .filter { $0 != ".entrypoint" && !$0.hasSuffix("/.entrypoint") }
        return try names.map { name in
            let path = directory.appending(name)
            let status = try #require(try FileTree().entryStatus(path))
            let owner = status.user == user.user && status.group == user.group ? "" : " \(status.user):\(status.group)"
            switch status.kind {
            case .link:
                let target = try FileManager.default.destinationOfSymbolicLink(atPath: path.string)
                return "\(name)\(owner) -> \(plain(target))"
            case .file:
                let content = try #require(FileManager.default.contents(atPath: path.string))
                let text = String(decoding: content, as: UTF8.self).replacing("\n", with: "\\n")
                return "\(name) \(status.mode.octal)\(owner)\(text.isEmpty ? "" : " \(text)")"
            case .directory: return "\(name)/ \(status.mode.octal)\(owner)"
            default: return "\(name) \(status.kind)\(owner)"
            }
        }.joined(separator: "\n")
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
