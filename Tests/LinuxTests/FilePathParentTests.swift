import Linux
import SystemPackage
import Testing

struct FilePathParentTests {
    @Test(
        arguments: [
            "/", "/a", "/a/b", "/a/b/", "a", "a/b", "", "/a//b", "/a/.", "/a/..", "//", "/\u{e9}/x", "/a/b c/d\n",
        ] as [FilePath])
    func `the parent of a path is what the library makes of it`(path: FilePath) {
        #expect(path.parent == path.removingLastComponent())
    }
}
