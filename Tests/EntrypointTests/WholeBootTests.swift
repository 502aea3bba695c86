import TestSupport
import Testing

/// A whole boot in a real container: the environment of a pod in, the user's command out.
@Suite(.containers)
struct WholeBootTests {
    @Test(arguments: Image.allCases)
    func `the command is the user's, in the persistent directory on a squashed export`(image: Image) throws {
        try withSquashedScratch { scratch in
            try scratch.makeHomes()
            try withContainer(image) { container in
                container.environment = .pod
                container.mounts = [.bind(scratch.mount, to: "/scratch")]
                for start in ["first", "second"] {
                    let outcome = try container.run(ProbeReport.path, "report", "--", "an argument", "")
                    try #require(outcome.exitCode == 0, "\(start) start: \(outcome)")
                    let report = try outcome.report()
                    #expect(report.arguments == ["report", "--", "an argument", ""])
                    #expect(try report.users == [1000, 1000, 1000] && report.groups == [2000, 2000, 2000])
                    #expect(try report.umask == 0o007)
                    #expect(try report.directory == "/scratch/homes/jane")
                    #expect(report.environment["HOME"] == "/home/jane" && report.environment["USER"] == "jane")
                    #expect(try report.effective == 0 && report.permitted == 0 && report.inheritable == 0)
                }
            }
            #expect(try scratch.status("homes/jane")?.description == "directory 1770 1000:2000")
        }
    }

    @Test func `the command is the same under podman`() throws {
        try withSquashedScratch { scratch in
            try scratch.makeHomes()
            let variables = Environment.pod.entries.map { ByteString("--env=") + $0 }
            let outcome = try Podman.run(
                .debian, ["/usr/bin/id", "-u"], options: variables + ["--volume=\(scratch.mount):/scratch"])
            #expect(outcome.exitCode == 0 && outcome.output == "1000\n", "\(outcome)")
        }
    }
}
