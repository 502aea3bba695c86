import Foundation
import Glibc
import TestSupport
import Testing
import Text

/// A system call of a boot, and what happens in its place.
struct Fault: Sendable, Hashable {
    /// The call's name.
    var call: String
    /// Which of the process's calls of that name it is, from 1.
    var number: Int
    /// The error that it gets; nothing when the process is killed there.
    var error: String?
    /// The call as strace shows it.
    var line: String

    /// As strace's `--inject` wants it.
    var injection: String {
        "\(call):\(error.map { "error=\($0)" } ?? "signal=KILL"):when=\(number)"
    }

    /// The errors that a call can end with: those of its manual page, and of those that touch files what a file server adds
    /// (nfs(5): EIO, ESTALE). A call that is not here is not made to fail: it cannot, or the language ends the program
    /// when it does, as for memory.
    static func errors(of call: String, _ line: String) -> [String] {
        // A file that is only read is not refused for want of room.
        let writes = ["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC"].contains { line.contains($0) }
        switch call {
        case "openat", "openat2", "open":
            return ["EACCES", "EINTR", "EIO", "ENOMEM", "ESTALE"] + (writes ? ["ENOSPC", "EDQUOT", "EROFS"] : [])
        case "stat", "lstat", "newfstatat", "readlink", "readlinkat", "access", "faccessat", "faccessat2", "chdir":
            return ["EACCES", "EIO", "ENOMEM", "ESTALE"]
        case "fstat", "statfs", "fstatfs", "getdents64": return ["EIO", "ENOMEM", "ESTALE"]
        case "mkdirat", "mkdir", "symlinkat", "linkat", "renameat", "renameat2", "mknodat":
            return ["EACCES", "EDQUOT", "EIO", "ENOMEM", "ENOSPC", "EROFS", "ESTALE"]
        case "unlinkat", "unlink", "rmdir", "fchmodat": return ["EACCES", "EIO", "ENOMEM", "EROFS", "ESTALE"]
        case "fchmod": return ["EIO", "EROFS", "ESTALE"]
        case "fchown", "fchownat": return ["EDQUOT", "EIO", "EROFS", "ESTALE"]
        case "read", "pread64": return ["EINTR", "EIO", "ESTALE"]
        case "write", "writev", "pwrite64": return ["EDQUOT", "EINTR", "EIO", "ENOSPC", "ESTALE"]
        case "close": return ["EDQUOT", "EINTR", "EIO", "ENOSPC"]
        case "ftruncate", "fallocate": return ["EINTR", "EIO"] + (call == "fallocate" ? ["ENOSPC"] : [])
        case "setgroups", "pipe2", "socketpair", "clone", "clone3", "vfork", "fork", "signalfd4": return ["ENOMEM"]
        case "setresuid", "setresgid", "setuid", "setgid": return ["EAGAIN"]
        case "capset", "prctl": return ["EPERM"]
        case "execve": return ["EACCES", "EIO", "ENOMEM"]
        case "wait4", "waitid", "poll", "ppoll", "nanosleep", "clock_nanosleep", "flock": return ["EINTR"]
        default: return []
        }
    }
}

extension Fault: CustomTestStringConvertible {
    var testDescription: String { "\(error ?? "KILL") in \(line)" }
}

/// A way to start a container, in which every call of the boot is to fail once.
struct FaultScenario: Sendable, CustomTestStringConvertible {
    var name: String
    var programs = Programs.plain
    var isRoot = true
    /// Boots before the one that is disturbed.
    var earlierBoots = 0
    /// What is in the container already.
    var prepare: @Sendable (Container) throws -> Void = { _ in }

    var testDescription: String { name }

    static let all = [
        FaultScenario(name: "a first boot as root"),
        FaultScenario(name: "a second boot as root", earlierBoots: 1),
        FaultScenario(name: "a first boot as root, with things in the way of links") { container in
            try container.makeDirectory("/home/jane", mode: 0o750, user: 1000, group: 2000)
            try container.write("/home/jane/.zsh_history", "ls\n", mode: 0o600, user: 1000, group: 2000)
            try container.makeDirectory("/home/jane/.vscode/extensions", user: 1000, group: 2000)
            try container.makeDirectory("/home/jane/.vscode", user: 1000, group: 2000)
            try container.write("/home/jane/.vscode/argv.json", "{}\n", user: 1000, group: 2000)
            try container.write("/home/jane/.cursor", "a file\n", user: 1000, group: 2000)
            try container.link("/home/jane/.vscode-server", to: "/scratch/elsewhere")
        },
        FaultScenario(name: "a first elevated boot", programs: .elevated, isRoot: false),
        FaultScenario(name: "a first boot without privileges", isRoot: false) { container in
            try container.makeDirectory("/home/jane", mode: 0o750, user: 1000, group: 2000)
        },
    ]

