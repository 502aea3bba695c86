internal import Boot
internal import Linux
internal import Programs
internal import Text

/// What is asked about the mounts of the places that a container needs.
struct MountChecks {
    /// Such a place.
    enum Place {
        case scratch, home, run, temporary

        func path(_ facts: ContainerFacts) -> FilePath? {
            switch self {
            case .scratch: facts.scratchHome
            case .home:
                facts.user?.home
                    ?? facts.environment.value("HOME").map { FilePath(String(decoding: $0, as: UTF8.self)) }
            case .run: Paths.volatile
            case .temporary: "/tmp"
            }
        }
    }

    private let place: Place
    private let asked: FilePath
    private let found: MountedPlace

    /// The file system of a place, its options, and what is left on it.
    static func findings(_ facts: ContainerFacts, at place: Place) -> [Finding] {
        guard let path = place.path(facts), path.isAbsolute else { return [] }
        CheckProgress.look(at: path)
        do throws(SystemCallError) {
            let checks = MountChecks(place: place, asked: path, found: try MountedPlace(path))
            return [.ok(checks.evidence)] + checks.ofOptions + checks.ofVolume + checks.ofSpace
        } catch {
            return [
                .fail(
                    "\(path.shown()) cannot be looked at: \(error.reason) (\(error.symbol))", remedy: Self.server(path))
            ]
        }
    }

    init(place: Place, asked: FilePath, found: MountedPlace) {
        self.place = place
        self.asked = asked
        self.found = found
    }

    private static func server(_ path: FilePath) -> String {
        let mount = Mount.holding(path, in: Mount.all(of: FileTree()))
        return "ask whoever runs \(mount?.source.shown() ?? "the file server") whether it serves the volume"
    }

    private var point: String { found.mount?.point.shown() ?? "/" }

    /// What is known of it, in one line.
    private var evidence: String {
        let missing = found.path == asked ? "" : " (not there or closed; this is of \(found.path.shown()))"
        guard let mount = found.mount else { return "\(asked.shown())\(missing): its mount is not known" }
        let source = mount.source.isEmpty || mount.source == mount.type ? "" : " from \(mount.source.shown())"
        let options = Self.telling(found.options)
        let space = found.space.map { space in
            let inodes = space.freeInodes.map { ", \($0) inodes free" } ?? ""
            return "; \(space.free.asBytes) of \(space.size.asBytes) free\(inodes)"
        }
        return "\(asked.shown())\(missing): \(mount.type.shown())\(source), mounted at \(mount.point.shown())"
            + (options.isEmpty ? "" : " with \(options.joined(separator: ","))") + (space ?? "")
    }

    /// The options that tell how programs fare; mountinfo has many more.
    static func telling(_ options: [String]) -> [String] {
        let names: Set = [
            "ro", "noexec", "nosuid", "soft", "softerr", "nolock", "sync", "noac", "root_squash", "all_squash",
        ]
        let prefixes = ["vers=", "sec=", "local_lock=", "proto="]
        var told: [String] = []
        for option in options where !told.contains(option) {
            if names.contains(option) || prefixes.contains(where: option.hasPrefix) { told.append(option.shown()) }
        }
        return told
    }

    private var ofOptions: [Finding] {
        var findings: [Finding] = []
        let isOfUser = place == .scratch || place == .home
        if found.has("ro") {
            let remedy =
                found.mount?.point == "/"
                ? "set readOnlyRootFilesystem: false in the pod spec, or mount a volume at \(asked.shown())"
                : "set readOnly: false for \(point) in the pod's volumeMounts"
            let words = "\(asked.shown()) is mounted read-only"
            findings.append(
                place == .run
                    ? .warn("\(words): nothing is kept there for later sessions", remedy: remedy)
                    : .fail(words, remedy: remedy))
        }
        if found.has("noexec") && isOfUser {
            findings.append(
                .warn(
                    "\(asked.shown()) is mounted with noexec: no program there can be run, such as those of a Python environment",
                    remedy: "mount \(point) without noexec (mountOptions of the PersistentVolume)"))
        }
        if found.has("soft") || found.has("softerr") {
            findings.append(
                .warn(
                    "\(point) is mounted with soft: when the server is slow, writing fails and files are left incomplete",
                    remedy: "mount it with hard (mountOptions of the PersistentVolume)"))
        }
        if ["nolock", "local_lock=all", "local_lock=flock"].contains(where: found.has) {
            findings.append(
                .warn(
                    "locks at \(point) count on this node alone: programs on two nodes may write the same file at once",
                    remedy: "mount it without nolock and local_lock (mountOptions of the PersistentVolume)"))
        }
        return findings
    }

    /// Whether scratch outlives the container.
    private var ofVolume: [Finding] {
        guard place == .scratch, let mount = found.mount, mount.point == "/" || mount.isMemory else { return [] }
        let words = mount.isMemory ? "lies in memory" : "lies on the container's own file system"
        return [
            .warn(
                "\(asked.shown()) \(words): what is written there is gone when the container ends",
                remedy: "mount the scratch volume in the pod's volumeMounts (docker run -v)")
        ]
    }

    private var ofSpace: [Finding] {
        guard let space = found.space, !found.has("ro") else { return [] }
        let remedy = "remove files, or enlarge the volume; du -xhd1 \(point) | sort -h shows what is large"
        var findings: [Finding] = []
        if space.free == 0 {
            findings.append(.fail("no space is left at \(point)", remedy: remedy))
        } else if space.free < space.size / 20 || isLarge && space.free < 1 << 30 {
            findings.append(
                .warn(
                    "little space is left at \(point): \(space.free.asBytes) of \(space.size.asBytes)", remedy: remedy))
        }
        guard let inodes = space.freeInodes else { return findings }
        let few = "remove files, or enlarge the volume; du --inodes -xd1 \(point) | sort -h shows where many are"
        if inodes == 0 {
            findings.append(.fail("no inodes are left at \(point)", remedy: few))
        } else if inodes < space.inodes / 20 {
            findings.append(.warn("few inodes are left at \(point): \(inodes) of \(space.inodes)", remedy: few))
        }
        return findings
    }

    /// Whether much is to be kept there.
    private var isLarge: Bool { (place == .scratch || place == .home) && found.mount?.isMemory == false }
}
