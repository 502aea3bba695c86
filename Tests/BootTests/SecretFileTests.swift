import Foundation
import Linux
import Programs
import TestSupport
import Testing

@testable import Boot
@testable import Session

/// Secrets whose values are in files.
struct SecretFileTests {
    /// Calls the body with the path of a file.
    private static func withFile(_ content: [UInt8], _ body: (String) throws -> Void) throws {
        try withTemporaryDirectory { directory in
            let path = directory.appending("secret").string
            try Data(content).write(to: URL(fileURLWithPath: path))
            try body(path)
        }
    }

    private static func read(
        _ variables: [String: String], file: String = "", without missing: Set<String> = []
    ) throws -> Settings {
        var configuration = Configuration()
        if !file.isEmpty { configuration.add(Array(file.utf8), name: "f") }
        return try Settings.read(
            from: Pod.environment(variables.mapValues { Array($0.utf8) }, without: missing),
            configuration: configuration)
    }

    private static func problems(_ variables: [String: String], file: String = "") -> [String] {
        do {
            _ = try read(variables, file: file)
            return []
        } catch {
            return (error as? SettingsError)?.problems.map(\.whole) ?? ["\(error)"]
        }
    }

    static let contents: [(String, String)] = [
        ("hf_secret", "hf_secret"), ("hf_secret\n", "hf_secret"), ("hf_secret\r\n", "hf_secret"), ("a\n\n\n", "a"),
        (" a \n", " a "), ("one\ntwo\n", "one\ntwo"), ("\na", "\na"), ("ä=$(id)", "ä=$(id)"),
    ]

