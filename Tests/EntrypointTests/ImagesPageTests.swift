import Foundation
import TestSupport
import Testing

/// The page Images: each of its commands is run, with podman in the place of docker, and what it has of files is used.
@Suite(.containers, .longImages, .serialized)
struct ImagesPageTests {
    private static let page = "/Sources/entrypoint/Documentation.docc/Images.md"

    private static func text() throws -> String {
        try String(contentsOfFile: ImageBuild.project + page, encoding: .utf8)
    }

    /// The commands of the page in their order, what is on several lines in one piece.
    static func commands() throws -> [String] {
        var commands: [String] = []
        // What stands between two fences is a file, and no command.
        let text = try text().replacing(/```.*?```/.dotMatchesNewlines(), with: "")
        for line in text.split(separator: "\n") where line.hasPrefix("    ") {
            if commands.last?.hasSuffix("\\") == true {
                commands[commands.count - 1] += "\n" + line.dropFirst(4)
            } else {
                commands.append(String(line.dropFirst(4)))
            }
        }
        return commands
    }

    /// A command of the page, as the test knows it: by its beginning, with what its output has.
    private struct Known {
        var start: String
        /// What is run in its place, `nil` for the command itself.
        var instead: String?
        var has: [String] = []
    }

    private static func known(in directory: String) throws -> [Known] {
        let programs = try TestMachine.programs
        return [
            // Compiled by DockerfileTests, which takes ten minutes.
            Known(
                start: "docker build -t entrypoint --build-arg COMMIT=",
                instead: "docker build -t entrypoint -f \(directory)/Programs \(programs)"),
            Known(start: "docker build -t base docker/base"),
            Known(start: "docker build -t base --build-arg PACKAGES="),
            Known(start: "docker run --rm base id", has: ["uid=0(root)"]),
            Known(start: "docker volume create scratch"),
            Known(start: "docker run --rm -v scratch:/scratch --entrypoint /bin/sh base"),
            Known(start: "docker run --rm -it -e NB_USER=jane", has: ["uid=254321(jane) gid=83070(lab)"]),
            Known(start: "IMAGE=base docker compose", has: ["uid=1000(jane) gid=1000(lab)"]),
            Known(
                start: "scripts/demo --engine docker",
                has: ["in /scratch/homes/jane/project, umask 0007", "ready: 0 changes"]),
            Known(start: "docker volume create programs"),
            Known(
                start: "docker run --rm -v programs:/programs --entrypoint",
                has: ["/programs/entrypoint: installed"]),
            Known(start: "docker run --rm -v programs:/entrypoint:ro", has: ["uid=0(root)"]),
            Known(start: "export REGISTRY="),
            Known(start: "export LDAP_USERNAME="),
            Known(
                start: "scripts/publish --dry-run --sign",
                has: [
                    "docker push registry.example/lab/base:v1", "cosign sign --yes registry.example/lab/base@sha256:",
                ]),
            // A build within a run of the tests would wait for it.
            Known(
                start: "scripts/release",
                instead:
                    "COMMIT=$(\(programs)/entrypoint --version | sed 's/.*commit //; s/)//') scripts/release --modified "
                    + "--programs \(programs) \(directory)/build/release", has: [".cdx.json"]),
            Known(
                start: "(cd build/release && sha256sum --check",
                instead: "(cd \(directory)/build/release && sha256sum --check SHA256SUMS)",
                has: [": OK"]),
        ]
    }

    /// A git repository that stands for oh-my-zsh's, and the commit in it.
    private static func makeShellRepository(in directory: String) throws -> String {
        let script = """
            git init -q \(directory)/omz && cd \(directory)/omz && echo 'echo oh-my-zsh' >oh-my-zsh.sh && git add . &&
            git -c user.name=a -c user.email=a@example.org commit -qm one && git rev-parse HEAD
            """
        let made = try Program(["/bin/sh", "-c", script]).run()
        try #require(made.exitCode == 0, "\(made)")
        return made.output.trimmingCharacters(in: .newlines)
    }

