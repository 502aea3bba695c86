/// What is told of services.
extension Explanation {
    static let servicesNotStarted = Explanation(
        .warning, "A service could not be started.",
        causes:
            "Its program is not there (yet) or is not executable, or its `directory`, `nice`, `oomScore` or `limits` cannot be had.",
        remedy: "See the reason in the message. A program that appears later is started then.")
    static let servicesEnded = Explanation(
        .warning, "A service has ended although it should run, or a run of it has failed.",
        causes:
            "Its lines in the log say more.",
        remedy: "Correct the service; `restart` says whether it is started again.")
    static let servicesNotReady = Explanation(
        .warning, "A service was not ready in time, or nobody can tell whether it is.",
        causes:
            "It needs longer, does not do what `ready` waits for, or the program of `ready` is missing.",
        remedy: "Raise `timeout` in `ready`, or correct what it waits for.")
    static let servicesOverdue = Explanation(
        .warning, "A run of a service took longer than its `timeout`, or has not fed its watchdog.",
        causes:
            "It hangs, or its time is too short.",
        remedy: "Correct the service, or raise `timeout` or `watchdog`.")
    static let servicesInBackground = Explanation(
        .warning, "The program of a service has put itself into the background.",
        causes:
            "It is a daemon that leaves its starter; what is left of it is ended, because nobody would notice its end.",
        remedy: "Run the program in the foreground (`sshd -D`, `nginx -g \"daemon off;\"`).")
    static let servicesFailed = Explanation(
        .error, "A service has failed for good, and is not started again.",
        causes:
            "It ends with an error and has `restart: never`; or, with `onFailure: stop`, it was not ready in time or has failed five times in a row.",
        remedy: "Its lines in the log say more. With `onFailure: ignore` the container goes on without it.")
    static let servicesNotEnded = Explanation(
        .warning, "A service has not ended in its time, although it got KILL.",
        causes:
            "Its processes hang on a dead file server, or belong to another user.",
        remedy: "Look at the file server; let the service run as its user.")
    static let servicesFinalRun = Explanation(
        .warning, "The last run of a service has failed.",
        causes:
            "It took longer than its `timeout` or than the end of the pod leaves; its lines in the log say more.",
        remedy: "Raise `timeout` in `final`, `ENTRYPOINT_GRACE` and the grace of the pod.")
    static let servicesKeeper = Explanation(
        .warning, "A system call of the keeper of services has failed, and it goes on.",
        causes:
            "The limit of open files, processes or memory is used up; a sandbox forbids it.",
        remedy: "See the call in the message; raise the limit.")
    static let servicesLogDropped = Explanation(
        .warning, "Lines of a service are missing in the log.",
        causes:
            "A service writes more than the log's reader takes; a terminal that is stopped; a collector of logs that hangs.",
        remedy:
            "Let the service write less, or give it a `log` of its own with `file`.")
    static let servicesLogFile = Explanation(
        .warning, "The log file of a service cannot be written.",
        causes:
            "Its directory is missing or not the service's to write to, a link leads there as root, the disk is full, or something else than a file has its name.",
        remedy:
            "Correct `log.file` of the service, or make room; the service runs meanwhile.")
    static let servicesControl = Explanation(
        .warning, "`entrypointctl services` cannot reach the services.",
        causes:
            "The directory for it is missing, somebody else's or open to others, or another keeper has it.",
        remedy:
            "Mount nothing at `/run` and `/dev/shm` that others can write to without the sticky bit; end the other keeper."
    )
}
