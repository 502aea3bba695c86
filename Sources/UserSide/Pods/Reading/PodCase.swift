internal import Boot
internal import Linux
internal import Programs
internal import Text

/// All that is known of a container of a spec: what findings are about.
struct PodCase {
    let objects: SpecObjects
    let facts: PodFacts
    let environment: PodEnvironment
    let start: PredictedStart
    let settings: PodSettings
    let image: PodImage?

    var identity: Identity? { settings.settings?[Identity.self] }
    var scratch: Scratch? { settings.settings?[Scratch.self] }

    /// The field of a variable, or the one that would have it.
    func field(of name: String) -> SpecField {
        environment[name]?.field ?? facts.container.value["env"]?.field ?? facts.container.value.missing("env")
    }

    /// A value, unless a Secret has it.
    func shown(_ name: String, _ value: some CustomStringConvertible) -> String {
        if environment[name]?.isSecret == true { return "what \(environment[name]?.source.words ?? "a Secret") says" }
        return value.description
    }
}

/// What is wrong with the variables of a spec.
enum VariableFindings {
    static func findings(_ pod: PodCase) -> [PodFinding] {
        pod.settings.problems.map { problem($0, pod) } + pod.settings.notices.map { notice($0, pod) }
            + leftToImage(pod) + unknown(pod) + plainSecrets(pod)
    }

    private static func problem(_ note: Note, _ pod: PodCase) -> PodFinding {
        let name = name(in: note)
        if let variable = pod.environment[name], variable.isSecret {
            // What is expected may quote what is there.
            return .error(
                note.id, variable.field,
                "\(name.shown(limit: 80)): what \(variable.source.words) says is no value for it",
                set: "entrypointctl config reference has its form")
        }
        if note.id == .settingsIncomplete {
            return .error(
                note.id, pod.field(of: ""), note.whole,
                set: "add what is missing to env:, or give what the image sets with --env-file")
        }
        return .error(note.id, pod.field(of: name), note.whole)
    }

    private static func notice(_ note: Note, _ pod: PodCase) -> PodFinding {
        if note.id == .settingsNothingPrepared {
            return .warning(
                note.id, pod.field(of: ""), note.whole,
                set: "add them to env: for a boot, or give what the image sets with --env-file")
        }
        return .warning(note.id, pod.field(of: name(in: note)), note.whole)
    }

    /// The variable that a message begins with.
    private static func name(in note: Note) -> String {
        String(decoding: note.text.utf8.prefix { $0.isWordByte }, as: UTF8.self)
    }

    private static func leftToImage(_ pod: PodCase) -> [PodFinding] {
        let names = pod.settings.leftToImage
        guard !names.isEmpty else { return [] }
        let keys = BootSequence.groups.variables.filter { names.contains($0.name) }.compactMap { $0.key }
        return [
            .warning(
                .settingsIncomplete, pod.field(of: ""),
                "\(names.inWords) \(names.count == 1 ? "is" : "are") not set: the boot ends with \(ExitCode.settings.rawValue) unless "
                    + "the image's configuration has \(keys.inWords)",
                set: "add them to env:, or give the image's files with --root")
        ]
    }

    /// What is set somewhere that nobody sees here.
    private static func unknown(_ pod: PodCase) -> [PodFinding] {
        let declared = Set(BootSequence.groups.variables.map { $0.name })
        let names = pod.environment.variables.filter { $0.value == nil && declared.contains($0.name) }
        var findings = names.map { variable -> PodFinding in
            let effect =
                pod.settings.assumes(variable.name)
                ? "it counts as set, and what depends on its value is not predicted"
                : "it counts as set, and its effect is not predicted"
            return .note(
                .valueUnknown, variable.field,
                "\(variable.name) comes from \(variable.source.words), which is not known here: \(effect)",
                set: remedy(variable.source))
        }
        for source in pod.environment.unseen {
            let missing = pod.settings.assumed.filter { pod.environment[$0] == nil }
            let words =
                missing.isEmpty
                ? "further variables come from \(source.value)"
                : "\(missing.inWords) \(missing.count == 1 ? "is" : "are") taken to come from \(source.value)"
            findings.append(
                .note(
                    .valueUnknown, source.field, "\(words), which is not known here",
                    set: "give the file that has it with a further --pod-spec"))
        }
        return findings
    }

    private static func remedy(_ source: PodVariable.Source) -> String {
        switch source {
        case .secret, .configMap: "give the file that has it with a further --pod-spec"
        case .spec, .cluster: ""
        }
    }

    private static func plainSecrets(_ pod: PodCase) -> [PodFinding] {
        let secrets = pod.settings.settings?.secrets ?? Secrets(of: BootSequence.groups)
        return pod.environment.variables.compactMap { variable in
            guard variable.source == .spec, !variable.isSecret, variable.value?.isEmpty == false,
                secrets.isSecret(variable.name), !variable.name.hasSuffix("PUBLIC_KEY")
            else { return nil }
            return .warning(
                .secretInPlain, variable.field,
                "\(variable.name.shown(limit: 80)) is a secret, and everybody sees it who may read the pod",
                set:
                    "keep it in a Secret, and mount that as a file (\(variable.name.shown(limit: 80))_FILE), or use secretKeyRef"
            )
        }
    }
}
