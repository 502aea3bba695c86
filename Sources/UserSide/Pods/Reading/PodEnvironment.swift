internal import Boot
internal import Linux
internal import Text

/// The variables that a spec gives a container.
struct PodEnvironment {
    /// In the order of the spec, each name once.
    private(set) var variables: [PodVariable] = []
    /// What further variables come from that nobody sees here, with the field that says so.
    private(set) var unseen: [SpecSetting<String>] = []
    /// Where each name is among the variables. Names are compared as bytes: as text, different names may be equal.
    private var indices: [[UInt8]: Int] = [:]
    /// The bytes of all values so far.
    private var size = 0
    private let objects: SpecObjects
    private let secrets = Secrets(of: BootSequence.groups)
    private let known: (name: String?, namespace: String?)

    /// The most variables that are looked at.
    private static let most = 5000
    /// The most bytes of all values together; a program can be started with about 2 MiB of them (execve(2)).
    private static let mostBytes = 4 << 20

    init(
        _ container: SpecValue, _ template: PodWorkload.Template, _ workload: PodWorkload, _ objects: SpecObjects,
        _ reader: inout SpecReader
    ) {
        self.objects = objects
        let metadata = workload.object["metadata"]
        // Whatever makes pods gives them names of its own.
        known = (workload.kind == "Pod" ? metadata?["name"]?.word : nil, metadata?["namespace"]?.word)
        for item in reader.mappings(container["envFrom"]).prefix(Self.most) { addAll(item, &reader) }
        for item in reader.mappings(container["env"]).prefix(Self.most) { add(item, &reader) }
    }

    /// A variable by its name.
    subscript(name: String) -> PodVariable? { indices[Array(name.utf8)].map { variables[$0] } }

    private mutating func set(_ variable: PodVariable, isOwn: Bool, _ reader: inout SpecReader) {
        let name = variable.name
        if name.isEmpty || name.utf8.contains(UInt8(ascii: "=")) || name.utf8.contains(where: { $0.isControl }) {
            let words = name.isEmpty ? "a variable without a name" : "'\(name.shown(limit: 80))'"
            return reader.add(
                .error(.variableName, variable.field, "\(words) can be no environment's: the API server refuses it"))
        }
        guard let index = indices[Array(name.utf8)] else {
            indices[Array(name.utf8)] = variables.count
            variables.append(variable)
            return
        }
        if isOwn {
            let first = variables[index].field.place
            reader.add(
                .warning(
                    .variableTwice, variable.field,
                    "\(name.shown(limit: 80)) is given in line \(first.line), too, and what is here counts",
                    set: "remove one of them"))
        }
        variables[index] = variable
    }

    /// A value with what its variables stand for; not known where it would be larger than what a program can be given.
    private mutating func expanded(_ text: String) -> PodExpansion.Result {
        var result = PodExpansion.expand(text, secrets) { self[$0] }
        size += result.value?.utf8.count ?? 0
        if size > Self.mostBytes { result.value = nil }
        return result
    }

    // MARK: One variable

    private mutating func add(_ item: SpecValue, _ reader: inout SpecReader) {
        let name = reader.text(item["name"]) ?? ""
        let field = item["name"]?.field ?? item.field
        if let value = item["value"] {
            if item["valueFrom"] != nil {
                reader.add(.error(.contradiction, value.field, "value and valueFrom are both given", set: "remove one"))
            }
            // A value of another type is told where it stands, and is meant as it is written.
            let text = reader.text(value) ?? value.word
            let result = text.map { expanded($0) }
            set(
                PodVariable(name, result?.value, from: .spec, isSecret: result?.isSecret, at: value.field), isOwn: true,
                &reader)
        } else if let source = reader.mapping(item["valueFrom"]) {
            if let variable = variable(name, from: source, &reader) { set(variable, isOwn: true, &reader) }
        } else {
            set(PodVariable(name, "", from: .spec, at: field), isOwn: true, &reader)
        }
    }

    private func variable(_ name: String, from source: SpecValue, _ reader: inout SpecReader) -> PodVariable? {
        for (key, isSecret) in [("secretKeyRef", true), ("configMapKeyRef", false)] {
            guard let reference = reader.mapping(source[key]) else { continue }
            let object = reader.text(reference["name"]) ?? ""
            let entry = reader.text(reference["key"]) ?? ""
            let from: PodVariable.Source = isSecret ? .secret(object) : .configMap(object)
            guard let found = (isSecret ? objects.secrets : objects.configMaps)[object] else {
                return PodVariable(name, nil, from: from, at: reference.field)
            }
            let value = Self.data(of: found, isSecret: isSecret).first { $0.key == entry }
            if value == nil {
                if reader.boolean(reference["optional"])?.value == true { return nil }
                reader.add(
                    .error(
                        .referenceMissing, reference["key"]?.field ?? reference.field,
                        "\(from.words) has no key \(entry.shown(limit: 80)): the container is not started",
                        set: "add the key, or set optional: true"))
            }
            return PodVariable(name, value?.value, from: from, at: reference.field)
        }
        guard let reference = reader.mapping(source["fieldRef"]) else {
            return PodVariable(name, nil, from: .cluster(source.entries.first?.key ?? "valueFrom"), at: source.field)
        }
        let path = reader.text(reference["fieldPath"]) ?? ""
        let value = path == "metadata.name" ? known.name : path == "metadata.namespace" ? known.namespace : nil
        return PodVariable(name, value, from: .cluster(path), at: reference.field)
    }

    // MARK: All variables of an object

    private mutating func addAll(_ item: SpecValue, _ reader: inout SpecReader) {
        let prefix = reader.text(item["prefix"]) ?? ""
        for (key, isSecret) in [("secretRef", true), ("configMapRef", false)] {
            guard let reference = reader.mapping(item[key]) else { continue }
            let object = reader.text(reference["name"]) ?? ""
            let from: PodVariable.Source = isSecret ? .secret(object) : .configMap(object)
            guard let found = (isSecret ? objects.secrets : objects.configMaps)[object] else {
                unseen.append(SpecSetting(value: from.words, field: reference.field))
                continue
            }
            for (name, value) in Self.data(of: found, isSecret: isSecret).prefix(Self.most) {
                set(PodVariable(prefix + name, value, from: from, at: reference.field), isOwn: false, &reader)
            }
        }
    }

    /// The keys and values of a Secret or a ConfigMap; `nil` for a value that is no text.
    private static func data(of object: SpecValue, isSecret: Bool) -> [(key: String, value: String?)] {
        let plain = object[isSecret ? "stringData" : "data"]?.entries ?? []
        let encoded = object[isSecret ? "data" : "binaryData"]?.entries ?? []
        return plain.map { ($0.key, $0.value.word) }
            + encoded.filter { entry in !plain.contains { $0.key == entry.key } }.map { entry in
                (entry.key, entry.value.word.flatMap(decoded))
            }
    }

    private static func decoded(_ text: String) -> String? {
        let secret = Secret(Array(text.utf8))
        guard let bytes = try? Base64.decode(secret, 0..<secret.count) else { return nil }
        let plain = bytes.withBytes(0..<bytes.count) { Array($0) }
        return plain.contains(0) ? nil : String(validating: plain, as: UTF8.self)
    }
}
