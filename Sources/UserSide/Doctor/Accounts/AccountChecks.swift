internal import Boot
internal import Linux
internal import Text

/// What the account files say of the user.
enum AccountChecks {
    static func entries(_ facts: ContainerFacts, in tree: FileTree = FileTree()) -> [Finding] {
        let list: AccountList
        do throws(SystemCallError) {
            list = try accounts(in: tree)
        } catch {
            return [unreadable(error)]
        }
        guard let user = facts.user else { return caller(facts.actor, list) }
        var findings = userEntry(of: user, list) + groupEntry(of: user, list)
        let shells = Set([user.shell.string] + list.users.filter { $0.name == user.name }.map { $0.shell })
        findings += shells.sorted().compactMap { shell in shellProblem(shell, of: user, in: tree) }
        if !findings.isEmpty { return findings }
        let ids = user.credentials.text
        return [
            .ok(
                "\(user.name) is \(ids), home \(user.home.shown()), shell \(user.shell.shown()); group \(user.groupName) is "
                    + "\(user.credentials.group)")
        ]
    }

    /// The account files; a missing one is empty.
    ///
    /// - Throws: the error of reading one that exists.
    static func accounts(in tree: FileTree) throws(SystemCallError) -> AccountList {
        var files = AccountFiles()
        files.passwd = try tree.read(Paths.passwd)
        files.group = try tree.read(Paths.group)
        return AccountList(files)
    }

    private static func unreadable(_ error: SystemCallError) -> Finding {
        let path = (error.path ?? Paths.passwd).string
        return .fail(
            "cannot read \(path): \(error.errno == .invalidArgument ? "no plain file" : error.reason); no program can look up a name",
            remedy: "in the image: make \(path) a plain file that everybody may read (chmod 0644 \(path))")
    }

    /// Whoever asks, where nobody knows who the user is.
    private static func caller(_ actor: Credentials, _ list: AccountList) -> [Finding] {
        if let found = list.users.first(where: { $0.userID == actor.user }) {
            return [.ok("uid \(actor.user) is \(found.name.shown())")]
        }
        return [
            .warn(
                "uid \(actor.user) has no entry in \(Paths.passwd.string): ssh, git and whoami fail for it",
                remedy: "set NB_USER, NB_UID, NB_GROUP and NB_GID in the pod spec's env, so that the boot adds one")
        ]
    }

    private static func userEntry(of user: People.User, _ list: AccountList) -> [Finding] {
        let ids = user.credentials
        let line = "\(user.name):x:\(ids.user):\(ids.group)::\(user.home.string):\(user.shell.string)"
        guard let entry = list.users.first(where: { $0.name == user.name }) else {
            let other = list.users.first { $0.userID == ids.user }
            let found = other.map { "; uid \(ids.user) is \($0.name.shown()) there" } ?? ""
            return [
                .warn(
                    "\(user.name) has no entry in \(Paths.passwd.string)\(found): sudo, ssh and what asks for the name fail",
                    remedy: "in the image: echo '\(line.shown())' >> \(Paths.passwd.string)")
            ]
        }
        var findings: [Finding] = []
        if entry.userID != ids.user {
            findings.append(
                .fail(
                    "\(user.name) has uid \(entry.userID) in \(Paths.passwd.string), and \(ids.user) by the boot",
                    remedy:
                        "set NB_UID: \"\(entry.userID)\" in the pod spec, or in the image: usermod --uid \(ids.user) "
                        + user.name))
        } else if let first = list.users.first(where: { $0.userID == ids.user }), first.name != user.name {
            findings.append(
                .warn(
                    "uid \(ids.user) is \(first.name.shown()) by the first entry that \(Paths.passwd.string) has for it, and "
                        + "\(user.name) by the boot: ls and whoami show the other name",
                    remedy: "in the image: userdel \(first.name.shown())"))
        }
        if entry.groupID != ids.group {
            findings.append(
                .warn(
                    "\(user.name) has gid \(entry.groupID) in \(Paths.passwd.string), and \(ids.group) by the boot: sudo and "
                        + "ssh give sessions the former",
                    remedy: "in the image: usermod --gid \(ids.group) \(user.name)"))
        }
        if entry.home != user.home.string {
            findings.append(
                .warn(
                    "the home of \(user.name) is \(entry.home.shown()) in \(Paths.passwd.string), and \(user.home.shown()) by "
                        + "the boot: ssh looks for its keys in the former",
                    remedy: "in the image: usermod --home \(user.home.shown()) \(user.name)"))
        }
        return findings
    }

