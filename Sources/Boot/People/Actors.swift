package import Linux

/// Lets the process act as the people of the boot, one at a time.
///
/// Acting means effective ids and supplementary groups: what a file server and the kernel's permission checks see.
/// The switch happens only when the next act needs another identity.
package final class Actors {
    private let people: People
    private let start: Start
    /// The identity that the process was started with.
    private let own: Credentials
    private let hasNoNewPrivileges: Bool
    private let bounding: UInt64
    /// The file of the program that runs the boot.
    private let program: ProgramFile
    /// Whether root can give files to others.
    let mayChangeOwner: Bool
    /// The umask of work as user and seed.
    package let workUmask: ModeBits
    private var current: Actor
    /// Whether no other identity can be taken, and everything is seen as the process itself sees it.
    package let isObserver: Bool

    /// - Parameters:
    ///   - people: who is who.
    ///   - privileges: what the process was started with.
    ///   - start: how it was started.
    ///   - umask: the umask of work as user and seed.
    ///   - isObserver: whether no other identity can be taken, as in a dry run without privileges.
    ///   - program: the file of the program that runs the boot.
    package init(
        _ people: People, privileges: Privileges, start: Start, umask: ModeBits, isObserver: Bool = false,
        program: ProgramFile = .own
    ) {
        self.isObserver = isObserver
        self.program = program
        self.people = people
        self.start = start
        workUmask = umask
        own = privileges.effective
        hasNoNewPrivileges = privileges.noNewPrivileges
        bounding = privileges.capabilities.bounding
        mayChangeOwner = privileges.has(.chown)
        current = start.isPrivileged ? .root : .user
        // What root makes stays closed until its mode is set; what the user makes has its final mode at once.
        CurrentProcess.setUmask(start.isPrivileged ? 0o077 : umask)
    }

    /// Whether anybody can act in this role at all.
    package func has(_ actor: Actor) -> Bool {
        switch actor {
        case .root: start.isPrivileged
        case .seed: start.isPrivileged && people.seed != nil
        case .user: true
        }
    }

    /// Does some work as an actor.
    ///
    /// - Throws: the error of the work, or of becoming the actor.
    package func acting<Result: ~Copyable>(
        as actor: Actor, _ work: () throws(SystemCallError) -> Result
    ) throws(SystemCallError) -> Result {
        try become(actor)
        return try work()
    }

    /// Becomes an actor until the next call.
    ///
    /// - Throws: the error of setgroups(2), setresgid(2) or setresuid(2); the process then has its own identity again.
    package func become(_ actor: Actor) throws(SystemCallError) {
        guard actor != current, start.isPrivileged, !isObserver else { return }
        if current != .root { resume() }
        if actor != .root, let credentials = credentials(of: actor) {
            do throws(SystemCallError) {
                try Privileges.assume(credentials)
            } catch {
                // The groups are set first: if that failed, nothing has changed yet.
                if error.call != "setgroups" { resume() }
                throw error
            }
            CurrentProcess.setUmask(workUmask)
            current = actor
        }
    }

    /// The user's id.
    package var userID: UInt32 { people.user.credentials.user }

    /// Whether the process is the user.
    package var isUser: Bool { CurrentProcess.effectiveUser == userID }

    /// The id of the user's primary group.
    package var groupID: UInt32 { people.user.credentials.group }

    /// What prevents the boot from acting as root: a field of the pod spec, or the place of the program's file.
    package var fieldAgainstRoot: String {
        var field = "runAsUser"
        if program.hasCapabilities {
            if program.isOnNoSetIDMount {
                return "the program's file is on a mount with nosuid, where its capabilities do not count"
            }
            // Without these obstacles, the capabilities of the program's file would have been enough.
            let needed = Capability.setUID.bit | Capability.setGID.bit
            if bounding & needed != needed { field = "capabilities.drop" }
            if hasNoNewPrivileges { field = "allowPrivilegeEscalation" }
        }
        return "see \(field) in the pod spec"
    }

    /// The identity that a program must take to work for an actor; `nil` if the process already has it.
    func identityForChild(_ actor: Actor) -> Credentials? {
        start.isPrivileged && actor != .root ? credentials(of: actor) : nil
    }

    /// Whether the boot has no privileges at all.
    package var isBare: Bool { start == .bare }

    /// Whether the container may not have privileges: a cluster that restricts pods would not admit the fields of the pod
    /// spec that give them.
    package var isRestricted: Bool {
        hasNoNewPrivileges && bounding & (Capability.setUID.bit | Capability.setGID.bit) == 0
    }

    /// Whether the privileges come from the program's file, so that only the image itself is trusted.
    var isElevated: Bool { start == .elevated }

    /// The actor in words: `user 254321:83070`.
    package func words(_ actor: Actor) -> String {
        switch actor {
        case .root: "root"
        case .seed, .user: "\(actor.rawValue) \(credentials(of: actor)?.text ?? "")"
        }
    }

    /// How an actor treats links: only the user follows them.
    package static func links(_ actor: Actor) -> LinkPolicy { actor == .user ? .follow : .refuse }

    private func credentials(of actor: Actor) -> Credentials? {
        switch actor {
        case .root: own
        case .seed: people.seed
        case .user: people.user.credentials
        }
    }

    private func resume() {
        do throws(SystemCallError) {
            try Privileges.resume(own)
        } catch {
            // The process has neither identity: whatever came next would be done as the wrong user.
            StandardStream.error.write(Array("entrypoint: cannot return to root: \(error.reason)\n".utf8))
            CurrentProcess.exit(ExitCode.boot.rawValue)
        }
        CurrentProcess.setUmask(0o077)
        current = .root
    }
}
