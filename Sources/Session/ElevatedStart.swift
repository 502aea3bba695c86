internal import Boot
internal import Linux
internal import Text

/// A start with the capabilities of the program's file: the process becomes uid 0 with only those, once in a
/// container's life. The rest of the boot is the same as that of a start as root.
enum ElevatedStart {
    /// The result of the attempt.
    enum Outcome {
        /// The process is uid 0 with these privileges.
        case elevated(Privileges)
        /// The process is its caller for good; the reason says what would help.
        case bare(Privileges, reason: String)
    }

    /// Whether the program's file gave the process what it needs to become somebody else.
    static func isPossible(_ privileges: Privileges) -> Bool {
        let needed = Capability.setUID.bit | Capability.setGID.bit
        return privileges.user.effective != 0 && privileges.capabilities.permitted & needed == needed
    }

    /// Becomes uid 0, if this is the first start that does so in the container.
    ///
    /// - Parameter privileges: what the process started with.
    /// - Throws: why the process is neither uid 0 nor its caller without privileges; it must end.
    static func begin(_ privileges: Privileges, in tree: FileTree) throws(BootError) -> Outcome {
        do throws(SystemCallError) {
            guard let marker = try? Marker(.elevated, in: tree) else {
                return try giveUp(privileges, noMarker)
            }
            if let reason = reasonAgainst(privileges) ?? find(marker, in: tree) {
                return try giveUp(privileges, reason)
            }
            CurrentProcess.setUmask(0o077)
            // Timers that the caller set survive execve(2), and would end the boot at a moment of the caller's choice.
            Signals.blockTimers()
            // Nobody may read the memory, or a core dump, of a process that is about to read passwords.
            CurrentProcess.forbidTracing()
            ResourceLimit.coreFile.set(soft: 0)
            try Privileges.elevate(using: Capability.allCases, permitted: privileges.capabilities.permitted)
            // Until here another process of the caller's could set limits (prlimit(2)), even those already checked.
            ResourceLimit.coreFile.set(soft: 0)
            if let reason = reasonInLimits() { return try giveUp(privileges, reason) }
            // Whoever can replace /etc decides what an account is.
            if case .untrusted(let problem) = try FileOwnership.open("/etc", .directory) {
                return try giveUp(privileges, problem.words)
            }
            // Scripts of root's open devices by name.
            if let reason = DeviceDirectory.distrust(in: tree) { return try giveUp(privileges, reason) }
            switch leave(marker, for: privileges.effective, in: tree) {
            case .left: break
            case .found: return try giveUp(privileges, done)
            case .failed(let reason): return try giveUp(privileges, reason)
            }
            return .elevated(try Privileges.current())
        } catch {
            throw BootError(
                .startCapabilities, "cannot use the capabilities of the program's file",
                attempts: [Attempt(as: "", error)])
        }
    }

    /// Predicts why a start would give its privileges up, in words; `nil` when it would use them, as far as its caller can
    /// see. That they were used before is no reason: the answer is for the next start of the container.
    static func foreseeGivingUp(_ privileges: Privileges, in tree: FileTree) -> String? {
        do throws(SystemCallError) {
            if (try? Marker(.elevated, in: tree)) == nil { return words(noMarker) }
            if let reason = reasonAgainst(privileges) { return words(reason) }
            if case .untrusted(let problem) = try FileOwnership.open("/etc", .directory) { return words(problem.words) }
            if let reason = DeviceDirectory.distrust(in: tree) { return words(reason) }
            var objections: [String] = []
            for place in places {
                guard let objection = try objection(to: place, in: tree) else { return nil }
                objections.append(objection)
            }
            return words(noMark(objections))
        } catch {
            // The caller may see less than the start does.
            return nil
        }
    }

    /// What people are told of a start that gives its privileges up.
    static func words(_ reason: String) -> String { "going on without privileges: \(reason)" }

    private static let noMarker = "this container cannot be distinguished from others without /proc"

    private static func noMark(_ objections: [String]) -> String {
        "their use cannot be recorded: \(objections.joined(separator: "; "))"
    }

    /// Makes sure that nobody has an elevated start in a container that is started as root: it would undo what that
    /// start has decided. Where no mark can be left, an elevated start cannot leave one either, and has no privileges.
    ///
    /// - Parameter caller: root, with its group.
    static func ruleOut(for caller: Credentials, in tree: FileTree) {
        guard ProgramFile.own.hasCapabilities, let marker = try? Marker(.root, in: tree) else { return }
        _ = leave(marker, for: caller, in: tree)
    }

    /// Becomes the caller without privileges, for good.
    ///
    /// - Throws: the error of the call that failed.
    static func giveUp(_ privileges: Privileges) throws(SystemCallError) -> Privileges {
        if CurrentProcess.effectiveUser != privileges.user.effective { try Privileges.become(privileges.effective) }
        try Privileges.clearCapabilities()
        return try Privileges.current()
    }

    private static let done = "this container has been made ready before, and privileges are used only once"

    private static func giveUp(_ privileges: Privileges, _ reason: String) throws(SystemCallError) -> Outcome {
        .bare(try giveUp(privileges), reason: reason)
    }

    /// Why the process is safer without privileges, whoever started it like this.
    private static func reasonAgainst(_ privileges: Privileges) -> String? {
        if privileges.secureBits != 0 { return "the process was started with securebits set" }
        return reasonInLimits()
    }

    /// How many files a boot may have open at a time, with room for those that a program run as root opens.
    private static let filesNeeded = 64
    /// How many processes a user may have, so that those of a step can be started.
    private static let processesNeeded: UInt64 = 64

