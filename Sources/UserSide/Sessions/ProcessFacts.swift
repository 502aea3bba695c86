package import Linux
internal import Text

/// What `/proc` tells of a process (proc_pid_stat(5)).
package struct ProcessFacts: Equatable, Sendable {
    package let id: Int32
    /// The kernel's name for it: that of the program's file, at most 15 bytes.
    package let name: String
    /// Its state; `Z` for a process that has ended and was not waited for.
    package let state: UInt8
    /// The process that waits for it; 0 for one outside the pid namespace.
    package let parent: Int32
    /// The session that it belongs to, which has the id of its leader.
    package let session: Int32
    /// The number of its controlling terminal; 0 without one.
    package let terminal: UInt64
    /// The process group in the foreground of that terminal; at most 0 where there is none.
    package let foreground: Int32
    /// When it started, in ticks since the kernel's boot. A number that is used again has another.
    package let started: UInt64
    /// The real user id.
    package let user: UInt32

    /// Reads what is known of a process now; `nil` where there is none, or it is hidden.
    package init?(_ id: Int32, in tree: FileTree) {
        guard let stat = Self.read("stat", of: id, in: tree), let status = Self.read("status", of: id, in: tree) else {
            return nil
        }
        self.init(id, stat: stat, status: status)
    }

    /// - Parameters:
    ///   - stat: the content of `/proc/ID/stat`.
    ///   - status: that of `/proc/ID/status`.
    init?(_ id: Int32, stat: [UInt8], status: [UInt8]) {
        // The name is in parentheses and may contain some itself, so the last one ends it.
        guard let start = stat.firstIndex(of: UInt8(ascii: "(")), let end = stat.lastIndex(of: UInt8(ascii: ")")),
            start < end
        else { return nil }
        let fields = stat[(end + 1)...].split(whereSeparator: { $0.isSpace })
        func number(_ index: Int) -> Int64? {
            let field = fields[index]
            let magnitude = (field.first == UInt8(ascii: "-") ? field.dropFirst() : field).decimal
            return magnitude.flatMap { Int64(exactly: $0) }.map { field.first == UInt8(ascii: "-") ? -$0 : $0 }
        }
        guard fields.count > 19, let state = fields[0].first, let parent = number(1), let session = number(3),
            let terminal = number(4), let foreground = number(5), let started = number(19),
            let user = Self.realUser(in: status)
        else { return nil }
        self.id = id
        name = Array(stat[(start + 1)..<end]).shown()
        self.state = state
        self.parent = Int32(truncatingIfNeeded: parent)
        self.session = Int32(truncatingIfNeeded: session)
        self.terminal = UInt64(UInt32(truncatingIfNeeded: terminal))
        self.foreground = Int32(truncatingIfNeeded: foreground)
        self.started = UInt64(clamping: started)
        self.user = user
    }

    private static func realUser(in status: [UInt8]) -> UInt32? {
        let label = Array("Uid:".utf8)
        guard let line = status.split(separator: .newline).first(where: { $0.starts(with: label) }) else { return nil }
        let fields = line.dropFirst(label.count).split(whereSeparator: { $0.isSpace })
        return fields.first?.decimal.flatMap { UInt32(exactly: $0) }
    }

    /// A file of a process; `nil` where there is none, or it is hidden.
    static func read(_ file: String, of id: Int32, in tree: FileTree) -> [UInt8]? {
        (try? tree.read(FilePath("/proc/\(id)/\(file)"), limit: 1 << 16)) ?? nil
    }

    /// Whether it is still the process that was seen, in the session that it was in.
    package func isSame(as other: ProcessFacts?) -> Bool {
        other.map { $0.id == id && $0.started == started && $0.session == session } ?? false
    }

    /// Whether it has ended.
    package var hasEnded: Bool { state == UInt8(ascii: "Z") || state == UInt8(ascii: "X") }

    /// The name of the terminal, such as `pts/0`; `nil` without one.
    package var terminalName: String? {
        if terminal == 0 { return nil }
        // As the kernel writes device numbers for programs (new_encode_dev): the minor number is in two parts.
        let (major, minor) = (terminal >> 8 & 0xFFF, terminal & 0xFF | terminal >> 12 & 0xF_FF00)
        return switch major {
        // Documentation/admin-guide/devices.txt: 136 to 143 are the ends of pseudoterminals that programs have.
        case 136...143: "pts/\((major - 136) << 20 | minor)"
        case 4 where minor < 64: "tty\(minor)"
        case 5 where minor == 1: "console"
        default: "\(major):\(minor)"
        }
    }
}
