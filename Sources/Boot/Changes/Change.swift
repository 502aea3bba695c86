package import Linux

/// Something that must be true, as data. The file of its kind defines what it means, how to check it and how to make it
/// true.
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
    case ownFile(OwnFileChange)
    case tokenPlace(TokenPlaceChange)

    /// The change as a value of its kind.
    var kind: any KindOfChange {
        switch self {
        case .accounts(let change): Kind(change)
        case .directory(let change): Kind(change)
        case .file(let change): Kind(change)
        case .removal(let change): Kind(change)
        case .firstFile(let change): Kind(change)
        case .copy(let change): Kind(change)
        case .link(let change): Kind(change)
        case .sshFiles(let change): Kind(change)
        case .gitIdentity(let change): Kind(change)
        case .command(let change): Kind(change)
        case .ownFile(let change): Kind(change)
        case .tokenPlace(let change): Kind(change)
        }
    }

    /// What must be true, in words that hold before and after: `/scratch/jane is a directory`.
    package var goal: String { kind.goal }

    /// The path that the change is about, if there is one.
    package var path: FilePath? { kind.subject }

    /// Whether the change needs something in, or at, one of these places.
    @export(interface) package func needsAny(of places: [FilePath]) -> Bool {
        kind.needed.contains { path in places.contains { path.starts(with: $0) } }
    }

    /// Whether the change is reported only when something is wrong.
    package var isToldWhenAmiss: Bool { kind.isToldWhenAmiss }
}
