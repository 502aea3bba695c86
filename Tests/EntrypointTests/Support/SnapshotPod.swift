import Foundation
import Glibc
import TestSupport
import Testing

/// A pod with a directory that snapshots keep, as `entrypointctl snapshot` sees it: user 1000 of group 2000, and variables.
struct SnapshotPod {
    let storage: ObjectStorage
    let repository: String
    /// The directory; missing until something runs.
    let directory: String
    var environment: Environment

    static let user = Program.Credentials(user: 1000, group: 2000)
    static let password = "password of the repository"

    /// A command that runs.
    struct Run {
        let program: RunningProgram
        fileprivate let started = ContinuousClock.now
        fileprivate let end: EndTime

        /// Waits for its end, whose time is the true one, however late this is called.
        func wait(within deadline: Duration = .seconds(90)) throws -> Outcome {
            var outcome = try program.wait(within: deadline)
            let limit = ContinuousClock.now + .seconds(1)
            while end.noted == nil, ContinuousClock.now < limit { usleep(1000) }
            if let noted = end.noted { outcome.duration = noted - started }
            return outcome
        }
    }

    /// Starts `entrypointctl snapshot` with some arguments.
    func start(_ arguments: ByteString..., with changes: Environment = [:]) throws -> Run {
        var program = Program(
            TestMachine.directory + "/programs/usr/local/bin/entrypointctl", ["snapshot"] + arguments)
        program.environment = environment.with(changes)
        program.credentials = Self.user
        if !FileManager.default.fileExists(atPath: directory) { try makeDirectory("") }
        let running = try program.start()
        return Run(program: running, end: running.noteEnd())
    }

    /// Runs `entrypointctl snapshot` with some arguments.
    func run(_ arguments: ByteString..., with changes: Environment = [:]) throws -> Outcome {
        try run(arguments, with: changes)
    }

    /// Likewise, with the arguments as a list.
    func run(_ arguments: [ByteString], with changes: Environment = [:]) throws -> Outcome {
        var program = Program(
            TestMachine.directory + "/programs/usr/local/bin/entrypointctl", ["snapshot"] + arguments)
        program.environment = environment.with(changes)
        program.credentials = Self.user
        if !FileManager.default.fileExists(atPath: directory) { try makeDirectory("") }
        return try program.run()
    }

    /// The engine's processes that work with the repository.
    func engines() throws -> [Int32] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { Int32($0) }.filter { process in
            guard let name = try? String(contentsOfFile: "/proc/\(process)/comm", encoding: .utf8), name == "restic\n",
                let environment = try? Mounts.wholeText(of: "/proc/\(process)/environ")
            else { return false }
            return environment.split(separator: "\0").contains("RESTIC_REPOSITORY=\(storage.address(of: repository))")
        }
    }

    /// Expects that the engine ends soon, which nobody waits for any more.
    func expectNoEngine(sourceLocation: SourceLocation = #_sourceLocation) throws {
        let limit = ContinuousClock.now + .seconds(10)
        while ContinuousClock.now < limit {
            if try engines().isEmpty { return }
            usleep(50_000)
        }
        Issue.record("\(repository): the engine outlives the program", sourceLocation: sourceLocation)
    }

    // MARK: the directory

    /// What the directory's own file says of it; `nil` where there is none.
    func state() -> String? { member("state") }

    /// A text of the directory's own file.
    func member(_ name: String) -> String? {
        guard let data = FileManager.default.contents(atPath: directory + "/.entrypoint-snapshot"),
            let members = try? JSONSerialization.jsonObject(with: data) as? [String: Any]
        else { return nil }
        return members[name] as? String
    }

    /// The names that the user finds in it.
    func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory).filter { !$0.hasPrefix(".entrypoint-snapshot") }
            .sorted()
    }

    /// The names in it that are the snapshots' own.
    func ownNames() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasPrefix(".entrypoint-snapshot") }
            .sorted()
    }

    /// Writes a file, as the user.
    func write(_ name: String, _ content: String, mode: mode_t = 0o644) throws {
        let path = "\(directory)/\(name)"
        try Data(content.utf8).write(to: URL(fileURLWithPath: path))
        try check(chown(path, Self.user.user, Self.user.group), "chown", path)
        try check(chmod(path, mode), "chmod", path)
    }

    /// Makes a directory, as the user; the one that is kept, with an empty name.
    func makeDirectory(_ name: String, mode: mode_t = 0o755) throws {
        let path = name.isEmpty ? directory : "\(directory)/\(name)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try check(chown(path, Self.user.user, Self.user.group), "chown", path)
        try check(chmod(path, mode), "chmod", path)
    }

    /// Fills the directory, as the user.
    func fill(files: Int) throws {
        var make = Program(Golden.url("Tests/Fixtures/snapshot-tree").path, ["make", "\(directory)", "\(files)"])
        make.credentials = Self.user
        let outcome = try make.run()
        guard outcome.exitCode == 0 else { throw TestFailure("\(outcome)") }
    }

    /// Everything in it.
    func tree() throws -> SnapshotTree { try SnapshotTree(of: directory) }

    /// What a snapshot has, which is restored beside the directory.
    func tree(of snapshot: String) throws -> SnapshotTree {
        let target = "\(directory)-at-\(snapshot.prefix(8))"
        try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
        try check(chown(target, Self.user.user, Self.user.group), "chown", target)
        let outcome = try run("restore", "--at", ByteString(snapshot), "--to", ByteString(target))
        guard outcome.exitCode == 0 else { throw TestFailure("\(outcome)") }
        return try SnapshotTree(of: target)
    }

    /// The snapshots that there are, the oldest one first.
    func list() throws -> [Listed] {
        let outcome = try run("list", "--json")
        guard outcome.exitCode == 0 else { throw TestFailure("\(outcome)") }
        return try JSONDecoder().decode([Listed].self, from: Data(outcome.standardOutput.bytes))
    }

    /// A snapshot as `entrypointctl snapshot list` has it.
    struct Listed: Decodable {
        var id: String
        /// The pod that has saved it.
        var host: String
    }

    /// Restores the newest snapshot into another directory of another pod, and expects that it is exactly this.
    func expectRestored(
        _ tree: SnapshotTree, as name: String, _ comment: @autoclosure () -> String = "",
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        var other = SnapshotPod(
            storage: storage, repository: repository, directory: directory + "-" + name, environment: environment)
        other.environment["SNAPSHOT_DIRECTORY"] = ByteString(other.directory)
        other.environment["POD_NAME"] = ByteString(name)
        let outcome = try other.run("restore")
        #expect(outcome.exitCode == 0, "\(repository): \(comment()): \(outcome)", sourceLocation: sourceLocation)
        let differences = try other.tree().differences(from: tree)
        #expect(differences == [], "\(repository): \(comment()): \(outcome)", sourceLocation: sourceLocation)
        try Mounts.removeDirectory(other.directory)
    }
}

