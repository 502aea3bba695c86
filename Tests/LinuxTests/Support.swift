import Glibc
import Linux
import SystemPackage
import Testing

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
