import TestSupport
import Testing

/// Attacks that succeed against a naive program, and not against the boot. The rest of them are beside what they are about.
@Suite(.containers)
struct AttackTests {
    /// Who the caller is, and by which name.
    static let identities = [
        Attack(
            testDescription: "somebody else's uid",
            prepare: { try $0.write("/scratch/bobs", "gained\n", mode: 0o600, user: 1001) },
            script: "NB_UID=1001 START cat /scratch/bobs", told: "NB_UID is 1001, but the container runs as user 1000"),
        Attack(
            testDescription: "root's uid",
            prepare: { try $0.write("/scratch/roots", "gained\n", mode: 0o600) },
            script: "NB_UID=0 START cat /scratch/roots", told: "NB_UID"),
        Attack(
            testDescription: "somebody else's gid",
            script: "NB_GID=42 START grep -q ^root: /etc/shadow && echo gained",
            told: "NB_GID is 42, which is not one of the container's groups"),
        Attack(
            testDescription: "the name of an account that sudoers knows",
            prepare: {
                try $0.append("/etc/passwd", "anna:x:1005:2000::/:/bin/sh\n")
                try $0.append("/etc/shadow", "anna:*:::::::\n")
                try $0.write("/etc/sudoers.d/team", "anna ALL=(ALL) NOPASSWD: ALL\n", mode: 0o440)
            }, script: "NB_USER=anna START true; sudo -n true && echo gained",
            told: "user anna has uid 1005 in this image"),
        Attack(
            testDescription: "a second start, for rights that were taken away: a session of the first",
            prepare: { try $0.write("/etc/entrypoint.yaml", "identity: {sudo: all}\n") },
            script: """
                START sh -c 'cd /; sudo -n rm /etc/sudoers.d/90-entrypoint && ! sudo -n true && echo taken away'
                START sudo -n true && echo gained
                """, told: ""),
        Attack(
            testDescription: "a second start, for rights that were taken away: with no record of the first",
            prepare: { try $0.write("/etc/entrypoint.yaml", "identity: {sudo: all}\n") },
            script: """
                START sh -c 'cd /; sudo -n rm /etc/sudoers.d/90-entrypoint /run/entrypoint/report.jsonl && ! sudo -n true && echo taken away'
                START sudo -n true && echo gained
                """, told: "going on without privileges: this container has been made ready before"),
    ]

    /// Values that are more than that where they are written.
    static let values = [
        Attack(
            testDescription: "a user that is a line of passwd",
            script: "NB_USER='x:x:0:0::/:/bin/sh\nevil' START true; grep -q ^x:x:0: /etc/passwd && echo gained",
            told: "NB_USER"),
        Attack(
            testDescription: "a group that is a line of group",
            script: "NB_GROUP='x:x:27:jane\nlab' START id -G | grep -qw 27 && echo gained",
            told: "NB_GROUP"),
        Attack(
            testDescription: "a user that means everybody in sudoers",
            prepare: { try $0.write("/etc/entrypoint.yaml", ByteString(policy + "\n")) },
            script: """
                NB_USER=ALL START true
                setpriv --reuid 33 --regid 33 --clear-groups sudo -n true && echo gained
                """, isAsRoot: true, told: "NB_USER"),
        Attack(
            testDescription: "a variable that is a command of a shell",
            script: """
                X='a; echo gained' START true
                if [ -e /run/entrypoint/environment.sh ]; then . /run/entrypoint/environment.sh; fi
                eval "$(entrypointctl env --sh)"; echo $X
                """, told: "ready: "),
        Attack(
            testDescription: "a name that is a section of git's configuration",
            script: """
                export GIT_USER_NAME='x\n[alias]\n\tx = !echo gained'
                START sh -c 'cd /; HOME=/home/jane git x'
                """, told: "GIT_USER_NAME"),
    ]

    private static let policy = "identity: {sudo: all}"
    private static let useSudo = "START sudo -n true && echo gained"

