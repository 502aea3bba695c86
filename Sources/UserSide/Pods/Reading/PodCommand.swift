internal import Boot
internal import Linux
internal import Text

/// What a container starts.
enum PodCommand: Equatable {
    /// The image's ENTRYPOINT, which a spec does not show.
    case image
    /// `entrypoint`, by its path.
    case entrypoint(String)
    /// `entrypointctl install`, which copies the programs to a directory.
    case install(String)
    /// Another program.
    case other(String)

    /// - Parameters:
    ///   - command: what takes the place of the image's ENTRYPOINT; `nil` for nothing.
    ///   - arguments: what takes the place of the image's CMD; `nil` for nothing.
    init(_ command: [String]?, _ arguments: [String]?) {
        let words = (command ?? []) + (arguments ?? [])
        if let index = words.firstIndex(where: { Self.isNamed("entrypointctl", $0) }) {
            // The program's own options come before the directory.
            let rest = words[(index + 1)...]
            if rest.first == "install" {
                self = .install(rest.dropFirst().last { !$0.utf8.starts(with: "-".utf8) } ?? "")
                return
            }
        }
        guard let command, let first = command.first else {
            self = .image
            return
        }
        // A small init, or a shell, may be in front of it.
        let path = command.lazy.flatMap { Self.words(of: $0) }.first { Self.isNamed("entrypoint", $0) }
        self = path.map { .entrypoint($0) } ?? .other(first)
    }

    /// The words of an argument, which may be a line for a shell.
    private static func words(of argument: String) -> [String] {
        guard argument.utf8.count <= 4096 else { return [] }
        return argument.utf8.split(whereSeparator: { $0.isSpace || $0 == UInt8(ascii: ";") }).map { String($0) ?? "" }
    }

    private static func isNamed(_ name: String, _ path: String) -> Bool {
        path.utf8.split(separator: UInt8(ascii: "/")).last.map { $0.elementsEqual(name.utf8) } ?? false
    }

    /// Whether a boot begins, as far as the spec shows.
    var startsBoot: Bool {
        switch self {
        case .image, .entrypoint: true
        case .install, .other: false
        }
    }
}

/// A container of a pod, and how it was chosen.
struct PodContainer {
    let value: SpecValue
    let name: String
    let isInit: Bool
    let command: PodCommand
    /// What the spec gives as `command:` and `args:`; `nil` for nothing.
    let words: (command: [String]?, arguments: [String]?)

    /// The containers of a pod, those that come first last.
    static func all(of spec: SpecValue, _ reader: inout SpecReader) -> [PodContainer] {
        var all: [PodContainer] = []
        for (key, isInit) in [("containers", false), ("initContainers", true)] {
            for value in reader.mappings(spec[key]) {
                let words = (command: reader.texts(value["command"]), arguments: reader.texts(value["args"]))
                all.append(
                    PodContainer(
                        value: value, name: reader.text(value["name"]) ?? "", isInit: isInit,
                        command: PodCommand(words.command, words.arguments), words: words))
            }
        }
        return all
    }

    /// The container that is asked for, and why it is this one.
    ///
    /// - Parameter name: its name; `nil` for the only one, or for the first one that starts `entrypoint`.
    /// - Throws: why there is no answer, with the names that there are.
    static func choose(_ name: String?, among all: [PodContainer]) throws(FormatError) -> (PodContainer, why: String) {
        let names = all.map { $0.name.shown(limit: 80) + ($0.isInit ? " (an init container)" : "") }
        if let name {
            guard let found = all.first(where: { $0.name.utf8.elementsEqual(name.utf8) }) else {
                let rest = names.isEmpty ? "it has none" : "there is \(Array(names.prefix(20)).inWords)"
                throw FormatError("--container: the pod has no container \(name.shown(limit: 80)); \(rest)")
            }
            return (found, "asked for")
        }
        let containers = all.filter { !$0.isInit }
        guard let first = containers.first else { throw FormatError("the pod has no containers") }
        if containers.count == 1 { return (first, "the only one") }
        func isNamed(_ container: PodContainer) -> Bool {
            if case .entrypoint = container.command { true } else { false }
        }
        let rest = "of \(containers.count); --container chooses another"
        if let named = containers.first(where: isNamed) { return (named, "the first that starts entrypoint, \(rest)") }
        if let open = containers.first(where: { $0.command == .image }) {
            return (open, "the first that starts its image's ENTRYPOINT, \(rest)")
        }
        return (first, "the first, \(rest)")
    }
}
