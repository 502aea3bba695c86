import Testing

@testable import Boot
@testable import UserSide

/// What mounts and commands mean for a boot.
struct PodPlacesTests {
    private static let mounts = "spec.containers[0].volumeMounts"
    private static let scratch = "{name: scratch, mountPath: /scratch}"
    private static let claim = "{name: scratch, persistentVolumeClaim: {claimName: lab}}"
    private static let user = "securityContext: {runAsUser: 1000, runAsGroup: 2000}"
    private static let key = SpecText.identity(["SSH_PRIVATE_KEY_B64_FILE": "/run/secrets/entrypoint/key"])
    private static let secretMount = "{name: keys, mountPath: /run/secrets/entrypoint}"

    /// A spec with one more mount.
    private static func spec(
        _ mount: String, _ volume: String, pod: String = "", environment: [String: String] = SpecText.identity,
        further: String = ""
    ) -> SpecText {
        SpecText(
            pod: pod, environment: environment, mounts: [scratch, mount], volumes: [claim, volume], further: further)
    }

    static let volumes = [
        PodForecastTests.Case(
            name: "no scratch", spec: SpecText(mounts: [], volumes: []), start: .root,
            findings: ["warning \(mounts) scratch.not-mounted"]),
        PodForecastTests.Case(
            name: "scratch in another place", spec: SpecText(mounts: ["{name: scratch, mountPath: /scratch2}"]),
            start: .root,
            findings: ["warning \(mounts) scratch.not-mounted"]),
        PodForecastTests.Case(
            name: "scratch that ends with the pod", spec: SpecText(volumes: ["{name: scratch, emptyDir: {}}"]),
            start: .root,
            findings: ["warning \(mounts)[0].mountPath pod.scratch-not-kept"]),
        PodForecastTests.Case(
            name: "scratch that is read-only",
            spec: SpecText(mounts: ["{name: scratch, mountPath: /scratch, readOnly: true}"]),
            start: .root, code: 125, findings: ["error \(mounts)[0].mountPath pod.scratch-read-only"]),
        PodForecastTests.Case(
            name: "a volume that is not there", spec: SpecText(volumes: []), start: .root, code: 125,
            findings: ["error \(mounts)[0].mountPath pod.volume-missing"]),
        PodForecastTests.Case(
            name: "account files of the pod",
            spec: spec("{name: etc, mountPath: /etc/passwd, subPath: passwd}", "{name: etc, configMap: {name: x}}"),
            start: .root, findings: ["warning \(mounts)[1].mountPath pod.mount-hides"]),
        PodForecastTests.Case(
            name: "policy of the pod, with file capabilities",
            spec: spec(
                "{name: etc, mountPath: /etc/entrypoint.yaml, subPath: a}", "{name: etc, configMap: {name: x}}",
                pod: user),
            start: .elevated, findings: ["warning \(mounts)[1].mountPath pod.mount-hides"]),
        PodForecastTests.Case(
            name: "policy of the pod, as root",
            spec: spec("{name: etc, mountPath: /etc/entrypoint.yaml, subPath: a}", "{name: etc, configMap: {name: x}}"),
            start: .root),
        PodForecastTests.Case(
            name: "a boot's state that outlives it",
            spec: spec("{name: run, mountPath: /run}", "{name: run, hostPath: {path: /x}}"), start: .root,
            findings: ["warning \(mounts)[1].mountPath pod.mount-hides"]),
        PodForecastTests.Case(
            name: "a boot's state that cannot be kept",
            spec: spec("{name: run, mountPath: /run, readOnly: true}", "{name: run, emptyDir: {}}"), start: .root,
            findings: ["warning \(mounts)[1].mountPath report.not-kept"]),
        PodForecastTests.Case(
            name: "a boot's state in memory",
            spec: spec("{name: run, mountPath: /run}", "{name: run, emptyDir: {medium: Memory}}"), start: .root),
        PodForecastTests.Case(
            name: "ssh's own files",
            spec: spec(
                "{name: keys, mountPath: /home/jane/.ssh}", "{name: keys, secret: {secretName: x}}",
                environment: SpecText.identity(["SSH_PUBLIC_KEY": "x"])), start: .root,
            findings: ["warning \(mounts)[1].mountPath pod.mount-hides"]),
        PodForecastTests.Case(
            name: "a home that stays, with a key",
            spec: spec(
                "{name: home, mountPath: /home}", "{name: home, hostPath: {path: /x}}",
                environment: SpecText.identity(["SSH_PUBLIC_KEY": "x"])),
            start: .root, findings: ["note \(mounts)[1].mountPath pod.mount-hides"]),
        PodForecastTests.Case(
            name: "the image's programs", spec: spec("{name: bin, mountPath: /usr/local}", "{name: bin, emptyDir: {}}"),
            start: .root,
            findings: ["warning \(mounts)[1].mountPath pod.mount-hides"]),
        PodForecastTests.Case(
            name: "a secret's file that no volume has", spec: SpecText(environment: key), start: .root, code: 78,
            findings: ["error spec.containers[0].env[5].value settings.unreadable-content"]),
        PodForecastTests.Case(
            name: "a secret's file",
            spec: spec(secretMount, "{name: keys, secret: {secretName: x, defaultMode: 0400}}", environment: key),
            start: .root),
        PodForecastTests.Case(
            name: "a secret's file that the user cannot read",
            spec: spec(
                secretMount, "{name: keys, secret: {secretName: x, defaultMode: 0400}}", pod: user, environment: key),
            start: .elevated,
            code: 78, findings: ["error spec.volumes[1].secret.defaultMode settings.unreadable-content"]),
        PodForecastTests.Case(
            name: "the same with the pod's group",
            spec: spec(
                secretMount, "{name: keys, secret: {secretName: x, defaultMode: 0400}}",
                pod: "securityContext: {runAsUser: 1000, runAsGroup: 2000, fsGroup: 2000}", environment: key),
            start: .elevated),
        PodForecastTests.Case(
            name: "an item that is another",
            spec: spec(
                secretMount, "{name: keys, secret: {secretName: x, items: [{key: a, path: b}]}}", environment: key),
            start: .root, code: 78, findings: ["error \(mounts)[1].mountPath settings.unreadable-content"]),
        PodForecastTests.Case(
            name: "a Secret without the key",
            spec: spec(
                secretMount, "{name: keys, secret: {secretName: x}}", environment: key,
                further: "---\n{kind: Secret, metadata: {name: x}, data: {other: aGk=}}\n"), start: .root, code: 78,
            findings: ["error spec.containers[0].env[5].value settings.unreadable-content"]),
        PodForecastTests.Case(
            name: "a Secret with the key",
            spec: spec(
                secretMount, "{name: keys, secret: {secretName: x}}", environment: key,
                further: "---\n{kind: Secret, metadata: {name: x}, data: {key: aGk=}}\n"), start: .root),
    ]

