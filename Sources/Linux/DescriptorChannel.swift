private import CLinux

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

    /// Makes the file that was sent last the standard input. Never waits, and does not allocate.
    ///
    /// - Returns: whether there is one.
    package static func receiveAsInput(over socket: CInt) -> Bool {
        let descriptor = linux_receive_descriptor(socket)
        guard descriptor >= 0 else { return false }
        let result = dup2(descriptor, 0)
        OpenFiles.close(descriptor)
        return result == 0
    }

    /// The received file, which is the standard input.
    package static func takeInput() -> Descriptor { Descriptor(owning: 0) }
}
