internal import Text

// The entries of the account files as the C library's `files` service reads them: blanks before a name are skipped, and
// missing last fields are empty. A line whose id is not a number is ignored. When an entry changes, everything else in
// it stays as it was written, byte for byte.

/// A line of an account file.
protocol AccountEntry: Equatable {
    init?(_ line: ArraySlice<UInt8>)
    var name: ArraySlice<UInt8> { get set }
    /// The line, without its newline.
    var text: [UInt8] { get }
}

/// An entry that gives a name to an id.
protocol IdentifiedEntry: AccountEntry {
    /// The uid of a user, or the gid of a group.
    var id: UInt32 { get set }
}

/// An entry with lists of user names.
protocol MembersEntry: AccountEntry {
    /// Whether one of the lists contains the name.
    func lists(_ name: ArraySlice<UInt8>) -> Bool
    /// Replaces one name with another in all lists.
    mutating func renameMember(_ old: ArraySlice<UInt8>, to new: ArraySlice<UInt8>)
}

/// A line of `/etc/passwd`.
struct UserEntry: IdentifiedEntry {
    var name: ArraySlice<UInt8>
    var password: ArraySlice<UInt8>
    var id: UInt32 { didSet { idField = id == oldValue ? idField : id.decimal } }
    var groupID: UInt32 { didSet { groupIDField = groupID == oldValue ? groupIDField : groupID.decimal } }
    var comment: ArraySlice<UInt8>
    var home: ArraySlice<UInt8>
    var shell: ArraySlice<UInt8>
    private let blanks: ArraySlice<UInt8>
    private var idField: ArraySlice<UInt8>
    private var groupIDField: ArraySlice<UInt8>

    init?(_ line: ArraySlice<UInt8>) {
        var fields = Fields(of: line)
        blanks = fields.blanks
        name = fields.next()
        password = fields.next()
        idField = fields.next()
        groupIDField = fields.next()
        guard !name.isEmpty, let id = UInt32(accountField: idField),
            let groupID = UInt32(accountField: groupIDField)
        else { return nil }
        self.id = id
        self.groupID = groupID
        comment = fields.next()
        home = fields.next()
        shell = fields.rest
    }

    init(name: String, password: String, id: UInt32, groupID: UInt32, home: String, shell: String) {
        self.name = name.bytes
        self.password = password.bytes
        self.id = id
        self.groupID = groupID
        (blanks, idField, groupIDField) = ([], id.decimal, groupID.decimal)
        comment = []
        self.home = home.bytes
        self.shell = shell.bytes
    }

    var text: [UInt8] {
        blanks + joined([name, password, idField, groupIDField, comment, home, shell], by: .colon)
    }
}

/// A line of `/etc/group`.
struct GroupEntry: IdentifiedEntry, MembersEntry {
    var name: ArraySlice<UInt8>
    var password: ArraySlice<UInt8>
    var id: UInt32 { didSet { idField = id == oldValue ? idField : id.decimal } }
    var members: MemberList
    private let blanks: ArraySlice<UInt8>
    private var idField: ArraySlice<UInt8>

    init?(_ line: ArraySlice<UInt8>) {
        var fields = Fields(of: line)
        blanks = fields.blanks
        name = fields.next()
        password = fields.next()
        idField = fields.next()
        guard !name.isEmpty, let id = UInt32(accountField: idField) else { return nil }
        self.id = id
        members = MemberList(text: fields.rest)
    }

    init(name: ArraySlice<UInt8>, password: String, id: UInt32, members: MemberList = MemberList()) {
        self.name = name
        self.password = password.bytes
        self.id = id
        self.members = members
        (blanks, idField) = ([], id.decimal)
    }

    var text: [UInt8] { blanks + joined([name, password, idField, members.text], by: .colon) }

    func lists(_ name: ArraySlice<UInt8>) -> Bool { members.contains(name) }

    mutating func renameMember(_ old: ArraySlice<UInt8>, to new: ArraySlice<UInt8>) {
        members.rename(old, to: new)
    }
}

/// A line of `/etc/shadow`.
struct ShadowEntry: AccountEntry {
    var name: ArraySlice<UInt8>
    /// The password and the seven fields for its ageing.
    var rest: ArraySlice<UInt8>

