import TestSupport
import Testing
import Text

@testable import Boot
@testable import UserSide

/// What is predicted of a container, from its spec alone.
struct PodForecastTests {
    struct Case: CustomTestStringConvertible {
        var name: String
        var spec = SpecText()
        var start: Start
        var code: Int32 = 2
        /// The findings as `SEVERITY FIELD ID`.
        var findings: [String] = []

        var testDescription: String { name }
    }

    private static let own = "spec.containers[0].securityContext"
    private static let user = "securityContext: {runAsUser: 1000, runAsGroup: 2000}"
    private static let restricted = """
        securityContext:
          allowPrivilegeEscalation: false
          runAsNonRoot: true
          runAsUser: 1000
          runAsGroup: 2000
          capabilities: {drop: [ALL]}
          seccompProfile: {type: RuntimeDefault}
        args: [\"true\"]
        """
    private static func container(_ context: String) -> String { "securityContext: {\(context)}\nargs: [\"true\"]" }

    static let starts = [
        Case(name: "root", start: .root),
        Case(name: "a uid", spec: SpecText(pod: user), start: .elevated),
        Case(
            name: "a uid without privilege escalation",
            spec: SpecText(pod: user, container: container("allowPrivilegeEscalation: false")), start: .bare,
            findings: ["warning \(own).allowPrivilegeEscalation pod.elevation-forbidden"]),
        Case(
            name: "restricted", spec: SpecText(container: restricted), start: .bare,
            findings: ["note \(own).allowPrivilegeEscalation pod.elevation-forbidden"]),
        Case(
            name: "a uid without capabilities",
            spec: SpecText(pod: user, container: container("capabilities: {drop: [ALL]}")),
            start: .bare, findings: ["warning \(own).capabilities.drop pod.elevation-forbidden"]),
        Case(
            name: "a uid with those that count",
            spec: SpecText(pod: user, container: container("capabilities: {drop: [ALL], add: [SETUID, setgid]}")),
            start: .elevated),
        Case(
            name: "root without capabilities", spec: SpecText(container: container("capabilities: {drop: [\"ALL\"]}")),
            start: .root, code: 125, findings: ["error \(own).capabilities.drop identity.ids-refused"]),
        Case(
            name: "root without CHOWN", spec: SpecText(container: container("capabilities: {drop: [CHOWN]}")),
            start: .root,
            findings: ["warning \(own).capabilities.drop files.need-chown"]),
        Case(
            name: "root without privilege escalation",
            spec: SpecText(container: container("allowPrivilegeEscalation: false")), start: .root,
            findings: ["warning \(own).allowPrivilegeEscalation identity.sudo-not-granted"]),
        Case(
            name: "privileged", spec: SpecText(container: container("privileged: true")), start: .root,
            findings: ["warning \(own).privileged pod.privileged"]),
        Case(
            name: "privileged without privilege escalation",
            spec: SpecText(container: container("privileged: true, allowPrivilegeEscalation: false")), start: .root,
            code: 125,
            findings: [
                "error \(own).allowPrivilegeEscalation pod.contradiction", "warning \(own).privileged pod.privileged",
            ]),
        Case(
            name: "root that may not be root",
            spec: SpecText(pod: "securityContext: {runAsUser: 0, runAsNonRoot: true}"),
            start: .root, code: 125, findings: ["error spec.securityContext.runAsUser pod.refused-as-root"]),
        Case(
            name: "a user of the image", spec: SpecText(pod: "securityContext: {runAsNonRoot: true}"), start: .elevated,
            findings: ["warning spec.securityContext.runAsNonRoot pod.refused-as-root"]),
        Case(
            name: "a read-only root file system", spec: SpecText(container: container("readOnlyRootFilesystem: true")),
            start: .root, findings: ["warning \(own).readOnlyRootFilesystem files.read-only"]),
        Case(
            name: "a namespace of users",
            spec: SpecText(pod: "hostUsers: false", environment: SpecText.identity(["NB_UID": "254321"])),
            start: .root, code: 125, findings: ["error spec.hostUsers identity.ids-refused"]),
        Case(name: "a namespace with the ids", spec: SpecText(pod: "hostUsers: false"), start: .root),
        Case(
            name: "a profile of the node",
            spec: SpecText(container: container("seccompProfile: {type: Localhost, localhostProfile: x}")),
            start: .root,
            findings: ["note \(own).seccompProfile.type pod.seccomp-profile"]),
        Case(
            name: "shared processes", spec: SpecText(pod: "shareProcessNamespace: true"), start: .root,
            findings: ["warning spec.shareProcessNamespace pod.not-process-1"]),
    ]

