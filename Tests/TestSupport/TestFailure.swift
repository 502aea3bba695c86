import Glibc

/// What went wrong in the machinery of a test, as opposed to an expectation that was not met.
package struct TestFailure: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

/// Throws an error that names the call unless its result is that of success.
package func check(_ result: Int32, _ call: String, _ path: String) throws {
    if result == -1 { throw TestFailure("\(call) \(path): \(String(cString: strerror(errno)))") }
}
