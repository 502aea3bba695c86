package import Boot
package import Linux
internal import Text

/// The removal of the container's user from the account files. The home, and what belongs to the user's id, stays.
package struct AccountScrub: Sendable {
    /// A file that has lines of the user's.
    package struct File: Equatable, Sendable {
        package let path: FilePath
        /// How many of its lines go, or change.
        package let lines: Int
        let found: [UInt8]
        let cleaned: [UInt8]
    }

    private let user: People.User
    private let tree: FileTree

    /// - Parameters:
    ///   - user: who the container was made ready for; never root.
    ///   - tree: the container's files.
    package init(of user: People.User, in tree: FileTree) {
        self.user = user
        self.tree = tree
    }

    /// What a line of a file means.
    private enum Grammar {
        /// The first field is the user's name, the third the user's id: `/etc/passwd`.
        case users
        /// The first field is the user's name, or perhaps the user's id: `/etc/shadow`, `/etc/subuid`.
        case names
        /// The first field is a group's name, and the last ones lists of members: `/etc/group`, `/etc/gshadow`.
        case groups
    }

    private static let files: [(path: FilePath, grammar: Grammar)] = [
        ("/etc/gshadow", .groups), ("/etc/gshadow-", .groups), ("/etc/group", .groups), ("/etc/group-", .groups),
        ("/etc/shadow", .names), ("/etc/shadow-", .names), ("/etc/subuid", .names), ("/etc/subuid-", .names),
        ("/etc/subgid", .names), ("/etc/subgid-", .names), ("/etc/passwd", .users), ("/etc/passwd-", .users),
    ]

    /// The files that have something of the user's.
    ///
    /// - Parameter notes: receives which files are left, and why.
    /// - Throws: the error of reading one.
    package func search(_ notes: inout [String]) throws(SystemCallError) -> [File] {
        guard user.credentials.user != 0 else { return [] }
        let removesGroup = try isGroupFree()
        var found: [File] = []
        for (path, grammar) in Self.files {
            guard let bytes = try tree.read(path, limit: 64 << 20, links: .refuse) else { continue }
            let (cleaned, lines) = clean(bytes, grammar, removesGroup: removesGroup)
            if lines == 0 { continue }
            let isImages = tree.isRealRoot ? try tree.isOnRootMount(path) == true : true
            guard isImages else {
                notes.append("\(path.shown()) was left: it is a mount")
                continue
            }
            found.append(File(path: path, lines: lines, found: bytes, cleaned: cleaned))
        }
        return found
    }

    /// Removes the lines.
    ///
    /// - Parameter files: what ``search(_:)`` has found.
    /// - Throws: the error of locking or writing; ESTALE for a file that another program has changed since.
    package func remove(_ files: [File]) throws(SystemCallError) {
        guard !files.isEmpty else { return }
        if tree.isRealRoot { try AccountLock.acquire() }
        defer { if tree.isRealRoot { AccountLock.release() } }
        for file in files {
            guard try tree.read(file.path, links: .refuse) == file.found,
                let status = try tree.status(file.path, links: .refuse)
            else { throw SystemCallError(call: "read", path: file.path, errno: .staleNFSFileHandle) }
            try FileReplacement.replace(
                file.path, with: file.cleaned, mode: status.mode, owner: (status.user, status.group), in: tree)
        }
    }

    /// Whether nobody else has the user's group: no other account has it as its primary one, it has no other members, and it
    /// is not one of the system's.
    private func isGroupFree() throws(SystemCallError) -> Bool {
        let gid = Array(String(user.credentials.group).utf8)
        guard user.credentials.group >= 1000 else { return false }
        let name = Array(user.name.utf8)
        let accounts = Self.lines(of: try tree.read(Paths.passwd, limit: 64 << 20, links: .refuse) ?? [])
        let isOthers = accounts.contains { line in
            let fields = Self.fields(of: line)
            return fields.count > 3 && fields[3].elementsEqual(gid) && !fields[0].elementsEqual(name)
        }
        if isOthers { return false }
        let groups = Self.lines(of: try tree.read(Paths.group, limit: 64 << 20, links: .refuse) ?? [])
        return !groups.contains { line in
            let fields = Self.fields(of: line)
            guard fields.count > 3, fields[2].elementsEqual(gid) else { return false }
            let isNamed = fields[0].elementsEqual(user.groupName.utf8)
            return !isNamed || Self.members(of: fields[3]).contains { !$0.isEmpty && !$0.elementsEqual(name) }
        }
    }

    private func clean(
        _ bytes: [UInt8], _ grammar: Grammar, removesGroup: Bool
    ) -> (bytes: [UInt8], lines: Int) {
        var cleaned: [UInt8] = []
        cleaned.reserveCapacity(bytes.count)
        var count = 0
        for line in Self.lines(of: bytes) {
            let kept = self.line(line, grammar, removesGroup: removesGroup)
            if kept.map({ $0.elementsEqual(line) }) != true { count += 1 }
            cleaned += kept ?? []
        }
        return (cleaned, count)
    }

    /// A line as it stays, with its newline; `nil` for one that goes.
    private func line(_ line: ArraySlice<UInt8>, _ grammar: Grammar, removesGroup: Bool) -> [UInt8]? {
        let fields = Self.fields(of: line)
        let name = Array(user.name.utf8)
        switch grammar {
        case .users:
            let isUsers =
                fields.count > 2 && fields[0].elementsEqual(name)
                && fields[2].elementsEqual(String(user.credentials.user).utf8)
            return isUsers ? nil : Array(line)
        case .names:
            let isID = fields.count == 3 && fields[0].elementsEqual(String(user.credentials.user).utf8)
            return fields.count > 1 && fields[0].elementsEqual(name) || isID ? nil : Array(line)
        case .groups:
            guard fields.count == 4 else { return Array(line) }
            if removesGroup && fields[0].elementsEqual(user.groupName.utf8) { return nil }
            // The administrators of a group are listed as its members are, and only in gshadow: a gid is no name.
            let lists = fields[2...].map { field -> [UInt8] in
                guard Self.members(of: field).contains(where: { $0.elementsEqual(name) }) else { return Array(field) }
                return Array(Self.members(of: field).filter { !$0.elementsEqual(name) }.joined(separator: [.comma]))
            }
            let end: [UInt8] = line.last == .newline ? [.newline] : []
            return Array(([Array(fields[0]), Array(fields[1])] + lists).joined(separator: [.colon])) + end
        }
    }

    /// The lines of a file, each with its newline.
    private static func lines(of bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        var lines: [ArraySlice<UInt8>] = []
        var start = 0
        for (index, byte) in bytes.enumerated() where byte == .newline {
            lines.append(bytes[start...index])
            start = index + 1
        }
        if start < bytes.count { lines.append(bytes[start...]) }
        return lines
    }

    private static func fields(of line: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        let text = line.last == .newline ? line.dropLast() : line
        return text.split(separator: .colon, omittingEmptySubsequences: false)
    }

    private static func members(of field: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        field.split(separator: .comma, omittingEmptySubsequences: false)
    }
}
