import Foundation
import Glibc
package import Linux
import Testing

/// A new directory for one test, which is removed with all that is in it.
package final class TemporaryDirectory {
    package let path: FilePath

    package init() throws {
        var template = Array("\(NSTemporaryDirectory())/entrypoint-test-XXXXXX".utf8CString)
        let made = template.withUnsafeMutableBufferPointer { $0.baseAddress.flatMap { mkdtemp($0) } }
        path = FilePath(platformString: try #require(made))
        // Other users look at what is in it.
        chmod(path.string, 0o755)
    }

    deinit { try? FileManager.default.removeItem(atPath: path.string) }
}

/// Calls a body with the path of a new directory, which is gone afterwards.
package func withTemporaryDirectory(_ body: (FilePath) throws -> Void) throws {
    let directory = try TemporaryDirectory()
    try withExtendedLifetime(directory) { try body(directory.path) }
}
