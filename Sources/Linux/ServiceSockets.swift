private import CLinux

/// A socket of datagrams that learns who sends them (unix(7), SCM_CREDENTIALS).
package struct DatagramSocket: ~Copyable {
    private let socket: Descriptor

    /// - Parameter path: where it is; a name that begins with `@` has no place in the file system.
    /// - Throws: the error of socket(2), setsockopt(2) or bind(2).
    package init(at path: String) throws(SystemCallError) {
        socket = Descriptor(
            owning: try systemCall("bind", FilePath(path)) { path.withCString { linux_bind_datagrams($0) } })
    }

    /// The descriptor's number.
    package var descriptor: CInt { socket.rawValue }

    /// A datagram, and who has sent it.
    package struct Datagram: Sendable {
        package let bytes: [UInt8]
        package let sender: Int32
        package let user: UInt32
    }

    /// The next datagram of at most 4 KiB, a longer one as an empty one; `nil` where there is none.
    package func next() -> Datagram? {
        var (sender, user): (pid_t, uid_t) = (0, 0)
        var count = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: 4096) { buffer, filled in
            count = linux_receive_datagram(socket.rawValue, buffer.baseAddress, 4096, &sender, &user)
            filled = max(0, count)
        }
        return count < 0 ? nil : Datagram(bytes: bytes, sender: sender, user: user)
    }
}

/// A connection to a port of this machine that is only tried.
package struct ConnectionTrial: ~Copyable {
    private let socket: Descriptor
    /// Whether somebody has accepted it at once.
    package let isDone: Bool

    /// Begins to connect, to 127.0.0.1 or to ::1.
    ///
    /// - Throws: the error of socket(2) or connect(2).
    package init(port: UInt16, six: Bool) throws(SystemCallError) {
        var isDone = false
        socket = Descriptor(
            owning: try systemCall("connect") { linux_connect_loopback(six, port, &isDone) })
        self.isDone = isDone
    }

    /// The descriptor's number: it is writable when it is known whether there is a connection.
    package var descriptor: CInt { socket.rawValue }

    /// Whether there is a connection, once that is known.
    package var isConnected: Bool { linux_connect_error(socket.rawValue) == 0 }
}
