import Boot
internal import Linux
internal import Programs
internal import Text

/// What older ways to start a container, and boots that were killed, leave behind.
enum LeftoverChecks {
    static func state(_ facts: ContainerFacts, in tree: FileTree = FileTree()) -> [Finding] {
        // Another user's state says nothing to this one, and a boot that goes on has not written all of it.
        guard facts.boot == nil, facts.actor.user == 0 || facts.isUser,
            FirstProcess(in: tree, entrypoint: facts.entrypoint)?.kind != .entrypoint
        else { return [] }
        let own = FilePath(Paths.userStatePrefix + String(facts.actor.user))
        return [Paths.state, own].filter { tree.has($0) }.map { place in
            .warn(
                "\(place.string) holds the state of another boot, which is not believed: \(facts.absence)",
                remedy: "rm -r \(place.string), in the image where it was committed with it")
        }
    }

    /// Age in seconds from which on no boot that still runs has made a file.
    private static let lifetime = 3600
    /// How many files are named.
    private static let mostNames = 5

    static func files(
        _ facts: ContainerFacts, in tree: FileTree = FileTree(), now: Int = Int(Clock.realTime / 1_000_000_000)
    ) -> [Finding] {
        // Each looks where it may: root where root works, and the user in the user's own directories.
        var places: [FilePath] = []
        if facts.actor.user == 0 { places = ["/etc", Paths.sudoersDirectory, Paths.volatile, Paths.state] }
        if facts.isUser {
            let homes = [facts.user?.home, facts.scratchHome].compactMap { $0 }
            places += homes.flatMap { [$0, $0.appending(".ssh"), $0.appending(".shell"), $0.appending(".cache")] }
        }
        let left = places.flatMap { place in temporaries(in: place, tree, before: now - lifetime) }
        guard !left.isEmpty else { return [] }
        let named = left.prefix(mostNames).map { $0.shown() }
        let further = left.count > named.count ? ["\(left.count - named.count) more"] : []
        let quoted = left.prefix(mostNames).map(\.shellWord).joined(separator: " ")
        return [
            .warn(
                "\(left.count.counted("file")) of boots that were killed \(left.count == 1 ? "is" : "are") left: "
                    + (named + further).inWords,
                remedy: "rm -r -- \(quoted)")
        ]
    }

    /// What has a temporary name and is older than a time.
    private static func temporaries(in place: FilePath, _ tree: FileTree, before time: Int) -> [FilePath] {
        CheckProgress.look(at: place)
        guard let directory = try? tree.openDirectory(place, links: .follow), let names = try? directory.names() else {
            return []
        }
        return names.filter { name in
            guard TemporaryName.isTemporary(name), let status = (try? directory.status(name)) ?? nil else {
                return false
            }
            return status.modified.seconds < time
        }.map { place.appending($0) }
    }

    /// Start scripts of older days, by the words that tell them from others of the same name.
    private static let scripts: [FilePath] = [
        "/docker/entrypoint.sh", "/entrypoint.sh", "/usr/local/bin/entrypoint.sh", "/docker/setup.sh",
    ]
    private static let signs = ["chpasswd", "usermod", "useradd", "NB_USER"]

    static func scripts(_ facts: ContainerFacts, in tree: FileTree = FileTree()) -> [Finding] {
        scripts.compactMap { path in
            guard let text = tree.kernelText(path),
                let sign = signs.first(where: { text.utf8.contains(bytes: $0.utf8) })
            else { return nil }
            return .warn(
                "\(path.string) is a start script of older days (it has \(sign)): whoever starts it undoes what the boot has "
                    + "done",
                remedy: "in the image: rm \(path.string), and ENTRYPOINT [\"\(facts.entrypoint.shown())\"]")
        }
    }

    static func passwords(_ facts: ContainerFacts, in tree: FileTree = FileTree()) -> [Finding] {
        var files = AccountFiles()
        files.passwd = (try? tree.read(Paths.passwd)) ?? nil
        // Only root may read it; others learn what everybody may.
        files.shadow = (try? tree.read(Paths.shadow)) ?? nil
        let list = AccountList(files)
        let inPasswd = list.users.map { (name: $0.name, password: $0.password, file: Paths.passwd) }
        let inShadow = list.shadow.map { (name: $0.name, password: $0.password, file: Paths.shadow) }
        var findings: [Finding] = []
        for (name, password, file) in inPasswd + inShadow {
            let remedy = "in the image: usermod --password '*' \(name.shown())"
            switch password {
            case .empty:
                findings.append(
                    .fail(
                        "\(name.shown()) needs no password (the field in \(file.string) is empty): su lets anybody in",
                        remedy: remedy))
            case .set:
                let meaning = name == "root" ? "whoever knows it becomes root with su" : "whoever knows it can log in"
                findings.append(.warn("\(name.shown()) has a password in \(file.string): \(meaning)", remedy: remedy))
            case .closed, .elsewhere: break
            }
        }
        if !findings.isEmpty { return Array(findings.prefix(10)) }
        return files.shadow == nil ? [] : [.ok("none of \(list.shadow.count.counted("account")) has a password")]
    }

    /// What the command never gets, whatever the settings add.
    private static let stripped = "SSH_PRIVATE_KEY_B64"

    static func secrets(_ facts: ContainerFacts, in tree: FileTree = FileTree()) -> [Finding] {
        // Root can read every memory.
        guard facts.actor.user != 0, let bytes = (try? tree.read("/proc/1/environ", limit: 1 << 22)) ?? nil else {
            return []
        }
        let names = facts.boot?.session?.stripped ?? [stripped]
        let found = names.filter { name in
            bytes.split(separator: 0).contains { entry in
                entry.starts(with: "\(name)=".utf8) && entry.count > name.utf8.count + 1
            }
        }
        if found.isEmpty {
            return [.ok("nothing secret is in what user \(facts.actor.user) can read of process 1's environment")]
        }
        return [
            .fail(
                "user \(facts.actor.user) can read \(found.inWords) in /proc/1/environ, and so can all that the user starts",
                remedy:
                    "let entrypoint be process 1 (args: in place of command: in the pod spec), which erases it; and make a "
                    + "new key")
        ]
    }
}
