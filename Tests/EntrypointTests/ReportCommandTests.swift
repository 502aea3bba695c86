import Boot
import Foundation
import Glibc
import TestSupport
import Testing

/// `entrypointctl report` in real containers: what it shows, and what it says when there is nothing to show.
@Suite(.containers)
struct ReportCommandTests {
    private static let program: ByteString = "/usr/local/bin/entrypointctl"

    /// Calls the body with a container that jane's boot has made ready, whose command sleeps.
    private func withBootedPod(_ body: (RunningContainer, Container) throws -> Void) throws {
        try withPod(.busybox) { container in
            let boot = try container.start("/bin/sh", "-c", "echo up; exec sleep 600")
            try boot.waitForOutput("up")
            try body(boot, container)
        }
    }

    @Test func `the record says when each change began, in order and within the boot`() throws {
        try withBootedPod { _, container in
            let boot = try ReportFile.read(container.read("/run/entrypoint/report.jsonl").bytes).boot
            let times = boot.changes.compactMap(\.began)
            #expect(times.count == boot.changes.count && times.count > 10)
            #expect(times == times.sorted() && (times.first ?? -1) > 0)
            for (change, next) in zip(boot.changes, boot.changes.dropFirst()) {
                // Each is cut to whole microseconds.
                #expect((change.began ?? 0) + change.microseconds <= (next.began ?? 0) + 1)
            }
            let last = try #require(boot.changes.last)
            #expect((last.began ?? .max) + last.microseconds <= boot.microseconds)
        }
    }

    @Test func `a report is a table, a picture, a page and a trace, on standard output or in a file`() throws {
        try withBootedPod { boot, container in
            try container.makeDirectory("/out", mode: 0o777)
            let table = try boot.exec([Self.program, "report"], user: "1000:2000")
            #expect(table.exitCode == 0 && table.errors.isEmpty, "\(table)")
            #expect(table.outputLines.contains { $0.contains(#/^outcome +step +duration +as +what$/#) }, "\(table)")
            #expect(
                table.outputLines.contains {
                    $0.contains(#/^changed +identity +[0-9.]+ ms +root +user jane \(uid 1000\)/#)
                }, "\(table)")
            #expect(
                table.outputLines.contains { $0.contains(#/^export +SCRATCH_HOME=\/scratch\/homes\/jane$/#) },
                "\(table)")
            for (option, start) in [
                ("--svg", "<?xml "), ("--html", "<!DOCTYPE html>"), ("--trace", "{\"traceEvents\":["),
            ] as [(ByteString, String)] {
                let shown = try boot.exec([Self.program, "report", option, "-"], user: "1000:2000")
                #expect(shown.exitCode == 0 && shown.output.hasPrefix(start) && shown.errors.isEmpty, "\(shown)")
                let file: ByteString = "/out/report" + option
                let written = try boot.exec([Self.program, "report", option, file], user: "1000:2000")
                #expect(written.exitCode == 0 && written.output.isEmpty && written.errors.isEmpty, "\(written)")
                #expect(try container.text(file.text) == shown.output)
                #expect(try container.status(file.text)?.user == 1000)
            }
            let two = try boot.exec([Self.program, "report", "--svg", "-", "--json"], user: "1000:2000")
            #expect(
                two.exitCode == 64 && two.errors.contains("give one of --json, --svg, --html and --trace"), "\(two)")
        }
    }

    @Test func `the end of the command is in the report once it has ended`() throws {
        try withPod(.debian) { container in
            // What the first start has left is there, until the second boot writes its own.
            let running = try container.start("/bin/sh", "-c", "echo up; exec sleep 600")
            try running.waitForOutput("up")
            try running.signal(SIGTERM)
            _ = try running.wait()
            container.entrypoint = [Self.program]
            let report = try container.run("report")
            #expect(report.exitCode == 0, "\(report)")
            #expect(report.outputLines.last?.contains(#/^end +exit code 143: /#) == true, "\(report)")
            let page = try container.run("report", "--html", "-")
            #expect(page.output.contains("The container ended with 143"), "\(page)")
        }
    }

