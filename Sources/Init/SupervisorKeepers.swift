internal import Linux

/// Services: their keepers are stopped after the command and before everything else, and some of them end the container.
extension Supervisor {
    /// The keepers of services, in the order in which they were started.
    package struct Keepers: Sendable {
        /// One keeper.
        private struct Keeper {
            var isAlive = false
            var endsContainer = false
            /// Whether it was told to end.
            var isTold = false
            /// How it died before the command ran, which is the boot's business first.
            var earlyDeath: ProcessEnd?
        }

        private var table = InlineArray<2, Keeper>(repeating: Keeper())
        private(set) var count = 0
        /// When the first of them was told to end; 0 before that.
        package fileprivate(set) var toldAt: UInt64 = 0
        /// When the last one had ended, if they were told to; 0 before that.
        package fileprivate(set) var endedAt: UInt64 = 0
        /// When those that had not ended were killed; 0 before that.
        package fileprivate(set) var killedAt: UInt64 = 0
        /// When they should have ended everything, themselves included.
        fileprivate var endBy: UInt64 = 0
        /// When those that were not told yet wait no longer.
        fileprivate var waitUntil: UInt64 = 0
        /// Whether the boot was killed and has not ended: it is not waited for.
        fileprivate(set) var bootIsStuck = false
        /// What is to end the container when the command has had its time.
        fileprivate(set) var waiting = Failure.none

        mutating func add(endsContainer: Bool) {
            guard count < table.count else { return }
            table[count].isAlive = true
            table[count].endsContainer = endsContainer
            count += 1
        }

        /// Whether any of them has not ended.
        var areAlive: Bool { table[0].isAlive || table[1].isAlive }

        /// Whether one of them has not ended.
        func isAlive(_ index: Int) -> Bool { index < count && table[index].isAlive }

        fileprivate mutating func end(_ index: Int) { table[index].isAlive = false }

        fileprivate mutating func endAll() { for index in 0..<count { table[index].isAlive = false } }

        fileprivate func endsContainer(_ index: Int) -> Bool { table[index].endsContainer }

        fileprivate mutating func setEarlyDeath(_ index: Int, _ end: ProcessEnd?) { table[index].earlyDeath = end }

        fileprivate func earlyDeath(_ index: Int) -> ProcessEnd? { table[index].earlyDeath }

        /// The one to be told next, which is the one that was started last; `nil` if there is none, or it has to wait for
        /// another one.
        fileprivate mutating func next(at now: UInt64) -> Int? {
            var index = count
            while index > 0 {
                index -= 1
                guard table[index].isAlive else { continue }
                if !table[index].isTold {
                    table[index].isTold = true
                    if toldAt == 0 { toldAt = now }
                    return index
                }
                if now < waitUntil { return nil }
            }
            return nil
        }

        /// Whether one that has not ended was not told yet.
        fileprivate var areAnyUntold: Bool {
            table[0].isAlive && !table[0].isTold || table[1].isAlive && !table[1].isTold
        }

        /// Those that have not ended are killed.
        mutating func noteKill(at now: UInt64) { if areAlive && killedAt == 0 { killedAt = now } }
    }

    /// The exit code where services have ended the container.
    static var failed: Int32 { 125 }
    /// How long a killed boot is waited for: one that is stuck on a dead file server does not end.
    private static var waitForBoot: UInt64 { 200_000_000 }
    /// Of the time of all, what is left at most to those that the keepers leave behind.
    private static var mostForOthers: UInt64 { 1_000_000_000 }

    // MARK: Before the end

    /// The command runs now.
    mutating func start(at now: UInt64, _ actions: inout Actions) {
        guard phase == .booting else { return }
        phase = .running
        for index in 0..<keepers.count {
            guard let end = keepers.earlyDeath(index) else { continue }
            keepers.setEarlyDeath(index, nil)
            noteDeath(of: index, end, at: now, &actions)
        }
    }

    mutating func noteKeeper(_ index: Int, _ end: ProcessEnd, at now: UInt64, _ actions: inout Actions) {
        guard keepers.isAlive(index) else { return }
        keepers.end(index)
        // One that has nothing to do ends.
        let isDeath = end != .exited(0)
        switch phase {
        case .booting: if isDeath { keepers.setEarlyDeath(index, end) }
        case .running: if isDeath { noteDeath(of: index, end, at: now, &actions) }
        case .ending:
            // TERM may come before a keeper treats it.
            // A boot that has ended told why, if it was because of its keeper.
            if isDeath && keepers.killedAt == 0 && end != .signaled(.terminate) && !hasBootEnded {
                actions.add(.warnOfKeeper(end))
            }
            noteEndOfKeepers(at: now)
        }
    }

