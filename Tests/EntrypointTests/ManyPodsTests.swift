import Foundation
import Glibc
import TestSupport
import Testing

/// Many boots on one scratch: at the same moment, and one after the other. With `scripts/faults` the second are 1,000.
@Suite(.containers, .serialized)
struct ManyPodsTests {
    private static let skeletonFiles = 20

    /// Calls the body with new containers with a skeleton, on one scratch.
    private static func withContainers(
        _ count: Int, _ programs: Programs = .plain, _ body: ([Container]) throws -> Void
    ) throws {
        func add(_ containers: [Container]) throws {
            if containers.count == count { return try body(containers) }
            try withContainer(.busybox, programs) { container in
                try container.makeSkeleton(files: skeletonFiles)
                try container.makeDirectory("/scratch")
                try add(containers + [container])
            }
        }
        try add([])
    }

    /// The content of each file below a directory.
    private static func contents(of directory: String) throws -> [String: Data] {
        var contents: [String: Data] = [:]
        for case let path as String in FileManager.default.enumerator(atPath: directory) ?? .init() {
            var status = stat()
            try check(lstat("\(directory)/\(path)", &status), "lstat", path)
            if status.st_mode & S_IFMT == S_IFREG {
                contents[path] = FileManager.default.contents(atPath: "\(directory)/\(path)")
            }
        }
        return contents
    }

    private static func environment(ofUser number: Int) -> Environment {
        .pod.with([
            "NB_USER": "user\(number)", "NB_UID": "\(3000 + number)", "WORKING_DIR": "/scratch/homes/user\(number)",
            "SCRATCH_SEED_USER": "177449:2000", "GIT_USER_NAME": "User \(number)",
            "GIT_USER_EMAIL": "user\(number)@example.org",
        ])
    }

    @Test func `of 200 first boots of 20 users at once every one ends well, and all is whole`() throws {
        let (users, pods) = (20, 200)
        try withSquashedScratch { scratch in
            // Only the seed may make a home; one user in four has one, with a file.
            try scratch.makeDirectory("", mode: 0o755, user: 177449, group: 2000)
            try scratch.makeDirectory("homes", mode: 0o755, user: 177449, group: 2000)
            for user in stride(from: 0, to: users, by: 4) {
                let name = "homes/user\(user)"
                try scratch.makeDirectory(name, mode: 0o1770, user: UInt32(3000 + user), group: 2000)
                let file = "\(scratch.export)/\(name)/.zsh_history"
                try Data("precious \(user)\n".utf8).write(to: URL(fileURLWithPath: file))
                try check(chown(file, UInt32(3000 + user), 2000), "chown", file)
            }
            try Self.withContainers(pods) { containers in
                for container in containers { try Mounts.bind(scratch.mount, on: container.root + "/scratch") }
                let original = try Self.contents(of: containers[0].root + "/docker/.oh-my-zsh")
                #expect(original.count == Self.skeletonFiles + 1)
                // All get as far as scratch, and then go on at once.
                try scratch.pause()
                let boots = try containers.enumerated().map { number, container in
                    var program = Program("/usr/local/bin/entrypoint", ["true"])
                    program.environment = Self.environment(ofUser: number % users)
                    program.credentials = Program.Credentials(user: 0, group: 0)
                    program.isolation = .processes
                    program.root = container.root
                    return try program.start()
                }
                usleep(500_000)
                try scratch.resume()
                for boot in boots {
                    let outcome = try boot.wait(within: .seconds(60))
                    let warnings = outcome.log.filter { $0.contains("warning: ") && !$0.contains("the image has no") }
                    try #require(outcome.exitCode == 0 && warnings.isEmpty, "\(outcome)")
                }
                let state = try TreeState(of: scratch.export, [""])
                #expect(state.temporaries.isEmpty)
                for user in 0..<users {
                    let home = "/homes/user\(user)"
                    #expect(try Self.contents(of: "\(scratch.export)\(home)/.shell/.oh-my-zsh") == original)
                    let history = user % 4 == 0 ? "precious \(user)\n" : ""
                    #expect(state.entries[home + "/.zsh_history"]?.hasSuffix(":2000 \(history)") == true)
                    #expect(state.entries[home + "/.gitconfig"]?.contains("User \(user)") == true)
                }
            }
        }
    }

