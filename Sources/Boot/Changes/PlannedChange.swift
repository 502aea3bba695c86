/// A change, with who makes it and what a failure means.
package struct PlannedChange: Equatable, Sendable {
    package let change: Change
    /// Who makes it; each actor tries what the one before was not permitted to do.
    package let by: [Actor]
    package let onFailure: FailurePolicy
    /// What a failure means to the user, in a clause; empty when the error says everything.
    package let consequence: String

    package init(_ change: Change, by actors: [Actor], onFailure: FailurePolicy, consequence: String = "") {
        self.change = change
        self.by = actors
        self.onFailure = onFailure
        self.consequence = consequence
    }

    /// The same change with another policy, if there is one.
    package func failing(_ policy: FailurePolicy?) -> PlannedChange {
        PlannedChange(change, by: by, onFailure: policy ?? onFailure, consequence: consequence)
    }

    /// Another change, made by the same actors with the same consequences.
    func replaced(by other: Change) -> PlannedChange {
        PlannedChange(other, by: by, onFailure: onFailure, consequence: consequence)
    }
}
