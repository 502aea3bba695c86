import CTestSupport
import Foundation
import Glibc
import TestSupport

/// Mounts in the namespace that the tests run in; none of them outlives it.
enum Mounts {
    /// Mounts a file system of that type.
    static func mount(_ type: String, from source: String, on path: String, options: String = "") throws {
        try check(Glibc.mount(source, path, type, 0, options), "mount \(type) on \(path) with \(options)")
    }

    /// Shows a file or directory, with all that is mounted beneath it, at a second place.
    static func bind(_ source: String, on path: String, readOnly: Bool = false) throws {
        try check(
            Glibc.mount(source, path, nil, UInt(MS_BIND | MS_REC), nil), "bind \(source) on \(path)")
        guard readOnly else { return }
        let flags = MS_BIND | MS_REMOUNT | MS_RDONLY
        try check(Glibc.mount(nil, path, nil, UInt(flags), nil), "make \(path) read-only")
    }

    /// Takes a mount away, with all that is mounted beneath it, even one that is in use. Where none is, does nothing.
    static func unmount(_ path: String) throws {
        if umount2(path, Int32(MNT_DETACH)) == -1 && errno != EINVAL && errno != ENOENT {
            throw TestFailure("cannot unmount \(path): \(String(cString: strerror(errno)))")
        }
    }

    /// Removes a directory and everything in it, but nothing of what is mounted in it: that is unmounted before.
    static func removeDirectory(_ path: String) throws {
        var attempts = 10
        while true {
            // The list may lack some while other tests mount and unmount.
            for _ in 0..<2 {
                for point in try mountPoints() where point == path || point.hasPrefix(path + "/") { try unmount(point) }
            }
            do {
                let rest = try mountPoints().filter { $0 == path || $0.hasPrefix(path + "/") }
                if !rest.isEmpty { throw TestFailure("still mounted: \(rest)") }
                return try FileManager.default.removeItem(atPath: path)
            } catch {
                attempts -= 1
                if attempts == 0 || !FileManager.default.fileExists(atPath: path) { throw error }
                usleep(50_000)
            }
        }
    }

    /// Every place where something is mounted.
    static func mountPoints() throws -> [String] {
        try wholeText(of: "/proc/self/mountinfo").split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ")
            return fields.count > 4 ? fields[4].replacingOccurrences(of: "\\040", with: " ") : nil
        }
    }

    /// The text of a file of `/proc`. The kernel gives it in pieces, and a short one is not the last.
    static func wholeText(of path: String) throws -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        try check(file, "open \(path)")
        defer { close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = read(file, &buffer, buffer.count)
            if count == 0 { return String(decoding: bytes, as: UTF8.self) }
            try check(Int32(clamping: count), "read \(path)")
            bytes += buffer[..<count]
        }
    }

    private static func check(_ result: Int32, _ what: String) throws {
        if result == -1 { throw TestFailure("cannot \(what): \(String(cString: strerror(errno)))") }
    }
}
