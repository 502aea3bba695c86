import Testing
import YAML

/// What is accepted, and where it stands.
struct TreeTests {
    @Test func `a configuration becomes a tree with positions`() throws {
        let text = """
            # Image policy
            scratch:
              umask: 007
              directories:
                - path: /scratch/homes   # the root of all
                  mode: "0770"
                - {path: '/scratch/cache', mode: 02770, shared: yes}
              seed:
            groups:
            - sudo
            - "two words"
            empty: [{}, []]
            text: |
              first
              second
            folded: >-
              one
              line
            """
        let expected = """
            2:1 mapping
              2:1 key 'scratch'
                3:3 mapping
                  3:3 key 'umask'
                    3:10 plain '007'
                  4:3 key 'directories'
                    5:5 list
                      5:7 mapping
                        5:7 key 'path'
                          5:13 plain '/scratch/homes'
                        6:7 key 'mode'
                          6:13 quoted '0770'
                      7:7 mapping
                        7:8 key 'path'
                          7:14 quoted '/scratch/cache'
                        7:32 key 'mode'
                          7:38 plain '02770'
                        7:45 key 'shared'
                          7:53 plain 'yes'
                  8:3 key 'seed'
                    8:8 plain ''
              9:1 key 'groups'
                10:1 list
                  10:3 plain 'sudo'
                  11:3 quoted 'two words'
              12:1 key 'empty'
                12:8 list
                  12:9 mapping
                  12:13 list
              13:1 key 'text'
                13:7 quoted 'first\\nsecond\\n'
              16:1 key 'folded'
                16:9 quoted 'one line'

            """
        #expect(dump(try YAML.parse(Array(text.utf8))) == expected)
    }

    @Test(arguments: [
        ("", "empty\n"),
        ("# nothing\n\n", "empty\n"),
        ("\u{FEFF}", "empty\n"),
        ("---\n", "2:1 plain ''\n"),
        ("word", "1:1 plain 'word'\n"),
        ("---\nword\n...\n", "2:1 plain 'word'\n"),
        ("\u{FEFF}- a", "1:1 list\n  1:3 plain 'a'\n"),
        ("- a\r\n- b\r\n", "1:1 list\n  1:3 plain 'a'\n  2:3 plain 'b'\n"),
        ("ä: 'ö𝄞'", "1:1 mapping\n  1:1 key 'ä'\n    1:4 quoted 'ö𝄞'\n"),
        ("[ä, 𝄞, c]", "1:1 list\n  1:2 plain 'ä'\n  1:5 plain '𝄞'\n  1:8 plain 'c'\n"),
        ("a:\tb", "1:1 mapping\n  1:1 key 'a'\n    1:4 plain 'b'\n"),
        ("[\n\ta,\n\tb ]", "1:1 list\n  2:2 plain 'a'\n  3:2 plain 'b'\n"),
        ("\"two\n  lines\"", "1:1 quoted 'two lines'\n"),
        ("[a: b]", "1:1 list\n  1:2 mapping\n    1:2 key 'a'\n      1:5 plain 'b'\n"),
        ("{a, b: c}", "1:1 mapping\n  1:2 key 'a'\n    1:3 plain ''\n  1:5 key 'b'\n    1:8 plain 'c'\n"),
        ("'<<': '*a'", "1:1 mapping\n  1:1 key '<<'\n    1:7 quoted '*a'\n"),
        // To Swift the two keys are equal texts; to a file system they are two names.
        (
            "e\u{301}: 1\n\u{E9}: 2",
            "1:1 mapping\n  1:1 key 'e\u{301}'\n    1:5 plain '1'\n  2:1 key '\u{E9}'\n    2:4 plain '2'\n"
        ),
    ])
    func `texts become trees`(text: String, tree: String) throws {
        #expect(dump(try YAML.parse(Array(text.utf8))) == tree)
    }

    @Test(arguments: [
        ("key:", true), ("key: ~", true), ("key: null", true), ("key: NULL", true), ("key: ''", false),
        ("key: 'null'", false), ("key: no", false), ("key: nil", false), ("key: []", false),
    ])
    func `only no value, null and ~ without quotes are nothing`(text: String, isNothing: Bool) throws {
        guard case .mapping(let entries)? = try YAML.parse(Array(text.utf8))?.content else {
            Issue.record("not a mapping")
            return
        }
        #expect(entries.map(\.value.isNothing) == [isNothing])
    }
}