    private static func groupEntry(of user: People.User, _ list: AccountList) -> [Finding] {
        let (name, gid) = (user.groupName, user.credentials.group)
        if let entry = list.groups.first(where: { $0.name == name }) {
            if entry.groupID == gid { return [] }
            return [
                .warn(
                    "group \(name) has gid \(entry.groupID) in \(Paths.group.string), and \(gid) by the boot",
                    remedy:
                        "set NB_GID: \"\(entry.groupID)\" in the pod spec, or in the image: groupmod --gid \(gid) \(name)"
                )
            ]
        }
        let other = list.groups.first { $0.groupID == gid }.map { "; gid \(gid) is \($0.name.shown()) there" } ?? ""
        return [
            .warn(
                "group \(name) has no entry in \(Paths.group.string)\(other)",
                remedy: "in the image: echo '\(name):x:\(gid):' >> \(Paths.group.string)")
        ]
    }

    /// Why a login shell cannot be started.
    private static func shellProblem(_ shell: String, of user: People.User, in tree: FileTree) -> Finding? {
        // An empty field means /bin/sh (passwd(5)).
        let path = FilePath(shell.isEmpty ? "/bin/sh" : shell)
        let status = path.isAbsolute ? (try? tree.status(path, links: .follow)) ?? nil : nil
        if let status, status.kind == .file, status.mode.rawValue & 0o111 != 0 { return nil }
        let problem = status == nil ? "does not exist" : "is not a program"
        return .fail(
            "the login shell of \(user.name), \(path.shown()), \(problem): ssh and su end at once",
            remedy: "install the shell in the image, or: usermod --shell /bin/sh \(user.name)")
    }

    /// How many pairs are told of.
    private static let mostDuplicates = 10

    static func duplicates(_ facts: ContainerFacts, in tree: FileTree = FileTree()) -> [Finding] {
        guard let list = try? accounts(in: tree) else { return [] }
        let users = list.users.map { ($0.name, $0.userID) }
        let groups = list.groups.map { ($0.name, $0.groupID) }
        var findings = list.users.filter { $0.userID == 0 && $0.name != "root" }.map { user in
            Finding.fail(
                "\(user.name.shown()) has uid 0 in \(Paths.passwd.string): it is root by another name",
                remedy: "in the image: remove the line of \(user.name.shown()) from \(Paths.passwd.string)")
        }
        findings += duplicates(among: users.filter { $0.1 != 0 }, "uid", Paths.passwd)
        findings += duplicates(among: groups, "gid", Paths.group)
        if findings.isEmpty {
            return [.ok("\(users.count.counted("user")) and \(groups.count.counted("group")), each with one name")]
        }
        return Array(findings.prefix(mostDuplicates))
    }

    private static func duplicates(
        among entries: [(name: String, id: UInt32)], _ number: String, _ file: FilePath
    ) -> [Finding] {
        let names = Dictionary(grouping: entries) { $0.name }.filter { $0.value.count > 1 }
        let ids = Dictionary(grouping: entries) { $0.id }.filter { Set($0.value.map { $0.name }).count > 1 }
        return names.sorted { $0.key < $1.key }.map { name, entries in
            let all = entries.map { "\($0.id)" }.inWords
            return .warn(
                "\(file.string) has \(entries.count) lines for \(name.shown()), with \(number) \(all): only the first counts",
                remedy: "in the image: remove the others from \(file.string)")
        }
            + ids.sorted { $0.key < $1.key }.map { id, entries in
                let all = entries.map { $0.name.shown() }
                return .warn(
                    "\(number) \(id) is \(all.inWords) in \(file.string): programs show the first name for all of them",
                    remedy: "in the image: give each a number of its own, or remove \(Array(all.dropFirst()).inWords)")
            }
    }
}
