import Foundation

/// How far a test is that takes long.
package enum Progress {
    /// Prints a line at once, to standard error: standard output is read when the tests end.
    package static func tell(_ line: String) { FileHandle.standardError.write(Data((line + "\n").utf8)) }
}