    @Test func `every command of the page does what the page says`() throws {
        try withRunDirectory { directory in
            try "FROM scratch\nCOPY entrypoint entrypointctl /\nCOPY share /share\nENTRYPOINT [\"/entrypoint\"]\n"
                .write(
                    toFile: directory + "/Programs", atomically: false, encoding: .utf8)
            let commit = try Self.makeShellRepository(in: directory)
            let options =
                try Engine.network(in: directory) + [
                    "--volume=\(directory)/omz:/omz:ro", "--build-arg=OH_MY_ZSH_REPOSITORY=file:///omz",
                    "--build-arg=OH_MY_ZSH_COMMIT=\(commit)",
                ]
            let engine = try Engine(in: directory, options: options)
            let known = try Self.known(in: directory)
            let commands = try Self.commands()
            try #require(commands.count == known.count, "\(commands)")
            var exported = ""
            for (command, known) in zip(commands, known) {
                #expect(command.hasPrefix(known.start), "\(command)")
                let isExport = command.hasPrefix("export ")
                let outcome = try engine.run(exported + (known.instead ?? command), within: .seconds(600))
                if isExport { exported += command + "\n" }
                #expect(outcome.exitCode == 0, "\(command): \(outcome)")
                for part in known.has {
                    #expect((outcome.output + outcome.errors).contains(part), "\(command): \(outcome)")
                }
            }
            // What the base image is to have.
            let tools = try engine.run(
                "docker run --rm base sh -c 'uv --version && gcc --version && htop --version && cat /docker/.oh-my-zsh/*; "
                    + "/sbin/getcap /usr/local/bin/entrypoint'", within: .seconds(60))
            for part in ["uv 0.13.8", "gcc (Debian", "htop 3", "echo oh-my-zsh", "cap_setuid"] {
                #expect(tools.output.contains(part), "\(tools)")
            }
        }
    }

    /// The file `devcontainer.json` of the page, used as the specification of dev containers says: `install.sh` runs as root
    /// in the feature's folder with the options as variables, and the feature's entrypoint is called when the container
    /// starts, before a command that waits.
    @Test func `a dev container is made ready by the feature`() throws {
        struct Settings: Decodable {
            var features: [String: [String: String]]
            var containerEnv: [String: String]
            var remoteUser: String
        }
        let json = try #require(try Self.text().firstMatch(of: /```json\n(.*?)```/.dotMatchesNewlines())?.1)
        let settings = try JSONDecoder().decode(Settings.self, from: Data(json.utf8))
        struct Feature: Decodable { var entrypoint: String; var containerEnv: [String: String] }
        try withRunDirectory { directory in
            let released = try ReleaseTests.release(into: directory + "/release")
            try #require(released.exitCode == 0, "\(released)")
            let script = "mkdir feature && tar -xzf release/*-devcontainer-*.tgz -C feature"
            var unpack = Program(["/bin/sh", "-c", script])
            unpack.directory = directory
            #expect(try unpack.run().exitCode == 0)
            let feature = try JSONDecoder().decode(
                Feature.self, from: Data(contentsOf: URL(filePath: directory + "/feature/devcontainer-feature.json")))
            let options = try #require(settings.features["./entrypoint"]).map { "\($0.key.uppercased())='\($0.value)'" }
            let variables = feature.containerEnv.merging(settings.containerEnv) { $1 }
            let text = """
                FROM \(ImageBuild.apt)
                COPY feature /tmp/feature
                RUN cd /tmp/feature && \(options.joined(separator: " ")) ./install.sh && ./install.sh && rm -rf /tmp/feature
                """
            try text.write(toFile: directory + "/Dockerfile", atomically: false, encoding: .utf8)
            let image = "localhost/entrypoint-devcontainer"
            try ImageBuild.build(image, from: directory + "/Dockerfile", in: directory, [try ImageBuild.packages])
            let wait =
                "echo Container started\ntrap 'exit 0' 15\n\(feature.entrypoint)\nexec \"$@\"\nwhile sleep 1 & wait $!; do :; done"
            let start: [ByteString] = [
                "run", "--rm", "--name=devcontainer", "--network=none", "--cgroup-parent=/\(try TestMachine.run)",
                "--tmpfs=/scratch/homes:mode=777", "--entrypoint=/bin/sh",
            ]
            let container = try Podman.program(
                start + variables.map { "--env=\($0.key)=\($0.value)" }
                    + ["\(image)", "-c", ByteString(wait), "-", "sh", "-c", "echo up; exec sleep 60"]
            ).start()
            try container.waitForOutput("up")
            for shell in ["bash", "zsh"] {
                let session = try Podman.invoke(
                    "exec", "--user=\(settings.remoteUser)", "devcontainer", ByteString(shell), "-lic",
                    "echo $(id -un) $SCRATCH_HOME $(umask)")
                #expect(session.outputLines.last?.hasPrefix("jane /scratch/homes/jane 0") == true, "\(session)")
            }
            try container.stop()
        }
    }

