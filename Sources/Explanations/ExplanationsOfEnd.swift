/// What is told of the image's own steps, and of the end of the boot.
extension Explanation {
    static let stepsNotFound = Explanation(
        .either, "The program of a step does not exist.",
        causes: "A typing error in `command`; arguments in one word with the program.",
        remedy: "Correct the path; each argument is an item of its own.")
    static let stepsNotExecutable = Explanation(
        .either, "A file cannot be run as a step.",
        causes: "It is not executable, is no script with `#!`, or is for another machine.",
        remedy: "Run `chmod +x`, or correct the file.")
    static let stepsInterpreter = Explanation(
        .either, "The interpreter of a step's script is not in the image.",
        causes: "The first line names a program that is not installed.",
        remedy: "Install it, or correct the first line.")
    static let stepsLineEnds = Explanation(
        .either, "The script of a step has the line ends of Windows.",
        causes: "It was saved on Windows, or git has converted it (`core.autocrlf`).",
        remedy: "Save it with Unix line ends (`dos2unix`), and let `.gitattributes` say `eol=lf`.")
    static let stepsUntrusted = Explanation(
        .either, "A step of root's or of the seed user's is not root's alone.",
        causes: "The file, its interpreter or a directory above belongs to somebody else, or others may write to it.",
        remedy: "Run the command of the message when the image is built.")
    static let stepsNotStarted = Explanation(
        .either, "A step could not be started.",
        causes: "The limit of processes or of memory is used up; a sandbox forbids it.",
        remedy: "See the reason in the message, and the call with `ENTRYPOINT_LOG=debug`.")
    static let stepsFailed = Explanation(
        .either, "A step has ended with an error.",
        causes: "The lines that the step has written say more.",
        remedy: "Correct the step; `onFailure: warn` lets the boot go on.")
    static let stepsTimeout = Explanation(
        .either, "A step has not ended in time.",
        causes: "It waits for something, or its time is too short.",
        remedy: "Correct the step, or raise `timeout`.")
    static let stepsLeftBehind = Explanation(
        .warning, "A step has left processes behind, which were killed.",
        causes: "It starts a program in the background.",
        remedy: "Let it wait for the program; a daemon must leave the group (`setsid`).")
    static let stepsExports = Explanation(
        .either, "What a step exports cannot be taken.",
        causes: "A line that is not `NAME=value`, a variable that no step may set, or no place in memory for the file.",
        remedy: "Correct the line; mount an `emptyDir` with `medium: Memory` at `/dev/shm`.")
    static let reportNotKept = Explanation(
        .warning, "The report and the environment for later sessions cannot be kept.",
        causes: "`/run` is read-only, full or a mount of the pod's.",
        remedy: "Let `/run` be the image's own and writable; mount nothing at or below it.")
    static let reportNotBelieved = Explanation(
        .warning, "Later sessions do not get the environment of the boot.",
        causes: "An `emptyDir` at `/run`, where everybody may replace what is in it.",
        remedy: "Mount nothing at `/run`, or let an init container run `chmod +t` there.")
    static let sessionNone = Explanation(
        .error, "No boot of this container has left what a session of its user needs, or it cannot be believed.",
        causes:
            "The container was started without `entrypoint`, was not made ready yet, or was started without privileges "
            + "and root asks; or somebody else could have written what is in `/run/entrypoint`.",
        remedy: "Start the session as the user (`docker exec --user`), or the container as root.")
    static let sessionRoot = Explanation(
        .error, "A session that is not root's cannot stay root.",
        causes: "`entrypointctl exec --root` in a session of the user's.",
        remedy: "Start the session as root (`docker exec --user 0`), or leave `--root` out.")
    static let sessionDirectory = Explanation(
        .warning, "A session cannot enter the directory of the boot's command, and stays where it is.",
        causes: "`WORKING_DIR` was removed or closed since the boot.",
        remedy: "Make the directory again, or name another for the session (`docker exec --workdir`).")
    static let sessionOptionsIgnored = Explanation(
        .warning, "A session was started with options of a boot, which have no effect.",
        causes: "`entrypoint --option … -- COMMAND` in a container that has been made ready.",
        remedy: "Leave the options out, or start a new container with them.")
    static let handoffSignals = Explanation(
        .warning, "The init cannot send signals to the command.",
        causes: "`capabilities.drop` in the pod spec has `KILL` or `ALL`.",
        remedy: "Add `KILL` to `securityContext.capabilities.add`, or set `ENTRYPOINT_MODE=exec`.")
    static let handoffCapabilities = Explanation(
        .warning, "The command lacks a capability that the pod spec or the image names.",
        causes: "The pod spec adds it, and the image does not keep it; or the other way round.",
        remedy: "Name it in `capabilities.keep` of the image and in `securityContext.capabilities.add` of the pod.")
    static let handoffStreams = Explanation(
        .warning, "A stream of the session cannot be given to the user.",
        causes: "`capabilities.drop` in the pod spec has `CHOWN`.",
        remedy: "Add `CHOWN`; otherwise only programs that open `/dev/stdout` or `/dev/stderr` fail.")
    static let handoffTerminal = Explanation(
        .warning, "The command may type into the terminal of the root shell that started it.",
        causes: "The boot was started by hand in such a shell.",
        remedy: "Start it with a terminal of its own (`docker exec -it`).")
    static let handoffPrivileges = Explanation(
        .error, "The privileges of the boot could not be given up, so nothing was run.",
        causes: "A sandbox or a seccomp profile forbids the system call.",
        remedy: "Allow the call that `ENTRYPOINT_LOG=debug` names.")
    static let handoffDirectory = Explanation(
        .error, "The user cannot enter the directory that the command starts in.",
        causes: "`WORKING_DIR` is closed to the user, or was removed by a step.",
        remedy: "Name a directory that the user can enter.")
    static let commandNotFound = Explanation(
        .error, "The command does not exist.",
        causes: "A typing error, or a program that is not installed or not in `PATH`.",
        remedy: "Correct the command, or install the program.")
    static let commandOneWord = Explanation(
        .error, "The command is one word with blanks in it, and there is no such program.",
        causes: "`args: [\"python train.py\"]` in the pod spec.",
        remedy: "Write `args: [\"python\", \"train.py\"]`, or `[\"sh\", \"-c\", \"python train.py\"]`.")
    static let commandInterpreter = Explanation(
        .error, "The command is a script or a program whose interpreter is missing.",
        causes: "The first line names a program that is not installed; the program is for another C library.",
        remedy: "Install the interpreter, or correct the first line.")
    static let commandLineEnds = Explanation(
        .error, "The command is a script with the line ends of Windows.",
        causes: "It was saved on Windows, or git has converted it (`core.autocrlf`).",
        remedy: "Save it with Unix line ends (`dos2unix`), and let `.gitattributes` say `eol=lf`.")
    static let commandNotExecutable = Explanation(
        .error, "The command was found and cannot be run.",
        causes: "It is not executable, is a directory, is no script with `#!`, or is for another machine.",
        remedy: "Run `chmod +x`, or correct the command.")
    static let initBootOverdue = Explanation(
        .error, "The boot was ended because a file server did not answer.",
        causes: "The server of a volume is not reachable.",
        remedy: "Look at the server; `SCRATCH_TIMEOUT` changes how long the boot waits.")
    static let initStatusLost = Explanation(
        .error, "The exit code of the command is not known.",
        causes: "Another program has waited for the command.",
        remedy: "Attach no debugger to the init.")
    static let initEnvironment = Explanation(
        .warning, "The init could not erase its copy of the environment.",
        causes: "`/proc` is missing or hidden.",
        remedy: "Mount `/proc`; otherwise root can read the pod's secrets in the init's memory.")
    static let initPrivileges = Explanation(
        .warning, "The init keeps privileges that it does not need.",
        causes: "A sandbox or a seccomp profile forbids the system call.",
        remedy: "Allow `capset` and `prctl`.")
    static let servicesEndedContainer = Explanation(
        .error, "A service with `onFailure: stop` has failed for good, or its keeper has died.",
        causes: "The service's program ended again and again, or was never ready.",
        remedy: "Look for the service's name above in the log; `onFailure: ignore` lets the command go on.")
    static let servicesKeeperDied = Explanation(
        .warning, "The program that looks after services has died, and its services have ended with it.",
        causes: "The kernel has ended it for want of memory, or somebody has.",
        remedy: "Give the container more memory. A service with `onFailure: stop` ends the container then.")
}
