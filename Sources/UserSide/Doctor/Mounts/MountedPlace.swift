internal import Boot
private import CLinux
internal import Linux
internal import Text

/// A place in the tree as the kernel mounts it: its mount, the mount's options, and what is left on it.
struct MountedPlace {
    /// What is left of a file system.
    struct Space: Equatable {
        /// In bytes; what is free for everybody but root.
        var free: UInt64
        var size: UInt64
        /// Inodes; `nil` where the file system has no fixed number of them.
        var freeInodes: UInt64?
        var inodes: UInt64
    }

    /// The place that was asked about, or the next one above it that is there and can be looked at.
    let path: FilePath
    let mount: Mount?
    /// The options of the mount and of its file system, such as `ro` and `vers=4.2`.
    let options: [String]
    let space: Space?

    /// Looks at a place. A server may have to answer.
    ///
    /// - Throws: the error of looking at it, also at the root directory.
    init(_ path: FilePath) throws(SystemCallError) {
        var place = path
        while true {
            do throws(SystemCallError) {
                let file = try FileTree().open(place, .pathOnly, links: .follow)
                let lines = Self.lines()
                let number = file.mount
                let found =
                    lines.last { $0.mount.id == number && number != 0 }
                    ?? Mount.holding(place, in: lines.map(\.mount)).flatMap { mount in
                        lines.last { $0.mount == mount }
                    }
                self.path = place
                mount = found?.mount
                options = found?.options ?? []
                space = Self.space(of: file.rawValue)
                return
            } catch {
                let isAbove = [.noSuchFileOrDirectory, .permissionDenied, .notDirectory].contains(error.errno)
                guard isAbove, place.removeLastComponent() else { throw error }
            }
        }
    }

    /// Whether the file system, or the mount of it here, has an option.
    func has(_ option: String) -> Bool { options.contains(option) }

    /// The mounts with their options (proc_pid_mountinfo(5)).
    private static func lines() -> [(mount: Mount, options: [String])] {
        let text = (try? FileTree().read("/proc/self/mountinfo")) ?? []
        return lines(of: text)
    }

    /// Reads the lines of the file; anything else is skipped.
    static func lines(of text: [UInt8]) -> [(mount: Mount, options: [String])] {
        text.split(separator: .newline).compactMap { line in
            guard let mount = Mount.parse(Array(line)).first else { return nil }
            let fields = line.split(separator: UInt8(ascii: " "))
            let words = [fields[5], fields[fields.count - 1]].flatMap { $0.split(separator: .comma) }
            // The last field is the source where the file system has no options.
            let isComplete = fields.firstIndex { $0.elementsEqual("-".utf8) }.map { fields.count > $0 + 3 } ?? false
            let options = isComplete ? words : fields[5].split(separator: .comma)
            return (mount, options.map { String(decoding: $0, as: UTF8.self) })
        }
    }

    private static func space(of descriptor: CInt) -> Space? {
        var system = statvfs()
        guard fstatvfs(descriptor, &system) == 0, system.f_blocks > 0 else { return nil }
        let unit = UInt64(system.f_frsize)
        return Space(
            free: UInt64(system.f_bavail).multipliedReportingOverflow(by: unit).partialValue,
            size: UInt64(system.f_blocks).multipliedReportingOverflow(by: unit).partialValue,
            freeInodes: system.f_files == 0 ? nil : UInt64(system.f_favail), inodes: UInt64(system.f_files))
    }
}

extension UInt64 {
    /// A number of bytes for people: `512 B`, `1.5 GiB`.
    var asBytes: String {
        var (value, unit) = (self, 0)
        while value >= 10240 && unit < 6 { (value, unit) = (value / 1024, unit + 1) }
        let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
        // What is left has up to five digits: one more division gives one digit behind the point.
        guard value >= 1024, unit < 6 else { return "\(value) \(units[unit])" }
        let tenths = value * 10 / 1024
        return tenths % 10 == 0
            ? "\(tenths / 10) \(units[unit + 1])" : "\(tenths / 10).\(tenths % 10) \(units[unit + 1])"
    }
}
