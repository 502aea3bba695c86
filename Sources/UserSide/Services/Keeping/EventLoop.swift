package import Linux

/// Calls functions when something is the matter with descriptors. It has one thread, and sleeps otherwise.
package final class EventLoop {
    package typealias Handler = (DescriptorEvents) -> Void

    private struct Watch {
        let handler: Handler
        /// Tells a descriptor from an earlier one with its number, whose events may still be on their way.
        let generation: UInt32
    }

    private let queue: EventQueue
    private var watches: [CInt: Watch] = [:]
    private var generation: UInt32 = 0

    /// - Throws: the error of epoll_create1(2).
    package init() throws(SystemCallError) {
        queue = try EventQueue()
    }

    /// Calls a function whenever something is the matter with a descriptor, until ``unwatch(_:)``.
    ///
    /// A descriptor that is watched already gets the new events and the new function.
    ///
    /// - Parameters:
    ///   - descriptor: a descriptor, which does not block.
    ///   - events: what it is watched for; errors and hang-ups are always told.
    ///   - handler: the function; it may watch and unwatch any descriptor.
    /// - Throws: the error of epoll_ctl(2).
    package func watch(
        _ descriptor: CInt, _ events: DescriptorEvents, _ handler: @escaping Handler
    ) throws(SystemCallError) {
        generation &+= 1
        let token = UInt64(generation) << 32 | UInt64(UInt32(bitPattern: descriptor))
        if watches[descriptor] == nil {
            try queue.add(descriptor, events, token: token)
        } else {
            try queue.change(descriptor, events, token: token)
        }
        watches[descriptor] = Watch(handler: handler, generation: generation)
    }

    /// Watches a descriptor no longer. It comes before closing it.
    package func unwatch(_ descriptor: CInt) {
        if watches.removeValue(forKey: descriptor) != nil { queue.remove(descriptor) }
    }

    /// Waits for events and calls their functions.
    ///
    /// - Parameter time: when it returns without any event, on the monotonic clock in nanoseconds; `nil` for never.
    /// - Throws: the error of epoll_wait(2).
    package func turn(until time: UInt64?) throws(SystemCallError) {
        var milliseconds: CInt = -1
        if let time {
            let now = Clock.monotonic
            // What is left is rounded up: to come too early would be to come again.
            milliseconds = time <= now ? 0 : CInt(clamping: (time - now + 999_999) / 1_000_000)
        }
        try queue.wait(milliseconds: milliseconds) { token, events in
            let descriptor = CInt(bitPattern: UInt32(truncatingIfNeeded: token))
            guard let watch = watches[descriptor], watch.generation == UInt32(token >> 32) else { return }
            watch.handler(events)
        }
    }
}
