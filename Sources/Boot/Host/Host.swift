package import Linux
package import SystemPackage
internal import Text

/// How the container was started, which decides what the boot may do.
package enum Start: String, Sendable {
    /// As uid 0.
    case root
    /// As another uid, with the capabilities of the program's file.
    case elevated
    /// As another uid, without privileges.
    case bare

    /// Whether the boot can act as root and others.
    package var isPrivileged: Bool { self != .bare }
}

/// What root owns in a container, as it was when the boot began.
///
/// It tells nothing of a user's tree: on a root-squashed export root could not even look.
package struct Host: Sendable {
    /// The container's files.
    package let tree: FileTree
    /// What the process started with.
    package let privileges: Privileges
    /// How the container was started.
    package let start: Start
    /// Whom the container was started as.
    package let caller: Credentials
    /// The text of the account files.
    package let accounts: AccountFiles
    /// Those of them that say who has which id, whoever asks.
    package let imageAccounts: ImageAccounts
    /// Why an account file could not be read, one line a file.
    package let accountProblems: [String]
    /// The login shells that the image has, by preference.
    package let shells: [FilePath]
    /// The image's sudo program.
    package let sudo: FilePath?
    /// Whether the image's `/etc/sudoers` reads the directory where the boot's file goes.
    package let sudoReadsDirectory: Bool
    /// The accelerators' device nodes.
    package let devices: [Device]
    /// The mounts, in the order of mounting; empty when nothing asks for them.
    package let mounts: [Mount]
    /// Whether the directory of the homes may be another's: the pod has mounted it, and its author is not to be trusted.
    package let hasForeignHomes: Bool
    /// What the image says of rights by names; nothing unless the caller has chosen a name that the image does not have.
    package let rights: NameRights
    /// The image's git program; `nil` also when nothing asks for it.
    package let git: FilePath?

    package init(
        tree: FileTree, privileges: Privileges, start: Start? = nil, caller: Credentials? = nil,
        accounts: AccountFiles = AccountFiles(), imageAccounts: ImageAccounts? = nil,
        accountProblems: [String] = [], shells: [FilePath] = [], sudo: FilePath? = nil, sudoReadsDirectory: Bool = true,
        devices: [Device] = [], mounts: [Mount] = [], hasForeignHomes: Bool = false, rights: NameRights = NameRights(),
        git: FilePath? = nil
    ) {
        self.tree = tree
        self.privileges = privileges
        self.start = start ?? (privileges.user.effective == 0 ? .root : .bare)
        self.caller = caller ?? privileges.effective
        self.accounts = accounts
        self.imageAccounts = imageAccounts ?? ImageAccounts(accounts)
        self.accountProblems = accountProblems
        self.shells = shells
        self.sudo = sudo
        self.sudoReadsDirectory = sudoReadsDirectory
        self.devices = devices
        self.mounts = mounts
        self.hasForeignHomes = hasForeignHomes
        self.rights = rights
        self.git = git
    }
}

extension Host {
    /// Looks at a container.
    ///
    /// - Parameters:
    ///   - tree: its files.
    ///   - privileges: what the process started with.
    ///   - start: how the process was started; `nil` for what the privileges alone tell.
    ///   - caller: whom it was started as; `nil` for whom it runs as.
    ///   - settings: what was asked for, which decides how much there is to look at.
    package static func look(
        at tree: FileTree, privileges: Privileges, start: Start? = nil, caller: Credentials? = nil,
        for settings: Settings? = nil
    ) -> Host {
        var problems: [String] = []
        func read(_ path: FilePath) -> [UInt8]? {
            do throws(SystemCallError) {
                return try tree.read(path)
            } catch {
                problems.append("cannot read \(path): \(error.reason) (\(error.symbol))")
                return nil
            }
        }
        var accounts = AccountFiles()
        accounts.passwd = read(Paths.passwd)
        accounts.group = read(Paths.group)
        // The passwords are root's: others neither can nor need to read them.
        if privileges.user.effective == 0 {
            accounts.shadow = read(Paths.shadow)
            accounts.gshadow = read(Paths.gshadow)
        }
        let sudo = program("sudo", in: tree)
        // Root's, as the passwords are.
        let sudoers = sudo != nil && privileges.user.effective == 0 ? read(Paths.sudoers) : nil
        let imageAccounts = ImageAccounts(accounts, isStrict: start == .elevated && tree.isRealRoot)
        var rights = NameRights()
        if start == .elevated, let identity = settings?[Identity.self],
            !imageAccounts.files.hasUser(of: identity) || !imageAccounts.files.hasGroup(of: identity)
        {
            rights = NameRights.read(
                from: tree, caller: (caller ?? privileges.effective).user, isRoot: privileges.user.effective == 0)
        }
        return Host(
            tree: tree, privileges: privileges, start: start, caller: caller, accounts: accounts,
            imageAccounts: imageAccounts,
            accountProblems: problems,
            shells: (settings?[Identity.self]?.shells ?? Paths.shells).filter { isProgram($0, in: tree) }, sudo: sudo,
            sudoReadsDirectory: sudoers.map(includesDirectory) ?? true, devices: Device.all(in: tree),
            mounts: settings?[SSHKeys.self] == nil ? [] : Mount.all(of: tree),
            hasForeignHomes: start == .elevated && !isOwnOrMissing(Paths.homes, in: tree),
            rights: rights,
            git: settings?[GitIdentity.self] == nil ? nil : program("git", in: tree))
    }

    /// Whether there is nothing at a path, or what is there lies on the root directory's mount.
    private static func isOwnOrMissing(_ path: FilePath, in tree: FileTree) -> Bool {
        do throws(SystemCallError) {
            return try tree.isOnRootMount(path) ?? true
        } catch {
            return false
        }
    }

    /// The first executable file of a name in the image's program directories.
    private static func program(_ name: FilePath.Component, in tree: FileTree) -> FilePath? {
        Paths.programDirectories.lazy.map { $0.appending(name) }.first { isProgram($0, in: tree) }
    }

    private static func isProgram(_ path: FilePath, in tree: FileTree) -> Bool {
        guard let status = try? tree.status(path, links: .follow) else { return false }
        return status.kind == .file && status.mode.rawValue & 0o111 != 0
    }

    /// Whether a sudoers file has a line `@includedir /etc/sudoers.d` or, in its old form, `#includedir` (sudoers(5)).
    private static func includesDirectory(_ sudoers: [UInt8]) -> Bool {
        sudoers.split(separator: UInt8(ascii: "\n")).contains { line in
            // Most lines are comments, and need not be taken apart.
            let start = line.drop(while: \.isBlank).prefix(2)
            guard start.elementsEqual("@i".utf8) || start.elementsEqual("#i".utf8) else { return false }
            let words = line.split(whereSeparator: \.isBlank)
            guard words.count == 2,
                words[0].elementsEqual("@includedir".utf8) || words[0].elementsEqual("#includedir".utf8)
            else { return false }
            return FilePath(String(decoding: words[1], as: UTF8.self)) == Paths.sudoersDirectory
        }
    }
}
