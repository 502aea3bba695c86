import Foundation
import Glibc
import TestSupport
import Testing

/// The persistent directories on a root-squashed export: who makes them, and what is said when nobody can.
@Suite(.containers)
struct ScratchTests {
    /// What an export has, and what the boot makes of it.
    struct Case: CustomTestStringConvertible {
        var name: String
        var variables: Environment = [:]
        /// Further groups of the container's start.
        var groups: [UInt32] = []
        var options = SquashedScratch.Options()
        /// A line that the image's `/etc/passwd` has.
        var account = ""
        /// The image's configuration.
        var policy = ""
        /// Prepares the export, where `homes` and `hf_cache` are expected.
        var prepare: @Sendable (SquashedScratch) throws -> Void
        var exitCode: Int32 = 0
        /// The lines of the step.
        var log: [String]
        /// What is in the export then, as far as it matters.
        var result: [String: String] = [:]

        var testDescription: String { name }
    }

    static let seed: Environment = ["SCRATCH_SEED_USER": "177449:83070"]
    static let admin = "site-admin:x:177449:83070::/:/bin/false\n"
    static let squashed =
        "export (fuse.rootsquash) on /scratch is probably root-squashed: make the directory once as its owner, "
        + "or set SCRATCH_SEED_USER to an account that may (uid:gid)"
    static let unreachable =
        "every directory above it must let this user pass, and some servers know only the primary group"

    static let whoMakes: [Case] = [
        Case(
            name: "the user makes a directory where that is permitted", variables: seed,
            prepare: { try $0.makeDirectory("homes", mode: 0o770, group: 2000) },
            log: ["created /scratch/homes/jane (1770) as user 1000:2000"],
            result: ["homes": "directory 0770 0:2000", "homes/jane": "directory 1770 1000:2000"]),
        Case(
            name: "the seed, given by ids, makes it where the user may not, with the user's group", variables: seed,
            prepare: { try $0.makeDirectory("homes", mode: 0o755, user: 177449, group: 83070) },
            log: ["created /scratch/homes/jane (1770) as seed 177449:2000"],
            result: ["homes": "directory 0755 177449:83070", "homes/jane": "directory 1770 177449:2000"]),
        Case(
            name: "the seed whom the image's configuration names", account: admin,
            policy: "scratch: {seedUser: site-admin}\n",
            prepare: { try $0.makeDirectory("homes", mode: 0o755, user: 177449, group: 83070) },
            log: ["created /scratch/homes/jane (1770) as seed 177449:2000"]),
        Case(
            name: "the seed by another name", variables: ["SCRATCH_SEED_USER": "boss"],
            account: "boss:x:177449:83070::/:/bin/false\n",
            prepare: { try $0.makeDirectory("homes", mode: 0o755, user: 177449, group: 83070) },
            log: ["created /scratch/homes/jane (1770) as seed 177449:2000"]),
        Case(
            name: "the seed's group counts as a supplementary one", variables: seed,
            prepare: { try $0.makeDirectory("homes", mode: 0o775, user: 5, group: 83070) },
            log: ["created /scratch/homes/jane (1770) as seed 177449:2000"],
            result: ["homes/jane": "directory 1770 177449:2000"]),
        Case(
            name: "unless the server ignores supplementary groups", variables: seed,
            options: .init(ignoresGroups: true),
            prepare: { try $0.makeDirectory("homes", mode: 0o775, user: 5, group: 83070) }, exitCode: 125,
            log: [
                "cannot create /scratch/homes/jane: permission denied (mkdirat EACCES as user 1000:2000, "
                    + "as seed 177449:2000); \(squashed)"
            ]),
        Case(
            name: "a server that ignores supplementary groups sees the primary one",
            options: .init(ignoresGroups: true),
            prepare: { try $0.makeDirectory("homes", mode: 0o770, group: 2000) },
            log: ["created /scratch/homes/jane (1770) as user 1000:2000"]),
        Case(
            name: "a supplementary group of the pod is enough", groups: [3000],
            prepare: { try $0.makeDirectory("homes", mode: 0o770, group: 3000) },
            log: ["created /scratch/homes/jane (1770) as user 1000:2000"],
            result: ["homes/jane": "directory 1770 1000:2000"]),
        Case(
            name: "but not for a server that ignores it", variables: seed, groups: [3000],
            options: .init(ignoresGroups: true),
            prepare: { try $0.makeDirectory("homes", mode: 0o770, group: 3000) }, exitCode: 125,
            log: [
                "cannot look at /scratch/homes/jane: permission denied (stat EACCES as user 1000:2000); \(unreachable)"
            ]),
        Case(
            name: "neither user nor seed may", variables: seed,
            prepare: { try $0.makeDirectory("homes", mode: 0o755, user: 5, group: 5) }, exitCode: 125,
            log: [
                "cannot create /scratch/homes/jane: permission denied (mkdirat EACCES as user 1000:2000, "
                    + "as seed 177449:2000); \(squashed)"
            ], result: ["homes": "directory 0755 5:5", "homes/jane": "nothing"]),
        Case(
            name: "the user may not, and no account is the seed unless it is asked for", account: admin,
            prepare: { try $0.makeDirectory("homes", mode: 0o755, user: 5, group: 5) }, exitCode: 125,
            log: [
                "cannot create /scratch/homes/jane: permission denied (mkdirat EACCES as user 1000:2000); \(squashed)"
            ]),
        Case(
            name: "directories above that are missing are made by who may", variables: seed,
            prepare: { try $0.makeDirectory("", mode: 0o755, user: 177449, group: 83070) },
            log: ["created /scratch/homes/jane (1770) as user 1000:2000"],
            result: ["homes": "directory 0770 177449:2000", "homes/jane": "directory 1770 1000:2000"]),
        Case(
            name: "the directory above is missing, and nobody may make it", variables: seed, prepare: { _ in },
            exitCode: 125,
            log: [
                "cannot create /scratch/homes: permission denied (mkdirat EACCES as user 1000:2000, "
                    + "as seed 177449:2000); \(squashed)"
            ], result: ["homes": "nothing"]),
        Case(
            name: "a set-group-ID directory gives its bit, and the group is corrected",
            prepare: { try $0.makeDirectory("homes", mode: 0o2775, user: 1000, group: 3000) },
            log: ["created /scratch/homes/jane (1770) as user 1000:2000"],
            result: ["homes/jane": "directory 3770 1000:2000"]),
        Case(
            name: "another umask narrows what is made", variables: ["SCRATCH_UMASK": "027"],
            prepare: { try $0.makeHomes() }, log: ["created /scratch/homes/jane (1750) as user 1000:2000"],
            result: ["homes/jane": "directory 1750 1000:2000"]),
        Case(
            name: "and never widens it", variables: ["SCRATCH_UMASK": "000"], prepare: { try $0.makeHomes() },
            log: ["created /scratch/homes/jane (1770) as user 1000:2000"],
            result: ["homes/jane": "directory 1770 1000:2000"]),
        Case(
            name: "the working directory may be elsewhere, and is made too",
            variables: ["WORKING_DIR": "/scratch/homes/jane/projects/one"], prepare: { try $0.makeHomes() },
            log: [
                "created /scratch/homes/jane (1770) as user 1000:2000",
                "created /scratch/homes/jane/projects/one (0770) as user 1000:2000",
            ],
            result: [
                "homes/jane/projects": "directory 0770 1000:2000",
                "homes/jane/projects/one": "directory 0770 1000:2000",
            ]),
        Case(
            name: "a working directory that exists need only be entered", variables: ["WORKING_DIR": "/scratch/data"],
            prepare: {
                try $0.makeHomes()
                try $0.makeDirectory("data", mode: 0o755, user: 5, group: 5)
            }, log: ["created /scratch/homes/jane (1770) as user 1000:2000"], result: ["data": "directory 0755 5:5"]),
    ]