    /// Whose word counts as the image's.
    static let policies = [
        Attack(
            testDescription: "a policy file that the environment names",
            script: "echo '\(policy)' >/tmp/own.yaml; export ENTRYPOINT_CONFIG=/tmp/own.yaml; \(useSudo)",
            told: "ENTRYPOINT_CONFIG is ignored"),
        Attack(
            testDescription: "a policy file that the user owns",
            prepare: { try $0.write("/etc/entrypoint.yaml", "", mode: 0o600, user: 1000) },
            script: "echo '\(policy)' >/etc/entrypoint.yaml; \(useSudo)", told: "/etc/entrypoint.yaml is ignored"),
        Attack(
            testDescription: "a policy file that the user's group can write to",
            prepare: { try $0.write("/etc/entrypoint.yaml", "", mode: 0o664, group: 2000) },
            script: "echo '\(policy)' >/etc/entrypoint.yaml; \(useSudo)", told: "/etc/entrypoint.yaml is ignored"),
        Attack(
            testDescription: "a policy file in a directory of the user's",
            prepare: { try $0.makeDirectory("/etc/entrypoint/conf.d", user: 1000) },
            script: "echo '\(policy)' >/etc/entrypoint/conf.d/10-a.yaml; \(useSudo)",
            told: "/etc/entrypoint/conf.d/10-a.yaml is ignored"),
        Attack(
            testDescription: "a policy file that is a link to one of the user's",
            prepare: { try $0.link("/etc/entrypoint.yaml", to: "/tmp/own.yaml") },
            script: "echo '\(policy)' >/tmp/own.yaml; \(useSudo)", told: "/etc/entrypoint.yaml is ignored"),
        Attack(
            testDescription: "a policy file mounted over the image's",
            prepare: {
                try $0.write("/etc/entrypoint.yaml", "identity: {sudo: none}\n")
                try $0.write("/mounted.yaml", ByteString(policy + "\n"))
                $0.mounts = [.bind("\($0.root)/mounted.yaml", to: "/etc/entrypoint.yaml", readOnly: true)]
            }, script: useSudo, told: "/etc/entrypoint.yaml is ignored"),
    ]

    /// What a step of root's does for the caller when it can.
    private static let opening = "chmod 0666 /etc/shadow"
    private static let isOpen = "grep -qs ^root: /etc/shadow && echo gained"

    /// What root runs, and in which surroundings.
    static let steps = [
        Attack(
            testDescription: "a step of root's in a directory of the user's",
            prepare: { try $0.makeDirectory("/etc/entrypoint/steps.d", user: 1000) },
            script: """
                cd /etc/entrypoint/steps.d; printf '#!/bin/sh\\n\(opening)\\n' >10-x; chmod 0755 10-x
                START true; \(isOpen)
                """,
            told: "cannot run /etc/entrypoint/steps.d/10-x as root: /etc/entrypoint/steps.d belongs to user 1000"),
        Attack(
            testDescription: "BASH_ENV",
            prepare: { try $0.write("/etc/entrypoint/steps.d/10-x", "#!/bin/bash\ntrue\n", mode: 0o755) },
            script: "echo '\(opening)' >/tmp/env; BASH_ENV=/tmp/env START true; \(isOpen)", told: "ready: "),
        Attack(
            testDescription: "PATH",
            prepare: { try $0.write("/etc/entrypoint/steps.d/10-x", "#!/bin/sh\nhostname\n", mode: 0o755) },
            script: """
                mkdir /tmp/bin; printf '#!/bin/sh\\n\(opening)\\n' >/tmp/bin/hostname; chmod 0755 /tmp/bin/hostname
                PATH=/tmp/bin:$PATH START true; \(isOpen)
                """, told: "ready: "),
        Attack(
            testDescription: "a working directory that python imports from",
            prepare: {
                try $0.write(
                    "/etc/entrypoint/steps.d/10-x", "#!/bin/sh\npython3 -c 'import json; print(json.dumps(1))'\n",
                    mode: 0o755)
            },
            script: """
                mkdir /tmp/d; cd /tmp/d; echo 'import os; os.system("\(opening)")' >json.py; START true; \(isOpen)
                """, told: "ready: "),
    ]

    private static let changeInput =
        "START sh -c 'echo gained >>/etc/profile' </etc/profile; grep -x gained /etc/profile"

