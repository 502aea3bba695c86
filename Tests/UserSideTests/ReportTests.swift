import Boot
import Foundation
import FoundationXML
import TestSupport
import Testing
import Text

@testable import UserSide

/// A boot as text, picture, page and trace.
struct ReportTests {
    private static let golden = "Tests/UserSideTests/Golden/"

    @Test(arguments: ["report.txt", "report.svg", "report.html", "report-trace.json", "report-old.svg"])
    func `a boot is shown as the file has it`(name: String) throws {
        let (boot, end) = (MadeBoot.usual, MadeBoot.end)
        let text =
            switch name {
            case "report.txt": ReportText(boot, end: end, style: .plain).text
            case "report.svg": Waterfall(boot).file
            case "report.html": ReportPage(boot, end: end).html
            case "report-old.svg": Waterfall(MadeBoot.old).file
            default: Trace(boot).json.indented() + "\n"
            }
        try Golden.expect(text, in: Self.golden + name)
    }

    @Test func `outcomes are coloured on a terminal`() {
        let style = OutputStyle(hasColour: true, columns: nil)
        let text = ReportText(MadeBoot.usual, end: MadeBoot.end, style: style).text
        for word in [
            "\u{1B}[32mchanged", "\u{1B}[33mskipped", "\u{1B}[1;31mfailed", "\u{1B}[33mwarning", "\u{1B}[1;31mend",
        ] {
            #expect(text.contains(word))
        }
    }

    @Test(arguments: [20, 40, 80]) func `no line is longer than the terminal`(columns: Int) {
        let style = OutputStyle(hasColour: false, columns: columns)
        for boot in [MadeBoot.usual, MadeBoot.hostile] {
            let text = ReportText(boot, end: MadeBoot.end, style: style).text
            #expect(text.split(separator: "\n").allSatisfy { $0.count <= columns })
        }
    }

    @Test func `a bar is where its change was, and what is no change is before and after`() {
        let timeline = Timeline(MadeBoot.usual)
        #expect(timeline.isPlaced && timeline.total == 12_500)
        #expect(timeline.bars.map(\.start) == [0, 1800, 3260, 3700, 3800, 6050, 6400, 6410, 6420, 12_020])
        #expect(timeline.bars.first?.duration == 1800 && timeline.bars.last?.duration == 480)
        #expect(timeline.groups.map(\.step).prefix(3) == ["start", "identity", "scratch"])
    }

    @Test func `without beginnings the bars follow one another, and nothing is made up`() {
        let timeline = Timeline(MadeBoot.old)
        #expect(!timeline.isPlaced && timeline.total == 12_500)
        #expect(timeline.bars.count == MadeBoot.old.changes.count)
        #expect(timeline.bars.prefix(4).map(\.start) == [0, 1450, 1870, 1965])
    }

    @Test func `a boot that failed ends with what it failed of`() {
        let failure = BootRecord.Message(id: "scratch.not-mounted", step: "scratch", text: "no /scratch")
        let bar = Timeline(MadeBoot.record(MadeBoot.usual.changes, failure: failure)).bars.last
        #expect(bar?.step == "scratch" && bar?.outcome == "failed" && bar?.what == "no /scratch")
        #expect(bar?.start == 12_020 && bar?.end == 12_500)
    }

    @Test func `a boot without changes has a picture, too`() throws {
        let empty = BootRecord(version: "0.1.0", start: "bare", user: nil, changes: [], changed: 0, microseconds: 0)
        #expect(Timeline(empty).total == 1)
        _ = try Self.elements(of: Waterfall(empty).file)
        _ = try Self.elements(of: ReportPage(empty, end: nil).html)
    }

    /// The names of all elements of an XML text, and of all attributes.
    private static func elements(of text: String) throws -> (elements: Set<String>, attributes: Set<String>) {
        final class Names: NSObject, XMLParserDelegate {
            var elements: Set<String> = []
            var attributes: Set<String> = []
            func parser(
                _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
                attributes: [String: String]
            ) {
                elements.insert(name)
                self.attributes.formUnion(attributes.keys)
            }
        }
        let (parser, names) = (XMLParser(data: Data(text.utf8)), Names())
        parser.delegate = names
        let isWhole = parser.parse()
        #expect(isWhole, "\(parser.parserError.map { "\($0)" } ?? "") in line \(parser.lineNumber)")
        return (names.elements, names.attributes)
    }

    @Test func `nothing that a pod chooses is anything but text`() throws {
        let picture = Waterfall(MadeBoot.hostile).file
        let page = ReportPage(MadeBoot.hostile, end: MadeBoot.hostileEnd).html
        for text in [picture, page] {
            let (elements, attributes) = try Self.elements(of: text)
            #expect(
                elements.isDisjoint(with: ["script", "a", "image", "use", "foreignObject", "iframe", "img", "link"]))
            #expect(attributes.allSatisfy { !$0.hasPrefix("on") && $0 != "href" && $0 != "src" })
            #expect(!text.contains("<script") && !text.contains("url(http") && !text.contains("@import"))
            // Nothing is reordered, and a million letters are not shown.
            #expect(text.unicodeScalars.allSatisfy { !("\u{202A}"..."\u{202E}").contains($0) && $0 != "\u{1B}" })
            #expect(text.utf8.count < 200_000, "\(text.utf8.count)")
            #expect(text.contains("שלום مرحبا 你好 🚀"))
        }
    }

    @Test func `a trace has what Chrome's format asks for, whatever the record says`() throws {
        for boot in [MadeBoot.usual, MadeBoot.old, MadeBoot.hostile] {
            let text = Trace(boot).json.text
            let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
            let events = try #require(object["traceEvents"] as? [[String: Any]])
            let rows = Set(events.filter { $0["name"] as? String == "thread_name" }.compactMap { $0["tid"] as? Int })
            var count = 0
            for event in events {
                let phase = try #require(event["ph"] as? String)
                #expect(["M", "X"].contains(phase) && event["pid"] as? Int == 1)
                guard phase == "X" else { continue }
                count += 1
                let (start, duration) = (try #require(event["ts"] as? Int), try #require(event["dur"] as? Int))
                let row = try #require(event["tid"] as? Int)
                #expect(start >= 0 && duration >= 0 && rows.contains(row))
            }
            #expect(count == Timeline(boot).bars.count && text.utf8.count < 200_000)
        }
    }

    @Test func `text for people has no control characters, and is shortened`() {
        let text = ReportText(MadeBoot.hostile, end: MadeBoot.hostileEnd, style: .plain).text
        #expect(
            text.unicodeScalars.allSatisfy { $0 == "\n" || !$0.properties.isDefaultIgnorableCodePoint && $0 >= " " })
        #expect(text.utf8.count < 200_000)
    }
}
