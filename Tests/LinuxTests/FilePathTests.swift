import Linux
import Testing

struct FilePathTests {
    /// The bytes that C code sees.
    private static func bytes(_ start: UnsafePointer<CChar>) -> [UInt8] { Array(String(cString: start).utf8) }

    /// A path of bytes.
    private static func path(_ bytes: [UInt8]) -> FilePath {
        (bytes + [0]).withUnsafeBytes { buffer in
            buffer.baseAddress.map { FilePath(platformString: $0.assumingMemoryBound(to: CChar.self)) } ?? ""
        }
    }

    @Test(
        arguments: [
            ("", ""), ("/", "/"), ("//", "/"), ("///", "/"), ("a", "a"), ("a/", "a"), ("a//", "a"), ("/a/", "/a"),
            ("///a//b///c/", "/a/b/c"), ("./a", "./a"), ("/..", "/.."), ("a/./b", "a/./b"), ("é/ü/", "é/ü"),
            ("a\0b", "a"), ("\0a", ""), ("a/\0", "a"), (" ", " "), ("a\n", "a\n"),
        ])
    func `slashes are brought into normal form, and a path ends at the first NUL`(text: String, normal: String) {
        let path = FilePath(text)
        #expect(path.string == normal)
        #expect(path.description == normal)
        #expect(FilePath(stringLiteral: text) == path)
        #expect(path.withPlatformString { Self.bytes($0) } == Array(normal.utf8))
        #expect(text.withCString { FilePath(platformString: $0) } == path)
        #expect(path.isEmpty == normal.isEmpty)
        #expect(path.isAbsolute == normal.hasPrefix("/"))
        #expect((path.root != nil) == path.isAbsolute)
    }

    @Test(
        arguments: [
            ([0xFF], "\u{FFFD}"), ([0x2F, 0xC3], "/\u{FFFD}"), ([0x61, 0xFF, 0x2F, 0xFE, 0x62], "a\u{FFFD}/\u{FFFD}b"),
            (Array(1...0x2E), nil), (Array(0x30...0xFF), nil),
        ] as [([UInt8], String?)])
    func `bytes stay as they are, and text has U+FFFD for what is not UTF-8`(bytes: [UInt8], text: String?) throws {
        let path = Self.path(bytes)
        let kept = path.withPlatformString { start in (0...bytes.count).map { UInt8(bitPattern: start[$0]) } }
        #expect(kept == bytes + [0])
        if let text { #expect(path.string == text) }
        let below = Self.path(Array("/x/".utf8) + bytes)
        #expect(FilePath("/x").pushing(path) == (path.isAbsolute ? path : below))
        #expect(FilePath(root: below.root, Array(below.components)) == below)
    }

    @Test func `a path is as long as it needs to be`() {
        let names = (0..<2000).map { "name-\($0)" }
        let path = names.reduce(into: "/" as FilePath) { $0.append($1) }
        #expect(path.string == "/" + names.joined(separator: "/"))
        #expect(path.components.map(\.string) == names)
        #expect(path.components.count == names.count)
    }

    @Test func `paths are equal when their bytes are`() {
        #expect("/a//b/" as FilePath == "/a/b")
        #expect("/a" as FilePath != "a")
        #expect("a" as FilePath != "ab")
        #expect("" as FilePath != "/")
        // Both texts look the same and are equal as strings.
        #expect("\u{E9}" as FilePath != "e\u{301}")
        #expect(Set<FilePath>(["/a", "/a/", "//a", "a", "", "/"]).count == 4)
        #expect(Set(("a/b/a" as FilePath).components).count == 2)
    }
}

// Components.
extension FilePathTests {
    /// What is known of a path.
    struct Parts {
        var path: FilePath
        var names: [String]
        var parent: FilePath

        init(_ path: FilePath, _ names: [String], parent: FilePath) {
            (self.path, self.names, self.parent) = (path, names, parent)
        }
    }

