import Boot
private import CLinux
internal import Linux
internal import Text

/// Whether the processes of a distributed job can find each other.
enum JobChecks {
    static func variables(_ facts: ContainerFacts) -> [Finding] {
        guard let job = JobVariables(facts) else { return [] }
        let findings = missing(job) + malformed(job) + contradictions(job)
        if !findings.isEmpty { return findings }
        let names = JobVariables.launcher + JobVariables.numberNames
        return [
            .ok(
                names.compactMap { name in job.texts[name].map { "\(name)=\($0.shown(limit: 64))" } }.joined(
                    separator: " "))
        ]
    }

    private static func missing(_ job: JobVariables) -> [Finding] {
        let isSet = { (name: String) in job.texts[name] != nil }
        // With a rank of its own or without one, either all four are set or the two that a launcher needs.
        let wanted = isSet("RANK") || isSet("WORLD_SIZE") ? JobVariables.required : JobVariables.launcher
        let missing = wanted.filter { !isSet($0) }
        guard !missing.isEmpty else { return [] }
        let given = (JobVariables.launcher + JobVariables.numberNames).filter(isSet)
        return [
            .fail(
                "\(given.inWords) \(given.count == 1 ? "is" : "are") set, and \(missing.inWords) \(missing.count == 1 ? "is" : "are") "
                    + "not: the processes of the job do not find each other",
                remedy:
                    "set \(missing.inWords) in the pod spec's env, or start the command by torchrun, which sets them")
        ]
    }

    private static func malformed(_ job: JobVariables) -> [Finding] {
        var findings: [Finding] = []
        if let text = job.texts[JobVariables.portName], job.port == nil {
            // Kubernetes sets NAME_PORT of every Service of the namespace, such as tcp://10.0.0.1:80.
            let isLink = text.hasPrefix("tcp://") || text.hasPrefix("udp://")
            findings.append(
                .fail(
                    "MASTER_PORT is '\(text.shown(limit: 64))'"
                        + (isLink
                            ? ", which Kubernetes sets for a Service that is called master"
                            : ", and no port (1 to 65535)"),
                    remedy: isLink
                        ? "enableServiceLinks: false in the pod spec, or another name for the Service"
                        : "MASTER_PORT: \"29500\" in the pod spec's env"))
        }
        for name in JobVariables.numberNames {
            guard let text = job.texts[name], job.number(name) == nil else { continue }
            findings.append(
                .fail(
                    "\(name) is '\(text.shown(limit: 64))', and no whole number",
                    remedy: "\(name): \"\(name.hasSuffix("SIZE") ? 1 : 0)\" in the pod spec's env, or a higher number"))
        }
        return findings
    }

    private static func contradictions(_ job: JobVariables) -> [Finding] {
        // The first must be below, or not above, the second.
        let rules: [(String, String, isBelow: Bool)] = [
            ("RANK", "WORLD_SIZE", true), ("LOCAL_RANK", "LOCAL_WORLD_SIZE", true), ("LOCAL_RANK", "RANK", false),
            ("LOCAL_WORLD_SIZE", "WORLD_SIZE", false), ("NODE_RANK", "RANK", false),
        ]
        return rules.compactMap { first, second, isBelow in
            guard let one = job.number(first), let other = job.number(second) else { return nil }
            if isBelow ? one < other : one <= other { return nil }
            return .fail(
                "\(first) is \(one), and \(second) is \(other): \(first) must be \(isBelow ? "below" : "at most") \(second)",
                remedy: "correct \(first) or \(second) in the pod spec's env (ranks are counted from 0)")
        }
    }

