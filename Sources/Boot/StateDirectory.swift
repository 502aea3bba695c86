package import Init
package import Linux
package import SystemPackage

/// What is kept of a boot for later sessions: the report, and the environment without its secrets.
package struct StateDirectory {
    /// The directory.
    package let path: FilePath
    private let tree: FileTree
    private let owner: (user: UInt32, group: UInt32)
    /// The mode of the files: root's are for the user's group, a user's own are for him.
    private let fileMode: ModeBits

    /// Opens or makes the directory: `/run/entrypoint` of root's, or one of the user's own in `/dev/shm`.
    ///
    /// - Parameters:
    ///   - start: how the container was started.
    ///   - user: the ids of the user's command.
    ///   - tree: the container's files.
    /// - Throws: why there is no directory to trust: the error of making it, ENOTDIR for something else in its place,
    ///   EPERM for one that belongs to somebody else or that others can write in, or whose place has a ``doubt(of:in:)``.
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

    /// Opens or makes a directory that nobody but its owner can write in.
    ///
    /// - Throws: as ``init(for:user:in:)``.
    init(
        at path: FilePath, owner: (user: UInt32, group: UInt32), mode: ModeBits, fileMode: ModeBits,
        isElevated: Bool = false, in tree: FileTree
    ) throws(SystemCallError) {
        (self.path, self.owner, self.fileMode, self.tree) = (path, owner, fileMode, tree)
        guard let name = path.lastComponent else { return }
        if isElevated, try Self.doubt(of: path, in: tree) != nil {
            throw SystemCallError(call: "mkdirat", path: path, errno: .notPermitted)
        }
        let parent = try tree.openParent(of: path, links: .refuse)
        guard let status = try Self.status(name, of: owner.user, in: parent) else {
            // Open at once: a caller who cannot look into it does not know whether a start before his was elevated.
            let umask = CurrentProcess.setUmask(0)
            defer { CurrentProcess.setUmask(umask) }
            try parent.makeDirectory(name, mode: mode)
            return
        }
        // A directory may have its set-group-ID bit from the one above it.
        if status.mode.rawValue & 0o777 == mode.rawValue { return }
        let directory = try parent.open(name, [.readOnly, .directory])
        // Whoever made it, perhaps with a strict umask; but one that holds something may be closed for that.
        if isElevated, try !directory.entryNames(path: path).isEmpty {
            throw SystemCallError(call: "mkdirat", path: path, errno: .notPermitted)
        }
        try directory.setMode(mode, path: path)
    }

    /// What there is of the directory; `nil` for nothing.
    ///
    /// - Throws: ENOTDIR for something else, EPERM for another's or one that others can write in.
    private static func status(
        _ name: FilePath.Component, of user: UInt32, in parent: borrowing Directory
    ) throws(SystemCallError) -> FileStatus? {
        guard let status = try parent.status(name) else { return nil }
        let path = parent.path.appending(name)
        guard status.kind == .directory else {
            throw SystemCallError(call: "mkdirat", path: path, errno: .notDirectory)
        }
        guard status.user == user, status.mode.rawValue & 0o022 == 0 else {
            throw SystemCallError(call: "mkdirat", path: path, errno: .notPermitted)
        }
        return status
    }

    /// Why root keeps nothing in a directory, made or not, when the pod spec's author is not to be trusted: he may have
    /// mounted another's files there, or take away what he is not to change.
    ///
    /// - Throws: the error of looking at it.
    static func doubt(of path: FilePath, in tree: FileTree) throws(SystemCallError) -> String? {
        let root = try tree.open("/", [.pathOnly, .directory], links: .refuse).mount
        func isMounted(_ place: borrowing Descriptor, _ path: FilePath) throws(SystemCallError) -> Bool {
            if root != 0 && place.mount == root { return false }
            return try !place.isInMemory(path: path)
        }
        let holder = path.parent
        let parent = try tree.open(holder, [.pathOnly, .directory], links: .refuse)
        let status = try parent.status(path: holder)
        if status.user != 0 || status.mode.rawValue & 0o022 != 0 && status.mode.rawValue & 0o1000 == 0 {
            return "\(Text.shown(holder)) is not root's, or others can remove what is in it"
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
        "\(Text.shown(path)) is a mount of the pod's, and not in memory: see volumeMounts in the pod spec"
    }

    /// Keeps the environment, once for programs and once for shells; equal files are left alone.
    ///
    /// - Parameters:
    ///   - entries: the environment.
    ///   - user: the id of the user whose it is.
    ///   - secrets: which of its variables are not kept.
    /// - Throws: the error of writing.
    package func keep(
        environment entries: [CString], of user: UInt32, without secrets: Secrets
    ) throws(SystemCallError) {
        var plain: [UInt8] = []
        var shell = Array(Self.guardLines(for: user).utf8)
        for entry in entries {
            guard let name = entry.variableName, !secrets.isSecret(name) else { continue }
            plain += entry.bytes
            plain.append(0)
            guard Formats.isVariableName(name) else { continue }
            shell += "export ".utf8
            shell += name.utf8
            shell.append(UInt8(ascii: "="))
            shell += Self.quoted(entry.bytes(from: name.utf8.count + 1))
            shell.append(UInt8(ascii: "\n"))
        }
        try write("environment", plain, fileMode)
        try write("environment.sh", shell, fileMode)
    }

    /// What a shell reads before the environment.
    private static func guardLines(for user: UInt32) -> String {
        """
        # For user \(user) alone: with his HOME and ZDOTDIR, a shell of another, of root above all, would run his startup files.
        [ "$(id -u)" = \(user) ] || return 0

        """
    }

    /// Makes an empty file, for all to see.
    ///
    /// - Returns: whether it is new.
    /// - Throws: the error of making it.
    func mark(_ name: FilePath.Component) throws(SystemCallError) -> Bool {
        do throws(SystemCallError) {
            _ = try tree.openParent(of: path.appending(name), links: .refuse)
                .open(name, [.writeOnly, .create, .exclusive], mode: 0o444)
            return true
        } catch  where error.errno == .fileExists {
            return false
        }
    }

    /// Keeps the report, which has the values of exports, too.
    ///
    /// - Throws: the error of writing.
    package func keep(report: JSON) throws(SystemCallError) {
        let content = Array((report.text + "\n").utf8)
        try FileReplacement.replace(
            path.appending(Self.reportName), with: content, mode: fileMode, owner: owner, mayOverwrite: false, in: tree)
    }

    private static let reportName = "report.json"

    /// Adds to the report how the container ended, and leaves the reason for Kubernetes; what cannot be written is lost,
    /// because nobody is left to tell.
    package static func keep(_ end: EndReport) {
        let tree = FileTree()
        TerminationLog.write(end.text, in: tree)
        let user = CurrentProcess.effectiveUser
        let directory = user == 0 ? Paths.state : FilePath(Paths.userStatePrefix + String(user))
        let end = JSON.object([("exitCode", .number(end.exitCode)), ("message", .string(end.text))])
        _ = try? add(end, to: directory, of: user, in: tree)
    }

    /// Adds an end to a report that is the directory's own, through the descriptor by which it was looked at.
    ///
    /// - Throws: the error of opening, reading or writing; EPERM for a file that is a mount, or another's.
    private static func add(
        _ end: JSON, to path: FilePath, of user: UInt32, in tree: FileTree
    ) throws(SystemCallError) {
        guard let name = FilePath.Component(reportName) else { return }
        let file = path.appending(name)
        let directory = try tree.openDirectory(path, links: .refuse)
        let place = try directory.status()
        let report = try directory.open(name, [.readWrite, .nonBlocking])
        let status = try report.status(path: file)
        guard place.user == user, place.mode.rawValue & 0o022 == 0, status.kind == .file, status.user == user,
            report.mount == directory.mount
        else { throw SystemCallError(call: "openat", path: file, errno: .notPermitted) }
        let bytes = try report.readAll(limit: 16 << 20, expected: status.size, path: file)
        // The report is one object on one line: the end becomes its last member. An init without the right to give files
        // away cannot replace the file.
        guard bytes.suffix(2) == Array("}\n".utf8) else { return }
        try report.writeAll(Array((",\"end\":" + end.text + "}\n").utf8), at: bytes.count - 2, path: file)
    }

    private func write(_ name: FilePath.Component, _ content: [UInt8], _ mode: ModeBits) throws(SystemCallError) {
        let file = path.appending(name)
        if try tree.read(file, limit: content.count + 1, links: .refuse) == content { return }
        try FileReplacement.replace(file, with: content, mode: mode, owner: owner, mayOverwrite: false, in: tree)
    }

    /// Single quotes, which leave every byte as it is; a quote itself is written `'\''`.
    private static func quoted(_ value: [UInt8]) -> [UInt8] {
        var text: [UInt8] = [UInt8(ascii: "'")]
        for (index, part) in value.split(separator: UInt8(ascii: "'"), omittingEmptySubsequences: false).enumerated() {
            if index > 0 { text += "'\\''".utf8 }
            text += part
        }
        text.append(UInt8(ascii: "'"))
        return text
    }
}

/// The file in which Kubernetes looks for the reason of a container's end.
package enum TerminationLog {
    /// Writes the reason, if the file is there and can be written; the same line is on standard error.
    package static func write(_ text: String, in tree: FileTree) {
        guard let file = try? tree.open(Paths.terminationLog, [.writeOnly, .noFollow, .nonBlocking], links: .refuse),
            (try? file.status())?.kind == .file
        else { return }
        _ = try? file.setLength(0)
        _ = try? file.writeAll(Array((text + "\n").utf8))
    }
}
