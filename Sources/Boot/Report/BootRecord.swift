internal import Linux
internal import Text

/// What is kept about a boot: the first line of the report.
package struct BootRecord: Equatable, Sendable {
    /// A change of the plan, and its result.
    package struct Change: Equatable, Sendable {
        /// The step that wanted it.
        package let step: String
        /// What must be true.
        package let goal: String
        /// The identity that did it, in words.
        package let identity: String
        /// `already`, `changed`, `unneeded`, `skipped` or `failed`.
        package let outcome: String
        /// What was done beyond the goal; empty when the goal says everything.
        package let remark: String
        /// Why it was not made true; empty when it was.
        package let reason: String
        /// How long it took.
        package let microseconds: Int64
    }

    /// Something that a step reported.
    package struct Message: Equatable, Sendable {
        package let step: String
        package let text: String
    }

    /// The version of the program.
    package let version: String
    /// How the container was started: `root`, `elevated` or `bare`.
    package let start: String
    /// Who the command runs as; `nil` when nothing was prepared.
    package let user: People.User?
    /// The seed user's ids, as `uid:gid`.
    package let seed: String?
    package let changes: [Change]
    /// The variables that were set for the command; secret ones have an empty value.
    package let exports: [Export]
    package let warnings: [Message]
    /// Why the boot ended, if it did.
    package let failure: Message?
    /// How many changes were made.
    package let changed: Int
    /// How long the boot took.
    package let microseconds: Int64

    /// A variable with its value.
    package struct Export: Equatable, Sendable {
        package let name: String
        package let value: String
    }
}

/// What is kept about the end of a container: the last line of the report.
package struct EndRecord: Equatable, Sendable {
    /// The exit code of the container.
    package let exitCode: Int32
    /// The line on standard error that reports it.
    package let message: String

    package init(exitCode: Int32, message: String) {
        self.exitCode = exitCode
        self.message = message
    }
}
