package import Linux

/// The directory `/dev`. What programs open there by name, such as `>/dev/null` in a script, is opened as root if root
/// runs the program.
package enum DeviceDirectory {
    /// Why a name in `/dev` that every program may use may lead to a file of somebody else's choice; `nil` where all of
    /// them are as a container runtime makes them, or missing. `/dev/null` must exist: a shell does not run a command
    /// whose output it cannot throw away.
    ///
    /// - Parameter tree: the container's files.
    @export(interface) package static func distrust(in tree: FileTree) -> String? {
        do throws(SystemCallError) {
            let directory = try tree.openDirectory("/dev", links: .refuse)
            if let problem = problem(of: directory) { return problem }
            for (name, number) in nodes {
                guard let status = try directory.status(name) else {
                    if name == "null" { return "/dev/null is missing" }
                    continue
                }
                if status.kind != .characterDevice || status.node != number {
                    return "/dev/\(name.string) is not the device of that name"
                }
            }
            for (name, target) in links {
                guard let status = try directory.status(name) else { continue }
                if status.kind == .link, try directory.linkTarget(name) == target { continue }
                return "/dev/\(name.string) is not the link to \(target.string)"
            }
            return try distrustOfMounts(in: tree)
        } catch {
            return "cannot look at /dev: \(error.reason)"
        }
    }

    /// The devices that all containers have, and their numbers (the kernel's `Documentation/admin-guide/devices.txt`).
    private static let nodes: [(name: FilePath.Component, number: DeviceNumber)] = [
        ("null", DeviceNumber(major: 1, minor: 3)), ("zero", DeviceNumber(major: 1, minor: 5)),
        ("full", DeviceNumber(major: 1, minor: 7)), ("random", DeviceNumber(major: 1, minor: 8)),
        ("urandom", DeviceNumber(major: 1, minor: 9)), ("tty", DeviceNumber(major: 5, minor: 0)),
    ]

    /// The links that all containers have (the OCI runtime specification, "Dev symbolic links").
    private static let links: [(name: FilePath.Component, target: FilePath)] = [
        ("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"), ("stdout", "/proc/self/fd/1"),
        ("stderr", "/proc/self/fd/2"),
    ]

    /// Why a mount below `/dev` may be a file of somebody else's choice: the runtime mounts devices and directories of
    /// the kernel's there, and Kubernetes the termination log.
    ///
    /// - Throws: the error of looking at a mount.
    private static func distrustOfMounts(in tree: FileTree) throws(SystemCallError) -> String? {
        for mount in Mount.all(of: tree) where mount.point.starts(with: "/dev") && mount.point != "/dev" {
            let point = mount.point
            if allowedMounts.contains(point) || kernelTypes.contains(mount.type) { continue }
            // One that is mounted over cannot be seen, and what lies over it is in the list, too.
            let kind = try tree.status(point, links: .refuse)?.kind
            guard kind == .characterDevice || kind == .blockDevice else {
                return "\(point.shown()) is mounted, and no device"
            }
        }
        return nil
    }

    /// What a pod may mount where it likes, and what is meant to be a file.
    private static let allowedMounts: [FilePath] = ["/dev/shm", "/dev/termination-log"]

    /// File systems of directories that the kernel fills.
    private static let kernelTypes = ["devpts", "mqueue", "hugetlbfs", "devtmpfs"]

    /// Why somebody else than the container runtime may have made the directory.
    static func problem(of directory: borrowing Directory) -> String? {
        guard (try? directory.isInMemory) == true,
            let root = try? FileTree().open("/", [.pathOnly, .directory], links: .refuse), root.mount != directory.mount
        else { return "/dev is not the file system in memory that a container runtime makes" }
        return writability(of: directory)
    }

    /// Why somebody else than root may have made what a directory has.
    static func writability(of directory: borrowing Directory) -> String? {
        guard let status = try? directory.status(), status.user == 0, !status.isWritableByOthers else {
            return "users other than root can write in \(directory.path)"
        }
        return nil
    }
}
