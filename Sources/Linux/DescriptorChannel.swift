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

    /// What a file is for, as the two processes have agreed.
    package struct Purpose: RawRepresentable, Equatable, Sendable {
        package let rawValue: UInt8

        package init(rawValue: UInt8) {
            self.rawValue = rawValue
        }
    }

    /// Sends an open file; the sender keeps it as well.
    ///
    /// - Throws: the error of sendmsg(2).
    package static func send(
        _ file: borrowing Descriptor, for purpose: Purpose, over socket: CInt
    ) throws(SystemCallError) {
        let descriptor = file.rawValue
        try systemCall("sendmsg") { linux_send_descriptor(socket, descriptor, purpose.rawValue) }
    }

    /// The next file that was sent, for the caller to close. Never waits, and does not allocate.
    ///
    /// - Returns: the descriptor and what it is for; `nil` if there is none.
    package static func receive(over socket: CInt) -> (descriptor: CInt, purpose: Purpose)? {
        var purpose: UInt8 = 0
        let descriptor = linux_receive_descriptor(socket, &purpose)
        return descriptor >= 0 ? (descriptor, Purpose(rawValue: purpose)) : nil
    }

    /// Makes a received file the standard input, and closes its first number. Does not allocate.
    ///
    /// - Returns: whether it is.
    package static func makeInput(_ descriptor: CInt) -> Bool {
        // The standard input may have been closed, and its number free.
        if descriptor == 0 { return true }
        let result = dup2(descriptor, 0)
        OpenFiles.close(descriptor)
        return result == 0
    }

    /// The received file, which is the standard input.
    package static func takeInput() -> Descriptor { Descriptor(owning: 0) }
}
