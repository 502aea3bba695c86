internal import Programs
internal import Text
internal import YAML

/// Other ways to start containers, whose variables also count.
package struct Compatibility: SettingGroup {
    package static let name = "compatibility"
    package static let title = "Whose variables also count"

    /// Whose variables they are.
    package enum Peer: String, CaseIterable, Sendable {
        /// The images of Jupyter.
        case dockerStacks = "docker-stacks"
        /// The images of LinuxServer.
        case linuxserver
    }

    static let setting = FileSetting<[Peer]>(
        name, .list(of: .choice),
        Words(
            "Images whose variables also count: `docker-stacks` (`NB_UMASK`, `GRANT_SUDO`), `linuxserver` (`PUID`, `PGID`, "
                + "`UMASK`, `FILE__NAME`)",
            default: "none", example: "[docker-stacks]"))

    package static let fileSettings: [any SettingDeclaration] = [setting]

    package init(reading reader: inout SettingsReader) { _ = reader.value(Self.setting) }

    /// Whose variables count, before any of them is read.
    package static func peers(in configuration: Configuration) -> [Peer] {
        guard !configuration.files.isEmpty, configuration.groups.all.contains(where: { $0.name == name }),
            let place = configuration.places(of: name).last
        else { return [] }
        // What is wrong with it is noted when the group is read.
        var silent = YAML.Reader()
        return setting.type.read(&silent, place.value) ?? []
    }

    /// A variable of others, and the one that it stands for.
    package struct Alias: Sendable {
        package let peer: Peer
        package let name: String
        package let meaning: String
    }

    /// The variables that stand for one of ours as they are.
    package static let aliases = [
        Alias(peer: .linuxserver, name: "PUID", meaning: PodVariables.userID.name),
        Alias(peer: .linuxserver, name: "PGID", meaning: PodVariables.groupID.name),
        Alias(peer: .linuxserver, name: "UMASK", meaning: PodVariables.umask.name),
        Alias(peer: .dockerStacks, name: "NB_UMASK", meaning: PodVariables.umask.name),
        Alias(peer: .dockerStacks, name: grantSudo, meaning: PodVariables.sudoName),
    ]

    /// What is said of variables that choose ids elsewhere, where nothing else does.
    static func unheeded(in environment: EnvironmentBlock, _ counted: PeerVariables) -> [Note] {
        aliases.filter { alias in
            [PodVariables.userID.name, PodVariables.groupID.name].contains(alias.meaning)
                && counted.names[alias.meaning] == nil && environment.value(alias.name) != nil
        }.map { alias in
            Note(
                .settingsPeerVariable,
                "\(alias.name) has no effect: it is a variable of \(alias.peer.rawValue), which counts where the image's "
                    + "configuration says \(name): [\(alias.peer.rawValue)]")
        }
    }

    /// Whose variable a name is that has one of our prefixes; `nil` for one that nobody has.
    static func peer(having name: String) -> Peer? { aliases.first { $0.name == name }?.peer }

    static let grantSudo = "GRANT_SUDO"
    /// What begins the name of a variable of LinuxServer's that has the path of a file with the value.
    package static let filePrefix = "FILE__"
    /// The name of LinuxServer's user and group.
    static let linuxserverName = "abc"
    /// Both ids of it, where the pod gives one of them only.
    static let linuxserverID = "911"
    /// What the boot has no need of, with the reason.
    package static let needless = [
        ("CHOWN_HOME", "a home that is there is left as it is"),
        ("CHOWN_EXTRA", "no owner of anything that is there is changed"),
    ]
}
