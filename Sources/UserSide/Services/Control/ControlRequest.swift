internal import Text

/// What is asked of a keeper: one line with a JSON object.
package struct ControlRequest: Equatable, Sendable {
    package enum Action: String, CaseIterable, Sendable {
        /// The states of the services that are named, or of all.
        case status
        /// The last lines of one service.
        case logs
        case start, stop, restart
    }

    /// The most bytes of a request, with its newline.
    package static let limit = 4096

    package let action: Action
    package var names: [String] = []
    /// How many of the last lines.
    package var lines = 10
    /// Whether further lines follow as they come.
    package var follows = false
    /// Whether the answer tells how it has ended.
    package var waits = true

    package init(_ action: Action, names: [String] = []) {
        self.action = action
        self.names = names
    }

    /// The line, without its newline.
    package var text: String {
        JSON.object([
            ("do", .string(action.rawValue)), ("names", .array(names.map { .string($0) })), ("lines", .number(lines)),
            ("follow", .bool(follows)), ("wait", .bool(waits)),
        ]).text
    }

    /// Reads a line; `nil` for anything else than a request.
    package init?(_ line: [UInt8]) {
        var json: JSON?
        do throws(FormatError) { json = try JSON(reading: line) } catch {}
        guard let json, let action = json["do"]?.string.flatMap({ Action(rawValue: $0) }) else { return nil }
        self.action = action
        names = (json["names"]?.items ?? []).compactMap { $0.string }
        lines = max(0, json["lines"]?.integer() ?? 10)
        follows = json["follow"] == .bool(true)
        waits = json["wait"] != .bool(false)
    }
}

/// A line of a keeper's answer.
package enum ControlAnswer: Equatable, Sendable {
    case state(ServiceState)
    /// A line of a service.
    case line(String)
    /// This many lines of a service are missing here.
    case lost(Int)
    /// What has become of a service, and whether that is what was asked for.
    case result(name: String, words: String, isDone: Bool)
    /// There is no such service, but perhaps one of a similar name.
    case unknown(name: String, similar: String?)
    /// Nothing was done.
    case refused(String)
    /// Nothing follows.
    case end

    /// The line, without its newline.
    package var text: String {
        switch self {
        case .state(let state): JSON.object([("service", state.answer)]).text
        case .line(let line): JSON.object([("line", .string(line))]).text
        case .lost(let count): JSON.object([("lost", .number(count))]).text
        case .result(let name, let words, let isDone):
            JSON.object([("name", .string(name)), ("result", .string(words)), ("done", .bool(isDone))]).text
        case .unknown(let name, let similar):
            JSON.object([("unknown", .string(name)), ("similar", similar.map { .string($0) } ?? .null)]).text
        case .refused(let words): JSON.object([("error", .string(words))]).text
        case .end: JSON.object([("end", .bool(true))]).text
        }
    }

    /// Reads a line; `nil` for anything else than an answer.
    package init?(_ line: some Collection<UInt8>) {
        do throws(FormatError) {
            let json = try JSON(reading: line)
            if let state = json["service"] {
                self = .state(try ServiceState(answer: state))
            } else if let line = json["line"]?.string {
                self = .line(line)
            } else if let count: Int = json["lost"]?.integer() {
                self = .lost(count)
            } else if let name = json["name"]?.string, let words = json["result"]?.string {
                self = .result(name: name, words: words, isDone: json["done"] == .bool(true))
            } else if let name = json["unknown"]?.string {
                self = .unknown(name: name, similar: json["similar"]?.string)
            } else if let words = json["error"]?.string {
                self = .refused(words)
            } else {
                self = .end
            }
        } catch {
            return nil
        }
    }
}
