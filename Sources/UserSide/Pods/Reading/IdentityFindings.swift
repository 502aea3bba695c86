internal import Boot
internal import Linux
internal import Text

/// Whether the container's ids are those that its variables ask for.
enum IdentityFindings {
    static func findings(_ pod: PodCase) -> [PodFinding] {
        kubelet(pod) + (pod.identity.map { ids($0, pod) + sudo($0, pod) } ?? [])
    }

    /// What is decided before anything of the image runs.
    private static func kubelet(_ pod: PodCase) -> [PodFinding] {
        let facts = pod.facts
        var findings: [PodFinding] = []
        if let nonRoot = facts.runAsNonRoot, nonRoot.value {
            let wanted = pod.identity.map { "\($0.userID)" } ?? "a number other than 0"
            if let user = facts.runAsUser, user.value == 0 {
                findings.append(
                    .error(
                        .refusedAsRoot, user.field,
                        "runAsUser is 0, and runAsNonRoot is true: the kubelet refuses to start it",
                        set: "set runAsUser: \(wanted)"))
            } else if facts.runAsUser == nil {
                findings.append(
                    .warning(
                        .refusedAsRoot, nonRoot.field,
                        "runAsNonRoot is true without runAsUser: the kubelet refuses an image whose USER is root, or a name",
                        set: "set runAsUser: \(wanted)"))
            }
        }
        if let escalation = facts.allowPrivilegeEscalation, !escalation.value {
            let isPrivileged = facts.privileged?.value == true
            let admin =
                facts.added?.value.contains { ["SYS_ADMIN", "CAP_SYS_ADMIN"].contains($0.uppercased()) } ?? false
            if isPrivileged || admin {
                findings.append(
                    .error(
                        .contradiction, escalation.field,
                        "allowPrivilegeEscalation cannot be false beside \(isPrivileged ? "privileged: true" : "SYS_ADMIN")",
                        set: "remove one of them"))
            }
        }
        return findings
    }

    private static func ids(_ identity: Identity, _ pod: PodCase) -> [PodFinding] {
        if pod.start.start == .root { return root(identity, pod) }
        // An id that is not known is no id to compare.
        let user = pod.settings.assumes(PodVariables.userID.name) ? [] : user(identity, pod)
        return user + (pod.settings.assumes(PodVariables.groupID.name) ? [] : group(identity, pod))
    }

    private static func user(_ identity: Identity, _ pod: PodCase) -> [PodFinding] {
        let own = pod.start.credentials.user
        guard pod.start.isUserKnown, own != identity.userID else { return [] }
        let name = PodVariables.userID.name
        let isElevated = pod.start.start == .elevated
        let id: MessageIdentifier = isElevated ? .identityNotTheCaller : .identityCannotBecome
        let why =
            isElevated
            ? "a start with the capabilities of the program's file is for the caller alone"
            : "a start without privileges becomes nobody else"
        return [
            .error(
                id, pod.facts.runAsUser?.field ?? pod.facts.missing("runAsUser"),
                "the container runs as user \(own), and \(name) is \(pod.shown(name, identity.userID)): \(why)",
                set: "set runAsUser: \(pod.shown(name, identity.userID))")
        ]
    }

    private static func group(_ identity: Identity, _ pod: PodCase) -> [PodFinding] {
        let start = pod.start
        let own = start.credentials
        let name = PodVariables.groupID.name
        let wanted = pod.shown(name, identity.groupID)
        let field = pod.facts.runAsGroup?.field ?? pod.facts.missing("runAsGroup")
        let isElevated = start.start == .elevated
        if own.group == identity.groupID { return [] }
        if own.groups.contains(identity.groupID) {
            // With the capabilities of the program's file, a supplementary group becomes the primary one.
            return isElevated
                ? []
                : [
                    .warning(
                        .identityPrimaryGroup, field,
                        "group \(wanted) stays a supplementary group: the primary group is \(own.group)",
                        set: "set runAsGroup: \(wanted)")
                ]
        }
        guard start.isUserKnown || pod.facts.runAsGroup != nil else { return [] }
        let known =
            start.isGroupKnown
            ? "\(own.group)" : "0, unless the image's \(Paths.passwd) gives user \(own.user) another"
        return [
            .error(
                isElevated ? .identityNotTheCaller : .identityCannotBecome, field,
                "\(name) is \(wanted), which is not one of the container's groups: its primary group is \(known)",
                set: "set runAsGroup: \(wanted)")
        ]
    }

