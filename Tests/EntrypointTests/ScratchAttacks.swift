import TestSupport
import Testing

extension AttackTests {
    /// What others who may rename things put into the place of a directory that has just been made: a closed one of its
    /// maker's, who then opens it to the group.
    static let opened = [
        openedAttack("the user's", maker: 1000) { try $0.makeDirectory("/scratch", mode: 0o777) },
        openedAttack("the seed user's", maker: 4711) { container in
            try container.append("/etc/passwd", "mljaggi-admin:x:4711:2000::/nonexistent:/bin/sh\n")
            try container.makeDirectory("/scratch", mode: 0o775, user: 4711, group: 3000)
            try container.makeDirectory("/scratch/homes", mode: 0o777)
        },
    ]

    private static func openedAttack(
        _ whose: String, maker: UInt32, prepare: @escaping @Sendable (Container) throws -> Void
    ) -> Attack {
        Attack(
            testDescription: "\(whose) closed directory exchanged for the shared one that has just been made",
            prepare: { container in
                try prepare(container)
                try container.makeDirectory("/scratch/private", mode: 0o700, user: maker, group: 2000)
                try container.write("/scratch/private/letter", "secret\n", user: maker, group: 2000)
            },
            script: """
                private=$(stat -c %i /scratch/private)
                export HF_HOME=/scratch/hf_cache
                setpriv --reuid 1002 --regid 3000 --clear-groups sh -c '
                    until [ "$made" ]; do made=$(ls -d /scratch/.*hf_cache* /scratch/hf_cache 2>/dev/null | head -n 1); done
                    mv "$made" /scratch/away; mv /scratch/private "$made"; touch /scratch/exchanged' &
                strace -qq -f -o /dev/null -e trace=mkdir,mkdirat -e inject=mkdir,mkdirat:delay_exit=300000 START true
                wait
                [ ! -e /scratch/exchanged ] || echo "something was exchanged" >&2
                find /scratch -inum $private -perm /070 | grep -q . && echo gained
                """, naive: "entrypoint", isAsRoot: true,
            told: "something was exchanged")
    }

    /// What looks like the leftovers of killed boots, and is somebody's work.
    static let leftovers = [".zshenv", ".zshrc", ".oh-my-zsh"].map { name in
        Attack(
            testDescription: "the user's directory under the name of what a killed boot left of \(name)",
            prepare: { container in
                try container.makeSkeleton(files: 2)
                try container.makeDirectory("/scratch/homes/jane", mode: 0o770, user: 1000, group: 2000)
                try container.makeDirectory("/scratch/homes/jane/.shell", mode: 0o770, user: 1000, group: 2000)
                try container.makeDirectory("/scratch/homes/jane/.shell/work", mode: 0o700, user: 1000, group: 2000)
                try container.write("/scratch/homes/jane/.shell/work/thesis", "years\n", user: 1000, group: 2000)
            },
            script: """
                cd /scratch/homes/jane/.shell && touch -d '2 hours ago' work
                setpriv --reuid 1002 --regid 2000 --clear-groups mv work .\(name).entrypoint-7-abc123
                START true
                find /scratch -name thesis | grep -q . || echo gained
                """, naive: "entrypoint", isAsRoot: true, told: "ready: ")
    }

    /// Persistent directories that somebody else has made first.
    static let foreignHomes = [(1001, false), (1001, true), (0, true)].map { owner, isAsRoot in
        Attack(
            testDescription:
                "user \(owner)'s directory as SCRATCH_HOME of a start as \(isAsRoot ? "root" : "the user")",
            prepare: { container in
                let (home, owner) = ("/scratch/homes/jane", UInt32(owner))
                try container.write("\(home)/.shell/.zshenv", "echo gained\n", mode: 0o644, user: owner)
                for path in [home, home + "/.shell"] { try container.makeDirectory(path, mode: 0o777, user: owner) }
                try container.makeDirectory("/scratch/homes", mode: 0o777)
            },
            // Whoever owns the directory by then.
            script: "START zsh -c true", naive: isAsRoot ? "entrypoint" : "elevate", isAsRoot: isAsRoot,
            told:
                "scratch: cannot use /scratch/homes/jane: it belongs to user \(owner), whose files there could run as user "
                + "1000; is NB_UID right? its owner or root can run chown 1000:2000 /scratch/homes/jane, or the image's "
                + "configuration can permit the owner: scratch.homeOwners: [\(owner)]")
    }

