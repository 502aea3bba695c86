package import Boot
package import Linux
internal import Programs
internal import Text

/// What becomes of a container of a pod spec: how it is started, who the command is, what is left out, and which fields are
/// at fault.
package struct PodForecast {
    /// What the command is, as far as that is known.
    struct Identity {
        var user: String
        var userID: UInt32?
        var groupID: UInt32?
        var groups: [UInt32]
        /// Whether the image gives no further ones.
        var hasAllGroups = true
        /// `nil` where the image decides.
        var sudo: Bool?
        var sudoWords: String
        var account: String
    }

    /// A line of a plan: its state, the step that wants it, and its text.
    package struct Line: Equatable, Sendable {
        package let state: String
        package let step: String
        package let text: String
    }

    let pod: PodCase
    let choice: PodChoice
    /// Everything that is wrong or worth knowing, the worst first.
    package let findings: [PodFinding]
    /// What a boot would do, as a plan has it.
    package private(set) var lines: [Line] = []
    /// How `plan` ends: as the boot, and with 2 where it would, or may, change something.
    package private(set) var exitCode: Int32
    private(set) var identity: Identity?

    init(_ pod: PodCase, _ choice: PodChoice, _ own: [PodFinding]) {
        self.pod = pod
        self.choice = choice
        var findings = own + CommandFindings.findings(pod)
        if pod.facts.container.command.startsBoot {
            findings +=
                VariableFindings.findings(pod) + IdentityFindings.findings(pod) + SecurityFindings.findings(pod)
                + VolumeFindings.findings(pod)
        }
        // What is worst comes first, otherwise in the order of the files.
        self.findings = PodFinding.Severity.allCases.flatMap { severity in
            findings.filter { $0.severity == severity }.sorted {
                ($0.field.place.line, $0.field.place.column) < ($1.field.place.line, $1.field.place.column)
            }
        }
        let errors = self.findings.filter { $0.severity == .error }
        let isBoot = pod.facts.container.command.startsBoot
        exitCode = errors.first?.exitCode ?? (isBoot && !pod.settings.isUnprepared ? 2 : 0)
        // Before a boot reads its settings, the cluster has refused the pod.
        if let refused = errors.first(where: { $0.exitCode != ExitCode.settings.rawValue }) {
            exitCode = refused.exitCode
        }
        identity = predictedIdentity
        lines = errors.map { Line.failing($0) } + (errors.isEmpty ? specLines : [])
    }

    /// How the container is started.
    package var start: PredictedStart { pod.start }
    /// The environment that the boot starts with.
    package var entries: [CString] { pod.settings.entries }

    /// The path of `entrypoint` in the image, where a plan of the image's files can be made.
    ///
    /// A boot that ends before its plan has none.
    package var isPlannable: Bool {
        pod.image != nil && pod.facts.container.command.startsBoot && !findings.contains { $0.severity == .error }
    }

    /// The path of `entrypoint` in the image; `nil` where it is not known.
    package var program: FilePath? {
        guard case .entrypoint(let path) = pod.facts.container.command else { return pod.image?.program(nil) }
        return pod.image?.program(path)
    }

    /// Takes what a plan of the image's files has in the place of what the spec alone tells.
    ///
    /// - Parameters:
    ///   - plan: the plan.
    ///   - code: how a plan ends.
    ///   - people: who is who; `nil` where the boot does not come so far.
    ///   - hasSudo: whether the user is to have sudo, and the image has it.
    package mutating func take(_ plan: PlanText, code: Int32, people: People?, hasSudo: Bool) {
        exitCode = code
        lines = plan.lines.map { onReadOnlyRoot(Line(state: $0.state, step: $0.step, text: $0.text)) }
        guard let user = people?.user else { return }
        identity?.groups = user.credentials.groups
        identity?.hasAllGroups = true
        identity?.userID = user.credentials.user
        identity?.groupID = user.credentials.group
        if start.start != .bare {
            let mayElevate = !start.noNewPrivileges && pod.facts.readOnlyRoot?.value != true
            identity?.sudo = hasSudo && mayElevate
            identity?.sudoWords = hasSudo && mayElevate ? "yes" : "no"
        }
    }

    /// Adds what the reader should know about the prediction itself.
    package mutating func note(_ text: String) { lines.insert(Line(state: "note", step: "", text: text), at: 0) }

    /// The files of an image can be written here, and in the container they cannot.
    private func onReadOnlyRoot(_ line: Line) -> Line {
        guard pod.facts.readOnlyRoot?.value == true, line.state == "would change", line.step == Boot.Identity.name
        else {
            return line
        }
        let home = pod.identity?.home ?? Paths.homes
        let isHome = line.text.utf8.starts(with: "directory \(home.shown())".utf8)
        if isHome, pod.facts.volumes.holding(home) != nil { return line }
        return Line(
            state: "would fail", step: line.step,
            text: "\(line.text): the root file system is read-only (readOnlyRootFilesystem)")
    }
}

extension PodForecast.Line {
    fileprivate static func failing(_ finding: PodFinding) -> PodForecast.Line {
        let step = String(decoding: finding.id.utf8.prefix { $0 != UInt8(ascii: ".") }, as: UTF8.self)
        return PodForecast.Line(state: "would fail", step: step, text: "\(finding.field.path): \(finding.text)")
    }
}

