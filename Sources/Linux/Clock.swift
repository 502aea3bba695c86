private import CLinux

/// Clocks as plain numbers, for code that must not allocate memory.
package enum Clock {
    /// Nanoseconds on the clock that nobody can set (CLOCK_MONOTONIC).
    package static var monotonic: UInt64 { read(CLOCK_MONOTONIC) }

    /// Nanoseconds since 1970 (CLOCK_REALTIME).
    package static var realTime: UInt64 { read(CLOCK_REALTIME) }

    /// Microseconds since an earlier time on the monotonic clock.
    package static func microseconds(since earlier: UInt64) -> Int64 {
        // The result is signed and in whole microseconds, as reports have it.
        Int64(truncatingIfNeeded: monotonic &- earlier) / 1000
    }

    private static func read(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return UInt64(clamping: time.tv_sec) &* 1_000_000_000 &+ UInt64(clamping: time.tv_nsec)
    }

    /// Sleeps at most as long as asked for.
    package static func sleep(nanoseconds: UInt64) {
        var time = timespec(
            tv_sec: Int(clamping: nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
        nanosleep(&time, nil)
    }
}
