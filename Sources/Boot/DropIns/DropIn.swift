package import Linux
package import Programs
internal import Text

/// An executable of the image that is run as a step.
package struct DropIn: Equatable, Sendable {
    /// Where a drop-in was found, which decides what happens if it cannot be run.
    package enum Source: Equatable, Sendable {
        /// A directory of drop-ins: a file without an execute bit is skipped with a warning.
        case directory
        /// The key `steps` of a configuration file.
        case configuration
        /// A built-in step, whose program is `entrypointctl`: it says itself what is wrong.
        case bundled
    }

    /// The step's name in messages: `proxy`, or `steps.d/10-proxy` for a file in a directory.
    package let name: String
    package let source: Source
    package let program: FilePath
    /// The arguments after the program's own name.
    package let arguments: [String]
    /// Who runs it.
    package let identity: Actor
    /// In seconds; 0 for no limit.
    package let timeLimit: UInt32
    package let onFailure: FailurePolicy
    /// Variables that it gets besides those that all drop-ins get.
    package let environment: [Assignment]
    /// The names of the secrets that it gets from the start's environment.
    package let secrets: [String]
    /// The built-in step that it runs before; empty until its position is known.
    package internal(set) var successor = ""
    /// What makes it a step: its own file in a directory of steps, or the line of a configuration file, as `FILE:LINE`.
    /// Empty where nobody asks.
    package internal(set) var origin = ""

    /// Seconds that a drop-in may run unless its entry says otherwise.
    package static let timeLimit: UInt32 = 60

    package init(
        name: String, source: Source = .configuration, program: FilePath, arguments: [String] = [], identity: Actor,
        timeLimit: UInt32 = DropIn.timeLimit, onFailure: FailurePolicy = .stop, environment: [Assignment] = [],
        secrets: [String] = []
    ) {
        self.name = name
        self.source = source
        self.program = program
        self.arguments = arguments
        self.identity = identity
        self.timeLimit = timeLimit
        self.onFailure = onFailure
        self.environment = environment
        self.secrets = secrets
    }

    /// A step from a file in one of the image's directories of steps.
    init(file: FilePath) {
        self.init(
            name: file.parent.lastComponent.map { "\($0.string)/" }.map {
                $0 + (file.lastComponent?.string ?? "")
            } ?? "",
            source: .directory, program: file,
            identity: file.parent == Paths.rootSteps ? .root : .user)
    }

    /// The program with its arguments, as messages show them.
    package var command: String {
        // Of one that is part of this program, the name says enough.
        let shown = source == .bundled ? program.lastComponent?.string ?? "" : program.shown()
        return ([shown] + arguments.map { $0.shown() }).joined(separator: " ")
    }
}

/// The variables that belong to the boot, and that no drop-in can set.
package enum BootVariables {
    /// Whether a variable is one of them.
    package static func contains(_ name: String) -> Bool {
        names.contains(name) || prefixes.contains { name.utf8.starts(with: $0.utf8) }
    }

    private static let names: Set<String> = ["HOME", "LOGNAME", "SHELL", "USER", PodVariables.workingDirectory.name]
    private static let prefixes = ["NB_", "ENTRYPOINT_", "SCRATCH_"]
}
