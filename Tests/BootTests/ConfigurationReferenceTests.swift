import Foundation
import TestSupport
import Testing

@testable import Boot
@testable import Session

/// What people and editors are given to write a configuration file.
struct ConfigurationReferenceTests {
    private static let example = ConfigurationReference(of: BootSequence.groups).example

    @Test func `the schema and the example of the repository are those of the declarations`() throws {
        try Golden.expect(ConfigurationReference(of: BootSequence.groups).schema, in: "docker/entrypoint.schema.json")
        try Golden.expect(Self.example, in: "docker/entrypoint.example.yaml")
    }

    private static var exampleLines: [Substring] {
        Self.example.split(separator: "\n", omittingEmptySubsequences: false)
    }

    /// The example without its comments, and with every key set.
    private static var examples: (bare: String, full: String) {
        let bare = exampleLines.filter { !$0.drop { $0 == " " }.hasPrefix("#") }.joined(separator: "\n")
        // A key in a comment stands at once behind its sign, or two spaces behind it; what is to be read, one.
        let full = exampleLines.map { $0.replacing(/^( *)#((  )?[^ #])/) { "\($0.output.1)\($0.output.2)" } }
            .joined(separator: "\n")
        return (bare, full)
    }

    @Test func `the example is free of mistakes, with no key set and with all of them`() {
        for text in [Self.example, Self.examples.bare, Self.examples.full] {
            #expect(Inspection.problems(in: [(name: "example", bytes: Array(text.utf8))]) == [])
        }
        for key in BootSequence.groups.fileSettings.compactMap(\.key) {
            let name = key.drop { $0 != "." }.dropFirst()
            let start = name.isEmpty ? "#\(key): " : "  #\(name): "
            #expect(Self.exampleLines.contains { $0.hasPrefix(start) }, "\(key)")
        }
        #expect(Self.exampleLines.allSatisfy { $0.utf8.count <= 120 })
    }

    @Test func `every key has a meaning, a shape that says something, and a default in words or none`() {
        for setting in BootSequence.groups.fileSettings {
            #expect(!setting.meaning.isEmpty && !setting.meaning.hasSuffix("."), "\(setting.key ?? "")")
            #expect(
                !setting.shape.words.isEmpty && !setting.meaning.contains("|")
                    && !setting.words.defaultText(among: BootSequence.groups).contains("|"))
        }
    }

    /// Whether the schema takes each of some texts, by the validator that editors' is like.
    static func verdicts(
        of schema: String = ConfigurationReference(of: BootSequence.groups).schema, on texts: [String]
    ) throws -> [Bool] {
        let program = """
            import json, sys, yaml, jsonschema
            schema, texts = json.load(sys.stdin)
            schema = json.loads(schema)
            jsonschema.Draft7Validator.check_schema(schema)
            validator = jsonschema.Draft7Validator(schema)
            print(json.dumps([validator.is_valid(yaml.safe_load(text)) for text in texts]))
            """
        var python = Program(["/usr/bin/python3", "-c", program])
        let request = try JSONSerialization.data(withJSONObject: [schema, texts] as [Any])
        (python.standardInput, python.input) = (.pipe, ByteString(request))
        let outcome = try python.run()
        try #require(
            outcome.exitCode == 0, "python3 with jsonschema and yaml is there, and the schema is one: \(outcome)")
        return try #require(
            try JSONSerialization.jsonObject(with: Data(outcome.standardOutput.bytes)) as? [Bool])
    }

    @Test func `the schema takes what the boot takes`() throws {
        let texts =
            [
                "", "{}", "log:\n", Self.example, Self.examples.bare,
                Self.examples.full,
            ]
            + FileSettingTests.cases.map(\.text)
        let verdicts = try Self.verdicts(on: texts)
        for (text, isValid) in zip(texts, verdicts) { #expect(isValid, "\(text)") }
    }

    @Test func `the schema refuses unknown keys, other words and other types`() throws {
        let texts = [
            "[]", "log", "colour: blue", "log: info", "log: {levle: info}", "log: {level: verbose}",
            "log: {level: [info]}",
            "init: {warnReaped: 1}", "init: {warnReaped: \"true\"}", "init: {grace: ten}", "init: {grace: -1}",
            "init: {remapExit: [300]}", "init: {remapExit: 143}", "init: {rewriteSignals: \"TERM:INT\"}",
            "scratch: {timeout: 86401}", "scratch: {timeout: 1.5}", "scratch: {umask: \"7\"}",
            "scratch: {umask: \"rwx\"}",
            "scratch: {directories: [{mode: \"0770\"}]}", "scratch: {directories: [{path: a, owner: nobody}]}",
            "scratch: {directories: [{path: a, shard: true}]}", "scratch: {enabled: \"no\"}", "chain: sh",
            "compatibility: [s6]",
            "handoff: {onFailure: warn}",
            "shell: {copies: [{from: /a}]}", "caches: {directories: [a]}", "links: {names: a}",
            "git: {onFailure: ignore}",
            "capabilities: {keep: NET_RAW}", "secrets: {stripped: null}", "links: {names: null}", "ssh: {enabled: ~}",
        ]
        for (text, isValid) in zip(texts, try Self.verdicts(on: texts)) {
            #expect(!isValid, "\(text)")
            #expect(!Inspection.problems(in: [(name: "f", bytes: Array(text.utf8))]).isEmpty, "\(text)")
        }
    }
}
