import Foundation
import Glibc
import Linux
import Testing

@testable import Boot

/// Drop-in steps as settings: entries of configuration files, files of directories, and their order.
struct DropInTests {
    /// The files of an image, below a temporary directory.
    private static func withImage<Result>(
        _ files: [String: String], _ body: (FileTree) throws -> Result
    ) throws -> Result {
        let root = FileManager.default.temporaryDirectory.appending(path: "entrypoint-test-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: root) }
        try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
        for (name, content) in files {
            let file = root.appending(path: name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(content.utf8).write(to: file)
        }
        return try body(FileTree(root: FilePath(root.path)))
    }

    /// The steps and the drop-ins in their order, or everything that is wrong.
    private static func order(_ files: [String: String]) throws -> String {
        try withImage(files) { tree in
            let configuration = Configuration.read(from: tree)
            do throws(SettingsError) {
                let settings = try Settings.read(from: Pod.environment(), configuration: configuration)
                var names: [String] = settings.notices.map(\.text)
                for step in BootSequence.steps {
                    names += settings.dropIns.filter { $0.successor == step.name }.map { "+\($0.name)" } + [step.name]
                }
                return names.joined(separator: "\n")
            } catch {
                return (error.notices + error.problems).map(\.text).joined(separator: "\n")
            }
        }
    }

    private static let none = "identity\nscratch\nsnapshot\nshell\nlinks\nssh\ncaches\ngit\nservices\nhandoff"

    @Test func `an image without drop-ins has the built-in steps`() throws {
        #expect(try Self.order([:]) == Self.none)
        #expect(try Self.order(["etc/entrypoint.yaml": "steps: []\n"]) == Self.none)
        #expect(try Self.order(["etc/entrypoint/steps.d/README.md": ""]) == Self.none)
    }

    @Test func `files are in the order of the bytes of their names, root's first and the user's last`() throws {
        let names = [
            "10-b", "9-a", "B", "a.sh", "Z_z", ".hidden", "a~", "a.bak", "x.dpkg-old", "old.disabled", "README",
        ]
        var files: [String: String] = ["etc/entrypoint.yaml": "steps: [{name: own, command: [/bin/true]}]\n"]
        for name in names {
            files["etc/entrypoint/steps.d/\(name)"] = ""
            files["etc/entrypoint/user-steps.d/\(name)"] = ""
        }
        let sorted = ["10-b", "9-a", "B", "Z_z", "a.sh"]
        let added = sorted.map { "+steps.d/\($0)" } + ["+own"] + sorted.map { "+user-steps.d/\($0)" }
        #expect(
            try Self.order(files)
                == Self.none.replacing("handoff", with: (added + ["handoff"]).joined(separator: "\n")))
    }

    @Test func `a name that may be a mistake is told of`() throws {
        #expect(
            try Self.order(["etc/entrypoint/steps.d/10 proxy": ""])
                == "/etc/entrypoint/steps.d/10 proxy is not run: its name may only have letters, digits, _ . and -\n"
                + Self.none)
    }

    /// Entries with their places, and the order that comes of it.
    static let orders: [(String, String)] = [
        ("{name: a, before: identity}", "+a identity scratch snapshot shell links ssh caches git services handoff"),
        ("{name: a, after: identity}", "identity +a scratch snapshot shell links ssh caches git services handoff"),
        ("{name: a, before: handoff}", "identity scratch snapshot shell links ssh caches git services +a handoff"),
        (
            "{name: a, after: scratch}, {name: b, after: scratch}, {name: c, before: shell}",
            "identity scratch +a +b snapshot +c shell links ssh caches git services handoff"
        ),
        (
            "{name: a, after: b}, {name: b, after: c}, {name: c, before: ssh}",
            "identity scratch snapshot shell links +c +b +a ssh caches git services handoff"
        ),
        (
            "{name: a, before: b}, {name: b}, {name: c, after: b}",
            "identity scratch snapshot shell links ssh caches git services +a +b +c handoff"
        ),
        (
            "{name: a, after: identity, before: git}, {name: b, after: a, before: scratch}",
            "identity +a +b scratch snapshot shell links ssh caches git services handoff"
        ),
        (
            "{name: a, enabled: false}, {name: b, after: a}, {name: c, after: scratch}",
            "identity scratch +c snapshot shell links ssh caches git services +b handoff"
        ),
        (
            "{name: a, after: steps.d/20-x}, {name: b, before: user-steps.d/x}, {name: c, before: steps.d/20-x}",
            "identity scratch snapshot shell links ssh caches git services +steps.d/10-x +c +steps.d/20-x +a +b +user-steps.d/x handoff"
        ),
    ]

