internal import Text

/// What a `.env` file sets: lines `NAME=VALUE`, as dotenv reads them.
///
/// A value may be in single quotes, where every byte is itself, or in double quotes, where `\n`, `\"`, `\\` and `\$` are
/// escapes; both may go on over several lines. ` #` begins a comment, `export` in front of a name means nothing, and
/// `${NAME}` or `${NAME:-DEFAULT}`, outside single quotes, is what an earlier line or the environment has. `$NAME` is
/// itself: passwords have such letters.
package struct DotEnv: Sendable {
    /// A line, or several.
    package struct Entry: Equatable, Sendable {
        package let name: String
        package let value: String
        /// The number of its first line, counted from 1.
        package let line: Int
        /// The names of the variables whose values are in it.
        package let uses: [String]
    }

    /// The entries in the order of the file; of several with one name, the last counts.
    package private(set) var entries: [Entry] = []
    /// What is wrong, each with its line.
    package private(set) var problems: [PodSpecProblem] = []
    /// Those that an earlier line has set already.
    package private(set) var repeated: [Entry] = []
    /// Which entry counts for a name.
    private var last: [String: Int] = [:]

    /// Reads a file.
    ///
    /// - Parameters:
    ///   - bytes: the file.
    ///   - environment: gives what a variable has that no earlier line sets.
    package init(reading bytes: [UInt8], environment: (String) -> String?) {
        let hasMark = bytes.starts(with: [0xEF, 0xBB, 0xBF])
        var scanner = DotEnvScanner(hasMark ? bytes[3...] : bytes[...])
        if let line = scanner.lineWithoutText {
            problems = [PodSpecProblem(line, "this is not text in UTF-8")]
            return
        }
        while !scanner.isAtEnd {
            let line = scanner.line
            do throws(FormatError) {
                guard let entry = try scanner.next({ value(of: $0) ?? environment($0) }) else { continue }
                if last.updateValue(entries.count, forKey: entry.name) != nil { repeated.append(entry) }
                entries.append(entry)
            } catch {
                problems.append(PodSpecProblem(line, error.expected))
                scanner.skipLine()
            }
        }
    }

    /// The entry that counts for a name; `nil` where there is none, or its value is empty.
    package subscript(_ name: String) -> Entry? {
        last[name].flatMap { entries[$0].value.isEmpty ? nil : entries[$0] }
    }

    private func value(of name: String) -> String? { last[name].map { entries[$0].value } }
}

/// Something that is wrong in a user's file.
package struct PodSpecProblem: Equatable, Sendable {
    /// Counted from 1; `nil` where it is of no line.
    package let line: Int?
    /// What is wrong; it has nothing of a secret.
    package let text: String

    package init(_ line: Int?, _ text: String) {
        self.line = line
        self.text = text
    }

    /// In words that begin with the file, and the line where there is one.
    package func text(in file: String) -> String { file + (line.map { ":\($0)" } ?? "") + ": " + text }
}
