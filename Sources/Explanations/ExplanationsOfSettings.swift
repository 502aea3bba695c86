/// What is told of the settings, and of how the process was started.
extension Explanation {
    static let commandLineInvalid = Explanation(
        .error, "An option of entrypoint itself is unknown, or its value is missing.",
        causes: "An argument of the command that begins with a dash and stands before the command.",
        remedy: "See `entrypoint --help`; write `--` in front of the command.")
    static let settingsInvalidValue = Explanation(
        .error, "The value of a variable or of an option cannot be used.",
        causes: "A typing error; an id that is not decimal; a path that is not absolute or not in its normal form.",
        remedy: "Give the variable a value of the form that the message names.")
    static let settingsGivenTwice = Explanation(
        .error, "A value is given twice: as a variable and as a file, or by two variables that mean the same.",
        causes:
            "`NAME` comes from a Secret by `envFrom`, and `NAME_FILE` from the image or the pod spec; or `PUID` and `NB_UID` differ.",
        remedy: "Remove one of the two variables.")
    static let settingsPeerVariable = Explanation(
        .warning, "A variable of another image's entry point has no effect here, or cannot be followed.",
        causes: "The pod spec was written for an image of Jupyter's or LinuxServer's.",
        remedy: "See the page \"Coming from elsewhere\" for what takes its place.")
    static let settingsUnreadableContent = Explanation(
        .error, "A file that a setting names cannot be read, is empty or is too large.",
        causes: "The Secret is not mounted, has another key, or may not be read by the user of the container.",
        remedy: "Mount the Secret at this path, and let the container's user read it (`defaultMode`, `fsGroup`).")
    static let settingsUnseenContent = Explanation(
        .warning, "A file that a setting names does not exist where the question is asked.",
        causes: "`entrypointctl` runs outside of the pod, without its volumes.",
        remedy: "Nothing, if the pod mounts the file.")
    static let settingsIncomplete = Explanation(
        .error, "Only some of the required variables are set.",
        causes: "A typing error in a name; a pod spec that was only partly converted.",
        remedy:
            "Set the variables that the message names; `identity.whenIncomplete: run` lets such a pod run unprepared.")
    static let settingsIdentityRequired = Explanation(
        .error, "The pod does not say who its user is, and the image requires it.",
        causes: "The variables `NB_USER`, `NB_UID`, `NB_GROUP` and `NB_GID` are missing or misspelt.",
        remedy:
            "Set the variables that the message names, or remove `identity.required` from the image's configuration.")
    static let settingsNothingPrepared = Explanation(
        .warning, "The command runs as the container was started: no account, no home, no directories.",
        causes: "None of the required variables is set.",
        remedy:
            "Set `NB_USER`, `NB_UID`, `NB_GROUP`, `NB_GID`, `SCRATCH_HOME_ROOT` and `WORKING_DIR`, if there is to be a user."
    )
    static let settingsMisspeltVariable = Explanation(
        .error, "The name of a variable is nearly one that decides who the user is.",
        causes: "A typing error, such as `NB_UDI`.",
        remedy: "Correct the name; where the variable is another program's, set `identity.whenMisspelt: warn`.")
    static let settingsUnknownVariable = Explanation(
        .warning, "A variable looks like one of entrypoint's and is not known.",
        causes: "A typing error, or a variable of another version.",
        remedy: "Correct the name, or remove the variable.")
    static let settingsImagePolicy = Explanation(
        .warning, "A variable that only the image may set is ignored.",
        causes:
            "The container was started as a user, with the capabilities of the program's file, and the pod sets the variable.",
        remedy: "Write the setting into `/etc/entrypoint.yaml` of the image.")
    static let settingsFileSyntax = Explanation(
        .error, "A configuration file is not YAML, or uses a part of YAML that is refused.",
        causes: "Wrong indentation, an open quote, a tab, an anchor, an alias or a tag.",
        remedy: "Correct the line that the message names; `entrypointctl config check FILE` checks it.")
    static let settingsFileContent = Explanation(
        .error, "A configuration file has an unknown key, or a value of the wrong form.",
        causes:
            "A typing error; a boolean that is not `true` or `false`; a list that is expected and text that is found.",
        remedy: "Correct the line that the message names; `entrypointctl config reference` lists all keys.")
    static let settingsFileUnreadable = Explanation(
        .error, "A configuration file is missing or cannot be read.",
        causes:
            "`ENTRYPOINT_CONFIG` names another path than that of the mounted file; the file may be read by root alone.",
        remedy: "Correct the path, or let everybody read the file.")
    static let settingsFileName = Explanation(
        .error, "A file in `/etc/entrypoint/conf.d` would not be read because of its name.",
        causes: "Its name ends with `.yml`.",
        remedy: "Rename it to `.yaml`.")
    static let settingsFileUntrusted = Explanation(
        .warning, "The image's configuration, or a part of it, does not count in this start.",
        causes:
            "The pod has mounted something over it, or users other than root can write to it, and the container was started as a user with the capabilities of the program's file.",
        remedy: "Mount nothing at `/etc/entrypoint.yaml` or in `/etc/entrypoint`, and make both root's.")
    static let settingsInitMode = Explanation(
        .warning, "`init.mode` of a file that the pod names comes too late.",
        causes: "The init starts before that file is read.",
        remedy: "Write `init.mode` into `/etc/entrypoint.yaml`, or set `ENTRYPOINT_MODE`.")
    static let settingsStepDirectory = Explanation(
        .either, "A directory of the image's own steps cannot be listed.",
        causes: "It may be read by root alone, and the container was not started as root.",
        remedy: "Make it readable for everybody: `chmod 755 /etc/entrypoint/steps.d /etc/entrypoint/user-steps.d`.")
    static let settingsStepName = Explanation(
        .warning, "A file in a directory of steps is not run because of its name.",
        causes: "Its name has a blank or another character than letters, digits, `_`, `.` and `-`.",
        remedy: "Rename it.")
    static let startSetUserID = Explanation(
        .error, "The program's file has the set-user-ID or set-group-ID bit.",
        causes: "`chmod u+s` in the image.",
        remedy: "Remove the bits (`chmod a-s`); `setcap` is the way that is supported.")
    static let startStreams = Explanation(
        .error, "Standard input, output or error is closed, and cannot be replaced.",
        causes: "The root file system has no `/dev/null`.",
        remedy: "Let the container runtime make `/dev`.")
    static let startCredentials = Explanation(
        .error, "The process cannot find out who it is.",
        causes: "A sandbox or a seccomp profile forbids the system call.",
        remedy: "Allow the call that `ENTRYPOINT_LOG=debug` names.")
    static let startCapabilities = Explanation(
        .error, "The capabilities of the program's file can be neither used nor given up.",
        causes: "A sandbox or a seccomp profile forbids the system call.",
        remedy:
            "Allow the call that `ENTRYPOINT_LOG=debug` names, or remove the capabilities of the file (`setcap -r`).")
    static let startNoProcess = Explanation(
        .error, "The init cannot start the process that boots.",
        causes: "The pod's limit of processes or of memory is used up.",
        remedy: "Raise the limit.")
    static let startRootLost = Explanation(
        .error, "The process cannot become root again after work as the user.",
        causes: "A sandbox or a seccomp profile forbids the system call.",
        remedy: "Allow the call that `ENTRYPOINT_LOG=debug` names.")
}
