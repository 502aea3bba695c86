import Init
import Linux
import Testing

struct EndReportTests {
    /// 2026-11-21 05:04:03 UTC, and a bit.
    static let request = EndReport.StopRequest(
        signal: .terminate, receivedAt: 1_795_237_443_900_000_000, sender: 0, user: 0)

    private static func killed(_ count: Int) -> KilledProcesses {
        var killed = KilledProcesses()
        for index in 1...count {
            let name = Array("p\u{1B}\(index)-long-process-name".utf8)
            killed.add(Int32(index), name.withUnsafeBytes { ProcessName($0) })
        }
        return killed
    }

    private static func name(_ text: String) -> ServiceName {
        Array(text.utf8).withUnsafeBytes { ServiceName($0) }
    }

    static let reports: [(EndReport, String)] = [
        (
            EndReport(outcome: .commandEnded(.exited(0)), exitCode: 0, request: request, timeToEnd: 12_340_000_000),
            "SIGTERM at 2026-11-21T05:04:03Z: the command ended 12.3 s after it (exit code 0)"
        ),
        (
            EndReport(
                outcome: .commandEnded(.signaled(.kill)), exitCode: 137,
                request: .init(signal: Signal(rawValue: 37), receivedAt: 0, sender: 42, user: 0),
                timeToEnd: 30_000_000_000, commandWasKilled: true, othersEnded: 1),
            "SIGRTMIN+3 at 1970-01-01T00:00:00Z from process 42: the command was killed 30.0 s after it (SIGKILL); 1 other process ended"
        ),
        (
            EndReport(
                outcome: .commandEnded(.exited(3)), exitCode: 3, othersEnded: 2, killed: killed(2),
                killedAfter: 10_049_999_999),
            "the command ended (exit code 3); 2 other processes ended; 2 other processes did not end within 10.0 s and were killed: p?1-long-proces (1), p?2-long-proces (2)"
        ),
        (
            EndReport(outcome: .bootStopped, exitCode: 143, request: request),
            "SIGTERM at 2026-11-21T05:04:03Z: the boot was stopped"
        ),
        (
            EndReport(outcome: .commandEnded(.exited(0)), exitCode: 0, request: request, timeToEnd: 49_999_999),
            "SIGTERM at 2026-11-21T05:04:03Z: the command ended less than 0.1 s after it (exit code 0)"
        ),
        (
            EndReport(outcome: .lost, exitCode: 125),
            "another process took the command's exit status; its exit code is unknown"
        ),
        (
            EndReport(
                outcome: .commandEnded(.signaled(.terminate)), exitCode: 125, request: request, timeToEnd: 200_000_000,
                othersEnded: 2,
                services: .init(
                    failure: .service, failed: name("exporter\nx"), timeToEnd: 1_400_000_000, wereTold: true)),
            "service exporter failed: the command ended 0.2 s after it (SIGTERM); services ended in 1.4 s; 2 other processes ended"
        ),
        (
            EndReport(
                outcome: .commandEnded(.signaled(.kill)), exitCode: 125, timeToEnd: 10_000_000_000,
                commandWasKilled: true,
                services: .init(
                    failure: .keeper(.signaled(.kill)), timeToEnd: 7_500_000_000, wereTold: true, wereKilled: true)),
            "the keeper of services died (SIGKILL): the command was killed 10.0 s after it (SIGKILL); services were still not ended after 7.5 s and were killed"
        ),
        (
            EndReport(
                outcome: .bootStopped, exitCode: 125,
                services: .init(failure: .service, failed: name("a\u{1B}"), timeToEnd: 0, wereTold: true)),
            "service a failed: the boot was stopped; services ended in less than 0.1 s"
        ),
    ]

    @Test(arguments: reports)
    func `the line says what happened`(report: EndReport, text: String) {
        #expect(report.text == "entrypoint: init: " + text)
    }

    @Test func `the line names eight of many`() {
        let report = EndReport(
            outcome: .commandEnded(.exited(0)), exitCode: 0, killed: Self.killed(2000), killedAfter: 1)
        #expect(report.text.hasSuffix("p?8-long-proces (8) and 1992 more"))
    }

    @Test func `the line is the boot's own when it took too long`() {
        let report = EndReport(outcome: .bootOverdue, exitCode: 125, overdue: Array("scratch: no answer".utf8))
        #expect(report.text == "entrypoint: scratch: no answer")
    }

    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (951_782_400, "2000-02-29T00:00:00Z"), (951_868_799, "2000-02-29T23:59:59Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"), (1_735_689_599, "2024-12-31T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] as [(UInt64, String)])
    func `the line has the day of the calendar`(seconds: UInt64, text: String) {
        let request = EndReport.StopRequest(
            signal: .terminate, receivedAt: seconds * 1_000_000_000, sender: 0, user: 0)
        let report = EndReport(outcome: .bootStopped, exitCode: 143, request: request)
        #expect(report.text == "entrypoint: init: SIGTERM at \(text): the boot was stopped")
    }
}
