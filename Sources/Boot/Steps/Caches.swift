internal import Linux
internal import SystemPackage
internal import Text
internal import YAML

/// Gives programs caches that outlive the container.
package struct Caches: Step {
    package static let name = "caches"
    package static let summary = "caches, such as uv's with its Pythons, are in the persistent directory"
    package static let actors = "user"
    package static let exports = ["UV_CACHE_DIR", "UV_PYTHON_INSTALL_DIR", "UV_LINK_MODE"]

    static let cacheVariable = Variable(
        "UV_CACHE_DIR", "uv's cache", default: "`$SCRATCH_HOME/.cache/uv`", parse: ValueFormats.absolutePath)
    static let pythonVariable = Variable(
        "UV_PYTHON_INSTALL_DIR", "Where uv installs Pythons", default: "`$SCRATCH_HOME/.uv`",
        parse: ValueFormats.absolutePath)
    static let linkModeVariable = Variable<String>(
        "UV_LINK_MODE", "How uv installs files from its cache",
        default: "`copy` where the cache and `WORKING_DIR` are on different devices, else uv's own",
        key: "caches.uvLinkMode", shape: .choice(["clone", "copy", "hardlink", "symlink"]),
        parse: { text throws(FormatError) in text })

    package static let variables: [any VariableDeclaration] = [cacheVariable, pythonVariable, linkModeVariable]

    static let directoriesSetting = FileSetting<[(String, Location)]>(
        "caches.directories",
        "Variables and the directories that they are set to; a path without a slash in front is below `SCRATCH_HOME`, and "
            + "`none` takes a default away; what the pod spec sets stays",
        default: "`{UV_CACHE_DIR: .cache/uv, UV_PYTHON_INSTALL_DIR: .uv}`", shape: .mapping(.text),
        example: "{PIP_CACHE_DIR: .cache/pip, TRITON_CACHE_DIR: .cache/triton}"
    ) { reader, value in
        reader.mapping(value)?.all.compactMap { field in
            guard field.key.isVariableName, !reserved.contains(field.key) else {
                reader.note("not the name of a variable for a cache", at: field.value)
                return nil
            }
            return reader.text(field.value, as: Location.parse).map { (field.key, $0) }
        }
    }

    package static let fileSettings: [any SettingDeclaration] = [directoriesSetting]

    /// Where a cache is.
    enum Location: Sendable {
        case none
        /// Absolute, or below the user's persistent directory.
        case path(FilePath)

        static func parse(_ text: String) throws(FormatError) -> Location {
            text == "none" ? .none : .path(try ValueFormats.pathInScratch(text))
        }
    }

    /// Variables that mean something else to the boot, to shells or to the loader.
    private static let reserved: Set<String> = {
        let own = BootSequence.steps.filter { $0.name != name }.flatMap { $0.exports + $0.variables.map(\.name) }
        return Set(own + ["PATH", "IFS", "ENV", "BASH_ENV", "LD_PRELOAD", "LD_LIBRARY_PATH", linkModeVariable.name])
    }()

    private let locations: [(name: String, location: Location)]
    /// Variables that the pod spec sets, with their values.
    private let given: [String: FilePath]
    private let linkMode: String?
    private let isLinkModeGiven: Bool

    package init?(reading reader: inout SettingsReader) {
        var locations: [(name: String, location: Location)] = [
            (Self.cacheVariable.name, .path(".cache/uv")), (Self.pythonVariable.name, .path(".uv")),
        ]
        var given: [String: FilePath] = [:]
        for (name, location) in reader.values(Self.directoriesSetting).flatMap({ $0 }) {
            if let index = locations.firstIndex(where: { $0.name == name }) {
                locations[index].location = location
            } else {
                locations.append((name, location))
            }
        }
        for (name, _) in locations {
            given[name] = reader.value(Variable(name, "A cache", parse: ValueFormats.absolutePath))
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
            // A file cannot have a name on another device, and uv would say so at every installation.
            let value = Export.Value.textWhenApart("copy", cache.path, scratch.workingDirectory)
            exports.append(Export(Self.linkModeVariable.name, value))
        }
        let owners = scratch.permittedOwners(context).owners + [0]
        return StepPlan(
            changes: places.map { name, path in
                // Programs run what is in their caches, Pythons among it. Elsewhere the pod or the image has chosen the place.
                let permitted = path.starts(with: scratch.home) ? owners : nil
                return PlannedChange(
                    .directory(scratch.directory(path, for: .write, context, owners: permitted)), by: [.user],
                    onFailure: .warn,
                    consequence: "without \(name), programs use their own default in the home")
            },
            exports: exports)
    }
}
