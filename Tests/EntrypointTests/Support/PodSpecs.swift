import Foundation
import TestSupport
import Testing

/// Runs `entrypointctl pod-spec` as people do, and looks at what it wrote.
enum PodSpecs {
    /// A user's file, whose user, ids and paths the tests expect.
    static let file = """
        LDAP_USERNAME=jane
        LDAP_UID=254321
        LDAP_GROUPNAME=lab
        LDAP_GID=83070
        RUNAI_IMAGE=registry.example/lab/train:1.0
        SCRATCH_HOME_ROOT=/scratch/homes
        WORKING_DIR=/scratch/homes/jane/project

        """

    /// Runs it in a directory.
    ///
    /// - Parameter environment: all of it.
    static func run(
        _ arguments: [String], in directory: String, _ environment: Environment = .container,
        credentials: Program.Credentials? = nil
    ) throws -> Outcome {
        var program = Program(["\(try TestMachine.programs)/entrypointctl", "pod-spec"] + arguments)
        program.directory = directory
        program.environment = environment
        program.credentials = credentials
        return try program.run()
    }

    /// Writes a user's file, and calls the body with the directory it is in.
    static func withFile(_ text: String, _ body: (String) throws -> Void) throws {
        try withRunDirectory { directory in
            try text.write(toFile: directory + "/user.env", atomically: false, encoding: .utf8)
            try body(directory)
        }
    }

    /// Runs `Tests/Fixtures/kubernetes`.
    static func kubernetes(_ arguments: [String]) throws -> Outcome {
        var program = Program([Golden.url("Tests/Fixtures/kubernetes").path] + arguments)
        program.environment = .container.with(["PYTHONPATH": ByteString(try packages), "LC_ALL": "C.UTF-8"])
        return try program.run(within: .seconds(600))
    }

    /// Where the schemas of Kubernetes are, and their reader.
    private static var packages: String {
        get throws {
            let name = "ENTRYPOINT_TEST_KUBERNETES"
            guard let path = ProcessInfo.processInfo.environment[name] else {
                throw TestFailure("\(name) is not set: run the tests by scripts/test")
            }
            return path
        }
    }
}

/// A pod spec that the project shows in docker/kubernetes, and what it is made from.
struct PodSpecExample: CustomTestStringConvertible {
    let name: String
    /// What `entrypointctl pod-spec` is given, from the project's directory.
    let arguments: [String]

    var path: String { "docker/kubernetes/\(name).yaml" }
    var testDescription: String { name }

    private static let environmentFile = ["--env-file", "docker/kubernetes/example.env"]

    /// The line that is typed for it.
    var line: String { "entrypointctl pod-spec " + arguments.joined(separator: " ") }

    static let starts = ["root", "user", "restricted"]

    /// Each kind with each start.
    static let specifications: [PodSpecExample] = {
        let kinds: [(name: String, options: [String], command: [String])] = [
            ("pod", ["--kind", "pod"], []),
            ("job", ["--kind", "job", "--gpus", "1"], ["--", "python", "train.py"]),
            ("pytorchjob", ["--kind", "pytorchjob", "--nodes", "2", "--gpus", "4"], ["--", "torchrun", "train.py"]),
            ("jobset", ["--kind", "jobset", "--nodes", "2", "--gpus", "4"], ["--", "torchrun", "train.py"]),
            ("statefulset", ["--kind", "statefulset", "--nodes", "2", "--gpus", "4"], ["--", "torchrun", "train.py"]),
            ("deployment", ["--kind", "deployment"], []),
            ("injection", ["--kind", "pod", "--inject", "registry.example/entrypoint:1.0"], []),
        ]
        return kinds.flatMap { kind in
            starts.map { start in
                PodSpecExample(
                    name: "\(kind.name)-\(start)",
                    arguments: environmentFile + kind.options + ["--start", start, "--secret", "jane-secret"]
                        + kind.command)
            }
        }
    }()

    /// What all of them use: the secret, and the volume with its claim.
    static let shared: [(name: String, written: String)] = [("secret", "jane-secret"), ("volume", "scratch-volume")]
    static let sharedArguments =
        environmentFile + ["--secret", "jane-secret", "--nfs", "nfs.example:/export/scratch"]
}
