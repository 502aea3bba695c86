internal import Boot
internal import Linux
internal import Text

/// Gathers what is known of the container before a check. It runs in the check's process, because it may hang.
///
/// - Parameter hasSettings: whether the settings are read, which may lie on a volume of the pod's.
package typealias FactSource = @Sendable (_ hasSettings: Bool) -> ContainerFacts

/// A check as one actor.
struct CheckTask: Sendable {
    let check: Check
    /// As whom; `nil` for whoever asks.
    let role: Actor?
    /// Whether the role is only preferred: without it, the check runs as whoever asks.
    var isOptional = false

    /// The check as everybody as whom it is to run.
    ///
    /// - Parameter isRoot: whether other identities can be taken.
    static func all(of check: Check, isRoot: Bool) -> [CheckTask] {
        switch check.actors {
        case .caller: [CheckTask(check: check, role: nil)]
        case .user: [CheckTask(check: check, role: isRoot ? .user : nil, isOptional: true)]
        case .each where isRoot: [Actor.user, .seed, .root].map { CheckTask(check: check, role: $0) }
        case .each: [CheckTask(check: check, role: .user)]
        }
    }

    /// Finds out, in a process of its own, and tells it.
    ///
    /// - Parameters:
    ///   - source: what is known of the container.
    ///   - hasSettings: whether the settings can be read.
    func run(_ source: FactSource, hasSettings: Bool) {
        var facts = source(hasSettings)
        guard become(&facts) else { return }
        for finding in check.findings(facts) { CheckProgress.tell(.finding(finding)) }
    }

    /// Takes the actor's place for good.
    ///
    /// - Returns: whether the check can run.
    private func become(_ facts: inout ContainerFacts) -> Bool {
        let own = facts.actor
        guard let role else {
            facts.role = own.user == 0 ? .root : .user
            return true
        }
        facts.role = role
        if own.user != 0 || role == .root {
            CheckProgress.tell(.actor("\(role.rawValue) \(own.text)"))
            setUmask(facts)
            return true
        }
        guard let credentials = role == .user ? facts.user?.credentials : facts.seed, credentials.user != 0 else {
            if isOptional {
                facts.role = .root
                return true
            }
            if role == .user {
                CheckProgress.tell(
                    .absence(
                        "as the user: neither a boot nor the settings say who that is; set NB_USER, NB_UID, NB_GROUP and "
                            + "NB_GID"))
            }
            return false
        }
        do throws(SystemCallError) {
            try Privileges.become(credentials)
            try Privileges.clearCapabilities()
            if Privileges.canRegainRoot() { throw SystemCallError(call: "setresuid", errno: .notPermitted) }
        } catch {
            CheckProgress.tell(
                .absence(
                    "as \(role.rawValue) \(credentials.text): cannot become that user: \(error.reason) (\(error.symbol)); "
                        + "add SETUID and SETGID to securityContext.capabilities.add in the pod spec"))
            return false
        }
        CheckProgress.endWithParent()
        facts.actor = credentials
        CheckProgress.tell(.actor("\(role.rawValue) \(credentials.text)"))
        setUmask(facts)
        return true
    }

    /// What user and seed make has the mode that it has in a boot.
    private func setUmask(_ facts: ContainerFacts) {
        if let umask = facts.umask, facts.role != .root { CurrentProcess.setUmask(umask) }
    }
}
