internal import Boot
internal import Linux
internal import Text

/// What a container starts, and how long it may take to end.
enum CommandFindings {
    static func findings(_ pod: PodCase) -> [PodFinding] { command(pod) + arguments(pod) + grace(pod) }

    private static func command(_ pod: PodCase) -> [PodFinding] {
        let container = pod.facts.container
        let field = container.value["command"]?.field ?? container.value.missing("command")
        switch container.command {
        case .image, .install: return []
        case .other(let program):
            let text =
                "command: takes the place of the image's ENTRYPOINT: \(program.shown(limit: 80)) runs as the container was "
                + "started, and nothing is prepared"
            let remedy = "give it as args:, or with entrypoint in front of it"
            guard isAsked(pod) else { return [.note(.commandBypasses, field, text, set: remedy)] }
            return [.error(.commandBypasses, field, text, set: remedy)]
        case .entrypoint(let path): return program(path, field, pod)
        }
    }

    /// Whether a variable asks for a boot.
    private static func isAsked(_ pod: PodCase) -> Bool {
        PodSettings.required.contains { pod.environment[$0].map { $0.value != "" } ?? false }
    }

    /// Whether the program is where the spec says that it is.
    private static func program(_ path: String, _ field: SpecField, _ pod: PodCase) -> [PodFinding] {
        let place = FilePath(path).lexicallyNormalized()
        let shown = path.shown(limit: 80)
        guard place.isAbsolute, let mount = pod.facts.volumes.holding(place) else {
            guard let image = pod.image, image.program(path) == nil else { return [] }
            return [
                .error(
                    .programMissing, field, "the image has no \(shown)",
                    set: "install it in a volume with an init container (entrypointctl install)")
            ]
        }
        let directory = PodVolumes.inside(mount, place).parent
        let others = pod.facts.volumes.installations.filter { $0.volume == mount.volumeName }
        if others.contains(where: { $0.directory == directory }) || mount.volume?.endsWithPod == false { return [] }
        let found =
            others.first.map { "an init container installs it in \($0.directory.shown()) of the volume" }
            ?? "no init container installs it there"
        return [
            .error(
                .programMissing, field, "\(shown) lies on volume \(mount.volumeName.shown(limit: 80)), and \(found)",
                set: "add an init container with args: [install, \(place.parent.shown())] that mounts the volume")
        ]
    }

    private static func arguments(_ pod: PodCase) -> [PodFinding] {
        let container = pod.facts.container
        guard container.command.startsBoot, container.words.arguments?.isEmpty ?? true, !pod.facts.isTerminal,
            (container.words.command ?? []).allSatisfy({ $0 == "--" || PodCommand([$0], nil).startsBoot })
        else { return [] }
        let field = container.value.missing("args")
        guard container.command != .image else {
            return [
                .note(
                    .noArguments, field, "the image's CMD is what runs; without one, a login shell, which ends at once")
            ]
        }
        return [
            .warning(
                .noArguments, field, "with command:, the image's CMD is not used: a login shell runs, and ends at once",
                set: "give the user's command as args:")
        ]
    }

    private static func grace(_ pod: PodCase) -> [PodFinding] {
        guard let settings = pod.settings.settings?[InitSettings.self] else { return [] }
        let period = pod.facts.gracePeriod?.value ?? 30
        let second: UInt64 = 1_000_000_000
        let (sum, isHuge) = settings.stopTimeout.addingReportingOverflow(settings.grace)
        let needed = isHuge ? UInt64.max / second : (sum + second - 1) / second
        guard needed > UInt64(period) else { return [] }
        let field = pod.facts.gracePeriod?.field ?? pod.facts.spec.missing("terminationGracePeriodSeconds")
        return [
            .warning(
                .graceTooShort, field,
                "the kubelet kills the container after \(period) s, and "
                    + (settings.stopTimeout > 0
                        ? "ENTRYPOINT_STOP_TIMEOUT and ENTRYPOINT_GRACE are \(needed) s together"
                        : "ENTRYPOINT_GRACE is \(needed) s, besides what the command needs")
                    + ": what is left then is lost",
                set: "set terminationGracePeriodSeconds: \(needed + 5)")
        ]
    }
}