    static let whatExists: [Case] = [
        Case(
            name: "what exists is never changed, and its owner is told how to correct it", variables: seed,
            prepare: {
                try $0.makeHomes()
                try $0.makeDirectory("homes/jane", mode: 0o755, user: 177449, group: 83070)
            }, exitCode: 125,
            log: [
                "cannot write in /scratch/homes/jane: permission denied (faccessat EACCES as user 1000:2000); "
                    + "it has mode 0755 and belongs to 177449:83070: its owner can run "
                    + "chgrp 2000 /scratch/homes/jane && chmod 1770 /scratch/homes/jane"
            ], result: ["homes/jane": "directory 0755 177449:83070"]),
        Case(
            name: "the user's own directory in a foreign group is used as it is",
            prepare: {
                try $0.makeHomes()
                try $0.makeDirectory("homes/jane", mode: 0o700, user: 1000, group: 83070)
            }, log: [], result: ["homes/jane": "directory 0700 1000:83070"]),
        Case(
            name: "an own directory that is open to everyone is told",
            prepare: {
                try $0.makeHomes()
                try $0.makeDirectory("homes/jane", mode: 0o777, user: 1000, group: 2000)
            },
            log: [
                "warning: /scratch/homes/jane has mode 0777: others of group 2000 can move the user's files away; correct it "
                    + "with chmod 1770 /scratch/homes/jane",
                "warning: /scratch/homes/jane has mode 0777: everyone can enter it; correct it with "
                    + "chmod o-rwx /scratch/homes/jane",
            ], result: ["homes/jane": "directory 0777 1000:2000"]),
        Case(
            name: "a file where the directory should be", variables: seed,
            prepare: {
                try $0.makeHomes()
                try Data("precious".utf8).write(to: URL(fileURLWithPath: $0.export + "/homes/jane"))
            }, exitCode: 125,
            log: [
                "cannot use /scratch/homes/jane: it is a file, and a directory is expected; "
                    + "move it away or choose another path"
            ], result: ["homes/jane": "file 0644 0:0"]),
        Case(
            name: "a file where a directory above should be", variables: seed,
            prepare: { try Data().write(to: URL(fileURLWithPath: $0.export + "/homes")) }, exitCode: 125,
            log: ["cannot look at /scratch/homes/jane: not a directory (stat ENOTDIR as user 1000:2000)"]),
        Case(
            name: "the user follows an own link", variables: seed,
            prepare: {
                try $0.makeHomes()
                try $0.makeDirectory("big/jane", mode: 0o700, user: 1000, group: 2000)
                try $0.link("homes/jane", to: "../big/jane", user: 1000)
            }, log: [], result: ["homes/jane": "link 0777 1000:0", "big/jane": "directory 0700 1000:2000"]),
        Case(
            name: "a link that leads nowhere", variables: seed,
            prepare: {
                try $0.makeHomes()
                try $0.link("homes/jane", to: "/nowhere", user: 1000)
            }, exitCode: 125,
            log: [
                "cannot use /scratch/homes/jane: it is a symbolic link that leads nowhere; "
                    + "remove it, or make the directory that it leads to"
            ], result: ["homes/jane": "link 0777 1000:0"]),
        Case(
            name: "a link that misleads to root's is not followed by advice", variables: seed,
            prepare: {
                try $0.makeHomes()
                try $0.link("homes/jane", to: "/etc", user: 1000)
            }, exitCode: 125,
            log: [
                "cannot use /scratch/homes/jane: it is a symbolic link to a directory that belongs to root, whose files "
                    + "there could run as user 1000; remove the link, or the image's configuration can "
                    + "permit the owner: scratch.homeOwners: [0]"
            ]),
        Case(
            name: "the seed goes through no link", variables: seed.with(["SCRATCH_HOME": "/scratch/homes/group/jane"]),
            prepare: {
                try $0.makeHomes()
                try $0.makeDirectory("seeds", mode: 0o755, user: 177449, group: 83070)
                try $0.link("homes/group", to: "../seeds", user: 1000)
            }, exitCode: 125,
            log: [
                "cannot create /scratch/homes/group/jane: /scratch/homes/group is a symbolic link, which the seed user does "
                    + "not follow (mkdirat EACCES as user 1000:2000, openat2 ELOOP as seed 177449:2000); name the path that "
                    + "it leads to"
            ], result: ["seeds": "directory 0755 177449:83070", "seeds/jane": "nothing"]),
        Case(
            name: "a working directory that cannot be entered", variables: ["WORKING_DIR": "/scratch/closed"],
            prepare: {
                try $0.makeHomes()
                try $0.makeDirectory("closed", mode: 0o700, user: 5, group: 5)
            }, exitCode: 125,
            log: [
                "created /scratch/homes/jane (1770) as user 1000:2000",
                "cannot enter /scratch/closed: permission denied (faccessat EACCES as user 1000:2000); "
                    + "it has mode 0700 and belongs to 5:5: its owner can run "
                    + "chgrp 2000 /scratch/closed && chmod 0770 /scratch/closed",
            ], result: ["closed": "directory 0700 5:5"]),
    ]

    @Test(arguments: whoMakes + whatExists)
    func `directories on a squashed export are made by whoever may`(_ scene: Case) throws {
        try withSquashedScratch(scene.options) { scratch in
            try scene.prepare(scratch)
            try scratch.makeDirectory("hf_cache", mode: 0o2770, user: 1000, group: 2000)
            try withContainer(.busybox) { container in
                container.environment = .pod.with(scene.variables)
                container.groups = scene.groups
                container.mounts = [.bind(scratch.mount, to: "/scratch")]
                if !scene.account.isEmpty { try container.append("/etc/passwd", ByteString(scene.account)) }
                if !scene.policy.isEmpty { try container.write("/etc/entrypoint.yaml", ByteString(scene.policy)) }
                let outcome = try container.boot("true")
                #expect(outcome.exitCode == scene.exitCode, "\(outcome)")
                #expect(outcome.log(of: "scratch") == scene.log, "\(outcome)")
                for (path, expected) in scene.result {
                    #expect(try scratch.status(path)?.description ?? "nothing" == expected, "\(path): \(outcome)")
                }
            }
        }
    }
}
