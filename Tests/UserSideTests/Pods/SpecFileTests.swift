import TestSupport
import Testing
import Text

@testable import UserSide
@testable import YAML

/// Files of pod specs: which documents and workloads they have, and whatever people and others write into them.
struct SpecFileTests {
    private static let pod = "{kind: Pod, metadata: {name: p}, spec: {containers: [{name: main}]}}"
    private static let template = "{spec: {containers: [{name: main}]}}"

    @Test(
        arguments: [
            ("Pod", "{containers: [{name: main}]}"), ("Job", "{template: \(template)}"),
            ("Deployment", "{template: \(template)}"),
            ("StatefulSet", "{template: \(template)}"), ("DaemonSet", "{template: \(template)}"),
            ("ReplicaSet", "{template: \(template)}"), ("CronJob", "{jobTemplate: {spec: {template: \(template)}}}"),
            ("PyTorchJob", "{pytorchReplicaSpecs: {Master: {template: \(template)}, Worker: {template: \(template)}}}"),
            ("JobSet", "{replicatedJobs: [{name: a, template: {spec: {template: \(template)}}}]}"),
        ])
    func `each kind that makes pods is read`(kind: String, spec: String) throws {
        let text = "{kind: \(kind), metadata: {name: w}, spec: \(spec)}"
        let forecast = try PodForecast.of(text)
        #expect(forecast.text(.plain).hasPrefix("workload      \(kind)/w"), "\(forecast.text(.plain))")
        #expect(
            try PodForecast.of("{kind: List, items: [{kind: Service}, \(text)]}").pod.facts.container.name == "main")
    }

    @Test(
        arguments: [
            ("a", "containers[0] a"), ("Pod/a", "containers[0] a"), ("job/Worker", "Worker"),
            ("PyTorchJob/job/Worker", "Worker"),
            ("job", "Master"),
            ("b", "--name: there is no workload b in it; there is Pod/a, PyTorchJob/job/Master, PyTorchJob/job/Worker"),
            (
                nil,
                "there are 2 workloads in it: choose one with --name: Pod/a, PyTorchJob/job/Master, PyTorchJob/job/Worker"
            ),
        ] as [(String?, String)])
    func `a workload is chosen by its name`(name: String?, expected: String) throws {
        let text = """
            {kind: Pod, metadata: {name: a}, spec: {containers: [{name: containers[0] a}]}}
            ---
            kind: PyTorchJob
            metadata: {name: job}
            spec:
              pytorchReplicaSpecs:
                Master: {template: {spec: {containers: [{name: Master}]}}}
                Worker: {template: {spec: {containers: [{name: Worker}]}}}
            """.replacing("{name: containers[0] a}", with: "{name: \"containers[0] a\"}")
        do throws(FormatError) {
            let reading = try? PodReading([("f", Array(text.utf8))])
            #expect(try reading?.forecast(.init(workload: name)).pod.facts.container.name == expected)
        } catch {
            #expect(error.expected == expected)
        }
    }

    @Test(
        arguments: [
            ("[{name: a, command: [x]}]", nil, "a"), ("[{name: a, command: [x]}, {name: b}]", nil, "b"),
            ("[{name: a}, {name: b, command: [/x/entrypoint]}]", nil, "b"),
            ("[{name: a, command: [x]}, {name: b, command: [y]}]", nil, "a"),
            ("[{name: a}, {name: b}]", "b", "b"), ("[{name: a}]", "i", "i"),
            ("[{name: a}]", "c", "--container: the pod has no container c; there is a and i (an init container)"),
            ("[]", nil, "the pod has no containers"),
        ] as [(String, String?, String)])
    func `a container is chosen by its name, or because it starts entrypoint`(
        list: String, name: String?, expected: String
    ) throws {
        let text = "{kind: Pod, spec: {containers: \(list), initContainers: [{name: i}]}}"
        do throws(FormatError) {
            let reading = try? PodReading([("f", Array(text.utf8))])
            #expect(try reading?.forecast(.init(container: name)).pod.facts.container.name == expected)
        } catch {
            #expect(error.expected == expected)
        }
    }

    @Test func `each place is counted from the beginning of the file`() throws {
        let text = "# one\n---\nkind: Service\n...\n# two\n---\r\n# three\n\(Self.pod)\n--- {kind: Secret}\n"
        #expect(try PodForecast.of(text).choice.workload.object.place.text == "pod.yaml:8:1")
    }

    @Test(
        arguments: [
            ("", "there is no workload in it, such as a Pod, a Job or a Deployment"),
            ("# nothing\n---\n---\n", "there is no workload in it, such as a Pod, a Job or a Deployment"),
            ("kind: Service\n", "there is no workload in it, such as a Pod, a Job or a Deployment; found Service"),
        ])
    func `a file without a workload is told so`(text: String, expected: String) throws {
        let reading = try PodReading([("f", Array(text.utf8))])
        #expect(throws: FormatError(expected)) { try reading.forecast(.init()) }
    }

    @Test(
        arguments: [
            ("a: &x 1", "f:1:4: "), ("kind: Pod\n---\nkind: Pod\nspec: *x\n", "f:4:7: "),
            ("--- !!map\na: 1\n", "f:1:5: "),
            ("kind: Pod\nkind: Job\n", "f:2:1: kind: the key is already in line 1, column 1"),
            ("%YAML 1.2\n---\na: 1\n", "f:1:1: "),
            ("a: \"\\0\"", "f:1:4: a: a NUL character"), ("a: \u{0}", "f:1:4: a NUL byte"), ("a: [", "f:2:1: "),
            ("text", "f:1:1: expected an object of Kubernetes"), ("[]", "f:1:1: expected an object of Kubernetes"),
            ("kind: [Pod]", "f:1:1: expected an object of Kubernetes"),
            ("kind: Pod", "f:1:1: Pod/(no name) has no pod"),
            ("{kind: Job, metadata: {name: [x]}, spec: 7}", "f:1:1: Job/(no name) has no pod"),
            ("a: \u{1}", "f:1:4: the control character"),
        ])
    func `what is no spec is refused with its line and column`(text: String, beginning: String) {
        let lines = refusals(text.utf8)
        #expect(lines.first?.hasPrefix(beginning) == true, "\(lines)")
    }

    /// Everything that a file can be made of so that its reader has much to do.
    static let hostile: [(name: String, text: String, isRead: Bool)] = [
        ("deep", String(repeating: "{a: ", count: 5000), false),
        ("deep lists", String(repeating: "[", count: 100_000), false),
        ("many documents", String(repeating: "---\n", count: 200_000), false),
        ("a huge document", "a: " + String(repeating: "x", count: 2 << 20), false),
        (
            "billion laughs", "a: &a [x]\n" + (0..<30).map { "b\($0): &b\($0) [*a, *a, *a]\n" }.joined(), false
        ),
        (
            "many lists",
            "{kind: List, items: [" + String(repeating: "{kind: List, items: [{kind: X}]}, ", count: 20_000) + "]}",
            true
        ),
        ("many workloads", (0..<900).map { "---\n{kind: Pod, metadata: {name: p\($0)}, spec: {}}\n" }.joined(), true),
        (
            "control characters",
            "{kind: Pod, metadata: {name: \"\\e[31m\\u202E\"}, spec: {containers: [{name: \"\\e]0;x\\a\"}]}}", true
        ),
    ]

    @Test(arguments: hostile.map(\.name)) func `a hostile file is read or refused soon, in few lines`(name: String)
        throws
    {
        let file = try #require(Self.hostile.first { $0.name == name })
        let clock = ContinuousClock()
        let time = clock.measure {
            let lines = refusals(file.text.utf8)
            #expect(
                lines.isEmpty == file.isRead && lines.count <= 60 && lines.allSatisfy { $0.utf8.count < 1000 },
                "\(lines.prefix(3))")
        }
        #expect(time < .seconds(10))
        guard file.isRead, let text = try? PodForecast.of(file.text).text(.plain) else { return }
        #expect(!text.contains("\u{1B}") && !text.contains("\u{202E}"), "\(text)")
    }

    /// Every field that is read, with values of every type.
    @Test func `a value of a wrong type in any field is told, and nothing else happens`() throws {
        let whole = """
            kind: Pod
            metadata: {name: p, namespace: n}
            spec:
              hostUsers: true
              shareProcessNamespace: false
              terminationGracePeriodSeconds: 30
              securityContext: {runAsUser: 1, runAsGroup: 1, runAsNonRoot: true, fsGroup: 1, supplementalGroups: [1], seccompProfile: {type: x}}
              initContainers: [{name: i, command: [x], args: [x], volumeMounts: [{name: v, mountPath: /v, subPath: x, readOnly: true}]}]
              containers:
              - name: main
                args: [x]
                tty: true
                securityContext: {allowPrivilegeEscalation: true, privileged: false, readOnlyRootFilesystem: false, capabilities: {add: [X], drop: [X]}}
                env: [{name: A, value: x}, {name: B, valueFrom: {secretKeyRef: {name: s, key: k, optional: true}}}, {name: C, valueFrom: {fieldRef: {fieldPath: x}}}]
                envFrom: [{prefix: x, configMapRef: {name: c}}]
                volumeMounts: [{name: v, mountPath: /v}, {name: s, mountPath: /s}]
              volumes: [{name: v, emptyDir: {}}, {name: s, secret: {secretName: x, defaultMode: 0440, items: [{key: a, path: b}]}}]
            """
        let document = try #require(try YAML.parse(Array(whole.utf8)))
        let values = ["-1", "99999999999999999999", "true", "\"\\u202E\"", "~", "[[]]", "[~]", "[{}]", "{a: b}"]
        var count = 0
        for path in paths(document) {
            for value in values {
                let other = try #require(try YAML.parse(Array(value.utf8)))
                let text = written(document, replacing: path[...], by: other)
                guard let reading = try? PodReading([("f", Array(text.utf8))]),
                    let forecast = try? reading.forecast(.init())
                else { continue }
                #expect(!forecast.text(.plain).contains("\u{202E}"))
                count += 1
            }
        }
        #expect(count > 400)
    }

    @Test(
        arguments: [
            ("yes", SpecScalar.boolean(true)), ("Off", .boolean(false)), ("n", .boolean(false)), ("nO", .text("nO")),
            ("010", .integer(8)), ("0o17", .integer(15)),
            ("0x1F", .integer(31)), ("1_000", .integer(1000)), ("-7", .integer(-7)),
            ("99999999999999999999", .integer(nil)),
            ("1.5", .fraction), ("1e3", .fraction), (".inf", .fraction), ("1.2.3", .text("1.2.3")), ("08", .fraction),
            ("0x", .text("0x")),
            ("\"1\"", .text("1")), ("1a", .text("1a")), ("-", .text("-")), ("+", .text("+")), (".", .text(".")),
            ("1e", .text("1e")),
        ])
    func `text without quotes is what Kubernetes reads`(text: String, expected: SpecScalar) throws {
        let document = try #require(try YAML.parse(Array("[\(text)]".utf8)))
        guard case .sequence(let items) = document.content, let item = items.first else {
            Issue.record("no list")
            return
        }
        #expect(SpecScalar(item) == expected)
    }
}

