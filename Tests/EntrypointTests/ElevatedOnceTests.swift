import Foundation
import TestSupport
import Testing

/// Privileges are used once in a container's life: by one start, whatever others do at the same time, and again by the
/// first one after a restart.
@Suite(.containers)
struct ElevatedOnceTests {
    private static let refused = "going on without privileges: this container has been made ready before"

    /// Starts a program six times at once, and tells of each whether it could become root.
    private static let crowd = """
        for number in 1 2 3 4 5 6; do START true >/dev/null 2>/tmp/errors.$number & done; wait
        for number in 1 2 3 4 5 6; do grep -q 'going on without' /tmp/errors.$number && echo bare || echo elevated; done
        """

    @Test func `of starts at once exactly one has privileges`() throws {
        try ElevatedTests.withElevatedPod { container in
            try container.addNaive()
            container.entrypoint = ["/bin/sh", "-c"]
            let naive = try container.run(ByteString(Self.crowd.replacing("START", with: "/naive/elevate")))
            #expect(naive.outputLines == Array(repeating: "elevated", count: 6), "\(naive)")
        }
        for round in 1...20 {
            // Every round finds its container as it is at the first start, in one of the places of the mark.
            try ElevatedTests.withElevatedPod(.busybox) { container in
                if round % 3 == 0 { try container.makeDirectory("/run", mode: 0o777) }
                if round % 3 == 1 { try container.makeDirectory("/run/entrypoint") }
                container.entrypoint = ["/bin/sh", "-c"]
                // One that comes when the container is ready starts a session, and says nothing.
                let script = Self.crowd.replacing("START", with: "/usr/local/bin/entrypoint --")
                    .replacing(
                        "echo elevated",
                        with: "{ grep -q 'ready: ' /tmp/errors.$number && echo elevated || echo session; }")
                let outcome = try container.run(ByteString(script + "\ncat /tmp/errors.*"))
                let elevated = outcome.outputLines.filter { $0 == "elevated" }
                #expect(elevated.count == 1, "round \(round): \(outcome)")
            }
        }
    }

    /// Starts one program in which a call fails, under a tracer of root's, and then another; tells which were elevated.
    private static let failing = """
        for call in openat2 openat mkdirat statx fstat newfstatat statfs fstatfs umask; do
            for error in EIO ENOENT EROFS EPERM; do
                for number in 1 2 3 4 5 6 7 8 9 10 11 12; do
                    rm -rf /run/entrypoint /dev/shm/entrypoint-*
                    strace -f -qq -u caller -o /dev/null -e trace=$call -e inject=$call:error=$error:when=$number \
                        -- /usr/local/bin/entrypoint -- true 2>/tmp/first
                    rm -rf /run/entrypoint/report.jsonl /dev/shm/entrypoint-1000
                    setpriv --reuid 1000 --regid 2000 --clear-groups /usr/local/bin/entrypoint -- true 2>/tmp/second
                    wins=
                    for start in first second; do
                        # Who has told of the account has had the privileges to make it, or to see that it is there.
                        grep -q 'going on without' /tmp/$start || ! grep -q 'ready: ' /tmp/$start || wins=$wins$start
                    done
                    echo "$call $error $number ${wins:-nobody}"
                done
            done
        done
        """

    @Test func `a call that fails gives nobody privileges a second time`() throws {
        try ElevatedTests.withElevatedPod { container in
            container.environment = container.environment.with(["NB_USER": "caller", "ENTRYPOINT_MODE": "exec"])
            try container.append("/etc/passwd", "caller:x:1000:2000::/:/bin/sh\n")
            (container.user, container.group) = (0, 0)
            container.capabilities.append("SYS_PTRACE")
            container.entrypoint = ["/bin/sh", "-c"]
            // A sample: a third of the numbers of each call.
            let script = Self.failing.replacing("1 2 3 4 5 6 7 8 9 10 11 12", with: "1 4 6 8")
            let outcome = try container.run(ByteString(script), within: .seconds(120))
            let lines = outcome.outputLines
            #expect(lines.count == 9 * 4 * 4, "\(outcome)")
            #expect(!lines.contains { $0.hasSuffix("firstsecond") }, "\(lines)")
            // Most errors come before the mark, so that the next start has the privileges; none come after nothing.
            #expect(lines.contains { $0.hasSuffix(" first") } && lines.contains { $0.hasSuffix(" second") }, "\(lines)")
        }
    }

    @Test func `a restarted container is elevated again where mark and process 1 outlive it`() throws {
        try ElevatedTests.withElevatedPod { container in
            // As a volume in memory, which outlives a container of its pod, beside a process 1 that is the pod's.
            try Mounts.mount("tmpfs", from: "tmpfs", on: container.root + "/run", options: "mode=0755")
            var namespaces: [String] = []
            for _ in 0..<5 {
                let outcome = try container.runInNamespaces(["readlink", "/proc/self/ns/mnt"]) { program in
                    program.isolation = .mounts
                }
                #expect(outcome.exitCode == 0 && !outcome.errors.contains(Self.refused), "\(outcome)")
                namespaces += outcome.outputLines
            }
            #expect(try container.names(in: "/run/entrypoint").filter { $0.hasPrefix("elevated.") }.count == 5)
            // The kernel does use the number of a namespace again, which is what this is about.
            #expect(Set(namespaces).count < namespaces.count, "\(namespaces)")
        }
    }

    /// The image grants sudo, and the pod, which starts as root, does not.
    @Test(arguments: [true, false]) func `after a start as root nobody has privileges by the program's file`(
        isFirst: Bool
    ) throws {
        try ElevatedTests.withElevatedPod { container in
            try container.write("/etc/entrypoint.yaml", "identity: {sudo: all}\n")
            (container.user, container.group) = (0, 0)
            container.environment["IDENTITY_SUDO"] = "none"
            container.entrypoint = ["/bin/sh", "-c"]
            // Without the record of the boot, the second start is one that boots.
            let first = isFirst ? "/usr/local/bin/entrypoint -- true; rm /run/entrypoint/report.jsonl;" : ""
            let outcome = try container.run(
                ByteString(
                    "\(first) setpriv --reuid 1000 --regid 2000 --clear-groups /usr/local/bin/entrypoint -- true"))
            #expect(outcome.errors.contains(Self.refused) == isFirst, "\(outcome)")
            #expect(try (container.status("/etc/sudoers.d/90-entrypoint") == nil) == isFirst, "\(outcome)")
        }
    }
}