    @Test(arguments: contents) func `the command gets the content without the line breaks at its end`(
        content: String, value: String
    ) throws {
        try Self.withFile(Array(content.utf8)) { path in
            for name in ["HF_TOKEN", "WANDB_API_KEY", "GITHUB_TOKEN"] {
                let settings = try Self.read(["\(name)_FILE": path])
                #expect(settings.environment.value(name) == Array(value.utf8))
                // Where both are set, programs take that for a contradiction.
                #expect(settings.environment.value("\(name)_FILE") == nil)
                #expect(settings.secretFiles == [SecretFile(name, at: FilePath(path))])
                #expect(
                    settings.secrets.values(in: settings.environment)
                        == (value.utf8.count < 6 ? [] : [Array(value.utf8)]))
            }
        }
    }

    @Test func `it is read, too, where nothing is prepared, and is no request for a boot`() throws {
        try Self.withFile(Array("hf_secret".utf8)) { path in
            let settings = try Settings.read(from: EnvironmentBlock("HF_TOKEN_FILE=\(path)"))
            #expect(settings.isEmpty && settings.environment.value("HF_TOKEN") == Array("hf_secret".utf8))
        }
    }

    @Test func `other names stay what they are, unless the image says otherwise`() throws {
        try Self.withFile(Array("secret".utf8)) { path in
            let names = ["POSTGRES_PASSWORD", "AWS_WEB_IDENTITY_TOKEN", "MY_TOKEN"]
            let variables = Dictionary(uniqueKeysWithValues: names.map { ("\($0)_FILE", path) })
            let settings = try Self.read(variables)
            for name in names {
                #expect(settings.environment.value(name) == nil)
                #expect(settings.environment.value("\(name)_FILE") == Array(path.utf8))
            }
            let own = try Self.read(variables, file: "secrets: {files: [LICENCE, MY_TOKEN]}")
            #expect(own.environment.value("MY_TOKEN") == Array("secret".utf8) && own.secrets.isSecret("LICENCE"))
            #expect(own.environment.value("POSTGRES_PASSWORD") == nil)
            // The list takes the place of the usual one, so that an image can do without.
            let none = try Self.read(["HF_TOKEN_FILE": path], file: "secrets: {files: []}")
            #expect(none.environment.value("HF_TOKEN") == nil && none.secretFiles == [])
            #expect(none.environment.value("HF_TOKEN_FILE") != nil && none.secrets.isSecret("HF_TOKEN"))
        }
    }

    @Test func `what is kept from the command is kept from it as a file, too`() throws {
        try Self.withFile(Array("secret".utf8)) { path in
            let settings = try Self.read(["HF_TOKEN_FILE": path], file: "secrets: {stripped: [HF_TOKEN]}")
            #expect(settings.secrets.stripped(in: settings.environment).contains("HF_TOKEN"))
        }
    }

    @Test func `what cannot be used is told, and nothing of it is printed`() throws {
        let limit = 131_072 - "HF_TOKEN=".utf8.count - 1
        let contents: [([UInt8], String?)] = [
            ([], "it is empty"), (Array("\n\r\n".utf8), "it has nothing but line breaks"),
            (Array("hf_\0secret".utf8), "it has a NUL byte, which no variable can have"),
            ([UInt8](repeating: 0x78, count: limit), nil),
            ([UInt8](repeating: 0x78, count: limit + 1), "it has more than \(limit) bytes, which no variable can have"),
            ([UInt8](repeating: 0x78, count: (1 << 20) + 1), "it has more than 1048576 bytes"),
        ]
        for (content, reason) in contents {
            try Self.withFile(content) { path in
                #expect(
                    Self.problems(["HF_TOKEN_FILE": path])
                        == (reason.map { ["HF_TOKEN_FILE is '\(path)': \($0)"] } ?? []))
            }
        }
        try Self.withFile(Array("secret".utf8)) { path in
            #expect(
                Self.problems(["HF_TOKEN_FILE": path, "HF_TOKEN": "x"])
                    == ["HF_TOKEN and HF_TOKEN_FILE are both set: give one of them"])
            // An empty value is an unset one.
            #expect(Self.problems(["HF_TOKEN_FILE": path, "HF_TOKEN": ""]) == [])
            #expect(Self.problems(["HF_TOKEN_FILE": "", "HF_TOKEN": "x"]) == [])
        }
        #expect(
            Self.problems(["HF_TOKEN_FILE": "/nonexistent/x"])
                == ["HF_TOKEN_FILE is '/nonexistent/x': there is no such file"])
        #expect(
            Self.problems(["WANDB_API_KEY_FILE": "/etc"])
                == ["WANDB_API_KEY_FILE is '/etc': it is a directory, and a file is expected"])
        #expect(
            Self.problems(["GITHUB_TOKEN_FILE": "token"]) == ["GITHUB_TOKEN_FILE (5 bytes): not an absolute path"])
    }

    // MARK: Sessions

    private static func entries(_ entries: String...) -> [[UInt8]] { entries.map { Array($0.utf8) } }

    @Test(.actingAsUsers) func `a session reads the files again, as its user`() async {
        await #expect(processExitsWith: .success) {
            try SecretFileTests.withFile(Array("hf_new\n".utf8)) { path in
                let kept = KeptEnvironment(
                    entries: SecretFileTests.entries("A=1", "HF_TOKEN_FILE=\(path)", "B=2"), secretNames: ["HF_TOKEN"])
                // Whoever started the pod has chosen the path.
                let root = kept.withSecrets()
                if CurrentProcess.effectiveUser == 0 {
                    #expect(root.entries == SecretFileTests.entries("A=1", "B=2"))
                    #expect(
                        root.problems == ["HF_TOKEN is not set: HF_TOKEN_FILE is '\(path)': root does not read it"])
                    try Privileges.assume(Credentials(user: 254_321, group: 83070, groups: []))
                }
                #expect(kept.withSecrets().entries == SecretFileTests.entries("A=1", "B=2", "HF_TOKEN=hf_new"))
                #expect(kept.withSecrets().problems == [])
                let others = KeptEnvironment(
                    entries: SecretFileTests.entries("HF_TOKEN_FILE=/nonexistent", "X_FILE=/x", "WANDB_API_KEY_FILE=x"),
                    secretNames: ["HF_TOKEN", "WANDB_API_KEY", "GITHUB_TOKEN"])
                #expect(others.withSecrets().entries == SecretFileTests.entries("X_FILE=/x"))
                #expect(
                    others.withSecrets().problems == [
                        "HF_TOKEN is not set: HF_TOKEN_FILE is '/nonexistent': there is no such file",
                        "WANDB_API_KEY is not set: WANDB_API_KEY_FILE is 'x': not an absolute path",
                    ])
            }
        }
    }

    @Test(.actingAsUsers) func `what is kept has the paths, the names and no value`() async {
        await #expect(processExitsWith: .success) {
            try withSite { site in
                for path in ["run", "dev"] { try site.directory(path) }
                try site.directory("dev/shm", 0o1777)
                let user = Credentials(user: 254_321, group: 83070, groups: [])
                let tree = FileTree(root: site.root)
                func keep(_ entries: [String], _ files: [SecretFile], exported: Set<String> = []) throws
                    -> KeptEnvironment
                {
                    let state = try StateDirectory(for: .root, user: user, in: tree)
                    try state.keep(
                        environment: entries.map(string), of: user.user, without: Secrets(of: BootSequence.groups),
                        exported: StepExported(names: exported), files: files)
                    return try KeptEnvironment.find(for: user.user, in: tree)
                }
                let file = SecretFile("HF_TOKEN", at: "/run/secrets/hf")
                let first = try keep(["A=1", "HF_TOKEN=secret"], [file])
                #expect(first.entries == SecretFileTests.entries("A=1", "HF_TOKEN_FILE=/run/secrets/hf"))
                #expect(first.secretNames == ["HF_TOKEN"])
                // What a step has exported counts more.
                #expect(try keep(["HF_TOKEN=x"], [file], exported: ["HF_TOKEN"]).entries == [])
                let step = try keep(["HF_TOKEN_FILE=/x"], [file], exported: ["HF_TOKEN_FILE"])
                #expect(step.entries == SecretFileTests.entries("HF_TOKEN_FILE=/x") && step.secretNames == [])
                _ = try keep(["A=1"], [file])
                // A name that an earlier boot has kept means nothing now.
                #expect(try keep(["HF_TOKEN_FILE=/x"], []).secretNames == [])
            }
        }
    }
}
