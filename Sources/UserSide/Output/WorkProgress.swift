package import Linux
internal import Text

/// Shows how far long work is: a bar on a terminal, and otherwise a line every 10 s.
package struct WorkProgress {
    /// What is done, in words such as `restoring 1a2b3c4d`.
    private let work: String
    private let isTerminal: Bool
    private let columns: Int
    private let write: (String) -> Void
    private let began: UInt64
    private var told: UInt64
    private var isShown = false

    /// Nanoseconds between two lines.
    private static let interval: UInt64 = 10_000_000_000
    /// Nanoseconds between two pictures of the bar.
    private static let frame: UInt64 = 200_000_000

    /// - Parameters:
    ///   - stream: where a terminal may be.
    ///   - write: receives lines, with their newlines, and the pictures of the bar.
    package init(_ work: String, on stream: StandardStream, write: @escaping (String) -> Void) {
        self.work = work
        self.write = write
        let style = OutputStyle.ofReader(of: stream)
        isTerminal = stream.isTerminal && style.hasColour
        columns = style.columns ?? 80
        began = Clock.monotonic
        told = began
    }

    /// Tells how much is done.
    ///
    /// - Parameters:
    ///   - done: in bytes.
    ///   - total: in bytes; `nil` where nobody knows.
    package mutating func tell(_ done: UInt64, of total: UInt64?) {
        let now = Clock.monotonic
        guard now - told >= (isTerminal ? Self.frame : Self.interval) else { return }
        told = now
        let text = Self.text(work, done, of: total, after: now - began)
        isShown = true
        write(isTerminal ? "\r\u{1B}[K\(bar(done, of: total, text))" : text + "\n")
    }

    /// Takes the bar away.
    package func finish() { if isShown && isTerminal { write("\r\u{1B}[K") } }

    /// `restoring 1a2b3c4d: 45.0 of 158 MB (28 %), 12.0 MB/s, 9 s left`.
    static func text(_ work: String, _ done: UInt64, of total: UInt64?, after nanoseconds: UInt64) -> String {
        let seconds = max(1, nanoseconds / 1_000_000_000)
        let rate = done / seconds
        guard let total, total > 0 else {
            return "\(work): \(SizeText.bytes(done)), \(SizeText.bytes(rate))/s"
        }
        let left = rate > 0 ? ", \(TimeText.seconds((total - min(done, total)) / rate * 1_000_000_000)) left" : ""
        return "\(work): \(SizeText.bytes(done)) of \(SizeText.bytes(total)) (\(min(99, done * 100 / total)) %), "
            + "\(SizeText.bytes(rate))/s\(left)"
    }

    private func bar(_ done: UInt64, of total: UInt64?, _ text: String) -> String {
        guard let total, total > 0, columns > text.count + 12 else { return String(text.prefix(max(1, columns - 1))) }
        let width = min(30, columns - text.count - 4)
        let filled = min(width, Int(UInt64(width) * min(done, total) / total))
        return "[\(String(repeating: "#", count: filled))\(String(repeating: " ", count: width - filled))] \(text)"
    }
}

/// Sizes as messages have them.
package enum SizeText {
    /// A number of bytes: `17 bytes`, `4.2 kB`, `158 MB`.
    package static func bytes(_ count: UInt64) -> String {
        guard count >= 1000 else { return count == 1 ? "1 byte" : "\(count) bytes" }
        var (unit, size) = (0, count)
        let units = ["kB", "MB", "GB", "TB", "PB", "EB"]
        while size >= 1_000_000 {
            size /= 1000
            unit += 1
        }
        let tenths = size / 100
        return tenths >= 1000 ? "\(size / 1000) \(units[unit])" : "\(tenths / 10).\(tenths % 10) \(units[unit])"
    }
}