    /// Whether a start as root can take the user's ids.
    private static func root(_ identity: Identity, _ pod: PodCase) -> [PodFinding] {
        let facts = pod.facts
        var findings: [PodFinding] = []
        let missing = Capability.allCases.filter { facts.bounding & $0.bit == 0 }
        let names = missing.map { String($0.name.dropFirst(4)) }
        let field = facts.dropped?.field ?? facts.missing("capabilities")
        if missing.contains(where: { $0 == .setUID || $0 == .setGID }) {
            findings.append(
                .error(
                    .identityIDsRefused, field, "root without \(names.inWords) cannot become the user",
                    set:
                        "set capabilities.add: [\(names.joined(separator: ", "))], or runAsUser and runAsGroup to the user's ids",
                    forbidden: true))
        } else if !missing.isEmpty {
            findings.append(
                .warning(
                    missing.contains(.chown) ? .filesNeedChown : .filesNeedRoot, field,
                    "root without \(names.inWords) cannot make all that a boot makes, such as the user's home",
                    set: "set capabilities.add: [\(names.joined(separator: ", "))]", forbidden: true))
        }
        // A pod with a namespace of its own has as many ids.
        if let own = facts.hostUsers, !own.value {
            let ids = [
                (PodVariables.userID.name, identity.userID), (PodVariables.groupID.name, identity.groupID),
            ].filter { !pod.settings.assumes($0.0) && $0.1 > 65535 }
            if !ids.isEmpty {
                findings.append(
                    .error(
                        .identityIDsRefused, own.field,
                        "the pod's user namespace has no ids above 65535: "
                            + ids.map { "\($0.0) is \(pod.shown($0.0, $0.1))" }.joined(separator: ", "),
                        set: "set hostUsers: true"))
            }
        }
        return findings
    }

    private static func sudo(_ identity: Identity, _ pod: PodCase) -> [PodFinding] {
        guard pod.start.start == .root, pod.start.noNewPrivileges, identity.sudo == .all,
            let field = pod.facts.allowPrivilegeEscalation?.field
        else { return [] }
        return [
            .warning(
                .identitySudoNotGranted, field, "sudo is not granted: it cannot work without privilege escalation",
                set: "set allowPrivilegeEscalation: true", forbidden: true)
        ]
    }
}

/// What a container may not do, and has too much of.
enum SecurityFindings {
    static func findings(_ pod: PodCase) -> [PodFinding] { obstacle(pod) + readOnly(pod) + profiles(pod) }

    private static func obstacle(_ pod: PodCase) -> [PodFinding] {
        guard let field = pod.start.obstacle else { return [] }
        let text = "the start is bare: \(pod.start.reason); there is no account, no sudo and no help of the seed user"
        if pod.facts.isRestricted {
            return [.note(.elevationForbidden, field, "\(text), as a restricted cluster wants it")]
        }
        let isDropped = pod.facts.dropped?.field == field
        return [
            .warning(
                .elevationForbidden, field, text,
                set: isDropped ? "take SETUID and SETGID out of drop" : "set allowPrivilegeEscalation: true",
                forbidden: true)
        ]
    }

    private static func readOnly(_ pod: PodCase) -> [PodFinding] {
        guard let field = pod.facts.readOnlyRoot, field.value, let scratch = pod.scratch, let identity = pod.identity
        else { return [] }
        var lost = pod.start.start.isPrivileged ? ["no account in \(Paths.passwd)", "no sudo"] : []
        if pod.facts.volumes.holding(Paths.homes.appending(identity.userName)) == nil {
            let home = pod.shown(PodVariables.userName.name, scratch.home.shown())
            lost.append("no home below \(Paths.homes), so that HOME is \(home)")
        }
        guard !lost.isEmpty else { return [] }
        return [
            .warning(
                .filesReadOnly, field.field, "the root file system is read-only: there is \(lost.inWords)",
                set: "mount an emptyDir at \(Paths.homes) for a home")
        ]
    }

    private static func profiles(_ pod: PodCase) -> [PodFinding] {
        var findings: [PodFinding] = []
        if let privileged = pod.facts.privileged, privileged.value {
            findings.append(
                .warning(
                    .privileged, privileged.field,
                    "a boot needs no privileged container, and the user's command has none of the privileges",
                    set: "remove privileged"))
        }
        if let profile = pod.facts.seccomp, profile.value == "Localhost", pod.start.start.isPrivileged {
            findings.append(
                .note(
                    .seccompProfile, profile.field,
                    "a profile of the node decides whether setresuid, setgroups and capset are allowed, which a boot makes"
                ))
        }
        if let shared = pod.facts.sharedProcesses, pod.settings.settings?[InitSettings.self]?.mode == nil {
            findings.append(
                .warning(
                    .notProcess1, shared.field,
                    "entrypoint is not process 1: it becomes the command, and forwards and reaps nothing",
                    set: "set ENTRYPOINT_MODE: init"))
        }
        return findings
    }
}
