import Foundation
import Linux
import TestSupport
import Testing

import enum Boot.ReportFile

/// What `entrypointctl plan --pod-spec` predicts, beside what becomes of containers that are started so.
@Suite(.containers)
struct PodSpecTests {
    /// A pod spec, and a container that is started as it says.
    struct Case: CustomTestStringConvertible {
        var testDescription: String
        /// The security contexts, in flow style.
        var pod = ""
        var own = ""
        var programs = Programs.plain
        var environment = Environment.spec
        /// The image's configuration.
        var policy = ""
        /// Whether every change is predicted.
        var isWhole = true
        /// Starts the container as the spec says.
        var prepare: @Sendable (Container) -> Void = { _ in }
        /// How it is started: `root`, `elevated` or `bare`.
        var start = "root"
        var exitCode: Int32 = 0
        /// What the boot ends with.
        var id = ""
    }

    private static let user = "runAsUser: 1000, runAsGroup: 2000"
    @Sendable private static func asUser(_ container: Container) { (container.user, container.group) = (1000, 2000) }

    static let cases = [
        Case(testDescription: "root"),
        Case(testDescription: "root with groups of the pod", pod: "fsGroup: 3000, supplementalGroups: [5000]") {
            $0.groups = [3000, 5000]
        },
        Case(testDescription: "root without privilege escalation", own: "allowPrivilegeEscalation: false") {
            $0.noNewPrivileges = true
        },
        Case(
            testDescription: "root without capabilities", own: "capabilities: {drop: [ALL]}",
            prepare: { $0.capabilities = [] }, exitCode: 125, id: "identity.ids-refused"),
        Case(
            testDescription: "what the image's configuration has",
            environment: .spec.without("SCRATCH_HOME_ROOT", "WORKING_DIR"),
            policy: "{scratch: {homeRoot: /scratch/homes, workingDirectory: /scratch}, identity: {sudo: none}}\n"),
        Case(
            testDescription: "a read-only root file system", own: "readOnlyRootFilesystem: true", isWhole: false,
            prepare: {
                $0.readOnly = true
                $0.mounts = [.memory("/run", "mode=1777"), .memory("/tmp", "mode=1777")]
            }),
        Case(
            testDescription: "elevated", pod: user, programs: .elevated, prepare: asUser, start: "elevated"),
        Case(
            testDescription: "elevated with the group as a further one",
            pod: "runAsUser: 1000, runAsGroup: 7, supplementalGroups: [2000]", programs: .elevated,
            prepare: { ($0.user, $0.group, $0.groups) = (1000, 7, [2000]) }, start: "elevated"),
        Case(
            testDescription: "bare", pod: user, own: "allowPrivilegeEscalation: false", programs: .elevated,
            prepare: {
                asUser($0)
                $0.noNewPrivileges = true
            }, start: "bare"),
        Case(testDescription: "bare, without file capabilities", pod: user, prepare: asUser, start: "bare"),
        Case(
            testDescription: "bare, with the group as a further one",
            pod: "runAsUser: 1000, runAsGroup: 7, fsGroup: 2000",
            prepare: { ($0.user, $0.group, $0.groups) = (1000, 7, [2000]) }, start: "bare"),
        Case(
            testDescription: "without the capabilities that count", pod: user,
            own: "capabilities: {drop: [SETUID, SETGID]}",
            programs: .elevated,
            prepare: { container in
                asUser(container)
                container.capabilities.removeAll { ["SETUID", "SETGID"].contains($0) }
            }, start: "bare"),
        Case(
            testDescription: "restricted", pod: user + ", runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}",
            own: "allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}", programs: .elevated,
            prepare: {
                asUser($0)
                ($0.noNewPrivileges, $0.capabilities) = (true, [])
            }, start: "bare"),
        Case(
            testDescription: "a variable that is missing", environment: .spec.without("NB_GID"), exitCode: 78,
            id: "settings.incomplete"),
        Case(
            testDescription: "a value that is none", environment: .spec.with(["NB_UID": "root"]), exitCode: 78,
            id: "settings.invalid-value"),
        Case(
            testDescription: "another uid, elevated", pod: "runAsUser: 1001, runAsGroup: 2000", programs: .elevated,
            prepare: { ($0.user, $0.group) = (1001, 2000) }, start: "elevated", exitCode: 78,
            id: "identity.not-the-caller"),
        Case(
            testDescription: "another uid, bare", pod: "runAsUser: 1001, runAsGroup: 2000",
            prepare: { ($0.user, $0.group) = (1001, 2000) }, start: "bare", exitCode: 125, id: "identity.cannot-become"),
        Case(
            testDescription: "another group, elevated", pod: "runAsUser: 1000", programs: .elevated,
            prepare: { ($0.user, $0.group) = (1000, 0) }, start: "elevated", exitCode: 78, id: "identity.not-the-caller"
        ),
    ]

