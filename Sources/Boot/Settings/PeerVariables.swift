internal import Linux
internal import Programs
internal import Text

/// An environment in which the variables of other images are those of ours that they stand for.
struct PeerVariables {
    /// What settings are read from.
    private(set) var environment: EnvironmentBlock
    /// The names of the variables that the pod has set, by those of ours that they stand for.
    private(set) var names: [String: String] = [:]
    /// The user that the image itself has for the pod's, whatever its uid; `nil` for none.
    private(set) var imagesUser: String?
    /// The names of further secrets whose values are in files.
    private(set) var secretFiles: [String] = []
    /// What people should know of them.
    private(set) var notices: [Note] = []
    /// Those that contradict each other, or cannot be followed.
    private(set) var problems: [Note] = []

    private var values: [(name: String, value: [UInt8])] = []

    /// - Parameters:
    ///   - environment: the environment that the program was started with.
    ///   - configuration: the files that say whose variables count, and all settings.
    ///   - isElevated: whether anybody may have set the environment.
    init(_ environment: EnvironmentBlock, _ configuration: Configuration, isElevated: Bool) {
        self.environment = environment
        let peers = Compatibility.peers(in: configuration)
        if peers.isEmpty { return }
        for alias in Compatibility.aliases where peers.contains(alias.peer) { follow(alias) }
        if peers.contains(.dockerStacks) { addDockerStacks() }
        if peers.contains(.linuxserver) {
            imagesUser = Compatibility.linuxserverName
            addLinuxserver(configuration.groups)
        }
        // Users of those images have no sudo, unless they are given it.
        let sudo = PodVariables.sudoName
        if !isElevated && configuration.places(of: PodVariables.sudoKey).isEmpty && !isSet(sudo) {
            set(sudo, Array(PodVariables.sudoValues.none.utf8))
        }
        let others = Set(names.values)
        self.environment = EnvironmentBlock(environment.setting(values, removing: others))
    }

    private mutating func set(_ name: String, _ value: [UInt8], from other: String? = nil) {
        values.append((name, value))
        if let other { names[name] = other }
    }

    private func isSet(_ name: String) -> Bool {
        environment.value(name) != nil || values.contains { $0.name == name }
    }

    private mutating func follow(_ alias: Compatibility.Alias) {
        guard var value = environment.value(alias.name) else { return }
        if alias.name == Compatibility.grantSudo {
            let isGranted = ["1", "yes"].contains { value.elementsEqual($0.utf8) }
            value = Array((isGranted ? PodVariables.sudoValues.all : PodVariables.sudoValues.none).utf8)
        }
        let own = environment.value(alias.meaning) ?? values.first { $0.name == alias.meaning }?.value
        if let own, own != value {
            let other = names[alias.meaning] ?? alias.meaning
            problems.append(
                Note(.settingsGivenTwice, "\(alias.name) and \(other) are both set, and differ: give one of them"))
            return
        }
        set(alias.meaning, value, from: alias.name)
    }

    private mutating func addDockerStacks() {
        if let user = environment.value(PodVariables.userName.name), !isSet(PodVariables.groupName.name) {
            set(PodVariables.groupName.name, user)
        }
        for (name, reason) in Compatibility.needless where environment.value(name) != nil {
            notices.append(Note(.settingsPeerVariable, "\(name) has no effect: \(reason)"))
        }
    }

    private mutating func addLinuxserver(_ groups: SettingGroups) {
        if isSet(PodVariables.userID.name) || isSet(PodVariables.groupID.name) {
            for (variable, standard) in [
                (PodVariables.userID.name, Compatibility.linuxserverID),
                (PodVariables.groupID.name, Compatibility.linuxserverID),
                (PodVariables.userName.name, Compatibility.linuxserverName),
                (PodVariables.groupName.name, Compatibility.linuxserverName),
            ] where !isSet(variable) {
                set(variable, Array(standard.utf8))
            }
        }
        let variables = environment.names(startingWith: Compatibility.filePrefix)
        guard variables.count <= Self.mostFiles else {
            problems.append(
                Note(
                    .settingsInvalidValue,
                    "\(variables.count) variables begin with \(Compatibility.filePrefix): at most \(Self.mostFiles) are read"
                ))
            return
        }
        for variable in variables {
            guard let path = environment.value(variable) else { continue }
            // By bytes: a mark behind the prefix would be one character with its last letter.
            let name = String(decoding: variable.utf8.dropFirst(Compatibility.filePrefix.utf8.count), as: UTF8.self)
            follow(file: variable, name, path, groups)
        }
    }

    /// How many files may be named: each is searched for in the whole environment, which can be huge.
    private static let mostFiles = 100

    /// Follows a variable that has the path of a file with the value of another one.
    private mutating func follow(file variable: String, _ name: String, _ path: [UInt8], _ groups: SettingGroups) {
        let own = name + SecretFile.suffix
        let isContent = groups.variables.contains { $0.name == own }
        let isOwn = groups.variables.contains { $0.name == name } || groups.all.contains { $0.exports.contains(name) }
        // As text, other bytes may be equal to a name of ours.
        guard name.isVariableName, isContent || !isOwn && Secrets.mayBeFile(name) else {
            let reason =
                name.isVariableName && isOwn
                ? "entrypoint reads no setting from such a file" : "not the name of a secret"
            problems.append(
                Note(
                    .settingsInvalidValue, "\(variable.shown()): \(reason); set the variable itself"))
            return
        }
        guard !isSet(own) else {
            problems.append(Note(.settingsGivenTwice, "\(variable) and \(own) are both set: give one of them"))
            return
        }
        set(own, path, from: variable)
        if !isContent { secretFiles.append(name) }
    }
}
