import Testing
import Text

@testable import Boot
@testable import UserSide

/// The variables that a spec gives a container, as Kubernetes makes them.
struct PodEnvironmentTests {
    /// The variables of a container as `NAME=VALUE`, with `?` for a value that is not known, and `*` after the name of a secret.
    private static func variables(_ container: String, _ further: String = "") throws -> [String] {
        let text =
            "kind: Pod\nmetadata: {name: jane-0, namespace: lab}\nspec: {containers: [{name: main, \(container)}]}\n"
            + further
        return try PodForecast.of(text).pod.environment.variables.map {
            "\($0.name)\($0.isSecret ? "*" : "")=\($0.value ?? "?")"
        }
    }

    private static let objects = """
        ---
        {kind: Secret, metadata: {name: s}, data: {A: aGk=, B: "!", C: AA==}, stringData: {D: plain, A: over}}
        ---
        {kind: ConfigMap, metadata: {name: c}, data: {X: "1", Y: "$(X)"}}
        """

    @Test(
        arguments: [
            ("env: [{name: A, value: x}, {name: B, value: $(A)/$(A)}]", ["A=x", "B=x/x"]),
            ("env: [{name: A, value: $(B)}, {name: B, value: $$(A)$$}]", ["A=$(B)", "B=$(A)$"]),
            ("env: [{name: A, value: a}, {name: A, value: $(A)b}]", ["A=ab"]),
            ("env: [{name: A, value: $(}, {name: B, value: $}, {name: C, value: $()}]", ["A=$(", "B=$", "C=$()"]),
            ("env: [{name: A}]", ["A="]),
            ("envFrom: [{configMapRef: {name: c}}], env: [{name: X, value: 2$(Y)}]", ["X=2$(X)", "Y=$(X)"]),
            ("envFrom: [{prefix: P_, secretRef: {name: s}}]", ["P_D*=plain", "P_A*=over", "P_B*=?", "P_C*=?"]),
            ("envFrom: [{secretRef: {name: other}}]", []),
            (
                "env: [{name: A, valueFrom: {secretKeyRef: {name: s, key: A}}}, {name: B, value: /$(A)}]",
                ["A*=over", "B*=/over"]
            ),
            (
                "env: [{name: A, valueFrom: {secretKeyRef: {name: n, key: A}}}, {name: B, value: /$(A)}]",
                ["A*=?", "B*=?"]
            ),
            ("env: [{name: A, valueFrom: {secretKeyRef: {name: s, key: no, optional: true}}}]", []),
            (
                "env: [{name: MY_TOKEN, value: x}, {name: A, value: /$(MY_TOKEN)}, {name: B, value: $(A)}]",
                ["MY_TOKEN=x", "A*=/x", "B*=/x"]
            ),
            (
                "env: [{name: U, value: 'https://j:p@h'}, {name: A, value: $(U)}]",
                ["U=https://j:p@h", "A*=https://j:p@h"]
            ),
            ("env: [{name: A, valueFrom: {configMapKeyRef: {name: c, key: X}}}]", ["A=1"]),
            ("env: [{name: A, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]", ["A=jane-0"]),
            ("env: [{name: A, valueFrom: {fieldRef: {fieldPath: metadata.namespace}}}]", ["A=lab"]),
            ("env: [{name: A, valueFrom: {fieldRef: {fieldPath: status.podIP}}}]", ["A=?"]),
            ("env: [{name: A, valueFrom: {resourceFieldRef: {resource: limits.cpu}}}]", ["A=?"]),
        ])
    func `variables are made as Kubernetes makes them`(container: String, expected: [String]) throws {
        #expect(try Self.variables(container, Self.objects) == expected)
    }

    @Test func `values that double with each variable do not fill the memory`() throws {
        var items = ["{name: V0, value: \(String(repeating: "x", count: 100_000))}"]
        for number in 1..<3000 { items.append("{name: V\(number), value: $(V\(number - 1))$(V\(number - 1))}") }
        let variables = try Self.variables("env: [\(items.joined(separator: ", "))]")
        #expect(variables.count == 3000 && variables.last == "V2999=?")
        #expect(variables.reduce(0) { $0 + $1.utf8.count } < 8 << 20)
    }

    @Test func `what a Secret has is shown nowhere`() throws {
        let names = [
            "NB_USER", "NB_UID", "NB_GROUP", "NB_GID", "SCRATCH_HOME_ROOT", "WORKING_DIR", "HF_TOKEN", "SCRATCH_UMASK",
        ]
        let values = ["hunter2", "123456", "hunters", "654321", "/hunt/er", "/hunting", "hf_hunt", "huntmask"]
        for isWrong in [true, false] {
            let data = zip(names, values).filter { isWrong || $0.0 != "SCRATCH_UMASK" }.map { "\($0): \"\($1)\"" }
            let text = """
                kind: Pod
                spec:
                  containers: [{name: main, args: [x], envFrom: [{secretRef: {name: s}}], volumeMounts: [{name: h, mountPath: /hunt}]}]
                  volumes: [{name: h, hostPath: {path: /x}}]
                ---
                {kind: Secret, metadata: {name: s}, stringData: {\(data.joined(separator: ", "))}}

                """
            let forecast = try PodForecast.of(text)
            #expect(forecast.exitCode == (isWrong ? 78 : 2), "\(forecast.text(.plain))")
            for value in values {
                #expect(!forecast.text(.plain).contains(value), "\(value): \(forecast.text(.plain))")
                #expect(!forecast.json.text.contains(value), "\(value): \(forecast.json.indented())")
            }
            if !isWrong {
                #expect(forecast.text(.plain).contains("as (NB_USER) ((NB_UID):(NB_GID)), groups as the image"))
            }
        }
    }

    @Test func `names are hidden as whole words`() {
        let hidden = HiddenValues([("NB_USER", "jane"), ("ROOT", "/a/b"), ("NB_UID", "1000"), ("EMPTY", "")])
        #expect(hidden.hide(in: "/home/jane as jane, janet") == "/home/(NB_USER) as (NB_USER), janet")
        #expect(hidden.hide(in: "/a/b/c x/a/b 1000:10000") == "(ROOT)/c x(ROOT) (NB_UID):10000")
    }

    @Test func `a name twice, and one that cannot be, are told where they stand`() throws {
        let text = """
            kind: Pod
            spec:
              containers:
              - name: main
                args: [x]
                env:
                - {name: A, value: a}
                - {name: A, value: b}
                - {name: "B=", value: b}
                - {name: C, value: 1, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
            """
        let forecast = try PodForecast.of(text)
        #expect(
            forecast.findings.filter { $0.id != "settings.nothing-prepared" }.map(\.line) == [
                "pod.yaml:9:27: error: spec.containers[0].env[2].value: 'B=' can be no environment's: the API server refuses it "
                    + "[pod.variable-name]",
                "pod.yaml:10:24: error: spec.containers[0].env[3].value: value and valueFrom are both given; remove one "
                    + "[pod.contradiction]",
                "pod.yaml:10:24: error: spec.containers[0].env[3].value: Kubernetes takes text here, and this is a number; write it "
                    + "in quotes [pod.wrong-type]",
                "pod.yaml:8:24: warning: spec.containers[0].env[1].value: A is given in line 7, too, and what is here counts; "
                    + "remove one of them [pod.variable-twice]",
            ], "\(forecast.text(.plain))")
    }
}