    @Test(arguments: [
        Parts("", [], parent: ""), Parts("/", [], parent: "/"), Parts("a", ["a"], parent: ""),
        Parts("/a", ["a"], parent: "/"), Parts("a/b", ["a", "b"], parent: "a"),
        Parts("/a/bc/d", ["a", "bc", "d"], parent: "/a/bc"), Parts("/a/..", ["a", ".."], parent: "/a"),
        Parts("/é/x y/\n", ["é", "x y", "\n"], parent: "/é/x y"),
    ])
    func `a path consists of its components`(parts: Parts) throws {
        let path = parts.path
        let last = path.lastComponent
        #expect(path.components.map(\.string) == parts.names)
        #expect(path.components.count == parts.names.count)
        #expect(path.components.map { $0.withPlatformString(Self.bytes) } == parts.names.map { Array($0.utf8) })
        #expect(last?.string == parts.names.last)
        #expect(path.parent == parts.parent)
        var shorter = path
        #expect(shorter.removeLastComponent() == (last != nil))
        #expect(shorter == parts.parent)
        if let last { #expect(parts.parent.appending(last) == path) }
        #expect(FilePath(root: path.root, path.components) == path)
        #expect(FilePath(root: path.root, Array(path.components)) == path)
        #expect(FilePath(root: nil, path.components).string == parts.names.joined(separator: "/"))
    }

    @Test(
        arguments: [
            ("a", "a"), ("a/", "a"), ("a//", "a"), (".", "."), ("..", ".."), ("...", "..."), ("a\0b", "a"), ("", nil),
            ("/", nil), ("/a", nil), ("a/b", nil), ("\0", nil),
        ] as [(String, String?)])
    func `a component is one name`(text: String, name: String?) {
        let component = FilePath.Component(text)
        #expect(component?.string == name)
        #expect(component?.description == name)
        #expect(text.withCString { FilePath.Component(platformString: $0) } == component)
    }

    @Test(
        arguments: [
            (".", .currentDirectory), ("..", .parentDirectory), ("...", .regular), (".a", .regular), ("a.", .regular),
            ("a", .regular), ("ab", .regular), ("é", .regular),
        ] as [(FilePath.Component, FilePath.Component.Kind)])
    func `only one dot and two dots are no names of entries`(name: FilePath.Component, kind: FilePath.Component.Kind) {
        #expect(name.kind == kind)
        // As a part of a longer path.
        #expect(FilePath("/.").appending(name).appending("..").components.map(\.kind)[1] == kind)
    }

    @Test(
        arguments: [
            ("/a/b.conf", "b", "conf"), ("b.tar.gz", "b.tar", "gz"), ("b", "b", nil), ("b.", "b", ""),
            (".b", ".b", nil), ("..b", ".", "b"), (".", ".", nil), ("..", "..", nil), ("/", nil, nil), ("", nil, nil),
            ("a.b/c", "c", nil), ("é.ü", "é", "ü"),
        ] as [(FilePath, String?, String?)])
    func `the extension is what comes after the last dot`(path: FilePath, stem: String?, suffix: String?) {
        #expect(path.stem == stem)
        #expect(path.extension == suffix)
    }

    @Test(arguments: [1, 15, 16, 255, 256, 1023, 1024, 5000])
    func `C code sees a component without what comes after it`(length: Int) throws {
        let name = String(repeating: "n", count: length)
        let first = try #require(FilePath("\(name)/after").components.map { $0 }.first)
        #expect(first.withPlatformString(Self.bytes) == Array(name.utf8))
        #expect(first == FilePath.Component(name))
        #expect(first.hashValue == FilePath.Component(name)?.hashValue)
        #expect(FilePath(root: nil, [first]).string == name)
    }

    @Test func `an error of the function is passed on`() {
        let path: FilePath = "a/b"
        #expect(throws: Errno.ioError) { try path.withPlatformString { _ throws(Errno) in throw .ioError } }
        for name in path.components {
            #expect(throws: Errno.ioError) { try name.withPlatformString { _ throws(Errno) in throw .ioError } }
        }
    }
}

// Paths of other paths.
extension FilePathTests {
    @Test(
        arguments: [
            ("/a", "b", "/a/b", "/a/b"), ("/a", "/b", "/a/b", "/b"), ("/a", "b//c/", "/a/b/c", "/a/b/c"),
            ("/a", "", "/a", "/a"), ("/a", "/", "/a", "/"), ("/a", "//", "/a", "/"), ("/", "b", "/b", "/b"),
            ("/", "/", "/", "/"), ("", "b", "b", "b"), ("", "/b", "/b", "/b"), ("", "", "", ""),
            ("a", "..", "a/..", "a/.."), ("a", "b\0c", "a/b", "a/b"),
        ])
    func `an absolute path is put after another without its root, or in its place`(
        start: FilePath, text: String, appended: FilePath, pushed: FilePath
    ) {
        #expect(start.appending(text) == appended)
        #expect(start.pushing(FilePath(text)) == pushed)
        #expect(start.isEmpty || start.appending(FilePath(text).components) == appended)
        var path = start
        path.append(text)
        #expect(path == appended)
    }

    @Test(
        arguments: [
            ("/a/b", "/a", "b"), ("/a/b", "/a/b", ""), ("/a/b", "/", "a/b"), ("/", "/", ""), ("a/b", "a", "b"),
            ("a", "", "a"), ("", "", ""), ("/ab", "/a", nil), ("/a", "/a/b", nil), ("/a", "a", nil), ("a", "/a", nil),
            ("a", "/", nil), ("", "a", nil), ("/a/b", "/a/c", nil), ("/é/b", "/é", "b"),
        ] as [(FilePath, FilePath, FilePath?)])
    func `a path starts with whole components of another`(path: FilePath, start: FilePath, rest: FilePath?) {
        #expect(path.starts(with: start) == (rest != nil))
        var shorter = path
        #expect(shorter.removePrefix(start) == (rest != nil))
        #expect(shorter == rest ?? path)
    }

    @Test func `every path starts with an empty one, which is not taken away from an absolute one`() {
        var path: FilePath = "/a"
        #expect(path.starts(with: ""))
        let isRemoved = path.removePrefix("")
        #expect(!isRemoved)
        #expect(path == "/a")
    }

    @Test(
        arguments: [
            ("", ""), ("/", "/"), ("a/b", "a/b"), (".", ""), ("/.", "/"), ("./a", "a"), ("a/.", "a"), ("a/./b", "a/b"),
            ("a/..", ""), ("a/../b", "b"), ("a/b/..", "a"), ("/..", "/"), ("/../..", "/"), ("/../a", "/a"),
            ("..", ".."), ("../..", "../.."), ("../a/..", ".."), ("a/../..", ".."), ("../a/../../b", "../../b"),
            ("/a/b/../../c/./d", "/c/d"), ("...", "..."), ("/a/...", "/a/..."),
        ] as [(FilePath, FilePath)])
    func `dots are resolved without the file system`(path: FilePath, normal: FilePath) {
        #expect(path.lexicallyNormalized() == normal)
        #expect(path.isLexicallyNormal == (path == normal))
        #expect(normal.isLexicallyNormal)
    }
}
