import Boot
internal import Linux
internal import Programs
internal import Text

/// The version of the node's driver against that of the libraries in the container.
enum DriverCheck {
    /// A library with the version in its name.
    struct Library: Equatable {
        let path: FilePath
        let version: String
    }

    /// Where a library of the driver is, if the loader finds it.
    private static let directories: [FilePath] = [
        "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib", "/lib64",
        "/usr/local/nvidia/lib64", "/usr/local/nvidia/lib",
    ]
    /// What a library's name begins with, before its version.
    private static let names = ["libcuda.so.", "libnvidia-ml.so."]

    static func findings(_ facts: ContainerFacts, in tree: FileTree = FileTree()) -> [Finding] {
        nvidia(facts, in: tree) + amd(in: tree)
    }

    private static func nvidia(_ facts: ContainerFacts, in tree: FileTree) -> [Finding] {
        guard let driver = nvidiaDriver(in: tree) else { return [] }
        let libraries = libraries(facts, in: tree)
        let remedy =
            "let the runtime bring the node's own: runtimeClassName: nvidia and NVIDIA_DRIVER_CAPABILITIES: compute,utility in "
            + "the pod spec; and have no driver's library in the image"
        if libraries.isEmpty {
            guard !Accelerators.nodes(in: tree).gpus.isEmpty else { return [] }
            return [
                .fail(
                    "the node's NVIDIA driver is \(driver), and the container has no libcuda.so or libnvidia-ml.so of it",
                    remedy: remedy)
            ]
        }
        let wrong = libraries.filter { $0.version != driver }
        if wrong.isEmpty {
            return [.ok("the NVIDIA driver and \(libraries.map { $0.path.shown() }.inWords) are \(driver)")]
        }
        return wrong.map { library in
            .fail(
                "the node's NVIDIA driver is \(driver), and \(library.path.shown()) is of \(library.version): CUDA fails with a "
                    + "driver/library version mismatch", remedy: remedy)
        }
    }

    /// The version of the node's driver, as its module tells it.
    static func nvidiaDriver(in tree: FileTree) -> String? {
        if let line = tree.kernelLines("/proc/driver/nvidia/version").first(where: { $0.hasPrefix("NVRM version:") }),
            let version = line.words.first(where: { isVersion($0) })
        {
            return String(version)
        }
        return tree.kernelText("/sys/module/nvidia/version").flatMap { isVersion($0[...]) ? $0 : nil }
    }

    /// Whether a word is a version such as `535.104.05`.
    private static func isVersion(_ word: Substring) -> Bool {
        let parts = word.split(separator: ".", omittingEmptySubsequences: false)
        return (2...3).contains(parts.count)
            && parts.allSatisfy { !$0.isEmpty && $0.utf8.count <= 6 && $0.utf8.allSatisfy { $0.isDigit } }
    }

    /// The libraries of NVIDIA's driver that a program would find, each file once. A library for forward compatibility
    /// is newer than the driver on purpose.
    static func libraries(_ facts: ContainerFacts, in tree: FileTree) -> [Library] {
        let path = facts.variable("LD_LIBRARY_PATH") ?? ""
        let own = path.split(separator: ":").filter { $0.hasPrefix("/") }.map { FilePath(String($0)) }
        var seen: [(UInt64, UInt64)] = []
        var found: [Library] = []
        for directory in own + directories where !directory.components.contains(where: { $0 == "compat" }) {
            for name in ((try? tree.names(in: directory, links: .follow)) ?? []).sorted(by: { $0.string < $1.string }) {
                guard let start = names.first(where: { name.string.hasPrefix($0) }),
                    isVersion(name.string.dropFirst(start.count)),
                    let status = (try? tree.status(directory.appending(name), links: .follow)) ?? nil,
                    // The runtime leaves empty files where it has mounted a library in an image that was made of it.
                    status.kind == .file, status.size > 0,
                    !seen.contains(where: { $0 == (status.device, status.inode) })
                else { continue }
                seen.append((status.device, status.inode))
                found.append(
                    Library(
                        path: directory.appending(name), version: String(name.string.dropFirst(start.count))))
            }
        }
        return found
    }

    /// AMD's numbers count differently on both sides, so that they are only told.
    private static func amd(in tree: FileTree) -> [Finding] {
        guard let driver = tree.kernelText("/sys/module/amdgpu/version", limit: 256),
            let library = tree.kernelText("/opt/rocm/.info/version", limit: 256)
        else { return [] }
        return [.ok("the node's amdgpu driver is \(driver.shown(limit: 40)), and ROCm is \(library.shown(limit: 40))")]
    }
}
