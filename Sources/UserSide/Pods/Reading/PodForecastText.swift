internal import Boot
internal import Linux
package import Text

// A prediction for people and programs.
extension PodForecast {
    /// What decides the start, the command's identity, what the boot does, and then the fields at fault, a line each, in the
    /// form of compilers.
    ///
    /// - Parameter style: how the reader sees text.
    package func text(_ style: OutputStyle) -> String {
        let hidden = hiddenValues
        var text = ""
        for (label, words) in head + lines.map({ ($0.state, ($0.step.isEmpty ? "" : "\($0.step): ") + $0.text) }) {
            let padding = String(repeating: " ", count: max(1, 14 - label.utf8.count))
            text += "\(label)\(padding)\(hidden.hide(in: words))\n"
        }
        if !findings.isEmpty { text += "\n" }
        for finding in findings {
            let line = hidden.hide(in: finding.line)
            text += coloured(line, finding, style) + "\n"
        }
        return text + "\n" + counts + "\n"
    }

    private func coloured(_ line: String, _ finding: PodFinding, _ style: OutputStyle) -> String {
        guard style.hasColour else { return line }
        let mark = ": \(finding.severity.rawValue): "
        let parts = line.split(separator: mark, maxSplits: 1).map { String($0) }
        guard parts.count == 2 else { return line }
        return "\(parts[0]): \(style.text(finding.severity.rawValue, as: finding.severity.meaning)): \(parts[1])"
    }

    private var counts: String {
        func count(_ severity: PodFinding.Severity) -> Int { findings.count { $0.severity == severity } }
        return [
            count(.error).counted("error"), count(.warning).counted("warning"), count(.note).counted("note"),
        ].joined(separator: ", ")
    }

    // MARK: The lines before the plan

    private var head: [(String, String)] {
        var head = [("workload", workloadWords), ("container", containerWords), ("start", startWords)]
        if let identity {
            head.append(("identity", words(of: identity)))
            head.append(("account", identity.account))
            head.append(("sudo", identity.sudoWords))
        } else {
            head.append(("identity", withoutIdentity))
        }
        return head
    }

    private var title: String {
        choice.workload.title + (choice.template.part.isEmpty ? "" : "/\(choice.template.part.shown(limit: 80))")
    }

    private var workloadWords: String {
        let others = choice.others.map { $0.shown(limit: 80) }
        let rest = others.isEmpty ? "" : "; --name chooses \(Array(others.prefix(10)).inWords)"
        return "\(title) (\(choice.workload.object.place.text))\(rest)"
    }

    private var containerWords: String {
        let container = pod.facts.container
        let kind = container.isInit ? ", an init container" : ""
        let command =
            switch container.command {
            case .image: "starts its image's ENTRYPOINT, which is taken to be entrypoint"
            case .entrypoint(let path): "starts \(path.shown(limit: 80))"
            case .install: "installs the programs"
            case .other(let path): "starts \(path.shown(limit: 80)), and no boot"
            }
        let name = container.name.isEmpty ? "(no name)" : container.name.shown(limit: 80)
        return "\(name)\(kind) (\(choice.why)): \(command)"
    }

    private var startWords: String {
        let start = pod.start
        var words = start.start.rawValue
        if !start.condition.isEmpty { words += ", if \(start.condition)" }
        if let otherwise = start.otherwise { words += "; otherwise \(otherwise.rawValue)" }
        if !start.reason.isEmpty { words += ": \(start.reason)" }
        return words
    }

    /// Why nobody's identity is prepared.
    private var withoutIdentity: String {
        if findings.contains(where: { $0.severity == .error }) { return "none: the user's command does not run" }
        let own = pod.start.credentials
        let groups = own.groups.map { "\($0)" }.joined(separator: ",")
        let ids = "\(own.text)\(pod.start.isUserKnown ? "" : ", unless the image's USER is another")"
        return "as the container is started: \(ids), groups \(groups.isEmpty ? "none" : groups)"
    }

    // MARK: For programs

