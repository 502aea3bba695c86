internal import Boot
internal import Linux
internal import Text

/// Whether the directories on scratch are as the group and the umask need them.
enum ScratchModes {
    /// What a directory is for.
    private enum Use {
        /// The user's own: the group may work there as the umask says.
        case own
        /// Everybody's of the group.
        case shared
    }

    static func findings(_ facts: ContainerFacts) -> [Finding] {
        guard let user = facts.user?.credentials else { return [] }
        var places: [(path: FilePath, use: Use, name: String)] = []
        func add(_ path: FilePath?, _ use: Use, _ name: String) {
            if let path, !places.contains(where: { $0.path == path }) { places.append((path, use, name)) }
        }
        add(facts.scratchHome, .own, PodVariables.scratchHome.name)
        add(facts.workingDirectory, .own, PodVariables.workingDirectory.name)
        for cache in SharedCaches.places(facts) { add(cache.path, .shared, cache.name) }
        var findings: [Finding] = []
        var fine: [String] = []
        for (path, use, name) in places {
            CheckProgress.look(at: path)
            // What is missing or closed is told by the checks that work there.
            guard let status = (try? FileTree().status(path, links: .follow)) ?? nil, status.kind == .directory else {
                continue
            }
            if let problem = problem(of: path, status, use, name, user, facts.umask) {
                findings.append(problem)
            } else {
                fine.append("\(name) (\(status.mode.octal), \(status.user):\(status.group))")
            }
        }
        if !fine.isEmpty {
            let umask = facts.umask.map { ", the umask \($0.octal)" } ?? ""
            findings.insert(.ok("owner, group and mode are right of \(fine.inWords)\(umask)"), at: 0)
        }
        return findings
    }

    /// What is not as it should be, in one finding with one command.
    private static func problem(
        of path: FilePath, _ status: FileStatus, _ use: Use, _ name: String, _ user: Credentials, _ umask: ModeBits?
    ) -> Finding? {
        let mode = status.mode
        var reasons: [String] = []
        var commands: [String] = []
        var changes: [String] = []
        // A directory that belongs to nobody of the pod, such as the image's own, is not the group's affair.
        let isUsers = use == .shared || status.user == user.user || status.group == user.group
        let isGroups = use == .shared || umask.map { $0.rawValue & 0o070 == 0 } ?? false
        if isUsers, status.group != user.group {
            reasons.append("it is not of the group \(user.group)")
            commands.append("chgrp \(user.group) \(path.shellWord)")
        }
        var group = ""
        if isUsers, isGroups, !mode.contains(0o070) {
            let umask = umask.map { ", although the umask \($0.octal) lets them" } ?? ""
            reasons.append("members of the group cannot work there\(umask)")
            group += "rwx"
        }
        if use == .shared, !mode.contains(0o2000) {
            reasons.append("without set-group-ID, what is made in it need not be of the group")
            group += "s"
        }
        if !group.isEmpty { changes.append("g+\(group)") }
        if mode.contains(0o002), !mode.contains(0o1000) {
            reasons.append("everybody can replace what is in it")
            changes.append("o-w")
        }
        if reasons.isEmpty { return nil }
        if !changes.isEmpty { commands.append("chmod \(changes.joined(separator: ",")) \(path.shellWord)") }
        let owner = status.user == 0 ? "root" : "user \(status.user)"
        let who = status.user == user.user ? "run" : "let \(owner) run"
        return .warn(
            "\(name) \(path.shown()) has mode \(mode.octal) and belongs to \(status.user):\(status.group): \(reasons.inWords)",
            remedy: "\(who) \(commands.joined(separator: " && "))")
    }
}
