package import Linux
internal import Text

/// What root owns in a container, as it was when the boot began.
///
/// A fact is looked up when it is first asked for, and kept, so that everybody gets the same answer. All facts are
/// asked for while the boot plans, before it changes anything and before it acts as anybody else.
///
/// It has no facts about a user's tree: on a root-squashed export, root could not even look.
package final class Host {
    /// The container's files.
    package let tree: FileTree
    /// The privileges that the process started with.
    package let privileges: Privileges
    /// How the container was started.
    package let start: Start
    /// Who started the container.
    package let caller: Credentials
    private var facts: HostFacts
    /// The paths at which a program was found.
    private var foundPrograms: [FilePath] = []
    /// The paths at which there is none.
    private var missingPrograms: [FilePath] = []

    /// - Parameters:
    ///   - tree: the container's files.
    ///   - privileges: the privileges that the process started with.
    ///   - start: how the process was started; `nil` to derive it from the privileges.
    ///   - caller: who started it; `nil` for the user that it runs as.
    ///   - facts: what is already known, and is not looked up.
    package init(
        tree: FileTree, privileges: Privileges, start: Start? = nil, caller: Credentials? = nil,
        facts: HostFacts = HostFacts()
    ) {
        self.tree = tree
        self.privileges = privileges
        self.start = start ?? (privileges.user.effective == 0 ? .root : .bare)
        self.caller = caller ?? privileges.effective
        self.facts = facts
    }

    private var isRoot: Bool { privileges.user.effective == 0 }
}

// The account files.
extension Host {
    /// The text of the account files. Only root may read the passwords, and nobody else needs them.
    package var accounts: AccountFiles {
        if let known = facts.accounts { return known }
        var accounts = AccountFiles()
        accounts.passwd = readAccountFile(Paths.passwd)
        accounts.group = readAccountFile(Paths.group)
        if isRoot {
            accounts.shadow = readAccountFile(Paths.shadow)
            accounts.gshadow = readAccountFile(Paths.gshadow)
        }
        facts.accounts = accounts
        return accounts
    }

    /// Why an account file could not be read, one line for each file.
    package var accountProblems: [Note] {
        _ = accounts
        return facts.accountProblems
    }

    /// The account files that define who has which id, whoever asks.
    package var imageAccounts: ImageAccounts {
        if let known = facts.imageAccounts { return known }
        let accounts = ImageAccounts(accounts, isStrict: start == .elevated && tree.isRealRoot)
        facts.imageAccounts = accounts
        return accounts
    }

    /// What the image says about rights that depend on names.
    package var rights: NameRights {
        if let known = facts.rights { return known }
        let rights = NameRights.read(from: tree, caller: caller.user, isRoot: isRoot)
        facts.rights = rights
        return rights
    }

    private func readAccountFile(_ path: FilePath) -> [UInt8]? {
        do throws(SystemCallError) {
            return try tree.read(path)
        } catch {
            facts.accountProblems.append(error.readingProblem(path))
            return nil
        }
    }
}

// Programs.
extension Host {
    /// The first executable file with a given name in the image's program directories.
    package func program(_ name: FilePath.Component) -> FilePath? {
        Paths.programDirectories.lazy.map { $0.appending(name) }.first(where: isProgram)
    }

    /// The first of these login shells that the image has.
    package func shell(among wanted: [FilePath]) -> FilePath? { wanted.first(where: isProgram) }

    /// Whether sudo reads the directory of the boot's file. Only root can find out.
    package var sudoers: Sudoers {
        if let known = facts.sudoers { return known }
        var sudoers = Sudoers()
        if isRoot {
            do throws(SystemCallError) {
                if let text = try tree.read(Paths.sudoers) { sudoers = Sudoers(text) }
            } catch {
                sudoers.problem = error.readingProblem(Paths.sudoers)
            }
        }
        facts.sudoers = sudoers
        return sudoers
    }

    private func isProgram(_ path: FilePath) -> Bool {
        if let known = facts.programs { return known.contains(path) }
        if foundPrograms.contains(path) { return true }
        if missingPrograms.contains(path) { return false }
        let status = (try? tree.status(path, links: .follow)) ?? nil
        let isProgram = status.map { $0.kind == .file && $0.mode.rawValue & 0o111 != 0 } ?? false
        if isProgram { foundPrograms.append(path) } else { missingPrograms.append(path) }
        return isProgram
    }
}

// Devices and mounts.
extension Host {
    /// The accelerators' device nodes.
    package var devices: [Device] {
        if let known = facts.devices { return known }
        let devices = Device.all(in: tree)
        facts.devices = devices
        return devices
    }

    /// The mounts, in the order of mounting.
    package var mounts: [Mount] {
        if let known = facts.mounts { return known }
        let mounts = Mount.all(of: tree)
        facts.mounts = mounts
        return mounts
    }

    /// Whether somebody else may control the homes' directory: a pod whose author is not trusted has mounted it.
    package var hasForeignHomes: Bool {
        if let known = facts.hasForeignHomes { return known }
        let isForeign = start == .elevated && !isOwnOrMissing(Paths.homes)
        facts.hasForeignHomes = isForeign
        return isForeign
    }

    /// Whether there is nothing at a path, or what is there lies on the root directory's mount.
    private func isOwnOrMissing(_ path: FilePath) -> Bool {
        do throws(SystemCallError) {
            return try tree.isOnRootMount(path) ?? true
        } catch {
            return false
        }
    }
}

extension SystemCallError {
    fileprivate func readingProblem(_ path: FilePath) -> Note {
        Note(.identityAccountsUnreadable, "cannot read \(path)", self)
    }
}
