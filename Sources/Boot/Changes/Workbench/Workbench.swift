import Linux
internal import Programs
internal import Text

/// The tools for making one change true, whatever its kind: looking, working as somebody, moving aside, running
/// programs. A bench exists only for the change at hand; its notes about the change are reported afterwards.
final class Workbench {
    let isDryRun: Bool
    let tree: FileTree
    let actors: Actors
    /// Where the seed user may make something.
    let seedPlaces: SeedPlaces
    /// What the run has learned.
    let ledger: Ledger
    /// Who may make the change, of those who can act at all.
    let able: [Actor]
    /// Who makes the change at hand, in words.
    var identity = ""
    /// What differs and matters although nothing is changed because of it, with the remedy.
    private(set) var notes: [Note] = []
    /// What was done beyond the goal, in a clause.
    private(set) var remark = ""
    /// What was done instead of the planned change.
    var performed: Change?
    private let say: (_ step: String, _ line: String) -> Void
    /// Takes each variable that a drop-in step exports.
    let takeExport: (_ name: String, _ value: String) -> Void
    private let watch: ChangeWatch?
    private let step: String
    /// The place at which the clock is started, if a file server may take part in the change.
    private var watched: FilePath?

    /// A bench for a change of a plan that is applied.
    init(for change: StepChange, in run: Apply, _ ledger: Ledger) {
        isDryRun = run.mode == .dryRun
        tree = run.tree
        actors = run.actors
        seedPlaces = run.seedPlaces
        self.ledger = ledger
        able = change.planned.by.filter(run.actors.has)
        say = run.say
        takeExport = run.takeExport
        watch = run.watch
        step = change.step
    }

    /// A bench for something that is made true as part of a change.
    ///
    /// - Parameter able: who may make it.
    init(forPartOf bench: Workbench, by able: [Actor]) {
        isDryRun = bench.isDryRun
        tree = bench.tree
        actors = bench.actors
        seedPlaces = bench.seedPlaces
        ledger = bench.ledger
        self.able = able
        say = bench.say
        takeExport = bench.takeExport
        watch = bench.watch
        step = bench.step
        watched = bench.watched
    }

    /// Who is the first to make the change.
    var actor: Actor { able[0] }

    /// Reports something that differs and matters, in a clause or two.
    ///
    /// - Parameter error: the error of the system call that is the reason.
    @inline(never)
    func note(_ id: MessageIdentifier, _ text: String, _ error: SystemCallError? = nil) {
        notes.append(Note(id, text, detail: error?.symbol ?? ""))
    }

    /// Reports a failure that is not the end of the change.
    ///
    /// - Parameter consequence: what came of it, in a clause.
    @inline(never)
    func note(_ error: BootError, consequence: String = "") { notes.append(Note(error, consequence: consequence)) }

    /// Takes over the notes of a part of the change.
    func takeNotes(of part: Workbench) { notes += part.notes }

    /// Adds to the remark about the change.
    @inline(never)
    func add(remark text: String) { remark += remark.isEmpty ? text : "; \(text)" }

    /// Reports a line that a program writes.
    func say(_ line: String, of step: String) { say(step, line) }
}

// Watching.
extension Workbench {
    /// Starts the clock on the change, whoever makes it: any place may be a mount of a file server's.
    func startWatching(_ place: FilePath?) {
        watched = place
        keepWatchWaiting()
    }

    /// Restarts the clock: a large change takes long even if the server does answer.
    func keepWatchWaiting() { watch?.begin(step: step, path: watched) }

    /// Stops the clock: the rest of the change has a limit of its own, or the change is over.
    func stopWatching() { watch?.end() }
}

// Looking and working.
extension Workbench {
    /// Does some work on a path, and turns errors into errors of the boot.
    ///
    /// - Parameter actor: who does it; `nil` for the first who makes the change.
    func perform<Result: ~Copyable>(
        _ action: String, _ path: FilePath, as actor: Actor? = nil, _ work: () throws(SystemCallError) -> Result
    ) throws(BootError) -> Result {
        let actor = actor ?? self.actor
        do throws(SystemCallError) {
            return try actors.acting(as: actor, work)
        } catch {
            throw failure(action, path, as: actor, error)
        }
    }

    /// What is at a path itself; links above it are the user's own and are followed. In a dry run, what would be there.
    func look(at path: FilePath) throws(BootError) -> FileStatus? {
        if isExpected(path) { return nil }
        if let known = ledger.status(of: path) { return known }
        return try perform("cannot look at", path) { () throws(SystemCallError) in try tree.entryStatus(path) }
    }

    /// Whether this is a dry run that would have made a path, or a directory above it.
    func isExpected(_ path: FilePath) -> Bool { isDryRun && ledger.isExpected(path) }

    /// Checks that a file of root's, or the directory in which it is made, is the image's own if the pod spec's author
    /// is not trusted: what is mounted there may be anybody's.
    func checkIsImages(_ action: String, _ path: FilePath) throws(BootError) {
        guard actors.isElevated else { return }
        var mounted: FilePath?
        try perform(action, path, as: .root) { () throws(SystemCallError) in
            // If the directory is missing too, making it will report the error.
            switch try tree.isOnRootMount(path) {
            case true?: return
            case false?: mounted = path
            case nil: mounted = try tree.isOnRootMount(path.parent) == false ? path.parent : nil
            }
            // A read-only mount gives the same message as without this check.
            guard let mounted else { return }
            if isDryRun { try checkWriting(mounted, as: .root) } else { try tree.checkAccess(mounted, .write) }
        }
        guard let mounted else { return }
        throw BootError(
            .filesNotTheImages, "\(action) \(path)",
            reason: "\(mounted) is on a mount, and an elevated start changes only what is the image's own",
            remedy: "see volumeMounts in the pod spec")
    }

    /// Runs a program as an actor, in a process that cannot change back.
    ///
    /// - Parameter receive: receives its output as it comes.
    /// - Throws: why it was not started.
    func run(
        _ program: ProgramRun, as actor: Actor, receive: ([UInt8]) -> Void
    ) throws(SystemCallError) -> ProgramRun.Result {
        // The new process takes its identity for good, and must start as root to do so.
        try actors.become(.root)
        let isRoots = actor == .root
        return try program.run(
            as: ProgramRun.Identity(
                actors.identityForChild(actor), umask: isRoots ? 0o022 : actors.workUmask, keepsPrivileges: isRoots),
            receive: receive)
    }
}
