internal import Linux

/// The processes that remain when the command has ended or the boot is given up: all but the init itself.
///
/// As process 1, the init counts all processes of the pid namespace. When process 1 ends, the kernel kills every
/// process in it, even of another container that has joined it, and a warning beforehand is better. As any other
/// process, the init lives in somebody else's namespace, such as a pod's or the host's, and only touches its own
/// descendants.
struct RemainingProcesses: Sendable {
    let table: ProcessTable
    private let isNamespaceInit = CurrentProcess.id == 1

    init(table: ProcessTable) {
        self.table = table
    }

    /// Whether there are processes left that are not the init's children, such as those of `docker exec`.
    var hasOthers: Bool { isNamespaceInit && Signals.probe(.everyone) != .nobody }

    /// Sends a signal to all of them.
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
            if entry.isStopped { Signals.send(.resume, toProcess: process) { contains(process) } }
        }
    }

    /// Continues those that are stopped; others would take the signal for the end of a stop that never was.
    func resumeStopped() {
        table.forEach { process in
            guard contains(process), table.entry(of: process)?.isStopped == true else { return }
            Signals.send(.resume, toProcess: process) { contains(process) }
        }
    }

    /// Continues the stopped members of a process group, whoever their parents are.
    func resumeStopped(ofGroup group: Int32) {
        table.forEach { process in
            guard Children.group(of: process) == group, table.entry(of: process)?.isStopped == true else { return }
            Signals.send(.resume, toProcess: process) { Children.group(of: process) == group }
        }
    }

    /// Calls `body` with each of them that has not yet ended.
    func forEach(_ body: (Int32, ProcessName) -> Void) {
        table.forEach { process in
            guard contains(process), let entry = table.entry(of: process), entry.state != UInt8(ascii: "Z") else {
                return
            }
            body(process, entry.name)
        }
    }

    /// Whether a process is among them.
    func contains(_ process: Int32) -> Bool {
        isNamespaceInit ? process > 1 : table.descends(process, from: CurrentProcess.id)
    }
}
