internal import Linux
internal import Text

// The groups of accelerators' device nodes.
extension People {
    /// The groups of device nodes that the user could not open otherwise.
    static func deviceGroups(_ host: Host) -> [UInt32] {
        Set(host.devices.filter { $0.isGroupsAlone }.map { $0.group }).subtracting([0]).sorted()
    }

    /// The names of groups that own accelerators and nothing that gives rights: Debian, Ubuntu, Fedora, RHEL, SUSE,
    /// Arch and Alpine all use these names.
    static let deviceGroupNames = ["video", "render"]

    /// The groups of device nodes that an elevated start joins, and a warning for each group that it does not join.
    ///
    /// The caller may have had the pod mount a node of any group. Therefore only nodes count that the container runtime
    /// has made (``Device/untrustedBecause``), and only groups that are known to give no other rights. These are the
    /// groups that the image's own group file calls ``deviceGroupNames``, those with a name that image policy grants,
    /// and those that the image does not use (``isUnused(_:in:)``). A host numbers its groups differently from an
    /// image: its video may be the image's shadow.
    static func imageDeviceGroups(_ identity: IdentityRequest, _ host: Host) -> (joined: [UInt32], warnings: [Note]) {
        var joined: [UInt32] = []
        var warnings: [Note] = []
        let caller = Set(host.caller.groups + [host.caller.group, identity.groupID, 0])
        let devices = host.devices.filter { $0.isGroupsAlone && !caller.contains($0.group) }
        for gid in Set(devices.map({ $0.group })).sorted() {
            let nodes = devices.filter { $0.group == gid }
            let reason: String?
            if let problem = nodes.compactMap({ $0.untrustedBecause }).first,
                nodes.allSatisfy({ $0.untrustedBecause != nil })
            {
                reason = problem
            } else {
                reason = reasonAgainst(deviceGroup: gid, identity, host)
            }
            guard let reason else {
                joined.append(gid)
                continue
            }
            warnings.append(
                Note(
                    .identityDeviceGroup,
                    "the user does not join group \(gid) of \(nodes[0].path.shown()): \(reason); add it to "
                        + "supplementalGroups in the pod spec"))
        }
        // Whoever mounts a thousand nodes gets warnings about a few.
        let limit = 10
        if warnings.count > limit {
            let further = (warnings.count - limit).counted("further group")
            warnings[limit...] = [Note(.identityDeviceGroup, "the user does not join \(further) of devices")]
        }
        return (joined, warnings)
    }

    /// Why an elevated start does not join a group that owns a device; `nil` if it does.
    private static func reasonAgainst(deviceGroup gid: UInt32, _ identity: IdentityRequest, _ host: Host) -> String? {
        let image = host.imageAccounts
        if let reason = image.groupUntrustedBecause ?? image.passwdUntrustedBecause { return reason }
        let groups = AccountText<GroupEntry>(image.files.group ?? [])
        if image.files.account(named: "root")?.groupID == gid || groups.groups(listing: "root".bytes).contains(gid) {
            return "it is one of root's groups"
        }
        let names = groups.names(withID: gid)
        guard !names.isEmpty else {
            return isUnused(gid, in: image.files) ? nil : "it is unknown what else the group may do in this image"
        }
        let known = deviceGroupNames + identity.groups
        guard let other = names.first(where: { name in !known.contains { name.elementsEqual($0.utf8) } }) else {
            return nil
        }
        return
            "in this image it is group \(other.shownName), which may have further rights, and image policy does not "
            + "grant it (identity.groups)"
    }

    /// Whether a gid that the image's group file does not have is unused in the image.
    ///
    /// Distributions give numbers below 100 to the same groups everywhere (Debian Policy 9.2.2), even if a small image
    /// has no name for them. An account may have a primary group without a name. 65534 is what the kernel shows for
    /// every group that has no number in the container's user namespace.
    private static func isUnused(_ gid: UInt32, in files: AccountFiles) -> Bool {
        if gid < 100 || gid == 65534 || gid == .max { return false }
        let passwd = AccountText<UserEntry>(files.passwd ?? [])
        return !passwd.lines.contains { passwd[$0]?.groupID == gid }
    }
}
