import ArgumentParser
import Boot
import Linux
import Programs
import Text
import UserSide

/// What all commands about snapshots have in common.
struct SnapshotOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Which snapshot, where several are configured.", valueName: "name"))
    var name: String?

    /// All snapshots that are configured.
    ///
    /// - Throws: the end of the program, with 78, where the settings are wrong.
    static func settings() throws -> SnapshotSettings {
        do throws(SnapshotSettings.Refusal) {
            return try SnapshotSettings(EnvironmentBlock(ProcessStart.environment))
        } catch {
            for problem in error.problems { Console.tell(problem.text) }
            throw ArgumentParser.ExitCode(ExitCode.settings.rawValue)
        }
    }

    /// The work with the snapshot that is meant.
    func work(_ voice: Voice = Voice()) throws -> SnapshotWork {
        do throws(SnapshotFailure) {
            let snapshot = try Self.find(name)
            try Self.checkCaller(of: snapshot)
            return voice.work(snapshot)
        } catch {
            throw voice.end(error)
        }
    }

    /// What root writes, the user's saves could neither read nor replace.
    private static func checkCaller(of snapshot: Snapshot) throws(SnapshotFailure) {
        guard CurrentProcess.effectiveUser == 0,
            let status = (try? FileTree().status(snapshot.directory, links: .follow)) ?? nil, status.user != 0
        else { return }
        throw SnapshotFailure(
            "\(snapshot.directory.shown()) is user \(status.user)'s: type this as the user (entrypointctl exec -- "
                + "entrypointctl snapshot ...)")
    }

    private static func find(_ name: String?) throws(SnapshotFailure) -> Snapshot { try read().snapshot(name) }

    /// All snapshots that are configured.
    static func read() throws(SnapshotFailure) -> SnapshotSettings {
        do throws(SnapshotSettings.Refusal) {
            return try SnapshotSettings(EnvironmentBlock(ProcessStart.environment))
        } catch {
            throw SnapshotFailure(error.problems.map { $0.text }.joined(separator: "\n"), .settings)
        }
    }

    /// Does something, and ends the program where it fails.
    static func run(_ voice: Voice = Voice(), _ body: () throws(SnapshotFailure) -> Void) throws {
        do throws(SnapshotFailure) {
            try body()
        } catch {
            throw voice.end(error)
        }
    }

    /// How the program speaks: to people, or to the boot or the keeper that runs it.
    struct Voice {
        /// Whether the boot runs it, which gives each line its place in the log.
        var inBoot = false
        /// Whether a service is run, so that all is written to one stream.
        var isService = false

        func work(_ snapshot: Snapshot) -> SnapshotWork {
            SnapshotWork(
                snapshot, EnvironmentBlock(ProcessStart.environment),
                tell: { text in say(text) },
                warn: { text in warn(text) },
                show: { text in StandardStream.error.write(Array(text.utf8)) })
        }

        /// Tells what needs attention.
        func warn(_ text: String) {
            if inBoot { say(BundledLine.warning.line(text)) } else { Console.line("entrypointctl: warning: \(text)") }
        }

        private func say(_ text: String) { StandardStream.output.write(Array((text + "\n").utf8)) }

        /// Tells why the program ends.
        func end(_ failure: SnapshotFailure) -> ArgumentParser.ExitCode {
            for line in failure.text.split(separator: "\n") {
                if inBoot { say(BundledLine.failure.line(String(line))) } else { Console.tell(String(line)) }
            }
            return ArgumentParser.ExitCode(failure.exitCode(inBoot: inBoot))
        }
    }
}
