import ArgumentParser
import Boot
import Explanations
import Linux
import Text
import UserSide

struct Explain: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Explain a warning or an error by its identifier, such as scratch.not-mounted.",
        discussion: """
            The identifier is in each line of the JSON log (ENTRYPOINT_LOG_FORMAT=json) that is a warning or an error, in \
            the report, and in what plan --pod-spec finds. Without an identifier all of a boot's are printed.

              entrypointctl explain scratch.not-mounted
              entrypointctl explain pod.command-bypasses
              entrypointctl explain --json

            Ends with 0, or with 64 when there is no such identifier.
            """)

    @Argument(help: "The identifier; all of them without it.")
    var identifier: String?

    @Flag(help: "Print one JSON object for each line.")
    var json = false

    @Flag(help: "Print all explanations as a Markdown table.")
    var table = false

    func validate() throws {
        if table && (json || identifier != nil) { throw ValidationError("--table is for all, and not for JSON") }
    }

    func run() throws {
        if table {
            try Console.print(MessageIdentifier.explanationTable)
            return
        }
        if let message = identifier.flatMap({ PodMessage(rawValue: $0) }) {
            return try Console.print(json ? message.json.text + "\n" : message.text)
        }
        let wanted = try identifier.map { [try Self.find($0)] } ?? MessageIdentifier.allCases
        let texts = wanted.map { json ? $0.explanationJSON.text + "\n" : $0.explanationText }
        try Console.print(texts.joined(separator: json ? "" : "\n"))
    }

    private static func find(_ text: String) throws -> MessageIdentifier {
        if let id = MessageIdentifier(rawValue: text) { return id }
        let names = MessageIdentifier.allCases.map(\.rawValue) + PodMessage.allCases.map(\.rawValue)
        // Who gives only the end of one, or its beginning, means it.
        let near =
            Suggestion.nearest(to: text, among: names)
            ?? names.first { $0.hasSuffix(".\(text)") || $0.hasPrefix("\(text).") }
        let hint = near.map { "; did you mean \($0)?" } ?? "; entrypointctl explain prints all of them"
        throw ValidationError("there is no message '\(text.shown())'\(hint)")
    }
}
