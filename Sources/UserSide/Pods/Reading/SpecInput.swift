private import CLinux
internal import Linux
package import Text

/// What somebody gives as standard input.
package enum SpecInput {
    /// All bytes of standard input. It is not opened by its name, because a pipe may be somebody else's.
    ///
    /// - Throws: why it cannot be read.
    package static func read() throws(FormatError) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while bytes.count < SpecDocument.largestFile {
            let count = CLinux.read(0, &buffer, buffer.count)
            if count > 0 {
                bytes += buffer[..<count]
            } else if count == 0 {
                break
            } else if linux_errno() != EINTR {
                let error = SystemCallError(call: "read", errno: Errno(rawValue: linux_errno()))
                throw FormatError("cannot read standard input: \(error.reason)")
            }
        }
        return bytes
    }
}
