import Boot
internal import Linux
internal import Text

/// What the kernel tells everybody of a process (proc_pid_status(5)).
struct ProcessStatus: Equatable {
    let id: Int32
    /// At most 15 bytes of the name of its program.
    let name: String
    /// Its state, such as `Z` for one that has ended and was not waited for.
    let state: Character
    let parent: Int32
    /// The signals that it handles, or blocks to read them (signalfd(2)), bit N - 1 for signal N. Those that it is waiting
    /// for in sigtimedwait(2) are not among them: the kernel shows them as not blocked.
    let handled: UInt64
    let noNewPrivileges: Bool

    /// Whether it has ended and was not waited for.
    var isZombie: Bool { state == "Z" }

    /// - Returns: `nil` where there is no such process, or `/proc` does not show it.
    init?(_ id: Int32, in tree: FileTree) {
        let lines = tree.kernelLines(FilePath("/proc/\(id)/status"))
        func field(_ label: String) -> String? {
            // A label is at the beginning of a line, and a name has no newline: the kernel escapes it.
            lines.first { $0.hasPrefix(label + ":\t") }.map { String($0.dropFirst(label.count + 2)) }
        }
        func set(_ label: String) -> UInt64 { field(label).flatMap { UInt64($0, radix: 16) } ?? 0 }
        guard let name = field("Name"), let state = field("State")?.first,
            let parent = field("PPid").flatMap({ Int32($0) })
        else { return nil }
        (self.id, self.name, self.state, self.parent) = (id, name, state, parent)
        handled = set("SigCgt") | set("SigBlk")
        noNewPrivileges = field("NoNewPrivs") == "1"
    }

    /// Every process that `/proc` shows, by their numbers.
    static func all(in tree: FileTree) -> [ProcessStatus] {
        let numbers = ((try? tree.names(in: "/proc", links: .refuse)) ?? []).compactMap { Int32($0.string) }
        return numbers.sorted().compactMap { ProcessStatus($0, in: tree) }
    }
}
