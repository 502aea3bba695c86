/// A wish that the account files of the image stand against.
package struct AccountRefusal: Error, Equatable, Sendable {
    /// The variable that asks for it.
    package let variable: String
    /// What stands against it and what to do, one line.
    package let reason: String
}

/// All that the account files stand against in one request; never empty.
package struct AccountRefusals: Error, Equatable, Sendable {
    /// The refusals: the user's first, then the group's.
    package let refusals: [AccountRefusal]
}
