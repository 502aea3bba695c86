import Testing
import Text

@testable import UserSide

/// The source of a page of the manual.
struct ManualPageTests {
    @Test func `a page is as it was written, character for character`() {
        var page = ManualPage("entrypointctl-x", "says 'it'")
        page.section("DESCRIPTION")
        page.text("One `code`\n.two\\n\n\n  entrypointctl x -- \"a\"\n  'b'\n\nThree ` four")
        page.term("--json", "JSON.")
        page.term("--none", "")
        let lines = page.source.split(separator: "\n")
        #expect(lines[0].hasPrefix(".TH \"ENTRYPOINTCTL\\-X\" \"1\" \"\" \"entrypoint "))
        #expect(
            lines.dropFirst() == [
                ".nh", ".ad l",
                ".SH \"NAME\"", "entrypointctl\\-x \\- says \\(aqit\\(aq", ".SH \"DESCRIPTION\"",
                "One \\fBcode\\fR", "\\&.two\\en", ".PP", ".RS 4", ".nf", "entrypointctl x \\-\\- \\(dqa\\(dq",
                "\\(aqb\\(aq", ".fi", ".RE", ".PP", "Three \\(ga four", ".TP", ".B \"\\-\\-json\"", "JSON.", ".TP",
                ".B \"\\-\\-none\"", "\\&",
            ])
        #expect(page.file == "entrypointctl-x.1")
    }

    @Test func `what a program tells of itself is a page for each command`() throws {
        let description = """
            {"command": {"commandName": "tool", "abstract": "Does it.", "arguments": [
              {"kind": "flag", "names": [{"kind": "short", "name": "v"}, {"kind": "long", "name": "verbose"}],
               "preferredName": {"kind": "long", "name": "verbose"}, "isOptional": true, "abstract": "More."},
              {"kind": "flag", "names": [{"kind": "long", "name": "secret"}], "shouldDisplay": false}],
             "subcommands": [{"commandName": "help"}, {"commandName": "old", "shouldDisplay": false},
              {"commandName": "run", "abstract": "Runs it.", "arguments": [
               {"kind": "option", "names": [{"kind": "long", "name": "as"}], "valueName": "who", "isOptional": true,
                "preferredName": {"kind": "long", "name": "as"}, "allValues": ["a", "b"], "defaultValue": "a"},
               {"kind": "positional", "valueName": "file", "isOptional": false, "isRepeating": true}]}]}}
            """
        let pages = try CommandPages.all(of: try JSON(reading: description.utf8))
        #expect(pages.map(\.file) == ["tool.1", "tool-run.1"])
        #expect(pages[0].source.contains("\ntool [\\-\\-verbose] <command>\n"))
        #expect(pages[0].source.contains(".B \"\\-v, \\-\\-verbose\"\nMore.\n"))
        #expect(!pages[0].source.contains("secret") && !pages[0].source.contains("old"))
        #expect(pages[1].source.contains("\ntool run [\\-\\-as <who>] <file> ...\n"))
        #expect(pages[1].source.contains("One of a, b. Without it: a.\n"))
        #expect(throws: FormatError("expected command")) { try CommandPages.all(of: .null) }
    }
}
