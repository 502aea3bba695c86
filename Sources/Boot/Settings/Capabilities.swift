package import Linux

/// Which of the container's capabilities the user's command keeps (capabilities(7)).
package struct Capabilities: SettingGroup {
    package static let name = "capabilities"
    package static let title = "What the command keeps of the container's capabilities"

    static let keepSetting = FileSetting(
        "capabilities.keep", .list(of: ValueType<Int>.text(ValueFormats.capability)),
        Words(
            "Capabilities that the command has, if the pod spec gives them to the container", default: "none",
            example: "[IPC_LOCK]"))

    package static let fileSettings: [any SettingDeclaration] = [keepSetting]

    /// The capabilities that container engines give to every container; a pod spec adds others for a reason.
    private static let usual: UInt64 = 0xA804_25FB

    /// Describes how the capabilities that were asked for differ from those that the command will have.
    ///
    /// - Parameters:
    ///   - kept: the numbers of those that were asked for.
    ///   - capabilities: the container's capabilities.
    ///   - isRoot: whether the container was started as root.
    @export(interface) package static func warnings(_ kept: [Int], of capabilities: CapabilitySets, isRoot: Bool)
        -> [Note]
    {
        let (permitted, bounding) = (capabilities.permitted, capabilities.bounding)
        let keptSet = kept.reduce(UInt64(0)) { $0 | 1 << UInt64($1) }
        var warnings: [Note] = []
        let unavailable = keptSet & ~permitted & ~(isRoot ? 0 : bounding)
        if unavailable != 0 {
            let it = unavailable.nonzeroBitCount == 1 ? "it" : "them"
            warnings.append(
                Note(
                    .handoffCapabilities,
                    "the command will not have \(names(unavailable)) of capabilities.keep: the container does not have "
                        + "\(it); add \(it) to securityContext.capabilities.add in the pod spec"))
        }
        // The bounding set is what the pod spec asked for. A privileged container has all, and asked for none by name.
        let lost = bounding & ~(permitted & keptSet)
        let isPrivileged = bounding & Capability.systemAdministration != 0
        let added = (isPrivileged ? 0 : lost & ~usual) | (isRoot ? 0 : lost & keptSet)
        if added != 0 {
            let it = added.nonzeroBitCount == 1 ? "it" : "them"
            let remedy =
                isRoot
                ? "name \(it) in capabilities.keep of the image's configuration if the command needs \(it)"
                : "a container that starts as a user other than root does not get \(it); start it as root, and name \(it) "
                    + "in capabilities.keep of the image's configuration if the command needs \(it)"
            warnings.append(
                Note(
                    .handoffCapabilities,
                    "the command will not have \(names(added)), which the pod spec adds: \(remedy)"))
        }
        return warnings
    }

    /// The numbers of the capabilities that the command keeps, each of them once.
    package let kept: [Int]

    /// Reads the settings, noting problems.
    package init(reading reader: inout SettingsReader) {
        let numbers = reader.value(Self.keepSetting) ?? []
        kept = numbers.indices.filter { !numbers[..<$0].contains(numbers[$0]) }.map { numbers[$0] }
    }

    private static func names(_ set: UInt64) -> String {
        (0..<64).filter { set & (1 << UInt64($0)) != 0 }.map(Capability.name(of:)).joined(separator: ", ")
    }
}
