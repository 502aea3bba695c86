import Foundation
import Synchronization
import Testing

/// What `scripts/test` has prepared and tells by variables.
enum TestMachine {
    /// The directory with the built `entrypoint` and `entrypointctl`.
    static var programs: String { get throws { try value("ENTRYPOINT_TEST_PROGRAMS") } }
    /// The directory with the tests' own programs, such as `probe`.
    static var tools: String { get throws { try value("ENTRYPOINT_TEST_TOOLS") } }
    /// The directory with the images' trees and settings.
    static var images: String { get throws { try value("ENTRYPOINT_TEST_IMAGES") } }
    /// The name of this run, unique on the machine.
    static var run: String { get throws { try value("ENTRYPOINT_TEST_RUN") } }
    /// The directory for what lives as long as this run: an empty file system in memory, open to every user.
    static let directory = "/run/entrypoint-tests"

    /// Whether containers can be used: not with `scripts/test --fast`.
    static let hasContainers = ProcessInfo.processInfo.environment["ENTRYPOINT_TEST_FAST"] == nil

    private static func value(_ name: String) throws -> String {
        guard let value = ProcessInfo.processInfo.environment[name] else {
            throw TestFailure("\(name) is not set: run the tests by scripts/test")
        }
        return value
    }

    private static let counter = Mutex(0)

    /// A number that no other caller gets in this run.
    static func uniqueNumber() -> Int {
        counter.withLock { count in
            count += 1
            return count
        }
    }
}

/// What went wrong in the machinery of a test, as opposed to an expectation that was not met.
struct TestFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

extension Trait where Self == ConditionTrait {
    /// For tests that use containers or change the machine: `scripts/test --fast` leaves them out.
    static var containers: Self { .enabled(if: TestMachine.hasContainers, "scripts/test --fast leaves containers out") }
}

/// Calls the body with the path of a new directory (mode 0755), and removes it and what is in it afterwards.
func withTemporaryDirectory<Result>(_ body: (String) throws -> Result) throws -> Result {
    let manager = FileManager.default
    let parent = TestMachine.hasContainers ? TestMachine.directory : NSTemporaryDirectory()
    let name = "directory-\(ProcessInfo.processInfo.processIdentifier)-\(TestMachine.uniqueNumber())"
    let path = URL(fileURLWithPath: parent).appendingPathComponent(name).path
    try manager.createDirectory(atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    defer { removeOrReport(path) }
    return try body(path)
}

/// Removes a directory of a test; what cannot be removed fails the test, but does not hide its error.
func removeOrReport(_ path: String) {
    do {
        try Mounts.removeDirectory(path)
    } catch {
        Issue.record("cannot remove \(path): \(error)")
    }
}
