import Foundation
import Glibc
import TestSupport
import Testing

/// The step in the program itself of the page on contributing: two files and three lines.
struct ExampleStepTests {
    @Test(arguments: ["Greeting.swift", "LineChange.swift"])
    func `the page has the example as it is built`(name: String) throws {
        #expect(try Page("Contributing").example(name) == (try Golden.text(of: "Tests/Fixtures/example-step/\(name)")))
    }

    @Test(.containers) func `the example step is built by two files and three lines, and does its work`() throws {
        let cache = ProcessInfo.processInfo.environment["XDG_CACHE_HOME"] ?? "\(NSHomeDirectory())/.cache"
        var build = Program(
            Golden.url("Tests/Fixtures/example-step/build").path, ["\(cache)/entrypoint-tests/example-step"])
        build.environment = .inherited()
        let built = try build.run(within: .seconds(500))
        try #require(built.exitCode == 0, "\(built)")
        let program = try #require(built.outputLines.last)

        try withRunDirectory { directory in
            // The user must get there.
            try check(chmod(directory, 0o755), "chmod", directory)
            let scratch = directory + "/scratch"
            try check(mkdir(scratch, 0o777), "mkdir", scratch)
            try check(chmod(scratch, 0o777), "chmod", scratch)
            let configuration = directory + "/entrypoint.yaml"
            let text = "greeting: {text: it's me}\n"
            #expect(FileManager.default.createFile(atPath: configuration, contents: Data(text.utf8)))
            var plan = Program(program, ["--plan"])
            plan.environment = [
                "PATH": "/usr/bin:/bin", "ENTRYPOINT_CONFIG": ByteString(configuration), "NB_USER": "jane",
                "NB_UID": "254321", "NB_GROUP": "lab", "NB_GID": "83070",
                "SCRATCH_HOME_ROOT": ByteString(scratch), "WORKING_DIR": ByteString(scratch),
            ]
            let outcome = try plan.run()
            let line = #"would change  greeting: line echo 'it'\''s me' in /home/jane/.profile (as user 254321:83070)"#
            #expect(outcome.exitCode == 2 && outcome.outputLines.contains(line), "\(outcome)")

            var help = Program(program, ["--help"])
            help.environment = plan.environment
            #expect(try help.run().output.contains("greeting    a shell that reads the user's profile greets the user"))
        }
    }
}
