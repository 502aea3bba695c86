import Foundation
import TestSupport
import Testing

/// `scripts/release`, of the programs that were built.
@Suite(.containers)
struct ReleaseTests {
    /// The commit that the programs tell.
    private static func commit() throws -> String {
        let version = try Program(["\(try TestMachine.programs)/entrypoint", "--version"]).run().output
        return String(try #require(version.firstMatch(of: /commit ([^)]+)\)/)?.1, "\(version)"))
    }

    static func release(into directory: String, commit: String? = nil) throws -> Outcome {
        var script = Program(
            "/bin/bash",
            [
                "\(ImageBuild.project)/scripts/release", "--modified", "--programs", "\(try TestMachine.programs)",
                "\(directory)",
            ])
        script.environment = .inherited(with: ["COMMIT": try commit ?? Self.commit()])
        return try script.run(within: .seconds(600))
    }

    @Test func `a release has both programs, checksums and a bill, and the same bytes each time`() throws {
        try withRunDirectory { directory in
            let (first, second) = (directory + "/first", directory + "/second")
            for release in [first, second] {
                let outcome = try Self.release(into: release)
                try #require(outcome.exitCode == 0, "\(outcome)")
            }
            let same = try Program(["/usr/bin/diff", "-r", first, second]).run()
            #expect(same.exitCode == 0, "\(same)")
            var sums = Program(["/usr/bin/sha256sum", "--check", "--strict", "SHA256SUMS"])
            sums.directory = first
            let checked = try sums.run()
            #expect(checked.exitCode == 0 && checked.outputLines.count == 3, "\(checked)")

            let name = try #require(
                FileManager.default.contentsOfDirectory(atPath: first).first { $0.hasSuffix(".tar.gz") })
            let unpacked = try Program(["/bin/tar", "-xzf", "\(first)/\(name)", "-C", directory]).run()
            #expect(unpacked.exitCode == 0, "\(unpacked)")
            let tree = directory + "/" + name.dropLast(".tar.gz".count)
            for program in ["entrypoint", "entrypointctl"] {
                #expect(
                    FileManager.default.contentsEqual(
                        atPath: "\(tree)/bin/\(program)", andPath: "\(try TestMachine.programs)/\(program)"))
            }
            #expect(FileManager.default.fileExists(atPath: tree + "/share/man/man1/entrypoint.1"))
        }
    }

    @Test func `the bill names what is linked, with versions and licences`() throws {
        struct Bill: Decodable {
            struct Component: Decodable {
                struct License: Decodable { var expression: String }
                var name: String
                var version: String
                var purl: String?
                var licenses: [License]?
            }
            struct Metadata: Decodable {
                struct Property: Decodable { var name: String; var value: String }
                struct Own: Decodable { var version: String; var properties: [Property] }
                var component: Own
            }
            var bomFormat: String
            var specVersion: String
            var metadata: Metadata
            var components: [Component]
        }
        try withRunDirectory { directory in
            let outcome = try Self.release(into: directory)
            try #require(outcome.exitCode == 0, "\(outcome)")
            let name = try #require(
                FileManager.default.contentsOfDirectory(atPath: directory).first { $0.hasSuffix(".cdx.json") })
            let bill = try JSONDecoder().decode(
                Bill.self, from: Data(contentsOf: URL(filePath: directory + "/" + name)))
            #expect(bill.bomFormat == "CycloneDX" && bill.specVersion == "1.5")
            #expect(bill.metadata.component.properties.first?.value == (try Self.commit()))
            let names = ["swift", "swift-argument-parser", "glibc", "libcap2", "libyaml", "c-ares", "gcc-12"]
            #expect(bill.components.map(\.name) == names)
            for component in bill.components {
                #expect(component.version.contains(/^[0-9][0-9.]*/), "\(component)")
                #expect(component.purl?.hasPrefix("pkg:") == true && component.licenses?.count == 1, "\(component)")
            }
        }
    }

    @Test func `a release of programs of another commit is refused`() throws {
        try withRunDirectory { directory in
            let outcome = try Self.release(into: directory + "/new", commit: "1a2b3c")
            #expect(outcome.exitCode == 1 && outcome.errorLines.count == 1, "\(outcome)")
            #expect(outcome.errors.contains(" is not of ") && outcome.errors.contains(": build it anew"))
        }
    }

    /// `COMMIT`, whether a file was changed, and what is told: `HEAD` stands for the commit of git.
    static let commits: [(commit: String, isModified: Bool, told: String)] = [
        ("", true, "files differ from the commit: commit them, or give --modified"),
        ("HEAD", true, "files differ from the commit: commit them, or give --modified"),
        ("v1", true, "files differ from the commit: commit them, or give --modified"),
        (
            "1a2b3c", false,
            "COMMIT is 1a2b3c, and git has HEAD: check that commit out, leave COMMIT out, or give --modified"
        ),
        ("a b", false, "COMMIT is no name of a commit: up to 79 letters, digits, dots, _ and - are expected"),
        // What comes next: it was accepted.
        ("HEAD", false, "there is no Package.resolved, which scripts/build leaves: nothing was built here"),
        ("v1", false, "there is no Package.resolved, which scripts/build leaves: nothing was built here"),
        ("", false, "there is no Package.resolved, which scripts/build leaves: nothing was built here"),
    ]

    @Test(arguments: commits)
    func `a release is of git's commit, and of no other files`(commit: String, isModified: Bool, told: String) throws {
        try withRunDirectory { directory in
            let clone = try ScriptClone("release", in: directory)
            if isModified { try clone.modify() }
            let outcome = try clone.run(
                ["--programs", "\(directory)", "\(directory)/new"],
                ["COMMIT": ByteString(commit.replacing("HEAD", with: clone.head))])
            #expect(outcome.exitCode == (commit == "a b" ? 64 : 1), "\(outcome)")
            #expect(outcome.errorLines == ["release: " + told.replacing("HEAD", with: clone.head)], "\(outcome)")
        }
    }

    @Test func `the dev container feature has the version of the programs`() throws {
        struct Feature: Decodable { var version: String }
        let file = URL(filePath: ImageBuild.project + "/docker/devcontainer-feature/devcontainer-feature.json")
        let feature = try JSONDecoder().decode(Feature.self, from: Data(contentsOf: file))
        let version = try Program(["\(try TestMachine.programs)/entrypoint", "--version"]).run().output
        #expect(version.hasPrefix("entrypoint \(feature.version) "))
    }
}