    /// Whether rank 0, which all others connect to, can listen.
    static func port(_ facts: ContainerFacts) -> [Finding] {
        guard let job = JobVariables(facts), job.number("RANK") == 0, let port = job.port else { return [] }
        guard let errno = bindError(port) else { return [.ok("port \(port) (MASTER_PORT) is free for rank 0")] }
        if errno == .addressInUse {
            return [
                .warn(
                    "port \(port) (MASTER_PORT) is in use in this container; if not by the job itself, rank 0 cannot "
                        + "listen there",
                    remedy:
                        "end what listens there (ss -ltnp 'sport = :\(port)'), or set another MASTER_PORT in the pod spec's "
                        + "env")
            ]
        }
        let reason = SystemCallError(call: "bind", errno: errno).reason
        return [
            .fail(
                "rank 0 cannot listen on port \(port) (MASTER_PORT): \(reason)",
                remedy: "MASTER_PORT: \"29500\" in the pod spec's env, or another above 1023")
        ]
    }

    /// Why nobody can listen on a port of this container now; `nil` where somebody can.
    private static func bindError(_ port: UInt16) -> Errno? {
        let socket = CLinux.socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { return Errno(rawValue: CLinux.linux_errno()) }
        defer { close(socket) }
        // Connections of an earlier job that have not timed out are in nobody's way.
        var yes: CInt = 1
        setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<CInt>.size))
        var address = SocketAddress(port: port)
        let result = withUnsafeBytes(of: &address) { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) { bind(socket, $0.baseAddress, socklen_t(bytes.count)) }
        }
        if result != 0 { return Errno(rawValue: CLinux.linux_errno()) }
        return listen(socket, 1) == 0 ? nil : Errno(rawValue: CLinux.linux_errno())
    }

    /// `struct sockaddr_in` for any address (ip(7)).
    private struct SocketAddress {
        let family = UInt16(AF_INET)
        let port: UInt16
        let address: UInt32 = 0
        let padding: UInt64 = 0

        init(port: UInt16) { self.port = port.bigEndian }
    }

    /// How long names may take to be resolved, in milliseconds.
    private static let patience = 2000

    static func address(
        _ facts: ContainerFacts, resolve: (String) -> NameResolution = { NameResolution(of: $0, within: patience) }
    ) -> [Finding] {
        guard let job = JobVariables(facts), let name = job.texts[JobVariables.addressName] else { return [] }
        let shown = name.shown(limit: 100)
        switch resolve(name) {
        case .addresses(let addresses): return [reachability(shown, addresses, job)]
        case .absent:
            return [
                .fail(
                    "MASTER_ADDR is \(shown), and no name server and no line of /etc/hosts has that name",
                    remedy:
                        "make a headless Service for the pod of rank 0 (clusterIP: None, publishNotReadyAddresses: true), "
                        + "and set MASTER_ADDR to its name")
            ]
        case .unanswered(let servers):
            return [
                .fail(
                    "MASTER_ADDR is \(shown), and no name server answers (\(servers.shown(limit: 100)))",
                    remedy:
                        "dnsPolicy: ClusterFirst in the pod spec (with hostNetwork: true, ClusterFirstWithHostNet); look at "
                        + "/etc/resolv.conf")
            ]
        case .failed(let reason):
            return [
                .fail(
                    "MASTER_ADDR is \(shown), which cannot be resolved: \(reason)",
                    remedy: "set MASTER_ADDR to the name or the address of the pod of rank 0 in the pod spec's env")
            ]
        }
    }

    /// Whether other nodes reach the address, as far as it says that itself.
    private static func reachability(_ name: String, _ addresses: [String], _ job: JobVariables) -> Finding {
        let further = addresses.count > 1 ? " and \(addresses.count - 1) more" : ""
        let evidence = "MASTER_ADDR is \(name), which is \(addresses.first ?? "")\(further)"
        let isLocal = addresses.allSatisfy { $0.hasPrefix("127.") || $0 == "::1" }
        if isLocal, let all = job.number("WORLD_SIZE"), let here = job.number("LOCAL_WORLD_SIZE"), all > here {
            return .fail(
                "\(evidence): only this container, and \(all - here) of the \(all) processes are elsewhere",
                remedy: "set MASTER_ADDR to the name or the address of the pod of rank 0 in the pod spec's env")
        }
        return .ok(evidence)
    }
}

extension Errno {
    /// Somebody listens on the port already (EADDRINUSE).
    fileprivate static var addressInUse: Errno { Errno(rawValue: EADDRINUSE) }
}