    /// Those whose names contain what the variable says, or all.
    static let chosen = all.filter { scenario in
        ProcessInfo.processInfo.environment["ENTRYPOINT_TEST_FAULTS_IN"].map { scenario.name.contains($0) } ?? true
    }

    /// Calls the body with a new container that boots as the scenario says. `/scratch` is a file system of its own.
    func withContainer<Result>(_ body: (Container) throws -> Result) throws -> Result {
        try withPod(.debian, programs) { container in
            try container.makeSkeleton(files: 2)
            try container.makeDirectory("/trace", mode: 0o777)
            let key = try FaultScenario.key.get()
            container.environment = container.environment.with([
                "SSH_PRIVATE_KEY_B64": key.base64, "SSH_PUBLIC_KEY": key.publicLine, "GIT_USER_NAME": "Jane",
                "GIT_USER_EMAIL": "jane@example.org", "ENTRYPOINT_MODE": "exec",
            ])
            try prepare(container)
            try Mounts.mount("tmpfs", from: "scratch", on: container.root + "/scratch", options: "mode=0755")
            try container.makeDirectory("/scratch/homes", mode: 0o770, group: 2000)
            try container.makeDirectory("/scratch/hf_cache", mode: 0o2770, group: 2000)
            for _ in 0..<earlierBoots { try #require(try boot(container).exitCode == 0) }
            return try body(container)
        }
    }

    /// Boots under strace, which can disturb one call.
    ///
    /// - Returns: how it ended, and the lines of the trace: all calls with the files of their descriptors, or those of the
    ///   fault's name alone.
    func trace(_ container: Container, _ fault: Fault? = nil) throws -> (outcome: Outcome, trace: [String]) {
        let file = "/trace/calls"
        if try container.exists(file) { try container.remove(file) }
        var options: [ByteString] = ["-y"]
        if let fault { options = ["-e", "trace=\(fault.call)", "-e", "inject=\(fault.injection)"] }
        let strace: [ByteString] = ["/usr/bin/strace", "-f", "-qq", "-s", "200", "-o", "\(file)"]
        let outcome = try boot(container, under: strace + options + ["--"])
        return (outcome, try container.text(file).split(separator: "\n").map(String.init))
    }

    /// Boots, and runs a command that writes `booted`.
    func boot(_ container: Container, under prefix: [ByteString] = []) throws -> Outcome {
        let user: [ByteString] = ["/usr/bin/setpriv", "--reuid", "1000", "--regid", "2000", "--clear-groups"]
        container.entrypoint = prefix + (isRoot ? [] : user) + ["/usr/local/bin/entrypoint"]
        return try container.runInNamespaces([ProbeReport.path, "print", "booted"], within: .seconds(20))
    }

    /// What can be done to a boot that made these calls: an error for each call that can have one, or its death there.
    static func faults(in trace: [String], kills: Bool) -> [Fault] {
        guard let process = trace.first?.split(separator: " ").first else { return [] }
        var numbers: [String: Int] = [:]
        var faults: [Fault] = []
        var isBooting = false
        for line in trace where line.hasPrefix(process + " ") && !line.contains(" resumed>") {
            let call = line.drop { $0 != " " }.drop { $0 == " " }
            let name = String(call.prefix { $0.isLetter || $0.isNumber || $0 == "_" })
            if name.isEmpty || !call.dropFirst(name.count).hasPrefix("(") { continue }
            numbers[name, default: 0] += 1
            let number = numbers[name] ?? 0
            if isBooting {
                let errors: [String?] = kills ? [nil] : Fault.errors(of: name, String(call))
                faults += errors.map { Fault(call: name, number: number, error: $0, line: String(call.prefix(160))) }
            }
            if name == "execve" && call.contains("\"\(ProbeReport.path.text)\", [")
                && !call.contains("\"/usr/local/bin/entrypoint\", [")
            {
                break
            }
            if name == "execve" && call.contains("(\"/usr/local/bin/entrypoint\"") { isBooting = true }
        }
        return faults
    }

    /// Makes what killed boots have left as old as it must be for a boot to remove it.
    static func ageTemporaries(of container: Container) throws {
        for path in try TreeState(of: container.root).temporaries {
            let old = timespec(tv_sec: time(nil) - 7200, tv_nsec: 0)
            try check(
                utimensat(AT_FDCWD, container.root + path, [old, old], AT_SYMLINK_NOFOLLOW), "utimensat", path)
        }
    }

    private static let key = Result { try SSHKey() }
}
