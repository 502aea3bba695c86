import Foundation
import TestSupport
import Testing

/// What `--version` tells.
struct VersionTests {
    @Test func `both programs tell one version, and the commit that they were built from`() throws {
        var told: [Substring] = []
        for name in ["entrypoint", "entrypointctl"] {
            let outcome = try Program(["\(try TestMachine.programs)/\(name)", "--version"]).run()
            let words = try /(\w+) (\d+\.\d+\.\d+ \(commit [A-Za-z0-9._-]+\))\n/.wholeMatch(in: outcome.output)
            let match = try #require(words, "\(outcome)")
            #expect(match.1 == name)
            told.append(match.2)
        }
        #expect(told.first == told.last)
        // In a clone the commit is git's, whatever has been committed since.
        let git = try Program(["/usr/bin/git", "-C", ImageBuild.project, "rev-parse", "HEAD"]).run()
        if git.exitCode == 0 {
            #expect(try /.*commit [0-9a-f]{40}(-modified)?\)/.wholeMatch(in: told.first ?? "") != nil, "\(told)")
        }
    }

    @Test(arguments: ["1a2b 3c", "../x", String(repeating: "a", count: 80)])
    func `a build is not given what is no name of a commit`(commit: String) throws {
        var build = Program(["/bin/bash", ImageBuild.project + "/scripts/build"])
        build.environment = build.environment.with(["COMMIT": ByteString(commit)])
        let outcome = try build.run()
        #expect(
            outcome.exitCode == 64 && outcome.errors.hasPrefix("build: COMMIT is no name of a commit: "), "\(outcome)")
    }
}
