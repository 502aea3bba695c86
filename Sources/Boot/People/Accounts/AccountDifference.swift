internal import Text

/// A difference between the account files as they are and as they should be.
package enum AccountDifference: Equatable, Sendable {
    /// Something that people want to know, in a clause: `user jane (uid 1000) added`.
    case told(String)
    /// A user becomes a member of a group.
    case joined(user: String, group: String)
    /// Something that only those understand who know the files, in a clause.
    case detail(String)

    /// The difference in a clause.
    package var text: String {
        switch self {
        case .told(let text), .detail(let text): text
        case .joined(let user, let group): "user \(user) joined group \(group)"
        }
    }

    /// Differences as people are told them, in one line.
    static func summary(of differences: [AccountDifference]) -> String {
        var clauses: [String] = []
        var memberships: [(user: String, groups: [String])] = []
        for difference in differences {
            switch difference {
            case .told(let text): clauses.append(text)
            case .joined(let user, let group):
                if let index = memberships.firstIndex(where: { $0.user == user }) {
                    memberships[index].groups.append(group)
                } else {
                    memberships.append((user, [group]))
                }
            case .detail: break
            }
        }
        for (user, groups) in memberships {
            clauses.append("user \(user) joined \(groups.count == 1 ? "group" : "groups") \(groups.inWords)")
        }
        return clauses.isEmpty ? "account files put in order" : clauses.joined(separator: "; ")
    }
}
