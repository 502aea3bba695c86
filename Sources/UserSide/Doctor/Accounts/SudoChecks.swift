import Boot
internal import Linux
internal import Programs
internal import Text

/// Whether sudo can do what the settings promise.
enum SudoChecks {
    /// What decides it.
    struct Sight {
        /// Where sudo is; `nil` where the image has none.
        var program: FilePath?
        var owner: UInt32 = 0
        var mode: ModeBits = 0
        /// Whether its mount ignores the set-user-ID bit.
        var isOnNoSetIDMount = false
        var noNewPrivileges = false
        /// Whether process 1 was seen to have no_new_privs; only told of.
        var firstHasNoNewPrivileges: Bool?
        var bounding: UInt64 = .max
        /// Whether sudo reads the file that the boot writes; `nil` where only root could tell.
        var readsRule: Bool?
    }

    static func findings(_ facts: ContainerFacts, in tree: FileTree = FileTree()) -> [Finding] {
        guard let own = try? Privileges.current() else { return [] }
        var sight = Sight()
        sight.noNewPrivileges = own.noNewPrivileges
        sight.bounding = own.capabilities.bounding
        sight.firstHasNoNewPrivileges = ProcessStatus(1, in: tree)?.noNewPrivileges
        for directory in Paths.programDirectories {
            let path = directory.appending("sudo")
            guard let status = (try? tree.status(path, links: .follow)) ?? nil, status.kind == .file else { continue }
            (sight.program, sight.owner, sight.mode) = (path, status.user, status.mode)
            sight.isOnNoSetIDMount =
                ProgramFile(FilePath(tree.isRealRoot ? "/" : tree.root.string).appending(path.string))
                .isOnNoSetIDMount
            break
        }
        // Before a boot there is no file of it.
        if own.user.effective == 0 && facts.boot != nil {
            let host = Host(tree: tree, privileges: own)
            sight.readsRule = host.sudoers.readsDirectory && tree.has(Paths.sudoersFile)
        }
        return findings(isGranted: facts.hasSudo, sight)
    }

    static func findings(isGranted: Bool, _ sight: Sight) -> [Finding] {
        guard isGranted else {
            return sight.program == nil ? [] : [.ok("the settings give the user no sudo (identity.sudo)")]
        }
        guard let program = sight.program else {
            return [
                .warn(
                    "the settings give the user sudo, and the image has none",
                    remedy:
                        "in the image: apt-get install sudo, or identity: {sudo: none} in its \(Paths.configuration.string)"
                )
            ]
        }
        let findings = fileProblems(program, sight) + processProblems(sight)
        if !findings.isEmpty { return findings }
        return [.ok("\(program.shown()) has the set-user-ID bit (\(sight.mode.octal)), and nothing forbids its use")]
    }

    private static func fileProblems(_ program: FilePath, _ sight: Sight) -> [Finding] {
        var findings: [Finding] = []
        let name = program.shown()
        if sight.owner != 0 || !sight.mode.contains(0o4000) {
            let seen =
                sight.owner != 0 ? "belongs to user \(sight.owner)" : "has no set-user-ID bit (\(sight.mode.octal))"
            findings.append(
                .fail(
                    "\(name) \(seen), so that it does not become root",
                    remedy: "in the image: chown 0:0 \(name) && chmod 4755 \(name)"))
        }
        if sight.isOnNoSetIDMount {
            findings.append(
                .fail(
                    "\(name) is on a mount with nosuid, where the set-user-ID bit has no effect",
                    remedy: "mount what holds \(name) without nosuid, or take identity.sudo away"))
        }
        if sight.readsRule == false {
            findings.append(
                .fail(
                    "sudo does not read \(Paths.sudoersFile.string), or there is none: it asks for a password",
                    remedy:
                        "in the image: echo '@includedir \(Paths.sudoersDirectory.string)' >> \(Paths.sudoers.string)"))
        }
        return findings
    }

    private static func processProblems(_ sight: Sight) -> [Finding] {
        var findings: [Finding] = []
        if sight.noNewPrivileges {
            let first = sight.firstHasNoNewPrivileges.map { ", of process 1: \($0 ? "yes" : "no")" } ?? ""
            findings.append(
                .fail(
                    "sudo cannot become root: no_new_privs of this session: yes\(first)",
                    remedy: "securityContext.allowPrivilegeEscalation: true in the pod spec (docker run: without "
                        + "--security-opt no-new-privileges)"))
        }
        let needed = [Capability.setUID, .setGID].filter { sight.bounding & $0.bit == 0 }
        if !needed.isEmpty {
            findings.append(
                .fail(
                    "sudo cannot become root: the bounding set lacks \(needed.map { $0.name }.inWords)",
                    remedy:
                        "take \(needed.map { $0.fieldName }.inWords) out of securityContext.capabilities.drop in the pod "
                        + "spec"))
        }
        return findings
    }
}

extension Capability {
    /// The name as a pod spec writes it, such as `SETUID`.
    var fieldName: String { String(name.dropFirst("CAP_".count)) }
}
