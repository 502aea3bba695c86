import TestSupport
import Testing

/// A git repository with one of the project's scripts, and what it reads before it builds anything.
struct ScriptClone {
    private let script: String
    private let directory: String
    /// The commit, whose tag is `v1`.
    let head: String

    /// - Parameters:
    ///   - script: the script's name.
    ///   - directory: an empty one.
    init(_ script: String, in directory: String) throws {
        let commands = """
            mkdir -p scripts Sources/Boot && cp "$1/scripts/$2" scripts && cp "$1/Sources/Boot/Version.swift" Sources/Boot
            printf '#!/bin/sh\n' >scripts/install-packages && chmod 755 scripts/install-packages
            git init -q . && git add . && git -c user.name=a -c user.email=a@example.org commit -qm one && git tag v1 &&
            git rev-parse HEAD
            """
        var shell = Program(["/bin/sh", "-c", commands, "sh", ImageBuild.project, script])
        shell.directory = directory
        let made = try shell.run()
        try #require(made.exitCode == 0, "\(made)")
        (self.script, self.directory, head) = (script, directory, try #require(made.outputLines.last))
    }

    /// Changes a file that is committed.
    func modify() throws {
        let outcome = try Program(["/bin/sh", "-c", "echo '// more' >>\(directory)/Sources/Boot/Version.swift"]).run()
        #expect(outcome.exitCode == 0, "\(outcome)")
    }

    /// Runs the script in the repository.
    func run(_ arguments: [ByteString], _ changes: Environment) throws -> Outcome {
        var program = Program("/bin/bash", ["\(directory)/scripts/\(script)"] + arguments)
        program.environment = Environment.container.with(changes).with(["GIT_DIR": "\(directory)/.git"])
        return try program.run()
    }
}
