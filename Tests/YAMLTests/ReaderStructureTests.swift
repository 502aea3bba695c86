import Testing
import YAML

/// Mappings and lists as they are read, and the ways to what is wrong in them.
struct ReaderStructureTests {
    private struct Directory: Equatable {
        var path: String
        var mode: UInt32?
    }

    private func document(_ text: String) throws -> YAML.Value? {
        YAML.Value(document: try YAML.parse(Array(text.utf8)))
    }

    private func directories(_ reader: inout YAML.Reader, _ value: YAML.Value?) -> [Directory]? {
        reader.list(value) { reader, item in
            let fields = reader.mapping(item, keys: ["path", "mode"])
            let mode = reader.mode(fields["mode"])
            return reader.text(reader.required("path", of: fields)).map { Directory(path: $0, mode: mode) }
        }
    }

    @Test func `a configuration without problems is read`() throws {
        var reader = YAML.Reader()
        let text = "scratch:\n  directories:\n  - {path: /a, mode: 0770}\n  - path: /b\n"
        let top = reader.mapping(try document(text), keys: ["scratch", "links"])
        let scratch = reader.mapping(top["scratch"], keys: ["directories", "umask"])
        #expect(
            directories(&reader, scratch["directories"]) == [
                Directory(path: "/a", mode: 0o770), Directory(path: "/b", mode: nil),
            ])
        #expect(reader.mode(scratch["umask"]) == nil)
        #expect(reader.list(top["links"]) == nil)
        #expect(reader.lines == [])
    }

    @Test func `all problems are told, in the order of the text`() throws {
        var reader = YAML.Reader()
        let text = """
            scratch:
              directories:
                - path: /a
                  mode: 770
                - /b
                - mode: [1]
                -
                - path: {}
                  owner: jane
              umaks: 007
            "two words": 1
            colours: 1
            """
        let top = reader.mapping(try document(text), keys: ["scratch", "links"])
        let scratch = reader.mapping(top["scratch"], keys: ["directories", "umask"])
        #expect(directories(&reader, scratch["directories"]) == [Directory(path: "/a", mode: nil)])
        #expect(
            reader.lines == [
                "f:4:13: scratch.directories[0].mode: expected an octal mode, found '770': write 0770",
                "f:5:7: scratch.directories[1]: expected a mapping, found '/b'",
                "f:6:7: scratch.directories[2]: the key 'path' is missing",
                "f:6:13: scratch.directories[2].mode: expected an octal mode, found a list",
                "f:7:6: scratch.directories[3]: the key 'path' is missing",
                "f:8:13: scratch.directories[4].path: expected text, found a mapping",
                "f:9:7: scratch.directories[4].owner: not a known key; known here: path, mode",
                "f:10:3: scratch.umaks: not a known key; did you mean umask?",
                "f:11:1: ['two words']: not a known key; known here: scratch, links",
                "f:12:1: colours: not a known key; known here: scratch, links",
            ])
    }

    @Test(arguments: ["", "# nothing\n", "~", "scratch:\n", "scratch: null\n"])
    func `a mapping of known keys may be empty or absent`(text: String) throws {
        var reader = YAML.Reader()
        let top = reader.mapping(try document(text), keys: ["scratch"])
        let scratch = reader.mapping(top["scratch"], keys: ["umask"])
        #expect(scratch.all.isEmpty)
        #expect(scratch["umask"] == nil)
        #expect(reader.lines == [])
    }

    @Test(arguments: [
        ("a: b", "f:1:4: a: expected a mapping, found 'b'"), ("a: [b]", "f:1:4: a: expected a mapping, found a list"),
        ("a: ''", "f:1:4: a: expected a mapping, found ''"),
    ])
    func `something else than a mapping of known keys is a problem`(text: String, line: String) throws {
        var reader = YAML.Reader()
        let top = reader.mapping(try document(text), keys: ["a"])
        #expect(reader.mapping(top["a"], keys: ["b"]).mapping == nil)
        #expect(reader.lines == [line])
    }

    @Test func `the document itself may be of a wrong type`() throws {
        var reader = YAML.Reader()
        #expect(reader.mapping(try document("- a"), keys: ["a"]).all.isEmpty)
        #expect(reader.lines == ["f:1:1: expected a mapping, found a list"])
    }

    @Test func `a mapping of free keys keeps their order`() throws {
        var reader = YAML.Reader()
        let top = reader.mapping(try document("caches:\n  UV_CACHE_DIR: uv\n  A.B: [c]\n"), keys: ["caches"])
        let caches = reader.mapping(top["caches"])?.all ?? []
        #expect(caches.map(\.key) == ["UV_CACHE_DIR", "A.B"])
        #expect(caches.map(\.keyMark) == [YAML.Mark(line: 2, column: 3), YAML.Mark(line: 3, column: 3)])
        #expect(caches.map { reader.text($0.value) } == ["uv", nil])
        #expect(reader.lines == ["f:3:8: caches['A.B']: expected text, found a list"])
    }

    @Test func `free keys and items must be written as none, not left out`() throws {
        var reader = YAML.Reader()
        let text = "links:\ncaches:\nnone: []\nempty: {}\nword: x\n"
        let top = reader.mapping(try document(text), keys: ["links", "caches", "none", "empty", "word", "absent"])
        #expect(reader.list(top["links"]) == nil)
        #expect(reader.mapping(top["caches"]) == nil)
        #expect(reader.list(top["none"])?.isEmpty == true)
        #expect(reader.mapping(top["empty"])?.all.isEmpty == true)
        #expect(reader.list(top["word"]) == nil)
        #expect(reader.list(top["absent"]) == nil)
        #expect(reader.mapping(top["absent"]) == nil)
        #expect(
            reader.lines == [
                "f:1:7: links: expected a list, found nothing: write [] for an empty one",
                "f:2:8: caches: expected a mapping, found nothing: write {} for an empty one",
                "f:5:7: word: expected a list, found 'x'",
            ])
    }

    @Test func `a problem that several values have together can be noted`() throws {
        var reader = YAML.Reader()
        guard let value = YAML.Value(document: try YAML.parse(Array("\n  - a".utf8))) else { return }
        reader.note("both before and after itself", at: value)
        #expect(reader.lines == ["f:2:3: both before and after itself"])
    }
}
