package import Boot
package import Linux
internal import Text

/// How a container would be started, and as whom.
package struct PredictedStart: Sendable {
    package let start: Start
    /// What the image decides, in words that follow `if`; empty where the spec decides it all.
    package let condition: String
    /// How it is started if the condition does not hold.
    package let otherwise: Start?
    /// Why it is no other start.
    package let reason: String
    /// What the process starts with, as far as it is known.
    package let credentials: Credentials
    /// Whether the spec or the image says which user and group these are.
    let isUserKnown: Bool
    let isGroupKnown: Bool
    /// The field that forbids the capabilities of the program's file.
    let obstacle: SpecField?
    let noNewPrivileges: Bool
    let bounding: UInt64

    /// What the kernel would know of the process.
    package var privileges: Privileges {
        let sets = start.isPrivileged ? bounding : 0
        return Privileges(
            user: IDTriple(all: start.isPrivileged ? 0 : credentials.user),
            group: IDTriple(all: credentials.group), groups: credentials.groups,
            capabilities: CapabilitySets(
                inheritable: 0, permitted: sets, effective: sets, bounding: bounding, ambient: 0),
            noNewPrivileges: noNewPrivileges)
    }

    /// - Parameters:
    ///   - facts: the spec.
    ///   - image: the image's files; `nil` where nobody has given them.
    ///   - asked: the start that somebody expects where the image decides.
    ///   - wanted: the ids that the variables ask for; `nil` where they are not known.
    /// - Throws: that the spec decides for another start than the expected one.
    init(
        _ facts: PodFacts, image: PodImage?, asked: Start?, wanted: (user: UInt32?, group: UInt32?)
    ) throws(FormatError) {
        let isUser =
            facts.runAsUser.map { $0.value != 0 }
            ?? (facts.runAsNonRoot?.value == true || asked == .elevated
                || asked == .bare)
        let user = facts.runAsUser?.value ?? (isUser ? wanted.user ?? 1000 : 0)
        let found = image?.groups(of: user)
        let isGroupKnown = facts.runAsGroup != nil || image != nil
        let group =
            facts.runAsGroup?.value ?? found?.primary ?? (facts.runAsUser == nil && isUser ? wanted.group ?? 0 : 0)
        let groups = Set(facts.groups + (facts.hasOwnGroupsOnly ? [] : found?.others ?? [])).subtracting([group])
            .sorted()
        credentials = Credentials(user: user, group: group, groups: groups)
        isUserKnown = facts.runAsUser != nil
        self.isGroupKnown = isGroupKnown
        noNewPrivileges = facts.noNewPrivileges
        bounding = facts.bounding
        let possible = isUser ? Self.possible(facts, image) : (.root, "", nil, "", nil)
        let (start, _, otherwise, _, _) = possible
        guard let asked, asked != start else {
            self.start = start
            condition = asked == nil ? Self.condition(facts, isUser: isUser, possible.condition) : ""
            self.otherwise = asked == nil ? otherwise : nil
            reason = possible.reason
            obstacle = possible.obstacle
            return
        }
        guard asked == otherwise else {
            throw FormatError(
                "--start \(asked.rawValue): the spec decides for a start that is \(start.rawValue): "
                    + (possible.reason.isEmpty ? "it runs as user \(user)" : possible.reason))
        }
        self.start = asked
        (condition, self.otherwise, obstacle) = ("", nil, nil)
        reason = "asked for"
    }

    private typealias Possible = (
        start: Start, condition: String, otherwise: Start?, reason: String, obstacle: SpecField?
    )

    /// The start of a user other than root.
    private static func possible(_ facts: PodFacts, _ image: PodImage?) -> Possible {
        if facts.noNewPrivileges, let field = facts.allowPrivilegeEscalation?.field {
            return (
                .bare, "", nil, "allowPrivilegeEscalation is false, under which file capabilities do not count", field
            )
        }
        let missing = [Capability.setUID, .setGID].filter { facts.bounding & $0.bit == 0 }
        if !missing.isEmpty, let field = facts.dropped?.field {
            let names = missing.map { String($0.name.dropFirst(4)) }.inWords
            return (.bare, "", nil, "capabilities.drop takes \(names), which file capabilities cannot give then", field)
        }
        var given: String?
        if case .entrypoint(let path) = facts.container.command {
            given = path
            if facts.volumes.holding(FilePath(path)) != nil {
                return (.bare, "", nil, "the programs of a volume have no file capabilities", nil)
            }
        }
        guard let image else {
            return (.elevated, "the image's entrypoint has file capabilities, which --root DIR tells", .bare, "", nil)
        }
        guard let program = image.program(given) else {
            return (
                .bare, "", nil, "the image has no file capabilities that --root shows: no entrypoint was found", nil
            )
        }
        return image.elevates(program)
            ? (.elevated, "", nil, "\(program.shown()) has file capabilities", nil)
            : (.bare, "", nil, "\(program.shown()) has no file capabilities", nil)
    }

    private static func condition(_ facts: PodFacts, isUser: Bool, _ condition: String) -> String {
        guard facts.runAsUser == nil else { return condition }
        let own = isUser ? "the image's USER is the user of the variables" : "the image's USER is root"
        return condition.isEmpty ? own : "\(own), and \(condition)"
    }
}
