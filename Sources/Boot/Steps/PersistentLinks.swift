internal import Linux
internal import Text

/// Links some names in the home, which ends with the container, to the persistent directory.
package struct PersistentLinks: Step {
    package static let name = "links"
    package static let summary = "names in the home that should outlive the container lead to the persistent directory"
    package static let actors = "user"
    package static let neededStep: String? = Scratch.name
    package static let exports: [String] = []

    static let namesVariable = Variable(
        "PERSISTENT_LINKS", .items(separatedBy: " ", parse: Name.parseList),
        Words(
            "Names in the home that lead to the same name in `SCRATCH_HOME`, separated by spaces, "
                + "directories with a slash at the end; `none` for none",
            default: "`\(defaultNames)`", example: "[.zsh_history, .vscode/]"),
        key: "links.names")

    package static let variables: [any VariableDeclaration] = [namesVariable]

    /// As values: to read them as a text takes most of the time of reading this step's settings.
    private static let defaults = [
        Name(path: ".zsh_history", kind: .file), Name(path: ".vscode", kind: .directory),
        Name(path: ".vscode-server", kind: .directory), Name(path: ".cursor", kind: .directory),
        Name(path: ".cursor-server", kind: .directory),
    ]

    static var defaultNames: String {
        defaults.map { $0.kind == .directory ? $0.path + "/" : $0.path }.joined(separator: " ")
    }

    /// The name of a file or directory that is kept.
    package struct Name: Equatable, Sendable {
        /// A path relative to the home; it may have directories above it.
        package let path: String
        package let kind: LinkChange.Kind

        static func parseList(_ text: String) throws(FormatError) -> [Name] {
            if text == "none" || text.isEmpty { return [] }
            var names: [Name] = []
            for word in text.split(separator: " ") {
                let name = try parse(word)
                guard !names.contains(where: { $0.path == name.path }) else {
                    throw FormatError("\(name.path.shown()) is there twice")
                }
                names.append(name)
            }
            return names
        }

        private static func parse(_ word: Substring) throws(FormatError) -> Name {
            let isDirectory = word.utf8.last == UInt8(ascii: "/")
            let name = String(isDirectory ? word.dropLast() : word)
            // What is set aside gets a longer name, which must also fit into 255 bytes.
            let parts = name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            guard (try? ValueFormats.absolutePath("/" + name)) != nil,
                parts.allSatisfy({ !$0.isEmpty && $0.count <= 200 })
            else {
                throw FormatError(
                    "not names of files and directories/ below the home: \(name.shown()) is not in its normal form")
            }
            guard !parts[0].elementsEqual(".ssh".utf8) else {
                throw FormatError(".ssh cannot be kept: no key is stored on a persistent volume")
            }
            return Name(path: name, kind: isDirectory ? .directory : .file)
        }
    }

    package let names: [Name]

    package init?(reading reader: inout SettingsReader) {
        names = reader.value(Self.namesVariable) ?? Self.defaults
    }

    /// Whether a path below the home leads to the persistent directory.
    func keeps(_ path: FilePath) -> Bool { names.contains { path.starts(with: FilePath($0.path)) } }

    package func plan(_ context: PlanContext) -> StepPlan {
        guard let scratch = context.settings[Scratch.self] else { return StepPlan() }
        let user = context.people.user
        let owners = scratch.permittedOwners(context).owners + [0]
        var parents: [FilePath] = []
        var changes: [Change] = []
        for name in names {
            let (path, target) = (user.home.appending(name.path), scratch.home.appending(name.path))
            for parent in [path.parent, target.parent]
            where parent != user.home && parent != scratch.home && !parents.contains(parent) {
                parents.append(parent)
                // Whoever owns the directory can replace what is in it.
                let isKept = parent.starts(with: scratch.home)
                changes.append(
                    .directory(scratch.directory(parent, for: .enter, context, owners: isKept ? owners : nil)))
            }
            changes.append(
                .link(
                    LinkChange(
                        path, to: target, name.kind, mode: name.kind == .file ? 0o600 : 0o770, owners: owners)))
        }
        return StepPlan(changes: changes.map { PlannedChange($0, by: [.user], onFailure: .warn) })
    }
}
