package import Linux

/// Where a command is looked for.
package enum CommandSearch {
    /// The search path if the environment has none.
    package static let defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    /// The files that a command's name may refer to, in order.
    ///
    /// - Parameters:
    ///   - name: the name; with a slash it is a path itself.
    ///   - path: directories separated by colons; an empty one is the working directory (environ(7)).
    package static func candidates(for name: [UInt8], path: [UInt8]) -> [FilePath] {
        guard !name.contains(UInt8(ascii: "/")) else { return [filePath(name)] }
        return path.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false).map { directory in
            filePath((directory.isEmpty ? [UInt8(ascii: ".")] : Array(directory)) + [UInt8(ascii: "/")] + name)
        }
    }

    private static func filePath(_ bytes: [UInt8]) -> FilePath {
        // The bytes do not go through String, which would replace anything that is not UTF-8.
        (bytes.map(CChar.init(bitPattern:)) + [0]).withUnsafeBufferPointer { buffer in
            buffer.baseAddress.map { FilePath(platformString: $0) } ?? ""
        }
    }
}
