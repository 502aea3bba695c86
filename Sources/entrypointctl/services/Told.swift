import ArgumentParser
import Linux
import Text
import UserSide

/// What the commands that change services have in common.
struct ServicesTold: ParsableArguments {
    @Flag(help: "Do not wait until it is done.")
    var noWait = false

    @OptionGroup var place: KeeperPlace

    @Argument(help: ArgumentHelp("The services.", valueName: "service"))
    var services: [String]

    /// Tells the keepers, and prints what has become of each service.
    ///
    /// - Throws: the end of the program, with 1, where not all is as it was asked for.
    func tell(_ action: ControlRequest.Action) throws {
        let found = try place.keepers().find(services)
        var left = Set(found.map { $0.service.name })
        var isDone = true
        for directory in Set(found.map { $0.keeper.directory.string }).sorted() {
            let own = found.filter { $0.keeper.directory.string == directory }
            guard let keeper = own.first?.keeper else { continue }
            var request = ControlRequest(action, names: own.map { $0.service.name })
            request.waits = !noWait
            var connection = try keeper.ask(request)
            while let answer = connection.next(milliseconds: noWait ? KeeperConnection.patience : -1), answer != .end {
                switch answer {
                case .result(let name, let words, true):
                    left.remove(name)
                    try Console.print("\(name.shown()): \(words.shown())\n")
                case .result(let name, let words, false):
                    left.remove(name)
                    isDone = false
                    Console.tell("\(name.shown()) \(words.shown())")
                case .refused(let words): Console.tell("the keeper answers: \(words.shown())")
                default: break
                }
            }
        }
        for name in left.sorted() { Console.tell("it is not known what has become of \(name.shown())") }
        if !isDone || !left.isEmpty { throw ArgumentParser.ExitCode(1) }
    }
}
