internal import CLinux
package import Linux
internal import Text

/// Who is in a container, besides its command.
///
/// What belongs to process 1 and to the command is none of it, whatever terminals it has made: an init's children come from
/// nowhere else than the command, or have been left behind by a session that is over.
package struct SessionTable: Sendable {
    /// The sessions, the oldest first.
    package let sessions: [ContainerSession]
    /// What could not be seen, one line for each.
    package let notes: [String]

    /// The names of programs that are process 1 and not the command.
    private static let inits: Set<String> = [
        "entrypoint", "tini", "docker-init", "catatonit", "dumb-init", "podman-init",
    ]
    /// The names of ssh servers.
    private static let servers: Set<String> = ["sshd", "sshd-session", "sshd-auth", "dropbear"]

    /// Reads the table.
    ///
    /// - Parameters:
    ///   - tree: the container's files.
    ///   - own: the process that asks.
    ///   - hide: hides secrets in a command.
    ///   - idle: for how many seconds nothing has been typed into a terminal; `nil` where that is not known.
    /// - Throws: the error of reading `/proc`.
    package init(
        in tree: FileTree, own: Int32 = CurrentProcess.id, hiding hide: ([UInt8]) -> [UInt8] = { $0 },
        idle: (ProcessFacts) -> UInt64? = SessionTable.idle
    ) throws(SystemCallError) {
        let ids = try tree.names(in: "/proc", links: .follow).compactMap { Int32($0.string) }.filter { $0 > 0 }
        let seen = ids.compactMap { ProcessFacts($0, in: tree) }
        guard !seen.isEmpty else { throw SystemCallError(call: "read", path: "/proc", errno: .noSuchFileOrDirectory) }
        let all = SessionTree(seen, own: own) { ProcessFacts.read("cgroup", of: $0, in: tree) }
        let clock = KernelClock(in: tree)
        let names = UserNames(in: tree)
        func command(_ process: ProcessFacts) -> String {
            let bytes = ProcessFacts.read("cmdline", of: process.id, in: tree) ?? []
            let words = bytes.split(separator: 0)
            if words.isEmpty { return "[\(process.name)]" }
            return hide(Array(words.joined(separator: [UInt8(ascii: " ")]))).shown()
        }
        sessions = all.leaders(inits: Self.inits, servers: Self.servers).map { leader, origin in
            ContainerSession(
                leader: leader, origin: origin, user: names.name(of: leader.user), command: command(leader),
                foreground: all.foreground(of: leader).map(command) ?? "", processes: all.members(of: leader.id),
                began: clock.time(ofTicks: leader.started), idle: leader.terminal == 0 ? nil : idle(leader),
                isOwn: all.isOwn(leader.id))
        }
        notes =
            all.processes[1] == nil
            ? ["/proc is hidden (hidepid): only this user's processes are seen"] : []
    }

    /// For how many seconds nothing has been read from a process's terminal: its time of access, to 8 seconds (as w(1)).
    package static let idle: @Sendable (ProcessFacts) -> UInt64? = { process in
        guard let name = process.terminalName, name.utf8.starts(with: "pts/".utf8) else { return nil }
        var status = stat()
        guard stat("/dev/\(name)", &status) == 0, UInt64(status.st_rdev) == process.terminal else { return nil }
        // The seconds come first (timespec(3type)). Their name belongs to whichever C module was compiled first.
        let seconds = withUnsafeBytes(of: status.st_atim) { $0.load(as: Int.self) }
        let (now, read) = (Clock.realTime / 1_000_000_000, UInt64(clamping: seconds))
        return now > read ? now - read : 0
    }
}

/// The names of users, as `/etc/passwd` has them.
private struct UserNames {
    private let lines: [[ArraySlice<UInt8>]]

    init(in tree: FileTree) {
        let passwd = ((try? tree.read("/etc/passwd", limit: 64 << 20)) ?? nil) ?? []
        lines = passwd.split(separator: .newline).map { $0.split(separator: .colon, omittingEmptySubsequences: false) }
    }

    func name(of user: UInt32) -> String {
        let line = lines.first { $0.count > 2 && $0[2].decimal == UInt64(user) }
        return line.map { Array($0[0]).shown() } ?? String(user)
    }
}

/// When the kernel has booted, by which the times of processes are told.
private struct KernelClock {
    private let booted: UInt64?
    private let ticks: UInt64

    init(in tree: FileTree) {
        let stat = ((try? tree.read("/proc/stat", limit: 1 << 20)) ?? nil) ?? []
        let label = Array("btime ".utf8)
        booted = stat.split(separator: .newline).first { $0.starts(with: label) }?.dropFirst(label.count).decimal
        let perSecond = sysconf(CInt(_SC_CLK_TCK))
        ticks = perSecond > 0 ? UInt64(perSecond) : 100
    }

    /// Nanoseconds since 1970.
    func time(ofTicks count: UInt64) -> UInt64? {
        booted.map { $0 &* 1_000_000_000 &+ count / ticks &* 1_000_000_000 }
    }
}