// Who the command is.
extension PodForecast {
    private var predictedIdentity: Identity? {
        guard pod.facts.container.command.startsBoot, let wanted = pod.identity,
            !findings.contains(where: { $0.severity == .error })
        else { return nil }
        let own = start.credentials
        let isBare = start.start == .bare
        let isReadOnly = pod.facts.readOnlyRoot?.value == true
        // Whoever is started as root joins the image's groups, too.
        let groups =
            start.start == .root ? pod.facts.groups : isBare ? own.groups : own.groups + [own.group]
        let group = isBare ? own.group : wanted.groupID
        func known(_ id: UInt32, _ variable: Variable<UInt32>) -> UInt32? {
            let isHidden = pod.settings.assumes(variable.name) || pod.environment[variable.name]?.isSecret == true
            return isHidden && !(isBare && start.isUserKnown) ? nil : id
        }
        let (sudo, sudoWords) = sudo(wanted, isReadOnly: isReadOnly)
        return Identity(
            user: wanted.userName, userID: known(isBare ? own.user : wanted.userID, PodVariables.userID),
            groupID: known(group, PodVariables.groupID), groups: Set(groups).subtracting([0, group]).sorted(),
            hasAllGroups: start.start != .root,
            sudo: sudo, sudoWords: sudoWords, account: account(isReadOnly: isReadOnly))
    }

    private func sudo(_ wanted: Boot.Identity, isReadOnly: Bool) -> (Bool?, String) {
        switch start.start {
        case .bare: return (false, "no: the start has no privileges")
        case .elevated: return (nil, "no, unless the image's configuration grants it (identity.sudo)")
        case .root:
            if wanted.sudo == .none { return (false, "no: IDENTITY_SUDO is none") }
            if start.noNewPrivileges { return (false, "no: allowPrivilegeEscalation is false") }
            if isReadOnly { return (false, "no: readOnlyRootFilesystem is true") }
            return (nil, "yes, where the image has sudo")
        }
    }

    private func account(isReadOnly: Bool) -> String {
        if isReadOnly { return "no: readOnlyRootFilesystem is true" }
        switch start.start {
        case .root: return "yes"
        case .elevated: return "yes, where the image gives the name no rights"
        case .bare: return "no, unless the image lets the user write \(Paths.passwd)"
        }
    }
}

// What the boot does, as far as the spec alone tells.
extension PodForecast {
    private var specLines: [Line] {
        func line(_ state: String, _ step: String, _ text: String) -> Line {
            Line(state: state, step: step, text: text)
        }
        switch pod.facts.container.command {
        case .install(let directory):
            return [line("would change", "", "entrypoint and entrypointctl are copied to \(directory.shown())")]
        case .other: return [line("hand over", Handoff.name, "there is no boot: nothing is prepared")]
        case .image, .entrypoint: break
        }
        guard let settings = pod.settings.settings, !settings.isEmpty, let work = settings.workplace else {
            return [line("hand over", Handoff.name, "as the container was started: nothing is prepared")]
        }
        var lines: [Line] = []
        let enabled = settings.stepNames
        for step in BootSequence.steps where step.name != Handoff.name {
            lines += skipped(step.name).map { line("would skip", step.name, $0) }
            if enabled.contains(step.name) {
                lines.append(line("depends", step.name, "\(step.summary): as the image and its volumes allow"))
            } else if let off = settings.disabledSteps.first(where: { $0.name == step.name }) {
                lines.append(line("off", step.name, "switched off by \(off.key)"))
            } else {
                let names = step.variables.map { $0.name }
                let rest = names.count > 8 ? " and others" : ""
                let words =
                    names.isEmpty
                    ? "nothing asks for it"
                    : "none of its variables is set: \(names.prefix(8).joined(separator: ", "))\(rest)"
                lines.append(line("nothing to do", step.name, words))
            }
        }
        let who = identity.map { words(of: $0) } ?? ""
        let place = work.directory.map { $0.shown() } ?? "the directory that the container starts in"
        lines.append(
            line(
                "hand over", Handoff.name,
                "as \(who), umask \(work.umask.octal), in \(place)"))
        return lines
    }

    /// `jane (1000:2000), groups none`.
    func words(of identity: Identity) -> String {
        func words(_ id: UInt32?, _ name: String) -> String { id.map { "\($0)" } ?? "(\(name))" }
        let ids =
            "\(words(identity.userID, PodVariables.userID.name)):\(words(identity.groupID, PodVariables.groupID.name))"
        let groups = identity.groups.map { "\($0)" }.joined(separator: ",")
        if identity.hasAllGroups { return "\(identity.user) (\(ids)), groups \(groups.isEmpty ? "none" : groups)" }
        return "\(identity.user) (\(ids)), groups \(groups.isEmpty ? "" : "\(groups) and ")as the image gives them"
    }

    /// What of a step is left out for want of privileges.
    private func skipped(_ step: String) -> [String] {
        guard step == Boot.Identity.name, let wanted = pod.identity else { return [] }
        let field = field(against: start)
        switch start.start {
        case .root: return start.noNewPrivileges && wanted.sudo == .all ? ["sudo: see allowPrivilegeEscalation"] : []
        case .elevated: return ["sudo and further groups, unless the image's configuration grants them (identity.sudo)"]
        case .bare:
            let account = "an account, unless the image lets the user write \(Paths.passwd): \(field)"
            return [
                account, "sudo: \(field)", "\(wanted.home.shown()), unless the image lets the user make it: \(field)",
            ]
        }
    }

    private func field(against start: PredictedStart) -> String {
        let name = start.obstacle.map { String($0.path.split(separator: ".").last ?? "") }
        return name.map { "see \($0)" } ?? (start.reason.isEmpty ? "see runAsUser" : start.reason)
    }
}
