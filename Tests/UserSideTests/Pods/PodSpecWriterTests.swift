import TestSupport
import Testing
import Text

@testable import UserSide

/// What becomes of a user's file, and of its values, in each format.
struct PodSpecWriterTests {
    private static func writer(
        _ more: String = "", docker: Bool = false, _ change: (inout PodSpecOptions) -> Void = { _ in }
    ) throws -> PodSpecWriter {
        var options = PodSpecOptions()
        if docker { options.format = .docker }
        change(&options)
        let found = PodRequestTests.read(more, file: PodRequestTests.file, options)
        let request = try #require(found.request, "\(found.problems)")
        return PodSpecWriter(request, options, try PodSpecNames(request, options))
    }

    @Test(
        arguments: [
            ("jane", "jane"), ("lab/train:1.0", "lab/train:1.0"), ("/scratch", "/scratch"), ("", "\"\""),
            ("yes", "\"yes\""),
            ("No", "\"No\""), ("y", "\"y\""), ("null", "\"null\""), ("~", "\"~\""), ("1000", "\"1000\""),
            ("007", "\"007\""), ("1e3", "\"1e3\""), ("0x1F", "\"0x1F\""), (".5", "\".5\""), ("-1", "\"-1\""),
            ("12:30:45", "\"12:30:45\""), ("2024-01-01", "\"2024-01-01\""), (".nan", "\".nan\""), ("a: b", "\"a: b\""),
            ("a:", "\"a:\""), ("- a", "\"- a\""), ("#a", "\"#a\""), ("a #b", "\"a #b\""), ("{a}", "\"{a}\""),
            ("[a]", "\"[a]\""), ("*a", "\"*a\""), ("&a", "\"&a\""), ("!a", "\"!a\""), ("%a", "\"%a\""),
            ("@a", "\"@a\""),
            ("a,b", "\"a,b\""), ("=", "\"=\""), ("<<", "\"<<\""), ("a\nb", "\"a\\nb\""), ("a\"b\\", "\"a\\\"b\\\\\""),
            ("\u{1B}[31m", "\"\\x1B[31m\""), ("\u{85}", "\"\\x85\""), ("\u{2028}", "\"\\u2028\""), ("ä", "\"ä\""),
            ("\u{202E}x", "\"\\u202Ex\""), ("😀", "\"\\U0001F600\""), ("\u{FEFF}", "\"\\uFEFF\""), (" a ", "\" a \""),
        ])
    func `YAML can read a text as nothing else`(text: String, written: String) {
        #expect(YAMLText.scalar(text) == written)
    }

    @Test(
        arguments: [
            ("a", "a"), ("", "''"), ("a b", "'a b'"), ("it's", "'it'\\''s'"), ("$HOME", "'$HOME'"), ("A=b,c", "A=b,c"),
            ("a\n\tb'", "'a\n\tb'\\'''"), ("~", "'~'"), ("~/a", "'~/a'"), ("=ls", "'=ls'"), ("A==b", "A==b"),
            ("\u{1B}\\", "''\"$(printf '\\033')\"'\\'"), ("a\r", "'a'\"$(printf '\\015')\""), ("ä", "'ä'"),
            ("\u{85}x", "''\"$(printf '\\302\\205')\"'x'"), ("\u{1}\u{7F}", "''\"$(printf '\\001\\177')\""),
            ("a\u{202E}b", "'a'\"$(printf '\\342\\200\\256')\"'b'"), ("!x", "'!x'"), ("😀", "'😀'"),
            // One character each, with the quote or the dollar.
            ("'\u{301};id;'\u{301}", "''\\''\u{301};id;'\\''\u{301}'"),
            ("'\u{FE0F}$(id)'", "''\\''\u{FE0F}$(id)'\\'''"),
            ("'\u{200D};id;'\u{200D}", nil), ("\u{1B}'\u{301};id", nil), ("$\u{301}(id)`\u{301}id`\"\u{301}", nil),
            ("\n\u{1B}\n", nil), ("\r\n';id", nil), ("👨\u{200D}👩\u{200D}👧'\u{E0061}", nil),
        ] as [(String, String?)])
    func `every shell gives a word on as it is`(word: String, quoted: String?) throws {
        let text = ShellWord.quoted(word)
        if let quoted { #expect(Array(text.utf8) == Array(quoted.utf8), "\(text)") }
        for shell in [["/bin/dash"], ["/bin/bash", "--norc"], ["/bin/zsh", "-f"]] {
            let outcome = try Program(shell + ["-c", "printf %s \(text)"]).run()
            #expect(outcome.exitCode == 0 && outcome.standardOutput.bytes == Array(word.utf8), "\(shell): \(outcome)")
        }
    }

    @Test(
        arguments: [
            ("$(NAME)", "$$(NAME)"), ("$HOME", "$HOME"), ("a$$b", "a$$$$b"), ("$", "$"),
            ("$\u{301}$(A)", "$$\u{301}$$(A)"), ("$$(A)$B", "$$$$(A)$$B"),
        ])
    func `Kubernetes finds no reference in a value`(text: String, written: String) {
        #expect(PodTemplateWriter.withoutReferences(text) == written)
    }

    @Test(
        arguments: [
            ("jane-pod", nil), ("a", nil), ("", "1 to 63"), ("Jane", "such as jane"), ("jane_pod", "such as jane-pod"),
            ("-a", "such as a"), ("a.b", "such as a-b"), (String(repeating: "a", count: 64), "1 to 63"),
            ("ä", "RFC 1123"),
        ] as [(String, String?)])
    func `the name of a pod is one of RFC 1123`(name: String, words: String?) {
        do throws(FormatError) {
            _ = try KubernetesName.label(name)
            #expect(words == nil)
        } catch {
            #expect(words.map { error.expected.contains($0) } == true, "\(error)")
        }
    }

    @Test func `every name that is wrong is told`() throws {
        let error = #expect(throws: PodSpecNames.Problems.self) {
            try Self.writer { options in
                options.kind = .statefulset
                options.name = "1st"
                options.namespace = "My Lab"
                options.claim = "/scratch"
                options.secretName = "a/b"
                options.mountPath = "scratch"
            }
        }
        let told = error?.lines.map { line in line.prefix { $0 != " " } }
        #expect(told == ["--name", "--namespace", "--secret", "--claim", "--mount-path"], "\(error?.lines ?? [])")
    }

