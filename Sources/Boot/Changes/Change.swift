package import Linux
package import SystemPackage
internal import Text

/// What happens to the boot when a change fails.
package enum FailurePolicy: String, CaseIterable, Sendable {
    /// The boot ends with exit code 125.
    case stop
    /// The boot goes on with a warning.
    case warn
}

/// Something that must be true, as data. How to tell that it is true and how to make it true is in `Apply`.
package enum Change: Equatable, Sendable {
    case accounts(AccountsChange)
    case directory(DirectoryChange)
    case file(FileChange)
    case removal(RemovalChange)
    case firstFile(FirstFileChange)
    case copy(CopyChange)
    case link(LinkChange)
    case sshFiles(SSHFilesChange)
    case gitIdentity(GitIdentityChange)
    case command(CommandChange)
}

/// The account files have a planned text.
package struct AccountsChange: Equatable, Sendable {
    /// The files as the plan read them: they are written only if they are still the same.
    package let found: AccountFiles
    /// The planned text; a file that equals what was found is not written.
    package let planned: AccountFiles
    /// What the difference means, one clause each: `user jane (uid 1000) added`.
    package let meanings: [String]
}

/// A directory exists.
package struct DirectoryChange: Equatable, Sendable {
    /// What the user must be able to do there.
    package enum Use: Equatable, Sendable {
        /// Nothing in particular.
        case none
        /// Enter it.
        case enter
        /// Enter it, and make and remove files in it.
        case write
    }

    package let path: FilePath
    /// The mode of a directory that is made; one that exists keeps its own.
    package let mode: ModeBits
    /// The mode of one that the seed makes: it is not the user's own, whose umask says nothing of it.
    package let seedMode: ModeBits
    /// Where the user's own begins: what is missing above belongs to the group, whatever the user's umask is.
    package let own: [FilePath]
    /// The owner of a directory that root makes; others own what they make.
    package let owner: UInt32?
    /// The group of a directory that is made.
    package let group: UInt32
    package let use: Use
    /// Whether it is expected on a volume, so that its absence may mean that the volume is missing.
    package let isOnVolume: Bool
    /// Whether others of the group work in it too: an existing one is then expected to have the same mode bits.
    package let isShared: Bool
    /// What is used in its place when it cannot be: the first of them that can.
    package let fallbacks: [FilePath]
    /// Who may own one that exists, and what is above it within the user's own; `nil` for anybody.
    package let owners: [UInt32]?
    /// Whether it is only looked at, and may as well be missing: programs of the user's make it.
    package let isLeftToOthers: Bool
    /// Files that are told of when they are somebody else's.
    package let startup: StartupFiles?

    package init(
        path: FilePath, mode: ModeBits, seedMode: ModeBits? = nil, own: [FilePath] = [], owner: UInt32? = nil,
        group: UInt32, use: Use, isOnVolume: Bool = false, isShared: Bool = false, fallbacks: [FilePath] = [],
        owners: [UInt32]? = nil, isLeftToOthers: Bool = false, startup: StartupFiles? = nil
    ) {
        self.path = path
        self.mode = mode
        self.seedMode = seedMode ?? mode
        self.own = own
        self.owner = owner
        self.group = group
        self.use = use
        self.isOnVolume = isOnVolume
        self.isShared = isShared
        self.fallbacks = fallbacks
        self.owners = owners
        self.isLeftToOthers = isLeftToOthers
        self.startup = startup
    }

    /// Whether it is root's own, in which nobody else has a say.
    var isRoots: Bool { owner == 0 }

    /// The same directory at another path.
    func moved(to path: FilePath) -> DirectoryChange { with(path: path, mode: mode, use: use) }

    /// The same directory for another use.
    func used(for use: Use) -> DirectoryChange { with(path: path, mode: mode, use: use) }

    /// The same directory as an actor makes it.
    func made(by actor: Actor) -> DirectoryChange { with(path: path, mode: mode(by: actor), use: use) }

    /// The mode that an actor gives to it.
    func mode(by actor: Actor) -> ModeBits { actor == .seed ? seedMode : mode }

    /// The mode that an actor gives to a missing directory above it.
    func mode(ofParent parent: FilePath, by actor: Actor, umask: ModeBits) -> ModeBits {
        // Root's above a home are like all of root's; others' are like the one that is wanted.
        if actor == .root { return 0o755 }
        let like = ModeBits(rawValue: mode.rawValue & 0o777)
        // Others of the group pass there, too: were it closed, none but the first of them could ever boot.
        guard actor == .user, own.contains(where: { parent.starts(with: $0) }) else {
            return ModeBits(rawValue: like.rawValue | 0o770)
        }
        return like.masked(by: umask)
    }

    private func with(path: FilePath, mode: ModeBits, use: Use) -> DirectoryChange {
        DirectoryChange(
            path: path, mode: mode, seedMode: seedMode, own: own, owner: owner, group: group, use: use,
            isOnVolume: isOnVolume, isShared: isShared, fallbacks: fallbacks, owners: owners,
            isLeftToOthers: isLeftToOthers, startup: startup)
    }
}