/// All that a snapshot keeps of a directory: modes, owners, times, contents, links and extended attributes, by path.
struct SnapshotTree: Equatable {
    private let lines: [String]

    init(of directory: String) throws {
        let outcome = try Program([Golden.url("Tests/Fixtures/snapshot-tree").path, "describe", directory]).run()
        guard outcome.exitCode == 0 else { throw TestFailure("\(outcome)") }
        lines = outcome.outputLines
    }

    /// Some of what is different in another one.
    func differences(from other: SnapshotTree) -> [String] {
        let (here, there) = (Set(lines), Set(other.lines))
        return Array(here.subtracting(there).sorted().prefix(5).map { "has " + $0 })
            + Array(there.subtracting(here).sorted().prefix(5).map { "lacks " + $0 })
    }
}

/// Pods and their storage, for one test.
struct SnapshotPods {
    let storage: ObjectStorage
    private let directory: String

    /// - Parameter repositories: those that there are, and the directories whose objects they begin with.
    fileprivate init(in directory: String, holding repositories: [String: String]) throws {
        self.directory = directory
        storage = try ObjectStorage(in: directory, holding: repositories)
        for (name, content) in [
            ("id", ObjectStorage.accessKey), ("key", ObjectStorage.secretKey), ("password", SnapshotPod.password),
            ("wrong", "wrongwrong"),
        ] {
            try Data((content + "\n").utf8).write(to: URL(fileURLWithPath: "\(directory)/\(name)"))
        }
    }

    /// The path of a file with a secret: `id`, `key`, `password`, or `wrong`.
    func secret(_ name: String) -> ByteString { ByteString("\(directory)/\(name)") }

    /// A pod with a directory of its own.
    func pod(_ name: String = "a", of repository: String = "jane") -> SnapshotPod {
        let place = "\(directory)/\(repository)-\(name)"
        return SnapshotPod(
            storage: storage, repository: repository, directory: place,
            environment: Environment.container.with([
                "SNAPSHOT_DIRECTORY": ByteString(place), "SNAPSHOT_ADDRESSING": "path", "SNAPSHOT_REGION": "us-east-1",
                "SNAPSHOT_REPOSITORY": ByteString(storage.address(of: repository)),
                "SNAPSHOT_ACCESS_KEY_FILE": secret("id"), "SNAPSHOT_SECRET_KEY_FILE": secret("key"),
                "SNAPSHOT_PASSWORD_FILE": secret("password"), "NB_USER": "jane", "POD_NAME": ByteString(name),
            ]))
    }
}

/// Calls the body with storage that has some repositories.
///
/// - Parameter sample: what is in them: nothing but that they were made, or one snapshot of a tree.
func withSnapshots(
    _ repositories: [String] = ["jane"], of sample: SnapshotSample? = nil, _ body: (SnapshotPods) throws -> Void
) throws {
    try withRunDirectory { directory in
        let pairs = try sample.map { sample in
            let content = try sample.content()
            return repositories.map { ($0, content.directory) }
        }
        try body(try SnapshotPods(in: directory, holding: Dictionary(uniqueKeysWithValues: pairs ?? [])))
    }
}

/// What repositories of tests begin with. To make one takes seconds, so it is done once.
enum SnapshotSample {
    /// A repository that was made.
    case made
    /// One with a snapshot.
    case filled

    struct Content {
        let directory: String
        /// What is in the snapshot.
        let tree: SnapshotTree
    }

    func content() throws -> Content {
        switch self {
        case .made: try Self.content.get().made
        case .filled: try Self.content.get().filled
        }
    }

    private static let content = Result { try make() }

    private static func make() throws -> (made: Content, filled: Content) {
        let places = "\(TestMachine.directory)/snapshot-samples-\(ProcessInfo.processInfo.processIdentifier)"
        let manager = FileManager.default
        try manager.createDirectory(atPath: places, withIntermediateDirectories: true)
        var contents: [Content] = []
        try withSnapshots([]) { pods in
            let pod = pods.pod("first")
            func run(_ command: ByteString) throws {
                let outcome = try pod.run(command)
                guard outcome.exitCode == 0 else { throw TestFailure("no repository: \(command): \(outcome)") }
            }
            func keep(_ name: String) throws {
                try manager.copyItem(atPath: pods.storage.directory(of: "jane"), toPath: "\(places)/\(name)")
                contents.append(Content(directory: "\(places)/\(name)", tree: try pod.tree()))
            }
            try run("init")
            try run("restore")
            try keep("made")
            try pod.fill(files: 200)
            try run("save")
            try keep("filled")
        }
        return (contents[0], contents[1])
    }
}
