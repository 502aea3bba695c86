internal import Text

extension AccountPlan {
    /// Works out the account files in which the user and the group exist as requested.
    ///
    /// It depends only on its arguments: a static program must not ask the C library for users or groups, because the
    /// library would load services at run time. Lines that are not entries of their file (comments, NIS references,
    /// malformed lines) are ignored and survive byte for byte. Of several entries with one name or one id, the first
    /// counts. Nothing is planned twice: a plan for the files of a plan changes nothing.
    ///
    /// **An elevated start adds what is missing and changes nothing that the image has**, because the caller has chosen
    /// the names. Every line that was found is in the planned file, byte for byte and in its order, with two
    /// exceptions. The groups that image policy grants get the user at the end of their members, in group and in
    /// gshadow. An entry that a container runtime made for the caller's id is renamed: one whose name is the id,
    /// without a password, without other members, and without a line in shadow or gshadow. So the caller's existing
    /// account keeps its password, gid, home and shell, and a group keeps its password, administrators and members. A
    /// line is added to shadow or gshadow if an entry refers to one (`x`) that does not exist.
    ///
    /// - Throws: all conflicts between the files and the request, at once.
    package static func plan(
        _ request: AccountRequest, on files: AccountFiles
    ) throws(AccountRefusals) -> AccountPlan {
        var planner = AccountPlanner(request, on: files)
        return try planner.plan()
    }
}

/// One request against one set of account files: resolves the collisions, then makes the edits.
struct AccountPlanner {
    let request: AccountRequest
    private let found: AccountFiles
    var passwd: AccountText<UserEntry>
    var group: AccountText<GroupEntry>
    /// nil if the image has no such file; then none is created.
    var shadow: AccountText<ShadowEntry>?
    var gshadow: AccountText<GroupShadowEntry>?
    var changes: [AccountDifference] = []
    var warnings: [String] = []
    /// The former name of a runtime's entry for the user, if an elevated start has renamed it.
    var renamedUser: ArraySlice<UInt8>?

    init(_ request: AccountRequest, on files: AccountFiles) {
        self.request = request
        found = files
        passwd = AccountText(files.passwd ?? [])
        group = AccountText(files.group ?? [])
        shadow = files.shadow.map { AccountText($0) }
        gshadow = files.gshadow.map { AccountText($0) }
    }

    var start: Start { request.start }

    mutating func plan() throws(AccountRefusals) -> AccountPlan {
        let (userResolution, groupResolution) = try resolve()
        let rootGroup = passwd.first(named: "root".bytes)?.entry.groupID ?? 0
        let rootGroups = Set(group.groups(listing: "root".bytes) + [rootGroup]).sorted()
        let user = request.givesUser ? settleUser(userResolution) : userWithoutEntry
        let groupName = request.givesGroup ? settleGroup(groupResolution) : request.groupName.bytes
        let groups = request.givesUser ? joinGroups(user.name, primaryGroupName: groupName) : []
        return AccountPlan(
            userName: String(decoding: user.name, as: UTF8.self), userID: request.userID,
            groupName: groupName.shownName, groupID: request.groupID,
            home: String(decoding: user.home, as: UTF8.self), shell: String(decoding: user.shell, as: UTF8.self),
            groups: groups, rootGroups: rootGroups,
            files: AccountFiles(
                passwd: passwd.isChanged ? passwd.bytes : found.passwd,
                group: group.isChanged ? group.bytes : found.group,
                shadow: shadow?.bytes, gshadow: gshadow?.bytes),
            differences: changes, warnings: warnings)
    }

    /// The entry that passwd would have.
    private var userWithoutEntry: UserEntry {
        UserEntry(
            name: request.userName, password: "*", id: request.userID, groupID: request.groupID, home: request.home,
            shell: request.shell)
    }

    /// What happens to the user and the group; nil for a group that is left as it is because it is gid 0.
    private func resolve() throws(AccountRefusals) -> (user: Resolution, group: Resolution?) {
        var refusals = request.refusalsOfForm
        var user: Resolution?
        var group: Resolution?
        do {
            user = try resolveUser()
        } catch {
            refusals += error.refusals
        }
        do {
            group = request.groupID == 0 ? nil : try resolveGroup()
        } catch {
            refusals += error.refusals
        }
        guard let user, refusals.isEmpty else { throw AccountRefusals(refusals: refusals) }
        return (user, group)
    }

    private func resolveUser() throws(AccountRefusals) -> Resolution {
        let name = request.userName.bytes
        let holder = passwd.first(withID: request.userID)
        let resolution = try Collision(
            kind: .user, wantedName: name, wantedID: request.userID, policy: request.policy, start: request.start,
            named: passwd.first(named: name), holder: holder,
            holderHasRuntimesForm: holder.map { hasRuntimesForm($0.entry) } ?? false,
            isImagesUser: request.imagesUser == request.userName
        ).resolve()
        switch resolution {
        case .add, .rename: try refuseInheritedGroups()
        case .use(let line): try refuseUnusableName(line)
        case .keep, .renumber: break
        }
        return resolution
    }

