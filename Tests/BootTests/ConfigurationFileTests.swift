import Foundation
import Glibc
import Init
import Linux
import Programs
import Testing

@testable import Boot

/// Where configuration files are, which of them count, and what else may be in their places.
struct ConfigurationFileTests {
    /// Calls the body with a directory that is a container's root, and functions that write below it.
    private static func withRoot(_ body: (FileTree, URL) throws -> Void) throws {
        let root = FileManager.default.temporaryDirectory.appending(path: "entrypoint-test-\(UUID().uuidString)")
        let directory = root.appending(path: "etc/entrypoint/conf.d")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: root) }
        try body(FileTree(root: FilePath(root.path)), root.appending(path: "etc"))
    }

    private static func level(_ configuration: Configuration, _ environment: EnvironmentBlock = EnvironmentBlock())
        throws -> String
    {
        try Settings.read(from: environment, configuration: configuration).log.level.rawValue
    }

    private func write(_ text: String, to url: URL) throws { try Data(text.utf8).write(to: url) }

    @Test func `a default counts less than a file, which counts less than a later one, and all less than the pod`()
        throws
    {
        try Self.withRoot { tree, etc in
            #expect(Configuration.read(from: tree).files.isEmpty)
            #expect(try Self.level(Configuration.read(from: tree)) == "info")
            try write("log: {level: quiet}\n", to: etc.appending(path: "entrypoint.yaml"))
            #expect(try Self.level(Configuration.read(from: tree)) == "quiet")
            try write("log: {level: debug}\n", to: etc.appending(path: "entrypoint/conf.d/10.yaml"))
            #expect(try Self.level(Configuration.read(from: tree)) == "debug")
            try write("log: {level: info}\n", to: etc.appending(path: "entrypoint/conf.d/9.yaml"))
            #expect(try Self.level(Configuration.read(from: tree)) == "info")
            try write("log: {level: quiet}\n", to: etc.appending(path: "named"))
            let configuration = Configuration.read(from: tree, named: "/etc/named")
            #expect(try Self.level(configuration) == "quiet")
            #expect(
                configuration.files.map(\.name) == [
                    "/etc/entrypoint.yaml", "/etc/entrypoint/conf.d/10.yaml", "/etc/entrypoint/conf.d/9.yaml",
                    "/etc/named",
                ])
            #expect(try Self.level(configuration, EnvironmentBlock("ENTRYPOINT_LOG=debug")) == "debug")
            var reader = SettingsReader(
                environment: EnvironmentBlock("ENTRYPOINT_GRACE=2"), options: ["ENTRYPOINT_GRACE": "3"],
                configuration: configuration)
            #expect(InitSettings(reading: &reader).grace == 3_000_000_000)
        }
    }

    @Test func `lists take the place of earlier ones, and secrets and caches add up`() throws {
        var configuration = Configuration()
        configuration.add(
            Array(
                """
                links: {names: [a, b]}
                secrets: {stripped: [ONE], passed: ["TWO_*"]}
                caches: {directories: {A_CACHE: a, UV_CACHE_DIR: /uv, B_CACHE: none}}
                """.utf8), name: "1")
        configuration.add(
            Array(
                """
                links: {names: [c/]}
                secrets: {stripped: ["*_THREE"]}
                caches: {directories: {A_CACHE: /b, UV_PYTHON_INSTALL_DIR: none}}
                """.utf8), name: "2")
        let environment = EnvironmentBlock(
            Pod.environment().entries + ["ONE=1", "TWO_X=2", "B_THREE=3", "FOUR=4"].map(string))
        let settings = try Settings.read(from: environment, configuration: configuration)
        #expect(settings[PersistentLinks.self]?.names.map(\.path) == ["c"])
        let snapshots = ["SNAPSHOT_ACCESS_KEY", "SNAPSHOT_PASSWORD", "SNAPSHOT_SECRET_KEY", "SNAPSHOT_SESSION_TOKEN"]
        #expect(
            settings.secrets.stripped(in: environment) == Set(["ONE", "B_THREE", "SSH_PRIVATE_KEY_B64"] + snapshots))
        #expect(["ONE", "TWO_X", "B_THREE", "FOUR"].map(settings.secrets.isSecret) == [true, true, true, false])
        let caches = try #require(settings[Caches.self])
        #expect(
            caches.plan(try PlanFacts.context(settings)).exports == [
                Export("UV_CACHE_DIR", .place("/uv")), Export("A_CACHE", .place("/b")),
                Export("UV_LINK_MODE", .textWhenApart("copy", "/uv", "/scratch/homes/jane/work")),
            ])
    }

    @Test func `only what ends in .yaml counts, in the order of the bytes of the names`() throws {
        try Self.withRoot { tree, etc in
            let directory = etc.appending(path: "entrypoint/conf.d")
            for name in ["b.yaml", "a.yaml", "B.yaml", "é.yaml", "z.yaml", "a.yaml.bak", "README", ".a.yaml", "x.json"]
            {
                try write(
                    name.hasSuffix(".yaml") && !name.hasPrefix(".") ? "" : "{", to: directory.appending(path: name))
            }
            try FileManager.default.createDirectory(
                at: directory.appending(path: "old"), withIntermediateDirectories: false)
            let configuration = Configuration.read(from: tree)
            #expect(configuration.problems.isEmpty)
            let names = configuration.files.map { String($0.name.split(separator: "/").last ?? "") }
            #expect(names == ["B.yaml", "a.yaml", "b.yaml", "z.yaml", "é.yaml"])
            try write("", to: directory.appending(path: "site.yml"))
            #expect(
                Configuration.read(from: tree).problems.map(\.whole) == [
                    "/etc/entrypoint/conf.d/site.yml: name it .yaml: no other file is read"
                ])
        }
    }

    @Test func `links are followed, as in a mounted ConfigMap, and never out of the root`() throws {
        try Self.withRoot { tree, etc in
            let directory = etc.appending(path: "entrypoint/conf.d")
            let files = FileManager.default
            try files.createDirectory(at: directory.appending(path: "..2026"), withIntermediateDirectories: false)
            try write("log: {level: debug}", to: directory.appending(path: "..2026/a.yaml"))
            try files.createSymbolicLink(
                atPath: directory.appending(path: "..data").path, withDestinationPath: "..2026")
            try files.createSymbolicLink(
                atPath: directory.appending(path: "a.yaml").path, withDestinationPath: "..data/a.yaml")
            #expect(try Self.level(Configuration.read(from: tree)) == "debug")
            // Above the root is the root again: what the machine has there is not the container's.
            let outside = etc.deletingLastPathComponent().path + ".yaml"
            try write("log: {level: quiet}", to: URL(filePath: outside))
            defer { try? files.removeItem(atPath: outside) }
            for target in [outside, "../../../../..\(outside)", "/proc/self/root\(outside)"] {
                try? files.removeItem(at: etc.appending(path: "entrypoint.yaml"))
                try files.createSymbolicLink(
                    atPath: etc.appending(path: "entrypoint.yaml").path, withDestinationPath: target)
                #expect(try Self.level(Configuration.read(from: tree)) == "debug")
                #expect(
                    Configuration.read(from: tree, named: "/etc/entrypoint.yaml").problems.map(\.whole) == [
                        "/etc/entrypoint.yaml: no such file"
                    ])
            }
        }
    }

    @Test func `what is no file is told, and not waited for`() throws {
        try Self.withRoot { tree, etc in
            func problems(_ name: String) -> [String] {
                Configuration.read(from: tree, named: FilePath("/etc/\(name)")).problems.map(\.whole)
            }
            #expect(problems("none") == ["/etc/none: no such file"])
            #expect(problems("entrypoint") == ["/etc/entrypoint: it is a directory, and a file is expected"])
            try #require(mkfifo(etc.appending(path: "pipe").path, 0o600) == 0)
            #expect(problems("pipe") == ["/etc/pipe: it is a named pipe, and a file is expected"])
            try FileManager.default.createSymbolicLink(
                atPath: etc.appending(path: "loop").path, withDestinationPath: "loop")
            #expect(problems("loop") == ["/etc/loop: too many levels of symbolic links (openat2 ELOOP)"])
            #expect(problems("loop/x") == ["/etc/loop/x: too many levels of symbolic links (openat2 ELOOP)"])
            try write("", to: etc.appending(path: "file"))
            #expect(problems("file/x") == ["/etc/file/x: not a directory (openat2 ENOTDIR)"])
            try FileManager.default.createDirectory(
                at: etc.appending(path: "entrypoint/conf.d/d.yaml"), withIntermediateDirectories: false)
            #expect(
                Configuration.read(from: tree).problems.map(\.whole) == [
                    "/etc/entrypoint/conf.d/d.yaml: it is a directory, and a file is expected"
                ])
        }
    }

    @Test func `a file where the directory of further files is expected is a problem`() throws {
        try Self.withRoot { tree, etc in
            try FileManager.default.removeItem(at: etc.appending(path: "entrypoint"))
            #expect(Configuration.read(from: tree).problems.map(\.whole) == [])
            try write("", to: etc.appending(path: "entrypoint"))
            #expect(
                Configuration.read(from: tree).problems.map(\.whole) == [
                    "/etc/entrypoint/conf.d: not a directory (openat2 ENOTDIR)",
                    "/etc/entrypoint/steps.d: not a directory (openat2 ENOTDIR)",
                    "/etc/entrypoint/user-steps.d: not a directory (openat2 ENOTDIR)",
                ])
        }
    }

    @Test func `a file of 10 MB is not read to its end`() throws {
        try Self.withRoot { tree, etc in
            try Data(repeating: UInt8(ascii: "#"), count: 10_000_000).write(to: etc.appending(path: "entrypoint.yaml"))
            #expect(
                Configuration.read(from: tree).problems.map(\.whole) == [
                    "/etc/entrypoint.yaml:1:1: the file is too large: at most 1048576 bytes are read"
                ])
        }
    }

    @Test func `the variable that names a file must have a path`() throws {
        for value in ["relative", "/a/../b"] {
            let environment = Pod.environment(["ENTRYPOINT_CONFIG": Array(value.utf8)])
            #expect(Configuration.file(namedBy: environment) == nil)
            #expect(Pod.problems(environment).count == 1)
        }
        #expect(Configuration.file(namedBy: Pod.environment(["ENTRYPOINT_CONFIG": Array("/x".utf8)])) == "/x")
        #expect(Configuration.file(namedBy: Pod.environment(["ENTRYPOINT_CONFIG": []])) == nil)
    }
}
