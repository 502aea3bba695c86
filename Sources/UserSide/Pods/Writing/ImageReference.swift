package import Text

/// The name of a container's image.
package enum ImageReference {
    /// Checks a name so far that no program takes it for something else: it is a word of command lines.
    ///
    /// - Throws: what was expected; it has nothing of the text.
    package static func check(_ text: String) throws(FormatError) {
        let marks = Array("/:@+".utf8)
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard let first = text.utf8.first, first.isLetter || first.isDigit, let last = text.utf8.last,
            !":@".utf8.contains(last), parts.allSatisfy({ !$0.isEmpty }),
            text.utf8.allSatisfy({ $0.isNameByte || marks.contains($0) })
        else {
            throw FormatError(
                "not the name of an image, such as registry.example/lab/train:1.0: it begins with a letter or a digit, and "
                    + "has no blank")
        }
    }
}
