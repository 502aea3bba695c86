import Boot
import Linux

/// The page of `entrypoint`, from the declarations that it uses itself.
package enum EntrypointPage {
    package static var page: ManualPage {
        var page = ManualPage("entrypoint", "makes a container ready for its user and becomes the command")
        let groups = BootSequence.groups
        page.section("SYNOPSIS")
        page.synopsis("entrypoint [<option> ...] [--] [<command> [<argument> ...]]")
        page.section("DESCRIPTION")
        page.text(description)
        page.section("OPTIONS")
        page.term("--plan", "Print what a boot would change, and change nothing. See entrypointctl plan.")
        page.term("--version", "Print the version.")
        page.term("-h, --help", "Print the options, the variables, the steps and the exit codes.")
        for variable in groups.variables {
            guard let option = variable.option else { continue }
            page.term(
                option.name + (option.value.map { " <\($0)>" } ?? ""), "\(variable.meaning) (`\(variable.name)`).")
        }
        page.section("STEPS")
        page.text("In this order:")
        for step in BootSequence.steps { page.term(step.name, "\(step.summary). As whom: \(step.actors).") }
        page.section("ENVIRONMENT")
        for variable in groups.variables {
            let standard = variable.words.defaultText(among: groups)
            let rest = variable.isRequired ? "required" : standard.isEmpty ? "no default" : "default: \(standard)"
            page.term(variable.name, "\(variable.meaning); \(rest).")
        }
        page.section("FILES")
        for (path, meaning) in files { page.term(path, meaning) }
        page.section("EXIT STATUS")
        page.text("That of the command, or")
        for code in ExitCode.allCases { page.term("\(code.rawValue)", "\(code.meaning).") }
        page.term("128+N", "the command was ended by signal N.")
        page.section("EXAMPLES")
        page.text("  entrypoint --plan -- python train.py\n  entrypoint --grace 25 -- python train.py\n  entrypoint")
        page.seeAlso(["entrypointctl", "entrypointctl-plan", "entrypointctl-report", "entrypointctl-explain"])
        return page
    }

    private static let description = """
        It is the first program of a container: it works out what must be true for the user whom the environment names, \
        makes that true, gives up its privileges for good, and becomes the command as that user, or the parent of it that \
        forwards signals and reaps processes. Without a command it is the login shell.

        Options end at the first argument that is none, or at --. Everything after that is the command, byte for byte. An \
        option counts more than its variable, and a variable more than a file.
        """

    private static var files: [(String, String)] {
        [
            (Paths.configuration.string, "The image's settings."),
            (Paths.configurationDirectory.string, "Further files of settings, whose names end in .yaml."),
            (Paths.rootSteps.string, "Executables that are run as root."),
            (Paths.userSteps.string, "Executables that are run as the user."),
            (Paths.state.string, "The report of the boot, and what later sessions need."),
        ]
    }
}
