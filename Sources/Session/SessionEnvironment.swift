internal import Boot
internal import Linux
internal import Programs

/// What a later session lacks of the boot's environment, and what it keeps of its own.
///
/// A session has the variables of the pod spec (`docker exec`, `kubectl exec`) or those of a login (ssh, `su -`, cron).
/// What the boot has set replaces them. What somebody has chosen for this session stays: the terminal, the language, and
/// every variable whose value differs both from the boot's and from what the container was started with.
struct SessionEnvironment {
    /// The variable that says that an environment is the boot's already.
    static let mark = PodVariables.sessionName
    /// Variables that say who the user is.
    private static let identity = ["HOME", "LOGNAME", "SHELL", "USER"]
    /// Variables that every session has of its own, or has not.
    private static let own = ["COLORTERM", "COLUMNS", "DISPLAY", "LANG", "LANGUAGE", "LINES", "TERM", "TZ"]
    /// The beginnings of the names of further ones.
    private static let ownPrefixes = ["LC_", "SSH_", "XDG_"]

    private let kept: [(name: String, value: [UInt8])]
    private let record: SessionRecord?
    private let session: EnvironmentBlock
    private let removed: [String]

    /// - Parameters:
    ///   - kept: the entries of the boot's environment.
    ///   - record: what the boot has replaced and removed.
    ///   - session: the environment of the session.
    ///   - removed: the names of further variables that the command does not get.
    init(kept: [[UInt8]], record: SessionRecord?, session: EnvironmentBlock, removing removed: [String] = []) {
        self.kept = kept.compactMap { entry in
            guard let end = entry.firstIndex(of: UInt8(ascii: "=")), end > 0 else { return nil }
            return (String(decoding: entry[..<end], as: UTF8.self), Array(entry[(end + 1)...]))
        }
        (self.record, self.session, self.removed) = (record, session, removed)
    }

    /// Whether the session came from the boot: all that differs has been changed since.
    var isMarked: Bool { session.value(Self.mark) != nil }

    /// What the session has to set.
    ///
    /// - Parameter mayChoosePath: whether another `PATH` can be what somebody has chosen. A login has one of its own.
    func missing(mayChoosePath: Bool) -> [(name: String, value: [UInt8])] {
        kept.filter { name, value in
            if Self.identity.contains(name) { return true }
            guard let present = session.value(name) else { return true }
            if present == value { return false }
            if Self.isOwn(name) { return false }
            if isMarked { return false }
            if name == "PATH" && !mayChoosePath { return true }
            return record?.replaced.contains { $0.name == name && Array($0.value.utf8) == present } ?? false
        }
    }

    /// The environment of the session's command.
    ///
    /// - Parameter required: the names of the variables that say that a session has those of the pod spec.
    func complete(required: [String]) -> [CString] {
        let hasPodSpec =
            session.value("SUDO_UID") == nil
            && required.contains { name in kept.contains { $0.name == name && session.value(name) == $0.value } }
        return session.setting(
            missing(mayChoosePath: isMarked || hasPodSpec), removing: Set(removed + (record?.stripped ?? [])))
    }

    private static func isOwn(_ name: String) -> Bool {
        own.contains(name) || ownPrefixes.contains { name.utf8.starts(with: $0.utf8) }
    }
}
