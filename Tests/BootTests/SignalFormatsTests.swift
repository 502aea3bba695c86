import Boot
import Linux
import Testing
import Text

@Suite struct SignalFormatsTests {
    @Test(
        arguments: [
            ("TERM", 15), ("SIGTERM", 15), ("sigterm", 15), ("15", 15), ("1", 1), ("64", 64), ("IO", 29), ("POLL", 29),
            ("RTMIN", 34), ("RTMIN+3", 37), ("SIGRTMIN+30", 64), ("RTMAX", 64), ("RTMAX-2", 62), ("33", 33),
            ("0", nil), ("65", nil), ("-1", nil), ("+15", nil), ("", nil), ("SIG", nil), ("TREM", nil),
            ("RTMIN-1", nil),
            ("RTMIN+31", nil), ("RTMAX+1", nil), ("RTMIN+", nil), ("SIGSIGTERM", nil), ("15 ", nil), ("RTMIN++3", nil),
        ] as [(String, Int32?)])
    func `a word names a signal or none`(text: String, number: Int32?) {
        #expect(Signal(text)?.rawValue == number)
    }

    @Test func `every signal's own name is read back`() {
        for number in Int32(1)...64 where number != 32 && number != 33 {
            #expect(Signal(Signal(rawValue: number).name)?.rawValue == number)
        }
    }

    @Test func `a list names rules for signals`() throws {
        let rules = try SignalFormats.parseRewrites("TERM:QUIT, USR1:0\n15:RTMIN+3")
        #expect(rules.target(of: .terminate) == Signal(rawValue: 37))
        #expect(rules.target(of: Signal(rawValue: 10)) == nil)
        #expect(rules.target(of: .hangup) == .hangup)
        let more = try SignalFormats.parseRewrites("HUP:TERM", addingTo: rules)
        #expect(more.target(of: .hangup) == .terminate)
        #expect(more.target(of: Signal(rawValue: 10)) == nil)
    }

    @Test(
        arguments: [
            ("TREM:QUIT", "\"TREM\" is not a signal; write a name such as TERM or RTMIN+3, or a number from 1 to 64"),
            ("TERM", "\"TERM\" is not a rule FROM:TO; write for example TERM:QUIT, or USR1:0 to drop USR1"),
            (
                "TERM:QUIT:1",
                "\"TERM:QUIT:1\" is not a rule FROM:TO; write for example TERM:QUIT, or USR1:0 to drop USR1"
            ),
            ("KILL:TERM", "\"KILL:TERM\" rewrites SIGKILL, which no process can receive"),
            ("CHLD:TERM", "\"CHLD:TERM\" rewrites SIGCHLD, which tells the init of its children and is never sent on"),
        ])
    func `the error says what is wrong with a rule`(text: String, message: String) {
        #expect(throws: FormatError(message)) { try SignalFormats.parseRewrites(text) }
    }

    @Test func `a list names exit codes`() throws {
        let codes = try SignalFormats.parseRemappedExits("143,0 255")
        #expect((0...255).filter { codes.contains(Int32($0)) } == [0, 143, 255])
        #expect(throws: FormatError("\"256\" is not an exit code; write a number from 0 to 255")) {
            try SignalFormats.parseRemappedExits("1,256")
        }
    }

    @Test(
        arguments: [
            ("10", 10_000_000_000), ("0", 0), ("0.5", 500_000_000), ("0.0000000019", 1),
            ("31536000", 31_536_000_000_000_000),
            ("31536001", nil), ("-1", nil), ("+1", nil), ("", nil), (".5", nil), ("1.", nil), ("1.5.1", nil),
            ("10s", nil),
            ("99999999999999999999", nil),
        ] as [(String, UInt64?)])
    func `a number names a time in seconds or none`(text: String, nanoseconds: UInt64?) {
        #expect((try? SignalFormats.parseSeconds(text)) == nanoseconds)
    }

    @Test func `a word names a receiver`() throws {
        #expect(try SignalFormats.parseReceiver("child") == .child)
        #expect(throws: FormatError("\"all\" is not a receiver of signals; write group or child")) {
            try SignalFormats.parseReceiver("all")
        }
    }
}
