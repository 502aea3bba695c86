internal import Boot
internal import Linux
internal import Text

/// What a container's mounts mean for a boot.
enum VolumeFindings {
    static func findings(_ pod: PodCase) -> [PodFinding] {
        var findings: [PodFinding] = []
        for mount in pod.facts.volumes.mounts where mount.volume == nil {
            findings.append(
                .error(
                    .volumeMissing, mount.field, "the pod has no volume \(mount.volumeName.shown(limit: 80))",
                    set: "add it to volumes:"))
        }
        return findings + scratch(pod) + hidden(pod) + secretFiles(pod)
    }

    // MARK: Persistent directories

    private static func scratch(_ pod: PodCase) -> [PodFinding] {
        guard let scratch = pod.scratch, !isAssumed(pod) else { return [] }
        let home = pod.shown(PodVariables.scratchRoot.name, pod.shown(PodVariables.userName.name, scratch.home.shown()))
        let name = PodVariables.scratchHome.name
        guard let mount = pod.facts.volumes.holding(scratch.home) else {
            let container = pod.facts.container.value
            let field = container["volumeMounts"]?.field ?? container.missing("volumeMounts")
            return [
                .warning(
                    .scratchNotMounted, field,
                    "nothing is mounted at \(home) (\(name)) or above it: what is there ends with the container, and the "
                        + "boot ends where the image does not let the user make it",
                    set: "mount the scratch volume")
            ]
        }
        let volume = "\(mount.volume?.type ?? "volume") \(mount.volumeName.shown(limit: 80))"
        if mount.isReadOnly || mount.volume?.isMade == true {
            return [
                .error(
                    .scratchReadOnly, mount.field, "\(home) (\(name)) lies on \(volume), which nobody can write",
                    set: "remove readOnly: true, or mount a volume that can be written")
            ]
        }
        guard mount.volume?.endsWithPod == true else { return [] }
        return [
            .warning(
                .scratchNotKept, mount.field,
                "\(home) (\(name)) lies on \(volume), whose content ends with the pod: nothing in it is kept",
                set: "mount a persistent volume claim")
        ]
    }

    /// Whether the place is not known.
    private static func isAssumed(_ pod: PodCase) -> Bool {
        let names = [PodVariables.userName.name, PodVariables.scratchRoot.name]
        return pod.environment[PodVariables.scratchHome.name] == nil && names.contains { pod.settings.assumes($0) }
    }

    // MARK: What a mount hides

    private static func hidden(_ pod: PodCase) -> [PodFinding] {
        guard let identity = pod.identity else { return [] }
        return pod.facts.volumes.mounts.flatMap { mount in
            accounts(mount, pod) + policy(mount, pod) + state(mount, pod) + home(mount, identity, pod)
                + programs(mount, pod)
        }
    }

    private static func accounts(_ mount: PodMount, _ pod: PodCase) -> [PodFinding] {
        let files = [Paths.passwd, Paths.group, Paths.shadow, Paths.gshadow]
        guard pod.start.start.isPrivileged, mount.path == "/etc" || files.contains(mount.path) else { return [] }
        let text =
            pod.start.start == .elevated
            ? "what the pod mounts there is not the image's: nobody is looked up in it, and file capabilities are not used"
            : "the account is written into a mount, where no file can be replaced: it may not be written at all"
        return [.warning(.mountHides, mount.field, "\(mount.path.shown()): \(text)", set: "mount it elsewhere")]
    }

    private static func policy(_ mount: PodMount, _ pod: PodCase) -> [PodFinding] {
        let directory = Paths.configurationDirectory.parent
        guard pod.start.start == .elevated,
            mount.path == Paths.configuration || mount.path.starts(with: directory)
        else { return [] }
        return [
            .warning(
                .mountHides, mount.field,
                "\(mount.path.shown()): a start with file capabilities follows no configuration that a pod mounts, and with "
                    + "a part of it hidden none at all",
                set: "build the configuration into the image")
        ]
    }

    /// What a boot keeps for later sessions.
    private static func state(_ mount: PodMount, _ pod: PodCase) -> [PodFinding] {
        guard pod.start.start.isPrivileged, mount.path == Paths.volatile || mount.path == Paths.state else { return [] }
        let path = mount.path.shown()
        if mount.isReadOnly || mount.volume?.isMade == true {
            return [
                .warning(
                    .reportNotKept, mount.field,
                    "\(path) cannot be written: nothing of the boot is kept there for later sessions",
                    set: "mount an emptyDir with medium: Memory, or nothing")
            ]
        }
        guard mount.volume?.endsWithPod == false else { return [] }
        return [
            .warning(
                .mountHides, mount.field,
                "\(path): what a boot keeps for later sessions outlives the pod on this volume",
                set: "mount an emptyDir with medium: Memory, or nothing")
        ]
    }