    /// Whether the end began with the end of the boot.
    private var hasBootEnded: Bool { if case .bootEnded = outcome { true } else { false } }

    private mutating func noteDeath(of index: Int, _ end: ProcessEnd, at now: UInt64, _ actions: inout Actions) {
        actions.add(.warnOfKeeper(end))
        if keepers.endsContainer(index) { self.end(because: .keeper(end), at: now, &actions) }
    }

    /// Ends the container because of a service. The first reason counts.
    mutating func end(because reason: Failure, at now: UInt64, _ actions: inout Actions) {
        guard failure == .none, phase != .ending else { return }
        // A service may well fail because the command is ending, and what the command saves counts more.
        if phase == .running && lastRequestedAt != 0 && now < lastRequestedAt + options.grace {
            if keepers.waiting == .none { keepers.waiting = reason }
            deadlines[.endForService] = lastRequestedAt + options.grace
            return
        }
        (failure, failedAt) = (reason, now)
        if phase == .booting {
            stopBoot(code: Supervisor.failed, at: now, &actions)
        } else {
            askCommandToEnd(at: now, &actions)
        }
    }

    // MARK: The end

    /// Shares out the time of the end if there are keepers: they have all of it but two seconds for those that must be
    /// killed, or half of a short time, and a little for the others.
    mutating func planKeepersEnd(at now: UInt64) {
        guard keepers.areAlive, deadlines[.killRest] == 0 else { return }
        let half = options.grace / 2
        shareOut(options.grace > Supervisor.patience ? max(options.grace - Supervisor.patience, half) : half, from: now)
    }

    /// The boot is killed, and is not waited for any longer than this.
    mutating func waitForKilledBoot(at now: UInt64) { deadlines[.tellKeepers] = now + Supervisor.waitForBoot }

    private mutating func shareOut(_ time: UInt64, from now: UInt64) {
        let forOthers = min(time / 8, Supervisor.mostForOthers)
        deadlines[.killRest] = now + time
        deadlines[.killKeepers] = now + time - forOthers / 2
        keepers.endBy = now + time - forOthers
        keepers.waitUntil = now + (time - forOthers) / 2
    }

    /// Asks the keepers to end, one after the other.
    mutating func tellKeepers(at now: UInt64, _ actions: inout Actions) {
        guard !isKilling, keepers.killedAt == 0 else { return }
        while let index = keepers.next(at: now) {
            let left = keepers.endBy > now ? (keepers.endBy - now) / 1_000_000 : 0
            actions.add(.tellKeeper(index, milliseconds: Int32(clamping: max(left, 1))))
        }
        deadlines[.tellKeepers] = keepers.areAnyUntold ? keepers.waitUntil : 0
    }

    /// The time has come to wait no longer, for a boot that was killed or for the keepers that were told.
    mutating func hurryOn(at now: UInt64, _ actions: inout Actions) {
        if commandIsAlive { keepers.bootIsStuck = true }
        goOn(at: now, &actions)
    }

    /// A second request to stop leaves everything a second.
    mutating func hurryKeepers(at now: UInt64, _ actions: inout Actions) {
        guard !isKilling, keepers.killedAt == 0, now + Supervisor.shortestGrace < deadlines[.killRest] else { return }
        shareOut(Supervisor.shortestGrace, from: now)
        keepers.waitUntil = now
        goOn(at: now, &actions)
    }

    mutating func killKeepers(at now: UInt64, _ actions: inout Actions) {
        guard keepers.areAlive else { return }
        keepers.noteKill(at: now)
        deadlines[.tellKeepers] = 0
        for index in 0..<keepers.count where keepers.isAlive(index) { actions.add(.killKeeper(index)) }
    }

    private mutating func noteEndOfKeepers(at now: UInt64) {
        guard !keepers.areAlive else { return }
        if keepers.toldAt != 0 { keepers.endedAt = now }
        deadlines[.killKeepers] = 0
        // It may also be there for a boot that has not ended.
        if !commandIsAlive { deadlines[.tellKeepers] = 0 }
    }

    /// The kernel insists that there are no children.
    mutating func forgetKeepers(at now: UInt64) {
        keepers.endAll()
        noteEndOfKeepers(at: now)
    }
}
