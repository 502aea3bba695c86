import Foundation
import Linux
import TestSupport
import Testing

/// `scripts/publish`: what it runs, and what it refuses.
struct PublishTests {
    private static let settings: Environment = [
        "REGISTRY": "registry.example:5000", "IMAGE_PATH": "lab/base", "TAG": "v1", "COMMIT": "1a2b3c",
        "LDAP_USERNAME": "seed", "LDAP_UID": "177449", "LDAP_GROUPNAME": "lab-seed", "LDAP_GID": "83071",
        // As in a tree without git, which may have other files than the commit.
        "GIT_DIR": "/nowhere",
    ]

    private func publish(_ arguments: [ByteString], _ changes: Environment = [:]) throws -> Outcome {
        var script = Program("/bin/bash", ["\(ImageBuild.project)/scripts/publish"] + arguments)
        script.environment = Environment.container.with(Self.settings).with(changes)
        return try script.run()
    }

    @Test func `a dry run prints the commands`() throws {
        let outcome = try publish(["--dry-run", "--sign"])
        #expect(outcome.exitCode == 0 && outcome.errors.isEmpty, "\(outcome)")
        let version = try #require(
            try Program(["\(try TestMachine.programs)/entrypoint", "--version"]).run()
                .output.split(separator: " ").dropFirst().first)
        #expect(
            outcome.outputLines == [
                "docker build --tag localhost/entrypoint:\(version) --build-arg COMMIT=1a2b3c --build-arg VERSION=\(version) "
                    + "--file docker/Dockerfile .",
                "docker build --tag registry.example:5000/lab/base:v1 --build-arg ENTRYPOINT_IMAGE=localhost/entrypoint:"
                    + "\(version) --build-arg COMMIT=1a2b3c --build-arg VERSION=v1 --build-arg TITLE=lab/base --build-arg "
                    + "LDAP_USERNAME=seed --build-arg LDAP_UID=177449 --build-arg LDAP_GROUPNAME=lab-seed --build-arg "
                    + "LDAP_GID=83071 --file docker/base/Dockerfile docker/base",
                "docker push registry.example:5000/lab/base:v1",
                "cosign sign --yes registry.example:5000/lab/base@sha256:DIGEST",
            ])
    }

    @Test(arguments: ["docker", "podman", "buildah"])
    func `a dry run needs no engine, takes further options, and shows no password`(engine: String) throws {
        let outcome = try publish(
            ["--engine", "\(engine)", "--dry-run", "--no-push", "--", "--network=host"],
            [
                "ENTRYPOINT_IMAGE": "programs", "PACKAGES": "htop rsync", "UV_VERSION": "", "PATH": "/usr/bin:/bin",
                "PIP_INDEX_URL": "https://jane:hunter2@index.example",
            ])
        #expect(outcome.exitCode == 0 && outcome.outputLines.count == 1, "\(outcome)")
        #expect(outcome.output.hasPrefix("\(engine) build --tag registry.example:5000/lab/base:v1 "))
        for part in [" --network=host ", " PACKAGES=htop\\ rsync ", " UV_VERSION= ", " --build-arg PIP_INDEX_URL "] {
            #expect(outcome.output.contains(part), "\(part)")
        }
        #expect(!outcome.output.contains("hunter2"))
    }

    private static let id = "a number from 1 to 4294967294, and not 65534, is expected"
    private static let secret = "has a user or a password: an address without is expected"

    /// Settings that are wrong, and the lines that tell it.
    static let mistakes: [(changes: Environment, lines: [String])] = [
        (
            ["REGISTRY": "", "IMAGE_PATH": "", "TAG": ""],
            ["publish: REGISTRY is not set", "publish: IMAGE_PATH is not set", "publish: TAG is not set"]
        ),
        (
            ["LDAP_UID": "", "LDAP_GID": ""],
            [
                "publish: of the account's variables these are not set: LDAP_UID LDAP_GID; set all four or none"
            ]
        ),
        (
            ["FILE_CAPABILITIES": "true", "BUILD_TOOLS": "1", "CHAIN": "entry.sh", "PACKAGES": "htop;x"],
            [
                "publish: FILE_CAPABILITIES is 'true': yes or no is expected",
                "publish: BUILD_TOOLS is '1': yes or no is expected",
                "publish: CHAIN is 'entry.sh': an absolute path, with arguments behind it, is expected",
                "publish: PACKAGES is 'htop;x': a list of packages, separated by blanks, is expected",
            ]
        ),
        (
            ["IMAGE_PATH": "Lab/Base", "TAG": "v 1", "LDAP_UID": "0x1"],
            [
                "publish: IMAGE_PATH is 'Lab/Base': a path in lower case, such as lab/base is expected",
                "publish: TAG is 'v 1': up to 128 letters, digits, dots, _ and - is expected",
                "publish: LDAP_UID is '0x1': \(id)",
            ]
        ),
        (
            ["REGISTRY": "--tls-verify=false"],
            ["publish: REGISTRY is '--tls-verify=false': a host, with a port if it has one is expected"]
        ),
        (
            ["LDAP_UID": "65534", "LDAP_GID": "4294967295"],
            ["publish: LDAP_UID is '65534': \(id)", "publish: LDAP_GID is '4294967295': \(id)"]
        ),
        (
            ["LDAP_UID": "0", "LDAP_GID": "18446744073709551617"],
            ["publish: LDAP_UID is '0': \(id)", "publish: LDAP_GID is '18446744073709551617': \(id)"]
        ),
        (["LDAP_UID": "010"], ["publish: LDAP_UID is '010': \(id)"]),
        (
            [
                "OH_MY_ZSH_REPOSITORY": "https://jane:hunter2@git.example/a.git",
                "SOURCE": "https://jane:hunter2@git.example",
            ],
            ["publish: OH_MY_ZSH_REPOSITORY \(secret)", "publish: SOURCE \(secret)"]
        ),
        (["OH_MY_ZSH_REPOSITORY": "jane:hunter2@git.example:a.git"], ["publish: OH_MY_ZSH_REPOSITORY \(secret)"]),
        (
            ["COMMIT": "--help me"],
            ["publish: COMMIT is '--help me': up to 79 letters, digits, dots, _ and - is expected"]
        ),
    ]

    @Test(
        arguments: [
            ["LDAP_UID": "4294967294", "LDAP_GID": "1"],
            ["OH_MY_ZSH_REPOSITORY": "https://git.example/a@b.git", "SOURCE": "https://git.example/?by=jane@lab"],
        ] as [Environment])
    func `what is at the edge is taken`(changes: Environment) throws {
        let outcome = try publish(["--dry-run"], changes)
        #expect(outcome.exitCode == 0 && outcome.errors.isEmpty, "\(outcome)")
        for entry in changes.entries {
            let word = entry.text.replacing("?", with: "\\?")
            #expect(outcome.output.contains(" --build-arg \(word) "), "\(outcome)")
        }
    }

    /// `COMMIT`, whether a file was changed, and the label: `HEAD` stands for the commit of git.
    static let commits: [(commit: String, isModified: Bool, label: String)] = [
        ("", false, "HEAD"), ("", true, "HEAD-dirty"), ("HEAD", false, "HEAD"), ("HEAD", true, "HEAD-dirty"),
        ("v1", false, "v1"), ("v1", true, "v1-dirty"), ("1a2b3c", false, "1a2b3c-dirty"),
        ("v1-dirty", true, "v1-dirty"), ("-x", false, "-x-dirty"),
    ]

    @Test(arguments: commits)
    func `files that differ from the commit are told in the label`(commit: String, isModified: Bool, label: String)
        throws
    {
        try withTemporaryDirectory { directory in
            let clone = try ScriptClone("publish", in: directory.string)
            if isModified { try clone.modify() }
            let outcome = try clone.run(
                ["--dry-run"],
                Self.settings.with(["COMMIT": ByteString(commit.replacing("HEAD", with: clone.head))]))
            let words = outcome.output.split(separator: " ").filter { $0.hasPrefix("COMMIT=") }
            let expected = label.replacing("HEAD", with: clone.head)
            #expect(words == ["COMMIT=\(expected)", "COMMIT=\(expected)"], "\(outcome)")
        }
    }

    @Test(arguments: mistakes.indices) func `all that is wrong is told before anything is built`(index: Int) throws {
        let (changes, lines) = Self.mistakes[index]
        let outcome = try publish([], changes)
        #expect(outcome.exitCode == 78 && outcome.errorLines == lines && outcome.output.isEmpty, "\(outcome)")
    }

    @Test(
        arguments: [
            ["--engine", "nerdctl"], ["--engine"], ["--key", "k"], ["--sign", "--no-push"], ["build"], ["--dryrun"],
        ])
    func `what is no option is refused`(arguments: [String]) throws {
        let outcome = try publish(arguments.map { ByteString($0) })
        #expect(outcome.exitCode == 64 && outcome.errorLines.count == 1 && outcome.output.isEmpty, "\(outcome)")
    }

    @Test func `an engine that is not there is told of`() throws {
        let outcome = try publish(["--engine", "buildah"], ["PATH": "/nowhere"])
        // Without dirname and readlink nothing works: the message of bash is as good.
        #expect(outcome.exitCode != 0 && !outcome.errors.isEmpty, "\(outcome)")
    }

    /// An image is built with the engine's real programs, pushed to a registry of the machine's, and signed by a program
    /// that tells what it was asked.
    @Test(.containers, .longImages) func `an image is built, pushed and signed by its digest`() throws {
        try withRunDirectory { directory in
            var shell = try Engine(in: directory, options: [try ImageBuild.packages])
            let programs = "localhost/entrypoint-programs-publish"
            try "FROM scratch\nCOPY entrypoint entrypointctl /\nCOPY share /share\n".write(
                toFile: directory + "/Programs", atomically: false, encoding: .utf8)
            try ImageBuild.build(programs, from: directory + "/Programs", in: try TestMachine.programs, [])
            try "#!/bin/sh\necho \"cosign $*\"\n".write(
                toFile: directory + "/bin/cosign", atomically: false, encoding: .utf8)
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o755], ofItemAtPath: directory + "/bin/cosign")
            try """
            version: 0.1
            storage: {filesystem: {rootdirectory: \(directory)/registry}}
            http: {addr: 127.0.0.1:5017}
            """.write(toFile: directory + "/registry.yml", atomically: false, encoding: .utf8)
            try "[[registry]]\nlocation = \"127.0.0.1:5017\"\ninsecure = true\n".write(
                toFile: directory + "/registries.conf", atomically: false, encoding: .utf8)
            var server = Program(["/usr/bin/docker-registry", "serve", directory + "/registry.yml"])
            // It would wait for a reader of its log.
            (server.standardOutput, server.standardError) = (.null, .null)
            let registry = try server.start()
            defer { _ = try? registry.stop() }
            shell.environment = shell.environment.with(Self.settings).with([
                "REGISTRY": "127.0.0.1:5017", "ENTRYPOINT_IMAGE": "\(programs)", "UV_VERSION": "",
                "OH_MY_ZSH_COMMIT": "", "BUILD_TOOLS": "no",
                "CONTAINERS_REGISTRIES_CONF": "\(directory)/registries.conf",
            ])
            let isReady = try shell.run(
                "until curl --silent --fail http://127.0.0.1:5017/v2/; do sleep 0.1; done", within: .seconds(30))
            #expect(isReady.exitCode == 0, "\(isReady)")
            for engine in ["docker", "podman", "buildah"] {
                shell.environment["TAG"] = "\(engine)"
                let outcome = try shell.run("scripts/publish --engine \(engine) --sign", within: .seconds(180))
                #expect(outcome.exitCode == 0, "\(outcome)")
                let told = try Regex("published 127[.]0[.]0[.]1:5017/lab/base:\(engine) (sha256:[0-9a-f]{64})\n")
                let digest = try #require(outcome.output.firstMatch(of: told)?.output[1].substring, "\(outcome)")
                let image = "127.0.0.1:5017/lab/base@\(digest)"
                #expect(outcome.output.contains("cosign sign --yes \(image)\n"))
                let pulled = try shell.run(
                    "podman pull --quiet \(image) && podman run --rm \(image) tail -n 1 /etc/passwd",
                    within: .seconds(60))
                #expect(pulled.outputLines.last == "seed:x:177449:83071::/nonexistent:/usr/sbin/nologin", "\(pulled)")
            }
        }
    }
}
