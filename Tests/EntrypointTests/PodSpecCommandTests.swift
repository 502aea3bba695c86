import Foundation
import TestSupport
import Testing

/// `entrypointctl pod-spec`: what it writes, prints and refuses.
@Suite(.containers)
struct PodSpecCommandTests {
    private static let secrets = "HF_TOKEN=hf_valuevalue\nOPENAI_API_KEY=sk-valuevalue\n"

    private static func names(in directory: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
    }

    private static func mode(of path: String) throws -> Int {
        try #require(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int) & 0o7777
    }

    @Test func `the spec and the secret are written, the secret for its owner alone, and what to type next is printed`()
        throws
    {
        try PodSpecs.withFile(PodSpecs.file + Self.secrets) { directory in
            for _ in 1...2 {
                let outcome = try PodSpecs.run(["--env-file", "user.env", "--namespace", "lab"], in: directory)
                #expect(outcome.exitCode == 0 && outcome.errors.isEmpty, "\(outcome)")
                #expect(
                    outcome.outputLines == [
                        "# wrote jane-pod-secret.yaml, which has the secrets (0600)", "# wrote jane-pod.yaml",
                        "kubectl apply --namespace lab -f jane-pod-secret.yaml -f jane-pod.yaml",
                        "kubectl exec --namespace lab -it jane-pod -- entrypointctl exec",
                    ])
                #expect(try Self.names(in: directory) == ["jane-pod-secret.yaml", "jane-pod.yaml", "user.env"])
                #expect(try Self.mode(of: directory + "/jane-pod-secret.yaml") == 0o600)
                #expect(try Self.mode(of: directory + "/jane-pod.yaml") == 0o640)
            }
            let spec = try String(contentsOfFile: directory + "/jane-pod.yaml", encoding: .utf8)
            #expect(!spec.contains("value" + "value") && !spec.contains("aGZf"))
        }
    }

    @Test func `JSON says what was written, and has no secret`() throws {
        struct Answer: Decodable {
            struct File: Decodable, Equatable {
                var path: String
                var secret: Bool
            }
            var files: [File]
            var command: [String]?
            var notes: [String]
            var problems: [String]
        }
        func decode(_ outcome: Outcome) throws -> Answer {
            #expect(outcome.errors.isEmpty && !outcome.output.contains("valuevalue"), "\(outcome)")
            return try JSONDecoder().decode(Answer.self, from: Data(outcome.standardOutput.bytes))
        }
        try PodSpecs.withFile(PodSpecs.file + Self.secrets) { directory in
            try FileManager.default.createDirectory(atPath: directory + "/out", withIntermediateDirectories: false)
            let options = ["--env-file", "user.env", "--json", "--output", "out/"]
            let answer = try decode(PodSpecs.run(options + ["--kind", "deployment"], in: directory))
            #expect(
                answer.files == [
                    .init(path: "out/jane-deployment-secret.yaml", secret: true),
                    .init(path: "out/jane-deployment.yaml", secret: false),
                ])
            #expect(answer.command == nil && answer.notes == [] && answer.problems == [])
            let wrong = try PodSpecs.run(options + ["--image", "x", "--env-file", "/etc/hostname"], in: directory)
            #expect(wrong.exitCode == 78)
            #expect(try decode(wrong).problems.count > 3)
        }
    }

    @Test func `for runai only the secret is written, and for docker nothing`() throws {
        try PodSpecs.withFile(PodSpecs.file + Self.secrets) { directory in
            let docker = try PodSpecs.run(["--env-file", "user.env", "--format", "docker"], in: directory)
            #expect(docker.exitCode == 0 && docker.output.hasPrefix("docker run "), "\(docker)")
            #expect(try Self.names(in: directory) == ["user.env"])
            let runai = try PodSpecs.run(["--env-file", "user.env", "--format", "runai"], in: directory)
            #expect(runai.exitCode == 0, "\(runai)")
            #expect(try Self.names(in: directory) == ["jane-pod-secret.yaml", "user.env"])
            let lines = runai.outputLines
            #expect(lines[1] == "kubectl apply -f jane-pod-secret.yaml" && lines[2] == "runai submit \\")
            #expect(lines.contains("  --environment HF_TOKEN=SECRET:jane-pod-secret,HF_TOKEN \\"))
            for outcome in [docker, runai] { #expect(!"\(outcome)".contains("valuevalue")) }
        }
    }

    /// Words that a shell, YAML or Kubernetes could read as something else.
    private static let hostile = [
        "it's", "'\u{301};id;'\u{301}", "=ls", "a\u{202E}b\u{85}", "$HOME", "$(NAME)", "$$", "`id`", "a\\b", "\"",
        "yes", "007", "~", "- a", "a: b #c", "!x", "*", "ä😀",
        "a;b",
        "\u{1B}[31m", "tab\there", " blank ",
    ]

    /// A quote with a letter that combines is one character, and two scalars.
    private static func withoutQuotes(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.filter { $0 != "'" }))
    }

    @Test(arguments: ["docker", "runai"]) func `a shell reads every word of the command line as it was`(format: String)
        throws
    {
        let values = Self.hostile.enumerated().map { "W\($0.offset)='\(Self.withoutQuotes($0.element))'\n" }
            .joined()
        try PodSpecs.withFile(PodSpecs.file + values) { directory in
            let options = ["--env-file", "user.env", "--format", format]
            let command = ["--"] + Self.hostile
            let shown = try PodSpecs.run(options + command, in: directory)
            let json = try PodSpecs.run(options + ["--json"] + command, in: directory)
            let object = try JSONSerialization.jsonObject(with: Data(json.standardOutput.bytes)) as? [String: Any]
            let words = try #require(object?["command"] as? [String])
            #expect(Array(words.suffix(Self.hostile.count)) == Self.hostile)
            let script = "kubectl() { :; }; \(format)() { printf '%s\\0' \(format) \"$@\"; }\n" + shown.output
            for shell in ["bash", "dash", "zsh"] {
                let read = try Program(["/bin/\(shell)", "-euc", "\(script)"]).run()
                let found = read.standardOutput.bytes.split(separator: 0, omittingEmptySubsequences: false).dropLast()
                #expect(found.map { Array($0) } == words.map { Array($0.utf8) }, "\(shell): \(read)")
            }
            for value in Self.hostile { #expect(words.contains { $0.hasSuffix("=\(Self.withoutQuotes(value))") }) }
        }
    }

    @Test func `YAML reads every value as it was, but for the dollars that Kubernetes reads`() throws {
        let lines = ["multi\nline", "\u{85}\u{2028}\u{FEFF}x", "é"] + Self.hostile
        let values = lines.enumerated().map { "W\($0.offset)='\(Self.withoutQuotes($0.element))'\n" }.joined()
        try PodSpecs.withFile(PodSpecs.file + values) { directory in
            let outcome = try PodSpecs.run(["--env-file", "user.env"], in: directory)
            try #require(outcome.exitCode == 0, "\(outcome)")
            let texts = try PodSpecs.kubernetes(["texts", directory + "/jane-pod.yaml"])
            let found = try JSONDecoder().decode([String].self, from: Data(texts.standardOutput.bytes))
            let expected = lines.map { line in
                let value = Self.withoutQuotes(line)
                return value == "$(NAME)" || value == "$$" ? value.replacing("$", with: "$$") : value
            }
            #expect(found.filter { expected.contains($0) } == expected, "\(found)")
        }
    }

    @Test func `what is wrong in the file is told at once with its lines, and nothing is written`() throws {
        try PodSpecs.withFile("LDAP_UID=0\n-\nHF_TOKEN=\"hf_valuevalue\n") { directory in
            let outcome = try PodSpecs.run(["--env-file", "user.env"], in: directory)
            #expect(outcome.exitCode == 78 && outcome.output.isEmpty, "\(outcome)")
            for words in [
                "user.env:2: not NAME=VALUE", "user.env:3: HF_TOKEN: the closing quote is missing",
                "user.env: LDAP_USERNAME is missing", "user.env: RUNAI_IMAGE is missing", "user.env:1: NB_UID is '0'",
            ] {
                #expect(outcome.errorLines.contains { $0.hasPrefix("entrypointctl: \(words)") }, "\(outcome)")
            }
            #expect(
                !outcome.errors.contains("valuevalue")
                    && outcome.errorLines.allSatisfy { $0.hasPrefix("entrypointctl: ") })
            #expect(try Self.names(in: directory) == ["user.env"])
            let missing = try PodSpecs.run(["--env-file", "nowhere.env"], in: directory)
            #expect(missing.exitCode == 78, "\(missing)")
            #expect(missing.errors == "entrypointctl: cannot read nowhere.env: no such file or directory\n")
        }
    }

    @Test(
        arguments: [
            (["--kind", "job"], "a job needs a command"), (["--nodes", "2"], "--nodes is for a job"),
            (["--kind", "job", "--nodes", "0", "--", "x"], "--nodes is 0"),
            (["--kind", "job", "--nodes", "2", "--format", "docker", "--", "x"], "--nodes is not for docker"),
            (["--kind", "cronjob"], "--kind"), (["--start", "admin"], "--start"), (["--gpus", "many"], "--gpus"),
            (["--nfs", "server"], "--nfs"), (["--inject", "x", "--format", "runai"], "--inject is for kubernetes"),
            (["--name", "Jane"], "--name is 'Jane': not a name for Kubernetes"),
            (["--image", "a b"], "--image is not the name of an image"),
            (["--image=--privileged"], "--image is not the name of an image"),
            (["--inject=-x"], "--inject is not the name of an image"),
            (["--format", "docker", "--claim", "/etc:/etc"], "--claim is '/etc:/etc'"),
            (["--format", "runai", "--mount-path", "/a,b"], "--mount-path is '/a,b'"),
            (["--name", "scratch-volume", "--nfs", "h:/x"], "two files would be scratch-volume.yaml"),
            (["--name", String(repeating: "a", count: 53), "--kind", "job", "--", "x"], "1 to 52 letters"),
        ] as [([String], String)])
    func `options that are wrong are refused, and nothing is written`(options: [String], words: String) throws {
        try PodSpecs.withFile(PodSpecs.file) { directory in
            let outcome = try PodSpecs.run(["--env-file", "user.env"] + options, in: directory)
            #expect(outcome.exitCode == 64 && outcome.errors.contains(words), "\(outcome)")
            #expect(try Self.names(in: directory) == ["user.env"])
        }
    }

    @Test func `two files with one name are refused, and nothing is written`() throws {
        try PodSpecs.withFile(PodSpecs.file + Self.secrets) { directory in
            let outcome = try PodSpecs.run(
                ["--env-file", "user.env", "--name", "foo", "--secret", "foo"], in: directory)
            #expect(outcome.exitCode == 64 && outcome.errors.contains("two files would be foo.yaml"), "\(outcome)")
            #expect(try Self.names(in: directory) == ["user.env"])
        }
    }

    @Test func `where the second file has no room, the first is not written either, and nothing is left`() throws {
        try PodSpecs.withFile(PodSpecs.file + Self.secrets) { directory in
            // The secret has less than 512 bytes, and the pod more.
            let line =
                "trap '' XFSZ; ulimit -f 1; exec \(try TestMachine.programs)/entrypointctl pod-spec --env-file user.env"
            var shell = Program(["/bin/dash", "-c", "\(line)"])
            shell.directory = directory
            shell.environment = .container
            let outcome = try shell.run()
            #expect(outcome.exitCode == 1 && outcome.errors.contains("cannot write jane-pod.yaml: "), "\(outcome)")
            #expect(try Self.names(in: directory) == ["user.env"])
        }
    }

    @Test func `a file that cannot be written is told, and nothing else is replaced`() throws {
        try PodSpecs.withFile(PodSpecs.file + Self.secrets) { directory in
            let none = try PodSpecs.run(["--env-file", "user.env", "--output", "none"], in: directory)
            #expect(none.exitCode == 1 && none.output.isEmpty, "\(none)")
            #expect(none.errors.hasPrefix("entrypointctl: cannot write none/jane-pod-secret.yaml: "), "\(none)")
            try FileManager.default.createSymbolicLink(
                atPath: directory + "/jane-pod-secret.yaml", withDestinationPath: "/etc/hostname")
            let link = try PodSpecs.run(["--env-file", "user.env"], in: directory)
            #expect(link.exitCode == 1 && link.errors.contains("only a file is replaced"), "\(link)")
            #expect(try Self.names(in: directory) == ["jane-pod-secret.yaml", "user.env"])
        }
    }

    @Test func `it works without HOME, for a user without an entry, and in an empty environment`() throws {
        try PodSpecs.withFile(PodSpecs.file + Self.secrets) { directory in
            let out = directory + "/out"
            try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: false)
            try check(chown(out, 4242, 4242), "chown", out)
            let outcome = try PodSpecs.run(
                ["--env-file", "user.env", "--output", "out"], in: directory, Environment(),
                credentials: .init(user: 4242, group: 4242))
            #expect(outcome.exitCode == 0 && outcome.errors.isEmpty, "\(outcome)")
            #expect(try Self.names(in: out) == ["jane-pod-secret.yaml", "jane-pod.yaml"])
        }
    }

    /// Git, without anybody's configuration but the repository's.
    private static func git(_ script: String, in directory: String) throws {
        var program = Program(["/bin/sh", "-euc", script])
        program.directory = directory
        program.environment = .container.with([
            "HOME": "/nowhere", "GIT_AUTHOR_NAME": "j", "GIT_AUTHOR_EMAIL": "j@example.org", "GIT_COMMITTER_NAME": "j",
            "GIT_COMMITTER_EMAIL": "j@example.org",
        ])
        let outcome = try program.run()
        try #require(outcome.exitCode == 0, "\(outcome)")
    }

    @Test
    func `a file in git is warned of, a secret that git does not ignore, too, and no program of the repository runs`()
        throws
    {
        try PodSpecs.withFile(PodSpecs.file + Self.secrets) { directory in
            try Self.git("git init -q . && git add user.env", in: directory)
            let hook = "touch \(directory)/ran; false"
            try Self.git(
                """
                printf '#!/bin/sh\\n\(hook)\\n' >hook; chmod +x hook
                git config core.fsmonitor "$PWD/hook"; git config core.hooksPath "$PWD"
                """, in: directory)
            // The setting has an effect, where nobody overrides it.
            try Self.git("git status >/dev/null 2>&1; test -e ran; rm ran", in: directory)
            let told = try PodSpecs.run(["--env-file", "user.env"], in: directory)
            #expect(told.exitCode == 0, "\(told)")
            #expect(told.errors.contains("note: user.env is in git, "), "\(told)")
            #expect(told.errors.contains("note: git does not ignore jane-pod-secret.yaml"), "\(told)")
            #expect(!FileManager.default.fileExists(atPath: directory + "/ran"))
            try Self.git(
                "git rm -q --cached user.env; printf '%s\\n' user.env '*-secret.yaml' >.gitignore", in: directory)
            let silent = try PodSpecs.run(["--env-file", "user.env"], in: directory)
            #expect(silent.exitCode == 0 && silent.errors.isEmpty, "\(silent)")
            // Somebody else's repository is one that git does not read.
            try check(chown(directory, 4242, 4242), "chown", directory)
            try check(chown(directory + "/.git", 4242, 4242), "chown", directory)
            let unread = try PodSpecs.run(["--env-file", "user.env"], in: directory)
            for file in ["user.env", "jane-pod-secret.yaml"] {
                #expect(unread.errors.contains("note: could not check whether git tracks \(file),"), "\(unread)")
            }
        }
    }
}