    static let identities = [
        Case(
            name: "another uid, with file capabilities",
            spec: SpecText(pod: "securityContext: {runAsUser: 1001, runAsGroup: 2000}"),
            start: .elevated, code: 78, findings: ["error spec.securityContext.runAsUser identity.not-the-caller"]),
        Case(
            name: "another uid, without them",
            spec: SpecText(
                pod: "securityContext: {runAsUser: 1001, runAsGroup: 2000}",
                container: container("allowPrivilegeEscalation: false")),
            start: .bare, code: 125,
            findings: [
                "error spec.securityContext.runAsUser identity.cannot-become",
                "warning \(own).allowPrivilegeEscalation pod.elevation-forbidden",
            ]),
        Case(
            name: "no group", spec: SpecText(pod: "securityContext: {runAsUser: 1000}"), start: .elevated, code: 78,
            findings: ["error \(own).runAsGroup identity.not-the-caller"]),
        Case(
            name: "the group as a further one, with file capabilities",
            spec: SpecText(pod: "securityContext: {runAsUser: 1000, runAsGroup: 7, supplementalGroups: [2000]}"),
            start: .elevated),
        Case(
            name: "the group as a further one, without them",
            spec: SpecText(
                pod: "securityContext: {runAsUser: 1000, runAsGroup: 7, fsGroup: 2000}",
                container: container("allowPrivilegeEscalation: false")),
            start: .bare,
            findings: [
                "warning spec.securityContext.runAsGroup identity.primary-group",
                "warning \(own).allowPrivilegeEscalation pod.elevation-forbidden",
            ]),
        Case(
            name: "the container's own uid counts",
            spec: SpecText(
                pod: "securityContext: {runAsUser: 5, runAsGroup: 2000}", container: container("runAsUser: 1000")),
            start: .elevated),
    ]

    static let variables = [
        Case(
            name: "nothing asked for", spec: SpecText(environment: [:]), start: .root, code: 0,
            findings: ["warning spec.containers[0].env settings.nothing-prepared"]),
        Case(
            name: "one missing", spec: SpecText(environment: SpecText.identity(["NB_UID": nil])), start: .root,
            code: 78,
            findings: ["error spec.containers[0].env settings.incomplete"]),
        Case(
            name: "what the image's configuration may have",
            spec: SpecText(environment: SpecText.identity(["SCRATCH_HOME_ROOT": nil, "WORKING_DIR": nil])),
            start: .root,
            findings: ["warning spec.containers[0].env settings.incomplete"]),
        Case(
            name: "one empty", spec: SpecText(environment: SpecText.identity(["NB_UID": ""])), start: .root, code: 78,
            findings: ["error spec.containers[0].env settings.incomplete"]),
        Case(
            name: "root's id", spec: SpecText(environment: SpecText.identity(["NB_UID": "0"])), start: .root, code: 78,
            findings: ["error spec.containers[0].env[2].value settings.invalid-value"]),
        Case(
            name: "a misspelt name",
            spec: SpecText(environment: SpecText.identity(["NB_UIDS": "1", "ENTRYPOINT_GRAZE": "1"])),
            start: .root, code: 78,
            findings: [
                "error spec.containers[0].env[4].value settings.misspelt-variable",
                "warning spec.containers[0].env[0].value settings.unknown-variable",
            ]),
        Case(
            name: "a secret in the spec", spec: SpecText(environment: SpecText.identity(["HF_TOKEN": "hunter2"])),
            start: .root,
            findings: ["warning spec.containers[0].env[0].value pod.secret-in-plain"]),
        Case(
            name: "policy of the image, from a pod with file capabilities",
            spec: SpecText(pod: user, environment: SpecText.identity(["IDENTITY_SUDO": "all"])), start: .elevated,
            findings: ["warning spec.containers[0].env[0].value settings.image-policy"]),
        Case(
            name: "an id of a Secret that nobody has given",
            spec: SpecText(environment: SpecText.identity(["NB_UID": "{secretKeyRef: {name: jane, key: uid}}"])),
            start: .root,
            findings: ["note spec.containers[0].env[2].valueFrom.secretKeyRef pod.value-unknown"]),
        Case(
            name: "all of a Secret that nobody has given",
            spec: SpecText(container: "args: [\"true\"]\nenvFrom: [{secretRef: {name: jane}}]", environment: [:]),
            start: .root,
            findings: ["note spec.containers[0].envFrom[0].secretRef pod.value-unknown"]),
        Case(
            name: "a key that the Secret lacks",
            spec: SpecText(
                environment: SpecText.identity(["NB_UID": "{secretKeyRef: {name: jane, key: uid}}"]),
                further: "---\nkind: Secret\nmetadata: {name: jane}\nstringData: {gid: \"1\"}\n"),
            start: .root, code: 125,
            findings: [
                "error spec.containers[0].env[2].valueFrom.secretKeyRef.key pod.reference-missing",
                "note spec.containers[0].env[2].valueFrom.secretKeyRef pod.value-unknown",
            ]),
    ]

