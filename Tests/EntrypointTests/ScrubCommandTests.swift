import Foundation
import TestSupport
import Testing

/// `entrypointctl scrub` in a real container: nothing that was planted is found afterwards, and nothing else is touched.
@Suite(.containers)
struct ScrubCommandTests {
    /// Where secrets are planted, each with its owner.
    private static let places: [(path: String, user: UInt32)] = [
        ("/home/jane/.ssh/id_ecdsa", 1000), ("/root/.ssh/config", 0), ("/tmp/ssh-abc/agent.7", 1000),
        ("/home/jane/.git-credentials", 1000), ("/root/.gitconfig", 0), ("/home/jane/.config/git/credentials", 1000),
        ("/home/jane/.config/gh/hosts.yml", 1000), ("/home/jane/.cache/huggingface/token", 1000),
        ("/scratch/hf_cache/stored_tokens", 1000), ("/home/jane/.config/wandb/settings", 1000),
        ("/home/jane/.netrc", 1000), ("/root/.netrc", 0), ("/home/jane/.docker/config.json", 1000),
        ("/home/jane/.config/containers/auth.json", 1000), ("/run/containers/0/auth.json", 0),
        ("/home/jane/.kube/config", 1000), ("/home/jane/.kube/cache/discovery/a/b/servergroups.json", 1000),
        ("/home/jane/.aws/credentials", 1000), ("/home/jane/.config/gcloud/application_default_credentials.json", 1000),
        ("/home/jane/.azure/msal_token_cache.json", 1000), ("/home/jane/.s3cfg", 1000),
        ("/home/jane/.config/rclone/rclone.conf", 1000), ("/home/jane/.oci/config", 1000),
        ("/home/jane/.config/pip/pip.conf", 1000), ("/home/jane/.config/uv/uv.toml", 1000),
        ("/home/jane/.condarc", 1000), ("/home/jane/.npmrc", 1000), ("/home/jane/.cargo/credentials.toml", 1000),
        ("/home/jane/.pgpass", 1000), ("/etc/skel/.my.cnf", 0), ("/home/jane/.bash_history", 1000),
        ("/scratch/homes/jane/.shell/.zsh_history", 1000), ("/home/jane/.python_history", 1000),
        ("/home/jane/.lesshst", 1000), ("/home/jane/.psql_history", 1000),
        ("/home/jane/.gnupg/private-keys-v1.d/0123.key", 1000),
        ("/home/jane/.local/share/jupyter/runtime/kernel-1.json", 1000),
        ("/home/jane/.jupyter/jupyter_server_config.json", 1000),
        ("/scratch/homes/jane/.vscode-server/data/User/globalStorage/state.vscdb", 1000),
        ("/home/jane/.notes.txt.swp", 1000), ("/home/jane/.Xauthority", 1000), ("/dev/shm/entrypoint-1000/old", 1000),
        ("/workspace/.env", 1000), ("/opt/site/license.key", 0),
    ]

    private static func marker(_ index: Int) -> String { "planted-\(index)-\(index * 7919 + 104_729)-secret" }

    /// Calls the body with a container that jane's boot has made ready, and in which secrets are planted.
    private func withPlanted(
        prepare: (Container) throws -> Void = { _ in },
        _ body: (RunningContainer, Container, _ found: () throws -> [String]) throws -> Void
    ) throws {
        let key = try SSHKey()
        let line = try #require(key.file.text.split(separator: "\n").dropFirst(2).first)
        let markers = (Self.places.indices.map(Self.marker) + [String(line), "jane-of-the-test@host"]).map { $0 + "\n" }
        try withRunDirectory { own in
            try withPod(.debian) { container in
                try Data(markers.joined().utf8).write(to: URL(fileURLWithPath: own + "/list"))
                container.environment = container.environment.with([
                    "SSH_PRIVATE_KEY_B64": key.base64, "GIT_USER_NAME": "Jane",
                    "GIT_USER_EMAIL": "jane-of-the-test@host",
                ])
                container.mounts.append(.bind(own, to: "/markers", readOnly: true))
                try container.write("/etc/entrypoint.yaml", "scrub: {paths: [/opt/site/license.key]}\n")
                try prepare(container)
                let boot = try container.start("/bin/sh", "-c", "echo up; exec sleep 300")
                try boot.waitForOutput("up")
                for (index, place) in Self.places.enumerated() {
                    let script =
                        "mkdir -p '\((place.path as NSString).deletingLastPathComponent)' && echo "
                        + "'{\"token\": \"\(Self.marker(index))\"}' >>'\(place.path)' && chown \(place.user) '\(place.path)'"
                    let planted = try boot.exec(["sh", "-c", ByteString(script)], user: "0:0")
                    try #require(planted.exitCode == 0, "\(planted)")
                }
                // What is made on the way is the user's, too.
                let owned = try boot.exec(
                    ["chown", "-R", "1000:2000", "/home/jane", "/scratch/homes/jane"], user: "0:0")
                try #require(owned.exitCode == 0, "\(owned)")
                try body(boot, container) {
                    let search: ByteString =
                        "grep -rlaF -f /markers/list --exclude-dir=proc --exclude-dir=sys --exclude-dir=markers / | sort"
                    return try boot.exec(["sh", "-c", search], user: "0:0").outputLines
                }
            }
        }
    }

