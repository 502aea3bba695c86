import Boot
internal import Linux
internal import Programs
internal import Text

/// What process 1 is, and what it does for the others.
enum FirstProcessChecks {
    /// What to do so that `entrypoint` is process 1.
    private static let remedy =
        "put the command under args: and leave command: out of the container's spec (docker run: leave --entrypoint out), "
        + "so that entrypoint is process 1"

    static func program(_ facts: ContainerFacts, in tree: FileTree = FileTree()) -> [Finding] {
        guard let first = FirstProcess(in: tree, entrypoint: facts.entrypoint) else {
            return [
                .warn(
                    "process 1 cannot be seen: /proc hides the processes of other users (hidepid), or is not mounted",
                    remedy: "ask as root: run entrypointctl doctor as uid 0")
            ]
        }
        switch first.kind {
        case .entrypoint: return [.ok("process 1 is entrypoint, which reaps and forwards signals")]
        case .initProgram: return [.ok("process 1 is \(first.words), which is made for it")]
        case .pause:
            return [.ok("process 1 is the pod's pause (shareProcessNamespace: true), which reaps for all containers")]
        case .other:
            return [
                .warn(
                    "process 1 is \(first.words), which is not known to reap processes or to forward signals",
                    remedy: remedy)
            ]
        }
    }

    /// How many ended processes of other parents are worth a line.
    private static let manyZombies = 10

    /// - Parameter pause: how long what has just ended may wait, in nanoseconds.
    static func reaping(
        _ facts: ContainerFacts, in tree: FileTree = FileTree(), pause: UInt64 = 300_000_000
    ) -> [Finding] {
        let seen = Set(ProcessStatus.all(in: tree).filter { $0.isZombie }.map { $0.id })
        // Every process is one for a moment. What still is one after a while was forgotten.
        if !seen.isEmpty { Clock.sleep(nanoseconds: pause) }
        let all = ProcessStatus.all(in: tree)
        let zombies = all.filter { $0.isZombie && seen.contains($0.id) }
        let own = zombies.filter { $0.parent == 1 }
        var findings: [Finding] = []
        if let first = own.first {
            let name = FirstProcess(in: tree, entrypoint: facts.entrypoint)?.words ?? "process 1"
            findings.append(
                .warn(
                    "\(own.count.counted("ended process", "ended processes")) \(own.count == 1 ? "is" : "are") not waited for "
                        + "by process 1 (\(name)), such as \(first.id) (\(first.name.shown()))", remedy: remedy))
        }
        let others = zombies.filter { $0.parent != 1 }
        let parents = Dictionary(grouping: others) { $0.parent }.filter { $0.value.count >= manyZombies }
        for (parent, children) in parents.sorted(by: { $0.key < $1.key }) {
            let name = all.first { $0.id == parent }?.name ?? "?"
            findings.append(
                .warn(
                    "process \(parent) (\(name.shown())) does not wait for \(children.count) of its processes that have ended",
                    remedy: "end it, so that process 1 reaps them: kill \(parent)"))
        }
        if findings.isEmpty && !all.isEmpty {
            let running = all.count - zombies.count
            findings = [.ok("nothing that has ended is left among \(running.counted("process", "processes"))")]
        }
        return findings
    }

    static func stopping(_ facts: ContainerFacts, in tree: FileTree = FileTree()) -> [Finding] {
        guard let first = FirstProcess(in: tree, entrypoint: facts.entrypoint), first.kind != .pause else { return [] }
        // The kernel gives process 1 no signal that it does not handle (kill(2)). A program that is made for it waits for
        // signals, which cannot be seen.
        let terminate: UInt64 = 1 << 14
        if first.kind != .other || first.status.handled & terminate != 0 {
            return [.ok("process 1 (\(first.words)) handles SIGTERM")]
        }
        return [
            .warn(
                "process 1 (\(first.words)) does not handle SIGTERM: a stop waits for terminationGracePeriodSeconds, and then "
                    + "kills", remedy: remedy)
        ]
    }

    /// The variables by which a pod says who the user is.
    private static let identity = ["NB_USER", "NB_UID", "NB_GROUP", "NB_GID"]

    static func entrypoint(_ facts: ContainerFacts, in tree: FileTree = FileTree()) -> [Finding] {
        guard facts.boot == nil, let first = FirstProcess(in: tree, entrypoint: facts.entrypoint),
            first.kind != .entrypoint
        else { return [] }
        // Of another user's boot, no more can be seen than that there was one.
        guard tree.has(facts.entrypoint), !hasState(tree) else { return [] }
        let evidence =
            "no boot is on record, and process 1 is \(first.words): the pod's command: has replaced the image's "
            + "ENTRYPOINT"
        let given = identity.filter { facts.environment.value($0) != nil }
        if given.isEmpty { return [.warn(evidence, remedy: remedy)] }
        return [.fail("\(evidence), and \(given.inWords) had no effect", remedy: remedy)]
    }

    /// Whether any boot has left its state, whoever may read it.
    private static func hasState(_ tree: FileTree) -> Bool {
        if tree.has(Paths.state) { return true }
        let place = FilePath(Paths.userStatePrefix)
        let names = (try? tree.names(in: place.parent, links: .refuse)) ?? []
        return names.contains { $0.string.hasPrefix(place.lastComponent?.string ?? "") }
    }
}
