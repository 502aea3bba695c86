import Boot
internal import Linux
internal import Programs
internal import Text

/// Which accelerators a container has, and whether the user may open them.
enum AcceleratorChecks {
    static func findings(_ facts: ContainerFacts, in tree: FileTree = FileTree()) -> [Finding] {
        guard facts.isUser else { return [] }
        let nodes = Accelerators.nodes(in: tree)
        // Opening a device may start it, so the kernel is only asked.
        let denied = nodes.filter { (try? tree.checkAccess($0.path, [.read, .write])) == nil }
        return rights(nodes, denied: denied, facts.actor) + expectations(nodes, facts)
    }

    static func rights(
        _ nodes: [Accelerators.Node], denied: [Accelerators.Node], _ actor: Credentials
    ) -> [Finding] {
        guard !nodes.isEmpty else { return [] }
        if denied.isEmpty {
            return [.ok("user \(actor.user) can open \(nodes.words)")]
        }
        let kinds = Dictionary(grouping: denied) { node in "\(node.mode.octal) \(node.user):\(node.group)" }
        return kinds.sorted { $0.key < $1.key }.compactMap { kind, nodes in
            guard let first = nodes.first else { return nil }
            let groups = ([actor.group] + actor.groups).map { "\($0)" }.inWords
            let helps = first.group != 0 && first.mode.contains(0o060)
            return .fail(
                "user \(actor.user) cannot open \(nodes.words) (\(kind)): the user's groups are \(groups)",
                remedy: helps
                    ? "securityContext.supplementalGroups: [\(first.group)] in the pod spec"
                    : "let the node's device plugin make the device for everybody (0666), or for a group that is in "
                        + "securityContext.supplementalGroups")
        }
    }

    /// Values of `NVIDIA_VISIBLE_DEVICES` that ask for none.
    private static let none = ["none", "void"]

    /// What the environment expects, and the container does not have.
    static func expectations(_ nodes: [Accelerators.Node], _ facts: ContainerFacts) -> [Finding] {
        let gpus = nodes.gpus
        var findings: [Finding] = []
        if gpus.isEmpty, let wanted = facts.variable("NVIDIA_VISIBLE_DEVICES"), !none.contains(wanted) {
            findings.append(
                .warn(
                    "NVIDIA_VISIBLE_DEVICES is \(wanted.shown(limit: 64)), and there is no /dev/nvidia*: the container has no GPU",
                    remedy:
                        "a GPU in resources.limits of the pod spec and, where the cluster needs it, runtimeClassName: nvidia (docker "
                        + "run --gpus all)"))
        }
        let names = nodes.map { $0.path.string }
        let missing = ["/dev/nvidiactl", "/dev/nvidia-uvm"].filter { !names.contains($0) }
        if !gpus.isEmpty && !missing.isEmpty {
            findings.append(
                .warn(
                    "there is \(gpus.words), and no \(missing.inWords): CUDA does not start",
                    remedy: "on the node: nvidia-modprobe -u -c 0; then start the container anew"))
        }
        // Numbers stand for what the container has; other forms are the driver's.
        let chosen = (facts.variable("CUDA_VISIBLE_DEVICES") ?? "").split(separator: ",").map { Int($0) }
        if !gpus.isEmpty, let far = chosen.compactMap({ $0 }).first(where: { $0 >= gpus.count }),
            chosen.allSatisfy({ $0 != nil })
        {
            findings.append(
                .fail(
                    "CUDA_VISIBLE_DEVICES names device \(far), and the container has \(gpus.count.counted("GPU")): CUDA hides "
                        + "it and all after it",
                    remedy:
                        "set CUDA_VISIBLE_DEVICES to numbers below \(gpus.count) in the pod spec's env, or leave it out"
                ))
        }
        return findings
    }
}
