internal import Linux
internal import Programs
internal import Text

/// Variables of the environment that look like settings and are none: most are mistyped.
struct UnknownVariables {
    /// What people should know of them.
    private(set) var notices: [Note] = []
    /// Those that would have decided who the user is.
    private(set) var problems: [Note] = []

    /// All variables that begin like this are settings, or look like one. The others that begin like a setting belong to
    /// other programs, unless they are nearly one.
    private static let ownPrefixes = ["ENTRYPOINT_", "IDENTITY_", "NB_", "SCRATCH_"]

    /// The maximum number of variables that are reported one by one: a process can be given a huge number of them.
    private static let limit = 10

    /// - Parameter whenMisspelt: what it means that a variable is nearly one that decides who the user is.
    init(in environment: EnvironmentBlock, _ groups: SettingGroups, _ whenMisspelt: WhenMisspelt) {
        let known = groups.variables.map { Letters($0.name) }
        var seen: Set<String> = []
        var (furtherNotices, furtherProblems) = (0, 0)
        let candidates = known.withUnsafeBufferPointer { known in
            environment.names(where: { Self.isLikeOurs($0, known) })
        }
        for name in candidates
        where !groups.variables.contains(where: { $0.name == name }) && seen.insert(name).inserted
            && !Self.isOfService(name) && name != PodVariables.sessionName
        {
            let close = Self.close(to: name, among: groups)
            guard close != nil || Self.ownPrefixes.contains(where: { name.hasPrefix($0) }) else { continue }
            if let close, Self.decidesIdentity(close), whenMisspelt == .fail {
                if problems.count < Self.limit {
                    problems.append(
                        Note(
                            .settingsMisspeltVariable,
                            "\(Self.words(name, close)) (with \(WhenMisspelt.variable.key ?? ""): warn the boot goes on "
                                + "without it)"))
                } else {
                    furtherProblems += 1
                }
            } else if notices.count < Self.limit {
                notices.append(
                    Note(.settingsUnknownVariable, Self.words(name, close ?? Self.similar(to: name, among: groups))))
            } else {
                furtherNotices += 1
            }
        }
        if furtherNotices > 0 { notices.append(Note(.settingsUnknownVariable, Self.further(furtherNotices))) }
        if furtherProblems > 0 { problems.append(Note(.settingsMisspeltVariable, Self.further(furtherProblems))) }
    }

    private static func words(_ name: String, _ suggestion: String?) -> String {
        if let peer = Compatibility.peer(having: name) {
            return "\(name) has no effect: it is a variable of \(peer.rawValue), which counts where the image's "
                + "configuration says \(Compatibility.name): [\(peer.rawValue)]"
        }
        return "\(name.shown()) is not a variable of entrypoint" + (suggestion.map { "; did you mean \($0)?" } ?? "")
    }

    private static func further(_ count: Int) -> String {
        "\(count.counted("further variable")) \(count == 1 ? "is" : "are") not known to entrypoint either"
    }

    /// Whether a mistake in the name would decide who the user is, or what the user may do.
    private static func decidesIdentity(_ name: String) -> Bool {
        name.hasPrefix("NB_") || name.hasPrefix("IDENTITY_") || name == PodVariables.seedUserName
    }