    @Test(arguments: [("a_b", "a-b-pod"), ("_x", "x-pod"), ("Jane.Doe", "jane-doe-pod")])
    func `a name of the user's is made one of Kubernetes'`(user: String, name: String) throws {
        #expect(try Self.writer("LDAP_USERNAME=\(user)\n").files.map(\.name) == ["\(name).yaml"])
    }

    @Test(
        arguments: [
            ("SCRATCH_HOME_ROOT=/mnt/lab/homes", "/mnt/lab"), ("SCRATCH_HOME_ROOT=/homes", "/homes"),
        ])
    func `the volume is mounted above the homes`(more: String, path: String) throws {
        #expect(try Self.writer(more).names.mountPath == path)
    }

    @Test func `a directory that is not on the volume is told`() throws {
        let writer = try Self.writer("WORKING_DIR=/workspace\nHF_HOME=/scratch2/x\nSCRATCH_HOME=/scratch/a\n")
        #expect(
            writer.notesOfPlaces == [
                "user.env:10: WORKING_DIR is not below /scratch, where the volume is mounted: what is there is lost",
                "user.env:11: HF_HOME is not below /scratch, where the volume is mounted: what is there is lost",
            ])
        #expect(try Self.writer("WORKING_DIR=/workspace\n") { $0.mountPath = "/workspace" }.notesOfPlaces.count == 1)
    }

    @Test func `docker is given the devices of either maker`() throws {
        let nvidia = try Self.writer(docker: true) { $0.accelerators = .init(count: 2) }.docker.text
        #expect(nvidia.contains("  --gpus 2 \\\n  --shm-size 8g"))
        let amd = try Self.writer(docker: true) { $0.accelerators = .init("amd.com/gpu", count: 2) }.docker.text
        #expect(amd.contains("  --device /dev/kfd --device /dev/dri \\\n") && !amd.contains("--gpus"))
    }

    @Test(arguments: PodSpecKind.allCases) func `a secret's value is in the secret alone`(kind: PodSpecKind) throws {
        let secrets = "HF_TOKEN=hf_valuevalue\nOPENAI_API_KEY=sk-valuevalue\nURL=https://j:valuevalue@h/\n"
        let writer = try Self.writer(secrets) { options in
            options.kind = kind
            options.nodes = kind.hasNodes ? 3 : 1
            options.accelerators = .init(count: 2)
            options.command = ["true"]
        }
        let encoded = ["aGZfdmFsdWV2YWx1ZQ==", "c2stdmFsdWV2YWx1ZQ=="]
        for file in writer.files {
            #expect(!file.text.contains("valuevalue"))
            for text in encoded { #expect(file.text.contains(text) == file.isSecret, "\(file.text)") }
        }
        #expect(writer.files.map(\.isSecret) == [true, false])
        #expect(!writer.runai.text.contains("valuevalue") && !writer.docker.text.contains("valuevalue"))
        #expect(writer.runai.text.contains("--environment HF_TOKEN=SECRET:jane-\(kind.rawValue)-secret,HF_TOKEN "))
    }

    @Test func `docker takes secrets by their names, and nothing of the file besides`() throws {
        let writer = try Self.writer(
            "HF_TOKEN=\"hf_value\"\nCOLOUR=blue\nGITHUB_TOKEN=t\nLDAP_PASSWORD=p\nRUNAI_PROJECT=x\n", docker: true)
        let text = writer.docker.text
        #expect(text.contains("  --env COLOUR=blue \\\n"))
        #expect(text.contains("  --env HF_TOKEN \\\n") && text.contains("  --env GITHUB_TOKEN \\\n"))
        for word in ["hf_value", "LDAP", "RUNAI", "user.env", "--env-file", "IMAGE_PATH"] {
            #expect(!text.contains(word), "\(text)")
        }
        func names(_ environment: [String: String]) -> String? {
            writer.dockerNotes { environment[$0] }.first?.split(separator: " from").first.map(String.init)
        }
        #expect(names([:]) == "docker takes HF_TOKEN, GITHUB_TOKEN")
        #expect(names(["HF_TOKEN": "hf_value", "GITHUB_TOKEN": "other"]) == "docker takes GITHUB_TOKEN")
        #expect(names(["HF_TOKEN": "hf_value", "GITHUB_TOKEN": "t"]) == nil)
    }

    @Test(
        arguments: [
            (.docker, "scratch", nil, nil), (.docker, "/srv/scratch", nil, nil), (.docker, "./a b", nil, nil),
            (.docker, "-v", nil, "--claim"), (.docker, "", nil, "--claim"), (.docker, "/etc:/etc", nil, "--claim"),
            (.docker, "/a\n", nil, "--claim"), (.runai, "scratch", "/a,readonly=true", "--mount-path"),
            (.kubernetes, "scratch", "/a,b", nil), (.runai, "/srv", nil, "--claim"),
        ] as [(PodSpecFormat, String, String?, String?)])
    func `what becomes a part of another program's word is checked`(
        format: PodSpecFormat, claim: String, mountPath: String?, option: String?
    ) {
        do throws(PodSpecNames.Problems) {
            let request = PodRequestTests.read("").request
            var options = PodSpecOptions()
            options.format = format
            options.claim = claim
            options.mountPath = mountPath
            if let request { _ = try PodSpecNames(request, options) }
            #expect(option == nil && request != nil)
        } catch {
            #expect(error.lines.count == 1 && option.map { error.lines[0].hasPrefix($0 + " is ") } == true, "\(error)")
        }
    }

    @Test(
        arguments: [
            ("a", true), ("registry.example:5000/lab/train:1.0", true), ("a@sha256:0123", true), ("a_b/c-d", true),
            ("", false), ("-v", false), ("--privileged", false), ("a b", false), ("a\n", false), ("a\tb", false),
            ("/a", false), ("a//b", false), ("a/", false), ("a:", false), ("ä", false), ("a\u{301}", false),
            ("a;b", false), ("$(id)", false), (".a", false), ("a\u{200B}", false),
        ])
    func `an image is a reference`(text: String, isReference: Bool) {
        #expect(((try? ImageReference.check(text)) != nil) == isReference)
    }

    @Test(
        arguments: [
            ("2", "nvidia.com/gpu", 2), ("amd.com/gpu=1", "amd.com/gpu", 1), ("0", "nvidia.com/gpu", 0), ("x", "", -1),
            ("", "", -1), ("-1", "", -1), ("65", "", -1), ("gpu=1", "", -1), ("a b/c=1", "", -1), ("a/b=1=2", "", -1),
        ])
    func `devices are a number, perhaps of another kind`(text: String, resource: String, count: Int) {
        let found = try? PodSpecOptions.Accelerators(parsing: text)
        #expect(found == (count < 0 ? nil : .init(resource, count: count)))
    }

    @Test(
        arguments: [
            ("nfs.example:/export", "nfs.example", "/export"), ("10.0.0.5:/", "10.0.0.5", "/"),
            ("[fd00::1]:/a b", "[fd00::1]", "/a b"), ("nfs.example", "", ""), (":/x", "", ""), ("a b:/x", "", ""),
            ("h:/x\n", "", ""),
        ])
    func `an export is a server and a path`(text: String, server: String, path: String) {
        let found = try? PodSpecOptions.Export(parsing: text)
        #expect((found?.server ?? "") == server && (found?.path ?? "") == path)
    }
}