    /// Why the limits that hold now are a reason against privileges. Limits that may be raised are raised.
    private static func reasonInLimits() -> String? {
        let size = ResourceLimit.fileSize.values
        // An in-place write that is cut short could not even be undone.
        if size.hard != .max { return "the process was started with a limit on the size of files (ulimit -f)" }
        ResourceLimit.fileSize.set(soft: size.hard)
        let time = ResourceLimit.processorTime.values
        // Otherwise the boot would end at a moment of the caller's choice.
        if time.hard != .max { return "the process was started with a limit on processor time (ulimit -t)" }
        ResourceLimit.processorTime.set(soft: time.hard)
        let files = ResourceLimit.openFiles.values
        if files.soft < filesNeeded { ResourceLimit.openFiles.set(soft: files.hard) }
        if !OpenFiles.hasRoom(for: filesNeeded) {
            return "the process was started with a limit that leaves no room for \(filesNeeded) open files (ulimit -n)"
        }
        // In a user namespace it holds for uid 0, too; a step that cannot start a program is left half done.
        let processes = ResourceLimit.processes.values
        if processes.soft < processesNeeded { ResourceLimit.processes.set(soft: processes.hard) }
        if ResourceLimit.processes.values.soft < processesNeeded {
            return "the process was started with a limit of less than \(processesNeeded) processes (ulimit -u)"
        }
        for (limit, enough) in ResourceLimit.memory where limit.values.soft < enough {
            limit.set(soft: limit.values.hard)
            if limit.values.soft < enough {
                return "the process has a limit on memory that is too low (ulimit -v, -d, -s)"
            }
        }
        return nil
    }

    // MARK: The marker of a container that has been made ready

    /// Where the marker may be, in order of preference.
    static let places: [FilePath] = [Paths.state, Paths.sharedMemoryState]

    private enum Marking {
        case left, found
        case failed(String)
    }

    /// Why an earlier start seems to have been elevated; `nil` when there was none.
    ///
    /// - Parameter own: where the process itself has left the marker, as root; `nil` before that. As root, it also
    ///   looks where the caller may not.
    private static func find(_ marker: Marker, own: FilePath? = nil, in tree: FileTree) -> String? {
        for place in places {
            do throws(SystemCallError) {
                let isThere = try tree.status(place.appending(marker.name), links: .refuse) != nil
                if isThere && place != own { return done }
                let names = try tree.names(in: place, links: .refuse)
                if names.contains(where: { $0 != marker.name && marker.stands(for: $0) }) { return done }
            } catch  where error.errno == .noSuchFileOrDirectory || error.errno == .permissionDenied && own == nil {
                continue
            } catch {
                return "cannot look for an earlier start in \(place.shown()): \(error.reason)"
            }
        }
        return nil
    }

    /// Leaves the marker where any later start finds it, whoever runs that start.
    ///
    /// Of several starts at the same time, exactly one can leave it. All of them arrive at the same place, because only
    /// facts that all of them see lead to the next place, and there the kernel creates the marker for one of them
    /// (O_EXCL). An error, which another start may not meet, leads to no other place.
    private static func leave(_ marker: Marker, for caller: Credentials, in tree: FileTree) -> Marking {
        var objections: [String] = []
        for place in places {
            do throws(SystemCallError) {
                if let objection = try objection(to: place, in: tree) {
                    objections.append(objection)
                    continue
                }
                let directory = try StateDirectory(
                    at: place, owner: (0, caller.group), mode: 0o755, fileMode: 0o640, isElevated: true, in: tree)
                guard try directory.mark(marker.name) else { return .found }
                // If a fact has changed in the meantime, another start has arrived at another place.
                if let reason = find(marker, own: place, in: tree) { return .failed(reason) }
                removeOlder(than: marker.name, in: place, tree)
                return .left
            } catch {
                objections.append("\(place.shown()): \(error.reason)")
                break
            }
        }
        return .failed(noMark(objections))
    }

    /// The fact that rules out a place, which every start sees; `nil` when there is none.
    ///
    /// - Throws: an error that another start may not meet.
    private static func objection(to place: FilePath, in tree: FileTree) throws(SystemCallError) -> String? {
        let holder = place.parent
        do throws(SystemCallError) {
            // The user may own what lies beside the marker, but must not be able to remove the marker.
            if let objection = try StateDirectory.objection(to: place, in: tree) { return objection }
            let isReadOnly = try tree.open(holder, [.pathOnly, .directory], links: .refuse).isReadOnly(path: holder)
            return isReadOnly ? "\(holder.shown()) is mounted read-only" : nil
        } catch  where [.noSuchFileOrDirectory, .notDirectory, .tooManySymbolicLinkLevels].contains(error.errno) {
            return "\(holder.shown()) is not a directory of the image: \(error.reason)"
        }
    }

    /// Removes the markers of the container's earlier starts. A container's layer lasts as long as the container.
    private static func removeOlder(than marker: FilePath.Component, in place: FilePath, _ tree: FileTree) {
        // Another container may use the same mount, where its marker is still valid.
        guard Mount.holding(place, in: Mount.all(of: tree))?.point == "/",
            let directory = try? tree.openDirectory(place, links: .refuse)
        else { return }
        for name in (try? directory.names()) ?? [] where name != marker {
            let isMarker = Marker.Kind.allCases.contains { name.string.hasPrefix($0.rawValue) }
            if isMarker { _ = try? directory.remove(name) }
        }
    }
}
