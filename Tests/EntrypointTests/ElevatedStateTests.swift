import Foundation
import Glibc
import TestSupport
import Testing

/// What a caller may hand to an elevated start beside its environment: limits, signals, descriptors, umask, directory,
/// fewer capabilities; and what their other processes see of it.
@Suite(.containers)
struct ElevatedStateTests {
    // MARK: Limits

    @Test func `limits that are raised for the boot are the command's as they were`() throws {
        try ElevatedTests.withElevatedPod(.busybox) { container in
            var core = rlimit()
            getrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &core)
            let soft = min(UInt64(core.rlim_max), 4096)
            container.limits = [
                ("RLIMIT_FSIZE", 0, .max), ("RLIMIT_CORE", soft, UInt64(core.rlim_max)),
                ("RLIMIT_STACK", 1 << 20, 1 << 20), ("RLIMIT_CPU", 77, .max),
            ]
            let report = try container.boot(ProbeReport.path).report()
            #expect(try report.users == [1000, 1000, 1000])
            #expect(try report.limit("fsize") == (0, .max) && report.limit("core").soft == soft)
            #expect(try report.limit("cpu") == (77, .max))
            #expect(try container.text("/etc/passwd").contains("jane:"))
        }
    }

    @Test(arguments: [
        ("RLIMIT_FSIZE", "the size of files (ulimit -f)"), ("RLIMIT_NOFILE", "64 open files (ulimit -n)"),
        ("RLIMIT_CPU", "processor time (ulimit -t)"), ("RLIMIT_NPROC", "64 processes (ulimit -u)"),
    ])
    func `with a limit that no boot can keep to, privileges are not used`(limit: String, reason: String) throws {
        try ElevatedTests.withElevatedPod(.busybox) { container in
            container.limits = [(limit, 32, 32)]
            let outcome = try container.boot("id", "-u")
            #expect(outcome.output == "1000\n", "\(outcome)")
            #expect(outcome.errorLines.contains { $0.contains("going on without privileges") && $0.contains(reason) })
            #expect(try !container.text("/etc/passwd").contains("jane"))
        }
    }

    /// Holds a start under a tracer of root's at the call by which it becomes uid 0, when it has looked at its limits; a
    /// shell of the caller's knows that moment by the umask, which follows the look, and sets a limit then.
    private static let limiting: ByteString = """
        strace -f -qq -u caller -o /dev/null -e trace=setresgid -e inject=setresgid:delay_enter=4000000:when=1 \
            -- /usr/local/bin/entrypoint -- id -u &
        setpriv --reuid 1000 --regid 2000 --clear-groups bash -c '
            for try in {1..600}; do
                for id in /proc/[0-9]*; do
                    [[ $(cat $id/comm 2>&1) = entrypoint ]] && grep -q "^Umask:.0077" $id/status || continue
                    prlimit --pid ${id#/proc/} $0 && echo limited
                    exit
                done
                sleep 0.05
            done' "$0"
        wait
        """

    @Test(arguments: [
        ("--fsize=0", "the size of files"), ("--nofile=32", "open files"), ("--cpu=60", "processor time"),
        ("--data=16000000", "memory"), ("--stack=100000", "memory"),
    ])
    func `a limit that the caller sets during the start counts as one from before`(limit: String, reason: String) throws
    {
        try ElevatedTests.withElevatedPod { container in
            container.environment = container.environment.with(["ENTRYPOINT_MODE": "exec"])
            try container.append("/etc/passwd", "caller:x:1000:2000::/:/bin/sh\n")
            (container.user, container.group) = (0, 0)
            container.capabilities.append("SYS_PTRACE")
            container.entrypoint = ["/bin/bash", "-c"]
            container.environment["NB_USER"] = "caller"
            let before = try container.text("/etc/group")
            let outcome = try container.run(Self.limiting, ByteString(limit))
            #expect(outcome.outputLines == ["limited", "1000"], "\(outcome)")
            #expect(
                outcome.errorLines.contains {
                    $0.contains("going on without privileges") && $0.contains("limit") && $0.contains(reason)
                }, "\(outcome)")
            #expect(try container.text("/etc/group") == before)
            #expect(try !container.exists("/run/entrypoint"))
        }
    }

    // MARK: Signals, umask, directory, descriptors

    @Test func `ignored signals, a hostile umask and a directory that is gone change nothing`() throws {
        for umask: UInt32 in [0, 0o777] {
            try ElevatedTests.withElevatedPod { container in
                try container.write("/etc/entrypoint.yaml", "identity: {sudo: all}\n")
                container.umask = umask
                let ignored = [1, 2, 3, 13, 14, 15, 17, 25]
                let ignoring = ignored.map { "ignore \($0)" }.joined(separator: " ")
                container.entrypoint = ["/bin/sh", "-c"]
                let outcome = try container.run(
                    ByteString(
                        "umask 0; mkdir /tmp/d; cd /tmp/d; rmdir /tmp/d; umask \(String(umask, radix: 8)); "
                            + "exec \(ProbeReport.path.text) \(ignoring) exec /usr/local/bin/entrypoint "
                            + ProbeReport.path.text))
                let report = try outcome.report()
                #expect(try outcome.exitCode == 0 && report.users == [1000, 1000, 1000], "\(outcome)")
                #expect(try report.ignoredSignals == ignored && report.umask == 0o007)
                for (path, status) in [
                    ("/etc/passwd", "file 0644 0:0"), ("/etc/shadow", "file 0640 0:42"),
                    ("/etc/sudoers.d/90-entrypoint", "file 0440 0:0"), ("/home/jane", "directory 0750 1000:2000"),
                    ("/run/entrypoint", "directory 0755 0:0"), ("/run/entrypoint/environment", "file 0640 0:2000"),
                    ("/run/entrypoint/report.jsonl", "file 0640 0:2000"),
                    ("/scratch/homes/jane", "directory 1770 1000:2000"),
                ] {
                    #expect(try container.status(path)?.description == status, "\(path) with umask \(umask)")
                }
            }
        }
    }

    /// SIGALRM, SIGXCPU, SIGVTALRM and SIGPROF; SIGTSTP, SIGTTIN and SIGTTOU.
    @Test func `neither timers that the caller has set nor keys end or stop a boot as uid 0`() throws {
        try ElevatedTests.withElevatedPod { container in
            try container.write(
                "/etc/entrypoint.yaml",
                "steps: [{name: show, command: [/bin/sh, -c, 'grep SigBlk: /proc/$PPID/status'], as: root}]\n")
            container.environment["ENTRYPOINT_MODE"] = "exec"
            let outcome = try container.boot("grep", "SigBlk:", "/proc/self/status")
            #expect(outcome.log(of: "show").first == "SigBlk:\\t0000000006b82000", "\(outcome)")
            #expect(outcome.output == "SigBlk:\t0000000000000000\n")
        }
    }

    @Test func `closed descriptors and those of others get nothing of what is written`() throws {
        try ElevatedTests.withElevatedPod { container in
            container.entrypoint = ["/bin/bash", "-c"]
            let script: ByteString = """
                umask 0; cd /; exec 5<>/tmp/five 7</etc/passwd
                exec /usr/local/bin/entrypoint -- sh -c 'ls -l /proc/self/fd > descriptors; id -un > name' 0<&- 1>&- 2>&-
                """
            let outcome = try container.run(script)
            #expect(outcome.exitCode == 0 && outcome.errors.isEmpty, "\(outcome)")
            #expect(try container.text("/scratch/homes/jane/name") == "jane\n")
            let descriptors = try container.text("/scratch/homes/jane/descriptors")
            for text in ["0 -> /dev/", "2 -> /dev/null", "5 -> /tmp/five", "7 -> /etc/passwd"] {
                #expect(descriptors.contains(text), "\(descriptors)")
            }
            #expect(!descriptors.contains("shadow"))
            #expect(try container.text("/tmp/five").isEmpty)
            #expect(try container.text("/etc/passwd").hasPrefix("root:"))
        }
    }

    // MARK: Fewer capabilities

    /// What one missing capability does to a start.
    struct Missing: CustomTestStringConvertible, Sendable {
        var capability: String
        /// Whether the boot has privileges at all.
        var isElevated = true
        /// What is told.
        var line = ""

        var testDescription: String { capability }
    }

    static let missing = [
        Missing(
            capability: "CHOWN",
            line:
                "identity: warning: cannot create /home/jane: operation not permitted (fchown EPERM as root); add CHOWN to "
                + "securityContext.capabilities.add in the pod spec; /scratch/homes/jane is used instead"),
        Missing(capability: "DAC_OVERRIDE"),
        Missing(capability: "FOWNER"),
        Missing(
            capability: "KILL",
            line:
                "handoff: warning: signals do not reach the command, and only the container runtime can end it: add KILL "
                + "to securityContext.capabilities.add in the pod spec, or set ENTRYPOINT_MODE=exec"),
        Missing(
            capability: "SETGID", isElevated: false, line: "only root can: see capabilities.drop in the pod spec"),
        Missing(
            capability: "SETUID", isElevated: false, line: "only root can: see capabilities.drop in the pod spec"),
        Missing(capability: "SETPCAP"),
    ]

    @Test(arguments: missing) func `a capability that the container drops costs only what needs it`(missing: Missing)
        throws
    {
        try ElevatedTests.withElevatedPod { container in
            container.capabilities.removeAll { $0 == missing.capability }
            let outcome = try container.boot(ProbeReport.path)
            let report = try outcome.report()
            let (users, sets) = try (report.users, report.permitted | report.effective | report.ambient)
            #expect(outcome.exitCode == 0 && users == [1000, 1000, 1000] && sets == 0, "\(outcome)")
            #expect(try report.noNewPrivileges)
            let passwd = try container.text("/etc/passwd")
            #expect(passwd.contains("jane") == missing.isElevated, "\(outcome)")
            let bounding = try report.bounding
            #expect((bounding == 0) == (missing.isElevated && missing.capability != "SETPCAP"))
            // What a start without privileges lacks is told once, and is no warning.
            let told = outcome.log.filter { $0.contains("warning: ") || !missing.isElevated }
            #expect(missing.line.isEmpty ? told.isEmpty : told.contains { $0.contains(missing.line) }, "\(outcome)")
        }
    }

    // MARK: The user's other processes

    /// What a step of the user's can do to the boot that waits for it, and to the init; with `0` for nothing.
    static let spying: ByteString = """
        #!/bin/bash
        for id in $PPID 1; do
            cat /proc/$id/environ >/dev/null 2>&1 && echo "reads the environment"
            (exec 3<>/proc/$id/mem) 2>/dev/null && echo "opens the memory"
            ls /proc/$id/fd/ >/dev/null 2>&1 && echo "sees the descriptors"
            readlink /proc/$id/cwd >/dev/null 2>&1 && echo "sees the directory"
            strace -qq -o /dev/null -p $id -e trace=none -e signal=none 2>/dev/null & tracer=$!
            sleep 0.3; grep -q '^TracerPid:.[1-9]' /proc/$id/status && echo "traces"
            kill -KILL $tracer 2>/dev/null; wait $tracer 2>/dev/null
        done
        kill -0 $PPID 2>/dev/null && echo "signals"
        stat -c 'owner %u' /proc/$PPID/environ
        """

    @Test func `the boot and its init cannot be traced, read or signalled by the user`() throws {
        try ElevatedTests.withElevatedPod { container in
            try container.write("/etc/entrypoint/user-steps.d/10-spy", Self.spying, mode: 0o755)
            container.environment["ENTRYPOINT_MODE"] = "init"
            let outcome = try container.boot("true")
            #expect(outcome.exitCode == 0, "\(outcome)")
            let told = outcome.log(of: "user-steps.d/10-spy").filter { !$0.hasPrefix("ran ") }
            #expect(told == ["owner 0"], "\(outcome)")
            // The same step, started by a shell of the user's. Whether they may trace that is the machine's choice.
            container.entrypoint = ["/bin/sh", "-c"]
            container.capabilities.append("SYS_PTRACE")
            let naive = try container.run("/etc/entrypoint/user-steps.d/10-spy; true")
            for line in [
                "reads the environment", "sees the descriptors", "sees the directory", "signals", "owner 1000",
            ] {
                #expect(naive.outputLines.contains(line), "\(naive)")
            }
        }
    }

    @Test func `the init has CAP_KILL only beside a boot that uses privileges`() throws {
        try ElevatedTests.withElevatedPod(.busybox) { container in
            func status() throws -> (permitted: String?, effective: String?) {
                let running = try container.start(ProbeReport.path, "await", "1")
                try running.waitForOutput("ready")
                // It takes note of the command as soon as it runs, but not before.
                let resident = try Resident(of: running)
                if container.environment != .pod {
                    try wait(for: "an init without capabilities") {
                        try resident.status["CapPrm"] == "0000000000000000"
                    }
                }
                let status = try resident.status
                try running.signal(15)
                #expect(try running.wait().exitCode == 0)
                return (status["CapPrm"], status["CapEff"])
            }
            container.environment["ENTRYPOINT_MODE"] = "init"
            // With nothing to prepare, no privilege is used up, and none is given away.
            let pod = container.environment
            container.environment = .container
            let unprepared = try status()
            #expect(unprepared == ("0000000000000000", "0000000000000000"))
            container.environment = .pod
            let prepared = try status()
            #expect(prepared == ("0000000000000020", "0000000000000020"))
            container.environment = pod.with(["NB_UID": "1001"])
            #expect(try container.boot("true").exitCode == 78)
        }
    }

    @Test func `a program that the user traces gains nothing from its file`() throws {
        try ElevatedTests.withElevatedPod { container in
            container.entrypoint = [
                "/usr/bin/strace", "-f", "-qq", "-o", "/dev/null", "--", "/usr/local/bin/entrypoint",
            ]
            let outcome = try container.boot("id", "-u")
            #expect(outcome.output == "1000\n", "\(outcome)")
            #expect(try !container.text("/etc/passwd").contains("jane"))
        }
    }

    // MARK: Between check and use

    /// A user in the container exchanges what root makes for links to what is root's, as fast as they can, while root boots.
    static let race: ByteString = """
        cd /; mkdir -m 0700 /victim; echo kept > /victim/file; chmod 0600 /victim/file
        setpriv --reuid 1000 --regid 2000 --clear-groups sh -c '
            umask 0
            ln -s /victim /home/link; ln -s /victim/file /home/filelink; ln -s /victim /run/link
            probe exchange /home/jane /home/link ROUNDS > /tmp/rounds &
            probe exchange /run/entrypoint /run/link ROUNDS > /tmp/others &
            wait' &
        attacker=$!
        boots=0
        while kill -0 $attacker 2>/dev/null; do
            rm -rf /home/jane /run/entrypoint
            START true >/dev/null 2>&1
            boots=$((boots + 1))
        done
        wait
        stat -c '%n %a %u:%g' /victim /victim/file; cat /victim/file; ls -A /victim
        echo boots $boots rounds $(cat /tmp/rounds)
        """

    @Test func `links that come between check and use lead root nowhere`() throws {
        func run(_ start: String, rounds: Int) throws -> Outcome {
            try withPod { container in
                try container.addNaive()
                try container.makeDirectory("/home", mode: 0o777)
                try container.makeDirectory("/run", mode: 0o777)
                container.entrypoint = ["/bin/sh", "-c"]
                return try container.run(
                    ByteString(
                        Self.race.text.replacingOccurrences(of: "START", with: start)
                            .replacingOccurrences(of: "ROUNDS", with: "\(rounds)")))
            }
        }
        let safe = try run("/usr/local/bin/entrypoint --", rounds: 200_000)
        #expect(
            safe.outputLines.prefix(4) == ["/victim 700 0:0", "/victim/file 600 0:0", "kept", "file"], "\(safe)")
        let words = safe.outputLines.last?.split(separator: " ").compactMap { Int($0) } ?? []
        #expect(words.count == 2 && words[0] > 3 && words[1] >= 10000, "\(safe)")
        // A script loses such a race sooner or later: on a busy machine, later.
        var naive = safe
        for _ in 0..<10 where naive.outputLines.prefix(4) == safe.outputLines.prefix(4) {
            naive = try run("/naive/entrypoint", rounds: 200_000)
        }
        #expect(naive.outputLines.prefix(4) != safe.outputLines.prefix(4), "\(naive)")
    }
}
