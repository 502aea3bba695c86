internal import Boot
internal import Linux
internal import Programs
internal import Text

/// The caches that the members of a group share.
enum SharedCaches {
    /// Names of variables that hold the directory of a cache; so does every name that ends with `_CACHE_DIR`.
    private static let names = [
        "HF_HOME", "HF_HUB_CACHE", "HF_DATASETS_CACHE", "HF_ASSETS_CACHE", "TRANSFORMERS_CACHE", "TORCH_HOME",
        "UV_CACHE_DIR", "UV_PYTHON_INSTALL_DIR", "XDG_CACHE_HOME",
    ]

    /// The caches that lie neither in the user's persistent directory nor in the user's home, and so are not the user's own.
    static func places(_ facts: ContainerFacts) -> [(name: String, path: FilePath)] {
        let other = facts.environment.entries.compactMap(\.variableName).filter { $0.hasSuffix("_CACHE_DIR") }
        let own = [facts.scratchHome, facts.user?.home].compactMap { $0 }
        var places: [(name: String, path: FilePath)] = []
        for name in names + other {
            guard let value = facts.environment.value(name) else { continue }
            let path = FilePath(String(decoding: value, as: UTF8.self)).lexicallyNormalized()
            // One that lies in another is looked at with it.
            guard path.isAbsolute, path != "/", !own.contains(where: path.starts(with:)),
                !places.contains(where: { path.starts(with: $0.path) })
            else { continue }
            places.append((name, path))
        }
        return places
    }
}
