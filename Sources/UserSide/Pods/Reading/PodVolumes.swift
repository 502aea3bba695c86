internal import Linux
internal import Text

/// A volume of a pod.
struct PodVolume {
    let name: String
    /// The key that says what it is, such as `emptyDir` or `persistentVolumeClaim`; empty where nothing says it.
    let type: String
    /// What is under that key.
    let source: SpecValue?
    /// The mode of its files, where Kubernetes makes them.
    let fileMode: Int?
    /// The paths of its files and the keys that they have; `nil` where that is decided elsewhere.
    let items: [(path: String, key: String)]?

    /// Whether what is in it ends with the pod.
    var endsWithPod: Bool { type == "emptyDir" || type == "ephemeral" }
    /// Whether Kubernetes fills it with files that nobody can write.
    var isMade: Bool { ["secret", "configMap", "downwardAPI", "projected"].contains(type) }
}

/// A mount of a container.
struct PodMount {
    let path: FilePath
    let volume: PodVolume?
    let volumeName: String
    let isReadOnly: Bool
    /// The part of the volume that is mounted.
    let subPath: String
    let field: SpecField
}

/// The volumes of a pod, and where a container has them.
struct PodVolumes {
    let mounts: [PodMount]
    /// The container that installs the programs in a volume, and in which directory of it.
    let installations: [(volume: String, directory: FilePath)]

    init(_ spec: SpecValue, _ container: PodContainer, _ all: [PodContainer], _ reader: inout SpecReader) {
        let volumes = reader.mappings(spec["volumes"]).map { Self.volume($0, &reader) }
        mounts = Self.mounts(container, volumes, &reader)
        // What is wrong with the other containers is told where they are asked about.
        var silent = SpecReader()
        installations = all.flatMap { other -> [(String, FilePath)] in
            guard case .install(let directory) = other.command else { return [] }
            let place = FilePath(directory).lexicallyNormalized()
            let mounts = Self.mounts(other, volumes, &silent)
            return Self.holding(place, in: mounts).map { [($0.volumeName, Self.inside($0, place))] } ?? []
        }
    }

    /// The mount that a path lies in: the deepest one.
    func holding(_ path: FilePath) -> PodMount? { Self.holding(path, in: mounts) }

    private static func holding(_ path: FilePath, in mounts: [PodMount]) -> PodMount? {
        mounts.filter { path.starts(with: $0.path) }.max { $0.path.components.count < $1.path.components.count }
    }

    /// The path within a volume of what lies at a path of the container.
    static func inside(_ mount: PodMount, _ path: FilePath) -> FilePath {
        var rest = path
        _ = rest.removePrefix(mount.path)
        return FilePath("/" + mount.subPath).pushing(rest).lexicallyNormalized()
    }

    private static func mounts(
        _ container: PodContainer, _ volumes: [PodVolume], _ reader: inout SpecReader
    ) -> [PodMount] {
        var mounts: [PodMount] = []
        for value in reader.mappings(container.value["volumeMounts"]) {
            let name = reader.text(value["name"]) ?? ""
            guard let path = reader.text(value["mountPath"]) else { continue }
            mounts.append(
                PodMount(
                    path: FilePath("/" + path).lexicallyNormalized(), volume: volumes.first { $0.name == name },
                    volumeName: name, isReadOnly: reader.boolean(value["readOnly"])?.value ?? false,
                    subPath: reader.text(value["subPath"]) ?? "", field: (value["mountPath"] ?? value).field))
        }
        return mounts
    }

    private static func volume(_ value: SpecValue, _ reader: inout SpecReader) -> PodVolume {
        let name = reader.text(value["name"]) ?? ""
        let source = value.entries.first { $0.key != "name" }
        let type = source?.key ?? ""
        let body = reader.mapping(source?.value)
        let key = type == "secret" ? "secretName" : "name"
        var mode = reader.integer(body?["defaultMode"], in: 0...0o777)?.value
        var items: [(path: String, key: String)]?
        if let body, type == "secret" || type == "configMap" {
            _ = reader.text(body[key])
            mode = mode ?? 0o644
            if body["items"] != nil {
                items = reader.mappings(body["items"]).map { item in
                    (reader.text(item["path"]) ?? "", reader.text(item["key"]) ?? "")
                }
            }
        }
        return PodVolume(name: name, type: type, source: body, fileMode: mode, items: items)
    }
}
