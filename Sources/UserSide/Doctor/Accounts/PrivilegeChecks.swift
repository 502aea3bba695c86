import Boot
internal import Linux
internal import Text

/// What a start of `entrypoint` may do, and what stands in the way.
enum PrivilegeChecks {
    /// What decides it.
    struct Sight {
        /// How the container was started; `nil` where no boot is on record.
        var start: Start?
        var own: Privileges
        /// As whom the container is started, if not as root.
        var user: UInt32
        /// What the file of `entrypoint` gives; `nil` for nothing.
        var file: (permitted: UInt64, isEffective: Bool)?
        var isOnNoSetIDMount = false
        /// The bounding set that the boot has left to the command.
        var boundingOfCommand: UInt64?
    }

    static func findings(_ facts: ContainerFacts) -> [Finding] {
        guard let own = try? Privileges.current() else { return [] }
        let program = ProgramFile(facts.entrypoint)
        let sight = Sight(
            start: facts.boot.flatMap { Start(rawValue: $0.start) }, own: own,
            user: facts.user?.credentials.user ?? own.user.real, file: program.capabilities,
            isOnNoSetIDMount: program.isOnNoSetIDMount, boundingOfCommand: facts.boot?.session?.bounding)
        return findings(sight, program: facts.entrypoint)
    }

    static func findings(_ sight: Sight, program: FilePath) -> [Finding] {
        let bounding = sight.own.capabilities.bounding
        let has = "no_new_privs: \(sight.own.noNewPrivileges ? "yes" : "no"), bounding set: \(words(bounding))"
        // The command has less than its container on purpose, and tells nothing of a start.
        if sight.own.noNewPrivileges, let left = sight.boundingOfCommand, left == bounding,
            sight.start?.isPrivileged == true
        {
            return [.ok("this session has what the boot has left to the command: \(has)")]
        }
        // Root may ask in a container that was started as somebody else.
        if (sight.start ?? (sight.own.user.effective == 0 ? .root : .bare)) == .root { return asRoot(bounding, has) }
        return asUser(sight, program, has)
    }

    private static func asRoot(_ bounding: UInt64, _ has: String) -> [Finding] {
        let missing = Capability.allCases.filter { bounding & $0.bit == 0 }
        if missing.isEmpty { return [.ok("a start as root has what it needs: \(has)")] }
        let names = missing.map { $0.fieldName }.joined(separator: ", ")
        return [
            .warn(
                "a start as root lacks \(missing.map { $0.name }.inWords): it cannot \(deeds(of: missing))",
                remedy:
                    "securityContext.capabilities.add: [\(names)] in the pod spec, or take \(missing.count == 1 ? "it" : "them")"
                    + " out of capabilities.drop")
        ]
    }

    private static func asUser(_ sight: Sight, _ program: FilePath, _ has: String) -> [Finding] {
        let all = Capability.allCases.map { $0.name.lowercased() }.joined(separator: ",")
        let setting = "in the image: setcap \(all)+p \(program.shown())"
        guard let file = sight.file else {
            return [
                .warn(
                    "a start as user \(sight.user) is bare: the file of entrypoint has no capabilities, so that what "
                        + "needs root is skipped",
                    remedy: "\(setting), or securityContext.runAsUser: 0 in the pod spec")
            ]
        }
        var findings: [Finding] = []
        let missing = Capability.allCases.filter { file.permitted & $0.bit == 0 }
        if !missing.isEmpty {
            findings.append(
                .warn(
                    "the file of entrypoint lacks \(missing.map { $0.name }.inWords): an elevated start cannot "
                        + deeds(of: missing), remedy: setting))
        }
        if file.isEffective {
            findings.append(
                .warn(
                    "the capabilities of entrypoint's file are in use from its start (+ep): where the pod spec drops one, "
                        + "the program does not start at all", remedy: setting))
        }
        findings += obstacles(sight, file.permitted)
        if findings.isEmpty { return [.ok("an elevated start has the capabilities of entrypoint's file: \(has)")] }
        return findings
    }

    /// What keeps a start from the capabilities of its file.
    private static func obstacles(_ sight: Sight, _ permitted: UInt64) -> [Finding] {
        if sight.isOnNoSetIDMount {
            return [
                .warn(
                    "the file of entrypoint is on a mount with nosuid, where its capabilities have no effect",
                    remedy: "let the program be in the image itself, and not on a volume")
            ]
        }
        var findings: [Finding] = []
        if sight.own.noNewPrivileges {
            findings.append(
                .warn(
                    "no_new_privs is set, so that the capabilities of entrypoint's file have no effect",
                    remedy: "securityContext.allowPrivilegeEscalation: true in the pod spec"))
        }
        let dropped = Capability.allCases.filter {
            permitted & $0.bit != 0 && sight.own.capabilities.bounding & $0.bit == 0
        }
        if !dropped.isEmpty {
            let isBare = dropped.contains(.setUID) || dropped.contains(.setGID)
            let effect = isBare ? "is bare" : "cannot \(deeds(of: dropped))"
            findings.append(
                .warn(
                    "the bounding set lacks \(dropped.map { $0.name }.inWords), which entrypoint's file has: the start \(effect)",
                    remedy:
                        "take \(dropped.map { $0.fieldName }.inWords) out of securityContext.capabilities.drop in the pod "
                        + "spec"))
        }
        return findings
    }

    /// What cannot be done without some capabilities.
    private static func deeds(of missing: [Capability]) -> String {
        missing.map { capability in
            switch capability {
            case .chown: "give files to the user"
            case .overrideFileAccess: "write where only others may"
            case .fileOwner: "set the modes of others' files"
            case .kill: "signal the user's processes"
            case .setGID: "set groups"
            case .setUID: "become the user"
            case .setCapabilities: "empty the bounding set"
            }
        }.inWords
    }

    private static func words(_ set: UInt64) -> String {
        let count = set.nonzeroBitCount
        return count == 0 ? "empty" : count.counted("capability", "capabilities")
    }
}