    @Test func `where a file cannot be written, it is told, and what was there stays`() throws {
        try withBootedPod { boot, container in
            try container.write("/victim", "mine\n")
            try container.makeDirectory("/theirs", mode: 0o777, user: 1001)
            try container.link("/theirs/report.svg", to: "/victim")
            try container.link("/theirs/etc", to: "/etc")
            for (file, told) in [
                ("/theirs/report.svg", "it is a symbolic link, and only a file is replaced"),
                ("/theirs/etc/report.svg", "root follows no link on the way there"),
                ("/nowhere/report.svg", "no such file or directory"), ("/dev/null", "only a file is replaced"),
                ("/theirs", "it is a directory"), ("/proc/report.svg", "cannot write /proc/report.svg: "),
            ] {
                let outcome = try boot.exec([Self.program, "report", "--svg", ByteString(file)], user: "0:0")
                #expect(outcome.exitCode == 1 && outcome.errorLines.count == 1, "\(outcome)")
                #expect(
                    outcome.errors.hasPrefix("entrypointctl: cannot write \(file): ") && outcome.errors.contains(told),
                    "\(outcome)")
            }
            #expect(try container.text("/victim") == "mine\n")
            #expect(try !container.exists("/etc/report.svg"))
            #expect(try container.names(in: "/theirs") == ["etc", "report.svg"])
        }
    }

    /// What stands in the place of the report, by a command of root's, and what the reader is told.
    static let bad: [(script: String, told: String)] = [
        ("rm -r /run/entrypoint", "there is no /run/entrypoint; there is no /dev/shm/entrypoint-0"),
        ("rm $report", "there is no /run/entrypoint/report.jsonl"),
        (": >$report", "it has no line of a boot"),
        ("head -c 300 $report >/run/x; cat /run/x >$report", "it is cut off in line 1"),
        ("echo '{\"event\":\"boot\"}' >$report", "line 1: expected version"),
        ("echo nonsense >$report", "line 1: expected a value"),
        ("sed -i 's/\"format\":1/\"format\":7/' $report", "has written it in format 7, and entrypointctl"),
        ("dd if=/dev/zero of=$report bs=1M count=100 2>/dev/null", "is larger than any report (16 MiB)"),
        ("truncate -s 1G $report", "is larger than any report (16 MiB)"),
        ("chown 1001 $report", "/run/entrypoint/report.jsonl belongs to user 1001"),
        ("chmod o+w $report", "can be written to by others"),
        ("mv $report /run/x; ln -s /run/x $report", "is a symbolic link"),
        ("rm $report; mkfifo $report", "is not what a boot makes there"),
        ("rm $report; mkdir $report", "is not what a boot makes there"),
    ]

    @Test(arguments: bad.indices) func `what is no report is told in a line`(index: Int) throws {
        let (script, told) = Self.bad[index]
        try withBootedPod { boot, _ in
            let change = try boot.exec(
                ["sh", "-c", ByteString("report=/run/entrypoint/report.jsonl; " + script)], user: "0:0")
            #expect(change.exitCode == 0, "\(change)")
            let outcome = try boot.exec([Self.program, "report"], user: "0:0", within: .seconds(20))
            #expect(outcome.exitCode == 1 && outcome.output.isEmpty && outcome.errorLines.count == 1, "\(outcome)")
            #expect(
                outcome.errors.hasPrefix("entrypointctl: no report of a boot: ") && outcome.errors.contains(told),
                "\(outcome)")
        }
    }

    @Test func `another user does not see the report, and is told so`() throws {
        try withBootedPod { boot, _ in
            let outcome = try boot.exec([Self.program, "report"], user: "4242:4242")
            #expect(outcome.exitCode == 1 && outcome.output.isEmpty, "\(outcome)")
            #expect(
                outcome.errors
                    == "entrypointctl: no report of a boot: cannot read /run/entrypoint/report.jsonl: permission denied\n",
                "\(outcome)")
        }
    }
}
