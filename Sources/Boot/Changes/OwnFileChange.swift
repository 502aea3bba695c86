internal import Linux
package import SystemPackage
internal import Text

/// A file that programs of the user's make belongs to nobody else, nor do the directories above it: otherwise another place
/// is chosen for it. It is only looked at.
package struct OwnFileChange: Equatable, Sendable {
    /// The file.
    package let path: FilePath
    /// Where the user's own begins: nothing above it is looked at.
    let own: [FilePath]
    /// Where it is put when that is somebody else's.
    package let fallback: FilePath
    /// The user's home, in which the fallback lies.
    let home: FilePath
    /// The users' volume. A home in it is no place for the fallback.
    let volume: FilePath
    /// Who may own the file and the directories.
    let owners: [UInt32]
}

extension OwnFileChange: CheckedChange {
    var goal: String { "place \(path.shown()) is nobody else's" }

    func done(by identity: String) -> String { "chose another place for \(path.shown())" }

    var subject: FilePath? { path }

    var blocksWhatLiesBelow: Bool { true }

    var isToldWhenAmiss: Bool { true }

    func check(on bench: Workbench) throws(BootError) -> Finding<Void> {
        do throws(BootError) {
            _ = try directory(of: path, below: own).check(on: bench)
        } catch {
            // What an observer cannot see may well be the user's.
            if bench.actors.isObserver, !bench.actors.isUser, error.isForWantOfPrivileges { return .already }
            guard !bench.ledger.resolved(home).starts(with: volume),
                (try? directory(of: fallback, below: [home.parent]).check(on: bench)) != nil
            else { throw error }
            bench.note("\(error.message); \(fallback.shown()) is used instead")
            bench.ledger.choose(fallback, for: path)
        }
        return .already
    }

    func makeTrue(_: Void, on bench: Workbench) -> Outcome { .already }

    /// The directory of a file, as it is to be.
    private func directory(of file: FilePath, below own: [FilePath]) -> DirectoryChange {
        DirectoryChange(
            at: DirectoryChange.Place(file.parent, own: own), made: DirectoryChange.Form(mode: 0o770, group: 0),
            use: .none, trust: DirectoryChange.Trust(owners: owners, file: file.lastComponent))
    }
}