    private static func home(_ mount: PodMount, _ identity: Identity, _ pod: PodCase) -> [PodFinding] {
        let home = identity.home
        let ssh = home.appending(".ssh")
        let hasKeys = pod.environment.variables.contains { $0.name.hasPrefix("SSH_") && $0.value != "" }
        if mount.path == ssh || mount.path.starts(with: ssh) {
            guard hasKeys else { return [] }
            return [
                .warning(
                    .mountHides, mount.field, "a mounted ~/.ssh is left as it is: the SSH_* variables have no effect",
                    set: "remove the mount, or the variables")
            ]
        }
        guard mount.path == Paths.homes || mount.path == home else { return [] }
        if mount.volume?.isMade == true || mount.isReadOnly {
            return [
                .warning(
                    .mountHides, mount.field,
                    "nobody can write there: the user has no home, and HOME is the persistent one",
                    set: "mount a volume that can be written")
            ]
        }
        guard hasKeys, mount.volume?.endsWithPod != true else { return [] }
        return [
            .note(
                .mountHides, mount.field,
                "the home outlives the container: ssh keys are kept in memory, and the home has links to them")
        ]
    }

    private static func programs(_ mount: PodMount, _ pod: PodCase) -> [PodFinding] {
        guard pod.facts.container.command == .image, FilePath("/usr/local/bin").starts(with: mount.path) else {
            return []
        }
        return [
            .warning(
                .mountHides, mount.field,
                "\(mount.path.shown()): it hides the image's programs, where entrypoint usually is",
                set: "mount it elsewhere")
        ]
    }

    // MARK: Secrets as files

    /// The variables that name a secret's file, and the file.
    private static func files(_ pod: PodCase) -> [(variable: PodVariable, path: FilePath)] {
        let names = Set(
            BootSequence.groups.variables.filter { $0.name.hasPrefix("SSH_") }.map { $0.name }
                + (pod.settings.settings?.secrets.files ?? Secrets.usualFiles))
        return pod.environment.variables.compactMap { variable in
            guard variable.name.hasSuffix(SecretFile.suffix), let value = variable.value,
                names.contains(String(variable.name.dropLast(SecretFile.suffix.count))),
                let path = try? ValueFormats.absolutePath(value)
            else { return nil }
            return (variable, path)
        }
    }

    private static func secretFiles(_ pod: PodCase) -> [PodFinding] {
        files(pod).flatMap { variable, path -> [PodFinding] in
            let shown = pod.shown(variable.name, path.shown())
            guard let mount = pod.facts.volumes.holding(path) else {
                if let image = pod.image, (try? image.tree.status(path, links: .follow)) ?? nil != nil { return [] }
                return [
                    .error(
                        .settingsUnreadableContent, variable.field,
                        "\(variable.name) is \(shown), which no volume provides",
                        set: "mount the Secret as a volume at \(pod.shown(variable.name, path.parent.shown()))")
                ]
            }
            return missing(path, variable, mount, pod) + closed(path, variable, mount, pod)
        }
    }

    private static func missing(
        _ path: FilePath, _ variable: PodVariable, _ mount: PodMount, _ pod: PodCase
    ) -> [PodFinding] {
        guard let volume = mount.volume, volume.type == "secret" else { return [] }
        let file = String(PodVolumes.inside(mount, path).string.dropFirst())
        let name = volume.source?["secretName"]?.word ?? ""
        let keys = pod.objects.secrets[name].map { object in
            (object["data"]?.entries ?? []).map { $0.key } + (object["stringData"]?.entries ?? []).map { $0.key }
        }
        let key = volume.items.map { items in items.first { $0.path == file }?.key } ?? file
        let words = "\(variable.name) names the file \(file.shown(limit: 80)), which"
        guard let key else {
            return [
                .error(
                    .settingsUnreadableContent, mount.field,
                    "\(words) is not among the items of volume \(mount.volumeName.shown(limit: 80))",
                    set: "add it to items:, or leave items: out")
            ]
        }
        guard let keys, !keys.contains(key) else { return [] }
        return [
            .error(
                .settingsUnreadableContent, variable.field, "\(words) Secret \(name.shown(limit: 80)) does not have",
                set: "add the key \(key.shown(limit: 80)) to it")
        ]
    }

    /// Whether the user, who reads the file, may do so. A pod with an fsGroup lets that group read the files.
    private static func closed(
        _ path: FilePath, _ variable: PodVariable, _ mount: PodMount, _ pod: PodCase
    ) -> [PodFinding] {
        guard let volume = mount.volume, volume.type == "secret", let mode = volume.fileMode, pod.start.start != .root,
            pod.facts.fsGroup == nil, mode & 0o004 == 0
        else { return [] }
        let own = pod.start.credentials
        if mode & 0o040 != 0, own.group == 0 || own.groups.contains(0) { return [] }
        let group = pod.identity.map { pod.shown(PodVariables.groupID.name, $0.groupID) } ?? "the user's group"
        let field = volume.source?["defaultMode"]?.field ?? mount.field
        return [
            .error(
                .settingsUnreadableContent, field,
                "user \(own.user) cannot read the file of \(variable.name): it is root's, with mode "
                    + "\(String(mode, radix: 8))",
                set: "set defaultMode: 0440, and fsGroup: \(group) in the pod's securityContext")
        ]
    }
}