    /// What a process inherits beside words.
    static let states = [
        Attack(
            testDescription: "a limit of 0 on files, and no signal that tells of it",
            script: "trap '' XFSZ; prlimit --fsize=0 START true; grep -q ^root: /etc/passwd || echo gained",
            told: "going on without privileges: the process was started with a limit on the size of files"),
        Attack(
            testDescription: "a limit of 0 on files, and no signal that tells of it, for root",
            script: "trap '' XFSZ; prlimit --fsize=0 START true; grep -q ^root: /etc/passwd || echo gained",
            isAsRoot: true, told: "cannot write /etc/gshadow: file too large"),
        Attack(
            testDescription: "a umask of 0",
            script: "umask 0; START sh -c 'echo gained >>/etc/passwd'; grep -x gained /etc/passwd", told: "ready: "),
        Attack(
            testDescription: "a file of root's as standard input",
            script: changeInput, told: "ready: "),
        Attack(
            testDescription: "a file of root's as root's standard input",
            script: changeInput, isAsRoot: true, told: "ready: "),
        Attack(
            testDescription: "a closed standard error, and a command that is a line",
            script: "START '\ngained\n' 2>&-; grep -x gained /etc/passwd", naive: "closed-streams", isAsRoot: true,
            told: ""),
        Attack(
            testDescription: "a temporary file that the user holds open",
            prepare: { try $0.makeDirectory("/etc", mode: 0o777) },
            script: """
                for name in passwd shadow group gshadow; do
                    setpriv --reuid 1000 --regid 2000 --clear-groups sh -c '
                        exec 3>>/etc/.'$name'.entrypoint; until [ -e /tmp/done ]; do sleep 0.05; done; echo gained >&3' &
                done
                for name in passwd shadow group gshadow; do
                    until [ -e /etc/.$name.entrypoint ]; do sleep 0.05; done
                done
                START true; touch /tmp/done; wait; sort -u /etc/passwd /etc/shadow | grep -x gained
                """, isAsRoot: true, told: "ready: "),
        Attack(
            testDescription: "a core dump of who has read what only root may",
            prepare: {
                $0.limits = [("RLIMIT_CORE", .max, .max)]
                try $0.write("/etc/entrypoint/user-steps.d/10-x", "#!/bin/sh\nkill -QUIT $PPID; sleep 1\n", mode: 0o755)
            }, script: "cd /tmp; START true; grep -aqs 'root:[*]:' core* && echo gained", naive: "dumpable",
            told: "user-steps.d/10-x: /etc/entrypoint/user-steps.d/10-x: 2: kill: Operation not permitted"),
        Attack(
            testDescription: "the memory of who has read what only root may",
            prepare: { try $0.write("/etc/entrypoint/user-steps.d/10-x", readMemory, mode: 0o755) },
            script: "START true; grep -xs gained /tmp/found", naive: "dumpable", told: "Permission denied: '/proc/"),
    ]

    /// A step that looks for the password file in everything that its parent may write to.
    private static let readMemory: ByteString = """
        #!/usr/bin/python3
        import os
        process = f'/proc/{os.getppid()}'
        with open(f'{process}/mem', 'rb') as memory, open(f'{process}/maps') as maps:
            for line in maps:
                begin, end = (int(number, 16) for number in line.split()[0].split('-'))
                if ' rw' in line and (memory.seek(begin), memory.read(end - begin))[1].find(b'root:*:') >= 0:
                    open('/tmp/found', 'w').write('gained\\n')

        """

    /// Persistent directories that are none, or not the user's: they own them afterwards.
    static let places =
        [
            "/etc", "/proc/self/root/etc", "/proc/1/root/etc", "/etc/passwd", "/root", "/run/entrypoint", "/dev/null",
            "/scratch/device", "/scratch/fifo",
        ].map { path in
            Attack(
                testDescription: "SCRATCH_HOME=\(path)",
                prepare: { container in
                    try container.makeDirectory("/run/entrypoint")
                    let fifo = try Program("/usr/bin/mkfifo", ["-m", "0600", "\(container.root)/scratch/fifo"]).run()
                    let device = try Program(
                        "/usr/bin/mknod", ["-m", "0600", "\(container.root)/scratch/device", "b", "7", "0"]
                    ).run()
                    #expect(fifo.exitCode == 0 && device.exitCode == 0, "\(fifo) \(device)")
                }, script: "SCRATCH_HOME=\(path) START true; stat -c %u \(path) | grep -qx 1000 && echo gained",
                // Process 1 of a container of the user's is the user's own.
                isAsRoot: path.hasPrefix("/proc/1/"), told: " \(path)")
        } + [
            Attack(
                testDescription: "SCRATCH_HOME in the seed user's own tree",
                prepare: { container in
                    try container.append("/etc/passwd", "site-admin:x:4711:2000::/nonexistent:/bin/sh\n")
                    try container.write(
                        "/etc/entrypoint.yaml", "scratch: {seedUser: site-admin, seedDirectories: [/scratch/homes]}\n")
                    for path in ["/scratch/homes", "/scratch/homes/seed"] {
                        try container.makeDirectory(path, user: 4711, group: 2000)
                    }
                },
                script: """
                    SCRATCH_HOME=/scratch/homes/seed/.ssh START true
                    echo key >/scratch/homes/seed/.ssh/authorized_keys && echo gained
                    """, told: "cannot create /scratch/homes/seed/.ssh")
        ]

