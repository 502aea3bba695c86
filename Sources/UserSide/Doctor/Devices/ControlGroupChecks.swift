import Boot
internal import Linux
internal import Programs
internal import Text

/// What the control group allows, against what the node shows to every program.
enum ControlGroupChecks {
    /// Variables for the number of threads, in the order in which they are looked at.
    private static let threads = ["OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS"]

    static func processors(_ facts: ContainerFacts, in tree: FileTree = FileTree()) -> [Finding] {
        let online = tree.kernelText("/sys/devices/system/cpu/online").flatMap { count(ofList: $0) }
        let allowed = tree.kernelLines("/proc/self/status").first { $0.hasPrefix("Cpus_allowed_list:") }
            .flatMap { count(ofList: String($0.words.last ?? "")) }
        guard let node = online ?? allowed, let visible = allowed ?? online else { return [] }
        let quota = quota(in: tree)
        guard let quota, quota.thousandths < UInt64(visible) * 1000 else {
            return [
                .ok(
                    "\(visible) of the node's \(node.counted("processor"))\(quota == nil ? ", without a limit on their time" : "")"
                )
            ]
        }
        let evidence = "\(inDecimals(quota.thousandths)) of \(node.counted("processor")) (\(quota.source))"
        let fitting = max(1, quota.thousandths / 1000)
        let remedy = "\(threads[0]): \"\(fitting)\" in the pod spec's env, or a higher resources.limits.cpu"
        var findings: [Finding] = []
        let set = threads.compactMap { name in threadCount(name, facts).map { (name, $0) } }
        for (name, number) in set where number > (quota.thousandths + 999) / 1000 {
            findings.append(
                .warn(
                    "\(evidence), and \(name) is \(number): its threads wait for each other",
                    remedy: "\(name): \"\(fitting)\" in the pod spec's env, or a higher resources.limits.cpu"))
        }
        if !set.contains(where: { $0.0 == threads[0] }) {
            findings.append(
                .warn(
                    "\(evidence), and \(threads[0]) is not set: OpenMP, MKL and PyTorch start \(visible.counted("thread"))",
                    remedy: remedy))
        }
        return findings.isEmpty ? [.ok("\(evidence), and \(threads[0]) is \(set.first?.1 ?? 0)")] : findings
    }

    /// A number of threads; a list, for nested parallelism, begins with the outermost.
    private static func threadCount(_ name: String, _ facts: ContainerFacts) -> UInt64? {
        facts.variable(name).flatMap { $0.split(separator: ",").first }.flatMap { UInt64($0) }
    }

    /// The time of processors that the control group may use, in thousandths of a processor, and the file that says it.
    private static func quota(in tree: FileTree) -> (thousandths: UInt64, source: String)? {
        guard let group = ControlGroup("cpu", in: tree) else { return nil }
        if group.isUnified {
            let lowest = group.lowest("cpu.max", in: tree) { text in
                let numbers = text.split(separator: " ").map { UInt64($0) }
                guard numbers.count == 2, let quota = numbers[0], let period = numbers[1], period > 0 else {
                    return nil
                }
                return quota.multipliedReportingOverflow(by: 1000).partialValue / period
            }
            return lowest.map { ($0.value, "cpu.max") }
        }
        let lowest = group.directories.compactMap { directory -> UInt64? in
            guard let quota = tree.kernelText(directory.appending("cpu.cfs_quota_us")).flatMap({ UInt64($0) }),
                let period = tree.kernelText(directory.appending("cpu.cfs_period_us")).flatMap({ UInt64($0) }),
                period > 0
            else { return nil }
            return quota.multipliedReportingOverflow(by: 1000).partialValue / period
        }.min()
        return lowest.map { ($0, "cpu.cfs_quota_us") }
    }

    /// How many numbers a list such as `0-3,8` has; `nil` for no list.
    static func count(ofList text: String) -> Int? {
        var count = 0
        for part in text.split(separator: ",") {
            let ends = part.split(separator: "-").map { Int($0) }
            guard let first = ends.first ?? nil, let last = ends.last ?? nil, ends.count <= 2, first <= last,
                last < 1 << 20
            else { return nil }
            count += last - first + 1
        }
        return count > 0 ? count : nil
    }

    /// Thousandths as a number with the decimals that it needs.
    private static func inDecimals(_ thousandths: UInt64) -> String {
        let tenths = thousandths % 1000 / 100
        return "\(thousandths / 1000)\(tenths == 0 ? "" : ".\(tenths)")"
    }

    /// The part of a limit in percent from which on something is told.
    private static let near: UInt64 = 90
    /// What the kernel writes for no limit in version 1 is above this.
    private static let unlimited: UInt64 = 1 << 60

    static func memory(_ facts: ContainerFacts, in tree: FileTree = FileTree()) -> [Finding] {
        let node = tree.kernelLines("/proc/meminfo").first { $0.hasPrefix("MemTotal:") }
            .flatMap { $0.words.count > 1 ? UInt64($0.words[1]) : nil }.map { $0 * 1024 }
        guard let node, let group = ControlGroup("memory", in: tree) else { return [] }
        let names =
            group.isUnified
            ? ("memory.max", "memory.current", "inactive_file", "memory.events")
            : ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file", "memory.oom_control")
        let remedy = "a higher resources.limits.memory in the pod spec (docker run --memory)"
        var findings: [Finding] = []
        let killed = group.number("oom_kill", of: names.3, in: tree) ?? 0
        if killed > 0 {
            findings.append(
                .warn(
                    "\(Int(clamping: killed).counted("process", "processes")) of the container \(killed == 1 ? "was" : "were") "
                        + "killed for lack of memory (oom_kill of \(names.3))", remedy: remedy))
        }
        guard let limit = group.lowest(names.0, in: tree, { UInt64($0) }), limit.value < min(node, unlimited) else {
            return findings + (findings.isEmpty ? [.ok("no limit below the node's \(node.asBytes)")] : [])
        }
        let directory = limit.directory
        let usage = tree.kernelText(directory.appending(names.1)).flatMap { UInt64($0) } ?? 0
        // The kernel takes back what is only a copy of files, before it kills anything.
        let copies = ControlGroup.number(names.2, of: directory.appending("memory.stat"), in: tree) ?? 0
        let used = usage > copies ? usage - copies : 0
        let percent = used.percent(of: limit.value)
        let evidence = "\(used.asBytes) of \(limit.value.asBytes) in use (\(percent) %); the node has \(node.asBytes)"
        if percent >= near {
            findings.append(.warn("\(evidence): at the limit, the kernel kills", remedy: remedy))
        } else if findings.isEmpty {
            findings.append(.ok(evidence))
        }
        return findings
    }

    static func processes(_ facts: ContainerFacts, in tree: FileTree = FileTree()) -> [Finding] {
        guard let group = ControlGroup("pids", in: tree),
            let limit = group.lowest("pids.max", in: tree, { UInt64($0) }),
            let count = tree.kernelText(limit.directory.appending("pids.current")).flatMap({ UInt64($0) })
        else { return [] }
        let evidence = "\(count) of \(limit.value) processes and threads"
        let remedy = "end some (ps -eLf), or a higher podPidsLimit of the node's kubelet (docker run --pids-limit)"
        if count >= limit.value { return [.fail("\(evidence): none can be started", remedy: remedy)] }
        if count.percent(of: limit.value) >= near {
            return [.warn("\(evidence): few more can be started", remedy: remedy)]
        }
        return [.ok(evidence)]
    }
}
