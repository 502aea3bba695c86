package import Linux
internal import Text

/// A file that programs of the user's make belongs to nobody else, nor do its neighbours and the directories above it. It is
/// only looked at.
package struct OwnFileChange: Equatable, Sendable {
    /// The file.
    package let path: FilePath
    /// Further files in its directory.
    let neighbours: [FilePath.Component]
    /// Where the user's own begins: nothing above it is looked at.
    let own: [FilePath]
    /// Who may own the files and the directories.
    let owners: [UInt32]
}

extension OwnFileChange: CheckedChange {
    var goal: String { "place \(path.shown()) is nobody else's" }

    func done(by identity: String) -> String { "looked at \(path.shown()) as \(identity)" }

    var deed: Deed { .other("looked at \(path.shown())") }

    var subject: FilePath? { path }

    var blocksWhatLiesBelow: Bool { true }

    var isToldWhenAmiss: Bool { true }

    func moved(by resolve: (FilePath) -> FilePath) -> Change? {
        .ownFile(OwnFileChange(path: resolve(path), neighbours: neighbours, own: own.map(resolve), owners: owners))
    }

    func check(on bench: Workbench) throws(BootError) -> Finding<Void> {
        let directory = DirectoryChange(
            at: DirectoryChange.Place(path.parent, own: own), made: DirectoryChange.Form(mode: 0o770, group: 0),
            use: .none,
            trust: DirectoryChange.Trust(owners: owners, files: (path.lastComponent.map { [$0] } ?? []) + neighbours))
        do throws(BootError) {
            _ = try directory.check(on: bench)
        } catch {
            // What an observer cannot see may well be the user's.
            guard bench.actors.isObserver, !bench.actors.isUser, error.isForWantOfPrivileges else { throw error }
        }
        return .already
    }

    func makeTrue(_: Void, on bench: Workbench) -> Outcome { .already }
}
