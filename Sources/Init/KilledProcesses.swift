package import Linux

/// The processes that were killed: all of them are counted, and the first few are named.
package struct KilledProcesses: Sendable {
    private var processes = InlineArray<8, Int32>(repeating: 0)
    private var names = InlineArray<8, ProcessName>(repeating: ProcessName())
    /// How many were killed.
    package private(set) var count = 0

    package init() {}

    /// How many of them are named.
    package var namedCount: Int { min(count, processes.count) }

    /// The id and the name of one of the named processes.
    package subscript(index: Int) -> (process: Int32, name: ProcessName) { (processes[index], names[index]) }

    package mutating func add(_ process: Int32, _ name: ProcessName) {
        if count < processes.count {
            processes[count] = process
            names[count] = name
        }
        count += 1
    }
}
