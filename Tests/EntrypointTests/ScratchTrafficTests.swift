import Glibc
import TestSupport
import Testing

/// How long a boot waits for a file server that takes its time.
@Suite(.containers, .serialized)
struct ScratchTrafficTests {
    @Test func `a warm boot on a server that takes 2 ms for a call takes at most 60 ms`() throws {
        // What was looked up is known for a second, as an NFS client knows it.
        try withSquashedScratch(.init(delay: 2, cache: 1)) { scratch in
            try scratch.makeHomes()
            try scratch.makeDirectory("hf_cache", mode: 0o2770, group: 2000)
            try SecondStartTests.withFullPod(scratch.mount) { container in
                try #require(try container.runInNamespaces(["true"]).exitCode == 0)
                var best = Duration.seconds(60)
                var lines: [String] = []
                // Whatever else the machine does can only make it longer.
                for _ in 0..<20 {
                    usleep(1_200_000)
                    let outcome = try container.runInNamespaces(["true"])
                    try #require(outcome.exitCode == 0, "\(outcome)")
                    lines.append(outcome.errorLines.last ?? "")
                    best = min(best, outcome.duration)
                    if best <= .milliseconds(60) { break }
                }
                #expect(best <= .milliseconds(60), "\(lines.joined(separator: "\n"))")
            }
        }
    }
}
