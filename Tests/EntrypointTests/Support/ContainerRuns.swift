import Foundation
import Glibc
import TestSupport

extension Container {
    /// Starts the container with runc and waits for its end.
    ///
    /// - Throws: `TestFailure` when the runtime refuses, or the time is over before; the container is killed then.
    func run(_ command: ByteString..., within deadline: Duration = .seconds(180)) throws -> Outcome {
        try run(command, within: deadline)
    }

    /// Likewise, with the command as a list.
    func run(_ command: [ByteString], within deadline: Duration = .seconds(180)) throws -> Outcome {
        try start(command).wait(within: deadline)
    }

    /// Starts the container with runc. Signals sent to what is returned reach the container's process 1; its `exec` runs
    /// further commands.
    func start(_ command: ByteString...) throws -> RunningContainer { try start(command) }

    /// Likewise, with the command as a list.
    func start(_ command: [ByteString]) throws -> RunningContainer {
        let configuration = RuncConfiguration(self, arguments: entrypoint + command)
        let json = JSONEncoder()
        json.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try json.encode(configuration).write(to: URL(fileURLWithPath: bundle + "/config.json"))

        let id = "container-\(TestMachine.uniqueNumber())"
        let log = "\(bundle)/\(id).log"
        var runc = Runc.program("--log", "\(log)", "run", "--bundle", "\(bundle)", "\(id)")
        runc.terminal = terminal
        if let input {
            runc.standardInput = .pipe
            runc.input = input
            runc.keepsInputOpen = keepsInputOpen
        }
        return RunningContainer(id: id, log: log, program: try runc.start())
    }

    /// Starts the command without a container engine, with the container's root as its root, as process 1 of new
    /// process and mount namespaces: arguments and environment arrive byte for byte, in 2 ms. Of the properties only
    /// `entrypoint`, `environment`, `directory`, `umask` and the identity count, and bind mounts. Further ones can be
    /// set by `prepare`. User 0 has all capabilities that the tests have.
    func runInNamespaces(
        _ command: [ByteString], within deadline: Duration = .seconds(180), prepare: (inout Program) -> Void = { _ in }
    ) throws -> Outcome {
        for mount in mounts {
            if mount.type != "bind" { throw TestFailure("\(mount.path): only bind mounts without a container engine") }
            if try !exists(mount.path) {
                var isDirectory: ObjCBool = false
                _ = FileManager.default.fileExists(atPath: mount.source, isDirectory: &isDirectory)
                if isDirectory.boolValue { try makeDirectory(mount.path) } else { try write(mount.path, "") }
            }
            try Mounts.bind(mount.source, on: root + mount.path, readOnly: mount.options.contains("ro"))
        }
        defer { for mount in mounts.reversed() { try? Mounts.unmount(root + mount.path) } }
        let arguments = entrypoint + command
        guard let path = arguments.first?.text else { throw TestFailure("no command") }
        var program = Program(path, Array(arguments.dropFirst()))
        program.environment = environment
        program.directory = directory
        program.umask = umask
        program.credentials = Program.Credentials(user: user, group: group, groups: groups)
        program.noNewPrivileges = noNewPrivileges
        program.isolation = .processes
        program.root = root
        prepare(&program)
        return try program.run(within: deadline)
    }

    /// Starts the container with strace between runc and the entrypoint, as process 1; the image must have strace. The
    /// entrypoint is process 2 of its own namespace, with its own parent watching.
    ///
    /// - Parameters:
    ///   - injections: faults, such as `fchownat:error=EIO:when=1` (strace's `--inject`).
    ///   - calls: what is traced, as strace's `--trace` wants it.
    /// - Returns: the outcome, and the trace: a line a call, each after the process id.
    func run(
        _ command: [ByteString], injecting injections: [String], tracing calls: String = "all",
        within deadline: Duration = .seconds(90)
    ) throws -> (outcome: Outcome, trace: [String]) {
        let (mounts, entrypoint) = (mounts, entrypoint)
        defer { (self.mounts, self.entrypoint) = (mounts, entrypoint) }
        let file = traces + "/strace"
        try? FileManager.default.removeItem(atPath: file)
        self.mounts.append(.bind(traces, to: "/strace"))
        self.entrypoint =
            ["/usr/bin/strace", "-f", "-qq", "-s", "200", "-o", "/strace/strace", "-e", "trace=\(calls)"]
            + injections.flatMap { ["-e", "inject=\($0)"] as [ByteString] } + ["--"] + entrypoint
        let outcome = try run(command, within: deadline)
        let trace = try String(decoding: Data(contentsOf: URL(fileURLWithPath: file)), as: UTF8.self)
        return (outcome, trace.split(separator: "\n").map(String.init))
    }
}

