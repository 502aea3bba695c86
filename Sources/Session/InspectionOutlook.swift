package import Boot
internal import Linux
internal import Programs

/// What a boot would know of a container before it plans.
package struct Outlook: Sendable {
    /// Who the command would run as, and who would make what that user may not make; `nil` where the image's accounts do
    /// not allow what is asked for.
    package let people: People?
    /// The directories on the shared file system; `nil` where the image has none.
    package let scratch: Scratch?
    package let workplace: Workplace
    /// Whether the user is to have sudo.
    package let hasSudo: Bool
    /// Whether the image has the program.
    package let hasSudoProgram: Bool
    /// The services beside the command, in the order in which they are started.
    package let services: [Service]
    /// The directories that outlive their pod.
    package let snapshots: [Snapshot]
    /// Nanoseconds that they and all others have once the command has ended.
    package let grace: UInt64
    /// Nanoseconds that the command has from the first request to stop; 0 for as long as the runtime waits.
    package let stopTimeout: UInt64
}

extension Inspection {
    /// What a boot would know before it plans, and everything that is wrong with the settings, one line for each problem.
    ///
    /// - Returns: no outlook where something is wrong, or where the settings ask for nothing.
    package func outlook() -> (outlook: Outlook?, problems: [String]) {
        let settings: Settings
        do throws(SettingsError) {
            settings = try readSettings()
        } catch {
            return (nil, error.problems.map { $0.text })
        }
        guard let identity = settings[Identity.self], let workplace = settings.workplace else { return (nil, []) }
        let scratch = settings[Scratch.self]
        let ends = (
            grace: settings[InitSettings.self]?.grace ?? 0, stopTimeout: settings[InitSettings.self]?.stopTimeout ?? 0
        )
        do throws(BootError) {
            let point = try startingPoint(settings)
            let host = Host(tree: point.tree, privileges: point.privileges, start: point.start, caller: point.caller)
            let people = try People.work(out: identity.request(scratch), on: host)
            let hasProgram = host.program("sudo") != nil
            return (
                Outlook(
                    people: people, scratch: scratch, workplace: workplace, hasSudo: identity.sudo == .all,
                    hasSudoProgram: hasProgram, services: settings.services, snapshots: settings.snapshots,
                    grace: ends.grace,
                    stopTimeout: ends.stopTimeout), []
            )
        } catch {
            return (
                Outlook(
                    people: nil, scratch: scratch, workplace: workplace, hasSudo: identity.sudo == .all,
                    hasSudoProgram: false, services: settings.services, snapshots: settings.snapshots,
                    grace: ends.grace,
                    stopTimeout: ends.stopTimeout),
                [error.brief]
            )
        }
    }
}