    /// Whether Kubernetes sets a variable of this name for a Service (see "Discovering services" in its documentation):
    /// `*_SERVICE_HOST`, `*_SERVICE_PORT`, `*_SERVICE_PORT_*`, `*_PORT` and `*_PORT_N_PROTO*`.
    private static func isOfService(_ name: String) -> Bool {
        let parts = name.split(separator: "_", omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() where index > 0 && (part == "PORT" || part == "HOST") {
            let isOfService = index > 1 && parts[index - 1] == "SERVICE"
            let rest = parts[(index + 1)...]
            if part == "HOST" {
                if isOfService && rest.isEmpty { return true }
                continue
            }
            if rest.isEmpty || isOfService { return true }
            guard let number = rest.first, !number.isEmpty, number.utf8.allSatisfy({ $0.isDigit }),
                let protocolName = rest.dropFirst().first, ["TCP", "UDP", "SCTP"].contains(protocolName)
            else { continue }
            let end = rest.dropFirst(2)
            if end.isEmpty || end.count == 1 && ["ADDR", "PORT", "PROTO"].contains(end.first) { return true }
        }
        return false
    }

    /// The known name that a name is nearly, so that nothing else was meant.
    private static func close(to name: String, among groups: SettingGroups) -> String? {
        let letters = Letters(name)
        var best: (name: String, distance: Int)?
        for variable in groups.variables where letters.mayBeClose(to: Letters(variable.name)) {
            let distance = Suggestion.distance(name, variable.name)
            if distance <= closeDistance(variable.name.utf8.count), distance < best?.distance ?? .max {
                best = (variable.name, distance)
            }
        }
        return best?.name
    }

    /// The known name that a name with one of our prefixes may stand for.
    private static func similar(to name: String, among groups: SettingGroups) -> String? {
        // Only the ending is compared: because of the common prefix, every name would be similar.
        guard let prefix = ownPrefixes.first(where: { name.hasPrefix($0) }) else { return nil }
        func ending(_ name: String) -> String {
            String(decoding: name.utf8.dropFirst(prefix.utf8.count), as: UTF8.self)
        }
        let endings = groups.variables.map { $0.name }.filter { $0.hasPrefix(prefix) }.map { ending($0) }
        return Suggestion.nearest(to: ending(name), among: endings).map { prefix + $0 }
    }

    /// How many letters may differ for a name to be nearly another one.
    private static func closeDistance(_ length: Int) -> Int { length < 8 ? 1 : 2 }

    /// Which letters a name has, and how many.
    private struct Letters {
        private var set: UInt32 = 0
        private let count: Int

        init(_ name: String) {
            for letter in name.utf8 { set |= 1 << UInt32(letter & 31) }
            count = name.utf8.count
        }

        init(_ name: UnsafeBufferPointer<UInt8>) {
            for letter in name { set |= 1 << UInt32(letter & 31) }
            count = name.count
        }

        /// Whether no more letters are foreign to a known name than letters may differ.
        func mayBeClose(to known: Letters) -> Bool {
            let most = UnknownVariables.closeDistance(known.count)
            return abs(count - known.count) <= most && (set & ~known.set).nonzeroBitCount <= most
        }
    }

    /// Whether a name may be nearly a known one, or begins like our own: a quick look at each variable of a pod, of which
    /// nearly all have nothing to do with the boot.
    ///
    /// It is asked for every variable, so that nothing in it is counted by reference.
    private static func isLikeOurs(
        _ name: UnsafeBufferPointer<UInt8>, _ known: UnsafeBufferPointer<Letters>
    ) -> Bool {
        if starts(name, "NB_") || starts(name, "SCRATCH_") || starts(name, "IDENTITY_") || starts(name, "ENTRYPOINT_") {
            return true
        }
        // A pod has seven of these for each Service, and none of ours has this in its name.
        if hasPort(name) { return false }
        let letters = Letters(name)
        for index in 0..<known.count where letters.mayBeClose(to: known[index]) { return true }
        return false
    }

    /// Whether `_PORT` is in a name.
    private static func hasPort(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
        var index = name.count - 5
        while index >= 0 {
            if name[index] == UInt8(ascii: "_"), starts(UnsafeBufferPointer(rebasing: name[index...]), "_PORT") {
                return true
            }
            index -= 1
        }
        return false
    }

    private static func starts(_ name: UnsafeBufferPointer<UInt8>, _ prefix: StaticString) -> Bool {
        guard name.count >= prefix.utf8CodeUnitCount else { return false }
        for index in 0..<prefix.utf8CodeUnitCount where name[index] != prefix.utf8Start[index] { return false }
        return true
    }
}
