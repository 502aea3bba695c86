import Foundation
import Synchronization
import TestSupport
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

    private static func value(_ name: String) throws -> String {
        guard let value = ProcessInfo.processInfo.environment[name] else {
            throw TestFailure("\(name) is not set: run the tests by scripts/test")
        }
        return value
    }

    private static let counter = Mutex(0)

    /// A number that no other caller gets in this run, in which several processes have tests.
    static func uniqueNumber() -> Int {
        counter.withLock { count in
            count += 1
            return Int(ProcessInfo.processInfo.processIdentifier) * 100_000 + count
        }
    }
}

/// Calls the body with the path of a new directory of this run (mode 0755), and removes it afterwards, with what is in it
/// or mounted there.
func withRunDirectory<Result>(_ body: (String) throws -> Result) throws -> Result {
    let manager = FileManager.default
    let parent = TestRun.hasContainers ? TestMachine.directory : NSTemporaryDirectory()
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
