/// The account files as they are to be.
package struct PlannedAccounts: Equatable, Sendable {
    /// The files as the plan read them: they are written only if they are still the same.
    package let found: AccountFiles
    /// The planned text; a file that equals what was found is not written.
    package let planned: AccountFiles
    /// What the difference means, one clause each: `user jane (uid 1000) added`.
    package let meanings: [String]

    package init(found: AccountFiles, planned: AccountFiles, meanings: [String]) {
        self.found = found
        self.planned = planned
        self.meanings = meanings
    }
}
