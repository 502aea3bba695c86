/// What is told of the start of the services by the boot.
extension Explanation {
    static let servicesNeedInit = Explanation(
        .error, "Services are configured, and nobody would end them.",
        causes: "`ENTRYPOINT_MODE=exec`; or the program is not process 1, such as under `docker run --init`.",
        remedy: "Set `ENTRYPOINT_MODE=init`, and leave `--init` out.")
    static let servicesNotPolicy = Explanation(
        .error, "A service is to run as root, and its file may not be the image's own.",
        causes: "`as: root` in a ConfigMap, in a file that `ENTRYPOINT_CONFIG` names, or in one that others may write.",
        remedy: "Write the service in `/etc/entrypoint.yaml` of the image, or leave `as: root` out.")
    static let servicesNoProgram = Explanation(
        .error, "Services are configured, and the program that supervises them is missing.",
        causes: "The image has `entrypoint` without `entrypointctl` in the same directory.",
        remedy: "Copy both programs into the image.")
    static let servicesUntrusted = Explanation(
        .error, "The program that supervises root's services is not root's alone.",
        causes: "`entrypointctl` or a directory above it belongs to somebody else, or others may write to it.",
        remedy: "Run the command of the message when the image is built.")
    static let servicesKeeperNotStarted = Explanation(
        .error, "The supervision of the services has not begun.",
        causes: "The limit of processes or of memory is used up; a file server does not answer; a sandbox forbids it.",
        remedy: "See the reason in the message, and the call with `ENTRYPOINT_LOG=debug`.")
    static let servicesSettings = Explanation(
        .error, "The user's keeper cannot use its configuration.",
        causes: "A mistake in the file that `ENTRYPOINT_USER_CONFIG` names, or a file that the user may not read.",
        remedy: "Correct the lines that the message names, or let the user read the file.")
    static let servicesNeeded = Explanation(
        .error, "A service that the command needs has failed.",
        causes: "It ended, or was not ready in time, and has `onFailure: stop`.",
        remedy: "Read the lines that the service has written; raise `ready.timeout`; or leave `onFailure` out.")
    static let servicesNeedRoot = Explanation(
        .warning, "A service as root is not started, because the container was not started as root.",
        causes: "The image has it for starts as root, and the pod runs as another user.",
        remedy: "Start the container as root, or leave `as: root` out.")
}
