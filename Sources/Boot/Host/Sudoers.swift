internal import Linux
internal import Text

/// What the image's `/etc/sudoers` says about the directory of the boot's file (sudoers(5)).
package struct Sudoers: Equatable, Sendable {
    /// Whether sudo reads the directory, as far as that is known.
    package var readsDirectory = true
    /// Why the file could not be read; `nil` if it was read, if there is none, and if only root may read it.
    package var problem: Note?

    /// Reads the text of the file.
    init(_ text: [UInt8]) {
        readsDirectory = text.split(separator: .newline).contains(where: Self.includesDirectory)
    }

    package init(readsDirectory: Bool = true, problem: Note? = nil) {
        self.readsDirectory = readsDirectory
        self.problem = problem
    }

    /// Whether a line is `@includedir /etc/sudoers.d` or, in its old form, `#includedir`.
    private static func includesDirectory(_ line: ArraySlice<UInt8>) -> Bool {
        // Most lines are comments, and need not be parsed.
        let start = line.drop(while: { $0.isBlank }).prefix(2)
        guard start.elementsEqual("@i".utf8) || start.elementsEqual("#i".utf8) else { return false }
        let words = line.split(whereSeparator: { $0.isBlank })
        guard words.count == 2,
            words[0].elementsEqual("@includedir".utf8) || words[0].elementsEqual("#includedir".utf8)
        else { return false }
        return FilePath(String(decoding: words[1], as: UTF8.self)) == Paths.sudoersDirectory
    }
}
