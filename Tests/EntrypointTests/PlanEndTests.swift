import TestSupport
import Testing

/// How a plan ends: as the boot would, whichever program is asked.
@Suite(.containers)
struct PlanEndTests {
    /// Something about a pod that decides how its boot ends.
    struct Input: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var variables: Environment = [:]
        /// The codes of a start as root, elevated, and without privileges.
        var codes: [Int32]
    }

    private static let inputs = [
        Input(testDescription: "all is well", codes: [0, 0, 0]),
        Input(testDescription: "nothing is asked for", variables: nothing, codes: [0, 0, 0]),
        Input(testDescription: "a uid that nobody may have", variables: ["NB_UID": "0"], codes: [78, 78, 78]),
        Input(testDescription: "a name that is misspelt", variables: ["IDENTITY_SUOD": "none"], codes: [78, 78, 78]),
        Input(testDescription: "a mode that there is not", variables: ["ENTRYPOINT_MODE": "x"], codes: [78, 78, 78]),
        Input(
            testDescription: "a secret's file that is missing", variables: ["SSH_KNOWN_HOSTS_FILE": "/none"],
            codes: [78, 78, 78]),
        Input(
            testDescription: "a secret's file that root alone may read", variables: ["SSH_KNOWN_HOSTS_FILE": "/closed"],
            codes: [0, 78, 78]),
        Input(
            testDescription: "a configuration file that is missing", variables: ["ENTRYPOINT_CONFIG": "/none.yaml"],
            codes: [78, 0, 78]),
        Input(testDescription: "another uid", variables: ["NB_UID": "1007"], codes: [0, 78, 125]),
        Input(testDescription: "a foreign group", variables: ["NB_GID": "77"], codes: [125, 78, 125]),
        Input(
            testDescription: "a working directory that is a file", variables: ["WORKING_DIR": "/etc/passwd"],
            codes: [125, 125, 125]),
        Input(
            testDescription: "a working directory that nobody may make", variables: ["WORKING_DIR": "/none/of/it"],
            codes: [125, 125, 125]),
        Input(
            testDescription: "a seed user that there is not", variables: ["SCRATCH_SEED_USER": "nobody-here"],
            codes: [78, 0, 0]),
    ]

    private static let nothing = Environment(
        entries: ["NB_USER", "NB_UID", "NB_GROUP", "NB_GID", "SCRATCH_HOME_ROOT", "WORKING_DIR"].map { $0 + "=" })

    @Test(arguments: inputs, ["root", "elevated", "bare"])
    func `both programs end as the boot does`(input: Input, start: String) throws {
        try withPod(.busybox, start == "elevated" ? .elevated : .plain) { container in
            if start != "root" { (container.user, container.group) = (1000, 2000) }
            try container.write("/closed", "host key\n", mode: 0o600)
            container.environment = container.environment.with(input.variables)
            let before = try container.changes()
            container.entrypoint = ["/usr/local/bin/entrypoint", "--plan", "--", "true"]
            let plan = try container.run()
            container.entrypoint = ["/usr/local/bin/entrypointctl", "plan"]
            let control = try container.run()
            #expect(plan.output == control.output && plan.exitCode == control.exitCode, "\(plan)\n\(control)")
            #expect(try container.changes() == before)
            container.entrypoint = ["/usr/local/bin/entrypoint"]
            let boot = try container.boot("true")
            let starts = ["root", "elevated", "bare"]
            #expect(boot.exitCode == starts.firstIndex(of: start).map { input.codes[$0] }, "\(boot)")
            let isPending = plan.outputLines.contains { $0.hasPrefix("would change ") }
            #expect(plan.exitCode == (boot.exitCode == 0 && isPending ? 2 : boot.exitCode), "\(plan)\n\(boot)")
        }
    }
}
