import ArgumentParser
import Linux
import Text
import UserSide

/// Where the keepers of services are.
struct KeeperPlace: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The directory in which the keeper listens, where it is not the boot's.", valueName: "directory"))
    var controlDirectory: String?

    func validate() throws {
        if let controlDirectory, controlDirectory.utf8.first != UInt8(ascii: "/") {
            throw ValidationError("--control-directory \(controlDirectory.shown()) is no absolute path")
        }
    }

    /// The directories in which keepers may listen that the caller may ask.
    private var directories: [FilePath] {
        if let controlDirectory { return [FilePath(controlDirectory)] }
        let user = CurrentProcess.effectiveUser
        guard user == 0 else { return ControlDirectory.places(of: user) }
        let own = ControlDirectory.places(of: 0)
        guard let state = own.first?.parent else { return own }
        var names: [FilePath.Component] = []
        do throws(SystemCallError) { names = try FileTree().names(in: state, links: .refuse) } catch {}
        let others = names.filter { $0.string.utf8.starts(with: "services-".utf8) }.map { state.appending($0) }
        return others.sorted { $0.string < $1.string } + own.dropFirst()
    }

    /// The keepers that answer, each with its services in the order of their start.
    ///
    /// - Throws: the end of the program, with 1, where there is none.
    func keepers() throws -> [AnsweringKeeper] {
        var keepers: [AnsweringKeeper] = []
        var hasFailed = false
        for directory in directories {
            do throws(KeeperConnection.Failure) {
                var connection = try KeeperConnection(in: directory)
                _ = connection.ask(ControlRequest(.status))
                guard let answers = connection.answers() else {
                    Console.tell("the keeper in \(directory.shown()) does not answer as a keeper does, or not in time")
                    hasFailed = true
                    continue
                }
                if case .refused(let words)? = answers.first {
                    Console.tell("the keeper in \(directory.shown()) answers: \(words.shown())")
                    hasFailed = true
                    continue
                }
                keepers.append(
                    AnsweringKeeper(
                        directory: directory,
                        services: answers.compactMap { if case .state(let state) = $0 { state } else { nil } }))
            } catch .nobody {
                continue
            } catch {
                hasFailed = true
                Console.tell(Self.words(error, directory))
            }
        }
        guard keepers.isEmpty else { return keepers }
        if !hasFailed {
            let place = controlDirectory.map { "in \($0.shown())" } ?? "for uid \(CurrentProcess.effectiveUser)"
            Console.tell(
                "no keeper of services runs \(place); the boot starts one where services are configured (init mode)")
        }
        throw ArgumentParser.ExitCode(1)
    }

    private static func words(_ failure: KeeperConnection.Failure, _ directory: FilePath) -> String {
        switch failure {
        case .nobody: "no keeper of services runs in \(directory.shown())"
        case .stranger(let user):
            "the keeper in \(directory.shown()) is not asked: uid \(user) listens there, to whom it does not belong"
        case .call(let error): "cannot ask the keeper in \(directory.shown()): \(error.reason)"
        }
    }
}

/// A keeper that answers.
struct AnsweringKeeper {
    let directory: FilePath
    let services: [ServiceState]

    /// Connects to it once more.
    ///
    /// - Throws: the end of the program, with 1, where it has gone.
    func ask(_ request: ControlRequest) throws -> KeeperConnection {
        do throws(KeeperConnection.Failure) {
            let connection = try KeeperConnection(in: directory)
            if connection.ask(request) { return connection }
        } catch {}
        Console.tell("the keeper in \(directory.shown()) does not answer any more")
        throw ArgumentParser.ExitCode(1)
    }
}

extension [AnsweringKeeper] {
    /// The services of these names, each with its keeper, in the order of the names.
    ///
    /// - Throws: the end of the program, with 1, where one is unknown, or known to several keepers.
    func find(_ names: [String]) throws -> [(keeper: AnsweringKeeper, service: ServiceState)] {
        var found: [(keeper: AnsweringKeeper, service: ServiceState)] = []
        var isWrong = false
        for name in names {
            let all = flatMap { keeper in keeper.services.map { (keeper: keeper, service: $0) } }
            let matches = all.filter { $0.service.name.utf8.elementsEqual(name.utf8) }
            if matches.count == 1 {
                found += matches
                continue
            }
            isWrong = true
            if matches.isEmpty {
                let similar = Suggestion.nearest(to: name, among: all.map { $0.service.name })
                Console.tell(
                    "there is no service \(name.shown())"
                        + (similar.map { "; did you mean \($0.shown())?" }
                            ?? "; entrypointctl services list has them all"))
            } else {
                let places = matches.map { $0.keeper.directory.shown() }.inWords
                Console.tell("\(name.shown()) is in \(places): say which with --control-directory")
            }
        }
        if isWrong { throw ArgumentParser.ExitCode(1) }
        return found
    }
}
