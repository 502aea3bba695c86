/// What is told of files and directories.
extension Explanation {
    static let filesPermissionDenied = Explanation(
        .either, "The user may not do something with a file or a directory.",
        causes: "It belongs to somebody else, or a directory above it is closed.",
        remedy: "Let its owner change it; the message says how.")
    static let filesNeedRoot = Explanation(
        .either, "Only root could do it, and the container was not started as root.",
        causes: "`runAsUser` in the pod spec.",
        remedy: "Nothing, if the user can do without; else start as root.")
    static let filesNeedChown = Explanation(
        .either, "Root may not give a file to the user.",
        causes: "`capabilities.drop` in the pod spec has `CHOWN` or `ALL`.",
        remedy: "Add `CHOWN` to `securityContext.capabilities.add`.")
    static let filesReadOnly = Explanation(
        .either, "The file system is mounted read-only.",
        causes: "`readOnlyRootFilesystem` or `readOnly` in the pod spec.",
        remedy: "Mount a writable volume there, or change the field.")
    static let filesNoSpace = Explanation(
        .either, "The file system is full.",
        causes: "No space, or no inodes, are left on the volume.",
        remedy: "Remove files, or enlarge the volume.")
    static let filesQuota = Explanation(
        .either, "The quota is used up.",
        causes: "The user or the group has too much on the volume.",
        remedy: "Remove files, or ask for a larger quota.")
    static let filesServer = Explanation(
        .either, "The file server does not serve the volume.",
        causes: "The server was restarted, has failed, or no longer exports the directory.",
        remedy: "Look at the server, and start the container again.")
    static let filesSymbolicLink = Explanation(
        .either, "A symbolic link is where none may be, or leads nowhere.",
        causes: "The directory was moved, and a link left behind; root and the seed user follow no link.",
        remedy: "Name the path that the link leads to, or remove the link.")
    static let filesWrongKind = Explanation(
        .either, "Something else is where a file or a directory should be.",
        causes: "A file in the place of a directory, or the other way round.",
        remedy: "Move it away, or choose another path.")
    static let filesForeignOwner = Explanation(
        .either, "A file or a directory belongs to somebody who could run programs as the user.",
        causes: "Another user has made it first, in a directory that both may write in.",
        remedy: "Look at it, and move it away or let root run `chown`.")
    static let filesOwner = Explanation(
        .warning, "A directory has another owner or group than it should have.",
        causes: "It was made before, or the file server gives another group.",
        remedy: "Run the command of the message as its owner or root.")
    static let filesMode = Explanation(
        .warning, "A directory is open to others, or closed to its group.",
        causes: "It was made before with another mode, or the file server changes modes.",
        remedy: "Run the `chmod` of the message.")
    static let filesInTheWay = Explanation(
        .warning, "Something was where a link should be, and is kept under another name.",
        causes: "The home and the volume have different files of the same name.",
        remedy: "Look at `NAME.before-entrypoint`, and remove it if nobody needs it.")
    static let filesMount = Explanation(
        .warning, "A path is left alone because something is mounted there.",
        causes: "`volumeMounts` has a path in the home or in `.ssh`.",
        remedy: "Nothing; or mount it elsewhere if the boot is to use the path.")
    static let filesNotTheImages = Explanation(
        .either, "A file of the system is not changed, because the pod has mounted it.",
        causes:
            "A mount over `/etc` or `/home`, and the container was started as a user with the capabilities of the program's file.",
        remedy: "Mount nothing there.")
    static let filesNotCopied = Explanation(
        .either, "A file of the image could not be copied, or not completely.",
        causes: "The user may not read it, or it is a device, a pipe or a socket.",
        remedy: "Let everybody read it (`chmod -R a+rX`).")
    static let filesBusy = Explanation(
        .either, "Another program keeps changing the same file.",
        causes: "Several containers of the same user start at once; a git that was killed has left its lock.",
        remedy: "Start again; remove what the message names.")
    static let filesFailed = Explanation(
        .either, "The file system has refused something for a rare reason.",
        causes: "The message has the reason, and `ENTRYPOINT_LOG=debug` the call.",
        remedy: "Look the reason up, or ask whoever runs the file server.")
    static let filesNoMemory = Explanation(
        .either, "Keys or tokens cannot be kept off the volume of the home.",
        causes: "Neither `/run` nor `/dev/shm` ends with the container.",
        remedy: "Mount an `emptyDir` with `medium: Memory` at `/dev/shm`.")
    static let filesReplaceable = Explanation(
        .warning, "Others can replace the directory that holds keys or tokens.",
        causes: "An `emptyDir` at `/dev/shm`, which lacks the sticky bit.",
        remedy: "Mount nothing at `/dev/shm`, or let an init container run `chmod +t` there.")
    static let gitNotSet = Explanation(
        .warning, "Git's identity is not written.",
        causes: "The image has no git; or a directory is in the place of the file.",
        remedy: "Install git, or move the directory away.")
    static let gitFailed = Explanation(
        .either, "Git has refused to write its configuration.",
        causes: "A mistake in the user's `.gitconfig`.",
        remedy: "Correct the file as git's words say.")
}
