internal import Linux
internal import Text
internal import YAML

/// Gives programs caches that outlive the container.
package struct Caches: Step {
    package static let name = "caches"
    package static let summary = "caches, such as uv's with its Pythons, are in the persistent directory"
    package static let actors = "user"
    package static let neededStep: String? = Scratch.name

    static let cacheVariable = Variable(
        "UV_CACHE_DIR", .absolutePath, Words("uv's cache", default: "`$SCRATCH_HOME/\(cacheName)`"))
    static let pythonVariable = Variable(
        "UV_PYTHON_INSTALL_DIR", .absolutePath,
        Words("Where uv installs Pythons", default: "`$SCRATCH_HOME/\(pythonName)`"))
    static let linkModeVariable = Variable(
        "UV_LINK_MODE", .word(of: ["clone", "copy", "hardlink", "symlink"]),
        Words(
            "How uv installs files from its cache",
            default: "`copy` where the cache and `WORKING_DIR` are on different devices, else uv's own"),
        key: "caches.uvLinkMode")

    package static let variables: [any VariableDeclaration] = [cacheVariable, pythonVariable, linkModeVariable]
    package static let exports = variables.map { $0.name }

    private static let cacheName = ".cache/uv"
    private static let pythonName = ".uv"

    static let directoriesSetting = FileSetting(
        "caches.directories",
        .mapping(of: .text(Location.parse), named: variableNoun) { name in
            name.isVariableName && !foreign.contains(name)
        },
        Words(
            "Variables and the directories that they are set to; a path without a slash in front is below `SCRATCH_HOME`, "
                + "and `none` takes a default away; what the pod spec sets stays",
            default: "`{\(cacheVariable.name): \(cacheName), \(pythonVariable.name): \(pythonName)}`",
            example: "{PIP_CACHE_DIR: .cache/pip, TRITON_CACHE_DIR: .cache/triton}"), addsUp: true)

    package static let fileSettings: [any SettingDeclaration] = [directoriesSetting]

    /// Where a cache is.
    enum Location: Sendable {
        case none
        /// An absolute path, or one below the user's persistent directory.
        case path(FilePath)

        static func parse(_ text: String) throws(FormatError) -> Location {
            text == "none" ? .none : .path(try ValueFormats.pathInScratch(text))
        }
    }

    /// What each name in the mapping must be, as problems say it.
    private static let variableNoun = "the name of a variable for a cache"

    /// Variables that mean something else to shells, to the dynamic loader or to uv.
    private static let foreign: Set<String> = [
        "PATH", "IFS", "ENV", "BASH_ENV", "LD_PRELOAD", "LD_LIBRARY_PATH", linkModeVariable.name,
    ]

    /// The caches that the files ask for. It is a problem if another step reads or sets a cache's variable.
    private static func directories(_ reader: inout SettingsReader) -> [(name: String, value: Location)] {
        guard reader.hasFiles else { return [] }
        let asked = reader.values(directoriesSetting).flatMap { $0 }
        let steps = reader.groups.all.filter { $0.role == .step && $0.name != name }
        let reserved = Set(steps.flatMap { $0.exports + $0.variables.map { $0.name } })
        reader.check(directoriesSetting) { problems, value in
            var silent = YAML.Reader()
            for field in silent.mapping(value)?.all ?? [] where reserved.contains(field.key) {
                problems.note("not \(variableNoun)", at: field.value)
            }
        }
        return asked.filter { !reserved.contains($0.name) }
    }

    private let locations: [(name: String, location: Location)]
    /// Variables that the pod spec sets, with their values.
    private let given: [String: FilePath]
    private let linkMode: String?
    private let isLinkModeGiven: Bool

    package init?(reading reader: inout SettingsReader) {
        var locations: [(name: String, location: Location)] = [
            (Self.cacheVariable.name, .path(FilePath(Self.cacheName))),
            (Self.pythonVariable.name, .path(FilePath(Self.pythonName))),
        ]
        var given: [String: FilePath] = [:]
        for (name, location) in Self.directories(&reader) {
            if let index = locations.firstIndex(where: { $0.name == name }) {
                locations[index].location = location
            } else {
                locations.append((name, location))
            }
        }
        for (name, _) in locations {
            given[name] = reader.value(Variable(name, .absolutePath, Words("A cache")))
        }
        self.locations = locations
        self.given = given
        linkMode = reader.value(Self.linkModeVariable)
        isLinkModeGiven = reader.isSet(Self.linkModeVariable)
    }

    package func plan(_ context: PlanContext) -> StepPlan {
        guard let scratch = context.settings[Scratch.self] else { return StepPlan() }
        let places = locations.compactMap { name, location -> (name: String, path: FilePath)? in
            if let path = given[name] { return (name, path) }
            guard case .path(let path) = location else { return nil }
            return (name, path.isAbsolute ? path : scratch.home.pushing(path))
        }
        var exports = places.map { Export($0.name, .place($0.path)) }
        if let linkMode, !isLinkModeGiven {
            exports.append(Export(Self.linkModeVariable.name, linkMode))
        } else if linkMode == nil, let cache = places.first(where: { $0.name == Self.cacheVariable.name }) {
            // A file cannot have a hard link on another device, and uv would report that at every installation.
            let value = Export.Value.textWhenApart("copy", cache.path, scratch.workingDirectory)
            exports.append(Export(Self.linkModeVariable.name, value))
        }
        let owners = scratch.permittedOwners(context).owners + [0]
        return StepPlan(
            changes: places.map { name, path in
                // Programs run what is in their caches, such as Pythons. The pod or the image chooses other places.
                let permitted = path.starts(with: scratch.home) ? owners : nil
                return PlannedChange(
                    .directory(scratch.directory(path, for: .write, context, owners: permitted)), by: [.user],
                    onFailure: .warn,
                    consequence: "without \(name), programs use their own default in the home")
            },
            exports: exports)
    }
}
