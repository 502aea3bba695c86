internal import Boot

/// Writes the pod that is in an object, whatever its kind.
struct PodTemplateWriter {
    let request: PodRequest
    let options: PodSpecOptions
    let names: PodSpecNames

    /// Where the secret is mounted.
    static let secretDirectory = "/run/secrets/entrypoint"
    /// Where the programs are that an init container installs.
    private static let programDirectory = "/entrypoint"
    /// Where that container puts them: in the image that has nothing else, `/entrypoint` is the program itself.
    private static let installDirectory = "/programs"

    /// The container's name; the training operator looks for this one.
    private var containerName: String { options.kind == .pytorchjob ? "pytorch" : "main" }
    private var fileSecrets: [PodRequest.Secret] { request.secrets.filter { $0.delivery == .file } }
    /// Memory that the processes of a training share.
    private var hasSharedMemory: Bool { options.kind.hasNodes || options.accelerators.count > 0 }

    /// The pod's specification.
    ///
    /// - Parameters:
    ///   - subdomain: the headless service by which the pods find one another; `nil` for none.
    ///   - restarts: its `restartPolicy`; `nil` where the object's controller sets it.
    ///   - variables: those that the object's kind adds.
    func specification(
        subdomain: String? = nil, restarts: String?, variables: [YAMLText] = [], hasProbe: Bool = false
    ) -> YAMLText {
        var entries: [YAMLText.Entry] = []
        if let restarts { entries.append(.init("restartPolicy", .text(restarts))) }
        if let subdomain { entries.append(.init("subdomain", .text(subdomain))) }
        entries += [
            .init(
                "terminationGracePeriodSeconds", .number(request.gracePeriod),
                comment: "more than ENTRYPOINT_STOP_TIMEOUT and ENTRYPOINT_GRACE together"),
            .init("automountServiceAccountToken", .bool(false)), .init("enableServiceLinks", .bool(false)),
            .init("securityContext", .map(podSecurity)),
        ]
        if let image = options.injected { entries.append(.init("initContainers", .list([installer(image)]))) }
        entries.append(.init("containers", .list([container(variables, hasProbe: hasProbe)])))
        if !volumes.isEmpty { entries.append(.init("volumes", .list(volumes))) }
        return .map(entries)
    }

    /// The ids of the start, and the group that the files of the secret belong to.
    private var podSecurity: [YAMLText.Entry] {
        let owner = request.owner
        var entries: [YAMLText.Entry] = []
        switch options.start {
        case .root: entries = [.init("runAsUser", .number(0)), .init("runAsGroup", .number(0))]
        case .user, .restricted:
            entries = [
                .init("runAsNonRoot", .bool(true)), .init("runAsUser", .number(owner.uid)),
                .init("runAsGroup", .number(owner.gid)),
            ]
        }
        if !fileSecrets.isEmpty {
            entries += [
                .init("fsGroup", .number(owner.gid)), .init("fsGroupChangePolicy", .text("OnRootMismatch")),
            ]
        }
        if options.start == .restricted {
            entries.append(.init("seccompProfile", .inlineMap([("type", .text("RuntimeDefault"))])))
        }
        return entries
    }

    /// What the container may become; `nil` where that is the runtime's own default.
    private var containerSecurity: YAMLText? {
        switch options.start {
        case .root: nil
        case .user: .inlineMap([("allowPrivilegeEscalation", .bool(true))])
        case .restricted:
            .inlineMap([
                ("allowPrivilegeEscalation", .bool(false)),
                ("capabilities", .map([.init("drop", .list([.text("ALL")]))])),
            ])
        }
    }

    private func installer(_ image: String) -> YAMLText {
        var entries: [YAMLText.Entry] = [
            .init("name", .text("install-entrypoint")), .init("image", .text(image)),
            .init("command", .words(["/entrypointctl", "install", Self.installDirectory])),
            .init("volumeMounts", .list([Self.mount("entrypoint", at: Self.installDirectory)])),
        ]
        if options.start == .restricted, let containerSecurity {
            entries.append(.init("securityContext", containerSecurity))
        }
        return .map(entries)
    }

    private func container(_ added: [YAMLText], hasProbe: Bool) -> YAMLText {
        var entries: [YAMLText.Entry] = [
            .init("name", .text(containerName)), .init("image", .text(request.image)),
        ]
        let arguments = command.map(Self.withoutReferences)
        if options.injected != nil {
            let start = ["\(Self.programDirectory)/entrypoint", "--"]
            entries.append(
                .init("command", .words(start + arguments), comment: "the image has no entrypoint of its own"))
        } else {
            entries.append(
                .init(
                    "args", .words(arguments), comment: "args: and never command:, which would replace the ENTRYPOINT"))
        }
        entries.append(.init("env", .list(variables + added)))
        if hasProbe { entries.append(.init("readinessProbe", probe)) }
        if options.accelerators.count > 0 {
            let limits = YAMLText.inlineMap([(options.accelerators.resource, .text("\(options.accelerators.count)"))])
            entries.append(.init("resources", .map([.init("limits", limits)])))
        }
        if let containerSecurity { entries.append(.init("securityContext", containerSecurity)) }
        if !mounts.isEmpty { entries.append(.init("volumeMounts", .list(mounts))) }
        return .map(entries)
    }