    private static let scrub: [ByteString] = ["entrypointctl", "scrub"]

    @Test func `after it a search of the whole root file system finds nothing, and a second run has nothing to do`()
        throws
    {
        try withPlanted { boot, container, found in
            let planted = try found()
            #expect(Set(planted).isSuperset(of: Self.places.map(\.path)) && planted.count > 45, "\(planted)")
            let also: [ByteString] = ["--also", "/workspace/.env"]
            // Nobody is asked, and nothing is changed.
            let dry = try boot.exec(Self.scrub + also + ["--dry-run"], user: "0:0")
            #expect(dry.exitCode == 0 && dry.output.contains("to remove"), "\(dry)")
            let unasked = try boot.exec(Self.scrub + also, user: "0:0")
            #expect(unasked.exitCode == 64 && unasked.output.contains("/home/jane/.netrc"), "\(unasked)")
            #expect(unasked.errors.contains("nothing was removed: there is no terminal to ask at; --yes"), "\(unasked)")
            #expect(try found() == planted)

            let outcome = try boot.exec(Self.scrub + also + ["--yes"], user: "0:0")
            #expect(outcome.exitCode == 0, "\(outcome)")
            #expect(!outcome.output.contains("planted-") && !outcome.errors.contains("planted-"))
            #expect(outcome.errors.contains("SSH_PRIVATE_KEY_B64"), "what docker commit keeps is told: \(outcome)")
            #expect(try found() == [])
            for path in [
                "/run/entrypoint", "/home/jane/.ssh", "/scratch/homes/jane/.gitconfig", "/home/jane/.gitconfig",
            ] {
                #expect(try !container.exists(path), "\(path)")
            }
            #expect(try container.exists("/home/jane") && container.exists("/etc/passwd"))
            let second = try boot.exec(Self.scrub + also + ["--yes", "--json"], user: "0:0")
            #expect(second.exitCode == 0 && second.output.contains("\"items\": []"), "\(second)")
            let people = try boot.exec(Self.scrub, user: "0:0")
            #expect(people.exitCode == 0 && people.output == "nothing to remove\n", "\(people)")
        }
    }

