internal import Text
internal import YAML

/// A place in a file, as editors count it.
package struct SpecPlace: Equatable, Sendable {
    /// The file's name, as it is shown.
    package let file: String
    /// The line, counted from 1.
    package let line: Int
    /// The position in the line, counted from 1.
    package let column: Int

    /// `FILE:LINE:COLUMN`.
    package var text: String { "\(file):\(line):\(column)" }
}

/// Why a file cannot be read as pod specs, one line for each problem.
package struct SpecFileError: Error, Equatable, Sendable {
    package let lines: [String]

    init(_ lines: [String]) { self.lines = lines }
}

/// One document of a file of pod specs: YAML as the house reads it, without anchors, tags and merge keys. JSON is a part of
/// YAML.
package struct SpecDocument: Sendable {
    /// The file's name, as it is shown.
    let file: String
    /// How many lines of the file are before the document.
    let linesBefore: Int
    let node: YAML.Node

    /// The most documents that a file may have.
    static let mostDocuments = 1000
    /// The most bytes that a file may have, 16 MiB. One document may have 1 MiB, which is more than a cluster would store.
    package static let largestFile = 16 << 20

    /// The document's own value.
    var top: SpecValue { SpecValue(node, in: file, after: linesBefore, at: "") }

    /// The documents of a file, without the empty ones.
    ///
    /// - Parameters:
    ///   - bytes: the whole file.
    ///   - file: its name, as it is shown.
    /// - Throws: everything that is wrong, in the order of the file.
    static func documents(of bytes: [UInt8], file: String) throws(SpecFileError) -> [SpecDocument] {
        guard bytes.count < largestFile else {
            throw SpecFileError(["\(file): the file is too large: at most \(largestFile) bytes are read"])
        }
        let parts = parts(of: bytes)
        guard parts.count <= mostDocuments else {
            throw SpecFileError(["\(file): the file has more than \(mostDocuments) documents: give a part of it"])
        }
        var documents: [SpecDocument] = []
        var lines: [String] = []
        for (range, linesBefore) in parts {
            do throws(YAML.Problems) {
                if let node = try YAML.parse(Array(bytes[range])), !node.isNothing {
                    documents.append(SpecDocument(file: file, linesBefore: linesBefore, node: node))
                }
            } catch {
                for problem in error.all {
                    let mark = YAML.Mark(line: problem.mark.line + linesBefore, column: problem.mark.column)
                    lines.append(YAML.Problem(at: mark, path: problem.path, problem.text).line(in: file))
                }
                if error.isCut || lines.count >= YAML.Problems.limit {
                    throw SpecFileError(lines + ["\(file): there are more problems"])
                }
            }
        }
        guard lines.isEmpty else { throw SpecFileError(lines) }
        return documents
    }

    /// Where each document is, and how many lines are before it. Three dashes or dots at the beginning of a line mark a
    /// document's beginning or end wherever they are, also within text (YAML 1.1, chapter 9).
    private static func parts(of bytes: [UInt8]) -> [(range: Range<Int>, linesBefore: Int)] {
        var parts: [(range: Range<Int>, linesBefore: Int)] = []
        var (start, linesBefore) = (0, 0)
        var (position, line) = (0, 0)
        while position < bytes.count, parts.count <= mostDocuments {
            let end = bytes[position...].firstIndex(of: .newline).map { $0 + 1 } ?? bytes.count
            let text = bytes[position..<end]
            if isMarker(text, of: UInt8(ascii: "-")), position > start {
                parts.append((start..<position, linesBefore))
                (start, linesBefore) = (position, line)
            } else if isMarker(text, of: UInt8(ascii: ".")) {
                parts.append((start..<end, linesBefore))
                (start, linesBefore) = (end, line + 1)
            }
            (position, line) = (end, line + 1)
        }
        if start < bytes.count { parts.append((start..<bytes.count, linesBefore)) }
        return parts
    }

    private static func isMarker(_ line: ArraySlice<UInt8>, of sign: UInt8) -> Bool {
        guard line.prefix(3).count == 3, line.prefix(3).allSatisfy({ $0 == sign }) else { return false }
        return line.dropFirst(3).first?.isSpace ?? true
    }
}
