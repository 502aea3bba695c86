private import CLinux

/// What is the matter with a descriptor (epoll_ctl(2)).
package struct DescriptorEvents: OptionSet, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// There is something to read, or the end of it (EPOLLIN).
    package static var readable: DescriptorEvents { DescriptorEvents(rawValue: 0x1) }
    /// It accepts bytes (EPOLLOUT).
    package static var writable: DescriptorEvents { DescriptorEvents(rawValue: 0x4) }
    /// A pipe whose readers have gone, among other errors (EPOLLERR). It is always told.
    package static var error: DescriptorEvents { DescriptorEvents(rawValue: 0x8) }
    /// The other end was closed (EPOLLHUP). It is always told.
    package static var hangup: DescriptorEvents { DescriptorEvents(rawValue: 0x10) }
}

/// Waits for many descriptors at once (epoll(7)).
package struct EventQueue: ~Copyable {
    private let queue: Descriptor

    /// - Throws: the error of epoll_create1(2).
    package init() throws(SystemCallError) {
        queue = Descriptor(owning: try systemCall("epoll_create1") { linux_epoll_create() })
    }

    /// Adds a descriptor.
    ///
    /// - Parameter token: what ``wait(milliseconds:_:)`` tells with its events.
    /// - Throws: the error of epoll_ctl(2): EPERM for a file that is always ready.
    package func add(_ descriptor: CInt, _ events: DescriptorEvents, token: UInt64) throws(SystemCallError) {
        let queue = queue.rawValue
        try systemCall("epoll_ctl") { linux_epoll_control(queue, 1, descriptor, events.rawValue, token) }
    }

    /// Changes the events of a descriptor.
    ///
    /// - Throws: the error of epoll_ctl(2).
    package func change(_ descriptor: CInt, _ events: DescriptorEvents, token: UInt64) throws(SystemCallError) {
        let queue = queue.rawValue
        try systemCall("epoll_ctl") { linux_epoll_control(queue, 3, descriptor, events.rawValue, token) }
    }

    /// Removes a descriptor, which must still be open.
    package func remove(_ descriptor: CInt) { _ = linux_epoll_control(queue.rawValue, 2, descriptor, 0, 0) }

    /// Waits for events, and tells at most 64 of them.
    ///
    /// - Parameter milliseconds: the longest wait; -1 for none.
    /// - Throws: the error of epoll_wait(2). An interruption by a signal is none.
    package func wait(
        milliseconds: CInt, _ body: (UInt64, DescriptorEvents) -> Void
    ) throws(SystemCallError) {
        var failure: SystemCallError?
        withUnsafeTemporaryAllocation(of: linux_epoll_event.self, capacity: 64) { events in
            let count = linux_epoll_wait(queue.rawValue, events.baseAddress, 64, milliseconds)
            if count < 0 && Linux.errno != EINTR {
                failure = SystemCallError(call: "epoll_wait", errno: Errno(rawValue: Linux.errno))
            }
            for index in 0..<max(0, Int(count)) {
                body(events[index].token, DescriptorEvents(rawValue: events[index].events))
            }
        }
        if let failure { throw failure }
    }
}
