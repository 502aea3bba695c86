import TestSupport
import Testing
import Text
import UserSide

/// The answers of `entrypointctl doctor` as people and programs read them.
struct DiagnosisReportTests {
    private static let report = DiagnosisReport(
        lines: [
            .init(check: "boot.result", actor: "", finding: .ok("the boot has ended well")),
            .init(
                check: "scratch.home", actor: "user 1000:2000",
                finding: .fail("cannot make files in /scratch/jane\n", remedy: "let its owner run chown")),
            .init(check: "mounts.tmp", actor: "", finding: .warn("little space is left", remedy: "remove files")),
        ], notAsked: ["as root: it cannot be"])

    @Test func `people see a line an answer, its remedy below, and how many there are`() {
        #expect(
            Self.report.text(.plain) == """
                ok    boot.result   -               the boot has ended well
                fail  scratch.home  user 1000:2000  cannot make files in /scratch/jane\\n
                                                    remedy: let its owner run chown
                warn  mounts.tmp    -               little space is left
                                                    remedy: remove files
                not asked as root: it cannot be
                1 failure, 1 warning, 1 ok

                """)
    }

    @Test func `verdicts are coloured, and twenty columns are enough`() {
        let coloured = Self.report.text(OutputStyle(hasColour: true, columns: nil))
        for word in ["\u{1B}[32mok\u{1B}[0m", "\u{1B}[1;31mfail\u{1B}[0m", "\u{1B}[33mwarn\u{1B}[0m"] {
            #expect(coloured.contains(word), "\(coloured)")
        }
        let narrow = Self.report.text(OutputStyle(hasColour: false, columns: 20))
        #expect(narrow.split(separator: "\n").allSatisfy { $0.count <= 20 }, "\(narrow)")
    }

    @Test func `programs see one object`() throws {
        let json = try JSON(reading: Array(Self.report.json.indented().utf8))
        #expect(json["verdict"] == .string("fail"))
        #expect(json["notAsked"] == .array([.string("as root: it cannot be")]))
        let second = try #require(json["findings"]?.items?[1].members)
        #expect(second.map(\.name) == ["check", "actor", "verdict", "evidence", "remedy"])
        #expect(
            second.map(\.value.string) == [
                "scratch.home", "user 1000:2000", "fail", "cannot make files in /scratch/jane\n",
                "let its owner run chown",
            ])
    }

    @Test(
        arguments: [
            ([], 0), ([.ok], 0), ([.ok, .warn], 1), ([.fail, .warn], 2), ([.warn, .ok, .fail], 2),
        ] as [([Finding.Verdict], Int32)])
    func `the exit code is that of the worst verdict`(verdicts: [Finding.Verdict], code: Int32) {
        let lines = verdicts.map { DiagnosisReport.Line(check: "a", actor: "", finding: Finding($0, "", remedy: "")) }
        #expect(DiagnosisReport(lines: lines).exitCode == code)
    }
}

/// The list of all checks.
struct ChecksTests {
    @Test func `each has a name of its own with an area, and those of an area stand together`() {
        let names = Checks.all.map(\.name)
        #expect(Set(names).count == names.count)
        #expect(names.allSatisfy { $0.split(separator: ".").count == 2 })
        #expect(Set(Checks.areas).count == Checks.areas.count, "\(Checks.areas)")
        #expect(Checks.all.contains { $0.name == Checks.probe.name })
    }

    @Test func `areas and names choose`() {
        #expect(Checks.chosen(by: []).checks.count == Checks.all.count)
        #expect(Checks.chosen(by: ["settings"]).checks.map(\.name).contains("settings.values"))
        #expect(Checks.chosen(by: ["boot", "settings.files"]).checks.map(\.name) == ["settings.files", "boot.result"])
        #expect(Checks.chosen(by: ["boot", "boots"]).unknown == "boots")
        #expect(Checks.chosen(by: ["boot."]).unknown == "boot.")
        #expect(Checks.chosen(by: [""]).unknown == "")
    }
}
