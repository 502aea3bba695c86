import Glibc
import TestSupport
import Testing

/// Calls the body with a container whose environment is `Environment.pod`, and whose `/scratch` is as a research group has
/// it, on the container's own file system: `homes` writable for `lab` (2000), `hf_cache` shared by it.
func withPod<Result>(
    _ image: Image = .debian, _ programs: Programs = .plain, _ body: (Container) throws -> Result
) throws -> Result {
    try withContainer(image, programs) { container in
        container.environment = .pod
        try container.makeDirectory("/scratch/homes", mode: 0o770, group: 2000)
        try container.makeDirectory("/scratch/hf_cache", mode: 0o2770, group: 2000)
        return try body(container)
    }
}

extension Container {
    /// Boots the container with this command, and sees to it that nothing crashed and that nothing is left half written.
    func boot(_ command: ByteString..., sourceLocation: SourceLocation = #_sourceLocation) throws -> Outcome {
        try boot(command, sourceLocation: sourceLocation)
    }

    /// Likewise, with the command as a list.
    func boot(_ command: [ByteString], sourceLocation: SourceLocation = #_sourceLocation) throws -> Outcome {
        let outcome = try run(command)
        try expectWhole(after: outcome, sourceLocation: sourceLocation)
        return outcome
    }

    /// Likewise, without a container engine.
    func bootInNamespaces(
        _ command: [ByteString], sourceLocation: SourceLocation = #_sourceLocation,
        prepare: (inout Program) -> Void = { _ in }
    ) throws -> Outcome {
        let outcome = try runInNamespaces(command, prepare: prepare)
        try expectWhole(after: outcome, sourceLocation: sourceLocation)
        return outcome
    }

    /// What holds after every boot, however it ended.
    private func expectWhole(after outcome: Outcome, sourceLocation: SourceLocation) throws {
        let crashes: [Int32] = [SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV]
        #expect(
            !crashes.map { 128 + $0 }.contains(outcome.exitCode) && !outcome.errors.contains("Fatal error"),
            "\(outcome)", sourceLocation: sourceLocation)
        let temporaries = try changes().filter { path, status in
            let name = path.split(separator: "/").last ?? ""
            // Overlays tell what was deleted by a device.
            let isTemporary = name.contains(".entrypoint-") || name.hasSuffix(".entrypoint") && name != ".entrypoint"
            // What stands beside the files that a snapshot keeps is to stay.
            let isSnapshots = name.hasPrefix(".entrypoint-snapshot")
            return name.hasPrefix(".") && isTemporary && !isSnapshots && status.kind != .device
        }
        #expect(temporaries.isEmpty, "\(outcome)", sourceLocation: sourceLocation)
    }

    /// What the boot wrote: everything that differs from the image beneath these directories, the directories themselves
    /// left out.
    func written(in directories: String...) throws -> [String: FileStatus] {
        try changes().filter { path, _ in directories.contains { path.hasPrefix($0 + "/") } }
    }
}

extension Outcome {
    /// The lines of entrypoint without its name, with `N ms` for every duration. Of a detailed log, those that a change,
    /// a warning or an error has, without how long each took.
    var log: [String] {
        errorLines.compactMap { line -> String? in
            guard line.hasPrefix("entrypoint: ") else { return nil }
            let text = String(line.dropFirst("entrypoint: ".count))
                .replacing(#/ \([0-9]+\.[0-9]{2} ms\)$/#, with: "").replacing(/[0-9]+\.[0-9]{2} ms/, with: "N ms")
            return text.contains(#/^[^ ]+: (already|nothing to do|skipped): /#) ? nil : text
        }
    }

    /// The lines of a step without its name.
    func log(of step: String) -> [String] {
        log.compactMap { $0.hasPrefix("\(step): ") ? String($0.dropFirst(step.count + 2)) : nil }
    }
}

/// The text of the account files.
struct Accounts: Equatable, Sendable {
    var passwd = ""
    var group = ""
    var shadow = ""
    var gshadow = ""

    init(passwd: String = "", group: String = "", shadow: String = "", gshadow: String = "") {
        self.passwd = passwd
        self.group = group
        self.shadow = shadow
        self.gshadow = gshadow
    }

    /// Those of a container; a file that is not there is empty.
    init(of container: Container) throws {
        func text(_ path: String) throws -> String { try container.exists(path) ? container.text(path) : "" }
        passwd = try text("/etc/passwd")
        group = try text("/etc/group")
        shadow = try text("/etc/shadow")
        gshadow = try text("/etc/gshadow")
    }

    /// Puts them into a container, with the modes and groups of Debian.
    func write(to container: Container) throws {
        try container.write("/etc/passwd", ByteString(passwd))
        try container.write("/etc/group", ByteString(group))
        try container.write("/etc/shadow", ByteString(shadow), mode: 0o640, group: 42)
        try container.write("/etc/gshadow", ByteString(gshadow), mode: 0o640, group: 42)
    }

    static func + (left: Accounts, right: Accounts) -> Accounts {
        Accounts(
            passwd: left.passwd + right.passwd, group: left.group + right.group, shadow: left.shadow + right.shadow,
            gshadow: left.gshadow + right.gshadow)
    }
}

extension SquashedScratch {
    /// Creates a symbolic link on the server's side.
    func link(_ name: String, to target: String, user: UInt32) throws {
        try check(symlink(target, "\(export)/\(name)"), "symlink", name)
        try check(lchown("\(export)/\(name)", user, .max), "lchown", name)
    }
}
