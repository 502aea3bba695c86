package import Boot
package import Init
package import Linux
internal import Programs
internal import Text

/// What is kept of a boot for later sessions: the report, and the environment without its secrets.
package struct StateDirectory: ~Copyable {
    /// The directory.
    package let path: FilePath
    /// The open directory: files go here, whatever becomes of its path.
    let directory: Directory
    private let owner: (user: UInt32, group: UInt32)
    /// The mode of the files: root's are for the user's group, a user's own are for that user alone.
    private let fileMode: ModeBits

    /// Opens or makes the directory: root's `/run/entrypoint`, or the user's own in `/dev/shm`.
    ///
    /// - Parameters:
    ///   - start: how the container was started.
    ///   - user: the ids of the user's command.
    ///   - tree: the container's files.
    /// - Throws: why no directory can be trusted: the error of making it, ENOTDIR for something else in its place, or
    ///   EPERM for one that is somebody else's, that others can write in, or that ``objection(to:in:)`` rules out.
    package init(for start: Start, user: Credentials, in tree: FileTree) throws(SystemCallError) {
        switch start {
        case .root, .elevated:
            try self.init(
                at: Paths.state, owner: (0, user.group), mode: 0o755, fileMode: 0o640, isElevated: start == .elevated,
                in: tree)
        case .bare:
            let path = FilePath(Paths.userStatePrefix + String(user.user))
            try self.init(at: path, owner: (user.user, user.group), mode: 0o700, fileMode: 0o600, in: tree)
        }
    }

    /// Opens or makes a directory that only its owner can write in.
    ///
    /// - Throws: the same errors as ``init(for:user:in:)``.
    init(
        at path: FilePath, owner: (user: UInt32, group: UInt32), mode: ModeBits, fileMode: ModeBits,
        isElevated: Bool = false, in tree: FileTree
    ) throws(SystemCallError) {
        guard let name = path.lastComponent else {
            throw SystemCallError(call: "mkdirat", path: path, errno: .invalidArgument)
        }
        if isElevated, try Self.objection(to: path, in: tree) != nil {
            throw SystemCallError(call: "mkdirat", path: path, errno: .notPermitted)
        }
        let parent = try tree.openParent(of: path, links: .refuse)
        let directory = try Self.open(name, mode: mode, in: parent)
        let status = try directory.status()
        guard status.user == owner.user, !status.isWritableByOthers else {
            throw SystemCallError(call: "mkdirat", path: path, errno: .notPermitted)
        }
        // A directory may inherit its set-group-ID bit from the one above it.
        if status.mode.rawValue & 0o777 != mode.rawValue {
            // Whoever made it may have had a strict umask. But a directory that holds something may be closed on
            // purpose, and where others may rename it, it may be any directory of the owner's.
            let isMovable = try Self.isMovable(in: parent)
            let holdsSomething = isElevated ? try !directory.names().isEmpty : false
            if isMovable || holdsSomething {
                throw SystemCallError(call: "mkdirat", path: path, errno: .notPermitted)
            }
            try directory.setMode(mode)
        }
        self.directory = directory
        (self.path, self.owner, self.fileMode) = (path, owner, fileMode)
    }

    /// Whether anyone but root and a directory's owner can put another one in its place (inode(7), the sticky bit).
    private static func isMovable(in parent: borrowing Directory) throws(SystemCallError) -> Bool {
        let status = try parent.status()
        return status.user != 0 || status.letsOthersRename
    }

    /// Opens the directory, or makes it if it does not exist. Another start may do the same at the same time.
    private static func open(
        _ name: FilePath.Component, mode: ModeBits, in parent: borrowing Directory
    ) throws(SystemCallError) -> Directory {
        do throws(SystemCallError) {
            return try parent.openDirectory(name)
        } catch  where error.errno == .noSuchFileOrDirectory {
            // Open at once: a caller who cannot look into it cannot tell whether an earlier start was elevated.
            let umask = CurrentProcess.setUmask(0)
            defer { CurrentProcess.setUmask(umask) }
            do throws(SystemCallError) {
                try parent.makeDirectory(name, mode: mode)
            } catch  where error.errno == .fileExists {}
            return try parent.openDirectory(name)
        }
    }

    /// Why root keeps nothing in a directory, existing or not, when the pod spec's author is not trusted: the author
    /// may have mounted somebody else's files there, or may remove what only root may change.
    ///
    /// - Throws: the error of looking at it.
    static func objection(to path: FilePath, in tree: FileTree) throws(SystemCallError) -> String? {
        let root = try tree.open("/", [.pathOnly, .directory], links: .refuse).mount
        func isMounted(_ place: borrowing Descriptor, _ path: FilePath) throws(SystemCallError) -> Bool {
            if root != 0 && place.mount == root { return false }
            return try !place.isInMemory(path: path)
        }
        let holder = path.parent
        let parent = try tree.open(holder, [.pathOnly, .directory], links: .refuse)
        let status = try parent.status(path: holder)
        if status.user != 0 || status.letsOthersRename {
            return "\(holder.shown()) is not root's, or others can remove what is in it"
        }
        if try isMounted(parent, holder) { return mountWords(holder) }
        do throws(SystemCallError) {
            let directory = try tree.open(path, [.pathOnly, .directory], links: .refuse)
            return try isMounted(directory, path) ? mountWords(path) : nil
        } catch  where error.errno == .noSuchFileOrDirectory {
            return nil
        }
    }

    private static func mountWords(_ path: FilePath) -> String {
        "\(path.shown()) is a mount of the pod's, and not in memory: see volumeMounts in the pod spec"
    }

    /// Keeps the environment for ``KeptEnvironment``; a file that would not change is not written.
    ///
    /// - Parameters:
    ///   - entries: the environment.
    ///   - user: the id of the user who owns the environment.
    ///   - secrets: which of its variables are not kept.
    ///   - exported: what drop-in steps have exported.
    ///   - files: the secrets of which the paths of files are kept.
    /// - Throws: the error of writing.
    package func keep(
        environment entries: [CString], of user: UInt32, without secrets: Secrets,
        exported: StepExported = StepExported(), files: [SecretFile] = []
    ) throws(SystemCallError) {
        var content: [UInt8] = []
        content.reserveCapacity(1 << 14)
        // What a step exports counts more.
        var files = files.filter { !exported.names.contains($0.name) }
        var hasPaths = false
        for entry in entries {
            guard let length = entry.variableNameLength, !secrets.isSecret(entry, nameLength: length) else { continue }
            if exported.isSecret(entry) { continue }
            if SecretFile.isFile(entry, nameLength: length) {
                hasPaths = true
                files.removeAll { $0.variable == entry.variableName }
            }
            entry.append(to: &content)
            content.append(0)
        }
        for file in files { content += Array("\(file.variable)=\(file.path.string)".utf8) + [0] }
        try keep(secretNames: files.map { $0.name }, mayBeStale: hasPaths)
        // Snippets of earlier versions read it, and would use the environment of an earlier boot.
        _ = try? directory.remove("environment.sh")
        // Root's files name the user of the environment. Between the writes they name nobody, and never another user.
        let record = owner.user == user ? nil : KeptEnvironment.userText(user)
        let isNamed = try record.map { text throws(SystemCallError) in try has(KeptEnvironment.userName, text, 0o644) }
        if isNamed == false { _ = try directory.remove(KeptEnvironment.userName) }
        try write(KeptEnvironment.name, content, fileMode)
        if let record, isNamed == false { try replace(KeptEnvironment.userName, record, 0o644) }
    }

    /// Keeps which variables have their values in files.
    ///
    /// - Parameter mayBeStale: whether names that an earlier boot has kept would mean something now.
    private func keep(secretNames names: [String], mayBeStale: Bool) throws(SystemCallError) {
        if !names.isEmpty {
            try write(KeptEnvironment.secretsName, Array(names.map { $0 + "\n" }.joined().utf8), fileMode)
        } else if mayBeStale {
            _ = try? directory.remove(KeptEnvironment.secretsName)
        }
    }

    /// Makes the directory in which the keeper of a user's services can be reached.
    ///
    /// - Parameter user: who owns it, and alone may enter it.
    /// - Returns: its path.
    /// - Throws: the error of making it; EPERM for something in its place that is not that user's alone.
    func makeControlDirectory(for user: Credentials) throws(SystemCallError) -> FilePath {
        // A user's own state is for that user alone anyway.
        if owner.user != 0 { return path }
        guard let name = FilePath.Component("services-\(user.user)") else { return path }
        let place = path.appending(name)
        let control = try Self.open(name, mode: 0o700, in: directory)
        let status = try control.status()
        if status.user != user.user || status.group != user.group {
            guard status.user == 0 || status.user == user.user else {
                throw SystemCallError(call: "mkdirat", path: place, errno: .notPermitted)
            }
            try control.setOwner(user: user.user, group: user.group)
        }
        if status.mode.rawValue & 0o777 != 0o700 { try control.setMode(0o700) }
        return place
    }

    /// Makes an empty file that everybody may see.
    ///
    /// - Returns: whether it is new.
    /// - Throws: the error of making it.
    func mark(_ name: FilePath.Component) throws(SystemCallError) -> Bool {
        do throws(SystemCallError) {
            _ = try directory.open(name, [.writeOnly, .create, .exclusive], mode: 0o444)
            return true
        } catch  where error.errno == .fileExists {
            return false
        }
    }

    /// Keeps, for root alone, who the user is and what the user's sessions are like; removes what an earlier boot has kept
    /// when there is nothing.
    ///
    /// - Throws: the error of writing or removing.
    func keep(identity record: SessionRecord?) throws(SystemCallError) {
        guard let record else {
            _ = try directory.remove(KeptSession.identityName)
            return
        }
        _ = try FileReplacement.replace(
            KeptSession.identityName, in: directory, with: record.line, mode: 0o600, owner: (0, 0))
    }

    /// Keeps what is known about the boot, including the values of its exports.
    ///
    /// - Returns: the report, open for the line about the end.
    /// - Throws: the error of writing.
    package func keep(_ record: BootRecord) throws(SystemCallError) -> Descriptor {
        // A report of an earlier version would be taken for this boot's.
        _ = try? directory.remove("report.json")
        return try FileReplacement.replace(
            Self.reportName, in: directory, with: ReportFile.line(record), mode: fileMode, owner: owner)
    }

    /// The file of the report.
    static let reportName: FilePath.Component = "report.jsonl"

    /// Adds to the report how the container ended, and leaves the reason for Kubernetes. What cannot be written is
    /// lost, because nobody is left to tell.
    ///
    /// - Parameter report: the report as ``keep(_:)`` has opened it, whatever is at its path by now.
    package static func keep(_ end: EndReport, in report: consuming Descriptor?) {
        TerminationLog.write(end.text, in: FileTree())
        guard let report else { return }
        let id = end.id.map { MessageIdentifier($0).rawValue } ?? ""
        _ = try? report.writeAll(ReportFile.line(EndRecord(exitCode: end.exitCode, id: id, message: end.text)))
    }

    private func write(_ name: FilePath.Component, _ content: [UInt8], _ mode: ModeBits) throws(SystemCallError) {
        if try !has(name, content, mode) { try replace(name, content, mode) }
    }

    private func replace(_ name: FilePath.Component, _ content: [UInt8], _ mode: ModeBits) throws(SystemCallError) {
        _ = try FileReplacement.replace(name, in: directory, with: content, mode: mode, owner: owner)
    }

    /// Whether the file already has the content and mode that would be written.
    private func has(_ name: FilePath.Component, _ content: [UInt8], _ mode: ModeBits) throws(SystemCallError) -> Bool {
        // To open a device that was mounted here could already do something.
        guard try directory.status(name)?.kind == .file else { return false }
        let file = try directory.open(name, [.readOnly, .nonBlocking])
        let path = path.appending(name)
        let opened = try file.status(path: path)
        guard opened.kind == .file, opened.user == owner.user, opened.group == owner.group, opened.mode == mode,
            opened.names == 1, opened.size == content.count
        else { return false }
        return try file.readAll(limit: content.count + 1, expected: opened.size, path: path) == content
    }
}
