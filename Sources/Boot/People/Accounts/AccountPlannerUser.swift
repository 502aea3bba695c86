extension AccountPlanner {
    /// Makes the user's entries in passwd and shadow what they should be, and applies a new name to the member lists.
    ///
    /// - Returns: the entry of passwd that is in force.
    mutating func settleUser(_ resolution: Resolution) -> UserEntry {
        guard let line = resolution.line, let found = passwd[line] else { return addUser() }
        if start == .elevated, case .keep = resolution { return keepUser(found) }
        var entry = found
        entry.id = request.userID
        entry.groupID = request.groupID
        entry.password = closed(found.password)
        if case .use = resolution {
            // An account that is used as it is keeps its paths, unless they are invalid.
            if !found.home.isAbsolutePath { entry.home = request.home.bytes }
            if !found.shell.isAbsolutePath { entry.shell = request.shell.bytes }
            let name = found.name.shownName
            warnings.append("uid \(request.userID) belongs to user \(name): it is used in place of \(request.userName)")
        } else {
            entry.name = request.userName.bytes
            entry.home = request.home.bytes
            entry.shell = request.shell.bytes
        }
        // If several entries have one name, the shadow line and the memberships belong to the first one.
        let formerName = entry.name != found.name && passwd.first(named: found.name)?.line == line ? found.name : nil
        reportUser(entry, wasFound: found)
        if case .renumber(_, let holder?) = resolution {
            putUser(entry, from: line, before: holder)
        } else {
            passwd.replace(line, with: entry)
        }
        if start == .elevated {
            renamedUser = formerName
            addShadow(of: entry.name)
            return entry
        }
        if let formerName { renameMember(formerName, to: entry.name) }
        let isClosed = closeShadow(of: entry.name, formerName: formerName)
        if isClosed, entry.name == found.name {
            changes.append(.detail("user \(entry.name.shownName): shadow entry set (no password)"))
        }
        return entry
    }

    private mutating func addUser() -> UserEntry {
        let entry = UserEntry(
            name: request.userName, password: shadow == nil ? "*" : "x", id: request.userID,
            groupID: request.groupID, home: request.home, shell: request.shell)
        passwd.append(entry)
        changes.append(.told("user \(request.userName) (uid \(request.userID)) added"))
        if start == .elevated { addShadow(of: entry.name) } else { closeShadow(of: entry.name, formerName: nil) }
        return entry
    }

    /// Uses the image's account as it is, in an elevated start. Only a line of shadow that it refers to and lacks is
    /// added: if the account had its password in passwd, such a line would override it.
    private mutating func keepUser(_ found: UserEntry) -> UserEntry {
        let name = found.name.shownName
        if found.password.elementsEqual("x".utf8), addShadow(of: found.name) {
            changes.append(.detail("user \(name): shadow entry added (no password)"))
        }
        if found.groupID != request.groupID {
            warnings.append(
                "user \(name) keeps gid \(found.groupID) in passwd: a start with the capabilities of the program's file "
                    + "changes no entry of the image")
        }
        var entry = found
        if !found.home.isAbsolutePath { entry.home = request.home.bytes }
        if !found.shell.isAbsolutePath { entry.shell = request.shell.bytes }
        return entry
    }

    /// Moves the user's entry before the one that holds the uid. Accounts are never removed, so both share the uid.
    private mutating func putUser(_ entry: UserEntry, from line: Int, before holder: Int) {
        let other = passwd[holder].map { $0.name.shownName } ?? ""
        // If other lines have the same name, the name must also resolve to this entry.
        let others = passwd.lines(named: [entry.name]).filter { $0 != line }
        passwd.move(line, before: min(holder, others.first ?? holder), as: entry)
        changes.append(.detail("user \(request.userName) put before user \(other) in passwd"))
        warnings.append(
            "uid \(request.userID) is shared by users \(request.userName) and \(other): programs show \(request.userName)"
        )
    }

    /// A password field that no password matches: one that refers to the shadow file, or `*`.
    private func closed(_ password: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        if shadow != nil { return "x".bytes }
        return password.elementsEqual("x".utf8) ? password : "*".bytes
    }

    private mutating func reportUser(_ entry: UserEntry, wasFound found: UserEntry) {
        let name = entry.name.shownName
        if entry.name != found.name {
            changes.append(.told("user \(found.name.shownName) (uid \(found.id)) renamed to \(name)"))
        }
        if entry.id != found.id { changes.append(.told("user \(name): uid changed from \(found.id) to \(entry.id)")) }
        var fields: [String] = []
        if entry.groupID != found.groupID { fields.append("gid set to \(entry.groupID)") }
        if entry.home != found.home { fields.append("home set to \(String(decoding: entry.home, as: UTF8.self))") }
        if entry.shell != found.shell { fields.append("shell set to \(String(decoding: entry.shell, as: UTF8.self))") }
        if !fields.isEmpty { changes.append(.told("user \(name): \(fields.joined(separator: ", "))")) }
        if entry.password != found.password { changes.append(.detail("user \(name): password field closed")) }
    }

    /// Leaves exactly one line for the user in shadow, without a password. A line with the former name is removed,
    /// because the next account of that name would get its password.
    ///
    /// - Returns: whether anything changes.
    @discardableResult
    private mutating func closeShadow(of name: ArraySlice<UInt8>, formerName: ArraySlice<UInt8>?) -> Bool {
        guard var text = shadow else { return false }
        let lines = text.lines(named: [name] + (formerName.map { [$0] } ?? []))
        if let first = lines.first { text.replace(first, with: ShadowEntry(closed: name)) }
        for line in lines.dropFirst() { text.remove(line) }
        if lines.isEmpty { text.append(ShadowEntry(closed: name)) }
        shadow = text
        return text.isChanged
    }

    /// Adds a line for the user to shadow, unless there is any line for it.
    ///
    /// - Returns: whether it was added.
    @discardableResult
    private mutating func addShadow(of name: ArraySlice<UInt8>) -> Bool {
        guard let text = shadow, text.first(named: name) == nil else { return false }
        shadow?.append(ShadowEntry(closed: name))
        return true
    }

    private mutating func renameMember(_ old: ArraySlice<UInt8>, to new: ArraySlice<UInt8>) {
        group.renameMember(old, to: new)
        gshadow?.renameMember(old, to: new)
    }
}

extension AccountText where Entry: MembersEntry {
    fileprivate mutating func renameMember(_ old: ArraySlice<UInt8>, to new: ArraySlice<UInt8>) {
        for line in lines(listing: old) {
            guard var entry = self[line] else { continue }
            entry.renameMember(old, to: new)
            replace(line, with: entry)
        }
    }
}