    @Test(
        arguments: identities + names + values + policies + steps + states + places + mounted + exchanged + opened
            + leftovers + foreignHomes + rootsDirectories + seedPlaces)
    func `an attack that a naive program falls for gains nothing`(attack: Attack) throws {
        let naive = try attack.attempt(on: "/naive/\(attack.naive)")
        #expect(naive.hasGained, "\(naive.outcome)")
        for mode: ByteString in ["exec", "init"] {
            let ours = try attack.attempt(
                on: "/usr/local/bin/entrypoint --", variables: ["ENTRYPOINT_MODE": mode])
            #expect(!ours.hasGained, "\(mode): \(ours.outcome)")
            #expect(attack.told.isEmpty || ours.outcome.errors.contains(attack.told), "\(mode): \(ours.outcome)")
        }
    }

    /// Starts a program again and again, with one limit each time; tells of every account file that has lost a line, and how
    /// often the user was added.
    private static let limiting = """
        trap '' XFSZ
        cd /etc; cp -p passwd group shadow gshadow /tmp/; added=0
        for limit in as=0 as=20000000 cpu=0 data=0 data=200000 fsize=0 fsize=100 memlock=0 nofile=0 nofile=3 nofile=4 \
            nofile=5 nofile=6 nofile=8 nofile=12 nproc=0 sigpending=0 stack=0 stack=100000; do
            prlimit --$limit START true >/dev/null 2>&1
            ! grep -q ^jane: passwd || added=$((added + 1))
            for name in passwd group shadow gshadow; do
                grep -qvxFf $name /tmp/$name && echo $limit $name
                cp -p /tmp/$name $name
            done
        done
        echo added $added
        """

    @Test func `no limit costs a line of the account files`() throws {
        func run(_ program: String) throws -> Outcome {
            try withPod { container in
                try container.addNaive()
                // Lines of groups that get a member are others.
                try container.write("/etc/entrypoint.yaml", "identity: {groups: []}\n")
                container.entrypoint = ["/bin/sh", "-c"]
                return try container.run(ByteString(Self.limiting.replacing("START", with: program)))
            }
        }
        let naive = try run("/naive/entrypoint")
        #expect(naive.outputLines.contains("fsize=0 passwd"), "\(naive)")
        let ours = try run("/usr/local/bin/entrypoint --")
        let last = ours.outputLines.last?.split(separator: " ") ?? []
        #expect(ours.outputLines.count == 1 && last.first == "added" && last != ["added", "0"], "\(ours)")
    }

    @Test func `a boot that is killed so that it leaves a core dump leaves none`() throws {
        func files(_ program: String) throws -> [String] {
            try ElevatedTests.withElevatedPod { container in
                try container.addNaive()
                try container.write(
                    "/etc/entrypoint/steps.d/10-x", "#!/bin/sh\necho $PPID >/tmp/process; exec sleep 20\n", mode: 0o755)
                container.limits = [("RLIMIT_CORE", .max, .max)]
                container.entrypoint = ["/bin/sh", "-c"]
                let running = try container.start(ByteString("cd /tmp; \(program) true; echo ended by $?"))
                try wait(for: "the step") {
                    try container.exists("/tmp/process") && container.text("/tmp/process").hasSuffix("\n")
                }
                let process = ByteString(try container.text("/tmp/process").split(separator: "\n").joined())
                // With the container ends what runs in it, this program among them.
                _ = try running.exec(["/bin/kill", "-QUIT", process], user: "0:0")
                let outcome = try running.wait()
                #expect(outcome.output == "ended by 131\n", "\(outcome)")
                return try container.names(in: "/tmp").filter { $0.hasPrefix("core") }
            }
        }
        let naive = try files("/naive/elevate")
        #expect(naive.count == 1)
        let ours = try files("/usr/local/bin/entrypoint --")
        #expect(ours == [])
    }
}