/// A file of the boot's own has a content.
package struct FileChange: Equatable, Sendable {
    package let path: FilePath
    package let content: [UInt8]
    package let mode: ModeBits
    /// What the file is for, in a clause.
    package let meaning: String
}

/// A file of the boot's own is gone.
package struct RemovalChange: Equatable, Sendable {
    package let path: FilePath
    /// Why it goes, in a clause.
    package let meaning: String
}

/// A file exists. One that is made gets a first content; one that exists keeps its own, whatever it is.
package struct FirstFileChange: Equatable, Sendable {
    package let path: FilePath
    /// The content of a file that is made.
    package let content: [UInt8]
    /// The mode of a file that is made, before the umask.
    package let mode: ModeBits

    package init(path: FilePath, content: [UInt8] = [], mode: ModeBits = 0o666) {
        self.path = path
        self.content = content
        self.mode = mode
    }
}

/// A file or a tree of the image has a copy, made once: what the copy has become since is the user's.
package struct CopyChange: Equatable, Sendable {
    /// What is copied; an image without it is fine.
    package let source: FilePath
    package let destination: FilePath

    package init(from source: FilePath, to destination: FilePath) {
        self.source = source
        self.destination = destination
    }
}

/// A link in the home leads to where things are kept. What was in its place is kept too.
package struct LinkChange: Equatable, Sendable {
    /// What the link leads to.
    package enum Kind: String, Sendable { case file, directory }

    /// The link.
    package let path: FilePath
    /// The link's target; absolute.
    package let target: FilePath
    package let kind: Kind
    /// The mode, before the umask, of a target that is made; `nil` when there is no link without a target.
    package let mode: ModeBits?
    /// Whose a target that exists may be, as programs of the user's run what is in it; `nil` for anybody's.
    package let owners: [UInt32]?

    package init(_ path: FilePath, to target: FilePath, _ kind: Kind, mode: ModeBits?, owners: [UInt32]? = nil) {
        self.path = path
        self.target = target
        self.kind = kind
        self.mode = mode
        self.owners = owners
    }
}

extension LinkChange {
    /// What remains of it where the link's place is its target's: that exists.
    var withoutLink: Change {
        guard kind == .directory else { return .firstFile(FirstFileChange(path: target, mode: mode ?? 0o666)) }
        return .directory(DirectoryChange(path: target, mode: mode ?? 0o777, group: 0, use: .none))
    }
}

/// The files of ssh have their content; those of an earlier boot whose variable is gone are gone.
package struct SSHFilesChange: Equatable, Sendable {
    /// A file with a content.
    package struct File: Equatable, Sendable {
        package let name: SSHFileName
        package let content: Secret
        /// The variable that the content comes from.
        package let variable: String

        package init(_ name: SSHFileName, _ content: Secret, from variable: String) {
            self.name = name
            self.content = content
            self.variable = variable
        }
    }

    /// Where ssh looks for its files.
    package let directory: FilePath
    package let files: [File]
    /// The private key's name, whether there is one or not.
    package let privateKey: SSHFileName
    /// A second name of the private key, by its type.
    package let alias: SSHFileName?
    /// The container's mounts, which tell whether a directory outlives the container.
    package let mounts: [Mount]

    package init(
        directory: FilePath, files: [File], privateKey: SSHFileName = .privateKey, alias: SSHFileName?, mounts: [Mount]
    ) {
        self.directory = directory
        self.files = files
        self.privateKey = privateKey
        self.alias = alias
        self.mounts = mounts
    }
}

/// A name in ssh's directory that a boot may make; everything else there is the user's.
package struct SSHFileName: Hashable, Sendable {
    /// One component of a path, without white space.
    package let text: String
    /// The file's mode (ssh(1), FILES).
    package let mode: ModeBits

    private init(_ text: String, mode: ModeBits) {
        self.text = text
        self.mode = mode
    }

    /// The private key's name.
    package static func privateKey(_ name: String) -> SSHFileName { SSHFileName(name, mode: 0o600) }
    /// The name of the public key beside a private one.
    package static func publicKey(of name: String) -> SSHFileName { SSHFileName(name + ".pub", mode: 0o644) }

    package static let privateKey = privateKey("id_rsa")
    package static let publicKey = publicKey(of: "id_rsa")
    package static let knownHosts = SSHFileName("known_hosts", mode: 0o644)
    /// The names under which ssh looks for a key of a type.
    package static let rsa = privateKey("id_rsa")
    package static let ed25519 = privateKey("id_ed25519")
    package static let ecdsa = privateKey("id_ecdsa")
}

