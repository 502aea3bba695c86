private import CLinux

/// Stream sockets in the file system (unix(7)). Nothing here waits.
package enum LocalSocket {
    /// Listens at a name in a directory that is open, in which there is nothing of that name yet.
    ///
    /// - Throws: the error of bind(2), such as EADDRINUSE.
    package static func listen(
        at name: FilePath.Component, in directory: borrowing Directory
    ) throws(SystemCallError) -> Descriptor {
        let place = place(name, directory)
        return Descriptor(
            owning: try systemCall("bind", directory.path.appending(name)) {
                place.withPlatformString { linux_listen_stream($0) }
            })
    }

    /// Connects to whoever listens at a name in a directory that is open.
    ///
    /// - Throws: the error of connect(2): ECONNREFUSED where nobody listens any more, EAGAIN where too many wait.
    package static func connect(
        to name: FilePath.Component, in directory: borrowing Directory
    ) throws(SystemCallError) -> Descriptor {
        let place = place(name, directory)
        return Descriptor(
            owning: try systemCall("connect", directory.path.appending(name)) {
                place.withPlatformString { linux_connect_stream($0) }
            })
    }

    /// The name in the directory itself, whatever its path leads to now. An address has only 107 bytes, too.
    private static func place(_ name: FilePath.Component, _ directory: borrowing Directory) -> FilePath {
        FilePath("/proc/self/fd/\(directory.descriptor.rawValue)").appending(name)
    }

    /// The next connection; `nil` where nobody waits.
    ///
    /// - Throws: the error of accept4(2) other than EAGAIN and ECONNABORTED, such as EMFILE.
    package static func accept(_ socket: CInt) throws(SystemCallError) -> Descriptor? {
        do throws(SystemCallError) {
            return Descriptor(owning: try systemCall("accept4") { linux_accept_stream(socket) })
        } catch  where error.errno.rawValue == EAGAIN || error.errno.rawValue == ECONNABORTED {
            return nil
        }
    }

    /// The user of the process at the other end, when it connected or began to listen (`SO_PEERCRED`).
    ///
    /// - Throws: the error of getsockopt(2).
    package static func peer(of socket: CInt) throws(SystemCallError) -> UInt32 {
        var user: uid_t = .max
        try systemCall("getsockopt") { linux_peer_user(socket, &user) }
        return user
    }

    /// What a transfer has come to.
    package enum Transfer: Equatable, Sendable {
        /// This many bytes.
        case bytes(Int)
        /// None, because the other end has to do something first.
        case later
        /// None, because the other end has gone.
        case ended
    }

    /// Sends as much as there is room for. No signal tells that the other end has gone.
    package static func send(_ bytes: ArraySlice<UInt8>, to socket: CInt) -> Transfer {
        transfer { bytes.withUnsafeBytes { linux_send_some(socket, $0.baseAddress, $0.count) } }
    }

    /// Receives what has come.
    package static func receive(from socket: CInt, into buffer: UnsafeMutableRawBufferPointer) -> Transfer {
        let result = transfer { read(socket, buffer.baseAddress, buffer.count) }
        return result == .bytes(0) ? .ended : result
    }

    private static func transfer(_ call: () -> Int) -> Transfer {
        while true {
            let count = call()
            if count >= 0 { return .bytes(count) }
            if Linux.errno == EAGAIN { return .later }
            if Linux.errno != EINTR { return .ended }
        }
    }

    /// Waits until a descriptor can be read, or the other end has gone.
    ///
    /// - Parameter milliseconds: the longest wait; -1 for none.
    /// - Returns: whether it can.
    package static func wait(for descriptor: CInt, toWrite: Bool = false, milliseconds: CInt) -> Bool {
        var request = pollfd(fd: descriptor, events: Int16(toWrite ? POLLOUT : POLLIN), revents: 0)
        return poll(&request, 1, milliseconds) == 1
    }
}

/// A timer that a loop of descriptors waits for.
package struct TimerDescriptor: ~Copyable {
    private let timer: Descriptor

    /// - Throws: the error of timerfd_create(2).
    package init() throws(SystemCallError) {
        timer = Descriptor(owning: try systemCall("timerfd_create") { linux_timer() })
    }

    /// What becomes readable, and stays so until the next ``set(_:)``.
    package var descriptor: CInt { timer.rawValue }

    /// Sets when it becomes readable.
    ///
    /// - Parameter time: nanoseconds on the monotonic clock; `nil` for never.
    package func set(_ time: UInt64?) { _ = linux_set_timer(timer.rawValue, time.map { max($0, 1) } ?? 0) }
}

/// The container's time zone (tzset(3)): that of `TZ`, or of `/etc/localtime`.
package enum LocalTime {
    /// A time on the calendar and the clock on the wall.
    package struct Parts: Equatable, Sendable {
        package let year: Int64
        /// 1 to 12.
        package let month: Int
        /// 1 to 31.
        package let day: Int
        package let hour: Int
        package let minute: Int
        package let second: Int
        /// 0 for Sunday.
        package let weekday: Int
        /// Seconds east of UTC.
        package let offset: Int
    }

    /// Reads the time zone again.
    package static func readZone() { linux_read_time_zone() }

    /// The local time of a number of seconds since 1970; `nil` for a year that has no number.
    package static func parts(of seconds: Int64) -> Parts? {
        var local = linux_local_parts()
        guard linux_local_time(seconds, &local) else { return nil }
        return Parts(
            year: local.year, month: Int(local.month), day: Int(local.day), hour: Int(local.hour),
            minute: Int(local.minute), second: Int(local.second), weekday: Int(local.weekday), offset: local.offset)
    }
}
