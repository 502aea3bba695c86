import Foundation
import TestSupport
import Testing

/// Boots of what has been booted before, and boots at the same moment.
@Suite(.containers)
struct SecondStartTests {
    static let ready =
        "ready: 0 changes, 0 warnings in N ms; true as jane (1000:2000) in /scratch/homes/jane; home /home/jane; sudo yes"

    /// A pod with everything that makes a step do something.
    static func withFullPod<Result>(_ scratch: String, _ body: (Container) throws -> Result) throws -> Result {
        let key = try SSHKey()
        return try withPod { container in
            try container.makeSkeleton(files: 20)
            container.mounts = [.bind(scratch, to: "/scratch")]
            container.environment = container.environment.with([
                "SSH_PRIVATE_KEY_B64": key.base64, "SSH_PUBLIC_KEY": key.publicLine, "GIT_USER_NAME": "Jane",
                "GIT_USER_EMAIL": "jane@example.org",
            ])
            return try body(container)
        }
    }

    /// What strace shows of the second of two starts, which changes nothing.
    static func traceOfRestart(_ container: Container) throws -> String {
        container.mounts.append(.bind(container.traces, to: "/strace"))
        // The process is process 1 of a namespace, as in a container; what that takes is no capability of a container's.
        _ = try watchedRestart(
            of: container,
            by: [
                "/usr/bin/strace", "-f", "-y", "-qq", "-s", "200", "-o", "/strace/calls", "--", "/usr/bin/unshare",
                "--pid",
                "--fork", "/usr/bin/setpriv", "--bounding-set=-sys_admin", "--",
            ])
        let lines = try String(contentsOfFile: container.traces + "/calls", encoding: .utf8).split(separator: "\n")
        let start = try #require(lines.firstIndex { $0.contains("execve(\"/usr/local/bin/entrypoint\"") })
        let process = lines[start].prefix { $0 != " " } + " "
        return lines[start...].filter { $0.hasPrefix(process) }.joined(separator: "\n")
    }

    /// The second of two starts, which changes nothing, run by a program that watches it.
    static func watchedRestart(of container: Container, by watcher: [ByteString]) throws -> Outcome {
        container.environment["ENTRYPOINT_MODE"] = "exec"
        #expect(try container.boot("true").exitCode == 0)
        // Otherwise the kernel hides the memory of a process that acts as another user, paths included.
        container.capabilities += ["SYS_PTRACE", "SYS_ADMIN"]
        container.entrypoint = watcher + container.entrypoint
        // A watcher that looks at every instruction takes a minute, and more beside other tests.
        let outcome = try container.run("true", within: .seconds(400))
        // The capability is the watcher's; that the command does not get it is told.
        #expect(outcome.log.last == ready.replacing("0 warnings", with: "1 warning"), "\(outcome)")
        #expect(outcome.log.count == 2 && outcome.log.first?.contains("CAP_SYS_PTRACE") == true)
        return outcome
    }

    @Test func `a second start changes nothing, and a second container nothing on scratch`() throws {
        try withSquashedScratch { scratch in
            try scratch.makeHomes()
            try scratch.makeDirectory("hf_cache", mode: 0o2770, group: 2000)
            try Self.withFullPod(scratch.mount) { container in
                #expect(try container.boot("true").exitCode == 0)
                let before = try Listing(of: scratch.export)
                #expect(before.entries.count > 30)
                #expect(try container.boot("true").log == [Self.ready])
                #expect(try Listing(of: scratch.export) == before)
                try Self.withFullPod(scratch.mount) { other in
                    let outcome = try other.boot("true")
                    #expect(outcome.exitCode == 0 && !outcome.errors.contains("warning: "), "\(outcome)")
                }
                #expect(try Listing(of: scratch.export) == before)
            }
        }
    }

