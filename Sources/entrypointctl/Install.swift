import ArgumentParser
import Linux
import Text
import UserSide

struct Install: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Put both programs into a directory, for containers of images that do not have them.",
        discussion: """
            An init container of the image that has the programs puts them into a volume, and the containers of the pod, \
            whose images stay as they are, start with them from there:

              entrypointctl install /programs
              entrypointctl install --json /programs

            In the pod spec the command of the init container is [/entrypointctl, install, /programs], with the volume at \
            /programs, and that of the others [/entrypoint/entrypoint, --, python, train.py], with it at /entrypoint.

            The directory must be there. Each program is written beside its name and then renamed, with the mode 0755; \
            both are there as a whole, or what was there before. A program that is there already is not written, if it \
            belongs to the user who installs and nobody else may write it. Any user may do that who may write there.

            Root is warned of a directory in which others can replace the programs: one of another user, and one that \
            others may write without the sticky bit, as an emptyDir is. There the containers that run the programs mount it \
            read-only.

            File capabilities are not copied, and would have no effect on most volumes: a pod that starts as its user \
            prepares only what the user may do, and one that starts as root all. entrypointctl needs no more trust than \
            the command: the boot runs it as the user. A step or a keeper of root's is of image policy, and an image that \
            stays as it is has none.

            Ends with 0, with 1 when a program could not be put there, and with 64 when no directory is named.
            """)

    @Flag(help: "Print one JSON object.")
    var json = false

    @Argument(help: "The directory.")
    var directory: String

    func validate() throws {
        if directory.isEmpty { throw ValidationError("the directory is an empty word; give its path") }
    }

    func run() throws {
        let result: ProgramInstall.Installation
        do throws(FormatError) {
            result = try ProgramInstall().run(in: directory)
        } catch {
            Console.tell(error.expected)
            throw ArgumentParser.ExitCode(1)
        }
        for warning in result.warnings { Console.tell("warning: " + warning) }
        if json {
            return try Console.print(
                .object([
                    ("programs", .array(result.programs.map(Self.json))),
                    ("warnings", .array(result.warnings.map { .string($0) })),
                ]))
        }
        try Console.print(result.programs.map { "\($0.path.string.shown()): \($0.outcome.rawValue)\n" }.joined())
    }

    private static func json(_ program: ProgramInstall.Program) -> JSON {
        .object([
            ("name", .string(program.name)), ("path", .string(program.path.string)), ("bytes", .number(program.size)),
            ("outcome", .string(program.outcome.rawValue)),
        ])
    }
}
