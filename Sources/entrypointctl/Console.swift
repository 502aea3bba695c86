import ArgumentParser
import Linux
import Text
import UserSide

/// Where the commands print.
enum Console {
    /// How the reader of standard output sees text.
    static var style: OutputStyle { .ofReader(of: .output) }

    /// Prints a result.
    ///
    /// - Throws: the end of the program, with 1, where not all of it could be written. A reader who has gone wants no
    ///   message about that.
    static func print(_ text: String) throws {
        if StandardStream.output.writeResult(Array(text.utf8)) { return }
        if !StandardStream.output.hasNoReader { tell("cannot write all of it to standard output") }
        throw ArgumentParser.ExitCode(1)
    }

    /// Prints a JSON value for people and programs.
    ///
    /// - Throws: as ``print(_:)`` does.
    static func print(_ json: JSON) throws { try print(json.indented() + "\n") }

    /// Tells something on standard error.
    static func tell(_ words: String) { line("entrypointctl: \(words)") }

    /// Prints a line on standard error.
    static func line(_ line: String) { StandardStream.error.write(Array((line + "\n").utf8)) }
}
