import ArgumentParser
import Boot
import Linux
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
        name: .customLong("mount"),
        help: ArgumentHelp(
            """
            What stands for a volume of the pod in another root: at PATH of the container, what is in DIR is shown. Give it \
            once for each volume; one may lie in another. Without one for the scratch volume, a plan tells what happens \
            there "as the pod's volume allows".
            """,
            valueName: "PATH=DIR"))
    var mounts: [String] = []

    @Option(
        help: ArgumentHelp(
            """
            How the container starts: as root, elevated (as the user who asks, with the capabilities of the program's \
            file; where root asks, as \(PodVariables.userID.name)), or bare (as this user, without privileges). Without it, as this container \
            was started; where it was not made ready, as entrypoint would start here; for another root, as root.
            """,
            valueName: "start"))
    var start: Start?

    /// The container's files.
    ///
    /// - Parameter memory: the directory of this machine that stands for the container's memory; `nil` for none.
    func tree(memory: FilePath? = nil) throws -> FileTree {
        try Inspection.tree(at: root, mounts: mounts, memory: memory)
    }

    /// The environment that a file gives; `nil` without one.
    func entries() throws -> [CString]? {
        try environmentFile.map { file in
            let bytes = try Inspection.read(file: file)
            do {
                return try Inspection.entries(of: bytes)
            } catch let error as FormatError {
                throw ValidationError("\(file): \(error.expected)")
            }
        }
    }

    /// The inspection that is asked for.
    ///
    /// - Parameter files: configuration files of this machine, in the place of the container's own.
    func inspection(files: [String] = []) throws -> Inspection {
        if start == .bare, !Inspection.isUnprivileged {
            throw ValidationError("root does not see what a user may do: run it as the user for --start bare")
        }
        do {
            let entries = try entries()
            if let notice = entries.flatMap({ Inspection.noticeOfUnused(in: $0) }) {
                StandardStream.error.write(Array("entrypointctl: \(notice)\n".utf8))
            }
            return Inspection(
                tree: try tree(), environment: entries, start: start,
                files: try files.map { ($0, try Inspection.read(file: $0)) })
        } catch let error as FormatError {
            throw ValidationError(error.expected)
        }
    }
}

extension Start: ExpressibleByArgument {}
