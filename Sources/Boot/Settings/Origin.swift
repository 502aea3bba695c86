/// Where the value of a setting came from.
package enum Origin: Equatable, Sendable {
    case builtIn
    /// A file and the line in it, as `FILE:LINE`.
    case file(String)
    case environment
    /// An option of the command line.
    case option(String)

    /// The origin in words.
    package var words: String {
        switch self {
        case .builtIn: "default"
        case .file(let place): place
        case .environment: "environment"
        case .option(let name): "option \(name)"
        }
    }
}
