internal import Linux
package import Programs
package import SystemPackage
internal import Text

/// An executable of the image that is run as a step.
package struct DropIn: Equatable, Sendable {
    /// Where a drop-in was found, which decides what is made of one that cannot be run.
    package enum Source: Equatable, Sendable {
        /// A directory of drop-ins: what has no execute bit there is passed over with a warning.
        case directory
        /// The key `steps` of a configuration file.
        case configuration
    }

    /// The step's name in messages: `proxy`; for a file of a directory `steps.d/10-proxy`.
    package let name: String
    package let source: Source
    package let program: FilePath
    /// The arguments after the program's own name.
    package let arguments: [String]
    /// Who runs it, for ever.
    package let identity: Actor
    /// In seconds; 0 for any time.
    package let timeLimit: UInt32
    package let onFailure: FailurePolicy
    /// Variables that it has besides those that all have.
    package let environment: [Assignment]
    /// The names of the start's secrets that it has.
    package let secrets: [String]
    /// The built-in step that it runs before.
    package internal(set) var successor = Handoff.name

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

    /// The program with its arguments, as messages show them.
    package var command: String {
        ([program.shown()] + arguments.map { $0.shown() }).joined(separator: " ")
    }
}

/// A drop-in is run, always: nobody can tell whether what it makes is there already.
package struct CommandChange: Equatable, Sendable {
    package let dropIn: DropIn
    /// All of its environment but the exports and what counts more than they do.
    package let environment: EnvironmentBlock
    /// What counts more than the exports.
    package let fixed: [Assignment]
    /// What it gets of what the built-in steps before it export.
    package let exports: [Export]
    /// How many variables the built-in steps before it export: what it exports itself counts more than they do.
    package let position: Int
    /// Where it starts, if it can.
    package let directory: FilePath
    /// Variables that a drop-in cannot set because the command never gets them.
    package let refused: Set<String>
    /// Which variables are secrets, also of those that earlier drop-ins have exported.
    let secrets: Secrets
    /// The values of the pod's secrets, which another variable may have as well.
    let secretValues: [[UInt8]]

    /// What the environments are made of does not differ within a boot.
    package static func == (left: CommandChange, right: CommandChange) -> Bool {
        left.dropIn == right.dropIn && left.exports == right.exports && left.position == right.position
    }
}

extension CommandChange {
    /// The values that are shown nowhere, of an environment that the drop-in gets.
    func hidden(in environment: [CString]) -> [[UInt8]] {
        secretValues
            + environment.compactMap { entry in
                guard let name = entry.variableName, dropIn.secrets.contains(name) || secrets.isSecret(name) else {
                    return nil
                }
                return entry.bytes(from: name.utf8.count + 1)
            }
    }

    /// The change of a drop-in.
    ///
    /// - Parameter exports: what the built-in steps before it export.
    init(_ dropIn: DropIn, _ settings: Settings, _ people: People, exports: [Export]) {
        self.dropIn = dropIn
        position = exports.count
        refused = settings.secrets.stripped(in: settings.environment)
        secrets = settings.secrets
        secretValues = settings.secrets.values(in: settings.environment)
        let own = dropIn.environment
        if dropIn.identity == .user {
            // Its own business, but for the secrets.
            let entries = settings.environment.entries.filter { entry in
                guard let name = entry.variableName else { return true }
                return dropIn.secrets.contains(name) || !settings.secrets.isSecret(name)
            }
            environment = EnvironmentBlock(entries)
            let user = people.user
            fixed =
                [
                    Assignment("HOME", user.home.string), Assignment("USER", user.name),
                    Assignment("LOGNAME", user.name), Assignment("SHELL", user.shell.string),
                ] + own
            directory = settings[Scratch.self]?.home ?? "/"
            self.exports = exports
        } else {
            environment = EnvironmentBlock([])
            fixed = Self.builtEnvironment(for: dropIn.identity, settings, people) + own
            directory = "/"
            // Of what built-in steps export, much lies in the user's hands: zsh would run the user's files, git the user's programs.
            self.exports = []
        }
    }

    /// What a program of root's or the seed user's has: nothing of the pod's but settings that were checked.
    private static func builtEnvironment(
        for actor: Actor, _ settings: Settings, _ people: People
    ) -> [Assignment] {
        let user = people.user
        let scratch = settings[Scratch.self]
        return [
            Assignment("PATH", CommandSearch.defaultPath), Assignment("LC_ALL", "C"),
            Assignment("HOME", actor == .root ? "/root" : "/"), Assignment("NB_USER", user.name),
            Assignment("NB_UID", String(user.credentials.user)), Assignment("NB_GROUP", user.groupName),
            Assignment("NB_GID", String(user.credentials.group)),
        ]
            + (scratch.map {
                [
                    Assignment("SCRATCH_HOME", $0.home.string),
                    Assignment("WORKING_DIR", $0.workingDirectory.string),
                ]
            } ?? [])
    }
}

/// The variables that are the boot's own, which no drop-in sets.
package enum BootVariables {
    /// Whether a variable is one of them.
    package static func contains(_ name: String) -> Bool {
        names.contains(name) || prefixes.contains { name.utf8.starts(with: $0.utf8) }
    }

    private static let names: Set<String> = ["HOME", "LOGNAME", "SHELL", "USER", "WORKING_DIR"]
    private static let prefixes = ["NB_", "ENTRYPOINT_", "SCRATCH_"]
}
