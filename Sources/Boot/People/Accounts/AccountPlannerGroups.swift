extension AccountPlanner {
    /// Makes the primary group's entries in group and gshadow what they should be.
    ///
    /// - Returns: the name that is in force.
    mutating func settleGroup(_ resolution: Resolution?) -> ArraySlice<UInt8> {
        guard let resolution else { return group.first(withID: request.groupID)?.entry.name ?? "root".bytes }
        guard let line = resolution.line, let found = group[line] else { return addGroup() }
        if case .use = resolution {
            warnOfKeptName(found)
            if start == .elevated { keepGroup(found) }
            return found.name
        }
        if start == .elevated, case .keep = resolution {
            keepGroup(found)
            return found.name
        }
        var entry = found
        entry.name = request.groupName.bytes
        entry.id = request.groupID
        // A runtime's entry is not the image's, and refers to the user by the same number.
        if let renamedUser { entry.renameMember(renamedUser, to: request.userName.bytes) }
        let formerName = entry.name != found.name && group.first(named: found.name)?.line == line ? found.name : nil
        if entry.name != found.name {
            changes.append(.told("group \(found.name.shownName) (gid \(found.id)) renamed to \(request.groupName)"))
        }
        if entry.id != found.id {
            changes.append(.told("group \(request.groupName): gid changed from \(found.id) to \(entry.id)"))
        }
        if case .renumber(_, let holder?) = resolution {
            putGroup(entry, from: line, before: holder)
        } else {
            group.replace(line, with: entry)
        }
        if start == .elevated {
            addGroupShadow(of: entry)
            return entry.name
        }
        let isClosed = closeGroupShadow(of: entry, formerName: formerName)
        if isClosed, entry.name == found.name {
            changes.append(.detail("group \(request.groupName): gshadow entry set (no password)"))
        }
        return entry.name
    }

    /// Makes the user a member of the other groups that the request names.
    ///
    /// - Returns: all gids that the group file then gives to the user, sorted, without the primary one.
    mutating func joinGroups(_ user: ArraySlice<UInt8>, primaryGroupName: ArraySlice<UInt8>) -> [UInt32] {
        var gids: Set<UInt32> = []
        for name in request.supplementaryGroupNames {
            if let (line, entry) = group.first(named: name.bytes), entry.id != request.groupID {
                join(line, user, primaryGroupName: primaryGroupName)
            }
        }
        for gid in Set(request.deviceGroupIDs).subtracting([0, request.groupID]).sorted() {
            if let (line, _) = group.first(withID: gid) {
                join(line, user, primaryGroupName: primaryGroupName)
            } else {
                addDeviceGroup(gid, member: user, avoiding: primaryGroupName)
                gids.insert(gid)
            }
        }
        gids.formUnion(group.groups(listing: user))
        gids.remove(request.groupID)
        return gids.sorted()
    }

    private mutating func addGroup() -> ArraySlice<UInt8> {
        let entry = GroupEntry(name: request.groupName.bytes, password: newPassword, id: request.groupID)
        group.append(entry)
        changes.append(.told("group \(request.groupName) (gid \(request.groupID)) added"))
        addNewGroupShadow(of: entry)
        return entry.name
    }

    /// Leaves the image's group as it is, in an elevated start. Only a line of gshadow that it refers to and lacks is
    /// added: if the group had its password in group, such a line would override it.
    private mutating func keepGroup(_ found: GroupEntry) {
        if found.password.elementsEqual("x".utf8), addGroupShadow(of: found) {
            changes.append(.detail("group \(found.name.shownName): gshadow entry added (no password)"))
        }
    }

    /// Adds a name for the gid of a device node: programs that print groups complain about a gid without one.
    private mutating func addDeviceGroup(_ gid: UInt32, member: ArraySlice<UInt8>, avoiding taken: ArraySlice<UInt8>) {
        var name = "gpu-\(gid)"
        var suffix = 2
        while group.first(named: name.bytes) != nil || taken.elementsEqual(name.utf8)
            || start == .elevated && gshadow?.first(named: name.bytes) != nil
        {
            name = "gpu-\(gid)-\(suffix)"
            suffix += 1
        }
        let entry = GroupEntry(name: name.bytes, password: newPassword, id: gid, members: MemberList(text: member))
        group.append(entry)
        addNewGroupShadow(of: entry)
        changes.append(.told("group \(name) (gid \(gid)) added"))
        changes.append(.joined(user: member.shownName, group: "\(name)"))
    }

    private mutating func join(_ line: Int, _ user: ArraySlice<UInt8>, primaryGroupName: ArraySlice<UInt8>) {
        guard var entry = group[line] else { return }
        entry.members.add(user)
        var hasJoined = group.replace(line, with: entry)
        // If two groups have one name, the line in gshadow belongs to the primary one.
        if entry.name != primaryGroupName, let shadow = gshadow?.first(named: entry.name) {
            var shadowEntry = shadow.entry
            shadowEntry.members.add(user)
            if gshadow?.replace(shadow.line, with: shadowEntry) == true { hasJoined = true }
        }
        if hasJoined {
            changes.append(.joined(user: user.shownName, group: entry.name.shownName))
        }
    }

    /// Moves the group's entry before the one that holds the gid. Groups are never removed, so both share the gid.
    private mutating func putGroup(_ entry: GroupEntry, from line: Int, before holder: Int) {
        let other = group[holder].map { $0.name.shownName } ?? ""
        // If other lines have the same name, the name must also resolve to this entry.
        let others = group.lines(named: [entry.name]).filter { $0 != line }
        group.move(line, before: min(holder, others.first ?? holder), as: entry)
        changes.append(.detail("group \(request.groupName) put before group \(other) in group"))
        warnings.append(
            "gid \(request.groupID) is shared by groups \(request.groupName) and \(other): "
                + "programs show \(request.groupName)")
    }

    private mutating func warnOfKeptName(_ holder: GroupEntry) {
        let kind = AccountKind.group.isSystem(holder) ? "system group" : "group"
        let name = holder.name.shownName
        var warning = "gid \(request.groupID) belongs to \(kind) \(name): its name is kept"
        if let other = group.first(named: request.groupName.bytes)?.entry {
            warning += ", and group \(request.groupName) keeps gid \(other.id)"
        }
        warnings.append(warning)
    }

    /// The password field of a new group.
    private var newPassword: String { gshadow == nil ? "*" : "x" }

    private mutating func addNewGroupShadow(of entry: GroupEntry) {
        if start == .elevated {
            addGroupShadow(of: entry)
        } else {
            closeGroupShadow(of: entry, formerName: nil, isNew: true)
        }
    }

    /// Adds a line for the group to gshadow, with the members from group, unless there is any line for it.
    ///
    /// - Returns: whether it was added.
    @discardableResult
    private mutating func addGroupShadow(of entry: GroupEntry) -> Bool {
        guard let text = gshadow, text.first(named: entry.name) == nil else { return false }
        gshadow?.append(GroupShadowEntry(closed: entry.name, members: entry.members))
        return true
    }

    /// Leaves exactly one line for the group in gshadow, without a password and administrators. It keeps its members; a
    /// new group gets the members from the group file, even if there was a line without a group.
    ///
    /// - Returns: whether anything changes.
    @discardableResult
    private mutating func closeGroupShadow(
        of entry: GroupEntry, formerName: ArraySlice<UInt8>?, isNew: Bool = false
    ) -> Bool {
        guard var text = gshadow else { return false }
        let lines = text.lines(named: [entry.name] + (formerName.map { [$0] } ?? []))
        let source = lines.first { text[$0]?.name == formerName } ?? lines.first
        let members = isNew ? entry.members : source.flatMap { text[$0]?.members } ?? entry.members
        let closed = GroupShadowEntry(closed: entry.name, members: members)
        var isChanged = lines.count != 1
        if let first = lines.first { isChanged = text.replace(first, with: closed) || isChanged }
        for line in lines.dropFirst() { text.remove(line) }
        if lines.isEmpty { text.append(closed) }
        gshadow = text
        return isChanged
    }
}
