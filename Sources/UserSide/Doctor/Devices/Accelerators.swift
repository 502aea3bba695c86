import Boot
internal import Linux
internal import Text

/// The device nodes of accelerators that the container has.
struct Accelerators {
    /// A node, and who may open it by its mode.
    struct Node: Equatable {
        let path: FilePath
        let mode: ModeBits
        let user: UInt32
        let group: UInt32
    }

    /// The nodes that programs open: NVIDIA's, AMD's (`/dev/kfd`) and Mesa's (`/dev/dri/renderD*`), by their paths.
    static func nodes(in tree: FileTree) -> [Node] {
        (nodes(in: "/dev", tree, where: isAccelerator) + nodes(in: "/dev/dri", tree) { $0.hasPrefix("renderD") })
            .sorted { $0.path.string < $1.path.string }
    }

    private static func isAccelerator(_ name: String) -> Bool {
        name == "kfd" || isGPU(name) || name == "nvidiactl" || name == "nvidia-uvm"
    }

    /// Whether a name is that of one of NVIDIA's devices, such as `nvidia0`.
    private static func isGPU(_ name: String) -> Bool {
        name.hasPrefix("nvidia") && name.utf8.count > 6 && name.utf8.dropFirst(6).allSatisfy { 0x30...0x39 ~= $0 }
    }

    private static func nodes(
        in directory: FilePath, _ tree: FileTree, where isWanted: (String) -> Bool
    ) -> [Node] {
        let names = (try? tree.names(in: directory, links: .refuse)) ?? []
        return names.filter { isWanted($0.string) }.compactMap { name in
            let path = directory.appending(name)
            guard let status = (try? tree.status(path, links: .refuse)) ?? nil, status.kind == .characterDevice else {
                return nil
            }
            return Node(path: path, mode: status.mode, user: status.user, group: status.group)
        }
    }
}

extension [Accelerators.Node] {
    /// NVIDIA's devices, without what belongs to all of them.
    var gpus: [Accelerators.Node] {
        filter { node in
            let name = node.path.lastComponent?.string ?? ""
            return name.hasPrefix("nvidia") && name != "nvidiactl" && name != "nvidia-uvm"
        }
    }

    /// The paths in words, a few of them.
    var words: String {
        let all = map { $0.path.string }
        return all.count > 4
            ? "\(all.prefix(3).joined(separator: ", ")) and \(all.count - 3) more" : Array<String>(all).inWords
    }
}
