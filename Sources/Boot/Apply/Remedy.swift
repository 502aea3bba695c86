import Linux
package import SystemPackage

extension Apply {
    /// An error about a path, with what can be done about it.
    func failure(
        _ action: String, _ path: FilePath, _ attempts: [Attempt], isOnVolume: Bool = false
    ) -> BootError {
        guard let last = attempts.last else { return BootError("\(action) \(Text.shown(path))") }
        if let link = linkNotFollowed(last, path) {
            let follower = last.identity == actors.words(.root) ? "root" : "the seed user"
            return BootError(
                "\(action) \(Text.shown(path))",
                reason: "\(Text.shown(link)) is a symbolic link, which \(follower) does not follow", attempts: attempts,
                remedy: path.starts(with: Paths.homes) || path.starts(with: "/etc")
                    ? "the image must have no link there" : "name the path that it leads to")
        }
        return BootError(
            "\(action) \(Text.shown(path))", attempts: attempts,
            remedy: remedy(for: last.error, path, isOnVolume: isOnVolume))
    }

    /// The first link on the way to a path, where it is why somebody with more rights than the user has stopped.
    ///
    /// Also links of the image's own are not followed: they may lead to what the pod has mounted, and what is right today
    /// may be exchanged between the look and the work.
    private func linkNotFollowed(_ attempt: Attempt, _ path: FilePath) -> FilePath? {
        guard attempt.error.errno == .tooManySymbolicLinkLevels, attempt.identity != actors.words(.user) else {
            return nil
        }
        var place: FilePath = "/"
        for component in path.components {
            place.append(component)
            guard let status = try? tree.status(place, links: .refuse) else { return nil }
            if status.kind == .link { return place }
        }
        return nil
    }

    /// What can be done about an error at a path, from what is mounted there.
    func remedy(for error: SystemCallError, _ path: FilePath, isOnVolume: Bool) -> String {
        guard let mount = Mount.holding(path, in: Mount.all(of: tree)) else { return "" }
        let place = "\(Text.shown(mount.source)) (\(mount.type)) on \(Text.shown(mount.point))"
        switch error.errno {
        case .permissionDenied, .notPermitted:
            if error.call == "fchown" && actors.has(.root) && !actors.mayChangeOwner {
                return "add CHOWN to securityContext.capabilities.add in the pod spec"
            }
            guard isOnVolume else {
                let isRoots = path.removingLastComponent() == Paths.homes || path.starts(with: "/etc")
                if isRoots && actors.isElevated && mount.point != "/" {
                    return "\(place) is mounted by the pod, and only the user himself works there: see volumeMounts"
                }
                return isRoots && !actors.has(.root) ? "only root can: \(actors.fieldAgainstRoot)" : ""
            }
            if mount.point.string == "/" {
                return
                    "nothing is mounted there: is the scratch volume missing from the pod's volumeMounts (docker run -v)?"
            }
            let squash = mount.isNetwork ? "is \(place) root-squashed? " : ""
            guard actors.has(.root) else {
                return squash + "make the directory once as its owner; only a start as root has a seed user"
            }
            return squash
                + "make the directory once as its owner, or set SCRATCH_SEED_USER to an account that may (uid:gid)"
        case .readOnlyFileSystem:
            if mount.point.string == "/" {
                return "the root file system is mounted read-only: see readOnlyRootFilesystem in the pod spec"
            }
            return "\(place) is mounted read-only: see readOnly in the pod's volumeMounts"
        case .noSpace: return "no space is left on \(place)"
        case .diskQuotaExceeded: return "the quota on \(place) is used up"
        case .staleNFSFileHandle, .ioError, .timedOut: return "the server of \(place) does not serve it"
        default: return ""
        }
    }
}

/// A mount of the container, from `/proc/self/mountinfo` (proc_pid_mountinfo(5)).
package struct Mount: Equatable, Sendable {
    package let point: FilePath
    /// The file system's type, such as `nfs4`.
    package let type: String
    /// What is mounted, such as `10.0.0.5:/export`.
    package let source: String

    /// Whether a server may treat root like nobody.
    package var isNetwork: Bool {
        type.hasPrefix("nfs") || type.hasPrefix("fuse")
            || ["cifs", "smb3", "ceph", "lustre", "gpfs", "9p"].contains(type)
    }

    /// Whether what is kept there is gone with the container.
    package var isMemory: Bool { type == "tmpfs" || type == "ramfs" }

    /// All mounts, in the order of mounting; empty when they cannot be read.
    static func all(of tree: FileTree) -> [Mount] {
        let bytes = (try? tree.read("/proc/self/mountinfo")) ?? nil
        if bytes == nil && !tree.isRealRoot {
            // A container that is not running: what each will have.
            return [
                Mount(point: "/", type: "overlay", source: "overlay"),
                Mount(point: "/dev/shm", type: "tmpfs", source: "shm"),
            ]
        }
        return parse(String(decoding: bytes ?? [], as: UTF8.self))
    }

    /// The mount that holds a path: the last one mounted of those with the longest point above it.
    package static func holding(_ path: FilePath, in mounts: [Mount]) -> Mount? {
        var best: Mount?
        for mount in mounts where path.starts(with: mount.point) {
            if mount.point.components.count >= best?.point.components.count ?? 0 { best = mount }
        }
        return best
    }

    /// Reads the lines of the file; what is not a line of it is passed over.
    package static func parse(_ text: String) -> [Mount] {
        // As bytes: a name that begins with an accent would join with the space before it.
        text.utf8.split(separator: UInt8(ascii: "\n")).compactMap { line in
            let fields = line.split(separator: UInt8(ascii: " "))
            guard let separator = fields.firstIndex(where: { $0.elementsEqual("-".utf8) }), separator >= 6,
                fields.count > separator + 2
            else { return nil }
            return Mount(
                point: FilePath(unescaped(fields[4])), type: unescaped(fields[separator + 1]),
                source: unescaped(fields[separator + 2]))
        }
    }

    /// Space, tab, newline and backslash are written as a backslash and three octal digits.
    private static func unescaped(_ text: some Sequence<UInt8>) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text)[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            if byte == UInt8(ascii: "\\"), digits.count == 3,
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
            {
                bytes.append(value)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
