import ArgumentParser
import Boot
import Linux
import Session
import Text

struct ConfigCheck: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Report everything that is wrong in configuration files.",
        usage: "entrypointctl config check [--json] [--root <directory> | <file> ...]",
        discussion: """
            Without files, the image's own are checked: \(Paths.configuration.string), \
            \(Paths.configurationDirectory.string)/*.yaml, and the directories of steps. What a pod gives and the files \
            that settings name are taken for granted. A file that cannot be read is a problem like any other, and the rest \
            is checked all the same.

              entrypointctl config check
              entrypointctl config check entrypoint.yaml site.yaml
              entrypointctl config check --root /mnt

            Ends with 0 when nothing is wrong, and with 78 otherwise.
            """)

    @Flag(help: "Print one JSON object: the files that were read, the problems and the notes.")
    var json = false

    @Option(help: ArgumentHelp("Where the image's own files are, such as a mounted image.", valueName: "directory"))
    var root: String?

    @Argument(help: "The files, in the place of the image's own; later ones override earlier ones.")
    var files: [String] = []

    func validate() throws {
        if root != nil && !files.isEmpty {
            throw ValidationError(
                "--root is where the image's own files are: give it without files, or files without it")
        }
    }

    func run() throws {
        let (read, problems, notices) = try checked()
        if json {
            try Console.print(
                .object([
                    ("files", .array(read.map { .string($0) })), ("problems", Self.json(problems)),
                    ("notes", Self.json(notices)),
                ]))
        } else {
            for notice in notices { Console.line("note: \(notice.whole)") }
            if files.isEmpty { try tellFiles(read, problems) }
            for problem in problems { Console.line(problem.text) }
        }
        if !problems.isEmpty { throw ArgumentParser.ExitCode(Inspection.exitCodeOfProblems) }
    }

    private func checked() throws -> (files: [String], problems: [Note], notices: [Note]) {
        if !files.isEmpty {
            let (read, problems) = Inspection.problems(inFiles: files)
            return (read, problems, [])
        }
        do throws(FormatError) {
            return Inspection.imagesProblems(in: try Inspection.tree(at: root ?? "/"))
        } catch {
            throw ValidationError(error.expected)
        }
    }

    /// Tells which files the image has.
    private func tellFiles(_ files: [String], _ problems: [Note]) throws {
        if !files.isEmpty {
            try Console.print("read \(files.joined(separator: ", "))\n")
        } else if problems.isEmpty {
            try Console.print(
                "there is no \(Paths.configuration.string), and no .yaml file in "
                    + "\(Paths.configurationDirectory.string)\n")
        }
    }

    private static func json(_ notes: [Note]) -> JSON {
        .array(notes.map { .object([("id", .string($0.id.rawValue)), ("message", .string($0.text))]) })
    }
}