    @Test(arguments: orders) func `a place is kept`(entries: String, order: String) throws {
        let text = entries.replacing(", enabled: false", with: "").replacing("}", with: ", command: [/bin/true]}")
        let switched =
            entries.contains("enabled") ? text.replacing("{name: a,", with: "{name: a, enabled: false,") : text
        var files = ["etc/entrypoint.yaml": "steps: [\(switched)]\n"]
        if order.contains("steps.d") {
            for name in ["steps.d/10-x", "steps.d/20-x", "user-steps.d/x"] { files["etc/entrypoint/\(name)"] = "" }
        }
        #expect(try Self.order(files) == order.replacing(" ", with: "\n"))
    }

    @Test func `an entry of a later file takes the place of one with the same name`() throws {
        let files = [
            "etc/entrypoint.yaml": """
            steps:
              - {name: a, command: [/bin/a], before: scratch}
              - {name: b, command: [/bin/b]}
              - {name: c, command: [/bin/c]}
            """,
            "etc/entrypoint/conf.d/10.yaml": """
            steps:
              - {name: b, enabled: false}
              - {name: a, command: [/bin/other]}
              - {name: d, command: [/bin/d]}
            """,
        ]
        #expect(try Self.order(files) == Self.none.replacing("handoff", with: "+a\n+c\n+d\nhandoff"))
    }

    /// What is wrong with a file, as it is told.
    static let mistakes: [(String, String)] = [
        ("steps: x", "1:8: steps: expected a list, found 'x'"),
        ("steps: [x]", "1:9: steps[0]: expected a mapping, found 'x'"),
        (
            "steps:\n  - name: a\n    comand: [/bin/true]\n",
            """
            2:5: steps[0]: the key 'command' is missing
            FILE:3:5: steps[0].comand: not a known key; did you mean command?
            """
        ),
        ("steps: [{command: [/bin/true]}]", "1:9: steps[0]: the key 'name' is missing"),
        (
            "steps: [{name: \"a/b\", command: [/bin/true]}]",
            "1:16: steps[0].name: 'a/b': not a name: a letter or digit, then at most 63 letters, digits, _ . or -"
        ),
        (
            "steps: [{name: ssh, command: [/bin/true]}]",
            "1:16: steps[0].name: 'ssh' is the name of a built-in step"
        ),
        (
            "steps: [{name: a, command: []}]",
            "1:28: steps[0].command: expected a program and its arguments, found an empty list"
        ),
        ("steps: [{name: a, command: /bin/true}]", "1:28: steps[0].command: expected a list, found '/bin/true'"),
        ("steps: [{name: a, command: [true]}]", "1:29: steps[0].command[0]: 'true': not an absolute path"),
        (
            "steps: [{name: a, command: [/bin/true], as: rot}]",
            "1:45: steps[0].as: expected one of root, seed, user, found 'rot': did you mean root?"
        ),
        (
            "steps: [{name: a, command: [/bin/true], timeout: 2m}]",
            "1:50: steps[0].timeout: expected a whole number from 0 to 86400, found '2m'"
        ),
        (
            "steps: [{name: a, command: [/bin/true], as: root, secrets: [HF_TOKEN]}]",
            "1:60: steps[0].secrets: a step as root gets no secrets"
        ),
        (
            "steps: [{name: a, command: [/bin/true], secrets: [HF-TOKEN]}]",
            "1:51: steps[0].secrets[0]: 'HF-TOKEN': not the name of a variable"
        ),
        (
            "steps: [{name: a, command: [/bin/true], environment: {NB_USER: x}}]",
            "1:64: steps[0].environment.NB_USER: not the name of a variable that a step can have"
        ),
        (
            "steps: [{name: a, command: [/bin/true], after: scrach}]",
            "1:48: steps[0].after: no step 'scrach'; did you mean scratch?"
        ),
        (
            "steps: [{name: a, command: [/bin/true], after: moon}]",
            "1:48: steps[0].after: no step 'moon'; the steps are identity, scratch, snapshot, shell, links, ssh, caches, git, services"
        ),
        (
            "steps: [{name: a, command: [/bin/true], after: handoff}]",
            "1:48: steps[0].after: nothing runs after handoff, which is the last step"
        ),
        (
            "steps: [{name: a, command: [/bin/true], after: git, before: ssh}]",
            "1:61: steps[0].before: ssh runs before git, which this step is to run after"
        ),
        (
            "steps: [{name: a, command: [/bin/true], after: a}]", "1:48: steps[0].after: the step names itself"
        ),
        (
            "steps:\n- {name: a, command: [/bin/true], after: b}\n- {name: b, command: [/bin/true], before: a, after: c}\n"
                + "- {name: c, command: [/bin/true], before: b, after: a}",
            """
            2:42: steps[0].after: its place depends on 'b', whose place depends on it in turn
            FILE:3:43: steps[1].before: its place depends on 'a', whose place depends on it in turn
            FILE:4:43: steps[2].before: its place depends on 'b', whose place depends on it in turn
            """
        ),
        (
            "steps:\n- {name: a, command: [/bin/true]}\n- {name: a, command: [/bin/false]}",
            "3:10: steps[1].name: 'a' is already the name of the step in line 2"
        ),
    ]

