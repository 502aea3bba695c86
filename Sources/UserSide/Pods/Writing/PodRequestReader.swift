internal import Boot
internal import Linux
internal import Programs
internal import Text

/// Reads a user's file, and notes everything that is wrong with it.
package struct PodRequestReader {
    /// The file, as it was named.
    private let file: String
    private let entries: DotEnv
    private let options: PodSpecOptions
    let environment: (String) -> String?
    private let origins: SecretOrigins
    private var found: [PodSpecProblem]
    /// What is wrong, each in words that begin with the file and the line, in the order of the lines.
    package var problems: [String] {
        let lines = found.enumerated().sorted { left, right in
            (left.element.line ?? .max, left.offset) < (right.element.line ?? .max, right.offset)
        }
        return lines.map { $0.element.text(in: file) }
    }
    /// What the user should know although nothing is wrong.
    package private(set) var notes: [String] = []
    /// The line that a variable of the pod comes from.
    private var lines: [String: Int] = [:]

    /// - Parameters:
    ///   - bytes: the file's content.
    ///   - file: its name.
    ///   - options: what else is asked for.
    ///   - environment: gives this process's variables.
    package init(
        _ bytes: [UInt8], of file: String, options: PodSpecOptions, environment: @escaping (String) -> String?
    ) {
        self.file = file
        self.options = options
        self.environment = environment
        entries = DotEnv(reading: bytes, environment: environment)
        found = entries.problems
        origins = SecretOrigins(
            entries, declared: Set(Self.names(entries["EXTRA_SECRET_KEYS"]) + ["SSH_PRIVATE_KEY_B64"]))
    }

    /// Names for the pod, with those of the file in order of precedence.
    private static let identityKeys = [
        ("NB_USER", ["NB_USER", "LDAP_USERNAME"], "the user's name, as id -un prints it"),
        ("NB_UID", ["NB_UID", "LDAP_UID"], "the user's id, as id -u prints it"),
        ("NB_GROUP", ["NB_GROUP", "LDAP_GROUPNAME"], "the name of the group, as id -gn prints it"),
        ("NB_GID", ["NB_GID", "LDAP_GID"], "the id of the group, as id -g prints it"),
    ]
    /// What is for whoever writes the pod spec, and for nobody in the pod.
    private static let localKeys = ["IMAGE_PATH", "TAG", "EXTRA_SECRET_KEYS"]
    private static let localPrefixes = ["LDAP_", "RUNAI_", "K8S_", "GITHUB_SSH_"]
    /// What belongs into the secret by its name: those of which entrypoint reads a file, and those of which it does not.
    /// Public keys are no secret, and have several lines, which a file keeps as they are.
    static let fileSecrets =
        ["SSH_PRIVATE_KEY_B64", "SSH_PUBLIC_KEY", "SSH_KNOWN_HOSTS", "SSH_AUTHORIZED_KEYS"]
        + Secrets.usualFiles
    private static let variableSecrets = ["GIT_USER_NAME", "GIT_USER_EMAIL"]

    /// The most lines that are told of one thing.
    private static let mostNotes = 10

    /// Reads all of it.
    ///
    /// - Returns: what the file asks for; `nil` where there are problems.
    package mutating func read() -> PodRequest? {
        for entry in entries.repeated.prefix(Self.mostNotes) {
            notes.append("\(file):\(entry.line): \(entry.name.shown()) is set once more; the last line counts")
        }
        var identity: [PodRequest.Variable] = []
        for (name, keys, meaning) in Self.identityKeys {
            identity.append(
                .init(name: name, value: value(of: name, keys, meaning) ?? (name.hasSuffix("ID") ? "1" : "user")))
        }
        let image = self.image()
        let secrets = self.secrets()
        var variables = plainVariables(besides: Set(secrets.map { $0.name }))
        checkPlaces()
        checkCommandLine(identity + variables)
        tellPlain(variables)
        let settings = self.settings(identity + variables, secrets)
        let stops = settings.flatMap { $0[InitSettings.self] }
        if stops?.stopTimeout == 0, entries["ENTRYPOINT_STOP_TIMEOUT"] == nil {
            variables.append(.init(name: "ENTRYPOINT_STOP_TIMEOUT", value: "\(Self.usualStopTimeout)"))
        }
        guard found.isEmpty, let image else { return nil }
        return PodRequest(
            file: file,
            owner: .init(
                user: identity[0].value, uid: Int(identity[1].value) ?? 1, group: identity[2].value,
                gid: Int(identity[3].value) ?? 1),
            image: image, variables: variables, secrets: secrets, scratchRoot: entries["SCRATCH_HOME_ROOT"]?.value,
            gracePeriod: Self.gracePeriod(stops), entries: entries)
    }

    mutating func note(_ text: String) { notes.append(text) }

    mutating func problem(_ line: Int?, _ text: String) { found.append(PodSpecProblem(line, text)) }

    func entry(_ name: String) -> DotEnv.Entry? { entries[name] }

    /// Whether the line of a name could not be read.
    private func isTold(_ name: String) -> Bool { entries.problems.contains { $0.text.hasPrefix("\(name): ") } }

    private mutating func value(of name: String, _ keys: [String], _ meaning: String) -> String? {
        let given = keys.compactMap { entries[$0] }
        guard let first = given.first else {
            if keys.contains(where: { isTold($0) }) { return nil }
            problem(nil, "\(keys[1]) is missing (or \(keys[0])): \(meaning)")
            return nil
        }
        if let other = given.dropFirst().first, other.value != first.value {
            problem(other.line, "\(other.name) is '\(other.value.shown())', and \(first.name) another: leave one out")
        }
        lines[name] = first.line
        return first.value
    }

    private mutating func image() -> String? {
        if let image = options.image { return image }
        guard let entry = entries["RUNAI_IMAGE"] else {
            if isTold("RUNAI_IMAGE") { return nil }
            problem(
                nil, "RUNAI_IMAGE is missing: the image, such as registry.example/${IMAGE_PATH}:${TAG}; or give --image"
            )
            return nil
        }
        do throws(FormatError) {
            try ImageReference.check(entry.value)
        } catch {
            problem(entry.line, "RUNAI_IMAGE is \(error.expected)")
            return nil
        }
        return entry.value
    }

    private mutating func secrets() -> [PodRequest.Secret] {
        var secrets: [PodRequest.Secret] = []
        var names: Set<String> = []
        for name in Self.fileSecrets + Self.variableSecrets + extraNames() + likelyNames()
        where names.insert(name).inserted {
            guard let entry = entries[name] else { continue }
            lines[name] = entry.line
            let delivery: PodRequest.Secret.Delivery = Self.fileSecrets.contains(name) ? .file : .variable
            if delivery == .file, let file = entries[name + SecretFile.suffix] {
                problem(file.line, "\(file.name) is set, and \(name), too: leave one out")
            }
            secrets.append(.init(name: name, value: Array(entry.value.utf8), delivery: delivery, source: nil))
        }
        secrets += keySecrets(besides: secrets.map { $0.name })
        if secrets.reduce(0, { $0 + $1.value.count }) > Self.mostOfSecret {
            problem(nil, "the secrets have more than 1 MiB together, which is what a secret of Kubernetes can have")
        }
        return secrets
    }

    /// The most bytes of a secret (Kubernetes, Secret).
    private static let mostOfSecret = 1 << 20

    /// What `EXTRA_SECRET_KEYS` names.
    private mutating func extraNames() -> [String] {
        guard let entry = entries["EXTRA_SECRET_KEYS"] else { return [] }
        let names = Self.names(entry)
        for name in names where !name.isEmpty {
            if !name.isVariableName {
                problem(entry.line, "EXTRA_SECRET_KEYS has '\(name.shown())', which is no name of a variable")
            } else if Self.identityKeys.contains(where: { $0.1.contains(name) }) {
                problem(entry.line, "EXTRA_SECRET_KEYS has \(name), which the pod spec itself tells")
            } else if entries[name] == nil {
                notes.append("\(file):\(entry.line): EXTRA_SECRET_KEYS has \(name), and the file has no value for it")
            }
        }
        return names
    }

    private static func names(_ entry: DotEnv.Entry?) -> [String] {
        entry?.value.split(separator: ",").map { part in
            String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        } ?? []
    }

    /// What nobody has called a secret, and is one by its name or its value, or has the value of one.
    private mutating func likelyNames() -> [String] {
        for (entry, name) in origins.fromEnvironment.prefix(Self.mostNotes) where !isLocal(entry.name) {
            notes.append(
                "\(file):\(entry.line): \(entry.name) has \(name) of the environment in it, a secret by its name, and is "
                    + "kept as one")
        }
        return entries.entries.filter { !isLocal($0.name) && origins.origin(of: $0) != nil }.map { $0.name }
    }

    /// Refuses a secret where the pod spec needs the value in plain.
    private mutating func checkPlaces() {
        let image = options.image == nil ? ["RUNAI_IMAGE"] : []
        for name in Self.identityKeys.flatMap({ $0.1 }) + image + ["SCRATCH_HOME_ROOT"] {
            guard let entry = entries[name], let origin = origins.origin(of: entry) else { continue }
            problem(entry.line, "\(name) has the secret \(origin) in it, and everybody may read it in the pod spec")
        }
        let words = options.command + [options.image, options.injected].compactMap { $0 }
        for origin in Set(words.compactMap { origins.origin(in: $0) }).sorted() {
            problem(
                entries[origin]?.line,
                "the command line has the value of \(origin) in it, and everybody may read it in the pod spec: let the "
                    + "command take it from the variable")
        }
    }

    /// Refuses what another program would read as something else.
    private mutating func checkCommandLine(_ variables: [PodRequest.Variable]) {
        guard options.format == .runai else { return }
        for variable in variables where variable.value.utf8.starts(with: "SECRET:".utf8) {
            problem(
                lines[variable.name],
                "\(variable.name) begins with SECRET:, which runai reads as the name of a secret; name it in "
                    + "EXTRA_SECRET_KEYS")
        }
    }

    /// The most names that a note lists.
    private static let mostNames = 50

    /// Tells which variables everybody may read, besides those whose meaning is known.
    private mutating func tellPlain(_ variables: [PodRequest.Variable]) {
        let groups = BootSequence.groups
        let known = Set(groups.variables.map { $0.name } + groups.all.flatMap { $0.exports } + ["HF_HOME"])
        let names = variables.map { $0.name }.filter { !known.contains($0) }
        guard !names.isEmpty else { return }
        let more = names.count > Self.mostNames ? ", and \(names.count - Self.mostNames) more" : ""
        notes.append(
            "\(file): everybody who may read the pod sees \(names.prefix(Self.mostNames).joined(separator: ", "))\(more); "
                + "name in EXTRA_SECRET_KEYS what is secret")
    }

    private func isLocal(_ name: String) -> Bool {
        Self.localKeys.contains(name) || Self.localPrefixes.contains { name.hasPrefix($0) }
            || Self.identityKeys.contains { $0.1.contains(name) }
    }

    private mutating func plainVariables(besides secrets: Set<String>) -> [PodRequest.Variable] {
        var variables: [PodRequest.Variable] = []
        var names: Set<String> = []
        for entry in entries.entries
        where !isLocal(entry.name) && !secrets.contains(entry.name) && names.insert(entry.name).inserted {
            guard let last = entries[entry.name] else { continue }
            lines[last.name] = last.line
            variables.append(.init(name: last.name, value: last.value))
        }
        return variables
    }

    /// The settings as the boot reads them. What it would refuse is a problem here.
    private mutating func settings(_ variables: [PodRequest.Variable], _ secrets: [PodRequest.Secret]) -> Settings? {
        var block = variables.map { "\($0.name)=\($0.value)".utf8 }.map { CString(Array($0)) }
        block += secrets.filter { $0.source == nil }.map { CString(Array("\($0.name)=".utf8) + $0.value) }
        // The image's policy may have them.
        for name in [PodVariables.scratchRoot.name, PodVariables.workingDirectory.name] where entries[name] == nil {
            block.append(CString(Array("\(name)=/scratch".utf8)))
            notes.append("\(file): \(name) is missing: the boot ends with 78, unless the image's configuration has it")
        }
        let notices: [Note]
        var settings: Settings?
        do throws(SettingsError) {
            settings = try Settings.read(
                from: EnvironmentBlock(block), configuration: Configuration(of: BootSequence.groups), contents: .ignored
            )
            notices = settings?.notices ?? []
        } catch {
            found += error.problems.map { located($0.text) }
            notices = error.notices
        }
        notes += notices.map { located($0.text).text(in: file) }
        return settings
    }

    /// A message of the boot's with the line of the variable that it begins with.
    private func located(_ text: String) -> PodSpecProblem {
        let name = String(decoding: text.utf8.prefix { $0.isWordByte }, as: UTF8.self)
        return PodSpecProblem(lines[name], text)
    }

    /// Seconds that a command has to end itself, where the file says nothing: a checkpoint may be large.
    private static let usualStopTimeout = 45
    /// Seconds for the program's own work, and for a slow machine.
    private static let spare = 5

    private static func gracePeriod(_ settings: InitSettings?) -> Int {
        let second: UInt64 = 1_000_000_000
        let stop = settings.map { $0.stopTimeout == 0 ? UInt64(usualStopTimeout) * second : $0.stopTimeout } ?? 0
        // Whole seconds, upwards; more than a day is nobody's intention.
        let sum = min(stop, 86400 * second) + min(settings?.grace ?? 0, 86400 * second)
        return Int((sum + second - 1) / second) + spare
    }
}
