internal import Boot
package import Text

/// The stable name of what only a pod spec can have wrong; whatever a boot tells, too, has the boot's own name
/// (``MessageIdentifier``).
package enum PodMessage: String, CaseIterable, Sendable {
    case wrongType = "pod.wrong-type"
    case valueUnknown = "pod.value-unknown"
    case referenceMissing = "pod.reference-missing"
    case variableTwice = "pod.variable-twice"
    case variableName = "pod.variable-name"
    case secretInPlain = "pod.secret-in-plain"
    case commandBypasses = "pod.command-bypasses"
    case noArguments = "pod.no-arguments"
    case programMissing = "pod.program-missing"
    case refusedAsRoot = "pod.refused-as-root"
    case contradiction = "pod.contradiction"
    case elevationForbidden = "pod.elevation-forbidden"
    case privileged = "pod.privileged"
    case seccompProfile = "pod.seccomp-profile"
    case volumeMissing = "pod.volume-missing"
    case mountHides = "pod.mount-hides"
    case scratchReadOnly = "pod.scratch-read-only"
    case scratchNotKept = "pod.scratch-not-kept"
    case graceTooShort = "pod.grace-too-short"
    case notProcess1 = "pod.not-process-1"

    /// What it means, in a sentence.
    package var meaning: String {
        switch self {
        case .wrongType: "A field has a value of another type than Kubernetes takes: the API server refuses the spec."
        case .valueUnknown: "A value is decided where the spec does not show it; what depends on it is not predicted."
        case .referenceMissing: "A Secret or ConfigMap that is given lacks the key: the container is not started."
        case .variableTwice: "A variable is given twice, and the last one counts."
        case .variableName: "The name is none that an environment can have."
        case .secretInPlain: "A secret stands in the spec, where everybody sees it who may read the pod."
        case .commandBypasses: "`command:` takes the place of the image's ENTRYPOINT, and nothing is prepared."
        case .noArguments: "Without `args:`, the image's command runs, or a shell that ends at once."
        case .programMissing: "`command:` names a program that no init container installs."
        case .refusedAsRoot: "The kubelet refuses to start the container as root."
        case .contradiction: "Two fields contradict each other: the API server refuses the spec."
        case .elevationForbidden:
            "A field forbids the file capabilities that an elevated start needs: the start is bare."
        case .privileged: "The container has every privilege; the user's command has none of them."
        case .seccompProfile: "A profile of the node decides which system calls the boot can make."
        case .volumeMissing: "A mount names a volume that the pod does not have: the API server refuses the spec."
        case .mountHides: "A mount hides, or takes over, what the boot would use of the image."
        case .scratchReadOnly: "The volume of the users' directories is mounted read-only."
        case .scratchNotKept: "What is to be persistent lies on a volume that ends with the pod."
        case .graceTooShort: "The kubelet kills the container before `entrypoint` would have ended it."
        case .notProcess1: "`entrypoint` is not process 1, and so no init unless it is asked to be."
        }
    }
}

extension PodMessage {
    /// The message for people who look it up.
    package var text: String { "\(rawValue)\n\n\(meaning)\n" }

    package var json: JSON { .object([("id", .string(rawValue)), ("meaning", .string(meaning))]) }

    /// All messages as a Markdown table.
    package static var table: String {
        MarkdownTable.text(["identifier", "what it means"], allCases.map { ["`\($0.rawValue)`", $0.meaning] })
    }
}

/// Something that a pod spec has wrong, or that its author should know.
package struct PodFinding: Equatable, Sendable {
    /// What comes of it.
    package enum Severity: String, CaseIterable, Sendable {
        /// The pod is refused, or its boot ends.
        case error
        /// Something is missing in the container, or not as people expect.
        case warning
        /// Worth knowing.
        case note
    }

    package let severity: Severity
    /// A ``PodMessage`` or a ``MessageIdentifier``.
    package let id: String
    /// How `plan` ends because of an error; 0 for others.
    package let exitCode: Int32
    package let field: SpecField
    /// What follows.
    package let text: String
    /// What to set, in a clause; empty where the text says it.
    package let remedy: String
    /// Whether the restricted Pod Security Standard forbids the remedy.
    package let isForbiddenRestricted: Bool

    private init(
        _ severity: Severity, _ id: String, code: ExitCode?, _ field: SpecField, _ text: String, _ remedy: String,
        _ isForbidden: Bool
    ) {
        self.severity = severity
        self.id = id
        exitCode = code?.rawValue ?? 0
        self.field = field
        self.text = text
        self.remedy = remedy
        isForbiddenRestricted = isForbidden
    }

    /// The pod does not come to its boot, or only to its end.
    static func error(_ id: PodMessage, _ field: SpecField, _ text: String, set remedy: String = "") -> PodFinding {
        PodFinding(.error, id.rawValue, code: .boot, field, text, remedy, false)
    }

    /// The boot ends, with the code that the message has.
    ///
    /// - Parameter forbidden: whether the restricted Pod Security Standard forbids the remedy.
    static func error(
        _ id: MessageIdentifier, _ field: SpecField, _ text: String, set remedy: String = "", forbidden: Bool = false
    ) -> PodFinding {
        PodFinding(.error, id.rawValue, code: id.exitCode, field, text, remedy, forbidden)
    }

    static func warning(
        _ id: PodMessage, _ field: SpecField, _ text: String, set remedy: String = "", forbidden: Bool = false
    ) -> PodFinding { PodFinding(.warning, id.rawValue, code: nil, field, text, remedy, forbidden) }

    static func warning(
        _ id: MessageIdentifier, _ field: SpecField, _ text: String, set remedy: String = "", forbidden: Bool = false
    ) -> PodFinding { PodFinding(.warning, id.rawValue, code: nil, field, text, remedy, forbidden) }

    static func note(_ id: PodMessage, _ field: SpecField, _ text: String, set remedy: String = "") -> PodFinding {
        PodFinding(.note, id.rawValue, code: nil, field, text, remedy, false)
    }

    static func note(_ id: MessageIdentifier, _ field: SpecField, _ text: String) -> PodFinding {
        PodFinding(.note, id.rawValue, code: nil, field, text, "", false)
    }

    /// What follows and what to set, with what a restricted cluster would say to that.
    package var message: String {
        guard !remedy.isEmpty else { return text }
        let warning = isForbiddenRestricted ? ", which a cluster with the restricted Pod Security Standard refuses" : ""
        return "\(text); \(remedy)\(warning)"
    }

    /// The line for people, in the form of compilers: `FILE:LINE:COLUMN: SEVERITY: FIELD: MESSAGE [ID]`.
    package var line: String { "\(field.place.text): \(severity.rawValue): \(field.path): \(message) [\(id)]" }

    package var json: JSON {
        .object([
            ("severity", .string(severity.rawValue)), ("id", .string(id)), ("field", .string(field.path)),
            ("file", .string(field.place.file)), ("line", .number(field.place.line)),
            ("column", .number(field.place.column)), ("text", .string(text)), ("remedy", .string(remedy)),
            ("forbiddenWhenRestricted", .bool(isForbiddenRestricted)),
        ])
    }
}
