internal import Boot
internal import Linux
internal import Text

/// What is told of a directory on scratch where something does not work, and what to do about it.
struct ScratchRemedies {
    private let facts: ContainerFacts
    private let place: ScratchTrial.Place
    private let path: FilePath
    private let mount: Mount?

    /// - Parameters:
    ///   - facts: what is known, and who acts.
    ///   - place: what the directory is for.
    ///   - path: where it is.
    init(_ facts: ContainerFacts, _ place: ScratchTrial.Place, _ path: FilePath) {
        self.facts = facts
        self.place = place
        self.path = path
        mount = Mount.holding(path, in: Mount.all(of: FileTree()))
    }

    /// Who serves the directory, in words.
    var server: String {
        guard let mount, mount.point != "/" else { return "the container's own file system" }
        return mount.isNetwork ? mount.source.shown() : "\(mount.type.shown()) at \(mount.point.shown())"
    }

    /// Whether the actor must be able to work in the directory.
    private var need: Finding.Verdict {
        switch (facts.role, place) {
        case (.root, _): .ok
        case (_, .root): isHomeThere ? .ok : facts.role == .user && facts.seed != nil ? .ok : .fail
        case (_, .home): .fail
        case (_, .working): .warn
        }
    }

    private var isHomeThere: Bool {
        guard let home = facts.scratchHome else { return false }
        return ((try? FileTree().status(home, links: .follow)) ?? nil)?.kind == .directory
    }

    /// Something that the actor may not do.
    ///
    /// - Parameters:
    ///   - words: what, with the path.
    ///   - status: the directory's; `nil` where it is not known.
    func refusal(_ error: SystemCallError, of words: String, status: FileStatus?) -> Finding {
        let form = status.map { "; it is \($0.mode.octal) and belongs to \($0.user):\($0.group)" } ?? ""
        let evidence = "\(words): \(error.reason) (\(error.symbol))\(form)"
        let isDenied = error.errno == .permissionDenied || error.errno == .notPermitted
        switch need {
        case .ok where facts.role == .root && isDenied:
            let squash = mount?.isNetwork == true ? "root is squashed there" : "root has no power there"
            return .ok("\(evidence): \(squash), and nothing is done there as root")
        case .ok where isDenied:
            return .ok(
                "\(evidence): not needed, since \(isHomeThere ? "SCRATCH_HOME is there" : "the seed user makes it")")
        case .ok where error.errno == .noSuchFileOrDirectory || error.errno == .tooManySymbolicLinkLevels:
            return .ok("\(evidence): not needed as \(facts.role.rawValue)")
        case .ok, .warn: return .warn(evidence, remedy: remedy(for: error))
        case .fail: return .fail(evidence, remedy: remedy(for: error))
        }
    }

    private func remedy(for error: SystemCallError) -> String {
        let point = mount?.point.shown() ?? "/"
        switch error.errno {
        case .permissionDenied, .notPermitted: return remedyForDenial
        case .readOnlyFileSystem:
            return point == "/"
                ? "set readOnlyRootFilesystem: false in the pod spec, or mount a volume at \(path.shown())"
                : "set readOnly: false for \(point) in the pod's volumeMounts"
        case .noSpace: return "remove files, or enlarge the volume; df -h \(point) and df -i \(point) show what is left"
        case .diskQuotaExceeded: return "remove files, or ask for a larger quota; quota -s shows it"
        case .staleNFSFileHandle, .ioError, .timedOut:
            return "ask whoever runs \(server) whether it serves the volume, and start the container again"
        case .noSuchFileOrDirectory, .notDirectory:
            return place == .root
                ? "mount the scratch volume in the pod's volumeMounts (docker run -v), or correct SCRATCH_HOME_ROOT"
                : "start the container through entrypoint, which makes it: entrypointctl plan shows what would stand in the way"
        default: return "ask whoever runs \(server)"
        }
    }

    private var remedyForDenial: String {
        let user = facts.user?.credentials ?? facts.actor
        switch place {
        case .root:
            return "let its owner run chgrp \(user.group) \(path.shellWord) && chmod g+rwx \(path.shellWord), or set "
                + "\(PodVariables.seedUserName) to an account that may make directories there (uid:gid)"
        case .home:
            return "let its owner, or root on the file server, run chown \(user.text) \(path.shellWord) && chmod 1770 "
                + path.shellWord
        case .working:
            return
                "let its owner run chgrp \(user.group) \(path.shellWord) && chmod g+rwx \(path.shellWord), or choose another "
                + "\(PodVariables.workingDirectory.name)"
        }
    }

    /// The file server gives what the actor makes to somebody else.
    func foreignOwner(_ owner: String) -> Finding {
        Finding(
            facts.role == .user && place == .home ? .fail : .warn,
            "what \(facts.actor.text) makes in \(path.shown()) belongs to \(owner): the server maps ids",
            remedy:
                "ask whoever runs \(server) to export it without all_squash, or with the same Domain in /etc/idmapd.conf "
                + "(NFSv4)")
    }

    /// The file server gives what the actor makes to another group.
    func foreignGroup(_ group: UInt32) -> Finding {
        .warn(
            "what \(facts.actor.text) makes in \(path.shown()) belongs to group \(group)",
            remedy:
                "ask whoever runs \(server) whether it knows group \(facts.actor.group) (all_squash, idmapd's Domain)")
    }

    /// A call that the file system does not have.
    func missing(_ call: String, _ error: SystemCallError, _ told: (consequence: String, remedy: String)) -> Finding {
        let evidence = "\(call) fails in \(path.shown()): \(error.reason) (\(error.symbol)): \(told.consequence)"
        return facts.role == .root ? .ok(evidence) : .warn(evidence, remedy: told.remedy)
    }

    var noLocks: (consequence: String, remedy: String) {
        (
            "caches of Hugging Face and uv need locks",
            "mount it with a lock service (NFSv4, or without nolock), or set HF_HOME and UV_CACHE_DIR to another volume"
        )
    }

    var noLinks: (consequence: String, remedy: String) {
        ("uv copies files instead, which takes longer", "set UV_LINK_MODE=copy in the pod spec's env")
    }

    var noRenames: (consequence: String, remedy: String) {
        (
            "programs replace files by renaming, as git and editors do",
            "ask whoever runs \(server), or set WORKING_DIR to another volume"
        )
    }
}

extension FilePath {
    /// The path as one word of a shell, as it may stand in a message.
    var shellWord: String { ShellWord.quoted(shown()) }
}
