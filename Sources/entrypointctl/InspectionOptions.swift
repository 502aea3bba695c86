import ArgumentParser
import Boot
import Session
import Text

/// The options for the container and its environment.
struct InspectionOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The root directory of the container, such as a mounted image; no link leads out of it.",
            valueName: "directory"))
    var root = "/"

    @Option(
        name: .customLong("env-file"),
        help: ArgumentHelp(
            """
            The pod's environment, in the place of this process's: a line NAME=VALUE each, or NAME for the value that this \
            process has, as docker run --env-file reads it.
            """,
            valueName: "file"))
    var environmentFile: String?

    @Option(
        help: ArgumentHelp(
            """
            How the container starts: as root, elevated (as the user who asks, with the capabilities of the program's \
            file; where root asks, as \(PodVariables.userID.name)), or bare (as this user, without privileges). Without it, as this container \
            seems to have started, else as root.
            """,
            valueName: "start"))
    var start: Start?

    func validate() throws {
        if start == .bare, !Inspection.isUnprivileged {
            throw ValidationError("root does not see what a user may do: run it as the user for --start bare")
        }
    }

    func inspection() throws -> Inspection {
        do {
            let entries = try environmentFile.map { file in
                let bytes = try Inspection.read(file: file)
                do {
                    return try Inspection.entries(of: bytes)
                } catch let error as FormatError {
                    throw ValidationError("\(file): \(error.expected)")
                }
            }
            return Inspection(tree: try Inspection.tree(at: root), environment: entries, start: start)
        } catch let error as FormatError {
            throw ValidationError(error.expected)
        }
    }
}

extension Start: ExpressibleByArgument {}
