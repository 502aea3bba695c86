import Glibc
import Linux
import TestSupport
import Testing

@testable import Boot
@testable import UserSide

/// Accelerators, their drivers, and shared memory.
struct DeviceCheckTests {
    private static let (mebibyte, gibibyte): (UInt64, UInt64) = (1 << 20, 1 << 30)
    private static let sizes: [(size: UInt64?, free: UInt64, accelerators: Int, verdict: Finding.Verdict)] = [
        (nil, 0, 0, .fail), (0, 0, 0, .ok), (64 * mebibyte, 64 * mebibyte, 0, .warn),
        (8 * gibibyte, 8 * gibibyte, 2, .ok),
        (512 * mebibyte, 512 * mebibyte, 2, .warn), (512 * mebibyte, 512 * mebibyte, 0, .ok),
        (8 * gibibyte, mebibyte, 0, .warn), (gibibyte, gibibyte, 8, .ok),
    ]

    @Test(arguments: sizes)
    func `shared memory is judged by its size, what is free, and whether there are accelerators`(
        size: UInt64?, free: UInt64, accelerators: Int, verdict: Finding.Verdict
    ) {
        let findings = SharedMemoryCheck.findings(size: size, free: free, accelerators: accelerators)
        #expect(findings.map { $0.verdict } == [verdict], "\(findings)")
    }

    @Test func `what is told of shared memory`() throws {
        var answers = Answers()
        answers.add("none", SharedMemoryCheck.findings(size: nil, free: 0, accelerators: 0))
        answers.add("as usual", SharedMemoryCheck.findings(size: 64 << 20, free: 63 << 20, accelerators: 0))
        answers.add("little", SharedMemoryCheck.findings(size: 512 << 20, free: 1 << 29, accelerators: 1))
        answers.add("full", SharedMemoryCheck.findings(size: 8 << 30, free: 0, accelerators: 1))
        answers.add("large", SharedMemoryCheck.findings(size: 8 << 30, free: 8 << 30, accelerators: 1))
        // A part of the directory that holds the tests, which is a file system of some size.
        let findings = try FakeContainer(["/dev/shm/x": ""]).asked { SharedMemoryCheck.findings(.jane(), in: $0) }
        #expect(findings.count == 1 && findings[0].evidence.contains("/dev/shm has "), "\(findings)")
        #expect(try FakeContainer().asked { SharedMemoryCheck.findings(.jane(), in: $0) }.map { $0.verdict } == [.fail])
        try answers.expect("shm")
    }

    private static func node(_ path: String, _ mode: ModeBits, group: UInt32 = 44) -> Accelerators.Node {
        Accelerators.Node(path: FilePath(path), mode: mode, user: 0, group: group)
    }

    @Test func `devices that the user cannot open, or that are missing, are told`() throws {
        var answers = Answers()
        let actor = Credentials(user: 1000, group: 2000, groups: [27])
        let gpus = (0..<8).map { Self.node("/dev/nvidia\($0)", 0o660) }
        let control = ["/dev/nvidiactl", "/dev/nvidia-uvm"].map { Self.node($0, 0o666) }
        answers.add("none", AcceleratorChecks.rights([], denied: [], actor))
        answers.add("all", AcceleratorChecks.rights(gpus + control, denied: [], actor))
        answers.add("a group's", AcceleratorChecks.rights(gpus + control, denied: gpus, actor))
        let kfd = Self.node("/dev/kfd", 0o600, group: 0)
        answers.add(
            "two kinds", AcceleratorChecks.rights([kfd, gpus[0]], denied: [kfd, gpus[0]], actor))
        func add(_ title: String, _ variables: [String: String], _ nodes: [Accelerators.Node]) {
            answers.add(title, AcceleratorChecks.expectations(nodes, .jane(variables)))
        }
        add("asked for, not there", ["NVIDIA_VISIBLE_DEVICES": "all"], [])
        add("asked for none", ["NVIDIA_VISIBLE_DEVICES": "void"], [])
        add("asked for, there", ["NVIDIA_VISIBLE_DEVICES": "all", "CUDA_VISIBLE_DEVICES": "0,7"], gpus + control)
        add("without control", [:], [gpus[0]])
        add("too far", ["CUDA_VISIBLE_DEVICES": "0,8"], gpus + control)
        add("by name", ["CUDA_VISIBLE_DEVICES": "GPU-1234,9"], gpus + control)
        try answers.expect("accelerators")
    }

    @Test(.actingAsUsers) func `nodes are found by their names, and files of such names are none`() throws {
        let container = try FakeContainer(["/dev/nvidia9": "", "/dev/nvidiax": ""])
        try container.makeDirectory("/dev/dri")
        for name in [
            "nvidia0", "nvidia12", "nvidiactl", "nvidia-uvm", "nvidia-modeset", "kfd", "dri/renderD128", "dri/card0",
        ] {
            #expect(mknod(container.place("/dev/\(name)"), S_IFCHR | 0o600, 0x103) == 0)
        }
        let nodes = container.asked { Accelerators.nodes(in: $0) }
        #expect(
            nodes.map { $0.path.string } == [
                "/dev/dri/renderD128", "/dev/kfd", "/dev/nvidia-uvm", "/dev/nvidia0", "/dev/nvidia12", "/dev/nvidiactl",
            ])
        #expect(nodes.gpus.map { $0.path.string } == ["/dev/nvidia0", "/dev/nvidia12"])
    }

    private static let open =
        "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  545.23.08  Release Build  (dvs-builder@U16)\nGCC version: 12\n"

    @Test(.actingAsUsers) func `a library of another version than the driver is told`() throws {
        var answers = Answers()
        func add(_ title: String, _ files: [String: String], _ variables: [String: String] = [:], gpu: Bool = false)
            throws
        {
            let container = try FakeContainer(files)
            if gpu {
                try container.makeDirectory("/dev")
                #expect(mknod(container.place("/dev/nvidia0"), S_IFCHR | 0o666, 0x103) == 0)
            }
            answers.add(title, container.asked { DriverCheck.findings(.jane(variables), in: $0) })
        }
        let closed = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.104.05  Sat Aug 19 01:15:15 UTC 2023\n"
        let place = "/usr/lib/x86_64-linux-gnu/libcuda.so"
        try add("no driver", ["\(place).535.104.05": "x"])
        try add("the same", ["/proc/driver/nvidia/version": closed, "\(place).535.104.05": "x", "\(place).1": "x"])
        try add(
            "another", ["/proc/driver/nvidia/version": Self.open, "\(place).550.54.14": "x", "\(place).545.23.08": ""])
        try add(
            "forward compatible, and one on the loader's path",
            [
                "/sys/module/nvidia/version": "545.23.08\n", "/usr/local/cuda/compat/libcuda.so.550.54.14": "x",
                "/opt/lib/libnvidia-ml.so.545.23.08": "x",
            ], ["LD_LIBRARY_PATH": "/usr/local/cuda/compat:/opt/lib::relative"])
        try add("no library", ["/proc/driver/nvidia/version": Self.open], gpu: true)
        try add("no library, no device", ["/proc/driver/nvidia/version": Self.open])
        try add(
            "damaged", ["/proc/driver/nvidia/version": "NVRM version: \u{7}\n", "/sys/module/nvidia/version": "x.y\n"])
        try add("AMD's", ["/sys/module/amdgpu/version": "6.7.0\n", "/opt/rocm/.info/version": "6.1.0-82\n"])
        try answers.expect("drivers")
    }
}
