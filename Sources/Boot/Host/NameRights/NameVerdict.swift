internal import Linux

/// The account file in which a name is looked up.
package enum NameKind: Sendable {
    case user, group

    /// The variable that asks for the name.
    var variable: String { self == .user ? PodVariables.userName.name : PodVariables.groupName.name }
}

/// Whether a name that the image does not have may be granted to a caller who has chosen it.
package struct NameVerdict: Equatable, Sendable {
    /// Why not, one line for each reason, for root alone; empty when the name is granted.
    package let reasons: [String]

    package static let given = NameVerdict(reasons: [])
    package var isGiven: Bool { reasons.isEmpty }

    /// What the caller is told, whatever the reason: a reason would let the caller probe the content of files that the
    /// caller may not read.
    static func told(_ kind: NameKind, _ name: String) -> String {
        "\(kind.variable) \(name) gets no entry in the account files: names may give rights in this image, whose maker can "
            + "permit it with identity.names in \(Paths.configuration); programs that look up the name, such as sudo and ssh, "
            + "will not work"
    }
}