    @Test func `the page has every message, as the code has it`() throws {
        try Page("Kubernetes").expectTable(PodMessage.table, of: "PodMessage.table")
    }

    @Test(arguments: starts + identities + variables) func `a spec is predicted with the fields at fault`(tried: Case)
        throws
    {
        let forecast = try tried.spec.forecast()
        #expect(forecast.summaries == tried.findings, "\(forecast.text(.plain))")
        #expect(forecast.start.start == tried.start && forecast.exitCode == tried.code, "\(forecast.text(.plain))")
        // A plan of JSON says the same.
        let json = try JSON(reading: Array(forecast.json.text.utf8))
        #expect(json == forecast.json)
        #expect(forecast.json.text.contains("\"start\":{\"start\":\"\(tried.start.rawValue)\""))
    }

    @Test func `each message is met in a spec of these tests`() {
        let cases = Self.starts + Self.identities + Self.variables + PodPlacesTests.volumes + PodPlacesTests.commands
        let met = Set(cases.flatMap(\.findings).map { String($0.split(separator: " ").last ?? "") })
        let elsewhere: [PodMessage] = [.wrongType, .variableTwice, .variableName]
        for message in PodMessage.allCases where !elsewhere.contains(message) {
            #expect(met.contains(message.rawValue), "\(message.rawValue)")
        }
        #expect(Set(PodMessage.allCases.map(\.rawValue)).isDisjoint(with: MessageIdentifier.allCases.map(\.rawValue)))
    }

    @Test func `no remedy that a restricted cluster refuses is given without saying so`() throws {
        let all = Self.starts + Self.identities + Self.variables + PodPlacesTests.volumes + PodPlacesTests.commands
        let refused = ["allowPrivilegeEscalation: true", "capabilities.add", "out of drop", "privileged: true"]
        for tried in all {
            for finding in try tried.spec.forecast().findings where refused.contains(where: finding.remedy.contains) {
                #expect(finding.isForbiddenRestricted && finding.line.contains("restricted"), "\(finding.line)")
            }
        }
    }

    @Test func `a prediction is told in lines, and as JSON`() throws {
        var spec = SpecText(
            pod: "securityContext: {runAsUser: 1001, fsGroup: 3000}",
            container: Self.container("allowPrivilegeEscalation: false"),
            environment: SpecText.identity(["HF_TOKEN": "hunter2", "ENTRYPOINT_STOP_TIMEOUT": "25"]))
        let folder = "Tests/UserSideTests/Golden/"
        let wrong = try spec.forecast()
        try Golden.expect(wrong.text(.plain), in: folder + "pod-wrong.txt")
        spec.pod = "securityContext: {runAsUser: 1000, runAsGroup: 2000, fsGroup: 3000}"
        let right = try spec.forecast()
        try Golden.expect(right.text(.plain), in: folder + "pod-bare.txt")
        try Golden.expect(right.json.indented() + "\n", in: folder + "pod-bare.json")
        spec.container = "args: [\"true\"]"
        try Golden.expect(spec.forecast().text(.plain), in: folder + "pod-elevated.txt")
        spec.pod = ""
        try Golden.expect(spec.forecast().text(.plain), in: folder + "pod-root.txt")
        #expect(!wrong.text(.plain).contains("hunter2") && !right.json.text.contains("hunter2"))
        let colour = wrong.text(OutputStyle(hasColour: true, columns: 80))
        #expect(colour.replacing(/\u{1B}\[[0-9;]*m/, with: "") == wrong.text(.plain) && colour != wrong.text(.plain))
    }
}
