import Linux
import TestSupport
import Testing

@testable import Boot
@testable import UserSide

/// What the control group allows, in both versions.
struct LimitCheckTests {
    private static let node = [
        "/sys/devices/system/cpu/online": "0-127\n", "/proc/self/status": "Name:\tx\nCpus_allowed_list:\t0-63,127\n",
        "/proc/meminfo": "MemTotal:       536870912 kB\nMemFree: 1 kB\n",
    ]
    private static let unified = [
        "/proc/self/cgroup": "0::/pod/box\n",
        "/proc/self/mountinfo": "30 20 0:26 / /sys/fs/cgroup ro,nosuid - cgroup2 cgroup rw\n",
    ]

    private func container(_ files: [String: String], _ base: [String: String] = Self.unified) throws -> FakeContainer {
        try FakeContainer(Self.node.merging(base) { $1 }.merging(files) { $1 })
    }

    @Test func `threads are compared with the processors of the control group`() throws {
        var answers = Answers()
        func add(_ title: String, _ files: [String: String], _ variables: [String: String] = [:]) throws {
            answers.add(title, try container(files).asked { ControlGroupChecks.processors(.jane(variables), in: $0) })
        }
        let four = ["/sys/fs/cgroup/pod/box/cpu.max": "400000 100000\n"]
        try add("no limit", ["/sys/fs/cgroup/pod/box/cpu.max": "max 100000\n"])
        try add("four", four)
        try add("four, four threads", four, ["OMP_NUM_THREADS": "4"])
        try add("four, nested", four, ["OMP_NUM_THREADS": "4,2"])
        try add("four, too many", four, ["OMP_NUM_THREADS": "64", "MKL_NUM_THREADS": "8"])
        try add("four, nonsense", four, ["OMP_NUM_THREADS": "many"])
        try add(
            "the pod has less", four.merging(["/sys/fs/cgroup/pod/cpu.max": "250000 100000\n"]) { $1 },
            ["OMP_NUM_THREADS": "3"])
        try add("half a one", ["/sys/fs/cgroup/pod/box/cpu.max": "50000 100000\n"])
        try add("damaged", ["/sys/fs/cgroup/pod/box/cpu.max": "99999999999999999999 0\n"])
        try add("more than may be used", ["/sys/fs/cgroup/pod/box/cpu.max": "9900000 100000\n"])
        try answers.expect("processors")
    }

    @Test func `memory that is nearly used up, and what was killed, are told`() throws {
        var answers = Answers()
        func add(_ title: String, _ files: [String: String]) throws {
            let files = Dictionary(uniqueKeysWithValues: files.map { ("/sys/fs/cgroup/pod/\($0.key)", $0.value) })
            answers.add(title, try container(files).asked { ControlGroupChecks.memory(.jane(), in: $0) })
        }
        try add("no limit", ["box/memory.max": "max\n", "box/memory.events": "oom 0\noom_kill 0\n"])
        try add("much left", ["box/memory.max": "17179869184\n", "box/memory.current": "3435973837\n"])
        try add("near", ["box/memory.max": "17179869184\n", "box/memory.current": "16750372454\n"])
        try add(
            "copies of files do not count",
            [
                "box/memory.max": "17179869184\n", "box/memory.current": "16750372454\n",
                "box/memory.stat": "anon 1\ninactive_file 12884901888\n",
            ])
        try add(
            "the pod's limit",
            ["box/memory.max": "max\n", "memory.max": "1073741824\n", "memory.current": "1073741824\n"])
        try add("killed", ["box/memory.max": "max\n", "box/memory.events": "oom 9\noom_kill 3\noom_group_kill 0\n"])
        try add(
            "killed one, and near",
            ["box/memory.max": "1048576\n", "box/memory.current": "1048576\n", "box/memory.events": "oom_kill 1\n"])
        try answers.expect("memory")
    }

