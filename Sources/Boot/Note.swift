package import Linux

/// Something that is worth a warning, in a clause or two, or a mistake in the settings, in a line.
package struct Note: Equatable, Sendable {
    /// What it is, whatever the words.
    package let id: MessageIdentifier
    /// What people are told.
    package let text: String
    /// The text with the system calls that failed, for those who know them.
    package let whole: String
    /// What has the same effect on other changes, if that is known.
    package let cause: BootError.Cause?

    /// - Parameter detail: the system call and the error's symbol; empty where there are none.
    package init(_ id: MessageIdentifier, _ text: String, detail: String = "") {
        self.id = id
        self.text = text
        whole = detail.isEmpty ? text : "\(text) (\(detail))"
        cause = nil
    }

    /// What a system call could not do.
    ///
    /// - Parameter text: what could not be done, without the reason.
    package init(_ id: MessageIdentifier, _ text: String, _ error: SystemCallError) {
        self.init(id, "\(text): \(error.reason)", detail: error.symbol)
    }

    /// A failure that is not the end of a change, and what came of it.
    init(_ error: BootError, consequence: String = "") {
        let rest = consequence.isEmpty ? "" : "; \(consequence)"
        id = error.id
        text = error.brief + rest
        whole = error.message + rest
        cause = error.cause
    }
}
