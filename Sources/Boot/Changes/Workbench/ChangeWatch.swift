package import Linux
internal import Text

/// Ends a boot whose file server does not answer: only another process can kill one that waits for a server.
package struct ChangeWatch {
    /// How long a change may take, in seconds; 0 for no limit.
    private let seconds: UInt32
    private let start: (_ seconds: UInt32, _ message: String) -> Void
    private let stop: () -> Void

    /// - Parameters:
    ///   - seconds: how long a change may take; 0 for no limit.
    ///   - start: starts the clock; when the time is over, the boot is killed, and ``explain(_:)`` derives the reason
    ///     from the message.
    ///   - stop: stops the clock.
    @export(interface) package init(
        seconds: UInt32, start: @escaping (_ seconds: UInt32, _ message: String) -> Void, stop: @escaping () -> Void
    ) {
        self.seconds = seconds
        self.start = start
        self.stop = stop
    }

    /// Starts the clock on a change.
    ///
    /// - Parameters:
    ///   - step: the step that makes it.
    ///   - path: where it is made; `nil` where it is the work of many places.
    @export(interface) package func begin(step: String, path: FilePath?) {
        guard seconds > 0 else { return }
        start(seconds, "\(step)\n\(seconds)\n\(path?.string ?? "")")
    }

    /// Stops the clock.
    @export(interface) package func end() { stop() }

    /// The text that is reported when the time is over, from the message of ``begin(step:path:)``.
    ///
    /// Another process than the boot's calls it, which must not touch the path itself.
    @export(interface) package static func explain(_ message: String) -> String {
        let parts = message.split(separator: "\n", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3 else { return message }
        let mounts = Mount.all(of: FileTree())
        let limit = "within \(parts[1]) s"
        let remedy = "\(PodVariables.timeout.name) changes the limit"
        guard !parts[2].isEmpty else {
            let servers = mounts.filter { $0.isNetwork }.map { "\($0.source.shown()) on \($0.point.shown())" }
            let which = servers.isEmpty ? "a volume" : servers.joined(separator: ", ")
            return "\(parts[0]): the container's files cannot be looked at: a file server did not answer \(limit); "
                + "look whether it is reachable (\(which)); \(remedy)"
        }
        let path = FilePath(String(parts[2]))
        var place = "it"
        if let mount = Mount.holding(path, in: mounts) {
            place = "\(mount.source.shown()) (\(mount.type)) on \(mount.point.shown())"
        }
        return "\(parts[0]): cannot use \(path.shown()): \(place) did not answer \(limit); look whether "
            + "its server is reachable; \(remedy)"
    }
}
