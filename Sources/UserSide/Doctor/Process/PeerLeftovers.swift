import Boot
internal import Linux
internal import Programs
internal import Text

/// What was made for the entry points of other images, and means nothing to this one.
enum PeerLeftovers {
    static func findings(_ facts: ContainerFacts, in tree: FileTree = FileTree()) -> [Finding] {
        variables(facts, in: tree) + directories.compactMap { $0.finding(in: tree) }
            + [setUserID(in: tree)].compactMap { $0 }
    }

    /// Variables of others that do not count here.
    private static func variables(_ facts: ContainerFacts, in tree: FileTree) -> [Finding] {
        let counted = Compatibility.peers(in: Configuration.read(from: tree))
        var findings: [Finding] = []
        for alias in Compatibility.aliases
        where !counted.contains(alias.peer) && facts.environment.value(alias.name) != nil {
            findings.append(
                .warn(
                    "\(alias.name) has no effect: it is a variable of \(alias.peer.rawValue)",
                    remedy: "set \(alias.meaning) in the pod spec's env, or let it count: "
                        + "\(Compatibility.name): [\(alias.peer.rawValue)] in the image's \(Paths.configuration.string)"
                ))
        }
        for (name, reason) in Compatibility.needless where facts.environment.value(name) != nil {
            findings.append(
                .warn("\(name) has no effect: \(reason)", remedy: "remove it from the pod spec's env"))
        }
        let files =
            counted.contains(.linuxserver) ? [] : facts.environment.names(startingWith: Compatibility.filePrefix)
        if let first = files.first {
            findings.append(
                .warn(
                    "\(first.shown())\(files.count == 1 ? "" : " and \((files.count - 1).counted("other"))") "
                        + "\(files.count == 1 ? "has" : "have") no effect: the form is that of linuxserver",
                    remedy: "give NAME_FILE for a secret that secrets.files names, or let them count: "
                        + "\(Compatibility.name): [linuxserver] in the image's \(Paths.configuration.string)"))
        }
        return findings
    }

    /// A directory whose programs another entry point runs.
    private struct Hooks {
        let path: FilePath
        let what: String
        /// Whose they are.
        let origin: String
        let remedy: String

        func finding(in tree: FileTree) -> Finding? {
            CheckProgress.look(at: path)
            let names = (try? tree.names(in: path, links: .follow)) ?? []
            let count = names.filter { $0.string.utf8.first != UInt8(ascii: ".") }.count
            guard count > 0 else { return nil }
            return .warn("\(path.string) has \(count.counted(what)) of \(origin), which nobody runs", remedy: remedy)
        }
    }

    private static let steps =
        "in the image: move what is still needed to \(Paths.rootSteps.string) (as root) or \(Paths.userSteps.string) "
        + "(as the user); each needs a first line such as #!/bin/sh"
    private static let services = "start it as the container's command, or in a container of its own"

    private static let directories = [
        Hooks(path: "/etc/cont-init.d", what: "script", origin: "s6-overlay", remedy: steps),
        Hooks(path: "/custom-cont-init.d", what: "script", origin: "linuxserver", remedy: steps),
        Hooks(path: "/etc/services.d", what: "service", origin: "s6-overlay", remedy: services),
        Hooks(path: "/usr/local/bin/start-notebook.d", what: "hook", origin: "docker-stacks", remedy: steps),
        Hooks(path: "/usr/local/bin/before-notebook.d", what: "hook", origin: "docker-stacks", remedy: steps),
    ]

    private static let helpers: [FilePath] = [
        "/usr/local/bin/fixuid", "/usr/local/bin/gosu", "/usr/bin/gosu", "/sbin/su-exec",
    ]

    /// A helper that gives root to everybody.
    private static func setUserID(in tree: FileTree) -> Finding? {
        let found = helpers.filter { path in
            CheckProgress.look(at: path)
            guard let status = (try? tree.status(path, links: .follow)) ?? nil else { return false }
            return status.kind == .file && status.user == 0 && status.mode.contains(0o4000)
        }
        guard !found.isEmpty else { return nil }
        return .warn(
            "\(found.map { $0.string }.inWords) \(found.count == 1 ? "is" : "are") set-user-ID root, and not needed here",
            remedy: "in the image: rm \(found.map { $0.string }.joined(separator: " "))")
    }
}
