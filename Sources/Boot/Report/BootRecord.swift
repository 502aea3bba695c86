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
        /// When the work on it began, in microseconds since the boot began; `nil` in a report of an earlier version.
        package let began: Int64?
        /// How long it took.
        package let microseconds: Int64

        package init(
            step: String, goal: String, identity: String, outcome: String, remark: String = "", reason: String = "",
            began: Int64?, microseconds: Int64
        ) {
            (self.step, self.goal, self.identity) = (step, goal, identity)
            (self.outcome, self.remark, self.reason) = (outcome, remark, reason)
            (self.began, self.microseconds) = (began, microseconds)
        }
    }

    /// Something that a step reported.
    package struct Message: Equatable, Sendable {
        /// The ``MessageIdentifier``; a report of another version may have one that this program does not know.
        package let id: String
        package let step: String
        package let text: String

        package init(id: String, step: String, text: String) {
            (self.id, self.step, self.text) = (id, step, text)
        }
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
    /// What later sessions are to be like; `nil` when there is no command.
    package let session: SessionRecord?

    package init(
        version: String, start: String, user: People.User?, seed: String? = nil, changes: [Change],
        exports: [Export] = [], warnings: [Message] = [], failure: Message? = nil, changed: Int, microseconds: Int64,
        session: SessionRecord? = nil
    ) {
        (self.version, self.start, self.user, self.seed) = (version, start, user, seed)
        (self.changes, self.exports, self.warnings, self.failure) = (changes, exports, warnings, failure)
        (self.changed, self.microseconds, self.session) = (changed, microseconds, session)
    }

    /// A variable with its value.
    package struct Export: Equatable, Sendable {
        package let name: String
        package let value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }
}

/// What is kept about the end of a container: the last line of the report.
package struct EndRecord: Equatable, Sendable {
    /// The exit code of the container.
    package let exitCode: Int32
    /// The ``MessageIdentifier`` of an error; empty where nothing went wrong.
    package let id: String
    /// The line on standard error that reports it.
    package let message: String

    package init(exitCode: Int32, id: String = "", message: String) {
        self.exitCode = exitCode
        self.id = id
        self.message = message
    }
}
