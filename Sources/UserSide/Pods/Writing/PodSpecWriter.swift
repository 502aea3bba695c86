internal import Text

/// Writes a user's pod spec for Kubernetes, with the secret and the volume beside it.
package struct PodSpecWriter: Sendable {
    let request: PodRequest
    let options: PodSpecOptions
    let names: PodSpecNames

    package init(_ request: PodRequest, _ options: PodSpecOptions, _ names: PodSpecNames) {
        self.request = request
        self.options = options
        self.names = names
    }

    /// A file that is written.
    package struct File: Equatable, Sendable {
        /// Its name, without a directory.
        package let name: String
        package let text: String
        /// Whether it has the values of secrets.
        package let isSecret: Bool
    }

    /// The port at which the processes of a training find the first one; PyTorch's usual one.
    private static let port = 29500

    private var template: PodTemplateWriter { PodTemplateWriter(request: request, options: options, names: names) }

    /// All files, in the order in which `kubectl` is to have them.
    package var files: [File] {
        secretFile + volumeFile + [File(name: "\(names.name).yaml", text: specification, isSecret: false)]
    }

    /// The file of the secret, for readers other than Kubernetes' pod, too; none where there is no secret.
    package var secretFile: [File] {
        guard !request.secrets.isEmpty else { return [] }
        let values = request.secrets.map { secret in
            YAMLText.Entry(secret.name, .text(EnvironmentJSON.base64(secret.value[...])))
        }
        let secret = object(
            "v1", "Secret", names.secret, [.init("type", .text("Opaque")), .init("data", .map(values))])
        return [File(name: "\(names.secret).yaml", text: secret.document, isSecret: true)]
    }

    private var volumeFile: [File] {
        guard let export = options.export else { return [] }
        // Volumes are of the whole cluster.
        let name = (names.namespace.map { "\($0)-" } ?? "") + names.claim
        let modes = YAMLText.words(["ReadWriteMany"])
        let size = YAMLText.inlineMap([("storage", .text("1Ti"))])
        let volume = YAMLText.map([
            .init("apiVersion", .text("v1")), .init("kind", .text("PersistentVolume")),
            .init("metadata", .inlineMap([("name", .text(name))])),
            .init(
                "spec",
                .map([
                    .init("capacity", size, comment: "asked for by Kubernetes, and no limit of the server's"),
                    .init("accessModes", modes),
                    .init("persistentVolumeReclaimPolicy", .text("Retain")), .init("storageClassName", .text("")),
                    .init("nfs", .inlineMap([("server", .text(export.server)), ("path", .text(export.path))])),
                ])),
        ])
        let claim = object(
            "v1", "PersistentVolumeClaim", names.claim,
            [
                .init(
                    "spec",
                    .map([
                        .init("accessModes", modes), .init("storageClassName", .text("")),
                        .init("volumeName", .text(name)), .init("resources", .map([.init("requests", size)])),
                    ]))
            ])
        return [File(name: "\(names.claim)-volume.yaml", text: Self.stream([volume, claim]), isSecret: false)]
    }

    /// The object, and the service by which its pods find one another.
    package var specification: String {
        switch options.kind {
        case .pod:
            let pod = template.specification(restarts: "Never")
            return Self.stream([object("v1", "Pod", names.name, [.init("spec", pod)])])
        case .job: return Self.stream((options.nodes > 1 ? [service] : []) + [job])
        case .deployment: return Self.stream([deployment])
        case .statefulset: return Self.stream([service, statefulSet])
        case .pytorchjob: return Self.stream([pyTorchJob])
        case .jobset: return Self.stream([jobSet])
        }
    }

    private static func stream(_ documents: [YAMLText]) -> String {
        documents.map { $0.document }.joined(separator: "---\n")
    }

    private func object(_ version: String, _ kind: String, _ name: String, _ rest: [YAMLText.Entry]) -> YAMLText {
        var metadata: [YAMLText.Entry] = [.init("name", .text(name))]
        if let namespace = names.namespace { metadata.append(.init("namespace", .text(namespace))) }
        if name == names.name { metadata.append(.init("labels", labels)) }
        return .map(
            [.init("apiVersion", .text(version)), .init("kind", .text(kind)), .init("metadata", .map(metadata))] + rest)
    }

    private var labels: YAMLText { .inlineMap([("app", .text(names.name))]) }

    /// The pod in an object that makes it.
    private func podTemplate(_ specification: YAMLText) -> YAMLText {
        .map([.init("metadata", .map([.init("labels", labels)])), .init("spec", specification)])
    }

    /// Pods without an address of their own have names by it, ready or not.
    private var service: YAMLText {
        object(
            "v1", "Service", names.name,
            [
                .init(
                    "spec",
                    .map([
                        .init("clusterIP", .text("None")), .init("publishNotReadyAddresses", .bool(true)),
                        .init("selector", labels),
                        .init(
                            "ports", .list([.inlineMap([("name", .text("master")), ("port", .number(Self.port))])])),
                    ]))
            ])
    }

    private var deployment: YAMLText {
        let pod = template.specification(restarts: nil, hasProbe: true)
        let spec = YAMLText.map([
            .init("replicas", .number(1)),
            .init("strategy", .inlineMap([("type", .text("Recreate"))]), comment: "one pod at a time has the devices"),
            .init("selector", .map([.init("matchLabels", labels)])), .init("template", podTemplate(pod)),
        ])
        return object("apps/v1", "Deployment", names.name, [.init("spec", spec)])
    }

    private var statefulSet: YAMLText {
        let rank = Self.field("metadata.labels['apps.kubernetes.io/pod-index']")
        let pod = template.specification(
            restarts: nil, variables: training(master: "\(names.name)-0.\(names.name)", rank: rank), hasProbe: true)
        let spec = YAMLText.map([
            .init("serviceName", .text(names.name)), .init("replicas", .number(options.nodes)),
            .init("podManagementPolicy", .text("Parallel"), comment: "they wait for one another"),
            .init("selector", .map([.init("matchLabels", labels)])), .init("template", podTemplate(pod)),
        ])
        return object("apps/v1", "StatefulSet", names.name, [.init("spec", spec)])
    }

    private var job: YAMLText {
        object(
            "batch/v1", "Job", names.name, [.init("spec", jobSpecification(master: "\(names.name)-0.\(names.name)"))])
    }

    /// - Parameter master: the first pod's name, by which the others find it.
    private func jobSpecification(master: String, subdomain: Bool = true) -> YAMLText {
        let hasPeers = options.nodes > 1
        let rank = Self.field("metadata.annotations['batch.kubernetes.io/job-completion-index']")
        let pod = template.specification(
            subdomain: hasPeers && subdomain ? names.name : nil, restarts: "Never",
            variables: hasPeers ? training(master: master, rank: rank) : [])
        var entries: [YAMLText.Entry] = []
        if hasPeers {
            entries = [
                .init("completionMode", .text("Indexed")), .init("completions", .number(options.nodes)),
                .init("parallelism", .number(options.nodes)),
            ]
        }
        entries += [.init("backoffLimit", .number(hasPeers ? 0 : 3)), .init("podFailurePolicy", failurePolicy)]
        return .map(entries + [.init("template", podTemplate(pod))])
    }

    /// Nobody starts again what ends in the same way: settings that are wrong, and a command that is not there.
    private var failurePolicy: YAMLText {
        let codes = YAMLText.inlineMap([
            ("containerName", .text("main")), ("operator", .text("In")),
            ("values", .list([64, 78, 126, 127].map { .number($0) })),
        ])
        return .map([
            .init("rules", .list([.map([.init("action", .text("FailJob")), .init("onExitCodes", codes)])]))
        ])
    }

    /// The replicas have their addresses and ranks from the operator.
    private var pyTorchJob: YAMLText {
        let pod = podTemplate(template.specification(restarts: nil))
        func replica(_ count: Int) -> YAMLText {
            .map([.init("replicas", .number(count)), .init("restartPolicy", .text("Never")), .init("template", pod)])
        }
        var replicas: [YAMLText.Entry] = [.init("Master", replica(1))]
        if options.nodes > 1 { replicas.append(.init("Worker", replica(options.nodes - 1))) }
        var entries: [YAMLText.Entry] = []
        if options.accelerators.count > 0 {
            entries.append(.init("nprocPerNode", .text("\(options.accelerators.count)")))
        }
        entries += [
            .init("runPolicy", .inlineMap([("cleanPodPolicy", .text("None"))])),
            .init("pytorchReplicaSpecs", .map(replicas)),
        ]
        return object("kubeflow.org/v1", "PyTorchJob", names.name, [.init("spec", .map(entries))])
    }

    private var jobSet: YAMLText {
        // JobSet's own service: JOBSET-JOB-INDEX-POD.JOBSET.
        let job = jobSpecification(master: "\(names.name)-node-0-0.\(names.name)", subdomain: false)
        let spec = YAMLText.map([
            .init("network", .inlineMap([("enableDNSHostnames", .bool(true))])),
            .init(
                "replicatedJobs",
                .list([
                    .map([
                        .init("name", .text("node")), .init("replicas", .number(1)),
                        .init("template", .map([.init("spec", job)])),
                    ])
                ])),
        ])
        return object("jobset.x-k8s.io/v1alpha2", "JobSet", names.name, [.init("spec", spec)])
    }

    /// What a training asks for (PyTorch's `env://`), and what its launcher does, which has an option for each and reads
    /// `PET_` and the option's name: `torchrun` needs none of them on its command line.
    private func training(master: String, rank: YAMLText) -> [YAMLText] {
        var texts = [("MASTER_ADDR", master), ("MASTER_PORT", "\(Self.port)")]
        texts += [
            ("PET_MASTER_ADDR", master), ("PET_MASTER_PORT", "\(Self.port)"), ("PET_NNODES", "\(options.nodes)"),
        ]
        if options.accelerators.count > 0 { texts.append(("PET_NPROC_PER_NODE", "\(options.accelerators.count)")) }
        let given = Set(request.variables.map { $0.name })
        let ranks = ["NODE_RANK", "PET_NODE_RANK"].filter { !given.contains($0) }
        return texts.filter { !given.contains($0.0) }.map { PodTemplateWriter.variable($0.0, $0.1) }
            + ranks.map { .map([.init("name", .text($0)), .init("valueFrom", rank)]) }
    }

    /// What Kubernetes knows of the pod itself.
    private static func field(_ path: String) -> YAMLText {
        .inlineMap([("fieldRef", .map([.init("fieldPath", .text(path))]))])
    }
}