    private static let programs = "{name: programs, emptyDir: {}}"
    private static func injected(_ inits: String, _ command: String = "[/entrypoint/entrypoint, --]") -> SpecText {
        SpecText(
            pod: user + inits, container: "command: \(command)\nargs: [\"true\"]",
            mounts: [scratch, "{name: programs, mountPath: /entrypoint}"], volumes: [claim, programs])
    }
    private static func initContainer(_ arguments: String, at path: String = "/entrypoint") -> String {
        "\ninitContainers:\n- {name: install, \(arguments), volumeMounts: [{name: programs, mountPath: \(path)}]}"
    }

    static let commands = [
        PodForecastTests.Case(
            name: "a command", spec: SpecText(container: "command: [python, train.py]"), start: .root, code: 125,
            findings: ["error spec.containers[0].command pod.command-bypasses"]),
        PodForecastTests.Case(
            name: "a command that asks for nothing",
            spec: SpecText(container: "command: [sleep, \"1\"]", environment: [:]), start: .root,
            code: 0, findings: ["note spec.containers[0].command pod.command-bypasses"]),
        PodForecastTests.Case(
            name: "entrypoint as the command",
            spec: SpecText(container: "command: [tini, --, /usr/bin/entrypoint, --]\nargs: [a]"), start: .root),
        PodForecastTests.Case(
            name: "entrypoint in a shell's line",
            spec: SpecText(container: "command: [sh, -c, \"umask 0; exec entrypoint -- true\"]"), start: .root),
        PodForecastTests.Case(
            name: "no arguments", spec: SpecText(container: "image: x"), start: .root,
            findings: ["note spec.containers[0].args pod.no-arguments"]),
        PodForecastTests.Case(name: "no arguments on a terminal", spec: SpecText(container: "tty: true"), start: .root),
        PodForecastTests.Case(
            name: "no arguments for entrypoint", spec: SpecText(container: "command: [entrypoint, --]"), start: .root,
            findings: ["warning spec.containers[0].args pod.no-arguments"]),
        PodForecastTests.Case(
            name: "installed by an init container",
            spec: injected(initContainer("command: [entrypointctl, install, /entrypoint]")), start: .bare),
        PodForecastTests.Case(
            name: "installed through another path",
            spec: injected(initContainer("args: [entrypointctl, install, --force, /shared]", at: "/shared")),
            start: .bare),
        PodForecastTests.Case(
            name: "installed in another directory",
            spec: injected(initContainer("args: [entrypointctl, install, /entrypoint/bin]")), start: .bare,
            code: 125, findings: ["error spec.containers[0].command pod.program-missing"]),
        PodForecastTests.Case(
            name: "installed by nobody", spec: injected(""), start: .bare, code: 125,
            findings: ["error spec.containers[0].command pod.program-missing"]),
        PodForecastTests.Case(
            name: "a grace that is too short",
            spec: SpecText(
                environment: SpecText.identity(["ENTRYPOINT_STOP_TIMEOUT": "25", "ENTRYPOINT_GRACE": "10"])),
            start: .root,
            findings: ["warning spec.terminationGracePeriodSeconds pod.grace-too-short"]),
        PodForecastTests.Case(
            name: "a grace for services that is too short",
            spec: SpecText(environment: SpecText.identity(["ENTRYPOINT_GRACE": "60"])), start: .root,
            findings: ["warning spec.terminationGracePeriodSeconds pod.grace-too-short"]),
        PodForecastTests.Case(
            name: "a grace that fits",
            spec: SpecText(
                pod: "terminationGracePeriodSeconds: 35",
                environment: SpecText.identity(["ENTRYPOINT_STOP_TIMEOUT": "25"])),
            start: .root),
        PodForecastTests.Case(
            name: "a grace without an end",
            spec: SpecText(
                environment: SpecText.identity([
                    "ENTRYPOINT_STOP_TIMEOUT": "31536000", "ENTRYPOINT_GRACE": "31536000",
                ])),
            start: .root, findings: ["warning spec.terminationGracePeriodSeconds pod.grace-too-short"]),
    ]

    @Test(arguments: volumes + commands) func `mounts and commands are predicted with the fields at fault`(
        tried: PodForecastTests.Case
    ) throws {
        let forecast = try tried.spec.forecast()
        #expect(forecast.summaries == tried.findings, "\(forecast.text(.plain))")
        #expect(forecast.start.start == tried.start && forecast.exitCode == tried.code, "\(forecast.text(.plain))")
    }

    @Test func `an init container that installs is asked about by its name`() throws {
        let spec = Self.injected(Self.initContainer("command: [entrypointctl, install, /entrypoint]"))
        let forecast = try spec.forecast(.init(container: "install"))
        #expect(forecast.exitCode == 0 && forecast.findings.isEmpty, "\(forecast.text(.plain))")
        #expect(
            forecast.text(.plain).contains("would change  entrypoint and entrypointctl are copied to /entrypoint\n"))
    }
}