/// The ways to each value of a tree: keys and indices.
private func paths(_ node: YAML.Node) -> [[Int]] {
    switch node.content {
    case .scalar: [[]]
    case .sequence(let items): [[]] + items.enumerated().flatMap { index, item in paths(item).map { [index] + $0 } }
    case .mapping(let entries):
        [[]] + entries.enumerated().flatMap { index, entry in paths(entry.value).map { [index] + $0 } }
    }
}

/// The tree as YAML in flow style, with another value in one place.
private func written(_ node: YAML.Node, replacing path: ArraySlice<Int>?, by other: YAML.Node) -> String {
    if let path, path.isEmpty { return written(other, replacing: nil, by: other) }
    func rest(_ index: Int) -> ArraySlice<Int>? { path?.first == index ? path?.dropFirst() : nil }
    switch node.content {
    case .scalar(let text, let isPlain): return isPlain ? (text.isEmpty ? "~" : text) : JSON.string(text).text
    case .sequence(let items):
        return "["
            + items.enumerated().map { written($0.element, replacing: rest($0.offset), by: other) }.joined(
                separator: ", ") + "]"
    case .mapping(let entries):
        return "{"
            + entries.enumerated().map {
                "\($0.element.key): " + written($0.element.value, replacing: rest($0.offset), by: other)
            }
            .joined(separator: ", ") + "}"
    }
}
