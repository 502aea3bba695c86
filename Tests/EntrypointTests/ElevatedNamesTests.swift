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

    @Test(arguments: ["", "seedUser: mljaggi-admin, "]) func `the seed user is whom the image's own file names`(
        setting: String
    ) throws {
        func boot(_ container: Container) throws -> Outcome {
            try container.write(
                "/etc/entrypoint.yaml", ByteString("scratch: {\(setting)seedDirectories: [/scratch/homes]}\n"))
            try container.makeDirectory("/scratch/homes", mode: 0o755, user: 3000)
            return try container.boot("true")
        }
        let line: ByteString = "mljaggi-admin:x:3000:3000::/:/bin/sh\n"
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
            #expect(outcome.exitCode == (setting.isEmpty ? 125 : 78), "\(outcome)")
            #expect(try !container.exists("/scratch/homes/jane"))
            let reason =
                setting.isEmpty
                ? "(mkdirat EACCES as user 1000:2000)"
                : "SCRATCH_SEED_USER is 'mljaggi-admin': /etc/passwd is a mount, and only files of the image count"
            #expect(outcome.errors.contains(reason), "\(outcome)")
        }
    }

    @Test(arguments: [false, true]) func `a file that may give rights and cannot be read refuses every name`(
        isGroup: Bool
    ) throws {
        try ElevatedTests.withElevatedPod { container in
            // As Debian has it.
            try container.makeDirectory("/etc/polkit-1/rules.d", mode: 0o700, user: 101)
            try container.write("/etc/polkit-1/rules.d/50-deploy.rules", "isInGroup(\"deploy\")\n", mode: 0o644)
            let name = isGroup ? "NB_GROUP" : "NB_USER"
            container.environment[ByteString(name)] = "deploy"
            let read = try container.boot("true")
            #expect(
                read.exitCode == 78 && read.errors.contains("/etc/polkit-1/rules.d/50-deploy.rules mentions deploy"),
                "\(read)")
            container.capabilities.removeAll { $0 == "DAC_OVERRIDE" }
            let unread = try container.boot("true")
            #expect(
                unread.log(of: "identity").contains { line in
                    line.contains(
                        "\(name): cannot read /etc/polkit-1/rules.d, which may give rights to deploy: permission denied ("
                    )
                        && line.hasSuffix("let the pod spec's capabilities.drop leave DAC_OVERRIDE")
                }, "\(unread)")
            #expect(unread.exitCode == 78)
            #expect(try !container.text("/etc/passwd").contains("deploy"))
            #expect(try !container.text("/etc/group").contains("deploy"))
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