    /// Options of the feature that are wrong, and what is told.
    static let mistakes: [(options: String, told: String)] = [
        ("PACKAGES= TARBALL=https://example.org/x.tar.gz", "the option tarball is an address: set sha256, too"),
        ("PACKAGES= TARBALL=/etc/passwd", "/etc/passwd is no tarball of a release"),
        ("PACKAGES= TARBALL=/nowhere", "cannot read the tarball /nowhere"),
        ("PACKAGES= TARBALL=/etc/passwd SHA256=00", "has another SHA-256 than the option sha256 says"),
        ("PACKAGES= SESSIONHOOK=maybe", "the option sessionHook is 'maybe': true or false is expected"),
        ("PACKAGES=zsh TARBALL=/tarballs/good", "cannot install zsh: the image has neither apt-get nor apk"),
        // It is told before packages are installed.
        ("PACKAGES=zsh TARBALL=/tarballs/two", "exactly one directory is expected at its top"),
        ("PACKAGES=zsh TARBALL=/tarballs/hidden", "exactly one directory is expected at its top"),
        ("PACKAGES=zsh TARBALL=/tarballs/file", "exactly one directory is expected at its top"),
        ("PACKAGES=zsh TARBALL=/tarballs/link", "exactly one directory is expected at its top"),
        ("PACKAGES=zsh TARBALL=/tarballs/without", "its directory has no bin/entrypoint "),
        ("PACKAGES=zsh", "there are no programs in the folder of the feature"),
    ]

    /// Makes the tarballs of the table.
    private static let tarballs = """
        mkdir -p good/bin good/share without/bin without/share && touch good/bin/entrypoint good/bin/entrypointctl
        touch file .hidden && ln -s good link && mkdir tarballs
        for name in good file link without; do tar -czf tarballs/$name $name; done
        tar -czf tarballs/two good without && tar -czf tarballs/hidden good .hidden
        """

    @Test func `options of the feature that are wrong are told of`() throws {
        try withRunDirectory { directory in
            let script =
                "cp docker/devcontainer-feature/* docker/base/install-packages docker/base/profile.sh \(directory)"
            var copy = Program(["/bin/sh", "-c", ByteString(script).text])
            copy.directory = ImageBuild.project
            #expect(try copy.run().exitCode == 0)
            var tarballs = Program(["/bin/sh", "-ec", Self.tarballs])
            tarballs.directory = directory
            #expect(try tarballs.run().exitCode == 0)
            let lines = Self.mistakes.map {
                "(\($0.options) /feature/install.sh; echo code $?) 2>&1 | tr '\\n' ' '; echo"
            }
            let outcome = try ImageBuild.run(
                [
                    "--entrypoint=/bin/sh", "--volume=\(directory):/feature:ro",
                    "--volume=\(directory)/tarballs:/tarballs:ro",
                ], Image.busybox.name,
                ["-c", ByteString(lines.joined(separator: "\n"))])
            #expect(outcome.outputLines.count == Self.mistakes.count, "\(outcome)")
            for (answer, mistake) in zip(outcome.outputLines, Self.mistakes) {
                #expect(answer.contains(mistake.told) && !answer.hasSuffix("code 0 "), "\(mistake): \(answer)")
            }
        }
    }
}
