internal import Linux

/// The processes that are left when the command has ended, and while the boot is given up: all but the init itself.
///
/// As process 1 these are all of the pid namespace: whoever lives in it, even of another container that joined it, is
/// killed by the kernel when its process 1 ends, and is better told before. As any other process the init lives in a
/// namespace of somebody else, such as a pod's or the host's, and touches its own descendants only.
struct RemainingProcesses: Sendable {
    let table: ProcessTable
    private let isNamespaceInit = CurrentProcess.id == 1

    init(table: ProcessTable) {
        self.table = table
    }

    /// Whether processes are left that are not the init's children, such as those of `docker exec`.
    var hasOthers: Bool { isNamespaceInit && Signals.probe(.everyone) != .nobody }

    /// Sends all of them a signal.
    func send(_ signal: Signal) {
        if isNamespaceInit {
            Signals.send(signal, to: .everyone)
            return
        }
        table.forEachDescendant(of: CurrentProcess.id) { process in
            Signals.send(signal, toProcess: process) { contains(process) }
        }
    }

    /// Sends HUP and CONT to those that have a terminal and ignore TERM, as interactive shells do.
    func hangUp() {
        forEach { process, _ in
            guard let entry = table.entry(of: process), entry.terminal != 0,
                table.ignores(.terminate, process: process)
            else { return }
            Signals.send(.hangup, toProcess: process) { contains(process) }
            Signals.send(.resume, toProcess: process) { contains(process) }
        }
    }

    /// Calls `body` with each of them that has not ended yet.
    func forEach(_ body: (Int32, ProcessName) -> Void) {
        table.forEach { process in
            guard contains(process), let entry = table.entry(of: process), entry.state != UInt8(ascii: "Z") else {
                return
            }
            body(process, entry.name)
        }
    }

    /// Whether a process is one of them.
    func contains(_ process: Int32) -> Bool {
        isNamespaceInit ? process > 1 : table.descends(process, from: CurrentProcess.id)
    }
}
