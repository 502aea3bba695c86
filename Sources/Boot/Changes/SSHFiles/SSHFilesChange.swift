package import Linux
internal import Text

/// ssh's files have their content. Those that an earlier boot wrote from a variable that is no longer set are gone.
package struct SSHFilesChange: Equatable, Sendable {
    /// A file with a content.
    package struct File: Equatable, Sendable {
        package let name: SSHFileName
        package let content: Secret
        /// The variable that has the content.
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
    /// The private key's name, whether or not there is a key.
    package let privateKey: SSHFileName
    /// A second name for the private key, after its type.
    package let alias: SSHFileName?
    /// The container's mounts, which tell whether a directory outlives the container; `nil` for those that there are.
    package let mounts: [Mount]?
    /// Who may own the directory, besides root and the user.
    let owners: [UInt32]

    package init(
        directory: FilePath, files: [File], privateKey: SSHFileName = .privateKey, alias: SSHFileName?,
        mounts: [Mount]? = nil, owners: [UInt32] = []
    ) {
        self.directory = directory
        self.files = files
        self.privateKey = privateKey
        self.alias = alias
        self.mounts = mounts
        self.owners = owners
    }
}

extension SSHFilesChange: ChangeKind {
    var goal: String { "\(directory.shown()) has \(names.map { $0.text }.joined(separator: ", "))" }

    func done(by identity: String) -> String { "set up \(directory.shown()) as \(identity)" }

    var deed: Deed { .other("set up \(directory.shown())") }

    var subject: FilePath? { directory }

    var secrets: [Secret] { files.map { $0.content } }

    func moved(by resolve: (FilePath) -> FilePath) -> Change? {
        .sshFiles(
            SSHFilesChange(
                directory: resolve(directory), files: files, privateKey: privateKey, alias: alias, mounts: mounts,
                owners: owners))
    }

    /// Makes sure that ssh's directory has the files of the pod's secret, and no file that an earlier boot wrote from a
    /// variable that is no longer set.
    func apply(on bench: Workbench) throws(BootError) -> Outcome {
        let work = SSHFilesWork(self, on: bench)
        return work.isMount ? .skipped(.filesMount, mountWords(directory, files)) : try work.apply()
    }
}

extension SSHFilesChange {
    /// The names that the change makes.
    package var names: [SSHFileName] { files.map { $0.name } + (alias.map { [$0] } ?? []) }

    /// Every name that a boot with these settings may have made.
    var possibleNames: [SSHFileName] {
        let own = [privateKey, .publicKey(of: privateKey.text), .knownHosts, .authorizedKeys]
        return own + [.rsa, .ed25519, .ecdsa].filter { !own.contains($0) }
    }

    /// The note about a mount that is in the way of some files: nothing is written into what the pod has mounted.
    func mountWords(_ path: FilePath, _ files: [File]) -> String {
        let place = "\(path.shown()) is a mount and is left alone"
        if files.isEmpty { return place }
        let (verb, them) = files.count == 1 ? ("is", "it") : ("are", "them")
        let variables = files.map { $0.variable }.joined(separator: ", ")
        return "\(place), so that \(variables) \(verb) not used; unset \(them), or mount nothing there"
    }
}
