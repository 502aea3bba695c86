import Testing
import YAML

/// What YAML has and configuration has not.
struct RefusedSyntaxTests {
    private static let anchor = "anchors are not supported: write the value out, or quote text that begins with &"
    private static let alias = "aliases are not supported: write the value out, or quote text that begins with *"
    private static let tag = "tags are not supported: remove it, or quote text that begins with !"
    private static let directive =
        "directives are not supported: remove this line, or quote text that begins with %"
    private static let keySign =
        "keys that begin with ? are not supported: write 'key: value', or quote text that begins with ?"
    private static let merge = "merge keys are not supported: write the keys and values out"
    private static let onwards =
        "text without quotes goes on in the next line: correct the indentation, or quote it"
    private static let ended = "unexpected: the document has ended before, and a file has only one"

    @Test(arguments: [
        Refused("a: &b c", "f:1:4: \(anchor)"),
        Refused("a: &b\n  c: d", "f:1:4: \(anchor)"),
        Refused("a: &", "f:1:4: \(anchor)"),
        Refused("&a b: c", "f:1:1: \(anchor)"),
        Refused("a: *b", "f:1:4: \(alias)"),
        Refused("- *_TOKEN", "f:1:3: \(alias)"),
        Refused("- *.log", "f:1:3: \(alias)"),
        Refused("*a : b", "f:1:1: \(alias)"),
        Refused("a: !!str b", "f:1:4: \(tag)"),
        Refused("a: ! b", "f:1:4: \(tag)"),
        Refused("a: !b c", "f:1:4: \(tag)"),
        Refused("a: !b!c d", "f:1:4: \(tag)"),
        Refused("a: !<tag:x> b", "f:1:4: \(tag)"),
        Refused("a: !<x", "f:1:4: \(tag)"),
        Refused("!!map {a: b}", "f:1:1: \(tag)"),
        Refused("a: !b &c d", "f:1:4: \(tag)", "f:1:7: \(anchor)"),
        Refused("<<: {a: b}", "f:1:1: \(merge)"),
        Refused("a:\n- <<: [{b: c}]", "f:2:3: a[0]: \(merge)"),
        Refused("a: 1\n---\nb: 2", "f:2:1: a second document begins here: write one document a file"),
        Refused("---\n---\n", "f:2:1: a second document begins here: write one document a file"),
        Refused("a: 1\n...\nb: 2", "f:3:1: \(ended)"),
        Refused("{a: b} c", "f:1:8: \(ended)"),
        Refused("%YAML 1.2\n---\na: b", "f:1:1: \(directive)"),
        Refused("%YAML 1.2\na: b", "f:1:1: \(directive)"),
        Refused("%YAML x\n---\na: b", "f:1:1: \(directive)"),
        Refused("%TAG ! tag:x:\n---\na: b", "f:1:1: \(directive)"),
        Refused("%b", "f:1:1: \(directive)"),
        Refused("a: b\n%c: d", "f:2:1: \(directive)"),
        Refused("? a\n: b", "f:1:1: \(keySign)"),
        Refused("?\n  # why\n  a\n: b", "f:1:1: \(keySign)"),
        Refused("{? a : b}", "f:1:2: \(keySign)"),
        Refused("? [a]\n: b", "f:1:1: \(keySign)", "f:1:3: expected text as a key, found a list"),
        Refused("a: ? b", "f:1:4: \(keySign)"),
        Refused("[a]: b", "f:1:1: expected text as a key, found a list"),
        Refused("c:\n  {a: b}: d", "f:2:3: c: expected text as a key, found a mapping; quote text that has { or }"),
        Refused("a:\n- b\n  - c", "f:2:3: a[0]: \(onwards)"),
        Refused("a: b\n  c", "f:1:4: a: \(onwards)"),
        Refused("a: \"b\\0c\"", "f:1:4: a: a NUL character: no setting can have one"),
    ])
    func `each is named with its position`(refused: Refused) {
        #expect(refusals(refused.text) == refused.lines)
    }

    @Test func `all that is refused is told at once, in the order of the text`() {
        let text = """
            a: &x 1
            b: *x
            c: !!str 2
            d: {e: 1, e: 2}
            <<: *x
            a: 5
            """
        #expect(
            refusals(text) == [
                "f:1:4: \(Self.anchor)", "f:2:4: \(Self.alias)", "f:3:4: \(Self.tag)",
                "f:4:11: d.e: the key is already in line 4, column 5", "f:5:1: \(Self.merge)",
                "f:5:5: \(Self.alias)", "f:6:1: a: the key is already in line 1, column 1",
            ])
    }

    @Test func `every repetition of a key names the first and the way to it`() {
        let text = """
            scratch:
              umask: 007
              "umask": 077
              directories:
                - path: /a
                  path: /b
              umask: 022
            scratch: {}
            """
        #expect(
            refusals(text) == [
                "f:3:3: scratch.umask: the key is already in line 2, column 3",
                "f:6:7: scratch.directories[0].path: the key is already in line 5, column 7",
                "f:7:3: scratch.umask: the key is already in line 2, column 3",
                "f:8:1: scratch: the key is already in line 1, column 1",
            ])
    }

    @Test func `a key of hostile length or form stays on one short line`() {
        let key = String(repeating: "k", count: 200)
        #expect(
            refusals("\(key): 1\n\(key): 2\n\"a\\nb\": 1\n\"a\\nb\": 2") == [
                "f:2:1: ['\(String(repeating: "k", count: 80))…']: the key is already in line 1, column 1",
                "f:4:1: ['a\\nb']: the key is already in line 3, column 1",
            ])
    }
}