    /// Directories of root's that policy names, where the pod has mounted something.
    static let rootsDirectories = [
        (
            UInt32(1001),
            "cannot create /srv/data/conf as root: /srv/data has mode 0755 and belongs to 1001:0, and root makes "
                + "nothing in another's directory"
        ),
        (0, "skipped: directory /srv/data/conf (0770): /srv/data lies on "),
    ].map { owner, told in
        Attack(
            testDescription: "user \(owner)'s directory mounted where root is to make one of its own",
            prepare: { container in
                try container.write(
                    "/etc/entrypoint.yaml", "scratch: {directories: [{path: /srv/data/conf, owner: root}]}\n")
                try container.makeDirectory("/scratch/victim", mode: 0o755, user: owner)
                container.mounts = [.bind(container.root + "/scratch/victim", to: "/srv/data")]
            }, script: "START true; [ -e /scratch/victim/conf ] && echo gained", told: told)
    }

    /// Where the seed user works, and the pod has mounted something else.
    static let seedPlaces = [
        "[/scratch/homes]", "[{path: /scratch/homes, source: export, type: nfs4}]",
        "[{path: /scratch/homes, source: export, type: nfs4, root: /homes, point: /scratch/homes}]",
    ].map { (places: String) in
        Attack(
            testDescription: "the seed user's own directory mounted at \(places)",
            prepare: { container in
                try container.append("/etc/passwd", "mljaggi-admin:x:4711:2000::/nonexistent:/bin/sh\n")
                try container.write("/etc/entrypoint.yaml", "scratch: {seedDirectories: \(places)}\n")
                try container.makeDirectory("/scratch/seeds", mode: 0o755, user: 4711, group: 2000)
                container.mounts = [.bind(container.root + "/scratch/seeds", to: "/scratch/homes")]
            }, script: "START true; [ -e /scratch/seeds/jane ] && echo gained",
            told:
                "scratch: cannot create /scratch/homes/jane: permission denied (mkdirat EACCES as user 1000:2000); the seed "
                + "user does nothing in /scratch/homes, which lies on a mount that the image's configuration does not describe"
        )
    }
}

/// Where policy describes a volume, and that volume is mounted.
@Suite(.containers)
struct SeedVolumeTests {
    private static let policy =
        "scratch: {seedDirectories: [{path: /scratch/homes, source: export, type: fuse.rootsquash}]}\n"

