import Foundation
import TestSupport

/// The order of the parts: each knows only what stands below it.
enum Layering {
    /// A source file with its path below `Sources`, or below `Sources/Boot`.
    typealias File = (path: String, text: String)

    /// The targets, from the lowest on; those of one line know nothing of each other.
    static let targets = [
        ["Text"], ["Linux", "YAML"], ["Programs"], ["Init", "Boot"], ["Session", "Explanations", "UserSide"],
        ["entrypoint", "entrypointctl"],
    ]

    /// What each target imports beside them.
    static let foreign: [String: Set<String>] = [
        "Text": [], "Linux": ["CLinux", "CLibcap"], "YAML": ["CLibyaml"],
        "Programs": [], "Init": [], "Boot": [],
        "Session": [], "Explanations": [], "UserSide": ["CCares", "CLinux"], "entrypoint": ["CStart"],
        "entrypointctl": ["ArgumentParser", "CStart"],
    ]

    /// The folders of Boot, from the lowest on. Files in none of them stand above, but for ``basics``.
    static let folders = [
        "Settings", "Host", "People", "DropIns", "Services", "Snapshots", "Changes", "Steps", "Report",
    ]

    /// The files in no folder that stand below all.
    static let basics: Set<String> = [
        "Attempt.swift", "BootError.swift", "ExitCode.swift", "MessageIdentifier.swift", "Note.swift", "Paths.swift",
        "Version.swift",
    ]

    /// Every import that leads up or aside.
    static func imports(of files: [File]) -> Set<String> {
        var violations: Set<String> = []
        for (path, text) in files {
            let target = folder(of: path)
            guard let own = level(of: target) else {
                violations.insert("\(path) is of no known target")
                continue
            }
            for name in SourceNames(of: text).imports where foreign[target]?.contains(name) != true {
                if let other = level(of: name), other < own { continue }
                violations.insert("\(path) imports \(name)")
            }
        }
        return violations
    }

    /// Every dependency of a package manifest that leads up or aside.
    static func dependencies(in manifest: String) -> Set<String> {
        var violations: Set<String> = []
        let target = /name: "(?<name>\w+)",\s+dependencies: \[(?<list>[^\]]*)\]/
        for match in manifest.matches(of: target) {
            guard let own = level(of: String(match.output.name)) else { continue }
            for dependency in match.output.list.matches(of: /"(\w+)"/) {
                guard let other = level(of: String(dependency.output.1)), other >= own else { continue }
                violations.insert("\(match.output.name) depends on \(dependency.output.1)")
            }
        }
        return violations
    }

    /// Every type of a higher folder that a file of Boot names. What has no name of its own, such as a method that a
    /// higher folder adds to a type of a lower one, is not seen.
    static func namesInBoot(of files: [File]) -> Set<String> {
        var violations: Set<String> = []
        let sources = files.map { (path: $0.path, names: SourceNames(of: $0.text), level: bootLevel(of: $0.path)) }
        var homes: [String: (path: String, level: Int)] = [:]
        for source in sources {
            guard let level = source.level else {
                violations.insert("\(source.path) is in no known folder")
                continue
            }
            for type in source.names.types { homes[type] = (source.path, level) }
        }
        for source in sources {
            guard let level = source.level else { continue }
            for name in source.names.capitals.subtracting(source.names.innerTypes) {
                guard let home = homes[name], home.level > level else { continue }
                violations.insert("\(source.path) names \(name) of \(home.path)")
            }
        }
        return violations
    }

    /// The Swift files below a directory of the repository.
    static func files(below directory: String) throws -> [File] {
        let root = Golden.url(directory)
        let paths = FileManager.default.enumerator(atPath: root.path)?.compactMap { $0 as? String } ?? []
        return try paths.filter { $0.hasSuffix(".swift") }.sorted().map { path in
            (path, try String(contentsOf: root.appending(path: path), encoding: .utf8))
        }
    }

    private static func folder(of path: String) -> String {
        path.contains("/") ? String(path.prefix { $0 != "/" }) : ""
    }

    private static func level(of target: String) -> Int? { targets.firstIndex { $0.contains(target) } }

    private static func bootLevel(of path: String) -> Int? {
        let folder = folder(of: path)
        if folder.isEmpty { return basics.contains(path) ? -1 : folders.count }
        return folders.firstIndex(of: folder)
    }
}
