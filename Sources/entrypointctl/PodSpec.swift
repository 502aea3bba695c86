import ArgumentParser
import Linux
import Programs
import Session
import Text
import UserSide

struct PodSpec: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pod-spec",
        abstract: "Write a pod spec, and the secret beside it, from a user's .env file.",
        usage: "entrypointctl pod-spec --env-file <file> [<options>] [-- <command> ...]",
        discussion: """
            The file has who the user is (LDAP_USERNAME, LDAP_UID, LDAP_GROUPNAME and LDAP_GID, or NB_USER and so on), the \
            image (RUNAI_IMAGE), where things lie (SCRATCH_HOME_ROOT, WORKING_DIR, HF_HOME) and the user's secrets \
            (WANDB_API_KEY, HF_TOKEN, SSH_PRIVATE_KEY_B64 and the like, and what EXTRA_SECRET_KEYS names). Where it has no \
            SSH key, the one of GITHUB_SSH_KEY_PATH or ~/.ssh/github is taken.

              entrypointctl pod-spec --env-file user.env
              entrypointctl pod-spec --env-file user.env --kind job -- python train.py
              entrypointctl pod-spec --env-file user.env --start user --output /tmp
              entrypointctl pod-spec --env-file user.env --format docker

            For kubernetes it writes NAME.yaml and NAME-secret.yaml, which alone has the values of secrets and is for its \
            owner alone (0600), and with --nfs also the volume. For runai it writes the secret and prints the command \
            line, for docker it writes nothing, and secrets come from the environment of docker. All values are checked as \
            the boot checks them.

            --start says how the container starts: root (all is prepared), user (the same, where the image's program has \
            file capabilities), or restricted (what the restricted Pod Security Standard permits).

            Ends with 0, with 1 when a file could not be written, with 64 for options that are wrong, and with 78, \
            everything that is wrong in the file, and nothing written.
            """)

    @Option(
        name: .customLong("env-file"),
        help: ArgumentHelp("The user's file: a line NAME=VALUE each, as dotenv reads it.", valueName: "file"))
    var environmentFile: String

    @Option(help: ArgumentHelp("What is written.", valueName: "kind"))
    var kind = PodSpecKind.pod

    @Option(help: ArgumentHelp("How the container starts.", valueName: "start"))
    var start = PodSpecStart.root

    @Option(help: ArgumentHelp("For whom it is written.", valueName: "format"))
    var format = PodSpecFormat.kubernetes

    @Option(help: ArgumentHelp("The name; without it, the user's with the kind.", valueName: "name"))
    var name: String?

    @Option(help: ArgumentHelp("The namespace; without it, the one that kubectl uses.", valueName: "namespace"))
    var namespace: String?

    @Option(help: ArgumentHelp("The image, in the place of RUNAI_IMAGE.", valueName: "image"))
    var image: String?

    @Option(
        help: ArgumentHelp(
            """
            The image that docker/Dockerfile builds: an init container puts the programs into a volume, and the \
            container's own image needs none.
            """, valueName: "image"))
    var inject: String?

    @Option(help: ArgumentHelp("How many pods work together.", valueName: "count"))
    var nodes = 1

    @Option(
        help: ArgumentHelp(
            "Devices of each pod: a number of \(PodSpecOptions.Accelerators.usualResource), or RESOURCE=COUNT.",
            valueName: "count"))
    var gpus = PodSpecOptions.Accelerators(count: 0)

    @Option(
        help: ArgumentHelp(
            "The claim of the scratch volume; for docker, a volume or a directory.", valueName: "name"))
    var claim = "scratch"

    @Option(
        help: ArgumentHelp(
            "Where it is mounted; without it, the directory above SCRATCH_HOME_ROOT.", valueName: "path"))
    var mountPath: String?

    @Option(help: ArgumentHelp("Write the volume and the claim, too, for an NFS export.", valueName: "SERVER:/PATH"))
    var nfs: PodSpecOptions.Export?

    @Option(help: ArgumentHelp("The name of the secret; without it, NAME-secret.", valueName: "name"))
    var secret: String?

    @Option(help: ArgumentHelp("The directory that the files are written into.", valueName: "directory"))
    var output = "."

    @Flag(help: "Print one JSON object: what was written, the command line, and the notes.")
    var json = false

    @Argument(
        parsing: .postTerminator,
        help: "The command. A pod, a deployment and a statefulset do without: people enter them.")
    var command: [String] = []

    func validate() throws {
        if nodes < 1 || nodes > 10_000 { throw ValidationError("--nodes is \(nodes): 1 to 10000 are expected") }
        if nodes > 1 && !kind.hasNodes {
            throw ValidationError(
                "--nodes is for a job, statefulset, pytorchjob or jobset, and not for a \(kind.rawValue)")
        }
        if nodes > 1 && format == .docker {
            throw ValidationError("--nodes is not for docker, which starts one container")
        }
        if inject != nil && format != .kubernetes {
            throw ValidationError("--inject is for kubernetes: \(format.rawValue) has no init containers")
        }
        if nfs != nil && format != .kubernetes { throw ValidationError("--nfs is for kubernetes") }
        if kind.endsWithCommand && format == .kubernetes && command.isEmpty {
            throw ValidationError("a \(kind.rawValue) needs a command, which follows --")
        }
        for (option, image) in [("--image", image), ("--inject", inject)] {
            do throws(FormatError) {
                if let image { try ImageReference.check(image) }
            } catch {
                throw ValidationError("\(option) is \(error.expected)")
            }
        }
        for word in command where word.utf8.contains(0) { throw ValidationError("the command has a NUL byte") }
    }

    func run() throws {
        let environment = EnvironmentBlock(ProcessStart.environment)
        func variable(_ name: String) -> String? {
            environment.value(name).flatMap { String(validating: $0, as: UTF8.self) }
        }
        let bytes: [UInt8]
        do throws(FormatError) {
            bytes = try Inspection.read(file: environmentFile)
        } catch {
            throw try refuse([error.expected], [])
        }
        var reader = PodRequestReader(bytes, of: environmentFile.shown(), options: options, environment: variable)
        guard let request = reader.read() else { throw try refuse(reader.problems, reader.notes) }
        let search = environment.value("PATH") ?? []
        var notes = reader.notes
        switch TrackedFile.state(of: environmentFile, search: search) {
        case .tracked:
            notes.append(
                "\(environmentFile.shown()) is in git, which gives its secrets to everybody who has the repository: "
                    + "git rm --cached it, add it to .gitignore, and replace the secrets")
        case .unchecked: notes.append(Self.unchecked(environmentFile))
        case .exposed, .unknown: break
        }
        let writer: PodSpecWriter
        do throws(PodSpecNames.Problems) {
            let names = try PodSpecNames(request, options)
            writer = PodSpecWriter(request, options, names)
        } catch {
            throw ValidationError(error.lines.joined(separator: "\n"))
        }
        try write(writer, notes, search, variable)
    }

    private var options: PodSpecOptions {
        var options = PodSpecOptions()
        options.format = format
        options.kind = kind
        options.start = start
        options.name = name
        options.namespace = namespace
        options.image = image
        options.injected = inject
        options.nodes = nodes
        options.accelerators = gpus
        options.claim = claim
        options.mountPath = mountPath
        options.export = nfs
        options.secretName = secret
        options.command = command
        return options
    }

    private func write(
        _ writer: PodSpecWriter, _ notes: [String], _ search: [UInt8], _ variable: (String) -> String?
    ) throws {
        var notes = notes + writer.notesOfPlaces
        if inject != nil && start == .user {
            notes.append(
                "--start user: a program in a volume has no file capabilities; the boot does what --start restricted does"
            )
        }
        let files: [PodSpecWriter.File]
        let command: PodSpecCommand?
        switch format {
        case .kubernetes: (files, command) = (writer.files, nil)
        case .runai: (files, command) = (writer.secretFile, writer.runai)
        case .docker:
            (files, command) = ([], writer.docker)
            notes += writer.dockerNotes(variable)
        }
        if let name = Self.repeated(files) {
            throw ValidationError(
                "two files would be \(name): give another --name, --secret or --claim")
        }
        let paths = files.map { path(of: $0.name) }
        do throws(FormatError) {
            let parts = files.map { file in
                ResultFile.Part(file.name, Array(file.text.utf8), mode: file.isSecret ? 0o600 : 0o640)
            }
            try ResultFile.write(parts, in: output) { path(of: $0) }
        } catch {
            Console.tell(error.expected)
            throw ArgumentParser.ExitCode(1)
        }
        for (file, path) in zip(files, paths) where file.isSecret {
            switch TrackedFile.state(of: path, search: search) {
            case .tracked, .exposed:
                notes.append("git does not ignore \(path.shown()), which has secrets: add it to .gitignore")
            case .unchecked: notes.append(Self.unchecked(path))
            case .unknown: break
            }
        }
        if json { return try Console.print(Self.json(zip(files, paths).map { ($0, $1) }, command, notes)) }
        for note in notes { Console.tell("note: \(note)") }
        try Console.print(text(zip(files, paths).map { ($0, $1) }, writer, command))
    }

    /// The path by which people name a file that is written.
    private func path(of name: String) -> String {
        output == "." ? name : output + (output.hasSuffix("/") ? "" : "/") + name
    }

    /// A name that two files have; `nil` for none.
    private static func repeated(_ files: [PodSpecWriter.File]) -> String? {
        var names: Set<String> = []
        return files.first { !names.insert($0.name).inserted }?.name
    }

    private static func unchecked(_ path: String) -> String {
        "could not check whether git tracks \(path.shown()), which has secrets: git status says why"
    }

    /// What was written, and what people type next.
    private func text(
        _ files: [(file: PodSpecWriter.File, path: String)], _ writer: PodSpecWriter, _ command: PodSpecCommand?
    ) -> String {
        let written = files.map { file, path in
            "# wrote \(path.shown())" + (file.isSecret ? ", which has the secrets (0600)" : "") + "\n"
        }
        let names = files.flatMap { ["-f", $0.path] }
        let apply = names.isEmpty ? "" : PodSpecCommand(["kubectl", "apply"] + writer.namespaceOption + names).text
        return written.joined() + apply + (command?.text ?? writer.entering?.text ?? "")
    }

    private static func json(
        _ files: [(file: PodSpecWriter.File, path: String)], _ command: PodSpecCommand?, _ notes: [String]
    ) -> JSON {
        .object([
            (
                "files",
                .array(
                    files.map { .object([("path", .string($0.path)), ("secret", .bool($0.file.isSecret))]) })
            ),
            ("command", command.map { .array($0.arguments.map { .string($0) }) } ?? .null),
            ("notes", .array(notes.map { .string($0) })), ("problems", .array([])),
        ])
    }

    /// Tells what is wrong.
    private func refuse(_ problems: [String], _ notes: [String]) throws -> ArgumentParser.ExitCode {
        if json {
            try Console.print(
                .object([
                    ("files", .array([])), ("command", .null), ("notes", .array(notes.map { .string($0) })),
                    ("problems", .array(problems.map { .string($0) })),
                ]))
        } else {
            for note in notes { Console.tell("note: \(note)") }
            for problem in problems { Console.tell(problem) }
        }
        return ArgumentParser.ExitCode(Inspection.exitCodeOfProblems)
    }
}

extension PodSpecKind: ExpressibleByArgument {}
extension PodSpecStart: ExpressibleByArgument {}
extension PodSpecFormat: ExpressibleByArgument {}

extension PodSpecOptions.Accelerators: ExpressibleByArgument {
    /// Reads the option's value.
    public init?(argument: String) {
        do { self = try PodSpecOptions.Accelerators(parsing: argument) } catch { return nil }
    }

    /// The default value as the help shows it.
    public var defaultValueDescription: String { "\(count)" }
}

extension PodSpecOptions.Export: ExpressibleByArgument {
    /// Reads the option's value.
    public init?(argument: String) {
        do { self = try PodSpecOptions.Export(parsing: argument) } catch { return nil }
    }
}
