extension YAML {
    /// Something wrong in a text, and where.
    package struct Problem: Equatable, Sendable {
        package let mark: Mark
        /// The path of the value that is wrong, such as `scratch.directories[2].mode`; empty for the text as a whole.
        package let path: String
        /// What is wrong or was expected, in one line.
        package let text: String

        package init(at mark: Mark, path: String = "", _ text: String) {
            self.mark = mark
            self.path = path
            self.text = text
        }

        /// The line for people: `FILE:LINE:COLUMN: PATH: TEXT`.
        ///
        /// - Parameter file: the name of the text's file, as it is shown.
        package func line(in file: String) -> String {
            "\(file):\(mark.line):\(mark.column): \(path.isEmpty ? "" : "\(path): ")\(text)"
        }
    }

    /// Everything that is wrong in a text, up to a limit.
    package struct Problems: Error, Equatable, Sendable {
        /// The maximum number of problems that are kept for one text; more would not help.
        package static let limit = 50

        package private(set) var all: [Problem] = []
        /// Whether there were more.
        package private(set) var isCut = false

        package init() {}

        package var isEmpty: Bool { all.isEmpty }

        /// The lines for people, one for each problem: `FILE:LINE:COLUMN: PATH: TEXT`.
        ///
        /// - Parameter file: the name of the text's file, as it is shown.
        package func lines(in file: String) -> [String] {
            all.map { $0.line(in: file) } + (isCut ? ["\(file): there are more problems"] : [])
        }

        mutating func note(_ problem: Problem) {
            if all.count < Self.limit { all.append(problem) } else { isCut = true }
        }

        /// Adds the problems that another pass over the same text found, without duplicates.
        mutating func merge(_ other: Problems) {
            all += other.all.filter { !all.contains($0) }
            isCut = isCut || other.isCut
        }

        /// The same problems in the order of the text.
        func sorted() -> Problems {
            var result = self
            result.all = Array(all.sorted { $0.mark < $1.mark }.prefix(Self.limit))
            result.isCut = isCut || all.count > Self.limit
            return result
        }
    }
}
