import Boot
internal import Linux
internal import Text

/// Who can write the files that say who is who, and who may become root.
enum AccountFileChecks {
    private static let directories: [FilePath] = ["/etc", Paths.sudoersDirectory]
    private static let files = [Paths.passwd, Paths.group, Paths.shadow, Paths.gshadow, Paths.sudoers]

    static func rights(_ facts: ContainerFacts, in tree: FileTree = FileTree()) -> [Finding] {
        let rules = ((try? tree.names(in: Paths.sudoersDirectory, links: .refuse)) ?? []).map {
            Paths.sudoersDirectory.appending($0)
        }
        var seen: [String] = []
        var findings: [Finding] = []
        for path in directories + files + rules {
            guard let status = (try? tree.status(path, links: .follow)) ?? nil else { continue }
            seen.append(path.string)
            if let finding = problem(path, status) ?? problemForCaller(path, facts.actor, tree) {
                findings.append(finding)
            }
        }
        if !findings.isEmpty { return findings }
        return [.ok("only root can write \(seen.filter { path in files.contains { $0.string == path } }.inWords)")]
    }

    private static func problem(_ path: FilePath, _ status: FileStatus) -> Finding? {
        let mode = status.mode.octal
        if status.user != 0 {
            return .fail(
                "\(path.shown()) belongs to user \(status.user), who can become root by it",
                remedy: "in the image: chown 0:0 \(path.shown())")
        }
        let isSticky = status.kind == .directory && status.mode.contains(0o1000)
        if status.mode.rawValue & 0o002 != 0 && !isSticky {
            return .fail(
                "\(path.shown()) is writable for everybody (\(mode)): whoever is in the container can become root by it",
                remedy: "in the image: chmod o-w \(path.shown())")
        }
        guard status.mode.rawValue & 0o020 != 0 else { return nil }
        let isCustom = status.group == 0 && (path == Paths.passwd || path == Paths.group)
        if isCustom {
            return .warn(
                "\(path.shown()) is writable for group 0 (\(mode)), as images for OpenShift have it: every process with gid 0 "
                    + "can add an account with uid 0, which su and sudo then believe",
                remedy: "in the image: chmod g-w \(path.shown()); entrypoint needs no entry to run the command")
        }
        return .fail(
            "\(path.shown()) is writable for group \(status.group) (\(mode)): its members can become root by it",
            remedy: "in the image: chmod g-w \(path.shown())")
    }

    /// What the mode does not say, such as an access control list.
    private static func problemForCaller(_ path: FilePath, _ actor: Credentials, _ tree: FileTree) -> Finding? {
        guard actor.user != 0, (try? tree.checkAccess(path, .write)) != nil else { return nil }
        return .fail(
            "\(path.shown()) can be written by user \(actor.user), though its mode does not say so: an access control list "
                + "or a capability lets that user become root",
            remedy: "in the image: setfacl --remove-all \(path.shown())")
    }
}
