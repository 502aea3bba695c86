import CTestSupport
import Foundation
import Glibc
import Linux
import SystemPackage
import Testing

/// A new directory for one test, which is removed with all that is in it.
final class TemporaryDirectory {
    let path: FilePath

    init() throws {
        var template = Array("\(NSTemporaryDirectory())/entrypoint-test-XXXXXX".utf8CString)
        let made = template.withUnsafeMutableBufferPointer { $0.baseAddress.flatMap { mkdtemp($0) } }
        path = FilePath(platformString: try #require(made))
        // Other users look at what is in it.
        chmod(path.string, 0o755)
    }

    deinit { try? FileManager.default.removeItem(atPath: path.string) }
}

/// Calls a body with the path of a new directory, which is gone afterwards.
func withTemporaryDirectory(_ body: (FilePath) throws -> Void) throws {
    let directory = try TemporaryDirectory()
    try withExtendedLifetime(directory) { try body(directory.path) }
}

/// Makes a file with the content.
func makeFile(_ path: FilePath, _ content: some Sequence<UInt8> = [], mode: mode_t = 0o644) throws {
    let file = try FileDescriptor.open(
        path, .writeOnly, options: [.create, .truncate], permissions: FilePermissions(rawValue: mode))
    try file.closeAfter {
        try file.writeAll(content)
        try #require(fchmod(file.rawValue, mode) == 0)
    }
}

/// Makes a directory whose mode the umask does not change.
func makeDirectory(_ path: FilePath, mode: mode_t = 0o755) throws {
    try #require(path.withPlatformString { mkdir($0, mode) == 0 && chmod($0, mode) == 0 })
}

/// Makes a symbolic link.
func makeLink(_ path: FilePath, to target: FilePath) throws {
    try #require(path.withPlatformString { path in target.withPlatformString { symlink($0, path) } } == 0)
}

/// A path of bytes that need not be UTF-8.
func bytePath(_ directory: FilePath, _ name: [UInt8]) throws -> FilePath {
    let component = (name.map(CChar.init(bitPattern:)) + [0]).withUnsafeBufferPointer { buffer in
        buffer.baseAddress.flatMap { FilePath.Component(platformString: $0) }
    }
    return directory.appending(try #require(component))
}

/// Runs a body in a child process that has one thread and mounts of its own, and is gone with both afterwards.
///
/// Credentials and `/proc/self` are a thread's and the first thread's: what one of many threads does, `/proc/self` does
/// not tell. Only an exit test may call this: the process that forks must be idle but for the caller.
func inProcessOfItsOwn(_ body: () throws -> Void) throws {
    let child = fork()
    if child == 0 {
        if geteuid() == 0 { #expect(test_own_mounts() == 0) }
        do {
            try body()
        } catch {
            Issue.record(error)
        }
        _exit(0)
    }
    try #require(child > 0)
    var status: CInt = -1
    waitpid(child, &status, 0)
    #expect(status == 0, "the child ended with status \(status)")
}

extension Trait where Self == ConditionTrait {
    /// For tests that act as root and as others; `scripts/test --fast` runs without.
    static var root: Self {
        .enabled(
            if: geteuid() == 0 || ProcessInfo.processInfo.environment["ENTRYPOINT_TEST_FAST"] == nil,
            "scripts/test --fast needs no root")
    }
}

extension SystemCallError {
    /// The error that a body throws.
    static func of(_ body: () throws(SystemCallError) -> Void) -> SystemCallError? {
        do throws(SystemCallError) {
            try body()
            return nil
        } catch {
            return error
        }
    }
}
