internal import Boot
internal import Linux
internal import Text

/// What a pod's spec says of one of its containers, with the types that Kubernetes takes.
struct PodFacts {
    let spec: SpecValue
    let container: PodContainer
    let runAsUser: SpecSetting<UInt32>?
    let runAsGroup: SpecSetting<UInt32>?
    let runAsNonRoot: SpecSetting<Bool>?
    let fsGroup: SpecSetting<UInt32>?
    let supplementalGroups: [UInt32]
    /// Whether the groups that the image gives the user do not count.
    let hasOwnGroupsOnly: Bool
    let allowPrivilegeEscalation: SpecSetting<Bool>?
    let privileged: SpecSetting<Bool>?
    let readOnlyRoot: SpecSetting<Bool>?
    /// Capabilities that the container has besides the usual ones.
    let added: SpecSetting<[String]>?
    /// Capabilities that are taken from the container.
    let dropped: SpecSetting<[String]>?
    /// The type of the seccomp profile.
    let seccomp: SpecSetting<String>?
    let hostUsers: SpecSetting<Bool>?
    /// What makes another process than the container's first one process 1.
    let sharedProcesses: SpecSetting<Bool>?
    /// Seconds from TERM to KILL.
    let gracePeriod: SpecSetting<Int>?
    let isTerminal: Bool
    let volumes: PodVolumes

    init(_ spec: SpecValue, _ container: PodContainer, _ all: [PodContainer], _ reader: inout SpecReader) {
        self.spec = spec
        self.container = container
        let pods = reader.mapping(spec["securityContext"])
        let own = reader.mapping(container.value["securityContext"])
        // What the container says counts, and what the pod says is checked all the same.
        let (podUser, podGroup) = (reader.id(pods?["runAsUser"]), reader.id(pods?["runAsGroup"]))
        let podNonRoot = reader.boolean(pods?["runAsNonRoot"])
        runAsUser = reader.id(own?["runAsUser"]) ?? podUser
        runAsGroup = reader.id(own?["runAsGroup"]) ?? podGroup
        runAsNonRoot = reader.boolean(own?["runAsNonRoot"]) ?? podNonRoot
        fsGroup = reader.id(pods?["fsGroup"])
        supplementalGroups = reader.list(pods?["supplementalGroups"]).compactMap { reader.id($0)?.value }
        hasOwnGroupsOnly = reader.text(pods?["supplementalGroupsPolicy"]) == "Strict"
        allowPrivilegeEscalation = reader.boolean(own?["allowPrivilegeEscalation"])
        privileged = reader.boolean(own?["privileged"])
        readOnlyRoot = reader.boolean(own?["readOnlyRootFilesystem"])
        let capabilities = reader.mapping(own?["capabilities"])
        func names(_ key: String) -> SpecSetting<[String]>? {
            guard let value = capabilities?[key] else { return nil }
            return SpecSetting(value: reader.texts(value) ?? [], field: value.field)
        }
        added = names("add")
        dropped = names("drop")
        let podProfile = reader.mapping(pods?["seccompProfile"])?["type"]
        let profile = reader.mapping(own?["seccompProfile"])?["type"] ?? podProfile
        seccomp = reader.text(profile).flatMap { type in profile.map { SpecSetting(value: type, field: $0.field) } }
        hostUsers = reader.boolean(spec["hostUsers"])
        sharedProcesses = [spec["shareProcessNamespace"], spec["hostPID"]].compactMap { reader.boolean($0) }
            .first { $0.value }
        gracePeriod = reader.integer(spec["terminationGracePeriodSeconds"], in: 0...Int(Int32.max))
        isTerminal = [container.value["tty"], container.value["stdin"]].compactMap { reader.boolean($0) }
            .contains { $0.value }
        volumes = PodVolumes(spec, container, all, &reader)
    }

    /// The security context of the container, in which most fields are missed.
    func missing(_ key: String) -> SpecField {
        if let own = container.value["securityContext"] { return own.missing(key) }
        let field = container.value.missing("securityContext")
        return SpecField(path: "\(field.path).\(key)", place: field.place)
    }

    /// The capabilities that the container's processes can have (`capabilities(7)`, the bounding set).
    var bounding: UInt64 {
        if privileged?.value == true { return .max }
        func bits(_ names: [String]) -> UInt64 {
            names.reduce(0) { bits, name in
                if name.uppercased() == "ALL" { return .max }
                // libcap would take what follows a name for another part of the text.
                guard name.isVariableName, let number = Capability.number(named: name) else { return bits }
                return bits | 1 << UInt64(number)
            }
        }
        return bits(Self.usualCapabilities) & ~bits(dropped?.value ?? []) | bits(added?.value ?? [])
    }

    /// What container runtimes give a container unless the spec says otherwise (containerd, CRI-O and Docker agree on all of
    /// which a boot makes use).
    private static let usualCapabilities = [
        "CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "MKNOD", "NET_RAW", "SETGID", "SETUID", "SETFCAP", "SETPCAP",
        "NET_BIND_SERVICE", "SYS_CHROOT", "KILL", "AUDIT_WRITE",
    ]

    /// Whether no program gains privileges: neither by the set-user-ID bit nor by file capabilities.
    var noNewPrivileges: Bool {
        // For these two, Kubernetes always allows it.
        let isAlwaysAllowed = privileged?.value == true || bounding & Capability.systemAdministration != 0
        return allowPrivilegeEscalation?.value == false && !isAlwaysAllowed
    }

    /// Whether the restricted Pod Security Standard would admit the container as it is.
    var isRestricted: Bool {
        allowPrivilegeEscalation?.value == false && bounding & ~(1 << 10) == 0 && runAsNonRoot?.value == true
    }

    /// The groups that the container's processes have besides the primary one, as far as the spec decides them.
    var groups: [UInt32] { Set(supplementalGroups + (fsGroup.map { [$0.value] } ?? [])).sorted() }
}
