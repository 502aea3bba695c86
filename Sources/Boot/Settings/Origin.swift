/// Where the value of a setting came from.
package enum Origin: Equatable, Sendable {
    case builtIn
    /// The default of an elevated start, to which only the image can grant more.
    case notGranted
    /// A file and the line in it, as `FILE:LINE`.
    case file(String)
    /// A variable; its name, where it is one of another image's.
    case environment(String?)
    /// An option of the command line.
    case option(String)

    /// The origin in words.
    package var words: String {
        switch self {
        case .builtIn: "default"
        case .notGranted: "default of an elevated start: the image does not grant it"
        case .file(let place): place
        case .environment(let name): name.map { "environment (\($0))" } ?? "environment"
        case .option(let name): "option \(name)"
        }
    }
}
