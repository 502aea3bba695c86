import TestSupport

@testable import Boot
@testable import UserSide

/// A pod spec that is made of parts.
struct SpecText {
    /// Lines of the pod's spec, in flow style or block style.
    var pod = ""
    /// Lines of the container.
    var container = "args: [\"true\"]"
    var environment = SpecText.identity
    var mounts = ["{name: scratch, mountPath: /scratch}"]
    var volumes = ["{name: scratch, persistentVolumeClaim: {claimName: lab}}"]
    /// Documents after the pod.
    var further = ""

    /// What a pod for jane (1000:2000, group lab) sets.
    static let identity = [
        "NB_USER": "jane", "NB_UID": "1000", "NB_GROUP": "lab", "NB_GID": "2000", "SCRATCH_HOME_ROOT": "/scratch/homes",
        "WORKING_DIR": "/scratch/homes/jane",
    ]

    /// The same, with some variables set and some removed.
    static func identity(_ other: [String: String?]) -> [String: String] {
        var values = identity
        for (name, value) in other { values[name] = value }
        return values
    }

    private static func lines(_ text: String, indented by: Int) -> String {
        text.split(separator: "\n").map { String(repeating: " ", count: by) + $0 + "\n" }.joined()
    }

    var text: String {
        var text = "kind: Pod\nmetadata: {name: jane}\nspec:\n" + Self.lines(pod, indented: 2)
        text += "  containers:\n  - name: main\n" + Self.lines(container, indented: 4)
        // In an order that is always the same.
        if !environment.isEmpty { text += "    env:\n" }
        for (name, value) in environment.sorted(by: { $0.key < $1.key }) {
            text +=
                value.hasPrefix("{")
                ? "    - {name: \(name), valueFrom: \(value)}\n" : "    - {name: \(name), value: \"\(value)\"}\n"
        }
        if !mounts.isEmpty {
            text += "    volumeMounts:\n" + Self.lines(mounts.map { "- " + $0 }.joined(separator: "\n"), indented: 4)
        }
        if !volumes.isEmpty {
            text += "  volumes:\n" + Self.lines(volumes.map { "- " + $0 }.joined(separator: "\n"), indented: 2)
        }
        return text + further
    }

    func forecast(_ question: PodReading.Question = PodReading.Question()) throws -> PodForecast {
        try PodForecast.of(text, question)
    }
}

extension PodForecast {
    /// The prediction for a file `pod.yaml`.
    static func of(_ text: String, _ question: PodReading.Question = PodReading.Question()) throws -> PodForecast {
        try PodReading([("pod.yaml", Array(text.utf8))]).forecast(question)
    }

    /// The findings as `SEVERITY FIELD ID`.
    var summaries: [String] { findings.map { "\($0.severity.rawValue) \($0.field.path) \($0.id)" } }
}

/// Why a text is refused as a file of specs; nothing for one that is read.
func refusals(_ text: some Sequence<UInt8>) -> [String] {
    do throws(SpecFileError) {
        _ = try PodReading([("f", Array(text))])
        return []
    } catch {
        return error.lines
    }
}
