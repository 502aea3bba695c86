import Foundation
import Glibc
import Testing

/// A boot that is ended from outside.
@Suite(.containers)
struct InitBootTests {
    @Test(arguments: [false, true])
    func `TERM ends the boot at once, with nothing half written`(hasBegun: Bool) throws {
        try withSquashedScratch(SquashedScratch.Options(delay: 20)) { scratch in
            try scratch.makeHomes()
            try withContainer(.scratch) { container in
                container.environment = .pod
                container.mounts = [.bind(scratch.mount, to: "/scratch")]
                let running = try container.start(ProbeReport.path, "print", "booted")
                if hasBegun {
                    // In the middle of the work on the export.
                    try wait(for: "the persistent directory") { try scratch.status("homes/jane") != nil }
                } else {
                    try wait(for: "process 1") { (try? Resident(of: running).children.count) == 1 }
                }
                let sent = ContinuousClock.now
                try running.signal(SIGTERM)
                let outcome = try running.wait()
                #expect(ContinuousClock.now - sent < .seconds(2), "\(outcome)")
                #expect(outcome.exitCode == 143, "\(outcome)")
                #expect(outcome.initLines.last?.hasPrefix("SIGTERM at TIME: the boot was ended") == true, "\(outcome)")
                #expect(outcome.output == "", "\(outcome)")
                let names = try FileManager.default.subpathsOfDirectory(atPath: scratch.export)
                #expect(!names.contains { $0.contains("/.") && $0.contains("entrypoint") }, "\(names)")
                // Whatever there is, the next start makes the rest of it.
                let next = try container.run(ProbeReport.path, "print", "booted", within: .seconds(60))
                #expect(next.output == "booted\n", "\(next)")
            }
        }
    }
}
