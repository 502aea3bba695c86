internal import Boot
internal import Linux
internal import Programs
internal import Text

/// What a boot's settings would be, as far as a spec shows them.
struct PodSettings {
    /// The environment of the start, with names in the place of values that nobody knows here.
    let entries: [CString]
    /// The names of required variables that are set, and whose value is not known: their own name stands for it, and for an
    /// id the one that the container runs with.
    let assumed: [String]
    /// `nil` where something is wrong.
    let settings: Settings?
    let problems: [Note]
    let notices: [Note]

    /// The required variables that are set nowhere in the spec, and that the image's configuration may set.
    let leftToImage: [String]

    /// - Parameters:
    ///   - base: what the image, or somebody else, sets before the spec.
    ///   - image: the image's files, with its configuration; `nil` where nobody has given them.
    ///   - isElevated: whether the environment is somebody's who is not trusted.
    init(
        _ environment: PodEnvironment, base: [CString], image: PodImage?, runAs: (user: UInt32?, group: UInt32?),
        isElevated: Bool
    ) {
        let block = EnvironmentBlock(base)
        var values: [(name: String, value: [UInt8])] = []
        var assumed: [String] = []
        func assume(_ name: String) {
            guard let standIn = Self.standIn(for: name, runAs) else { return }
            assumed.append(name)
            values.append((name, Array(standIn.utf8)))
        }
        for variable in environment.variables {
            if let value = variable.value {
                values.append((variable.name, Array(value.utf8)))
            } else {
                assume(variable.name)
            }
        }
        let missing = BootSequence.groups.variables.filter { variable in
            variable.isRequired && block.value(variable.name) == nil && (environment[variable.name]?.value ?? "") == ""
                && !assumed.contains(variable.name)
        }
        // Whatever a Secret has that nobody has given may be the rest.
        let isUnseen = !environment.unseen.isEmpty
        if isUnseen { for variable in missing where variable.key == nil { assume(variable.name) } }
        var (found, entries) = Self.read(block.setting(values, removing: []), image, isElevated)
        // The rest may be in the image's configuration, if nobody has looked there.
        let rest = missing.filter { $0.key != nil }.map { $0.name }
        let mayBeInImage = image == nil && missing.count == rest.count
        var leftToImage: [String] = []
        if case .failure(let error) = found, error.problems.contains(where: { $0.id == .settingsIncomplete }),
            isUnseen || mayBeInImage
        {
            for name in rest { assume(name) }
            if !isUnseen { leftToImage = rest }
            (found, entries) = Self.read(block.setting(values, removing: []), image, isElevated)
        }
        (self.entries, self.assumed, self.leftToImage) = (entries, assumed, leftToImage)
        switch found {
        case .success(let settings): (self.settings, problems, notices) = (settings, [], settings.notices)
        case .failure(let error): (settings, problems, notices) = (nil, error.problems, error.notices)
        }
    }

    private static func read(
        _ entries: [CString], _ image: PodImage?, _ isElevated: Bool
    ) -> (Result<Settings, SettingsError>, [CString]) {
        let block = EnvironmentBlock(entries)
        let named = isElevated ? nil : Configuration.file(namedBy: block)
        let configuration = image.map { Configuration.read(from: $0.tree, named: named) } ?? Configuration()
        do throws(SettingsError) {
            let settings = try Settings.read(
                from: block, configuration: configuration, contents: .ignored, isElevated: isElevated)
            return (.success(settings), entries)
        } catch {
            return (.failure(error), entries)
        }
    }

    /// The variables that a boot needs.
    static var required: [String] { BootSequence.groups.variables.filter { $0.isRequired }.map { $0.name } }

    /// What stands for the value of a required variable.
    private static func standIn(for name: String, _ runAs: (user: UInt32?, group: UInt32?)) -> String? {
        switch name {
        case PodVariables.userID.name: "\(runAs.user.flatMap { $0 == 0 ? nil : $0 } ?? 1000)"
        case PodVariables.groupID.name: "\(runAs.group.flatMap { $0 == 0 ? nil : $0 } ?? 1000)"
        case PodVariables.userName.name, PodVariables.groupName.name: name
        case PodVariables.scratchRoot.name, PodVariables.workingDirectory.name: "/\(name)"
        default: nil
        }
    }

    /// Whether nobody has asked for a boot.
    var isUnprepared: Bool { settings?.isEmpty ?? false }

    func assumes(_ name: String) -> Bool { assumed.contains(name) }
}
