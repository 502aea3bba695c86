internal import Linux
package import Programs
package import Text

/// The parts of a setting's text that depend on the pod, such as `{user}`. The list is closed: anything else in braces is
/// a mistake.
package struct Placeholders: Sendable {
    /// A part that is one component of a path.
    package enum Name: String, CaseIterable, Sendable {
        case user, uid, group, pod

        /// The variables that have its value, the first one first.
        fileprivate var variables: [String] {
            switch self {
            case .user: [PodVariables.userName.name, "USER"]
            case .uid: [PodVariables.userID.name]
            case .group: [PodVariables.groupName.name]
            case .pod: [Self.podVariable, "HOSTNAME"]
            }
        }

        /// The variable that a pod spec sets to its own name (downward API).
        fileprivate static let podVariable = "POD_NAME"
    }

    /// The directories that a path may begin with.
    package static let directories = [PodVariables.workingDirectory.name, PodVariables.scratchHome.name]

    private let environment: EnvironmentBlock
    /// Whether one without a value stays as it is written; otherwise it is an error.
    private let keepsUnknown: Bool

    /// - Parameters:
    ///   - environment: the variables of the pod.
    ///   - keepsUnknown: whether a placeholder without a value stays as it is written, because a later step gives it one.
    package init(_ environment: EnvironmentBlock, keepsUnknown: Bool = false) {
        self.environment = environment
        self.keepsUnknown = keepsUnknown
    }

    /// A text with its placeholders filled.
    ///
    /// - Throws: which placeholder there is not, or which has no value.
    package func fill(_ text: String) throws(FormatError) -> String {
        var result = ""
        var rest = text[...]
        while let open = rest.utf8.firstIndex(of: UInt8(ascii: "{")) {
            result += rest[..<open]
            let name = rest[open...].dropFirst()
            guard let close = name.utf8.firstIndex(of: UInt8(ascii: "}")) else {
                throw FormatError("a { without its }")
            }
            result += try value(of: String(name[..<close]), isFirst: result.isEmpty)
            rest = name[close...].dropFirst()
        }
        return result + rest
    }

    private func value(of name: String, isFirst: Bool) throws(FormatError) -> String {
        if Self.directories.contains(name) {
            guard isFirst else { throw FormatError("{\(name)} can only be the beginning of a path") }
            guard let path = text(of: [name]).flatMap({ try? ValueFormats.absolutePath($0) }) else {
                if keepsUnknown, text(of: [name]) == nil { return "{\(name)}" }
                throw FormatError("{\(name)} has no value: set \(name)")
            }
            return path.string
        }
        guard let part = Name(rawValue: name) else {
            let names = Name.allCases.map { "{\($0.rawValue)}" } + Self.directories.map { "{\($0)}" }
            throw FormatError("no placeholder {\(name.shown())}; there are \(names.inWords)")
        }
        guard let value = text(of: part.variables) else {
            if keepsUnknown { return "{\(name)}" }
            throw FormatError("{\(name)} has no value: set \(part.variables[0])")
        }
        guard value.utf8.count <= 255, value != ".", value != "..",
            !value.utf8.contains(where: { $0 == UInt8(ascii: "/") || $0.isControl })
        else { throw FormatError("{\(name)} is '\(value.shown())', which is no single component of a path") }
        return value
    }

    private func text(of variables: [String]) -> String? {
        for name in variables {
            guard let bytes = environment.value(name), !bytes.isEmpty else { continue }
            return String(validating: bytes, as: UTF8.self)
        }
        return nil
    }
}