    init?(_ line: ArraySlice<UInt8>) {
        var fields = Fields(of: line)
        name = fields.next()
        rest = fields.rest
        if name.isEmpty || name.endIndex == line.endIndex { return nil }
    }

    /// An entry that no password matches and that never expires. It is not "locked" with `!`, because an sshd without
    /// PAM then also refuses keys.
    init(closed name: ArraySlice<UInt8>) {
        self.name = name
        rest = "*:::::::".bytes
    }

    var text: [UInt8] { joined([name, rest], by: .colon) }
}

/// A line of `/etc/gshadow`.
struct GroupShadowEntry: MembersEntry {
    var name: ArraySlice<UInt8>
    var password: ArraySlice<UInt8>
    var administrators: MemberList
    var members: MemberList
    private let blanks: ArraySlice<UInt8>

    init?(_ line: ArraySlice<UInt8>) {
        var fields = Fields(of: line)
        blanks = fields.blanks
        name = fields.next()
        password = fields.next()
        administrators = MemberList(text: fields.next())
        members = MemberList(text: fields.rest)
        if name.isEmpty || name.endIndex == line.endIndex { return nil }
    }

    /// An entry that no password matches and that nobody administers.
    init(closed name: ArraySlice<UInt8>, members: MemberList) {
        self.name = name
        password = "*".bytes
        administrators = MemberList()
        self.members = members
        blanks = []
    }

    var text: [UInt8] { blanks + joined([name, password, administrators.text, members.text], by: .colon) }

    func lists(_ name: ArraySlice<UInt8>) -> Bool { members.contains(name) || administrators.contains(name) }

    mutating func renameMember(_ old: ArraySlice<UInt8>, to new: ArraySlice<UInt8>) {
        members.rename(old, to: new)
        administrators.rename(old, to: new)
    }
}

/// Names separated by commas.
struct MemberList: Equatable {
    private(set) var text: ArraySlice<UInt8>

    init(text: ArraySlice<UInt8> = []) {
        self.text = text
    }

    func contains(_ name: ArraySlice<UInt8>) -> Bool {
        if name.isEmpty { return false }
        var start = text.startIndex
        while start < text.endIndex {
            while start < text.endIndex, text[start].isFieldBlank { start += 1 }
            var end = start
            while end < text.endIndex, text[end] != .comma { end += 1 }
            if end - start == name.count, text[start..<end].elementsEqual(name) { return true }
            start = end + 1
        }
        return false
    }

    /// Adds a name at the end, unless the list already has it.
    mutating func add(_ name: ArraySlice<UInt8>) {
        if contains(name) { return }
        if !text.isEmpty { text.append(.comma) }
        text += name
    }

    /// Replaces one name with another, or removes it if the list already has the new name.
    mutating func rename(_ old: ArraySlice<UInt8>, to new: ArraySlice<UInt8>) {
        guard contains(old) else { return }
        var hasNew = contains(new)
        var names: [ArraySlice<UInt8>] = []
        for name in text.split(separator: .comma, omittingEmptySubsequences: false) {
            if !name.drop(while: { $0.isFieldBlank }).elementsEqual(old) {
                names.append(name)
            } else if !hasNew {
                names.append(new)
                hasNew = true
            }
        }
        text = joined(names, by: .comma)[...]
    }
}

/// The fields of a line, one after another; missing ones at the end are empty.
private struct Fields {
    /// The blanks before the first field.
    let blanks: ArraySlice<UInt8>
    /// The part that has not been read yet.
    private(set) var rest: ArraySlice<UInt8>

    init(of line: ArraySlice<UInt8>) {
        var start = line.startIndex
        while start < line.endIndex, line[start].isFieldBlank { start += 1 }
        blanks = line[..<start]
        rest = line[start...]
    }

    mutating func next() -> ArraySlice<UInt8> {
        var end = rest.startIndex
        while end < rest.endIndex, rest[end] != .colon { end += 1 }
        let field = rest[..<end]
        rest = end < rest.endIndex ? rest[(end + 1)...] : rest[end...]
        return field
    }
}

private func joined(_ fields: [ArraySlice<UInt8>], by separator: UInt8) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(fields.reduce(fields.count) { $0 + $1.count })
    for (number, field) in fields.enumerated() {
        if number > 0 { text.append(separator) }
        text += field
    }
    return text
}
