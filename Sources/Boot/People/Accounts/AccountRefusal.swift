/// A request that conflicts with the image's account files.
package struct AccountRefusal: Error, Equatable, Sendable {
    /// The variable that makes the request.
    package let variable: String
    /// What the conflict is and what to do about it, in one line.
    package let reason: String
}

/// All conflicts between the account files and one request; never empty.
package struct AccountRefusals: Error, Equatable, Sendable {
    /// The refusals: the user's first, then the group's.
    package let refusals: [AccountRefusal]
}