    @Test func `with --account the user is in no account file any more, and others are`() throws {
        try withPlanted(prepare: { container in
            try container.append("/etc/passwd", "bob:x:1001:1001::/home/bob:/bin/sh\n")
            try container.write("/etc/subuid", "jane:100000:65536\nbob:165536:65536\n")
        }) { boot, container, _ in
            #expect(try container.text("/etc/passwd").contains("\njane:x:1000:2000:"))
            let outcome = try boot.exec(Self.scrub + ["--yes", "--account", "--json"], user: "0:0")
            #expect(outcome.exitCode == 0 && outcome.output.contains("\"outcome\": \"removed\""), "\(outcome)")
            for file in ["passwd", "shadow", "group", "gshadow", "subuid"] {
                let text = try container.text("/etc/\(file)")
                #expect(!text.contains("jane") && !text.contains("lab"), "\(file): \(text)")
                #expect(file == "subuid" || text.contains("root"), "\(file)")
            }
            #expect(
                try container.text("/etc/passwd").contains("bob:x:1001")
                    && !container.exists("/etc/sudoers.d/90-entrypoint"))
            #expect(try container.status("/etc/shadow")?.description == "file 0640 0:42")
            #expect(try container.status("/home/jane")?.user == 1000)
            let second = try boot.exec(Self.scrub + ["--yes", "--account"], user: "0:0")
            #expect(second.exitCode == 0 && second.output == "nothing to remove\n", "\(second)")
            #expect(second.errors.contains("no account is removed: "), "\(second)")
            let user = try boot.exec(Self.scrub + ["--yes", "--account"], user: "1000:2000")
            #expect(user.exitCode == 64 && user.errors.contains("only root can change the account files"), "\(user)")
        }
    }

    @Test func `a mounted volume is entered only if it is named, and never lost`() throws {
        try withRunDirectory { volume in try expectVolumeKept(volume) }
    }

    private func expectVolumeKept(_ volume: String) throws {
        for name in [".netrc", "credentials"] {
            try Data("volume".utf8).write(to: URL(fileURLWithPath: "\(volume)/\(name)"))
        }
        let isThere = { (name: String) in FileManager.default.fileExists(atPath: "\(volume)/\(name)") }
        try withPlanted(prepare: { container in
            container.mounts.append(.bind(volume, to: "/root/.aws"))
            container.mounts.append(.bind(volume, to: "/home/bob"))
            container.mounts.append(.bind(volume + "/credentials", to: "/root/.pgpass"))
            container.mounts.append(.bind(volume, to: "/root/.kube/mounted"))
        }) { boot, container, found in
            let outcome = try boot.exec(Self.scrub + ["--yes", "--also", "/workspace/.env"], user: "0:0")
            #expect(outcome.exitCode == 0, "\(outcome)")
            for path in ["/root/.aws", "/home/bob", "/root/.pgpass", "/root/.kube/mounted"] {
                #expect(outcome.errors.contains("\(path) was not entered: a volume is mounted there"), "\(outcome)")
            }
            #expect(try isThere(".netrc") && isThere("credentials") && found() == [])
            let again = try boot.exec(Self.scrub + ["--yes"], user: "0:0")
            #expect(again.exitCode == 0 && again.output == "nothing to remove\n", "\(again)")
            let named = try boot.exec(Self.scrub + ["--yes", "--cross", "/home/bob"], user: "0:0")
            #expect(named.exitCode == 0 && named.output.contains("/home/bob/.netrc"), "\(named)")
            #expect(!isThere(".netrc") && isThere("credentials"))
            let also = try boot.exec(Self.scrub + ["--yes", "--also", "/home/bob/credentials"], user: "0:0")
            #expect(also.exitCode == 0 && !isThere("credentials"), "\(also)")
        }
    }

    @Test func `links, hard links and pipes of the user's lead root nowhere`() throws {
        try withPlanted { boot, container, found in
            let shadow = try container.text("/etc/shadow")
            let attack: ByteString = """
                cd /home/jane && rm -rf .ssh/* .kube .config/pip
                ln -s /etc/shadow .ssh/id_rsa && ln -s ../../../etc .ssh/dir && ln -s /etc .kube
                ln -s / .config/pip && mkfifo .rclone.conf .ssh/pipe && mkdir -p '.gnupg/a
                b' && echo x >'.gnupg/a
                b/c d' && chmod 000 .gnupg
                """
            let made = try boot.exec(["sh", "-c", attack], user: "1000:2000")
            #expect(made.exitCode == 0, "\(made)")
            let hard = try boot.exec(["ln", "/etc/shadow", "/home/jane/.ssh/id_dsa"], user: "0:0")
            #expect(hard.exitCode == 0, "\(hard)")
            let outcome = try boot.exec(Self.scrub + ["--yes", "--also", "/workspace/.env"], user: "0:0")
            #expect(outcome.exitCode == 1, "\(outcome)")
            #expect(
                outcome.errors.contains(
                    "entrypointctl: /home/jane/.ssh/id_dsa was removed, and its content has another name"), "\(outcome)"
            )
            #expect(try container.text("/etc/shadow") == shadow && container.exists("/etc/passwd"))
            #expect(try found() == [])
            let second = try boot.exec(Self.scrub + ["--yes"], user: "0:0")
            #expect(second.exitCode == 0 && second.output == "nothing to remove\n", "\(second)")
        }
    }

    @Test func `the user removes what is the user's, and is told of the rest`() throws {
        try withPlanted { boot, container, _ in
            let outcome = try boot.exec(
                ["env", "-i", "/usr/local/bin/entrypointctl", "scrub", "--yes"], user: "1000:2000")
            #expect(outcome.exitCode == 1, "\(outcome)")
            #expect(outcome.errors.contains("cannot search /root: permission denied"), "\(outcome)")
            #expect(outcome.errors.contains("cannot remove /etc/skel/.my.cnf: "), "\(outcome)")
            #expect(try !container.exists("/home/jane/.netrc") && container.exists("/root/.netrc"))
            #expect(try !container.exists("/scratch/homes/jane/.shell/.zsh_history"))
        }
    }

    @Test func `on a read-only root file system each thing that stays is told`() throws {
        try withContainer(.debian) { container in
            try container.write("/root/.netrc", "secret\n", mode: 0o600)
            container.readOnly = true
            container.entrypoint = ["/usr/local/bin/entrypointctl"]
            let outcome = try container.run("scrub", "--yes")
            #expect(outcome.exitCode == 1, "\(outcome)")
            #expect(
                outcome.errors.contains("entrypointctl: cannot remove /root/.netrc: read-only file system\n"),
                "\(outcome)")
            #expect(try container.text("/root/.netrc") == "secret\n")
        }
    }

    @Test func `wrong arguments and a wrong configuration remove nothing`() throws {
        try withContainer(.debian) { container in
            try container.write("/root/.netrc", "secret\n", mode: 0o600)
            container.entrypoint = ["/usr/local/bin/entrypointctl", "scrub"]
            for (arguments, told) in [
                (["--also", "x"], "--also 'x': not an absolute path"), (["--also", "/"], "that is everything"),
                (["--also", "/a/../b"], "--also '/a/../b': "), (["--cross", "/"], "that is everything"),
                (["--dry-run", "--yes"], "--dry-run removes nothing"), (["--all"], "Unknown option"),
            ] as [([ByteString], String)] {
                let outcome = try container.run(arguments)
                #expect(outcome.exitCode == 64 && outcome.errors.contains(told), "\(outcome)")
            }
            try container.write("/etc/entrypoint.yaml", "scrub: {paths: [relative]}\n")
            let wrong = try container.run("--yes")
            #expect(
                wrong.exitCode == 78 && wrong.errors.contains("/etc/entrypoint.yaml:1:17: scrub.paths[0]: "), "\(wrong)"
            )
            #expect(try container.exists("/root/.netrc"))
        }
    }

    @Test func `at a terminal it asks, and takes nothing but a yes for one`() throws {
        try withContainer(.debian) { container in
            container.entrypoint = ["/usr/local/bin/entrypointctl"]
            container.terminal = true
            for (answer, code, isLeft) in [("\n", 1, true), ("no\n", 1, true), ("yes\n", 0, false)] {
                try container.write("/root/.netrc", "secret\n", mode: 0o600)
                let running = try container.start("scrub")
                try running.waitForOutput("Overwrite and remove all of this? [y/N] ")
                running.write(ByteString(answer))
                let outcome = try running.wait()
                #expect(outcome.exitCode == code, "\(outcome)")
                #expect(try container.exists("/root/.netrc") == isLeft)
            }
        }
    }

    /// Somebody who exchanges directories for links to the system's while root removes what is in them.
    @Test func `who exchanges directories meanwhile loses only what is the own`() throws {
        try withPlanted { boot, container, _ in
            let racer: ByteString = """
                import os, time
                os.chdir('/home/jane')
                end = time.time() + 20
                print('ready', flush=True)
                while time.time() < end and not os.path.exists('/tmp/stop'):
                    try:
                        os.makedirs('.kube/cache/x', exist_ok=True)
                        for n in range(20): open('.kube/cache/%d' % n, 'w').close()
                        os.rename('.kube/cache', '.kube/aside'); os.symlink('/etc', '.kube/cache')
                        os.unlink('.kube/cache'); os.rename('.kube/aside', '.kube/cache')
                        os.rename('.kube', '.old'); os.symlink('/etc', '.kube'); os.unlink('.kube'); os.rename('.old', '.kube')
                    except OSError: pass
                """
            let before = try boot.exec(["sh", "-c", "find /etc | sort | sha256sum"], user: "0:0").output
            let running = try boot.startExec(["python3", "-c", racer], user: "1000:2000", terminal: false)
            try running.waitForOutput("ready")
            for _ in 0..<12 {
                let outcome = try boot.exec(Self.scrub + ["--yes"], user: "0:0")
                #expect([0, 1].contains(outcome.exitCode), "\(outcome)")
            }
            try container.write("/tmp/stop", "")
            _ = try running.wait()
            let after = try boot.exec(["sh", "-c", "find /etc | sort | sha256sum"], user: "0:0").output
            // The skeleton's secret is the one thing of /etc that goes.
            try container.write("/etc/skel/.my.cnf", "")
            let restored = try boot.exec(["sh", "-c", "find /etc | sort | sha256sum"], user: "0:0").output
            #expect(restored == before && after != before)
            let outcome = try boot.exec(Self.scrub + ["--yes"], user: "0:0")
            #expect(outcome.exitCode == 0, "\(outcome)")
        }
    }
}
