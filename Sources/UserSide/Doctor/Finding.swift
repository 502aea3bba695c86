/// What a check has found out about one thing.
package struct Finding: Equatable, Sendable {
    /// Whether something must be done about it.
    package enum Verdict: String, CaseIterable, Sendable {
        case ok
        /// The container works, and something will not, or not as people expect.
        case warn
        /// Something does not work.
        case fail
    }

    package let verdict: Verdict
    /// What was seen, with its figures, in one line.
    package let evidence: String
    /// What to do: something to type, or a field of the pod spec; empty where there is nothing to do.
    package let remedy: String

    /// Something that is as it should be.
    package static func ok(_ evidence: String) -> Finding { Finding(.ok, evidence, remedy: "") }

    /// Something that needs attention.
    package static func warn(_ evidence: String, remedy: String) -> Finding { Finding(.warn, evidence, remedy: remedy) }

    /// Something that does not work.
    package static func fail(_ evidence: String, remedy: String) -> Finding { Finding(.fail, evidence, remedy: remedy) }

    package init(_ verdict: Verdict, _ evidence: String, remedy: String) {
        self.verdict = verdict
        self.evidence = evidence
        self.remedy = remedy
    }
}
