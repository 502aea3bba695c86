package import Init
internal import Linux
package import SystemPackage

/// Lets the init end a boot whose file server does not answer: a process that waits for one can only be killed.
package struct ChangeWatch: Sendable {
    private let initSide: ChildSide
    /// How long a change may take, in seconds; 0 for any time.
    private let seconds: UInt32

    package init(_ initSide: ChildSide, seconds: UInt32) {
        self.initSide = initSide
        self.seconds = seconds
    }

    /// Starts the clock on a change.
    ///
    /// - Parameters:
    ///   - step: the step that makes it.
    ///   - path: where it is made.
    package func begin(step: String, path: FilePath?) {
        guard seconds > 0 else { return }
        initSide.watchChange(seconds: seconds, message: "\(step)\n\(seconds)\n\(path?.string ?? "")")
    }

    /// Stops the clock.
    package func end() { initSide.endChange() }

    /// What the init says when the time is over, from the message of ``begin(step:path:)``.
    ///
    /// Called in the init's process, which must not touch the path itself.
    package static func explain(_ message: String) -> String {
        let parts = message.split(separator: "\n", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3 else { return message }
        let path = FilePath(String(parts[2]))
        var place = "it"
        if let mount = Mount.holding(path, in: Mount.all(of: FileTree())) {
            place = "\(Text.shown(mount.source)) (\(mount.type)) on \(Text.shown(mount.point))"
        }
        return "\(parts[0]): cannot use \(Text.shown(path)): \(place) did not answer within \(parts[1]) s; "
            + "is its server reachable? SCRATCH_TIMEOUT changes the limit"
    }
}
