package import Boot
package import Linux
package import Programs

/// How a keeper was started.
package struct KeeperOptions: Sendable {
    /// Where a boot is told how it goes; `nil` where a person has started it.
    package var status: CInt?
    /// Where the end of the container is asked for.
    package var stopRequest: CInt?
    /// Where its sockets are.
    package var controlDirectory: FilePath?
    /// Nanoseconds that the end may take unless somebody says otherwise.
    package var usualEnd: UInt64
    /// Distinguishes this keeper's sockets from those of another one in the same directory.
    private let mark = String(Clock.realTime, radix: 36)
    /// The environment that services get.
    package var environment: EnvironmentBlock
    /// The secrets that services may name.
    package var secrets: EnvironmentBlock
    /// Variables of the environment that are secrets.
    package var hidden: Set<String>
    /// The next time of a cron line after another, in nanoseconds since 1970.
    package var nextTime: @Sendable (CronSchedule, UInt64) -> UInt64?

    /// - Parameter grace: the init's, of which a keeper has all but the last 2 s, at least half.
    package init(
        grace: UInt64, environment: EnvironmentBlock, secrets: EnvironmentBlock, hidden: Set<String>,
        nextTime: @escaping @Sendable (CronSchedule, UInt64) -> UInt64?
    ) {
        usualEnd = max(grace > 2_000_000_000 ? grace - 2_000_000_000 : 0, grace / 2)
        self.environment = environment
        self.secrets = secrets
        self.hidden = hidden
        self.nextTime = nextTime
    }

    /// Whether a person has started it.
    var isByHand: Bool { status == nil }

    var surroundings: KeeperSurroundings {
        KeeperSurroundings(
            environment: environment, secrets: secrets, hidden: hidden.union(KeeperSurroundings.aboutProcess),
            isByHand: isByHand, controlDirectory: controlDirectory, mark: mark)
    }
}