    /// The prediction as one JSON object.
    package var json: JSON {
        let hidden = hiddenValues
        let skipped = ["would skip", "nothing to do", "off"]
        func json(_ line: PlanLine) -> JSON {
            .object([
                ("state", .string(line.state)), ("step", .string(line.step)),
                ("text", .string(hidden.hide(in: line.text))),
            ])
        }
        return .object([
            ("pending", .bool(exitCode == 2)), ("exitCode", .number(exitCode)),
            (
                "workload",
                .object([
                    ("kind", .string(choice.workload.kind)), ("name", .string(choice.workload.name)),
                    ("part", .string(choice.template.part)), ("file", .string(choice.workload.object.place.file)),
                    ("line", .number(choice.workload.object.place.line)),
                ])
            ),
            (
                "container",
                .object([
                    ("name", .string(pod.facts.container.name)), ("isInit", .bool(pod.facts.container.isInit)),
                    ("chosen", .string(choice.why)), ("startsBoot", .bool(pod.facts.container.command.startsBoot)),
                ])
            ),
            ("start", startJSON), ("identity", identityJSON(hidden)), ("lines", .array(lines.map(json))),
            ("skipped", .array(lines.filter { skipped.contains($0.state) }.map(json))),
            (
                "findings",
                .array(findings.map { hidden.hide(in: $0.json) })
            ),
        ])
    }

    private var startJSON: JSON {
        let start = pod.start
        return .object([
            ("start", .string(start.start.rawValue)), ("condition", .string(start.condition)),
            ("otherwise", start.otherwise.map { .string($0.rawValue) } ?? .null), ("reason", .string(start.reason)),
            ("noNewPrivileges", .bool(start.noNewPrivileges)),
        ])
    }

    private func identityJSON(_ hidden: HiddenValues) -> JSON {
        guard let identity else { return .null }
        return .object([
            ("user", .string(hidden.hide(in: identity.user))), ("uid", identity.userID.map { .number($0) } ?? .null),
            ("gid", identity.groupID.map { .number($0) } ?? .null),
            ("groups", .array(identity.groups.map { .number($0) })),
            ("sudo", identity.sudo.map { .bool($0) } ?? .null), ("sudoWhy", .string(identity.sudoWords)),
            ("account", .string(identity.account)),
        ])
    }

    private typealias PlanLine = PodForecast.Line
}

extension PodFinding.Severity {
    fileprivate var meaning: OutputStyle.Meaning {
        switch self {
        case .error: .bad
        case .warning: .attention
        case .note: .faint
        }
    }
}

/// The values of Secrets that decide something, in whose place their variables' names are shown.
struct HiddenValues {
    private let values: [(value: [UInt8], mark: [UInt8])]

    init(_ values: [(name: String, value: String)]) {
        // Of two values, the longer one may contain the other.
        self.values = values.filter { !$0.value.isEmpty }
            .map { (Array($0.value.utf8), Array("(\($0.name))".utf8)) }.sorted { $0.value.count > $1.value.count }
    }

    /// A text in which each value that is there as a word of its own is replaced.
    func hide(in text: String) -> String {
        if values.isEmpty { return text }
        var bytes = Array(text.utf8)
        for (value, mark) in values where value.count <= bytes.count {
            var (result, position) = ([UInt8](), 0)
            while position < bytes.count {
                let end = position + value.count
                let isThere =
                    end <= bytes.count && bytes[position] == value[0] && bytes[position..<end].elementsEqual(value)
                    && !(position > 0 && bytes[position - 1].isWordByte && value[0].isWordByte)
                    && !(end < bytes.count && bytes[end].isWordByte && value[value.count - 1].isWordByte)
                result += isThere ? mark : [bytes[position]]
                position = isThere ? end : position + 1
            }
            bytes = result
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A JSON value in whose texts each value is replaced.
    func hide(in json: JSON) -> JSON {
        switch json {
        case .string(let text): .string(hide(in: text))
        case .array(let items): .array(items.map { hide(in: $0) })
        case .members(let members): .members(members.map { JSON.Member(name: $0.name, value: hide(in: $0.value)) })
        default: json
        }
    }
}

extension PodForecast {
    /// The values of Secrets that a plan may have in its lines.
    var hiddenValues: HiddenValues {
        let names = BootSequence.groups.variables.map { $0.name } + ["HOME", "PATH"]
        return HiddenValues(
            pod.environment.variables.compactMap { variable in
                guard variable.isSecret, let value = variable.value, names.contains(variable.name) else { return nil }
                return (variable.name, value)
            })
    }
}
