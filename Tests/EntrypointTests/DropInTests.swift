import TestSupport
import Testing

/// Drop-in steps: what they are, what they have, and what they give.
@Suite(.containers)
struct DropInTests {
    /// Tells all that a process is, the parts that differ from run to run left out.
    static let facts: ByteString = """
        #!/bin/sh
        echo "$(id -u):$(id -g) $(id -G) umask $(umask) in $(pwd) as $0 $*"
        grep -E '^(Uid|Gid|Groups|CapInh|CapPrm|CapEff|CapAmb|CapBnd|NoNewPrivs|SigBlk|SigIgn)' /proc/$$/status | tr '\\t' ' '
        echo "input $(readlink /proc/$$/fd/0 | cut -d : -f 1), descriptors $(ls /proc/$$/fd | tr '\\n' ' ')"
        test "$(cut -d ' ' -f 5 /proc/$$/stat)" = $$ && echo own group
        env | grep -v -e ^PWD= -e ^OLDPWD= -e ^_= -e ^SHLVL= -e ^ENTRYPOINT_EXPORT= | sort
        """

    @Test func `a file of steps is run as root with an environment of its own`() throws {
        try withPod { container in
            try container.write("/etc/entrypoint/steps.d/10-facts", Self.facts, mode: 0o755)
            container.environment["HF_TOKEN"] = "hf_secretsecret"
            container.environment["LD_PRELOAD"] = "/nothing.so"
            container.environment["OWN"] = "x"
            let boot = try container.boot("true")
            #expect(boot.exitCode == 0, "\(boot)")
            let told = boot.log(of: "steps.d/10-facts")
            #expect(
                told == [
                    "0:0 0 umask 0022 in / as /etc/entrypoint/steps.d/10-facts ", "Uid: 0 0 0 0", "Gid: 0 0 0 0",
                    "Groups:  ", "SigBlk: 0000000000000000", "SigIgn: 0000000000000000", "CapInh: 0000000000000000",
                    "CapPrm: 00000000a80425fb", "CapEff: 00000000a80425fb", "CapBnd: 00000000a80425fb",
                    "CapAmb: 0000000000000000", "NoNewPrivs: 0",
                    "input pipe, descriptors 0 1 10 2 3 ", "own group", "ENTRYPOINT_START=root", "HOME=/root",
                    "LC_ALL=C", "NB_GID=2000",
                    "NB_GROUP=lab", "NB_UID=1000", "NB_USER=jane",
                    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                    "SCRATCH_HOME=/scratch/homes/jane", "WORKING_DIR=/scratch/homes/jane",
                    "ran /etc/entrypoint/steps.d/10-facts as root",
                ], "\(boot)")
        }
    }

    @Test func `a file of user-steps is run as the user for ever, with the pod's environment but its secrets`() throws {
        try withPod { container in
            try container.write("/etc/entrypoint/user-steps.d/10-facts", Self.facts, mode: 0o755)
            for name in ["HF_TOKEN", "OWN_PASSWORD", "WANDB_API_KEY"] as [ByteString] {
                container.environment[name] = "secretsecret"
            }
            container.environment["OWN"] = "x"
            container.environment["LD_LIBRARY_PATH"] = "/opt/lib"
            let boot = try container.boot("env")
            let told = boot.log(of: "user-steps.d/10-facts")
            #expect(
                told.prefix(14) == [
                    "1000:2000 2000 4 27 umask 0007 in /scratch/homes/jane as /etc/entrypoint/user-steps.d/10-facts ",
                    "Uid: 1000 1000 1000 1000", "Gid: 2000 2000 2000 2000", "Groups: 4 27 ", "SigBlk: 0000000000000000",
                    "SigIgn: 0000000000000000", "CapInh: 0000000000000000", "CapPrm: 0000000000000000",
                    "CapEff: 0000000000000000", "CapBnd: 0000000000000000", "CapAmb: 0000000000000000", "NoNewPrivs: 1",
                    "input pipe, descriptors 0 1 10 2 3 ", "own group",
                ], "\(boot)")
            // What the command has, and nothing else.
            let secrets = ["HF_TOKEN", "OWN_PASSWORD", "WANDB_API_KEY"]
            let command = boot.outputLines.filter { line in !secrets.contains { line.hasPrefix($0 + "=") } }
            #expect(told.dropFirst(14).dropLast() == command.sorted()[...], "\(boot)")
            #expect(
                told.contains("LD_LIBRARY_PATH=/opt/lib") && told.contains("UV_CACHE_DIR=/scratch/homes/jane/.cache/uv")
            )
            #expect(boot.outputLines.count == command.count + 3)
        }
    }

    @Test func `an entry says who it is, what it has and when it runs`() throws {
        try withPod { container in
            container.environment["SCRATCH_SEED_USER"] = "177449:83070"
            container.environment["HF_TOKEN"] = "hf_secretsecret"
            container.environment["WANDB_API_KEY"] = "wandbsecret"
            container.environment["SSH_PRIVATE_KEY_B64"] = try SSHKey().base64
            let file: ByteString = """
                steps:
                  - {name: late, command: [/bin/sh, -c, 'echo "$HF_TOKEN ${WANDB_API_KEY-none} ${SSH_PRIVATE_KEY_B64-none}"'], secrets: [HF_TOKEN]}
                  - {name: key, command: [/bin/sh, -c, 'echo ${#SSH_PRIVATE_KEY_B64} ${SSH_PRIVATE_KEY_B64}'], secrets: [SSH_PRIVATE_KEY_B64]}
                  - {name: fetch, command: [/bin/sh, -c, 'echo OWN_TOKEN=fetched-secret >> $ENTRYPOINT_EXPORT'], after: key}
                  - {name: use, command: [/bin/sh, -c, 'echo "with $OWN_TOKEN"'], after: fetch}
                  - name: early
                    command: [/bin/sh, -c, 'echo "$(id -u):$(id -g) $(id -G) $(umask) $GREETING $1 $(ls -d /home/* /scratch/homes/*)"', sh, "a  b"]
                    as: seed
                    before: identity
                    environment: {GREETING: hello}
                """
            try container.write("/etc/entrypoint.yaml", file)
            let boot = try container.boot("true")
            #expect(boot.exitCode == 0, "\(boot)")
            #expect(boot.log.first?.hasPrefix("early: ls: cannot access '/home/*'") == true, "\(boot)")
            #expect(boot.log(of: "early").contains("177449:2000 2000 83070 0007 hello a  b "), "\(boot)")
            #expect(boot.log(of: "use").first == "with …", "\(boot)")
            #expect(boot.log(of: "late").first == "… none none", "\(boot)")
            #expect(boot.log(of: "key").first?.hasSuffix(" …") == true, "\(boot)")
            #expect(boot.log(of: "key").first?.hasPrefix("0") == false)
        }
    }

    @Test func `exports reach later steps of the same or lower privilege, and the command`() throws {
        try withPod { container in
            container.environment["SCRATCH_SEED_USER"] = "177449:83070"
            let show =
                "'echo \"${A-} ${B-} ${C-} ${UV_CACHE_DIR-} ${GIT_CONFIG_GLOBAL-} ${PYTHONPATH-} ${LD_PRELOAD-}\"'"
            func export(_ text: String) -> String { "'printf \"\(text)\" >> $ENTRYPOINT_EXPORT'" }
            let file: ByteString = """
                steps:
                  - {name: u, as: user, command: [/bin/sh, -c, \(export("A=user\\n\\nLD_PRELOAD=/u.so\\nUV_CACHE_DIR=/u"))], after: shell}
                  - {name: r1, as: root, command: [/bin/sh, -c, \(show)], after: caches}
                  - {name: r2, as: root, command: [/bin/sh, -c, \(export("B=root\\nPYTHONPATH=/r\\nA=r"))], after: r1}
                  - {name: r3, as: root, command: [/bin/sh, -c, \(show)], after: r2}
                  - {name: s1, as: seed, command: [/bin/sh, -c, \(show)], after: r3}
                  - {name: s2, as: seed, command: [/bin/sh, -c, \(export("C=seed\\nUV_CACHE_DIR=/seed"))], after: s1}
                  - {name: r4, as: root, command: [/bin/sh, -c, \(show)], after: s2}
                  - {name: u2, as: user, command: [/bin/sh, -c, \(show)], after: r4}
                """
            try container.write("/etc/entrypoint.yaml", file)
            let boot = try container.boot("sh", "-c", "echo $A $B $C $UV_CACHE_DIR $PYTHONPATH $LD_PRELOAD 2>/dev/null")
            #expect(boot.exitCode == 0, "\(boot)")
            let shown = ["r1", "r3", "s1", "r4", "u2"].map { boot.log(of: $0).first { !$0.hasPrefix("ERROR") } ?? "" }
            #expect(
                shown == [
                    "      ", "r root     ", "r root     ", "r root     ",
                    "r root seed /seed /scratch/homes/jane/.gitconfig /r /u.so",
                ], "\(boot)")
            #expect(boot.output == "r root seed /seed /r /u.so\n", "\(boot)")
        }
    }

    @Test func `a drop-in works without root, and in a read-only container`() throws {
        try withPod { container in
            container.environment["SCRATCH_HOME_ROOT"] = "/scratch"
            container.environment["WORKING_DIR"] = "/scratch/jane"
            container.mounts = [.bind(container.traces, to: "/scratch")]
            try container.makeDirectory("/home/jane", mode: 0o700, user: 1000, group: 2000)
            try container.write("/etc/entrypoint/steps.d/10-root", "#!/bin/sh\ntrue\n", mode: 0o755)
            try container.write(
                "/etc/entrypoint/user-steps.d/10-user",
                "#!/bin/sh\nid -u; grep CapPrm /proc/self/status; echo A=b > $ENTRYPOINT_EXPORT; dirname $ENTRYPOINT_EXPORT\n",
                mode: 0o755)
            container.readOnly = true
            let root = try container.boot("sh", "-c", "echo $A; ls -A /dev/shm")
            #expect(root.log(of: "user-steps.d/10-user").first == "1000", "\(root)")
            #expect(root.output == "b\n", "\(root)")
            (container.user, container.group) = (1000, 2000)
            let bare = try container.boot("sh", "-c", "echo $A; ls -A /dev/shm")
            #expect(bare.output == "b\nentrypoint-1000\nentrypoint-huggingface-1000\n", "\(bare)")
            #expect(
                bare.log(of: "identity").contains {
                    $0.hasPrefix("started without privileges: ") && $0.contains("steps.d/10-root not run")
                }, "\(bare)")
            #expect(bare.log(of: "user-steps.d/10-user").contains("CapPrm:\\t0000000000000000"), "\(bare)")
        }
    }

    @Test func `a plan tells what would be run, and runs nothing`() throws {
        try withPod { container in
            try container.write("/etc/entrypoint/steps.d/10-root", "#!/bin/sh\ntouch /ran\n", mode: 0o755)
            try container.write("/etc/entrypoint/steps.d/20-open", "#!/bin/sh\ntouch /ran\n", mode: 0o775)
            try container.write("/etc/entrypoint/user-steps.d/10-user", "#!/bin/sh\ntouch /ran\n", mode: 0o755)
            try container.write("/etc/entrypoint/user-steps.d/20-text", "text", mode: 0o644)
            try container.write("/etc/entrypoint.yaml", "steps:\n  - {name: steps-20, command: [/bin/true]}\n")
            let plan = try container.run("--plan")
            #expect(plan.exitCode == 125)
            #expect(
                plan.errorLines.last
                    == "entrypoint: steps.d/20-open: cannot run /etc/entrypoint/steps.d/20-open as root: users other than root can "
                    + "write to /etc/entrypoint/steps.d/20-open (0775); chmod go-w /etc/entrypoint/steps.d/20-open",
                "\(plan)")
            try container.remove("/etc/entrypoint/steps.d/20-open")
            let other = try container.run("--plan")
            #expect(other.exitCode == 2, "\(other)")
            #expect(
                other.outputLines.filter { $0.contains("steps") || $0.contains("run ") } == [
                    "would run     steps.d/10-root: /etc/entrypoint/steps.d/10-root (as root)",
                    "would run     steps-20: /bin/true (as user 1000:2000)",
                    "would run     user-steps.d/10-user: /etc/entrypoint/user-steps.d/10-user (as user 1000:2000)",
                    "would skip    user-steps.d/20-text: /etc/entrypoint/user-steps.d/20-text: it is not executable (0644)",
                ], "\(other)")
            #expect(try !container.exists("/ran"))

            // A start that finds everything else as it should be has nothing pending.
            #expect(try container.boot("true").exitCode == 125)
            try container.remove("/etc/entrypoint/steps.d/10-root")
            try container.remove("/etc/entrypoint/user-steps.d/10-user")
            #expect(try container.boot("true").exitCode == 0)
            container.entrypoint = ["/usr/local/bin/entrypointctl"]
            let again = try container.run("plan")
            #expect(again.exitCode == 0 && again.output.contains("would run     steps-20"), "\(again)")
        }
    }
}
