import Foundation
import TestSupport
import Testing

/// What a user may try through drop-in steps.
@Suite(.containers)
struct DropInAttackTests {
    /// What is made of the image, and why root does not run the step.
    static let openings: [(make: @Sendable (Container) throws -> Void, reason: String)] = [
        (
            { try $0.write("/etc/entrypoint/steps.d/10-x", "#!/bin/sh\n", mode: 0o755, user: 1000) },
            "/etc/entrypoint/steps.d/10-x belongs to user 1000; chown root:root /etc/entrypoint/steps.d/10-x"
        ),
        (
            { try $0.write("/etc/entrypoint/steps.d/10-x", "#!/bin/sh\n", mode: 0o775, group: 2000) },
            "users other than root can write to /etc/entrypoint/steps.d/10-x (0775); chmod go-w /etc/entrypoint/steps.d/10-x"
        ),
        (
            {
                try $0.write("/etc/entrypoint/steps.d/10-x", "#!/bin/sh\n", mode: 0o755)
                try $0.makeDirectory("/etc/entrypoint/steps.d", mode: 0o757)
            }, "users other than root can write to /etc/entrypoint/steps.d (0757); chmod go-w /etc/entrypoint/steps.d"
        ),
        (
            {
                try $0.write("/etc/entrypoint/steps.d/10-x", "#!/bin/sh\n", mode: 0o755)
                try $0.makeDirectory("/etc/entrypoint", user: 1000)
            }, "/etc/entrypoint belongs to user 1000; chown root:root /etc/entrypoint"
        ),
        (
            {
                try $0.write("/scratch/homes/x", "#!/bin/sh\n", mode: 0o755)
                try $0.link("/etc/entrypoint/steps.d/10-x", to: "../../../scratch/homes/x")
            }, "users other than root can write to /scratch/homes (0770); chmod go-w /scratch/homes"
        ),
        (
            {
                try $0.write("/opt/real/x", "#!/bin/sh\n", mode: 0o755)
                try $0.link("/tmp/way", to: "/opt/real")
                try $0.makeDirectory("/tmp", mode: 0o1777)
                try $0.link("/etc/entrypoint/steps.d/10-x", to: "/tmp/way/x")
            }, "users other than root can write to /tmp (1777); chmod go-w /tmp"
        ),
        (
            {
                try $0.write("/opt/sh", "#!/bin/sh\n", mode: 0o755, user: 1000)
                try $0.write("/opt/link", "#!/opt/sh\n", mode: 0o755)
                try $0.write("/etc/entrypoint/steps.d/10-x", "#!\t/opt/link -e\n", mode: 0o755)
            }, "/opt/sh belongs to user 1000; chown root:root /opt/sh"
        ),
    ]

