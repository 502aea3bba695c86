package import Linux

/// A device node that users of an accelerator open.
package struct Device: Equatable, Sendable {
    package let path: FilePath
    package let mode: ModeBits
    package let group: UInt32
    /// Why somebody else than the container runtime may have made the node, so that its group means nothing; `nil` for
    /// a node on the mount of `/dev` itself, where only root could make it.
    package let untrustedBecause: String?

    package init(path: FilePath, mode: ModeBits, group: UInt32, untrustedBecause: String? = nil) {
        self.path = path
        self.mode = mode
        self.group = group
        self.untrustedBecause = untrustedBecause
    }

    /// Whether only its group can open it for reading and writing.
    var isGroupsAlone: Bool { mode.rawValue & 0o006 != 0o006 && mode.rawValue & 0o060 == 0o060 }
}

extension Device {
    /// The nodes of AMD (`/dev/kfd`), Mesa (`/dev/dri/render*`) and NVIDIA (`/dev/nvidia*`), as seen through open
    /// descriptors, starting with that of `/dev`.
    static func all(in tree: FileTree) -> [Device] {
        guard let directory = try? tree.openDirectory("/dev", links: .refuse) else { return [] }
        let problem = DeviceDirectory.problem(of: directory)
        var devices = nodes(in: directory, ofMount: directory.mount, problem) { name in
            name == "kfd" || name.string.utf8.starts(with: "nvidia".utf8)
        }
        if let renderers = try? directory.openDirectory("dri") {
            let problem = problem ?? DeviceDirectory.writability(of: renderers)
            devices += nodes(in: renderers, ofMount: directory.mount, problem) { name in
                name.string.utf8.starts(with: "render".utf8)
            }
        }
        return devices.sorted { $0.path.string < $1.path.string }
    }

    private static func nodes(
        in directory: borrowing Directory, ofMount mount: UInt64, _ problem: String?,
        where isWanted: (FilePath.Component) -> Bool
    ) -> [Device] {
        var devices: [Device] = []
        for name in ((try? directory.names()) ?? []) where isWanted(name) {
            guard let node = try? directory.open(name, .pathOnly), let status = try? node.status(),
                status.kind == .characterDevice
            else { continue }
            // If the mount is unknown, no node is trusted.
            let isElsewhere = mount == 0 || node.mount != mount
            devices.append(
                Device(
                    path: directory.path.appending(name), mode: status.mode, group: status.group,
                    untrustedBecause: problem
                        ?? (isElsewhere ? "it is mounted there, and only nodes of /dev itself count" : nil)))
        }
        return devices
    }
}
