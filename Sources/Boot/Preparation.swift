package import Linux
internal import Text

/// How a container is started, or is assumed to be.
package struct StartingPoint {
    /// The container's files.
    package let tree: FileTree
    /// The privileges of the process at the start of its work.
    package let privileges: Privileges
    /// How the container is started.
    package let start: Start
    /// Whom the container is started as.
    package let caller: Credentials
    /// Whether no other identity can be taken, and everything is seen as the process itself sees it.
    package let isObserver: Bool
    /// The file of the program that runs the boot.
    package let program: ProgramFile

    package init(
        tree: FileTree, privileges: Privileges, start: Start, caller: Credentials, isObserver: Bool = false,
        program: ProgramFile = .own
    ) {
        self.tree = tree
        self.privileges = privileges
        self.start = start
        self.caller = caller
        self.isObserver = isObserver
        self.program = program
    }
}

/// Everything that is determined before anything is changed: who is who, what must be true, and who may make it true.
///
/// A boot applies it, and a dry run prints it. Both use the same one, so no plan promises what the boot refuses.
package struct Preparation {
    package let settings: Settings
    package let identity: Identity
    package let scratch: Scratch
    package let host: Host
    package let people: People
    package let plan: Plan
    package let actors: Actors

    /// Prepares; `nil` when the settings ask for nothing.
    ///
    /// - Throws: why the image's accounts do not allow what was asked for, or why the container cannot take the ids;
    ///   with the step.
    @export(interface) package init?(_ settings: Settings, at point: StartingPoint) throws(BootError) {
        guard let identity = settings[Identity.self], let scratch = settings[Scratch.self] else { return nil }
        self.settings = settings
        self.identity = identity
        self.scratch = scratch
        host = Host(tree: point.tree, privileges: point.privileges, start: point.start, caller: point.caller)
        do throws(BootError) {
            people = try People.work(out: identity.request(scratch), on: host)
            plan = Plan(settings, people, host)
            actors = Actors(
                people, privileges: point.privileges, start: point.start, umask: scratch.umask,
                isObserver: point.isObserver, program: point.program)
        } catch {
            throw error.inStep(Identity.name)
        }
        do throws(BootError) {
            try rehearse()
        } catch {
            plan.eraseSecrets()
            throw error.inStep(Identity.name)
        }
    }

    /// What makes the plan true, or compares it with what is.
    ///
    /// - Parameters:
    ///   - mode: whether anything is changed.
    ///   - watch: ends a boot whose file server does not answer; `nil` without an init.
    @export(interface) package func apply(_ mode: Apply.Mode, watch: ChangeWatch? = nil) -> Apply {
        Apply(
            mode, tree: host.tree, actors: actors, watch: watch,
            seedPlaces: SeedPlaces(scratch.seedDirectories, isStrict: host.start == .elevated))
    }

    /// Becomes the user and the seed once before anything is touched. If the container cannot take their ids, the boot
    /// ends with nothing half done.
    private func rehearse() throws(BootError) {
        for actor in [Actor.seed, .user] where actors.has(actor) && host.start.isPrivileged && !actors.isObserver {
            do throws(SystemCallError) {
                try actors.become(actor)
            } catch {
                throw BootError(
                    "cannot become \(actors.words(actor))", attempts: [Attempt(as: "root", error)],
                    remedy: remedy(forBecoming: error))
            }
        }
        do throws(SystemCallError) {
            try actors.become(.root)
        } catch {
            throw BootError("cannot return to root", attempts: [Attempt(as: "", error)])
        }
    }

    /// Why ids cannot be taken (setresuid(2), user_namespaces(7)).
    private func remedy(forBecoming error: SystemCallError) -> String {
        let isGroup = error.call != "setresuid"
        guard error.errno == .notPermitted else {
            return "the container's user namespace has no such id: set hostUsers: true in the pod spec, "
                + "or choose ids below the size of its map"
        }
        let missing = [Capability.setGID, .setUID].filter { !host.privileges.has($0) }
        guard !missing.contains(isGroup ? .setGID : .setUID) else {
            return "add \(missing.map { String($0.name.dropFirst(4)) }.joined(separator: " and ")) to "
                + "securityContext.capabilities.add in the pod spec"
        }
        return "the container's user namespace forbids it (/proc/self/setgroups): set hostUsers: true in the pod spec"
    }
}