/// A container that runc has started.
final class RunningContainer {
    private let id: String
    private let log: String
    private let program: RunningProgram

    fileprivate init(id: String, log: String, program: RunningProgram) {
        self.id = id
        self.log = log
        self.program = program
        program.onDeadline = { Runc.kill(id) }
    }

    deinit { Runc.kill(id) }

    /// Sends a signal to the container's process 1.
    func signal(_ number: Int32) throws { try program.signal(number) }
    /// Writes to its standard input or terminal.
    func write(_ bytes: ByteString) { program.write(bytes) }
    /// Ends its standard input.
    func closeInput() { program.closeInput() }
    /// Sets the size of its terminal.
    func resize(columns: UInt16, rows: UInt16) throws { try program.resize(columns: columns, rows: rows) }
    /// What it has written so far to standard output or its terminal.
    var outputSoFar: ByteString { program.outputSoFar }
    /// What it has written so far to standard error.
    var errorsSoFar: ByteString { program.errorsSoFar }

    /// Waits until it has written this text to standard output.
    func waitForOutput(_ text: ByteString, fresh: Bool = false, within deadline: Duration = .seconds(90)) throws {
        try program.waitForOutput(text, fresh: fresh, within: deadline)
    }

    /// Waits until it has written this text to standard error.
    func waitForErrors(_ text: ByteString, within deadline: Duration = .seconds(90)) throws {
        try program.waitForErrors(text, within: deadline)
    }

    /// Waits for the end; a container that takes longer is killed, which is a failure.
    func wait(within deadline: Duration = .seconds(180)) throws -> Outcome {
        var outcome = try program.wait(within: deadline)
        outcome.runtimeLog = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
        // The runtime's own errors: nothing of the container has run.
        if outcome.runtimeLog.contains("level=error") { throw TestFailure("no container: \(outcome)") }
        return outcome
    }

    /// Runs a further command in the running container, as `kubectl exec` does: with the environment of the start, and
    /// as its user unless said otherwise (`uid:gid`).
    func exec(
        _ command: [ByteString], user: String? = nil, environment: Environment = Environment(),
        within deadline: Duration = .seconds(180)
    ) throws -> Outcome {
        var options: [ByteString] = environment.entries.flatMap { ["--env", $0] as [ByteString] }
        if let user { options += ["--user", "\(user)"] }
        return try Runc.program(["exec"] + options + ["\(id)"] + command).run(within: deadline)
    }

    /// Starts a further command and does not wait for it, on a terminal of its own if that is wanted, as `docker exec -it`
    /// does.
    func startExec(_ command: [ByteString], user: String, terminal: Bool) throws -> RunningProgram {
        let options: [ByteString] = ["--user", "\(user)"] + (terminal ? ["--tty"] : [])
        var program = Runc.program(["exec"] + options + ["\(id)"] + command)
        program.terminal = terminal
        return try program.start()
    }

    /// The process id of the container's process 1 on the machine.
    func pid() throws -> Int32 {
        let outcome = try Runc.program("state", "\(id)").run()
        let state = try JSONSerialization.jsonObject(with: Data(outcome.standardOutput.bytes)) as? [String: Any]
        guard let pid = state?["pid"] as? Int, pid > 0 else { throw TestFailure("no process 1: \(outcome)") }
        return Int32(pid)
    }
}

/// The runtime itself.
enum Runc {
    static func program(_ arguments: ByteString...) -> Program { program(arguments) }

    static func program(_ arguments: [ByteString]) -> Program {
        var runc = Program("/usr/sbin/runc", ["--root", "\(TestMachine.directory)/runc"] + arguments)
        // Go's runtime interrupts itself with SIGURG, and runc forwards that to the container.
        runc.environment["GODEBUG"] = "asyncpreemptoff=1"
        return runc
    }

    /// Kills a container and forgets it; one that has ended needs neither.
    static func kill(_ id: String) {
        guard FileManager.default.fileExists(atPath: "\(TestMachine.directory)/runc/\(id)") else { return }
        _ = try? program("delete", "--force", "\(id)").run(within: .seconds(10))
    }
}
