import ArgumentParser
import Boot
import Linux
import Session
import Text

struct Config: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check and explain configuration files.",
        subcommands: [ConfigCheck.self, ConfigShow.self, ConfigExample.self, ConfigSchema.self, ConfigReference.self])
}

struct ConfigCheck: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Report everything that is wrong in configuration files.",
        discussion: """
            What a pod gives and the files that settings name are taken for granted. Ends with 0 when nothing is wrong, and \
            with 78 otherwise.
            """)

    @Argument(help: "The files; later ones override earlier ones.")
    var files: [String]

    func run() throws {
        let problems: [String]
        do {
            problems = Inspection.problems(in: try files.map { ($0, try Inspection.read(file: $0)) })
        } catch let error as FormatError {
            throw ValidationError(error.expected)
        }
        for problem in problems { StandardStream.error.write(Array((problem + "\n").utf8)) }
        if !problems.isEmpty { throw ArgumentParser.ExitCode(Inspection.exitCodeOfProblems) }
    }
}

struct ConfigShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Print every setting with its value and where it came from.",
        discussion: """
            A value comes from the environment, from a line of a file, or is the default. Secrets are shown as their lengths. \
            Problems follow on standard error, and make it end with 78.
            """)

    @OptionGroup var source: InspectionOptions

    func run() throws {
        let inspection = try source.inspection()
        for setting in inspection.settings() {
            print("\(setting.name) = \(setting.value)  (\(setting.origin))")
        }
        let problems = inspection.problems()
        for problem in problems { StandardStream.error.write(Array((problem + "\n").utf8)) }
        if !problems.isEmpty { throw ArgumentParser.ExitCode(Inspection.exitCodeOfProblems) }
    }
}

struct ConfigExample: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "example", abstract: "Print a configuration file with every key in a comment.")

    func run() { print(ConfigurationReference(of: BootSequence.groups).example, terminator: "") }
}

struct ConfigSchema: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "Print the JSON schema of configuration files, for editors.")

    func run() { print(ConfigurationReference(of: BootSequence.groups).schema, terminator: "") }
}

struct ConfigReference: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reference", abstract: "Print every key of configuration files as a Markdown table.")

    func run() { print(ConfigurationReference(of: BootSequence.groups).table, terminator: "") }
}
