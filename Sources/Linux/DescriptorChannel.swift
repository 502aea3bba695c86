private import CLinux
private import Glibc

/// A pair of sockets over which a process gives an open file to a related process (unix(7), SCM_RIGHTS).
package enum DescriptorChannel {
    /// Makes the two ends, with numbers above the standard streams; they are closed on exec.
    ///
    /// - Throws: the error of socketpair(2) or fcntl(2).
    package static func make() throws(SystemCallError) -> (receiving: CInt, sending: CInt) {
        var ends: (CInt, CInt) = (-1, -1)
        try systemCall("socketpair") {
            withUnsafeMutableBytes(of: &ends) { bytes in
                bytes.withMemoryRebound(to: CInt.self) {
                    socketpair(
                        AF_UNIX, CInt(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0,
                        $0.baseAddress)
                }
            }
        }
        return (try OpenFiles.moveUp(ends.0), try OpenFiles.moveUp(ends.1))
    }

    /// Sends an open file; the sender keeps it as well.
    ///
    /// - Throws: the error of sendmsg(2).
    package static func send(_ file: borrowing Descriptor, over socket: CInt) throws(SystemCallError) {
        let descriptor = file.rawValue
        try systemCall("sendmsg") { linux_send_descriptor(socket, descriptor) }
    }

    /// The file that was sent last; `nil` when there is none. Does not block.
    package static func receive(over socket: CInt) -> Descriptor? {
        let descriptor = linux_receive_descriptor(socket)
        return descriptor < 0 ? nil : Descriptor(owning: descriptor)
    }
}