/// Git's global configuration has an identity.
package struct GitIdentityChange: Equatable, Sendable {
    /// A key of the section `user` and the value that it gets where it has none.
    package struct Entry: Equatable, Sendable {
        package let key: String
        package let value: String
    }

    /// The configuration file.
    package let path: FilePath
    package let entries: [Entry]
    /// The image's git program.
    package let git: FilePath?
    /// The user's home.
    package let home: FilePath
}

/// A change with who does it and what a failure means.
package struct PlannedChange: Equatable, Sendable {
    package let change: Change
    /// Who does it; the next one tries what the one before was not permitted to do.
    package let by: [Actor]
    package let onFailure: FailurePolicy
    /// What a failure means to the user, in a clause; empty when the error says all.
    package let consequence: String

    package init(_ change: Change, by actors: [Actor], onFailure: FailurePolicy, consequence: String = "") {
        self.change = change
        self.by = actors
        self.onFailure = onFailure
        self.consequence = consequence
    }

    /// The same change with another policy, if there is one.
    package func failing(_ policy: FailurePolicy?) -> PlannedChange {
        PlannedChange(change, by: by, onFailure: policy ?? onFailure, consequence: consequence)
    }
}

extension Change {
    /// What must be true, in words that hold before and after: `/scratch/jane is a directory`.
    package var goal: String {
        switch self {
        case .accounts(let change):
            change.meanings.isEmpty ? "account files are as planned" : change.meanings.joined(separator: "; ")
        case .directory(let change): "directory \(change.path.shown()) (\(change.mode.octal))"
        case .file(let change): "file \(change.path.shown()) (\(change.mode.octal)): \(change.meaning)"
        case .removal(let change): "no file \(change.path.shown()): \(change.meaning)"
        case .firstFile(let change): "file \(change.path.shown())"
        case .copy(let change): "\(change.destination.shown()), first copied from \(change.source.shown())"
        case .link(let change): "link \(change.path.shown()) to \(change.target.shown())"
        case .sshFiles(let change):
            "\(change.directory.shown()) has \(change.names.map(\.text).joined(separator: ", "))"
        case .gitIdentity(let change):
            "\(change.path.shown()) has \(change.entries.map { "user.\($0.key)" }.joined(separator: " and "))"
        case .command(let change): change.dropIn.command
        }
    }

    /// The path that the change is about, if it is one.
    package var path: FilePath? {
        switch self {
        case .accounts: nil
        case .directory(let change): change.path
        case .file(let change): change.path
        case .removal(let change): change.path
        case .firstFile(let change): change.path
        case .copy(let change): change.destination
        case .link(let change): change.path
        case .sshFiles(let change): change.directory
        case .gitIdentity(let change): change.path
        case .command(let change): change.dropIn.program
        }
    }

    /// The same change elsewhere: where directories above its paths have been replaced by others.
    func moved(by resolve: (FilePath) -> FilePath) -> Change {
        switch self {
        case .accounts, .file, .removal, .command: self
        case .directory(let change): .directory(change.moved(to: resolve(change.path)))
        case .firstFile(let change):
            .firstFile(FirstFileChange(path: resolve(change.path), content: change.content, mode: change.mode))
        case .copy(let change): .copy(CopyChange(from: change.source, to: resolve(change.destination)))
        case .link(let change):
            .link(
                LinkChange(
                    resolve(change.path), to: resolve(change.target), change.kind, mode: change.mode,
                    owners: change.owners))
        case .sshFiles(let change):
            .sshFiles(
                SSHFilesChange(
                    directory: resolve(change.directory), files: change.files, privateKey: change.privateKey,
                    alias: change.alias, mounts: change.mounts))
        case .gitIdentity(let change):
            .gitIdentity(
                GitIdentityChange(
                    path: resolve(change.path), entries: change.entries, git: change.git, home: resolve(change.home)))
        }
    }

    /// The paths that must be usable for the change to make sense.
    var needed: [FilePath] {
        if case .link(let change) = self { return [change.path, change.target] }
        return path.map { [$0] } ?? []
    }
}

extension SSHFilesChange {
    /// The names that the change makes.
    package var names: [SSHFileName] { files.map(\.name) + (alias.map { [$0] } ?? []) }

    /// Every name that a boot with these settings may have made.
    var possibleNames: [SSHFileName] {
        let own = [privateKey, .publicKey(of: privateKey.text), .knownHosts]
        return own + [.rsa, .ed25519, .ecdsa].filter { !own.contains($0) }
    }
}