    @Test(arguments: cases) func `a pod spec is predicted as its container is started`(tried: Case) throws {
        try withContainer(.debian, tried.programs) { container in
            try container.makeDirectory("/scratch/homes", mode: 0o770, group: 2000)
            try container.makeDirectory("/scratch/hf_cache", mode: 0o2770, group: 2000)
            try container.write("/etc/entrypoint.yaml", ByteString(tried.policy))
            try withRunDirectory { directory in
                let file = directory + "/pod.yaml"
                try tried.text.write(toFile: file, atomically: false, encoding: .utf8)
                let alone = try Self.predict(["--pod-spec", "\(file)"])
                let image: [ByteString] = [
                    "--pod-spec", "\(file)", "--root", "\(container.root)", "--mount",
                    "/scratch=\(container.root)/scratch",
                ]
                let whole = try Self.predict(image)
                let plan = try Self.control(["plan"] + image)
                let before = try container.changes()
                tried.prepare(container)
                // A volume, as the spec has it.
                container.mounts.append(.bind(container.root + "/scratch", to: "/scratch"))
                container.environment = .container.with(tried.environment).with(["ENTRYPOINT_LOG_FORMAT": "json"])
                let boot = try container.boot("/usr/local/bin/entrypointctl", "report", "--json")
                #expect(boot.exitCode == tried.exitCode, "\(boot)")
                #expect(!before.keys.contains("/home/jane"), "a plan changes nothing")
                try Self.compare(whole, with: boot, tried)
                #expect([whole.start.start, whole.start.otherwise].contains(tried.start), "\(plan)")
                #expect([alone.start.start, alone.start.otherwise].contains(tried.start), "\(alone)")
                if alone.start.start == tried.start { try Self.compare(alone, with: boot, tried, isWhole: false) }
                if boot.exitCode == 0 && tried.isWhole {
                    let report = try ReportFile.read(boot.standardOutput.bytes).boot
                    #expect(PlannedBoot(plan).differences(from: report) == [], "\(plan)\n\(boot)")
                }
            }
        }
    }

    @Test func `what this machine has in memory is not the pod's`() throws {
        try withContainer(.debian, .plain) { container in
            try container.makeDirectory("/scratch/homes", mode: 0o770, group: 2000)
            var program = Program(
                "\(try TestMachine.programs)/entrypointctl",
                [
                    "plan", "--pod-spec", "-", "--root", "\(container.root)", "--mount",
                    "/scratch=\(container.root)/scratch",
                ])
            program.environment = .container
            let spec = try #require(Self.cases.first { $0.testDescription == "bare" }?.text)
            (program.standardInput, program.input) = (.pipe, ByteString(spec))
            // As a boot on this machine leaves it.
            let left = "/dev/shm/entrypoint-huggingface-1000"
            defer { rmdir(left) }
            try #require((mkdir(left, 0o700) == 0 || errno == EEXIST) && chown(left, 1000, 2000) == 0)
            let plan = try program.run()
            let line = "would change  scratch: place /scratch/homes/jane/.cache/huggingface/token ends with the"
            #expect(plan.output.contains(line), "\(plan)")
        }
    }

    /// A prediction, as JSON has it.
    struct Prediction: Decodable {
        struct Start: Decodable { var start: String, otherwise: String? }
        struct Identity: Decodable { var uid: UInt32, gid: UInt32, groups: [UInt32] }
        struct Finding: Decodable { var severity: String, id: String }

        var exitCode: Int32
        var start: Start
        var identity: Identity?
        var findings: [Finding]
    }

    private static func control(_ arguments: [ByteString]) throws -> Outcome {
        var program = Program("\(try TestMachine.programs)/entrypointctl", arguments)
        // What this process has is not the pod's.
        program.environment = Environment.container.with(["NB_USER": "nobody", "HOME": "/nowhere"])
        return try program.run()
    }

    private static func predict(_ arguments: [ByteString]) throws -> Prediction {
        let outcome = try control(["plan", "--json"] + arguments)
        let prediction = try? JSONDecoder().decode(Prediction.self, from: Data(outcome.standardOutput.bytes))
        guard let prediction else { throw TestFailure("\(outcome)") }
        #expect(prediction.exitCode == outcome.exitCode, "\(outcome)")
        return prediction
    }