    @Test(arguments: [
        ("max", "5", nil), ("100", "5", Finding.Verdict.ok), ("100", "90", .warn), ("100", "100", .fail),
        ("0", "0", .fail),
    ])
    func `a number of processes near its limit is told`(limit: String, count: String, verdict: Finding.Verdict?) throws
    {
        let container = try container([
            "/sys/fs/cgroup/pod/box/pids.max": limit, "/sys/fs/cgroup/pod/box/pids.current": count,
        ])
        let findings = container.asked { ControlGroupChecks.processes(.jane(), in: $0) }
        #expect(findings.map { $0.verdict } == (verdict.map { [$0] } ?? []))
        #expect(
            findings.allSatisfy { $0.evidence.hasPrefix("\(count) of \(limit) processes and threads") }, "\(findings)")
    }

    @Test func `the older version has the same limits in other files`() throws {
        let base = [
            "/proc/self/cgroup": "4:memory:/docker/1\n3:cpu,cpuacct:/docker/1\n2:pids:/docker/1\n0::/\n",
            "/proc/self/mountinfo": """
            31 30 0:27 /docker/1 /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct
            32 30 0:28 /docker/1 /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory
            33 30 0:29 /docker/1 /sys/fs/cgroup/pids ro - cgroup cgroup rw,pids
            34 30 0:30 / /sys/fs/cgroup/unified ro - cgroup2 cgroup2 rw

            """,
        ]
        let cpu = "/sys/fs/cgroup/cpu,cpuacct"
        let memory = "/sys/fs/cgroup/memory"
        let container = try container(
            [
                "\(cpu)/cpu.cfs_quota_us": "150000\n", "\(cpu)/cpu.cfs_period_us": "100000\n",
                "\(memory)/memory.limit_in_bytes": "1073741824\n", "\(memory)/memory.usage_in_bytes": "1073741824\n",
                "\(memory)/memory.stat": "total_inactive_file 536870912\n",
                "\(memory)/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n",
                "/sys/fs/cgroup/pids/pids.max": "10\n", "/sys/fs/cgroup/pids/pids.current": "1\n",
            ], base)
        var answers = Answers()
        answers.add("processors", container.asked { ControlGroupChecks.processors(.jane(), in: $0) })
        answers.add("memory", container.asked { ControlGroupChecks.memory(.jane(), in: $0) })
        answers.add("processes", container.asked { ControlGroupChecks.processes(.jane(), in: $0) })
        try container.write("\(cpu)/cpu.cfs_quota_us", "-1\n")
        try container.write("\(memory)/memory.limit_in_bytes", "9223372036854771712\n")
        try container.write("\(memory)/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\n")
        answers.add("processors without a limit", container.asked { ControlGroupChecks.processors(.jane(), in: $0) })
        answers.add("memory without a limit", container.asked { ControlGroupChecks.memory(.jane(), in: $0) })
        try answers.expect("limits-v1")
    }

    @Test func `a group outside the namespace, and one that is not mounted, are no error`() throws {
        let outside = try container(
            ["/sys/fs/cgroup/pids.max": "10", "/sys/fs/cgroup/pids.current": "10"],
            Self.unified.merging(["/proc/self/cgroup": "0::/../../x\n"]) { $1 })
        #expect(outside.asked { ControlGroupChecks.processes(.jane(), in: $0) }.map { $0.verdict } == [.fail])
        let none = try container([:], ["/proc/self/cgroup": "garbage\n::\n"])
        #expect(none.asked { ControlGroupChecks.processes(.jane(), in: $0) } == [])
        #expect(none.asked { ControlGroupChecks.memory(.jane(), in: $0) } == [])
        #expect(none.asked { ControlGroupChecks.processors(.jane(), in: $0) }.map { $0.verdict } == [.ok])
        let empty = try FakeContainer()
        #expect(empty.asked { ControlGroupChecks.processors(.jane(), in: $0) } == [])
    }

    @Test(
        arguments: [
            ("0-3,8", 5), ("0", 1), ("0-127", 128), ("", nil), ("3-1", nil), ("x", nil), ("1-2-3", nil),
            ("0-99999999", nil),
        ] as [(String, Int?)])
    func `a list of processors is counted`(text: String, count: Int?) {
        #expect(ControlGroupChecks.count(ofList: text) == count)
    }
}
