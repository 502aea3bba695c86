import Boot
private import CLinux
internal import Linux
internal import Text

/// The size of `/dev/shm`, through which the workers of PyTorch's DataLoader, NCCL and MPI exchange their data.
enum SharedMemoryCheck {
    /// What container engines give without being asked.
    private static let usual: UInt64 = 64 << 20
    /// What a job with accelerators needs at least.
    private static let enough: UInt64 = 1 << 30
    private static let place: FilePath = "/dev/shm"

    private static let remedy =
        "mount an emptyDir with medium: Memory (and a sizeLimit) at /dev/shm in the pod spec, or docker run --shm-size=8g"

    static func findings(_ facts: ContainerFacts, in tree: FileTree = FileTree()) -> [Finding] {
        var system = statvfs()
        let path = tree.isRealRoot ? place : tree.root.appending(place.components)
        guard path.withPlatformString({ statvfs($0, &system) }) == 0 else {
            return findings(size: nil, free: 0, accelerators: 0)
        }
        let unit = UInt64(system.f_frsize)
        return findings(
            size: UInt64(system.f_blocks) * unit, free: UInt64(system.f_bavail) * unit,
            accelerators: Accelerators.nodes(in: tree).count)
    }

    /// - Parameters:
    ///   - size: in bytes; `nil` where there is none.
    ///   - free: in bytes.
    ///   - accelerators: how many device nodes of accelerators the container has.
    static func findings(size: UInt64?, free: UInt64, accelerators: Int) -> [Finding] {
        guard let size else {
            return [.fail("there is no \(place): Python's multiprocessing and PyTorch's workers fail", remedy: remedy)]
        }
        let evidence = "\(place) has \(size.asBytes), of which \(free.asBytes) are free"
        // A file system in memory without a size has no blocks to count.
        if size == 0 { return [.ok("\(place) has no limit of its own")] }
        if free < size / 10 {
            return [
                .warn(
                    "\(evidence): what is shared next may not fit",
                    remedy: "remove what is left there (ls -l /dev/shm), or \(remedy)")
            ]
        }
        if accelerators > 0 && size < enough {
            return [
                .warn("\(evidence): too little for jobs on accelerators (\(enough.asBytes) or more)", remedy: remedy)
            ]
        }
        if size <= usual {
            return [
                .warn(
                    "\(evidence): container engines give no more unless asked, and PyTorch's workers need more",
                    remedy: remedy)
            ]
        }
        return [.ok(evidence)]
    }
}