    /// - Parameter isWhole: whether the prediction knows the image's groups.
    private static func compare(_ prediction: Prediction, with boot: Outcome, _ tried: Case, isWhole: Bool = true)
        throws
    {
        #expect(prediction.exitCode == (boot.exitCode == 0 ? 2 : boot.exitCode), "\(prediction)\n\(boot)")
        guard boot.exitCode == 0 else {
            #expect(prediction.identity == nil)
            #expect(prediction.findings.contains { $0.severity == "error" && $0.id == tried.id }, "\(prediction)")
            #expect(boot.errors.contains("\"id\":\"\(tried.id)\""), "\(boot)")
            return
        }
        let report = try ReportFile.read(boot.standardOutput.bytes).boot
        let identity = try #require(prediction.identity)
        let user = try #require(report.user).credentials
        #expect(report.start == prediction.start.start && report.start == tried.start, "\(prediction)")
        #expect([identity.uid, identity.gid] == [user.user, user.group], "\(prediction) \(user)")
        // The image's groups are the image's.
        #expect(
            identity.groups
                == (isWhole ? user.groups.sorted() : user.groups.sorted().filter { ![4, 27].contains($0) }),
            "\(prediction) \(user)")
        #expect(!prediction.findings.contains { $0.severity == "error" }, "\(prediction)")
    }

    @Test func `arguments for a pod spec that make no sense are told, with code 64`() throws {
        try withRunDirectory { directory in
            let (good, bad) = (directory + "/pod.yaml", directory + "/bad.yaml")
            try Self.cases[0].text.write(toFile: good, atomically: false, encoding: .utf8)
            try "kind: Pod\nspec: &x {a: 1}\nspec: 2\n".write(toFile: bad, atomically: false, encoding: .utf8)
            for (arguments, message) in [
                (["--name", "x"], "Error: --name and --container choose of a pod spec"),
                (["--pod-spec", "-", "--pod-spec", "-"], "Error: --pod-spec -: standard input can be read once"),
                (
                    ["--pod-spec", "\(directory)/none"],
                    "Error: cannot read \(directory)/none: no such file or directory"
                ),
                (["--pod-spec", "\(directory)"], "Error: cannot read \(directory): is a directory"),
                (["--pod-spec", "/dev/null"], "Error: there is no workload in it"),
                (["--pod-spec", "\(bad)"], "\(bad):2:7: "),
                (
                    ["--pod-spec", "\(good)", "--name", "other"],
                    "Error: --name: there is no workload other in it; there is Pod/jane"
                ),
                (
                    ["--pod-spec", "\(good)", "--container", "other"],
                    "Error: --container: the pod has no container other"
                ),
                (["--pod-spec", "\(good)", "--mount", "/scratch=/usr"], "Error: --mount stands for what a pod mounts"),
            ] as [([ByteString], String)] {
                let outcome = try Self.control(["plan"] + arguments)
                #expect(
                    outcome.exitCode == 64 && outcome.output == "" && outcome.errors.hasPrefix(message), "\(outcome)")
            }
            let wrong = try Self.control(["plan", "--pod-spec", "\(bad)"])
            #expect(
                wrong.errorLines.count == 2 && wrong.errorLines[1].hasPrefix("\(bad):3:1: spec: the key is already"),
                "\(wrong)")
        }
    }

    @Test func `who is neither root nor the pod's user promises nothing of an image's files`() throws {
        let spec = try #require(Self.cases.first { $0.testDescription == "bare" }?.text)
        var program = Program(
            "\(try TestMachine.programs)/entrypointctl", ["plan", "--pod-spec", "-", "--root", "/usr"])
        program.environment = .container
        (program.standardInput, program.input) = (.pipe, ByteString(spec))
        for (user, isPlan) in [(3333, false), (1000, true), (0, true)] as [(UInt32, Bool)] {
            program.credentials = .init(user: user, group: 2000, groups: [])
            let outcome = try program.run()
            let note = "note          what user 1000 may do in /usr is seen by root, and by that user"
            #expect(outcome.output.contains(note) == !isPlan && outcome.exitCode != 64, "\(outcome)")
            #expect(outcome.output.contains("as the image and its volumes allow") == !isPlan, "\(outcome)")
        }
    }

    @Test func `a spec comes on standard input, and the image's USER is what people say`() throws {
        var program = Program(
            "\(try TestMachine.programs)/entrypointctl", ["plan", "--json", "--pod-spec", "-", "--start", "bare"])
        program.environment = .container
        program.standardInput = .pipe
        program.input = ByteString(Self.cases[0].text)
        let outcome = try program.run()
        let prediction = try JSONDecoder().decode(Prediction.self, from: Data(outcome.standardOutput.bytes))
        #expect(
            outcome.exitCode == 2 && prediction.start.start == "bare" && prediction.identity?.gid == 2000, "\(outcome)")
    }
}

extension Environment {
    /// What the pod spec of these tests sets.
    fileprivate static let spec = Environment.pod.without("PATH", "HOME")
}

extension PodSpecTests.Case {
    /// The spec.
    fileprivate var text: String {
        var text = "kind: Pod\nmetadata: {name: jane}\nspec:\n"
        if !pod.isEmpty { text += "  securityContext: {\(pod)}\n" }
        text += "  containers:\n  - name: main\n    args: [\"true\"]\n"
        if !own.isEmpty { text += "    securityContext: {\(own)}\n" }
        text += "    env:\n"
        for entry in environment.entries {
            let parts = entry.text.split(separator: "=", maxSplits: 1).map(String.init)
            text += "    - {name: \(parts[0]), value: \"\(parts.count > 1 ? parts[1] : "")\"}\n"
        }
        return text
            + "    volumeMounts: [{name: scratch, mountPath: /scratch}]\n  volumes: [{name: scratch, hostPath: {path: /srv}}]\n"
    }
}
