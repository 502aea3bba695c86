internal import Linux
internal import Text

/// Every entry of the account files, for programs that judge them as a whole. A boot looks up what it needs.
package struct AccountList: Sendable {
    /// An entry of `/etc/passwd`.
    package struct User: Equatable, Sendable {
        package let name: String
        package let userID: UInt32
        package let groupID: UInt32
        /// As it stands there, even if it is no path.
        package let home: String
        package let shell: String
        package let password: Password
    }

    /// An entry of `/etc/group`.
    package struct Group: Equatable, Sendable {
        package let name: String
        package let groupID: UInt32
    }

    /// What the field of a password says; its content is nobody's business.
    package enum Password: Equatable, Sendable {
        /// None is needed.
        case empty
        /// The file `/etc/shadow` says it.
        case elsewhere
        /// No password matches.
        case closed
        /// The hash of a password.
        case set

        init(_ field: ArraySlice<UInt8>) {
            if field.isEmpty { self = .empty; return }
            // No hash begins like this (crypt(5)); what follows may be one that somebody has locked.
            let isClosed = field.first == UInt8(ascii: "!") || field.first == UInt8(ascii: "*")
            self = isClosed ? .closed : field.elementsEqual("x".utf8) ? .elsewhere : .set
        }
    }

    /// The users in the order of the file: of two with a name or an id, the C library finds the first.
    package let users: [User]
    /// The groups, likewise.
    package let groups: [Group]
    /// What `/etc/shadow` says of each name; empty where it could not be read.
    package let shadow: [(name: String, password: Password)]

    /// Reads the bytes of the files; lines that are no entries are left out.
    package init(_ files: AccountFiles) {
        let passwd = AccountText<UserEntry>(files.passwd ?? [])
        users = passwd.lines.compactMap { passwd[$0] }.map { entry in
            User(
                name: Self.text(entry.name), userID: entry.id, groupID: entry.groupID, home: Self.text(entry.home),
                shell: Self.text(entry.shell), password: Password(entry.password))
        }
        let group = AccountText<GroupEntry>(files.group ?? [])
        groups = group.lines.compactMap { group[$0] }.map { Group(name: Self.text($0.name), groupID: $0.id) }
        let shadow = AccountText<ShadowEntry>(files.shadow ?? [])
        self.shadow = shadow.lines.compactMap { shadow[$0] }.map { entry in
            (Self.text(entry.name), Password(entry.rest.prefix { $0 != .colon }))
        }
    }

    private static func text(_ field: ArraySlice<UInt8>) -> String { String(decoding: field, as: UTF8.self) }
}