    private func resolveGroup() throws(AccountRefusals) -> Resolution {
        let name = request.groupName.bytes
        let holder = group.first(withID: request.groupID)
        return try Collision(
            kind: .group, wantedName: name, wantedID: request.groupID, policy: request.policy, start: request.start,
            named: group.first(named: name), holder: holder,
            holderHasRuntimesForm: holder.map { hasRuntimesForm($0.entry) } ?? false,
            isImagesUser: request.imagesUser == request.groupName
        ).resolve()
    }

    /// Whether the entry looks like a container runtime's: no password matches it, and shadow lacks the name.
    ///
    /// podman writes `1000:*:1000:0:container user:/:/bin/sh`, CRI-O `1000:x:1000:0:1000 user:/:/sbin/nologin`. An
    /// empty field would mean a login without a password, which only the image's maker can have intended.
    private func hasRuntimesForm(_ entry: UserEntry) -> Bool {
        isClosed(entry.password) && shadow?.first(named: entry.name) == nil
    }

    /// Whether a group looks like those of container runtimes: `2000:x:2000:`, where podman has the user's number as
    /// the only member.
    private func hasRuntimesForm(_ entry: GroupEntry) -> Bool {
        let members = entry.members.text
        return isClosed(entry.password) && gshadow?.first(named: entry.name) == nil
            && (members.isEmpty || members.elementsEqual(request.userID.decimal))
    }

    private func isClosed(_ password: ArraySlice<UInt8>) -> Bool {
        password.elementsEqual("x".utf8) || password.elementsEqual("*".utf8)
    }

    /// Refuses a name that is new to passwd if groups already list it.
    ///
    /// An elevated caller chooses the name, and would choose groups with it: newgrp(1) and su(1) trust the lists.
    private func refuseInheritedGroups() throws(AccountRefusals) {
        guard request.start == .elevated, request.givesUser else { return }
        let name = request.userName.bytes
        let listing =
            group.lines(listing: name).lazy.compactMap { group[$0] }.first { $0.id != request.groupID }?.name
            ?? gshadow?.lines(listing: name).lazy.compactMap { gshadow?[$0]?.name }
            .first { group.first(named: $0)?.entry.id != request.groupID }
        guard let listing else { return }
        let reason =
            "group \(listing.shownName) of this image lists \(request.userName), and only a start as root may "
            + "add an account that is in it: choose another \(PodVariables.userName.name)"
        throw AccountRefusals(refusals: [AccountRefusal(variable: PodVariables.userName.name, reason: reason)])
    }

    /// Refuses to use an account whose name could not be put in the environment or in a member list.
    private func refuseUnusableName(_ line: Int) throws(AccountRefusals) {
        guard let name = passwd[line]?.name, !name.allSatisfy({ $0.isPrintable && $0 != 0x20 && $0 != .comma }) else {
            return
        }
        let reason =
            "uid \(request.userID) belongs to user \(name.shownName), whose name cannot be used: "
            + "choose another \(PodVariables.userID.name) (runAsUser), or set identity.onCollision to rename"
        throw AccountRefusals(refusals: [AccountRefusal(variable: PodVariables.userID.name, reason: reason)])
    }
}

extension AccountRequest {
    /// Values that would make the user root or break the files: a text that ends its field or line early writes another
    /// account. The settings have been checked for this, but the code that writes the text does not rely on it.
    fileprivate var refusalsOfForm: [AccountRefusal] {
        var refusals: [AccountRefusal] = []
        func refuse(_ variable: String, _ reason: String) {
            refusals.append(AccountRefusal(variable: variable, reason: reason))
        }
        for (variable, name) in [(PodVariables.userName.name, userName), (PodVariables.groupName.name, groupName)] {
            do {
                _ = try ValueFormats.accountName(name)
            } catch {
                refuse(variable, "'\(name.bytes.shownName)' cannot be written to an account file: \(error.expected)")
            }
        }
        for path in [home, shell] where !path.bytes.isAbsolutePath || path.utf8.contains(.colon) {
            refuse(
                PodVariables.userName.name,
                "'\(path.shown())' cannot be written to an account file: not an absolute path without a colon"
            )
        }
        if userID == 0 {
            refuse(
                PodVariables.userID.name,
                "uid 0 is root: choose another \(PodVariables.userID.name) (runAsUser), 1000 or above")
        }
        if groupID == 0, start != .bare {
            refuse(
                PodVariables.groupID.name,
                "gid 0 is root's group: choose another \(PodVariables.groupID.name) (runAsGroup), 1000 or above")
        }
        return refusals
    }
}