    @Test(arguments: ["exec", "init"], [true, false])
    func `the seed user works on the described volume, and not in another directory of it`(
        mode: ByteString, isElevated: Bool
    ) throws {
        try withSquashedScratch { scratch in
            for path in ["homes", "seeds"] {
                try scratch.makeDirectory(path, mode: 0o755, user: 4711, group: 2000)
            }
            func boot(_ mounts: [Container.Mount]) throws -> Outcome {
                try ElevatedTests.withElevatedPod { container in
                    if !isElevated { (container.user, container.group) = (0, 0) }
                    try container.append("/etc/passwd", "mljaggi-admin:x:4711:2000::/nonexistent:/bin/sh\n")
                    try container.write("/etc/entrypoint.yaml", "\(Self.policy)")
                    container.environment["ENTRYPOINT_MODE"] = mode
                    container.mounts = mounts
                    return try container.boot("true")
                }
            }
            let other = try boot([
                .bind(scratch.mount, to: "/scratch"), .bind(scratch.mount + "/seeds", to: "/scratch/homes"),
            ])
            #expect(other.exitCode == 125, "\(other)")
            #expect(
                other.errors.contains(
                    "the seed user does nothing in /scratch/homes, which lies on a mount that the image's configuration does "
                        + "not describe: if it is to work there, scratch.seedDirectories has {path: /scratch/homes, "
                        + "source: export, root: /seeds, type: fuse.rootsquash, point: /scratch/homes}"), "\(other)")
            #expect(try scratch.status("seeds/jane") == nil)
            let described = try boot([.bind(scratch.mount, to: "/scratch")])
            #expect(described.exitCode == 0, "\(described)")
            #expect(try scratch.status("homes/jane")?.description == "directory 1770 4711:2000")
        }
    }

    /// `path` says where the volume is looked at, and `root` which part of it; only `point` says where it is mounted.
    @Test(arguments: [true, false])
    func `a description that has no point lets a pod mount the same volume elsewhere`(hasPoint: Bool) throws {
        try withSquashedScratch { scratch in
            for path in ["homes", "."] { try scratch.makeDirectory(path, mode: 0o755, user: 4711, group: 2000) }
            try ElevatedTests.withElevatedPod { container in
                let point = hasPoint ? ", point: /scratch" : ""
                try container.append("/etc/passwd", "mljaggi-admin:x:4711:2000::/nonexistent:/bin/sh\n")
                try container.write(
                    "/etc/entrypoint.yaml",
                    "scratch: {seedDirectories: [{path: /scratch/homes, source: export, type: fuse.rootsquash\(point)}]}\n"
                )
                container.mounts = [.bind(scratch.mount, to: "/scratch/homes")]
                let outcome = try container.boot("true")
                #expect(outcome.exitCode == (hasPoint ? 125 : 0), "\(outcome)")
                #expect(try scratch.status("jane")?.user == (hasPoint ? nil : 4711), "\(outcome)")
            }
        }
    }

    @Test func `in a home of the seed user's the user works like in one of the user's own`() throws {
        try withSquashedScratch { scratch in
            try scratch.makeDirectory("homes", mode: 0o755, user: 4711, group: 2000)
            try scratch.makeDirectory("hf_cache", mode: 0o2770, user: 4711, group: 2000)
            try withContainer(.debian) { container in
                try container.makeSkeleton(files: 2)
                container.environment = .pod.with(["SCRATCH_SEED_USER": "4711:2000", "GIT_USER_NAME": "Jane"])
                container.mounts = [.bind(scratch.mount, to: "/scratch")]
                try container.makeDirectory("/home/jane/.vscode", user: 1000, group: 2000)
                try container.write("/home/jane/.vscode/settings", "mine\n", user: 1000, group: 2000)
                try container.makeDirectory("/home/jane", mode: 0o750, user: 1000, group: 2000)
                let work: ByteString = """
                    cd "$SCRATCH_HOME" && echo 1 >a && mv a b && mkdir d && mv b d/ && rm -r d && echo 2 >>.zsh_history &&
                    mv .gitconfig .gitconfig.old && mv .gitconfig.old .gitconfig && cat ~/.vscode/settings
                    """
                for _ in 1...2 {
                    let outcome = try container.boot("sh", "-c", work)
                    #expect(outcome.exitCode == 0 && outcome.output == "mine\n", "\(outcome)")
                    #expect(!outcome.errors.contains("warning"), "\(outcome)")
                }
                #expect(try scratch.status("homes/jane")?.description == "directory 1770 4711:2000")
                #expect(try scratch.status("homes/jane/.shell")?.description == "directory 0700 1000:2000")
                #expect(try scratch.status("homes/jane/.shell/.zshenv")?.description == "file 0640 1000:2000")
                #expect(try scratch.status("homes/jane/.gitconfig")?.mode == 0o640)
                // Members of the group can work there, and cannot move the user's files away.
                container.entrypoint = ["/bin/sh", "-c"]
                (container.user, container.group) = (1001, 2000)
                let other = try container.run(
                    "cd /scratch/homes/jane && echo 3 >bobs && rm bobs && ! mv .gitconfig x && ! ls .shell && echo so")
                #expect(other.output == "so\n", "\(other)")
            }
        }
    }
}

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
                "cannot use /scratch/homes/jane: it belongs to user 1001, whose files there could run as user 1000; "
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
