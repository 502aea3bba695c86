import Boot
import TestSupport
import Testing

/// What an elevated start leaves as the image has it, and which groups it gives.
@Suite(.containers)
struct ElevatedAccountsTests {
    // MARK: Entries

    private static let hash = "$6$saltsalt$notthehashofanything"

    /// The lines of an image whose maker has thought of the caller.
    private static let lines: [(file: String, line: String)] = [
        ("/etc/passwd", "jane:x:1000:100:Jane Doe:/opt/jane:/bin/sh"), ("/etc/passwd", "boss:x:4001:4001::/:/bin/sh"),
        ("/etc/passwd", "otto:x:4002:4001::/:/bin/sh"), ("/etc/group", "lab:x:2000:otto"),
        ("/etc/shadow", "jane:\(hash):19000:0:99999:7:::"), ("/etc/gshadow", "lab:\(hash):boss:otto"),
    ]

    private static func write(_ container: Container) throws {
        for (file, line) in lines { try container.append(file, ByteString(line + "\n")) }
        try container.makeDirectory("/opt/jane", user: 1000, group: 100)
    }

    @Test(arguments: [true, false]) func `what the image says of the caller and of groups stays`(isNaive: Bool) throws {
        try ElevatedTests.withElevatedPod { container in
            try Self.write(container)
            if isNaive { try container.useNaiveScript() }
            let command: [ByteString] = ["sh", "-c", "echo $HOME $SHELL; id -u; id -g"]
            let outcome = isNaive ? try container.run(command) : try container.boot(command)
            let lost = try Self.lines.filter { file, line in
                try !container.text(file).split(separator: "\n").contains { $0 == line }
            }
            // Whatever is changed by somebody who adds entries of these names.
            #expect(lost.count == (isNaive ? 4 : 0), "\(lost) \(outcome)")
            if isNaive { return }
            #expect(outcome.outputLines == ["/opt/jane /bin/sh", "1000", "2000"], "\(outcome)")
            #expect(
                outcome.log(of: "identity").contains(
                    "warning: user jane keeps gid 100 in passwd: a start with the capabilities of the program's file changes "
                        + "no entry of the image"), "\(outcome)")
            #expect(try !container.exists("/home/jane"))
        }
    }

    @Test(arguments: [true, false]) func `a group's administrator still is one`(isNaive: Bool) throws {
        try ElevatedTests.withElevatedPod { container in
            try Self.write(container)
            if isNaive { try container.useNaiveScript() }
            _ = try container.run("true")
            (container.user, container.group, container.entrypoint) = (4001, 4001, [])
            let outcome = try container.run("gpasswd", "-d", "otto", "lab")
            #expect((outcome.exitCode == 0) == !isNaive, "\(outcome)")
        }
    }

    @Test func `a group of the image whose name is its number keeps name, password and members`() throws {
        try ElevatedTests.withElevatedPod { container in
            let lines = [("/etc/group", "2000:x:2000:alice"), ("/etc/gshadow", "2000:\(Self.hash)::alice")]
            for (file, line) in lines { try container.append(file, ByteString(line + "\n")) }
            let outcome = try container.boot("sh", "-c", "id -un; id -gn")
            #expect(outcome.outputLines == ["jane", "2000"], "\(outcome)")
            for (file, line) in lines {
                #expect(try container.text(file).split(separator: "\n").contains { $0 == line }, "\(file)")
            }
        }
    }

    @Test(arguments: ["1000::1000:0::/:/bin/sh", "1000:\(hash):1000:0::/:/bin/sh"])
    func `an account of the image whose name is its number is not taken`(line: String) throws {
        try ElevatedTests.withElevatedPod { container in
            try container.append("/etc/passwd", ByteString(line + "\n"))
            let before = try container.text("/etc/passwd")
            let outcome = try container.run("true")
            #expect(
                outcome.exitCode == 78 && outcome.errors.contains("uid 1000 belongs to user 1000"), "\(outcome)")
            #expect(try container.text("/etc/passwd") == before)
        }
    }

    @Test func `root makes no home where an entry has it that the pod mounts`() throws {
        try ElevatedTests.withElevatedPod { container in
            try container.write("/others", "root:x:0:0::/root:/bin/sh\njane:x:1000:2000::/var/spool/new/home:/bin/sh\n")
            container.mounts = [.bind(container.root + "/others", to: "/etc/passwd")]
            let outcome = try container.boot("sh", "-c", "echo $HOME")
            #expect(outcome.outputLines == ["/scratch/homes/jane"], "\(outcome)")
            #expect(try !container.exists("/var/spool/new"))
        }
    }

    @Test(arguments: ["/", "/scratch", "/scratch/homes/jane"])
    func `a home that holds the persistent directory is none`(home: String) throws {
        try ElevatedTests.withElevatedPod { container in
            try container.append("/etc/passwd", ByteString("jane:x:1000:2000::\(home):/bin/sh\n"))
            let outcome = try container.boot("sh", "-c", "echo $HOME $SCRATCH_HOME; pwd")
            #expect(outcome.outputLines == ["/home/jane /scratch/homes/jane", "/scratch/homes/jane"], "\(outcome)")
            #expect(try container.text("/etc/passwd").contains("jane:x:1000:2000::\(home):/bin/sh\n"))
        }
    }

    // MARK: Devices

    private static func boot(
        _ container: Container, policy: ByteString = "identity: {deviceGroups: true}\n", isNaive: Bool = false
    ) throws -> (groups: [UInt32], warnings: [String], outcome: TestSupport.Outcome) {
        try container.write("/etc/entrypoint.yaml", policy)
        if isNaive { try container.useNaiveScript() }
        let outcome = isNaive ? try container.run(ProbeReport.path) : try container.boot(ProbeReport.path)
        return (
            try outcome.report().supplementaryGroups,
            outcome.log(of: "identity").filter { $0.hasPrefix("warning: the user does not join ") },
            outcome
        )
    }

    /// Where a pod mounts a node, and of which group.
    @Test(
        arguments: [
            ("/dev/nvidia0", 42), ("/dev/dri/renderD128", 6), ("/dev/kfd", 27), ("/dev/kfd", 44),
            ("/dev/nvidia-x", 4711),
        ] as [(String, UInt32)], [true, false])
    func `a node that the pod mounts gives no group`(node: (path: String, group: UInt32), isNaive: Bool) throws {
        try ElevatedTests.withElevatedPod { container in
            try Self.makeNode("/node", group: node.group, in: container)
            container.mounts = [.bind(container.root + "/node", to: node.path)]
            let (groups, warnings, outcome) = try Self.boot(container, isNaive: isNaive)
            #expect(groups == (isNaive ? [node.group] : []), "\(outcome)")
            if isNaive { return }
            #expect(
                warnings == [
                    "warning: the user does not join group \(node.group) of \(node.path): it is mounted there, and only nodes of /dev "
                        + "itself count; add it to supplementalGroups in the pod spec"
                ], "\(outcome)")
        }
    }

    /// A directory that is mounted there, and one in memory in place of `/dev`: each ends the elevation.
    @Test(arguments: ["/dev/dri", "/dev"])
    func `a node in a directory that the pod mounts gives no group`(path: String) throws {
        try ElevatedTests.withElevatedPod { container in
            let directory = container.traces + "/dev"
            let script = """
                mkdir -m 0775 \(directory) && cd \(directory) && mkdir pts shm
                mknod -m 0666 null c 1 3; for node in kfd renderD128; do mknod -m 0660 $node c 1 3; chgrp 44 $node; done
                """
            #expect(try Program("/bin/sh", ["-c", ByteString(script)]).run().exitCode == 0)
            container.mounts = [.bind(directory, to: path)]
            let (groups, warnings, outcome) = try Self.boot(container)
            #expect(groups == [] && warnings == [], "\(outcome)")
            #expect(
                outcome.errors.contains(
                    path == "/dev"
                        ? "without privileges: users other than root can write in /dev"
                        : "without privileges: /dev/dri is mounted, and no device"), "\(outcome)")
        }
    }

    /// Whoever may make nodes in memory that is root's is root.
    @Test func `a node in a directory of root's gives its group`() throws {
        try ElevatedTests.withElevatedPod { container in
            let directory = container.traces + "/dev"
            let script = """
                mkdir -m 0755 \(directory) && cd \(directory) && mkdir pts shm
                mknod -m 0666 null c 1 3; mknod -m 0660 kfd c 1 3; chgrp 44 kfd
                """
            #expect(try Program("/bin/sh", ["-c", ByteString(script)]).run().exitCode == 0)
            container.mounts = [.bind(directory, to: "/dev")]
            let (groups, warnings, outcome) = try Self.boot(container)
            #expect(groups == [44] && warnings == [], "\(outcome)")
        }
    }

    private static func makeNode(_ path: String, group: UInt32, in container: Container) throws {
        let node = container.root + path
        let made = try Program("/usr/bin/mknod", ["-m", "0660", "\(node)", "c", "1", "3"]).run()
        let given = try Program("/usr/bin/chgrp", ["\(group)", "\(node)"]).run()
        #expect(made.exitCode == 0 && given.exitCode == 0, "\(made) \(given)")
    }

    @Test func `of the runtime's nodes those give their group that gives no further rights`() throws {
        try ElevatedTests.withElevatedPod { container in
            try container.append(
                "/etc/group", "render:x:993:\nroots:x:3000:root\ncompute:x:3001:\nvideo:x:3002:\nx:x:3002:\n")
            try container.append("/etc/passwd", "daemon2:x:4003:3003::/:/bin/sh\n")
            // shadow, disk, sudo, video, render, one of root's, two of the image's, a name beside video, one of an account,
            // an overflow, one that means nothing, and the caller's own.
            for (number, gid) in ([42, 6, 27, 44, 993, 3000, 3001, 3002, 3003, 65534, 109, 2000] as [UInt32])
                .enumerated()
            {
                container.devices.append(("/dev/nvidia\(number)", 0o660, gid))
            }
            container.devices.append(("/dev/dri/renderD128", 0o666, 8))
            let (groups, warnings, outcome) = try Self.boot(
                container, policy: "identity: {deviceGroups: true, groups: [compute]}\n")
            #expect(groups == [44, 109, 993, 3001], "\(outcome)")
            func warning(_ gid: Int, _ node: Int, _ reason: String) -> String {
                "warning: the user does not join group \(gid) of /dev/nvidia\(node): \(reason); add it to supplementalGroups in the pod "
                    + "spec"
            }
            func named(_ name: String) -> String {
                "in this image it is group \(name), which may have further rights, and image policy does not grant it "
                    + "(identity.groups)"
            }
            #expect(
                warnings == [
                    warning(6, 1, named("disk")), warning(27, 2, named("sudo")), warning(42, 0, named("shadow")),
                    warning(3000, 5, "it is one of root's groups"), warning(3002, 7, named("x")),
                    warning(3003, 8, "it is unknown what else the group may do in this image"),
                    warning(65534, 9, named("nogroup")),
                ], "\(outcome)")
            #expect(try container.text("/etc/group").contains("gpu-109:x:109:jane\n"))
        }
    }

    @Test func `where the group file is the pod's, no device gives a group`() throws {
        try ElevatedTests.withElevatedPod { container in
            try container.write("/others", "root:x:0:\nvideo:x:42:\n")
            container.mounts = [.bind(container.root + "/others", to: "/etc/group")]
            container.devices = [("/dev/kfd", 0o660, 42), ("/dev/nvidia0", 0o660, 109)]
            let (groups, warnings, outcome) = try Self.boot(container)
            #expect(groups == [] && warnings.count == 2, "\(outcome)")
        }
    }

    // MARK: The C library

    @Test func `lines of passwd are what getent makes of them`() throws {
        let ids = [
            "1000", " 1000", "\t1000", "\u{B}\u{C}\r1000", "+1000", "-0", "-1000", "-18446744073709550616", "001000",
            "4294967295", "4294967296", "99999999999999999999999", "1000 ", "1000\r", "1000x", "0x3e8", "+ 1000",
            "--1000",
            "", " ", "+", "-",
        ]
        var text = ""
        for (number, id) in ids.enumerated() {
            text += "u\(number):x:\(id):7::/:/bin/sh\n \tg\(number):x:7:\(id)::/:/bin/sh\ns\(number):x:7:\(id)\n"
        }
        let names = ids.indices.flatMap { ["u\($0)", "g\($0)", "s\($0)"] }
        let files = AccountFiles(passwd: Array(text.utf8))
        let expected = names.compactMap { name in
            files.account(named: name).map { "\(name) \($0.userID) \($0.groupID)" }
        }
        try withContainer(.debian) { container in
            try container.write("/etc/passwd", ByteString(text))
            container.entrypoint = []
            let found = try container.run(["getent", "passwd"] + names.map { "\($0)" }).outputLines.map { line in
                let fields = line.split(separator: ":")
                return "\(fields[0]) \(fields[2]) \(fields[3])"
            }
            #expect(found == expected && found.count > 20)
        }
    }
}
