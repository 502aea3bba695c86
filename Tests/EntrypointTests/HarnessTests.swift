import Glibc
import Testing

/// The machinery of the other tests: that it starts what it says, and that a failure is seen.
@Suite(.containers)
struct HarnessTests {
    @Test(arguments: Image.allCases)
    func `a container runs the built entrypoint`(image: Image) throws {
        try withContainer(image) { container in
            let outcome = try container.run("--version")
            #expect(outcome.exitCode == 0, "\(outcome)")
            #expect(outcome.output.hasPrefix("entrypoint "), "\(outcome)")
        }
    }
}