    @Test(arguments: [(Programs.plain, UInt32(0)), (.elevated, 3001)])
    func `boots one after the other leave nothing behind`(programs: Programs, user: UInt32) throws {
        let boots = FaultTests.isThorough ? 1000 : 60
        try Self.withContainers(2, programs) { containers in
            try withRunDirectory { scratch in
                try check(chown(scratch, 3001, 2000), "chown", scratch)
                for container in containers {
                    container.environment = Self.environment(ofUser: 1)
                    (container.user, container.group) = (user, user == 0 ? 0 : 2000)
                    try Mounts.bind(scratch, on: container.root + "/scratch")
                    try #require(try container.runInNamespaces(["true"]).exitCode == 0)
                }
                let before = try containers.map { try TreeState(of: $0.root) }
                #expect(before[0].entries.count > 40)
                for number in 0..<boots {
                    let outcome = try containers[number % 2].runInNamespaces(["true"])
                    try #require(
                        outcome.exitCode == 0 && outcome.log.last?.contains("ready: 0 changes") == true, "\(outcome)")
                }
                for (container, state) in zip(containers, before) {
                    let differences = try TreeState(of: container.root).differences(from: state)
                    #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
                    // Names that do not count as different there.
                    #expect(try container.names(in: "/run/entrypoint").count == (user == 0 ? 4 : 5))
                }
            }
        }
        print("many pods: \(boots) boots in sequence, \(user == 0 ? "as root" : "elevated")")
    }

    /// One boot is held between seeing that a link's target is empty and putting its own file there; meanwhile another
    /// boot of the same user puts its file there.
    @Test func `of the files in the homes of two boots at once none is lost`() throws {
        try withRunDirectory { directory in
            let scratch = "\(directory)/scratch"
            try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
            try check(chmod(scratch, 0o777), "chmod", scratch)
            func withHome(_ text: ByteString, _ body: (Container) throws -> Void) throws {
                try withContainer(.debian) { container in
                    container.environment = .pod.with(["ENTRYPOINT_MODE": "exec"])
                    container.mounts = [.bind(scratch, to: "/scratch")]
                    try container.write("/home/jane/.zsh_history", text, user: 1000, group: 2000)
                    try container.makeDirectory("/home/jane", mode: 0o750, user: 1000, group: 2000)
                    try body(container)
                }
            }
            try withHome("of the held\n") { held in
                held.capabilities.append("SYS_PTRACE")
                held.entrypoint = [
                    "/usr/bin/strace", "-qq", "-o", "/dev/null", "-P", "/scratch/homes/jane", "-e", "trace=renameat",
                    "-e", "inject=renameat:delay_enter=3000000:when=1", "--", "/usr/local/bin/entrypoint", "--",
                ]
                let running = try held.start("true")
                let target = "\(scratch)/homes/jane/.zsh_history"
                for _ in 0..<500 where !FileManager.default.fileExists(atPath: target) { usleep(10_000) }
                usleep(500_000)
                try withHome("of the other\n") { other in
                    let outcome = try other.boot("true")
                    #expect(
                        outcome.exitCode == 0
                            && (try? String(contentsOfFile: target, encoding: .utf8)) == "of the other\n", "\(outcome)")
                    let late = try running.wait(within: .seconds(30))
                    #expect(late.exitCode == 0, "\(late)")
                    let kept = try [scratch, held.root + "/home", other.root + "/home"].flatMap {
                        try Self.contents(of: $0).values.map { String(decoding: $0, as: UTF8.self) }
                    }
                    #expect(kept.contains("of the held\n") && kept.contains("of the other\n"), "\(kept) \(late)")
                }
            }
        }
    }
}
