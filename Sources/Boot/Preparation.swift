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
    /// The directories on the shared file system; `nil` where the image has none.
    package let scratch: Scratch?
    package let workplace: Workplace
    package let host: Host
    package let people: People
    package let plan: Plan
    package let actors: Actors

    /// Prepares; `nil` when the settings ask for nothing.
    ///
    /// - Throws: why the image's accounts do not allow what was asked for, or why the container cannot take the ids;
    ///   with the step.
    @export(interface) package init?(_ settings: Settings, at point: StartingPoint) throws(BootError) {
        guard let identity = settings[Identity.self], let workplace = settings.workplace else { return nil }
        self.settings = settings
        self.identity = identity
        self.workplace = workplace
        scratch = settings[Scratch.self]
        host = Host(tree: point.tree, privileges: point.privileges, start: point.start, caller: point.caller)
        do throws(BootError) {
            people = try People.work(out: identity.request(scratch), on: host)
            plan = Plan(settings, people, host)
            actors = Actors(
                people, privileges: point.privileges, start: point.start, umask: workplace.umask,
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
            seedPlaces: SeedPlaces(scratch?.seedDirectories, isStrict: host.start == .elevated))
    }

    /// Whether only the user could make a change, and this process has all the user's rights: then what it may not do, the
    /// boot may not do either.
    @export(interface) package func isDecidedByOwnRights(_ planned: PlannedChange) -> Bool {
        guard actors.isUser, planned.by.filter(actors.has).allSatisfy({ $0 == .user }) else { return false }
        let (user, own) = (people.user.credentials, host.privileges)
        return ([user.group] + user.groups).allSatisfy { $0 == own.group.effective || own.groups.contains($0) }
    }

    /// Becomes the user and the seed once before anything is touched. If the container cannot take their ids, the boot
    /// ends with nothing half done.
    private func rehearse() throws(BootError) {
        for actor in [Actor.seed, .user] where actors.has(actor) && host.start.isPrivileged && !actors.isObserver {
            do throws(SystemCallError) {
                try actors.become(actor)
            } catch {
                throw BootError(
                    .identityIDsRefused, "cannot become \(actors.words(actor))", attempts: [Attempt(as: "root", error)],
                    remedy: remedy(forBecoming: error))
            }
        }
        do throws(SystemCallError) {
            try actors.become(.root)
        } catch {
            throw BootError(.startRootLost, "cannot return to root", attempts: [Attempt(as: "", error)])
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
