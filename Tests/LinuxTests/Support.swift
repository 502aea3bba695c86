import Glibc
import Linux
import Testing

/// Makes a file with the content.
func makeFile(_ path: FilePath, _ content: some Sequence<UInt8> = [], mode: mode_t = 0o644) throws {
    let file = path.withPlatformString { open($0, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode) }
    if file == -1 { throw Errno(rawValue: errno) }
    defer { close(file) }
    let bytes = Array(content)
    try #require(bytes.isEmpty || write(file, bytes, bytes.count) == bytes.count)
    try #require(fchmod(file, mode) == 0)
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
