/// The account files as they are and as they should be.
package struct PlannedAccounts: Equatable, Sendable {
    /// The files as the plan read them.
    package var found = AccountFiles()
    /// The planned text; a file that equals what was found does not change.
    package var planned = AccountFiles()
    /// What differs.
    package var differences: [AccountDifference] = []
}
