import ArgumentParser
import Linux
import Text
import UserSide

struct SessionsEnd: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "end",
        abstract: "End sessions of this container.",
        usage: "entrypointctl sessions end [<options>] [<sessions> ...]",
        discussion: """
            It ends the sessions that are named by their ids, or else all; with --idle only those in whose terminals nothing \
            has been typed for that long, so that a session without a terminal stays. What runs in a session goes with it, \
            also a long computation that nobody types into: sessions list shows it. Each process gets TERM and HUP, and \
            KILL after \(SessionEnd.grace / 1_000_000_000) s. Process 1, the boot's command and the session of whoever asks \
            are never ended. The user can end the user's own sessions, root all.

              docker exec -u 0 CONTAINER entrypointctl sessions end --idle 2h --dry-run
              docker exec -u 0 CONTAINER entrypointctl sessions end --idle 2h --yes
              entrypointctl sessions end 4711

            Ends with 0 when those sessions are over, or there are none; with 1 when one is still there or is somebody \
            else's; with 64 when there is nobody to ask and no --yes.
            """)

    @Option(
        help: ArgumentHelp(
            "Only sessions that have been idle for longer: seconds, or a number with s, m, h or d.", valueName: "time"))
    var idle: String?

    @Flag(help: "Print which sessions would be ended, and end none.")
    var dryRun = false

    @Flag(help: "Do not ask.")
    var yes = false

    @Flag(help: "Print one JSON array.")
    var json = false

    @Argument(help: "The ids of sessions; without any, all.")
    var sessions: [Int32] = []

    func validate() throws {
        if dryRun && yes { throw ValidationError("--dry-run ends nothing, and --yes ends without asking") }
        do throws(FormatError) {
            _ = try idle.map(TimeSpan.seconds)
        } catch {
            throw ValidationError("--idle '\((idle ?? "").shown())': \(error.expected)")
        }
    }

    func run() throws {
        let table = try SessionsOutput.table()
        for note in table.notes { SessionsOutput.tell("note: \(note)") }
        let limit = try idle.map(TimeSpan.seconds)
        let end = SessionEnd(in: FileTree())
        let meant = table.sessions.filter { session in
            if !sessions.isEmpty, !sessions.contains(session.leader.id) { return false }
            // Who asks for all does not mean the own one.
            if sessions.isEmpty && session.isOwn { return false }
            return limit.map { limit in session.idle.map { $0 > limit } ?? false } ?? true
        }
        let unknown = sessions.filter { id in !table.sessions.contains { $0.leader.id == id } }
        for id in unknown { SessionsOutput.tell("there is no session \(id)") }
        var outcomes = meant.map { end.objection(to: $0) }
        let mine = meant.indices.filter { outcomes[$0] == nil }
        if !dryRun && !mine.isEmpty {
            try ask(about: mine.map { meant[$0] })
            for (index, outcome) in zip(mine, end.end(mine.map { meant[$0] })) { outcomes[index] = outcome }
        }
        try write(meant, outcomes)
        let isDone = outcomes.allSatisfy { $0 == .ended || $0 == .killed || dryRun && $0 == nil } && unknown.isEmpty
        if !isDone { throw ArgumentParser.ExitCode(1) }
    }

    private func ask(about sessions: [ContainerSession]) throws {
        if yes { return }
        let isTerminal = StandardStream.input.isTerminal && StandardStream.error.isTerminal
        if !json || !isTerminal { try write(sessions, sessions.map { _ in nil }) }
        switch Confirmation.ask("End \(sessions.count.counted("session"))?") {
        case true?: return
        case false?:
            SessionsOutput.tell("nothing was ended")
            throw ArgumentParser.ExitCode(1)
        case nil:
            SessionsOutput.tell("nothing was ended: there is no terminal to ask at; --yes does not ask")
            throw ArgumentParser.ExitCode(64)
        }
    }

    private func write(_ sessions: [ContainerSession], _ outcomes: [SessionEnd.Outcome?]) throws {
        let words = outcomes.map { $0?.rawValue ?? "would end" }
        guard json else { return try SessionsOutput.write(SessionsOutput.text(Array(zip(sessions, words)))) }
        let items = zip(sessions, words).map { session, word in
            JSON.object((session.json.members ?? []).map { ($0.name, $0.value) } + [("outcome", .string(word))])
        }
        try SessionsOutput.write(JSON.array(items).indented() + "\n")
    }
}
