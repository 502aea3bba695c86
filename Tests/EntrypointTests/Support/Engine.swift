import Foundation
import TestSupport
import Testing

/// Command lines as people type them, with an engine called `docker` or `podman` that works on this machine.
struct Engine {
    /// The directory of the engine's commands, and of others that the pages have.
    static let programs = ImageBuild.project + "/Tests/Fixtures/engine"

    /// The variables of the command lines.
    var environment: Environment

    /// - Parameters:
    ///   - directory: an empty one; further programs of the search path belong into its `bin`.
    ///   - options: those of every `build`.
    init(in directory: String, options: [ByteString] = []) throws {
        let programs = directory + "/bin"
        try FileManager.default.createDirectory(atPath: programs, withIntermediateDirectories: true)
        environment = try Podman.program([]).environment
        // Scripts ask the compiler, which may be anywhere.
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        environment["PATH"] = "\(programs):\(Self.programs):\(path)"
        environment["ENTRYPOINT_TEST_RUN"] = "\(try TestMachine.run)"
        environment["ENGINE_BUILD_OPTIONS"] = ByteString(options.map { $0.text }.joined(separator: "\n"))
        // No build is to compile anything, or to ask git, unless it says so.
        environment["COMMIT"] = "unknown"
    }

    /// Options of builds that install packages from the distribution's and Python's servers, as this machine reaches them.
    static func network(in directory: String) throws -> [ByteString] {
        let files: [(machine: String, image: String)] = [
            ("/etc/apt/sources.list.d/debian.sources", "/etc/apt/sources.list.d/debian.sources"),
            ("/dev/null", "/etc/apt/sources.list"),
            ("/etc/ssl/certs/ca-certificates.crt", "/ca.crt"), ("\(directory)/pip.conf", "/etc/pip.conf"),
        ]
        try "[global]\ncert = /ca.crt\n".write(toFile: directory + "/pip.conf", atomically: false, encoding: .utf8)
        return files.map { "--volume=\($0.machine):\($0.image):ro" }
    }

    /// Runs lines of bash in the project's directory; the first that fails is the end.
    func run(_ script: String, in directory: String = ImageBuild.project, within deadline: Duration) throws -> Outcome {
        var bash = Program("/bin/bash", ["-euo", "pipefail", "-c", ByteString(script)])
        bash.environment = environment
        bash.directory = directory
        return try bash.run(within: deadline)
    }
}

extension Trait where Self == ConditionTrait {
    /// For tests that build images for minutes.
    static var longImages: Self {
        .enabled("part of `scripts/test --long images`") {
            ProcessInfo.processInfo.environment["ENTRYPOINT_TEST_IMAGE_BUILD"] != nil
        }
    }
}
