import TestSupport
import Testing

/// Who may say which id a name means, and what it may do, when the caller has chosen the pod's mounts and capabilities.
@Suite(.containers)
struct ElevatedNamesTests {
    @Test(arguments: [false, true]) func `groups that the image grants are those of its own file`(isMounted: Bool)
        throws
    {
        try ElevatedTests.withElevatedPod { container in
            try container.write("/etc/entrypoint.yaml", "identity: {groups: [video]}\n")
            try container.write("/others", "root:x:0:\nvideo:x:3000:\n")
            if isMounted { container.mounts = [.bind(container.root + "/others", to: "/etc/group")] }
            let outcome = try container.boot(ProbeReport.path)
            #expect(try outcome.report().supplementaryGroups == (isMounted ? [] : [44]), "\(outcome)")
            let told = outcome.log(of: "identity").contains(
                "warning: identity.groups is left out: /etc/group is a mount, and only files of the image count, in a start "
                    + "with the capabilities of the program's file")
            #expect(told == isMounted, "\(outcome)")
        }
    }

    @Test func `the seed user is whom the image's own file names`() throws {
        func boot(_ container: Container) throws -> Outcome {
            try container.write(
                "/etc/entrypoint.yaml", "scratch: {seedUser: site-admin, seedDirectories: [/scratch/homes]}\n")
            try container.makeDirectory("/scratch/homes", mode: 0o755, user: 3000)
            return try container.boot("true")
        }
        let line: ByteString = "site-admin:x:3000:3000::/:/bin/sh\n"
        // So it works where the image says so.
        try ElevatedTests.withElevatedPod { container in
            try container.append("/etc/passwd", line)
            let outcome = try boot(container)
            #expect(outcome.exitCode == 0, "\(outcome)")
            #expect(try container.status("/scratch/homes/jane")?.user == 3000, "\(outcome)")
        }
        try ElevatedTests.withElevatedPod { container in
            try container.write("/others", ByteString("root:x:0:0::/:/bin/sh\n") + line)
            container.mounts = [.bind(container.root + "/others", to: "/etc/passwd")]
            let outcome = try boot(container)
            #expect(outcome.exitCode == 78, "\(outcome)")
            #expect(try !container.exists("/scratch/homes/jane"))
            let reason = "SCRATCH_SEED_USER is 'site-admin': /etc/passwd is a mount, and only files of the image count"
            #expect(outcome.errors.contains(reason), "\(outcome)")
        }
    }

    // MARK: Names that the image does not have

    /// An image in which the name `zoe` may come to something, each for another reason.
    static let images: [(reason: String, prepare: @Sendable (Container) throws -> Void)] = [
        ("/etc/sudoers.d/x:1: zoe is named", { try $0.write("/etc/sudoers.d/x", "zoe ALL=ALL\n%ZOE ALL=ALL\n") }),
        (
            "/etc/sudoers.d/x:2: the word zoe may be a name",
            { try $0.write("/etc/sudoers.d/x", "+net ALL=ALL\nb, \\zoe A=A\n") }
        ),
        ("/etc/sudoers.d/x:1: everybody with a name has rights", { try $0.write("/etc/sudoers.d/x", "ALL ALL=ALL\n") }),
        (
            "/etc/sudoers.d/x:1: not understood: ALL, !jane ALL=ALL",
            { try $0.write("/etc/sudoers.d/x", "ALL, !jane ALL=ALL\n") }
        ),
        (
            "/etc/pam.d/x:1: not understood: auth sufficient pam_succeed_if.so user ingroup backup",
            { try $0.write("/etc/pam.d/x", "auth sufficient pam_succeed_if.so user ingroup backup\n") }
        ),
        (
            "/etc/sudoers.d/x: others than its owner can write to it",
            { try $0.write("/etc/sudoers.d/x", "", mode: 0o666) }
        ),
        (
            "/etc/sudoers.d: it is mounted, and not the image's own",
            {
                try $0.makeDirectory("/empty")
                $0.mounts = [.bind("\($0.root)/empty", to: "/etc/sudoers.d", readOnly: true)]
            }
        ),
        (
            "/etc/polkit-1/rules.d: cannot be read: permission denied (openat2 EACCES); capabilities.drop in the "
                + "pod spec must not have DAC_OVERRIDE",
            {
                // As Debian has it.
                try $0.makeDirectory("/etc/polkit-1/rules.d", mode: 0o700, user: 101)
                $0.capabilities.removeAll { $0 == "DAC_OVERRIDE" }
            }
        ),
        (
            ":the name is there",
            {
                try $0.append("/etc/group", "ops:x:4000:anna,Zoe\nZoe:x:4001:\n")
                try $0.append("/etc/gshadow", "ops:!:anna:\n")
            }
        ),
    ]

