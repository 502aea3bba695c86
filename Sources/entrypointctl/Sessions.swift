import ArgumentParser

struct Sessions: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List who is in this container, and end sessions that are idle.",
        discussion: """
            A session is what somebody has begun after the container's start: by docker exec or kubectl exec, by ssh, or in \
            a terminal of tmux or of an editor's server. Process 1, the boot's command, and what they have started are none.

              entrypointctl sessions list
              entrypointctl sessions end --idle 2h --dry-run
            """,
        subcommands: [SessionsList.self, SessionsEnd.self])
}
