import Foundation
import Linux
import Programs
import Testing
import Text

@testable import Boot

/// The reader and the schema of a setting are made of one value type, for any list of groups.
struct ValueTypeTests {
    /// A group that is none of the boot's, with a setting of every type.
    struct Sample: SettingGroup {
        static let name = "sample"
        static let title = "Samples"

        static let from = Field("from", .absolutePath, isRequired: true, "where it is")
        static let mode = Field("mode", .mode, "its mode")
        static let object = ValueType<String>.object([from, mode]) { reader, fields in
            _ = reader.value(mode, of: fields)
            return reader.value(from, of: fields)?.string
        }

        static let flag = FileSetting("sample.flag", .boolean, Words("A flag", default: "true"))
        static let word = FileSetting<FailurePolicy>("sample.word", .choice, Words("A word", default: "stop"))
        static let seconds = FileSetting("sample.seconds", .seconds, Words("A time", default: "60"))
        static let octal = FileSetting("sample.mode", .mode, Words("A mode", default: "0770"))
        static let list = FileSetting("sample.list", .list(of: .absolutePath), Words("A list", example: "[/a]"))
        static let mapping = FileSetting(
            "sample.mapping",
            .mapping(of: ValueType<String>.text, named: "a name") { !$0.isEmpty }, Words("A mapping", example: "{a: b}")
        )
        static let one = FileSetting("sample.object", object, Words("An object", example: "{from: /a}"))
        static let either = FileSetting(
            "sample.either", .either(.text, orObject: object), Words("One or the other", example: "a"))
        static let time = Variable(
            "SAMPLE_TIME", .decimalSeconds, Words("A finer time", default: "0.5"), key: "sample.time")
        static let items = Variable(
            "SAMPLE_ITEMS", .items { text throws(FormatError) in text.count }, Words("Items", example: "[a, b]"),
            key: "sample.items")

        static let variables: [any VariableDeclaration] = [time, items]
        static let fileSettings: [any SettingDeclaration] = [
            flag, word, seconds, octal, list, mapping, one, either,
        ]

        init(reading reader: inout SettingsReader) {
            _ = reader.value(Self.flag)
            _ = reader.value(Self.word)
            _ = reader.value(Self.seconds)
            _ = reader.value(Self.octal)
            _ = reader.value(Self.list)
            _ = reader.value(Self.mapping)
            _ = reader.value(Self.one)
            _ = reader.value(Self.either)
            _ = reader.value(Self.time)
            _ = reader.value(Self.items)
        }
    }

    private static let groups = SettingGroups([DeclaredGroup<Sample>()])

    /// Values that a key takes, and values that it does not.
    private static let values: [(key: String, taken: [String], refused: [String])] = [
        ("flag", ["true", "false"], ["1", "\"true\"", "[true]", "maybe"]),
        ("word", ["stop", "warn"], ["halt", "[stop]", "1"]),
        ("seconds", ["0", "86400"], ["-1", "86401", "1.5", "soon", "\"5\"", "[5]"]),
        ("mode", ["\"0770\"", "\"0\""], ["\"770\"", "rwx", "[0]", "\"07777777\""]),
        ("list", ["[]", "[/a, /b]"], ["/a", "{a: b}", "[[/a]]"]),
        ("mapping", ["{}", "{a: b}", "{a: 1}"], ["[a]", "a", "{a: [b]}"]),
        (
            "object", ["{from: /a}", "{from: /a, mode: \"0700\"}"],
            ["{}", "{mode: \"0700\"}", "{from: /a, x: y}", "{from: [a]}", "{from: /a, mode: rwx}", "/a", "[/a]"]
        ),
        ("either", ["a", "{from: /a}"], ["[a]", "{form: /a}", "{}"]),
        ("time", ["0", "0.5", "10"], ["-1", "soon", "[1]"]),
        ("items", ["[]", "[a, b]"], ["a", "[[a]]", "{a: b}"]),
    ]

    private func problems(of text: String) -> [String] {
        var configuration = Configuration(of: Self.groups)
        configuration.add(Array(text.utf8), name: "f")
        do throws(SettingsError) {
            _ = try Settings.read(from: EnvironmentBlock([]), configuration: configuration)
            return []
        } catch {
            return error.problems.map(\.text)
        }
    }

    @Test func `every key of the groups that are passed in is known, and no other`() {
        #expect(Self.values.map { "sample.\($0.key)" }.sorted() == Self.groups.fileSettings.compactMap(\.key).sorted())
        #expect(problems(of: "log: {level: info}") == ["f:1:1: log: not a known key; known here: sample"])
        #expect(problems(of: "sample: {flagg: true}").count == 1)
    }

    @Test func `the schema and the reader say the same of every value`() throws {
        var texts: [String] = []
        var expected: [Bool] = []
        for (key, taken, refused) in Self.values {
            texts += (taken + refused).map { "sample: {\(key): \($0)}" }
            expected += taken.map { _ in true } + refused.map { _ in false }
        }
        let schema = ConfigurationReference(of: Self.groups).schema
        let verdicts = try ConfigurationReferenceTests.verdicts(of: schema, on: texts)
        for (index, text) in texts.enumerated() {
            #expect(problems(of: text).isEmpty == expected[index], "the reader: \(text)")
            #expect(verdicts[index] == expected[index], "the schema: \(text)")
        }
    }

    @Test func `the example of every setting is a value that its reader takes`() {
        for setting in Self.groups.fileSettings {
            let key = SettingGroups.Section.key(of: setting)
            let example = setting.example(among: Self.groups)
            #expect(problems(of: "sample: {\(key): \(example)}") == [], "\(key)")
        }
    }

    @Test func `a variable has in a file what it has in the environment`() {
        var configuration = Configuration(of: Self.groups)
        configuration.add(Array("sample: {time: 1.25, items: [ab, c]}".utf8), name: "f")
        var inFile = SettingsReader(environment: EnvironmentBlock([]), configuration: configuration)
        let entries = ["SAMPLE_TIME=1.25", "SAMPLE_ITEMS=ab,c"].map(string)
        var given = SettingsReader(
            environment: EnvironmentBlock(entries), configuration: Configuration(of: Self.groups))
        #expect(inFile.value(Sample.time) == 1_250_000_000 && given.value(Sample.time) == 1_250_000_000)
        #expect(inFile.value(Sample.items) == 4 && given.value(Sample.items) == 4)
        #expect(inFile.problems.isEmpty && given.problems.isEmpty)
    }
}