    /// All that the caller can find out: what is printed at its most, the report, and what can be seen of root's file.
    private static func seen(_ variable: String, by prepare: (Container) throws -> Void) throws -> (
        seen: String, reasons: String
    ) {
        try ElevatedTests.withElevatedPod { container in
            container.environment = .pod.with([ByteString(variable): "zoe", "ENTRYPOINT_LOG": "debug"])
            // The other name is the image's own.
            if variable == "NB_USER" {
                try container.append("/etc/group", "lab:x:2000:\n")
            } else {
                try container.append("/etc/passwd", "jane:x:1000:2000::/home/jane:/bin/sh\n")
            }
            try prepare(container)
            let script: ByteString = """
                echo "$HOME $USER $LOGNAME"; ls -ld /home/* /run/entrypoint; stat -c '%s %b %a %u:%g' /run/entrypoint/names
                cat /run/entrypoint/names; grep -iE 'zoe|jane|lab' /etc/passwd; ls -l /run/entrypoint | wc -l
                cat /run/entrypoint/report.jsonl
                """
            let outcome = try container.boot("sh", "-c", script)
            #expect(outcome.exitCode == 0, "\(outcome)")
            let text = "\(outcome.output)\n\(outcome.errors)".replacing(
                /[0-9.]+ ms|"(?:microseconds|began)":[0-9]+|"life":"[^"]+"/, with: "TIME")
            let status = try container.status("/run/entrypoint/names")?.description
            #expect(status == "file 0600 0:0")
            let kept = try container.text("/run/entrypoint/names")
            #expect(
                try !container.text("/etc/passwd").contains("zoe") && !container.text("/etc/shadow").contains("zoe"))
            #expect(try !container.text("/etc/group").contains("zoe:x:2000"))
            return (text.replacing(/(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) .*/, with: "DATE"), kept)
        }
    }

    @Test(arguments: ["NB_USER", "NB_GROUP"]) func `whoever asks for a name learns nothing of the reason`(
        variable: String
    )
        throws
    {
        var all: [String] = []
        for (reason, prepare) in Self.images {
            let (seen, reasons) = try Self.seen(variable, by: prepare)
            // One that names users alone says nothing against a group.
            let shown =
                reason == "/etc/sudoers.d/x:1: zoe is named" && variable == "NB_GROUP"
                ? "/etc/sudoers.d/x:2: ZOE is named" : reason
            #expect(
                reasons.contains(shown == ":the name is there" ? "the name is there" : "\(variable): \(shown)\n"),
                "\(reasons)")
            all.append(seen)
        }
        let first = try #require(all.first)
        #expect(first.contains("warning: \(variable) zoe gets no entry in the account files: names may give rights"))
        #expect(first.contains("identity.names in /etc/entrypoint.yaml"))
        #expect(first.contains("16384 "))
        for (other, (reason, _)) in zip(all, Self.images) { #expect(other == first, "\(reason)") }
    }

    @Test func `without the account the boot goes on as without privileges`() throws {
        try ElevatedTests.withElevatedPod { container in
            try container.write("/etc/entrypoint.yaml", "identity: {groups: [adm]}\n")
            try container.write("/etc/sudoers.d/x", "zoe ALL=ALL\n")
            // As a container runtime writes it.
            try container.append("/etc/passwd", "1000:x:1000:2000::/:/bin/sh\n")
            container.environment = .pod.with(["NB_USER": "zoe"])
            let before = try container.text("/etc/passwd")
            let outcome = try container.boot(
                "sh", "-c", "echo $HOME $USER $LOGNAME $SHELL; id -G; umask; touch $HOME/x")
            #expect(
                outcome.exitCode == 0 && outcome.outputLines.dropLast(2) == ["/scratch/homes/zoe zoe zoe /bin/zsh"],
                "\(outcome)")
            #expect(outcome.outputLines.dropFirst() == ["2000 4", "0007"], "\(outcome)")
            #expect(try container.text("/etc/passwd") == before && !container.exists("/home/zoe"))
            #expect(try container.text("/etc/group").contains("lab:x:2000:\n"))
            #expect(try !container.text("/etc/group").contains("zoe"))
        }
    }

    @Test func `the maker of an image may answer for names, and not for those that it has`() throws {
        try ElevatedTests.withElevatedPod { container in
            try container.write("/etc/entrypoint.yaml", "identity: {names: ['user-*', 'z?e', builder, LAB]}\n")
            try container.write("/etc/sudoers.d/x", "!nobody ALL=ALL\nBuilder ALL=ALL\n")
            for (name, isGiven) in [("zoe", true), ("USER-7", true), ("builder", false), ("anna", false)] {
                container.environment = .pod.with(["NB_USER": ByteString(name)])
                let outcome = try container.boot("true")
                #expect(outcome.exitCode == 0, "\(outcome)")
                #expect(outcome.errors.contains("NB_USER \(name) gets no entry") != isGiven, "\(outcome)")
                #expect(!outcome.errors.contains("NB_GROUP"), "\(outcome)")
                #expect(try container.text("/etc/passwd").contains("\n\(name):") == isGiven)
                try container.write("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\n")
                try container.write("/etc/shadow", "root:*:19000:0:99999:7:::\n", mode: 0o640, group: 42)
            }
        }
    }

    @Test func `a name that has an account of its own in the image is not looked at again`() throws {
        try ElevatedTests.withElevatedPod { container in
            try container.append("/etc/passwd", "zoe:x:1000:2000::/home/zoe:/bin/sh\n")
            try container.append("/etc/group", "lab:x:2000:\n")
            try container.write("/etc/sudoers.d/x", "zoe ALL=ALL\n+net ALL=ALL\n")
            container.environment = .pod.with(["NB_USER": "zoe"])
            let (outcome, trace) = try container.run(["id", "-un"], injecting: [], tracing: "openat,openat2")
            #expect(
                outcome.exitCode == 0 && outcome.output == "zoe\n" && !outcome.errors.contains("gets no entry"),
                "\(outcome)")
            #expect(!trace.contains { $0.contains("pam.d") || $0.contains("sudoers.d/x") })
        }
    }

    @Test func `root is told why by a plan`() throws {
        try withPod(.debian, .elevated) { container in
            try container.write("/etc/sudoers.d/x", "zoe ALL=ALL\n", mode: 0o440)
            container.environment = .pod.with(["NB_USER": "zoe", "NB_GROUP": "lab"])
            container.entrypoint = ["/usr/local/bin/entrypointctl", "plan", "--start", "elevated"]
            let fixed = "note          identity: NB_USER zoe gets no entry in the account files: "
            let root = try container.run([])
            #expect(root.exitCode == 2, "\(root)")
            #expect(root.output.contains(fixed), "\(root)")
            #expect(
                root.outputLines.contains("note          identity: NB_USER: /etc/sudoers.d/x:1: zoe is named"),
                "\(root)")
            #expect(root.output.contains("group lab (gid 2000) added") && !root.output.contains("user zoe"), "\(root)")
            (container.user, container.group) = (1000, 2000)
            let user = try container.run([])
            #expect(!user.output.contains("sudoers.d/x"), "\(user)")
            #expect(try container.written(in: "/etc").keys.allSatisfy { $0.hasPrefix("/etc/sudoers.d") })
        }
    }

    @Test func `root's steps are run by interpreters of the image alone`() throws {
        try ElevatedTests.withElevatedPod { container in
            try container.write("/etc/entrypoint/steps.d/10-x", "#! /bin/sh -e\nid -u\n", mode: 0o755)
            try container.write("/mine", "#!/bin/bash\necho author code, uid $(id -u)\n", mode: 0o755)
            let own = try container.boot("true")
            #expect(own.exitCode == 0 && own.log(of: "steps.d/10-x").first == "0", "\(own)")
        }
        try ElevatedTests.withElevatedPod { container in
            try container.write("/etc/entrypoint/steps.d/10-x", "#! /bin/sh -e\nid -u\n", mode: 0o755)
            try container.write("/mine", "#!/bin/bash\necho author code, uid $(id -u)\n", mode: 0o755)
            container.mounts = [.bind(container.root + "/mine", to: "/usr/bin/dash")]
            let outcome = try container.boot("true")
            #expect(outcome.exitCode == 125, "\(outcome)")
            #expect(
                outcome.log(of: "steps.d/10-x") == [
                    "cannot run /etc/entrypoint/steps.d/10-x as root: /usr/bin/dash is mounted, and not the image's own; "
                        + "make it part of the image"
                ], "\(outcome)")
        }
    }
}
