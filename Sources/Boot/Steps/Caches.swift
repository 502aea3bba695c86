internal import Linux
internal import SystemPackage

/// Gives uv caches that outlive the container.
package struct Caches: Step {
    package static let name = "caches"
    package static let summary = "uv's cache and its Pythons are in the persistent directory"
    package static let actors = "user"
    package static let exports = ["UV_CACHE_DIR", "UV_PYTHON_INSTALL_DIR", "UV_LINK_MODE"]

    static let cacheVariable = Variable(
        "UV_CACHE_DIR", "uv's cache", default: "`$SCRATCH_HOME/.cache/uv`", parse: Formats.absolutePath)
    static let pythonVariable = Variable(
        "UV_PYTHON_INSTALL_DIR", "Where uv installs Pythons", default: "`$SCRATCH_HOME/.uv`",
        parse: Formats.absolutePath)
    static let linkModeVariable = Variable<String>(
        "UV_LINK_MODE", "How uv installs files from its cache",
        default: "`copy` where the cache and `WORKING_DIR` are on different devices, else uv's own",
        parse: { text throws(FormatError) in text })

    package static let variables: [any VariableDeclaration] = [cacheVariable, pythonVariable, linkModeVariable]

    private let givenCache: FilePath?
    private let givenPythons: FilePath?
    private let isLinkModeGiven: Bool

    package init?(reading reader: inout SettingsReader) {
        givenCache = reader.value(Self.cacheVariable)
        givenPythons = reader.value(Self.pythonVariable)
        isLinkModeGiven = reader.isSet(Self.linkModeVariable)
    }

    package func plan(_ context: PlanContext) -> StepPlan {
        guard let scratch = context.settings[Scratch.self] else { return StepPlan() }
        let cache = givenCache ?? scratch.home.appending(".cache/uv")
        let pythons = givenPythons ?? scratch.home.appending(".uv")
        var exports = [Export("UV_CACHE_DIR", .place(cache)), Export("UV_PYTHON_INSTALL_DIR", .place(pythons))]
        if !isLinkModeGiven {
            // A file cannot have a name on another device, and uv would say so at every installation.
            exports.append(Export("UV_LINK_MODE", .textWhenApart("copy", cache, scratch.workingDirectory)))
        }
        return StepPlan(
            changes: [cache, pythons].map { path in
                PlannedChange(
                    .directory(scratch.directory(path, for: .write, context)), by: [.user], onFailure: .warn,
                    consequence: "uv uses its own default in the home")
            },
            exports: exports)
    }
}