    @Test(arguments: 0..<openings.count) func `root runs nothing that others can change`(number: Int) throws {
        try withPod(.busybox) { container in
            try Self.openings[number].make(container)
            let boot = try container.boot("true")
            #expect(boot.exitCode == 125)
            #expect(
                boot.log(of: "steps.d/10-x") == [
                    "cannot run /etc/entrypoint/steps.d/10-x as root: \(Self.openings[number].reason)"
                ], "\(boot)")
            // Nor does the seed user.
            try container.remove("/etc/entrypoint/steps.d/10-x")
            try container.makeDirectory("/etc/entrypoint")
            try container.write("/scratch/homes/s", "#!/bin/sh\n", mode: 0o755)
            try container.write(
                "/etc/entrypoint.yaml",
                "scratch: {seedUser: '4711:2000'}\nsteps: [{name: s, command: [/scratch/homes/s], as: seed}]\n")
            let seed = try container.boot("true")
            #expect(
                seed.exitCode == 125 && seed.log(of: "s").first?.contains("as seed: users other than root") == true,
                "\(seed)")
        }
    }

    @Test func `a start with the capabilities of the program's file runs only the image's own as root`() throws {
        func withElevatedPod(_ body: (Container) throws -> Void) throws {
            try withPod(.debian, .elevated) { container in
                (container.user, container.group) = (1000, 2000)
                try body(container)
            }
        }
        let script: ByteString = "#!/bin/sh\nid -u; grep -c . /etc/shadow; echo A=b > $ENTRYPOINT_EXPORT\n"
        try withElevatedPod { container in
            try container.write("/etc/entrypoint/steps.d/10-x", script, mode: 0o755)
            try container.write("/etc/entrypoint/user-steps.d/10-x", script, mode: 0o755)
            let boot = try container.boot("sh", "-c", "echo $A")
            #expect(boot.output == "b\n", "\(boot)")
            #expect(boot.log(of: "steps.d/10-x").first == "0", "\(boot)")
            #expect(boot.log(of: "user-steps.d/10-x").first == "1000", "\(boot)")
            #expect(boot.errors.contains("grep: /etc/shadow: Permission denied"))
        }
        try withElevatedPod { container in
            try container.makeDirectory("/mounted", mode: 0o755)
            try container.write("/mounted/10-x", script, mode: 0o755)
            container.mounts = [.bind(container.root + "/mounted", to: "/etc/entrypoint/steps.d", readOnly: true)]
            let boot = try container.boot("true")
            #expect(boot.exitCode == 125)
            #expect(
                boot.log(of: "steps.d/10-x") == [
                    "cannot run /etc/entrypoint/steps.d/10-x as root: /etc/entrypoint/steps.d is mounted, and not the image's "
                        + "own; make it part of the image"
                ], "\(boot)")
        }
    }

    @Test func `the file for exports is not where others can move it away`() throws {
        try withPod { container in
            container.mounts = [.bind(container.traces, to: "/run")]
            try container.write("/etc/entrypoint/steps.d/10-x", "#!/bin/sh\necho $ENTRYPOINT_EXPORT\n", mode: 0o755)
            let boot = try container.boot("true")
            #expect(boot.log(of: "steps.d/10-x").first?.hasPrefix("/dev/shm/") == true, "\(boot)")
        }
    }

    @Test func `links of root's lead to what root runs`() throws {
        try withPod { container in
            try container.write("/opt/v1/x", "#!/bin/sh\necho \"$0\"\n", mode: 0o755)
            try container.link("/opt/now", to: "v1")
            try container.link("/etc/entrypoint/steps.d/10-x", to: "/opt/../opt/./now/x")
            // In this image /bin itself is a link.
            try container.write(
                "/etc/entrypoint.yaml", "steps: [{name: own, command: [/bin/sh, -c, 'echo ran'], as: root}]\n")
            let boot = try container.boot("true")
            #expect(boot.log(of: "steps.d/10-x").first == "/opt/v1/x", "\(boot)")
            #expect(boot.log(of: "own").first == "ran", "\(boot)")
        }
    }

    @Test func `what a user's step exports does not steer root's`() throws {
        try withPod { container in
            let names = [
                "LD_PRELOAD", "BASH_ENV", "ENV", "ZDOTDIR", "PYTHONSTARTUP", "PATH", "GIT_CONFIG_GLOBAL", "OWN",
            ]
            let lines = names.map { "echo \($0)=/scratch/homes/jane/evil >> $ENTRYPOINT_EXPORT" }.joined(
                separator: "; ")
            try container.write("/opt/zsh-step", "#!/bin/zsh\necho zsh as $(id -u)\n", mode: 0o755)
            let file: ByteString = """
                steps:
                  - name: evil
                    command:
                      - /bin/sh
                      - -c
                      - 'mkdir .shell; echo "touch /evil" > .shell/.zshenv; cp .shell/.zshenv evil; \(lines)'
                    after: scratch
                  - {name: b, command: [/bin/bash, -c, 'env | sort | grep -v ^_=; git --version'], as: root, after: git}
                  - {name: z, command: [/opt/zsh-step], as: root, after: b}
                """
            try container.write("/etc/entrypoint.yaml", file)
            let boot = try container.boot("/bin/sh", "-c", "echo $OWN")
            #expect(boot.exitCode == 0 && boot.output == "/scratch/homes/jane/evil\n", "\(boot)")
            #expect(try !container.exists("/evil"))
            #expect(boot.log(of: "z").first == "zsh as 0", "\(boot)")
            #expect(!boot.log(of: "b").contains { $0.contains("evil") || $0.contains("ZDOTDIR") }, "\(boot)")
        }
    }

    /// What a step does with the file for its exports, and what is told.
    static let tricks: [(script: ByteString, told: String)] = [
        (
            "rm -f $ENTRYPOINT_EXPORT; ln -s /etc/shadow $ENTRYPOINT_EXPORT",
            "failed: exit code 1; the last line of its output is 'ln: failed to create symbolic link 'EXPORT': File exists'"
        ),
        (
            "echo A=b > /dev/shm/x; mv /dev/shm/x $ENTRYPOINT_EXPORT",
            "failed: exit code 1; the last line of its output is 'mv: inter-device move failed: '/dev/shm/x' to 'EXPORT'; unable "
                + "to remove target: Permission denied'"
        ),
        ("mkfifo ${ENTRYPOINT_EXPORT%/*}/x", "Permission denied"),
        ("ln $ENTRYPOINT_EXPORT ${ENTRYPOINT_EXPORT%/*}/x", "Permission denied"),
        ("chmod 777 ${ENTRYPOINT_EXPORT%/*}", "Operation not permitted"),
    ]

    @Test(arguments: tricks) func `the file for exports cannot be made another one`(
        script: ByteString, told: String
    ) throws {
        try withPod { container in
            try container.write("/etc/entrypoint/user-steps.d/10-x", "#!/bin/sh\n" + script + "\n", mode: 0o755)
            let boot = try container.boot("true")
            let last = (boot.log(of: "user-steps.d/10-x").last ?? "")
                .replacing(/\/run\/\.step\.entrypoint-[a-z0-9-]+\/exports/, with: "EXPORT")
            #expect(boot.exitCode == 125 && last.contains(told), "\(boot)")
            #expect(!boot.errors.contains("root:*"))
            #expect(try container.names(in: "/run").filter { $0.hasPrefix(".") } == [])
        }
    }

    @Test(arguments: ["mv x $ENTRYPOINT_EXPORT", "rm $ENTRYPOINT_EXPORT; mkfifo $ENTRYPOINT_EXPORT"])
    func `without privileges a replaced file is told of, and nothing waits for it`(script: ByteString) throws {
        try withPod { container in
            (container.user, container.group) = (1000, 2000)
            try container.prepareHome()
            try container.write(
                "/etc/entrypoint/user-steps.d/10-x", "#!/bin/sh\necho A=b > x\n" + script + "\n", mode: 0o755)
            let boot = try container.boot("true")
            #expect(boot.exitCode == 125)
            #expect(
                boot.log(of: "user-steps.d/10-x").last
                    == "cannot take what /etc/entrypoint/user-steps.d/10-x exports: the file was replaced or removed; write to "
                    + "$ENTRYPOINT_EXPORT itself", "\(boot)")
        }
    }

    @Test func `a user's step cannot reach the boot`() throws {
        try withPod { container in
            container.environment["HF_TOKEN"] = "hf_secretsecret"
            let script: ByteString = """
                #!/bin/sh
                for process in 1 $PPID; do
                    cat /proc/$process/environ /proc/$process/mem > /dev/null 2>&1 && echo read $process
                    ls /proc/$process/fd/ > /dev/null 2>&1 && echo listed $process
                    kill -STOP $process 2> /dev/null && echo stopped $process
                    timeout 2 strace -p $process 2>&1 | grep -q 'Operation not permitted' || echo traced $process
                done
                sudo -n true 2> /dev/null && echo root
                tr '\\0' '\\n' < /proc/self/environ | grep secretsecret
                echo tried
                """
            container.capabilities.append("SYS_PTRACE")
            try container.write("/etc/entrypoint/user-steps.d/10-x", script, mode: 0o755)
            let boot = try container.boot("sudo", "-n", "id", "-u")
            #expect(boot.log(of: "user-steps.d/10-x").first == "tried", "\(boot)")
            #expect(boot.output == "0\n", "\(boot)")
        }
    }

    /// What a step of root's writes, read back by a script as by a boot.
    private static let naive = """
        #!/bin/sh
        ENTRYPOINT_EXPORT=$(mktemp /run/step.XXXXXX); export ENTRYPOINT_EXPORT
        /etc/entrypoint/steps.d/10-x; . "$ENTRYPOINT_EXPORT"; echo "$TOLD"
        """

    @Test(arguments: [false, true]) func `the server of a pod's volume does not speak for a step of root's`(
        isNaive: Bool
    ) throws {
        try withPod(.debian, .elevated) { container in
            try container.write(
                "/etc/entrypoint/steps.d/10-x",
                "#!/bin/sh\necho TOLD=root >$ENTRYPOINT_EXPORT; touch /written; sleep 1\n", mode: 0o755)
            try container.write("/naive.sh", ByteString(Self.naive), mode: 0o755)
            try container.makeDirectory("/volume")
            container.mounts = [.bind(container.root + "/volume", to: "/run")]
            if isNaive { container.entrypoint = [] } else { (container.user, container.group) = (1000, 2000) }
            let running = try container.start(isNaive ? ["/naive.sh"] : ["sh", "-c", "echo $TOLD"])
            try wait(for: "the step") { try container.exists("/written") }
            // The server gives other bytes for every file of the volume.
            for path in try FileManager.default.subpathsOfDirectory(atPath: container.root + "/volume") {
                let file = try? FileHandle(forWritingTo: URL(filePath: "\(container.root)/volume/\(path)"))
                try file?.write(contentsOf: Data("TOLD=server\n".utf8))
            }
            let outcome = try running.wait()
            #expect(outcome.exitCode == 0 && outcome.output == (isNaive ? "server\n" : "root\n"), "\(outcome)")
        }
    }

    @Test func `where all places are the pod's a step of root's is not run`() throws {
        try withPod(.debian) { container in
            try container.write(
                "/etc/entrypoint/steps.d/10-x", "#!/bin/sh\necho TOLD=root >$ENTRYPOINT_EXPORT\n", mode: 0o755)
            try container.makeDirectory("/volume", mode: 0o777)
            container.mounts = ["/run", "/tmp", "/dev/shm"].map { .bind(container.root + "/volume", to: $0) }
            let outcome = try container.boot("true")
            #expect(outcome.exitCode == 125, "\(outcome)")
            #expect(
                outcome.log(of: "steps.d/10-x") == [
                    "cannot make a file for what /etc/entrypoint/steps.d/10-x exports: operation not permitted (mkdirat "
                        + "EPERM as root); neither /run nor /dev/shm nor /tmp is root's alone: mount an emptyDir with "
                        + "medium: Memory at /dev/shm"
                ], "\(outcome)")
        }
    }

    /// Interpreters load what lies in the home, and in the working directory.
    @Test(arguments: [
        ("/root", "", ["x.pth"]), ("/root/.local", "lib/python3.11/site-packages", ["x.pth"]),
        ("/.local", "lib/python3.11/site-packages", ["x.pth"]), ("/json.py", "", []),
    ]) func `a step of root's reads nothing in a home or a directory that the pod has mounted`(
        place: String, below: String, names: [String]
    ) throws {
        for isNaive in [true, false] {
            try ElevatedTests.withElevatedPod { container in
                let step = "#!/bin/sh\nexec /usr/bin/python3 -c 'import json; print(\"step\")'\n"
                try container.write("/etc/entrypoint/steps.d/10-x", ByteString(step), mode: 0o755)
                let code: ByteString = "import os; print('gained as', os.getuid())\n"
                let path =
                    place == "/root"
                    ? "/theirs/.local/lib/python3.11/site-packages/x.pth"
                    : names.isEmpty ? "/theirs" : "/theirs/\(below)/\(names[0])"
                try container.write(path, code, user: 1000)
                container.mounts.append(.bind(container.root + "/theirs", to: place))
                if isNaive {
                    (container.user, container.group) = (0, 0)
                    let home = place == "/.local" ? "/" : "/root"
                    container.entrypoint = ["/usr/bin/env", ByteString("HOME=\(home)"), "/etc/entrypoint/steps.d/10-x"]
                    let outcome = try container.run()
                    #expect(outcome.output.contains("gained as 0"), "the attack works: \(outcome)")
                } else {
                    let outcome = try container.boot("true")
                    #expect(outcome.exitCode == 0 && outcome.log(of: "steps.d/10-x").first == "step", "\(outcome)")
                    #expect(!outcome.errors.contains("gained"), "\(outcome)")
                }
            }
        }
    }

    /// The value of a secret is one under any name, and so are the lines of it.
    @Test func `what a step exports of a secret is kept nowhere`() throws {
        try withPod { container in
            container.environment["REGISTRY_PASSWORD"] = "stripped-secret"
            container.environment["WANDB_API_KEY"] = "first line of it\nsecond line of it"
            container.environment["PLAIN_WORD"] = "container"
            try container.write(
                "/etc/entrypoint.yaml",
                """
                secrets: {stripped: [REGISTRY_PASSWORD]}
                steps:
                  - name: a
                    as: user
                    secrets: [REGISTRY_PASSWORD, WANDB_API_KEY]
                    command: [/bin/sh, -c, 'echo "ONE=x$REGISTRY_PASSWORD" >>$ENTRYPOINT_EXPORT; \
                      echo "$WANDB_API_KEY" | sed s/^/LINE=/ | tail -n 1 >>$ENTRYPOINT_EXPORT; \
                      echo NEW_TOKEN=made-by-step >>$ENTRYPOINT_EXPORT; echo KEPT=yes >>$ENTRYPOINT_EXPORT']
                  - name: b
                    as: user
                    environment: {API_KEY: image-key-of-b}
                    command: [/bin/sh, -c, 'echo "URL=h/$NEW_TOKEN" >>$ENTRYPOINT_EXPORT; echo "sees $ONE"; \
                      echo "IMAGE=h/$API_KEY" >>$ENTRYPOINT_EXPORT; echo "ZSH=/x/$NEW_TOKEN" >>$ENTRYPOINT_EXPORT']
                  - name: c
                    as: user
                    command: [/bin/sh, -c, 'printf "NEW_TOKEN=%s-one\\n" another >>$ENTRYPOINT_EXPORT; echo "sees $URL $IMAGE"']

                """)
            let outcome = try container.boot(
                "sh", "-c",
                "echo $ONE, $LINE, $URL; cat /run/entrypoint/report.jsonl; tr '\\0' '\\n' </run/entrypoint/environment")
            #expect(outcome.output.hasPrefix("xstripped-secret, second line of it, h/made-by-step\n"), "\(outcome)")
            let kept = outcome.output.split(separator: "\n", maxSplits: 1).last ?? ""
            for secret in ["stripped-secret", "second line of it", "made-by-step", "image-key-of-b", "another-one"] {
                #expect(!kept.contains(secret) && !outcome.errors.contains(secret), "\(secret) \(outcome)")
            }
            #expect(kept.contains("\nKEPT=yes\n") && kept.contains("\nHOME=/home/jane\n"), "\(outcome)")
        }
    }

    /// Where the pod has mounted something on `/dev`, it may put any file in place of the null device.
    @Test func `no step is given a file of root's for its standard input`() throws {
        try withPod { container in
            try container.write("/root/secret", "of-root", mode: 0o600)
            try container.write(
                "/etc/entrypoint.yaml",
                """
                steps:
                  - {name: a, as: user, command: [/bin/sh, -c, 'echo "read <$(cat)>"']}
                  - {name: b, as: root, command: [/bin/sh, -c, 'echo "read <$(cat)>"']}

                """)
            let start = "rm /dev/null; ln -s /root/secret /dev/null; exec /usr/local/bin/entrypoint -- true"
            container.entrypoint = ["/bin/sh", "-c"]
            let outcome = try container.run(ByteString(start))
            #expect(outcome.exitCode == 0 && outcome.log(of: "a").first == "read <>", "\(outcome)")
            #expect(outcome.log(of: "b").first == "read <>" && !outcome.errors.contains("of-root"), "\(outcome)")
        }
    }

    @Test func `a group's name in an account file of the pod's is no path for a step of root's`() throws {
        try withPod(.debian, .elevated) { container in
            (container.user, container.group) = (1000, 2000)
            try container.write("/etc/entrypoint.yaml", "identity: {names: [lab]}\n")
            try container.write("/etc/entrypoint/steps.d/10-x", "#!/bin/sh\necho \"<$NB_GROUP>\"\n", mode: 0o755)
            try container.write("/theirs", "root:x:0:\n../../x:x:2000:\n")
            container.mounts = [.bind(container.root + "/theirs", to: "/etc/group")]
            let outcome = try container.boot("true")
            #expect(outcome.log(of: "steps.d/10-x").first == "<lab>", "\(outcome)")
        }
    }
}
