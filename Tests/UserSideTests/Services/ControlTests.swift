import Boot
import Glibc
import Linux
import TestSupport
import Testing
import UserSide

/// Who asks a keeper about its services, and what it answers.
struct ControlTests {
    @Test("the states of all services, or of those that are named, are answered as they are")
    func status() throws {
        let site = try ControlSite()
        site.keeper.change("mirror") { state in
            (state.phase, state.process, state.isReady) = (.scheduled, nil, false)
            (state.lastExit, state.restarts, state.lastDuration) = (.signaled(.kill), 3, 1_500_000_000)
            (state.next, state.lastError, state.statusText) = (1_800_000_000_000_000_000, "it was \"killed\"", "söme\n")
        }
        site.keeper.change("exporter") { $0.lastExit = .exited(7) }
        #expect(try site.ask(ControlRequest(.status)) == site.keeper.states.map { .state($0) })
        #expect(try site.ask(ControlRequest(.status, names: ["mirror"])) == [.state(site.keeper.states[2])])
        #expect(try site.ask(ControlRequest(.status, names: ["miror"])) == [.unknown(name: "miror", similar: "mirror")])
        #expect(
            try site.ask(ControlRequest(.stop, names: ["sshd", "nothing"])) == [.unknown(name: "nothing", similar: nil)]
        )
        #expect(site.keeper.told.isEmpty)
    }

    @Test("whoever stops a service is answered when it has stopped")
    func stop() throws {
        let site = try ControlSite()
        var turns = 0
        let answers = try site.ask(ControlRequest(.stop, names: ["sshd", "mirror"])) { answers in
            turns += 1
            if site.keeper.told.count == 2, turns < 100 { #expect(answers.isEmpty) }
            if turns == 100 {
                site.keeper.change("sshd") { ($0.phase, $0.process, $0.lastExit) = (.stopped, nil, .exited(0)) }
            }
            if turns == 110 {
                #expect(answers.count == 1)
                site.keeper.change("mirror") { ($0.phase, $0.process, $0.lastExit) = (.stopped, nil, .signaled(.kill)) }
            }
            return false
        }
        #expect(site.keeper.told == ["stop sshd", "stop mirror"])
        #expect(
            answers == [
                .result(name: "sshd", words: "has stopped (exit code 0)", isDone: true),
                .result(name: "mirror", words: "has stopped (SIGKILL)", isDone: true),
            ])
    }

    @Test("without waiting the answer is there at once, and a keeper that ends starts nothing")
    func noWait() throws {
        let site = try ControlSite()
        var request = ControlRequest(.restart, names: ["sshd"])
        request.waits = false
        #expect(try site.ask(request) == [.result(name: "sshd", words: "is told to restart", isDone: true)])
        site.keeper.isEnding = true
        #expect(
            try site.ask(request) == [
                .result(name: "sshd", words: "is left as it is: the keeper ends", isDone: false)
            ])
    }

    @Test("a service that runs already, comes to run, or fails to, is told so")
    func start() throws {
        let site = try ControlSite()
        let request = ControlRequest(.start, names: ["sshd"])
        #expect(try site.ask(request) == [.result(name: "sshd", words: "runs already (pid 100)", isDone: true)])
        site.keeper.change("sshd") { ($0.phase, $0.process) = (.stopped, nil) }
        var told = 0
        let ran = try site.ask(request) { _ in
            if told < site.keeper.told.count - 1 {
                told = site.keeper.told.count
                site.keeper.change("sshd") { ($0.phase, $0.process, $0.started) = (.running, 200, 5) }
            }
            return false
        }
        #expect(ran == [.result(name: "sshd", words: "runs (pid 200)", isDone: true)])
        site.keeper.change("sshd") { ($0.phase, $0.process) = (.failed, nil) }
        told = site.keeper.told.count
        let failed = try site.ask(request) { _ in
            if told < site.keeper.told.count {
                told = site.keeper.told.count
                site.keeper.change("sshd") { ($0.phase, $0.lastError) = (.starting, "no such file or directory") }
            }
            return false
        }
        let words = "does not start: no such file or directory; it is tried again"
        #expect(failed == [.result(name: "sshd", words: words, isDone: false)])
    }

    @Test("the last lines of a service are answered, and those that come while somebody follows")
    func logs() throws {
        let site = try ControlSite()
        let channel = site.log.channel("sshd", secrets: ["hunter2secret"])
        _ = site.log.channel("mirror", .none)
        channel.take("one\ntwo hunter2secret\nthree\n")
        var request = ControlRequest(.logs, names: ["sshd"])
        #expect(try site.ask(request) == [.line("one"), .line("two …"), .line("three")])
        request.lines = 1
        #expect(try site.ask(request) == [.line("three")])
        request.follows = true
        var hasWritten = false
        let answers = try site.ask(request) { answers in
            if !answers.isEmpty, !hasWritten {
                hasWritten = true
                channel.take("fo")
                channel.take("ur hunter2secret\nfive\u{7}\n")
            }
            return answers.count == 3
        }
        #expect(answers == [.line("three"), .line("four …"), .line("five\\u{7}")])
        #expect(try site.ask(ControlRequest(.logs, names: ["exporter"])).count == 1)
        let none = try site.ask(ControlRequest(.logs, names: ["mirror"]))
        #expect(none == [.refused("the lines of mirror are not kept: it has log: none")])
    }

    @Test("whoever follows and does not read costs little, and is told what is missing")
    func slowFollower() throws {
        let site = try ControlSite()
        let channel = site.log.channel("sshd")
        var request = ControlRequest(.logs, names: ["sshd"])
        request.follows = true
        var connection = try KeeperConnection(in: site.directory)
        let hasAsked = connection.ask(request)
        #expect(hasAsked)
        site.turn(milliseconds: 100)
        let line = String(repeating: "x", count: 99) + "\n"
        let chunk = String(repeating: line, count: 100)
        for _ in 0..<200 { channel.take(chunk) }
        var (lines, lost) = (0, 0)
        var isLast = false
        let limit = ContinuousClock.now + .seconds(30)
        while !isLast, ContinuousClock.now < limit {
            site.turn(milliseconds: 5)
            while let answer = connection.next(milliseconds: 0) {
                switch answer {
                case .line("last"): isLast = true
                case .line: lines += 1
                case .lost(let count): lost += count
                default: Issue.record("\(answer)")
                }
            }
            if lost > 0, lines + lost == 20_000 { channel.take("last\n") }
        }
        #expect(lines + lost == 20_000 && lost > 10_000 && isLast, "\(lines) and \(lost)")
    }
}
