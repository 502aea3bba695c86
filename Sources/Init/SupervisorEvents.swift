package import Linux

/// The events and actions that the main loop and the ``Supervisor`` exchange.
extension Supervisor {
    /// The state of the container.
    package enum Phase: Equatable, Sendable {
        /// The child is preparing the container.
        case booting
        /// The child has become the command.
        case running
        /// The command has ended or the boot was given up; the remaining processes are being ended.
        case ending
    }

    /// Something that happened.
    package enum Event: Sendable {
        /// Another process, the terminal or the kernel sent the init a signal.
        case signal(Signal)
        /// The child became the command.
        case commandStarted
        /// The child, booting or as the command, has ended.
        case commandEnded(ProcessEnd)
        /// The command was stopped.
        case commandStopped(by: Signal)
        /// The command was continued after a stop.
        case commandContinued
        /// Another process ended.
        case orphanEnded
        /// The boot has started a keeper, the next of at most two.
        case keeperStarted(endsContainer: Bool)
        /// A keeper has ended, by its index in the order in which they were started.
        case keeperEnded(Int, ProcessEnd)
        /// A service that the container cannot do without has failed for good.
        case serviceFailed
        /// The init has children left.
        case childrenLeft
        /// The init has no child left; `others` says whether there are other processes that must still be ended.
        case childless(others: Bool)
        /// The boot takes longer than it is allowed to.
        case bootOverdue
        /// The command could not be hung up, because another process group uses the terminal.
        case terminalInUse
        /// The command was hung up, but may have missed it.
        case hungUp
        /// The command was not hung up, because it does not ignore TERM now.
        case terminateNotIgnored
        /// The terminal was given to the command.
        case terminalGiven
        /// The init was itself suspended, and now continues.
        case resumed
        /// The init could not be suspended, because nobody could continue it.
        case notSuspended(Signal)
        /// Some time has passed.
        case time
    }

    /// Something to do.
    package enum Action: Equatable, Sendable {
        case nothing
        /// Send the command a signal, either to its whole group or as the options say.
        case signalCommand(Signal, wholeGroup: Bool)
        /// Continue the command's group if one of its processes is stopped.
        case resumeStopped
        /// Hang up a session: if the command ignores TERM, as an interactive shell does, send it HUP and CONT; but
        /// first send TERM to a job that it gave the terminal to.
        case hangUp
        /// Send a signal to all remaining processes.
        case signalRest(Signal)
        /// Continue those of the remaining processes that are stopped.
        case resumeRest
        /// Hang up the interactive shells among the remaining processes.
        case hangUpRest
        /// Stop the init, as its own parent expects of a job whose command was stopped by the terminal.
        case suspend(Signal)
        /// Stop the init, because somebody has sent it this signal, which the command already has.
        case stopItself(Signal)
        /// Ask a keeper to end its services within some milliseconds, and itself.
        case tellKeeper(Int, milliseconds: Int32)
        /// Kill a keeper.
        case killKeeper(Int)
        /// Warn that a keeper has died.
        case warnOfKeeper(ProcessEnd)
        /// Put the command into the terminal's foreground if the init or nobody is there.
        case giveTerminal
        /// Return the terminal's foreground to whoever had it at the start.
        case returnTerminal
        /// End with a code.
        case exit(Int32)
    }

    /// Why the init ends.
    package enum Outcome: Equatable, Sendable {
        case pending
        case bootEnded(ProcessEnd)
        case bootStopped
        case bootOverdue
        case commandEnded(ProcessEnd)
        /// The command's end was never reported, because somebody else had taken the report.
        case lost
    }

    /// Which part of the services has ended the container.
    package enum Failure: Equatable, Sendable {
        case none
        /// A service that the container cannot do without failed for good.
        case service
        /// A keeper of such services died.
        case keeper(ProcessEnd)
    }

    /// The actions that one event asks for, in order.
    package struct Actions: Sendable {
        /// There is space for more actions than any event asks for.
        private var actions = InlineArray<16, Action>(repeating: .nothing)
        package private(set) var count = 0

        package init() {}

        package subscript(index: Int) -> Action { actions[index] }

        /// Adds an action at the end.
        mutating func add(_ action: Action) {
            guard count < actions.count else { return }
            actions[count] = action
            count += 1
        }
    }

    /// The times at which the supervisor wants to be woken.
    struct Deadlines: Sendable {
        enum Purpose: Int {
            /// The boot did not end when it was told to.
            case killBoot
            /// The command did not end within its stop timeout.
            case killCommand
            /// The remaining processes did not end within the grace.
            case killRest
            /// The killed processes are stuck in the kernel: end without them.
            case giveUp
            /// Check whether the session can be hung up now.
            case hangUp
            /// Check whether processes that are not children have ended.
            case lookAgain
            /// A service has failed while the command had its time to end.
            case endForService
            /// The keepers that were not told yet wait no longer for others.
            case tellKeepers
            /// The keepers did not end in their time.
            case killKeepers
        }

        private var times = InlineArray<9, UInt64>(repeating: 0)

        /// The time when something is due; 0 for never.
        subscript(purpose: Purpose) -> UInt64 {
            get { times[purpose.rawValue] }
            set { times[purpose.rawValue] = newValue }
        }

        /// Whether the time has come. If so, it is no longer due.
        mutating func take(_ purpose: Purpose, at now: UInt64) -> Bool {
            guard self[purpose] != 0, self[purpose] <= now else { return false }
            self[purpose] = 0
            return true
        }

        /// The earliest time; `nil` when nothing is due.
        var earliest: UInt64? {
            var result: UInt64?
            for index in times.indices where times[index] != 0 && times[index] < result ?? .max {
                result = times[index]
            }
            return result
        }
    }
}
