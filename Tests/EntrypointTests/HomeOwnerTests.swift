import TestSupport
import Testing

/// Whose `SCRATCH_HOME` is used, however the container starts.
@Suite(.containers)
struct HomeOwnerTests {
    @Test(arguments: [Start.root, .elevated, .bare])
    func `somebody else's home ends the boot and its dry run, unless image policy permits the owner`(
        start: Start
    ) throws {
        try withPod(.debian, start == .elevated ? .elevated : .plain) { container in
            if start != .root { (container.user, container.group) = (1000, 2000) }
            try container.append("/etc/passwd", "bob:x:1001:2000::/:/bin/sh\n")
            try container.makeDirectory("/scratch/homes/jane", mode: 0o1777, user: 1001, group: 2000)
            let refusal =
                "cannot use /scratch/homes/jane: it belongs to user 1001 (bob), and NB_UID is 1000; probably NB_UID must be "
                + "1001; if 1000 is right, files of the owner's there could run as user 1000: "
            // A dry run of an elevated start leaves the privileges to the boot.
            let plan = try container.boot("--plan", "--", "true")
            #expect(plan.output.contains(refusal) || plan.errors.contains(refusal), "\(plan)")
            let outcome = try container.boot("--", "true")
            #expect(outcome.exitCode == 125 && outcome.errors.contains("scratch: \(refusal)"), "\(outcome)")
            #expect(try container.names(in: "/scratch/homes/jane").isEmpty)
            for owners in ["[1001]", "[bob]"] {
                try container.write("/etc/entrypoint.yaml", "scratch: {homeOwners: \(owners)}\n")
                let permitted = try container.boot("--", "true")
                #expect(permitted.exitCode == 0, "\(permitted)")
            }
        }
    }

    enum Start: String { case root, elevated, bare }
}
