internal import Linux
internal import Text

/// The processes that are seen, and what they have to do with each other.
struct SessionTree {
    /// The processes by their ids.
    let processes: [Int32: ProcessFacts]
    private let own: Int32
    /// The control group of each process, which its container gives it; `nil` where it is hidden.
    private let group: (Int32) -> [UInt8]?

    init(_ seen: [ProcessFacts], own: Int32, group: @escaping (Int32) -> [UInt8]?) {
        processes = seen.reduce(into: [:]) { $0[$1.id] = $1 }
        self.own = own
        self.group = group
    }

    /// The process and those above it, up to one that nobody sees.
    private func line(of id: Int32) -> [ProcessFacts] {
        var line: [ProcessFacts] = []
        var next = processes[id]
        // Parents that change in the meantime could form a cycle.
        while let process = next, line.count < 1000 {
            line.append(process)
            next = process.parent == process.id ? nil : processes[process.parent]
        }
        return line
    }

    /// The processes of a session that have not ended.
    func members(of session: Int32) -> [ProcessFacts] {
        processes.values.filter { $0.session == session && !$0.hasEnded }.sorted { $0.id < $1.id }
    }

    /// The process in the foreground of a leader's terminal, if that is another one of its session.
    func foreground(of leader: ProcessFacts) -> ProcessFacts? {
        guard leader.terminal != 0, leader.foreground > 0, leader.foreground != leader.id,
            let process = processes[leader.foreground], process.session == leader.id
        else { return nil }
        return process
    }

    /// Whether the process that asks, or one above it, belongs to a session.
    func isOwn(_ session: Int32) -> Bool { line(of: own).contains { $0.session == session } }

    /// The leaders of sessions that somebody has begun after the container's start, the oldest first.
    ///
    /// - Parameters:
    ///   - inits: the names of programs that are process 1 and not the command.
    ///   - servers: the names of ssh servers.
    func leaders(inits: Set<String>, servers: Set<String>) -> [(ProcessFacts, ContainerSession.Origin)] {
        let first = first
        let isInit = first.map { inits.contains($0.name) } ?? false
        return processes.values.filter { $0.session == $0.id && !$0.hasEnded }
            .sorted { ($0.started, $0.id) < ($1.started, $1.id) }
            .compactMap { leader in
                origin(of: leader, first: first, isInit: isInit, servers: servers).map { (leader, $0) }
            }
    }

    /// The container's first process: process 1, or in a pid namespace of several containers this container's eldest that
    /// has come from outside.
    private var first: ProcessFacts? {
        if let process1 = processes[1], isHere(process1) { return process1 }
        return processes.values.filter { $0.parent == 0 && $0.id != 1 && isHere($0) }
            .min { ($0.started, $0.id) < ($1.started, $1.id) }
    }

    /// Whether a process is in this container, and not in another one of the pod that shares its pid namespace.
    private func isHere(_ process: ProcessFacts) -> Bool {
        guard let here = group(own), let there = group(process.id) else { return false }
        return ControlGroups(here).isRelated(to: ControlGroups(there))
    }

    private func origin(
        of leader: ProcessFacts, first: ProcessFacts?, isInit: Bool, servers: Set<String>
    ) -> ContainerSession.Origin? {
        guard let first, leader.id != 1, leader.session != first.session, isHere(leader),
            !servers.contains(leader.name)
        else { return nil }
        let line = line(of: leader.id)
        if line.count > 1, servers.contains(line[1].name) { return .ssh }
        // The command's session is that of the first process, and so is that of most of its children.
        if line.dropFirst().contains(where: { $0.id != first.id && $0.session == first.session }) { return nil }
        // Without an init, whatever descends from the first process descends from the command.
        if !isInit && line.contains(where: { $0.parent == 1 || $0.parent == first.id }) { return nil }
        if leader.parent == 0 { return .exec }
        return leader.terminal == 0 ? nil : .terminal
    }
}

/// The control groups of a process (proc_pid_cgroup(5)): a path for each hierarchy.
struct ControlGroups {
    private let paths: [[UInt8]: ArraySlice<UInt8>]

    init(_ text: [UInt8]) {
        paths = text.split(separator: .newline).reduce(into: [:]) { paths, line in
            let fields = line.split(separator: .colon, maxSplits: 2, omittingEmptySubsequences: false)
            if fields.count == 3 { paths[Array(fields[1])] = fields[2] }
        }
    }

    /// Whether both may be of one container, which has a group of its own and perhaps further ones below it. A path out of
    /// the namespace begins with `/..`.
    func isRelated(to other: ControlGroups) -> Bool {
        guard !paths.isEmpty, Set(paths.keys) == Set(other.paths.keys) else { return false }
        return paths.allSatisfy { hierarchy, path in
            guard let there = other.paths[hierarchy] else { return false }
            return Self.isRelated(path, there)
        }
    }

    private static func isRelated(_ one: ArraySlice<UInt8>, _ other: ArraySlice<UInt8>) -> Bool {
        if one.elementsEqual(other) { return true }
        let outside = Array("/..".utf8)
        if one.starts(with: outside) || other.starts(with: outside) { return false }
        let slash = UInt8(ascii: "/")
        func isAbove(_ one: ArraySlice<UInt8>, _ other: ArraySlice<UInt8>) -> Bool {
            other.starts(with: one.last == slash ? Array(one) : one + [slash])
        }
        return isAbove(one, other) || isAbove(other, one)
    }
}