    /// The command; where the object lives on without one, people enter it.
    var command: [String] { options.command.isEmpty ? ["sleep", "infinity"] : options.command }

    /// Whether the boot has finished. Nothing is asked of a file server, and nothing is ended that is slow.
    private var probe: YAMLText {
        let program = options.injected == nil ? "entrypointctl" : "\(Self.programDirectory)/entrypointctl"
        return .map([
            .init("exec", .inlineMap([("command", .list([program, "report", "--json"].map { .text($0) }))])),
            .init("periodSeconds", .number(10)), .init("timeoutSeconds", .number(5)),
        ])
    }

    private var variables: [YAMLText] {
        let plain = (request.identity + request.variables).map {
            Self.variable($0.name, Self.withoutReferences($0.value))
        }
        let files = fileSecrets.map {
            Self.variable($0.name + SecretFile.suffix, "\(Self.secretDirectory)/\($0.name)")
        }
        let references = request.secrets.filter { $0.delivery == .variable }.map { secret in
            let key = YAMLText.map([.init("name", .text(names.secret)), .init("key", .text(secret.name))])
            return YAMLText.map([
                .init("name", .text(secret.name)),
                .init("valueFrom", .inlineMap([("secretKeyRef", key)])),
            ])
        }
        return plain + files + references
    }

    private var mounts: [YAMLText] {
        var mounts: [YAMLText] = []
        if let path = names.mountPath { mounts.append(Self.mount("scratch", at: path)) }
        if !fileSecrets.isEmpty { mounts.append(Self.mount("secret", at: Self.secretDirectory, readOnly: true)) }
        if hasSharedMemory { mounts.append(Self.mount("shm", at: "/dev/shm")) }
        if options.injected != nil {
            mounts.append(Self.mount("entrypoint", at: Self.programDirectory, readOnly: true))
        }
        return mounts
    }

    private var volumes: [YAMLText] {
        var volumes: [YAMLText] = []
        if names.mountPath != nil {
            let claim = YAMLText.inlineMap([("claimName", .text(names.claim))])
            volumes.append(.map([.init("name", .text("scratch")), .init("persistentVolumeClaim", claim)]))
        }
        if !fileSecrets.isEmpty {
            let items = fileSecrets.map { YAMLText.inlineMap([("key", .text($0.name)), ("path", .text($0.name))]) }
            let secret = YAMLText.map([
                .init("secretName", .text(names.secret)), .init("optional", .bool(false)),
                // Decimal, because readers of YAML differ in what they take for octal.
                .init("defaultMode", .number(0o440), comment: "0440: root and fsGroup read it"),
                .init("items", .list(items)),
            ])
            volumes.append(.map([.init("name", .text("secret")), .init("secret", secret)]))
        }
        if hasSharedMemory {
            let memory = YAMLText.inlineMap([("medium", .text("Memory"))])
            volumes.append(.map([.init("name", .text("shm")), .init("emptyDir", memory)]))
        }
        if options.injected != nil {
            volumes.append(.map([.init("name", .text("entrypoint")), .init("emptyDir", .map([]))]))
        }
        return volumes
    }

    static func variable(_ name: String, _ value: String) -> YAMLText {
        .inlineMap([("name", .text(name)), ("value", .text(value))])
    }

    private static func mount(_ name: String, at path: String, readOnly: Bool = false) -> YAMLText {
        let own: [(String, YAMLText)] = [("name", .text(name)), ("mountPath", .text(path))]
        return .inlineMap(own + (readOnly ? [("readOnly", .bool(true))] : []))
    }

    /// A text in which Kubernetes finds no `$(NAME)`: it reads `$$` as one `$`.
    static func withoutReferences(_ text: String) -> String {
        let bytes = Array(text.utf8)
        let dollar = UInt8(ascii: "$")
        let isReference = zip(bytes, bytes.dropFirst()).contains {
            $0 == dollar && ($1 == dollar || $1 == UInt8(ascii: "("))
        }
        // Bytes, because a letter that combines with the dollar is one character with it.
        return isReference ? String(decoding: bytes.flatMap { $0 == dollar ? [$0, $0] : [$0] }, as: UTF8.self) : text
    }
}
