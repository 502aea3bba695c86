internal import Text
internal import YAML

/// What the documents of some files describe: workloads, and what their pods take variables from.
struct SpecObjects {
    private(set) var workloads: [PodWorkload] = []
    /// The Secrets by their names.
    private(set) var secrets: [String: SpecValue] = [:]
    /// The ConfigMaps by their names.
    private(set) var configMaps: [String: SpecValue] = [:]
    /// The kinds that have no pods.
    private(set) var otherKinds: [String] = []

    /// - Throws: which documents have no kind, or are workloads without a pod.
    init(_ documents: [SpecDocument]) throws(SpecFileError) {
        var lines: [String] = []
        for document in documents { add(document.top, &lines) }
        guard lines.isEmpty else { throw SpecFileError(lines) }
    }

    private mutating func add(_ object: SpecValue, _ lines: inout [String]) {
        guard object.isMapping, let kind = object["kind"]?.word, !kind.isEmpty else {
            if lines.count < 50 {
                lines.append(
                    "\(object.place.text): expected an object of Kubernetes, with its kind: Pod, Job or another")
            }
            return
        }
        let name = object["metadata"]?["name"]?.word ?? object["metadata"]?["generateName"]?.word ?? ""
        switch kind {
        case "List": for item in object["items"]?.items ?? [] { add(item, &lines) }
        case "Secret": secrets[name] = secrets[name] ?? object
        case "ConfigMap": configMaps[name] = configMaps[name] ?? object
        default:
            guard let templates = PodWorkload.templates(of: object, kind: kind) else {
                if !otherKinds.contains(kind), otherKinds.count < 10 { otherKinds.append(kind) }
                return
            }
            let workload = PodWorkload(kind: kind, name: name, templates: templates, object: object)
            if templates.isEmpty, lines.count < 50 {
                lines.append("\(object.place.text): \(workload.title) has no pod: its spec has no template with a spec")
            }
            workloads.append(workload)
        }
    }
}

/// A pod, or something that makes pods.
struct PodWorkload {
    /// What the pods of a workload are made from.
    struct Template {
        /// The name of the part of the workload; empty where it has one alone.
        let part: String
        let metadata: SpecValue?
        let spec: SpecValue
    }

    let kind: String
    let name: String
    /// At least one, once it has been read.
    let templates: [Template]
    let object: SpecValue

    /// `Kind/NAME`.
    var title: String { "\(kind.shown(limit: 80))/\(name.isEmpty ? "(no name)" : name.shown(limit: 80))" }

    /// The templates of an object; `nil` for a kind that makes no pods.
    static func templates(of object: SpecValue, kind: String) -> [Template]? {
        func template(_ value: SpecValue?, _ part: String = "") -> [Template] {
            guard let spec = value?["spec"], spec.isMapping else { return [] }
            return [Template(part: part, metadata: value?["metadata"], spec: spec)]
        }
        let spec = object["spec"]
        switch kind {
        case "Pod": return template(object)
        case "PodTemplate": return template(object["template"])
        case "Job", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController":
            return template(spec?["template"])
        case "CronJob": return template(spec?["jobTemplate"]?["spec"]?["template"])
        case "JobSet":
            return (spec?["replicatedJobs"]?.items ?? []).flatMap {
                template($0["template"]?["spec"]?["template"], $0["name"]?.word ?? "")
            }
        default:
            // Training operators name the parts of their jobs: pytorchReplicaSpecs, tfReplicaSpecs, mpiReplicaSpecs.
            guard let parts = spec?.entries.first(where: { $0.key.hasSuffix("ReplicaSpecs") })?.value else {
                return nil
            }
            return parts.entries.flatMap { template($0.value["template"], $0.key) }
        }
    }
}

extension SpecValue {
    /// The text of a scalar, whatever its type.
    var word: String? {
        guard case .scalar(let text, _) = node.content else { return nil }
        return text
    }
}

extension SpecObjects {
    /// The workload and its template that are asked for.
    ///
    /// - Parameter name: `NAME`, `KIND/NAME`, or either with `/PART`; `nil` for the only workload.
    /// - Throws: why there is no answer, with the names that there are.
    func choose(_ name: String?) throws(FormatError) -> (workload: PodWorkload, template: PodWorkload.Template) {
        guard let first = workloads.first else {
            let others = otherKinds.map { $0.shown(limit: 40) }
            let found = others.isEmpty ? "" : "; found \(others.inWords)"
            throw FormatError("there is no workload in it, such as a Pod, a Job or a Deployment\(found)")
        }
        guard let name else {
            guard workloads.count == 1 else {
                throw FormatError("there are \(workloads.count) workloads in it: choose one with --name: \(titles)")
            }
            return (first, first.templates[0])
        }
        var found: [(PodWorkload, PodWorkload.Template)] = []
        for workload in workloads {
            let names = [workload.name, "\(workload.kind)/\(workload.name)"]
            if names.contains(name) {
                found.append((workload, workload.templates[0]))
            } else if let part = workload.templates.first(where: { part in
                !part.part.isEmpty && names.contains { "\($0)/\(part.part)" == name }
            }) {
                found.append((workload, part))
            }
        }
        guard let choice = found.first else {
            throw FormatError("--name: there is no workload \(name.shown(limit: 80)) in it; there is \(titles)")
        }
        guard found.count == 1 else {
            throw FormatError("--name: there are \(found.count) workloads \(name.shown(limit: 80)) in it: \(titles)")
        }
        return choice
    }

    private var titles: String {
        let names = workloads.flatMap { workload in
            workload.templates.map { workload.title + ($0.part.isEmpty ? "" : "/\($0.part.shown(limit: 80))") }
        }
        return names.prefix(20).joined(separator: ", ") + (names.count > 20 ? ", …" : "")
    }
}