    @Test func `a warm boot changes nothing below scratch, and asks little`() throws {
        try withRunDirectory { scratch in
            try Self.makeHomes(in: scratch)
            try Self.withFullPod(scratch) { container in
                let trace = try Self.traceOfRestart(container)
                // What the boot says or writes down may speak of scratch; what follows the last exec is the command's.
                let lines = trace.split(separator: "\n").map(String.init)
                let handover = lines.lastIndex { $0.contains(" exec") && $0.contains("\"true\"") }
                let calls = lines[..<(try #require(handover))]
                    .map { String($0.drop { $0 != " " }.drop { $0 == " " }) }
                    // A link in the home tells of scratch and does not touch it.
                    .filter { !$0.hasPrefix("readlink(\"/home/") }
                    .filter { $0.contains("/scratch") && !$0.hasPrefix("close(") && !$0.hasPrefix("execve(") }
                    .filter { $0.firstMatch(of: /^(write|writev|pwrite64|read|pread64)\([0-9]+<(?!\/scratch)/) == nil }
                let changing =
                    /^(mkdir|mknod|unlink|rmdir|rename|symlink|link|chmod|fchmod|chown|fchown|lchown|truncate|ftruncate|fallocate|utime|write|pwrite|setxattr|fsetxattr|copy_file_range|sendfile)|O_CREAT|O_WRONLY|O_RDWR|O_TRUNC/
                let changes = calls.filter { $0.firstMatch(of: changing) != nil }
                #expect(changes.isEmpty, "\(changes.joined(separator: "\n"))")
                #expect((5...25).contains(calls.count), "\(calls.count) calls:\n\(calls.joined(separator: "\n"))")
            }
        }
    }

    @Test func `of fifty pairs of first boots at once every one ends with a whole tree`() throws {
        try withRunDirectory { scratch in
            try Self.withFullPod(scratch) { one in
                try Self.withFullPod(scratch) { other in
                    let pair = [one, other]
                    for container in pair {
                        try container.makeSkeleton(files: 60)
                        try Mounts.bind(scratch, on: container.root + "/scratch")
                    }
                    let original = try Listing(of: one.root + "/docker/.oh-my-zsh").contents
                    for _ in 0..<50 {
                        for container in pair where try container.exists("/home/jane") {
                            try container.remove("/home/jane")
                        }
                        for name in try FileManager.default.contentsOfDirectory(atPath: scratch) {
                            try FileManager.default.removeItem(atPath: scratch + "/" + name)
                        }
                        try Self.makeHomes(in: scratch)
                        let boots = try pair.map { container in
                            var program = Program("/usr/local/bin/entrypoint", ["true"])
                            program.environment = container.environment
                            program.credentials = Program.Credentials(user: 0, group: 0)
                            program.isolation = .processes
                            program.root = container.root
                            return try program.start()
                        }
                        for boot in boots {
                            let outcome = try boot.wait()
                            try #require(outcome.exitCode == 0 && !outcome.errors.contains("warning: "), "\(outcome)")
                        }
                        let listing = try Listing(of: scratch)
                        let left = listing.entries.keys.filter { $0.contains(".entrypoint") }
                        try #require(left.isEmpty, "\(left)")
                        let copy = try Listing(of: scratch + "/homes/jane/.shell/.oh-my-zsh").contents
                        try #require(copy == original)
                        let identity = try String(contentsOfFile: scratch + "/homes/jane/.gitconfig", encoding: .utf8)
                        try #require(identity == "[user]\n\tname = Jane\n\temail = jane@example.org\n")
                    }
                }
            }
        }
    }

    /// What a research group has on its volume.
    static func makeHomes(in scratch: String) throws {
        for (name, mode) in [("homes", 0o770), ("hf_cache", 0o2770)] as [(String, mode_t)] {
            let path = scratch + "/" + name
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            try check(chown(path, 0, 2000), "chown", path)
            try check(chmod(path, mode), "chmod", path)
        }
    }
}

/// Everything below a directory of the machine, by its path there.
private struct Listing: Equatable {
    /// What each is, with the time of its last change.
    var entries: [String: FileStatus] = [:]
    /// The content of the files; nothing for what is none.
    var contents: [String: Data] = [:]

    init(of directory: String) throws {
        guard let paths = FileManager.default.enumerator(atPath: directory) else {
            throw TestFailure("no \(directory)")
        }
        for case let path as String in paths {
            var status = stat()
            try check(lstat("\(directory)/\(path)", &status), "lstat", path)
            entries[path] = FileStatus(status)
            contents[path] =
                status.st_mode & S_IFMT == S_IFREG
                ? FileManager.default.contents(atPath: "\(directory)/\(path)") : Data()
        }
    }
}
