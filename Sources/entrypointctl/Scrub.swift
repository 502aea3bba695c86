import ArgumentParser
import Boot
import Linux
import Programs
import Session
import Text
import UserSide

struct Scrub: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Remove what is secret or personal from this container, before it becomes an image.",
        usage: "entrypointctl scrub [--dry-run | --yes] [<options>]",
        discussion: """
            It looks in root's home, in the homes of /etc/passwd, in those below /home, in /etc/skel, in the user's \
            directories of the boot, in /tmp, /run and /dev/shm, for

            \(Scrub.kinds)

            (--list prints their paths), and for the paths of scrub.paths in the image's configuration. It lists what it has found, asks at a terminal, \
            overwrites and removes it, and searches again. What is a directory goes as a whole, and so does a file of which \
            only a part is secret, such as .gitconfig. The files of the system, such as /etc/gitconfig and the keys of sshd, \
            stay: name them with --also.

              docker exec -u 0 CONTAINER entrypointctl scrub --dry-run
              docker exec -u 0 CONTAINER entrypointctl scrub --yes --account --also /workspace/.env
              docker commit CONTAINER registry.example/image

            No symbolic link is followed: one in the place of a secret is removed itself. No mounted volume is entered, \
            unless --cross names its mount point or --also a path on it; volumes are in no image. A file that has several \
            names loses this one, is not overwritten, and counts as a failure: its content is still there. The user can \
            remove what is the user's; the rest is told, and counts as a failure.

            What it cannot do: what an earlier layer of the image has stays in that layer, whatever is removed above it. \
            Programs that run may write again, as a shell does its history: end them first (entrypointctl sessions end). \
            Variables of docker run -e stay in what docker commit makes; those that look like secrets are named.

            Ends with 0 when nothing is left, with 1 when something could not be removed or searched, with 64 when there is \
            nobody to ask and no --yes, and with 78 when the image's configuration is wrong.
            """)

    /// What is looked for, a line a kind.
    private static var kinds: String {
        SecretPlace.all.map { "  \($0.kind): \($0.holds)" }.joined(separator: "\n")
    }

    @Flag(help: "Print what would be removed, and remove nothing.")
    var dryRun = false

    @Flag(help: "Do not ask.")
    var yes = false

    @Flag(help: "Remove the user of the container's boot from the account files, too; the home stays.")
    var account = false

    @Option(help: ArgumentHelp("A further path, with all that lies there; give it once for each.", valueName: "path"))
    var also: [String] = []

    @Option(
        help: ArgumentHelp("The mount point of a volume that is searched, too; once for each.", valueName: "path"))
    var cross: [String] = []

    @Flag(help: "Print one JSON object.")
    var json = false

    @Flag(help: "Print what is looked for, and nothing else.")
    var list = false

    func validate() throws {
        if dryRun && yes { throw ValidationError("--dry-run removes nothing, and --yes removes without asking") }
        for (option, texts) in [("--also", also), ("--cross", cross)] {
            for text in texts {
                do throws(FormatError) {
                    if try ValueFormats.absolutePath(text) == "/" { throw FormatError("that is everything") }
                } catch {
                    throw ValidationError("\(option) '\(text.shown())': \(error.expected)")
                }
            }
        }
        if account && CurrentProcess.effectiveUser != 0 {
            throw ValidationError("only root can change the account files: docker exec --user 0 …")
        }
    }

    func run() throws {
        if list { return try write(ScrubText.places(asJSON: json, style)) }
        let facts = ScrubFacts()
        let search: ScrubSearch
        do throws(SystemCallError) {
            search = try self.search(facts, configured(facts))
        } catch {
            throw end("cannot look at the root directory: \(error.reason)", 1)
        }
        var found = search.run()
        var accounts: [AccountScrub.File] = []
        if account { accounts = lookForAccount(facts, &found) }
        var text = ScrubText(found, accounts, facts.secretVariables)
        guard !found.items.isEmpty || !accounts.isEmpty else {
            return try finish(text, found.problems.isEmpty ? 0 : 1)
        }
        if dryRun { return try finish(text, 0) }
        if !yes { try ask(text) }
        let isListed = !yes
        text.remove(by: search, facts.user.map { AccountScrub(of: $0, in: FileTree()) })
        try finish(text, text.problems.isEmpty ? 0 : 1, isListed: isListed)
    }

    private func search(_ facts: ScrubFacts, _ configured: [FilePath]) throws(SystemCallError) -> ScrubSearch {
        var search = try ScrubSearch(in: FileTree())
        search.homes = facts.homes
        search.models = facts.models
        search.crossed = cross.map { FilePath($0) }
        search.also = configured.map { ($0, "scrub.paths", false) } + also.map { (FilePath($0), "--also", true) }
        if account { search.also.append((Paths.sudoersFile, "account", false)) }
        return search
    }

    /// The paths of the image's configuration.
    private func configured(_ facts: ScrubFacts) -> [FilePath] {
        do throws(SettingsError) {
            return try Inspection.scrubPaths(in: FileTree(), isStrict: facts.start == .elevated)
        } catch {
            for problem in error.problems { tell(problem.text) }
            tell("nothing was removed: the paths of scrub.paths are not known; entrypointctl config check")
            Self.exit(withError: ArgumentParser.ExitCode(Inspection.exitCodeOfProblems))
        }
    }

    private func lookForAccount(_ facts: ScrubFacts, _ found: inout ScrubFindings) -> [AccountScrub.File] {
        guard let user = facts.user else {
            found.notes.append("no account is removed: \(facts.absence)")
            return []
        }
        do throws(SystemCallError) {
            return try AccountScrub(of: user, in: FileTree()).search(&found.notes)
        } catch {
            found.problems.append("cannot read \((error.path ?? Paths.passwd).shown()): \(error.reason)")
            return []
        }
    }

    private func ask(_ text: ScrubText) throws {
        // The list comes before the question.
        if !json { try write(text.table(style)) }
        switch Confirmation.ask("Overwrite and remove all of this?") {
        case true?: break
        case false?: throw end("nothing was removed", 1)
        case nil:
            if json { try write(text.json) }
            throw end("nothing was removed: there is no terminal to ask at; --yes does not ask", 64)
        }
    }

    private func finish(_ text: ScrubText, _ code: Int32, isListed: Bool = false) throws {
        // What was asked about has been listed already.
        try write(json ? text.json : (isListed ? "" : text.table(style)) + text.summary)
        if !json {
            for note in text.notes { tell("note: \(note)") }
            for problem in text.problems { tell(problem) }
        }
        if code != 0 { throw ArgumentParser.ExitCode(code) }
    }

    private var style: OutputStyle { .ofReader(of: .output) }

    private func write(_ text: String) throws {
        if !StandardStream.output.writeResult(Array(text.utf8)) { throw ArgumentParser.ExitCode(1) }
    }

    private func end(_ words: String, _ code: Int32) -> ArgumentParser.ExitCode {
        tell(words)
        return ArgumentParser.ExitCode(code)
    }

    private func tell(_ words: String) { StandardStream.error.write(Array("entrypointctl: \(words)\n".utf8)) }
}