    @Test(arguments: mistakes) func `a mistake is told with its place`(file: String, told: String) throws {
        let expected = "FILE:\(told)".replacing("FILE", with: "/etc/entrypoint.yaml")
        #expect(try Self.order(["etc/entrypoint.yaml": file]) == expected)
    }

    @Test func `a file is checked without the directories that it may speak of`() {
        var configuration = Configuration()
        let text =
            "steps: [{name: a, command: [/bin/true], after: steps.d/10-x}, {name: b, command: [/bin/true], after: x}]"
        configuration.add(Array(text.utf8), name: "x.yaml")
        do throws(SettingsError) {
            _ = try Settings.read(from: Pod.environment(), configuration: configuration)
            Issue.record("no problem")
        } catch {
            #expect(error.problems.map { $0.text.prefix(41) } == ["x.yaml:1:102: steps[1].after: no step 'x'"])
        }
    }

    @Test func `the plan says what would be run, in which order and as whom`() throws {
        let file = """
            steps:
              - {name: early, command: [/opt/early, "a b", --x], as: root, after: identity, timeout: 0}
              - {name: late, command: [/opt/late], onFailure: warn}
            """
        var configuration = Configuration()
        configuration.add(Array(file.utf8), name: "x.yaml")
        let settings = try Settings.read(from: Pod.environment(), configuration: configuration)
        let host = Host.made()
        let plan = Plan(settings, try Pod.people([:], on: host), host)
        let lines = plan.changes.filter { $0.planned.change.kind.isMadeAtEveryStart || $0.step == "identity" }.map {
            change in
            "\(change.step) \(change.planned.by) \(change.planned.onFailure) "
                + (change.planned.change.kind.isMadeAtEveryStart ? change.planned.change.goal : "-")
        }
        #expect(
            lines.suffix(2) == [
                "early [Boot.Actor.root] stop /opt/early a b --x", "late [Boot.Actor.user] warn /opt/late",
            ])
        #expect(plan.changes.firstIndex { $0.step == "early" }.map { plan.changes[$0 + 1].step } == "scratch")
        #expect(plan.changes.last?.step == "late")
    }

    @Test func `the schema and the example know the entries`() {
        #expect(ConfigurationReference(of: BootSequence.groups).schema.contains("\"steps\""))
        #expect(ConfigurationReference(of: BootSequence.groups).schema.contains("\"onFailure\""))
        var configuration = Configuration()
        let parts = ConfigurationReference(of: BootSequence.groups).example.components(separatedBy: "\nsteps:\n")
        #expect(parts.count == 2)
        let example =
            "steps:\n"
            + parts[1].replacing("  #", with: "  ")
            .split(separator: "\n").dropFirst().joined(separator: "\n")
        configuration.add(Array(example.utf8), name: "example.yaml")
        var reader = SettingsReader(environment: Pod.environment(), configuration: configuration)
        #expect(DropInSteps(reading: &reader).dropIns.map(\.name) == ["proxy"])
        #expect(reader.problems.isEmpty, "\(reader.problems)")
    }
}
