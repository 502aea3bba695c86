internal import Linux
internal import Text

extension Service {
    /// The program and its arguments, as messages show them.
    package var commandText: String { command.map { $0.shown() }.joined(separator: " ") }

    /// When it runs, in a clause.
    package var timeText: String {
        let place = start == .beforeCommand ? "before the command" : "after the command has started"
        return switch schedule {
        case nil: place
        case .every(let interval): "\(place), and again \(TimeText.seconds(interval)) after each run"
        case .at(let line): "at \(line.text.shown())"
        }
    }

    /// What the command waits for, in a clause; empty where it waits for nothing.
    package var readinessText: String {
        let sign =
            switch readiness {
            case .started: ""
            case .file(let path): "\(path.shown()) exists"
            case .tcp(let port): "port \(port) accepts connections"
            case .exec(let command): "\(command.map { $0.shown() }.joined(separator: " ")) ends with 0"
            case .descriptor(let number): "it writes a line to descriptor \(number)"
            case .notify: "it sends READY=1"
            }
        return sign.isEmpty ? "" : "ready when \(sign), at most \(TimeText.seconds(readyTimeout)) after its start"
    }
}
