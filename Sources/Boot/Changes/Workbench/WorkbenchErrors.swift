import Linux
internal import Text

/// Errors about paths, with what can be done about them.
extension Workbench {
    /// An error of an actor about a path.
    @inline(never)
    func failure(_ action: String, _ path: FilePath, as actor: Actor, _ error: SystemCallError) -> BootError {
        failure(action, path, [Attempt(as: actors.words(actor), error)])
    }

    /// An error about a path, with what can be done about it.
    func failure(
        _ action: String, _ path: FilePath, _ attempts: [Attempt], isOnVolume: Bool = false, remedy known: String? = nil
    ) -> BootError {
        guard let last = attempts.last else {
            return BootError(.scratchSeedDirectory, "\(action) \(path.shown())", remedy: known ?? "")
        }
        if let link = linkNotFollowed(last, path) {
            let follower = last.identity == actors.words(.root) ? "root" : "the seed user"
            return BootError(
                .filesSymbolicLink, "\(action) \(path.shown())",
                reason: "\(link.shown()) is a symbolic link, which \(follower) does not follow", attempts: attempts,
                remedy: path.starts(with: Paths.homes) || path.starts(with: "/etc")
                    ? "the image must have no link there" : "name the path that it leads to")
        }
        let mount = Mount.holding(path, in: Mount.all(of: tree))
        return BootError(
            identifier(of: last.error, path, on: mount, isOnVolume: isOnVolume), "\(action) \(path.shown())",
            attempts: attempts,
            remedy: known ?? mount.map { remedy(for: last.error, path, on: $0, isOnVolume: isOnVolume) } ?? "",
            cause: cause(of: last.error, path, on: mount, isOnVolume: isOnVolume))
    }

    /// What kind of error it is.
    private func identifier(
        of error: SystemCallError, _ path: FilePath, on mount: Mount?, isOnVolume: Bool
    ) -> MessageIdentifier {
        switch error.errno {
        case .permissionDenied, .notPermitted:
            if error.call == "fchown" && actors.has(.root) && !actors.mayChangeOwner { return .filesNeedChown }
            if isOnVolume { return mount?.point.string == "/" ? .scratchNotMounted : .scratchPermissionDenied }
            guard isRoots(path) else { return .filesPermissionDenied }
            if !actors.has(.root) { return .filesNeedRoot }
            return actors.isElevated && mount?.point.string != "/" ? .filesNotTheImages : .filesPermissionDenied
        case .readOnlyFileSystem: return .filesReadOnly
        case .noSpace: return .filesNoSpace
        case .diskQuotaExceeded: return .filesQuota
        case .staleNFSFileHandle, .ioError, .timedOut: return .filesServer
        case .tooManySymbolicLinkLevels: return .filesSymbolicLink
        case .notDirectory, .isDirectory: return .filesWrongKind
        default: return .filesFailed
        }
    }

    /// What else fails for the same reason.
    private func cause(
        of error: SystemCallError, _ path: FilePath, on mount: Mount?, isOnVolume: Bool
    ) -> BootError.Cause? {
        switch error.errno {
        case .permissionDenied, .notPermitted:
            return !isOnVolume && isRoots(path) && !actors.has(.root) ? .noRoot : nil
        case .readOnlyFileSystem, .noSpace, .diskQuotaExceeded, .staleNFSFileHandle, .ioError, .timedOut:
            return mount.map { .mount($0.point, error.errno) }
        default: return nil
        }
    }

    /// Whether only root can make something at a path.
    private func isRoots(_ path: FilePath) -> Bool { path.parent == Paths.homes || path.starts(with: "/etc") }

    /// The first link on the way to a path, if it is why somebody with more rights than the user has stopped.
    ///
    /// Even the image's own links are not followed: they may lead to what the pod has mounted, and a path that is right
    /// now may be replaced between the check and the work.
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

    /// What can be done about an error at a path, judging by what is mounted there.
    private func remedy(
        for error: SystemCallError, _ path: FilePath, on mount: Mount, isOnVolume: Bool
    ) -> String {
        let place = "\(mount.source.shown()) (\(mount.type)) on \(mount.point.shown())"
        switch error.errno {
        case .permissionDenied, .notPermitted:
            if error.call == "fchown" && actors.has(.root) && !actors.mayChangeOwner {
                return "add CHOWN to securityContext.capabilities.add in the pod spec"
            }
            guard isOnVolume else {
                if isRoots(path) && actors.isElevated && mount.point != "/" {
                    return "\(place) is mounted by the pod, and only the user works there: see volumeMounts"
                }
                return isRoots(path) && !actors.has(.root) ? "only root can: \(actors.fieldAgainstRoot)" : ""
            }
            if mount.point.string == "/" {
                return
                    "nothing is mounted there: the scratch volume is probably missing from the pod's volumeMounts (docker run -v)"
            }
            let squash = mount.isNetwork ? "\(place) is probably root-squashed: " : ""
            guard actors.has(.root) else {
                return squash + "make the directory once as its owner; only a start as root has a seed user"
            }
            return squash
                + "make the directory once as its owner, or set \(PodVariables.seedUserName) to an account that may (uid:gid)"
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

    /// An error of copying, which names the place in the original that cannot be read.
    func copyFailure(
        _ action: String, _ source: FilePath, _ destination: FilePath, _ error: SystemCallError
    ) -> BootError {
        let attempts = [Attempt(as: actors.words(actor), error)]
        guard let place = error.path, place.starts(with: source) else {
            return failure("\(action) \(source.shown()) to", destination, attempts)
        }
        let inside = place == source ? "" : ": \(place.shown())"
        return BootError(
            .filesNotCopied, "\(action) \(source.shown()) to \(destination.shown())\(inside)", attempts: attempts,
            remedy: error.errno == .permissionDenied && error.call != "renameat2" && error.call != "renameat"
                ? "the user must be able to read all of \(source.shown())" : "")
    }
}
