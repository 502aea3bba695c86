import TestSupport
import Testing

extension AttackTests {
    /// What others who may rename things put into the place of a directory that has just been made: a closed one of its
    /// maker's, who then opens it to the group.
    static let opened = [
        openedAttack("the user's", maker: 1000) { try $0.makeDirectory("/scratch", mode: 0o777) },
        openedAttack("the seed user's", maker: 4711) { container in
            try container.append("/etc/passwd", "site-admin:x:4711:2000::/nonexistent:/bin/sh\n")
            try container.write("/etc/entrypoint.yaml", "scratch: {seedUser: site-admin}\n")
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
                "scratch: cannot use /scratch/homes/jane: it belongs to "
                + (owner == 0
                    ? "root, whose files there could run as user 1000; "
                    : "user \(owner), and NB_UID is 1000; probably NB_UID must be \(owner); if 1000 is right, files of the "
                        + "owner's there could run as user 1000: ")
                + "its owner or root can run chown 1000:2000 /scratch/homes/jane, or the image's "
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
                try container.append("/etc/passwd", "site-admin:x:4711:2000::/nonexistent:/bin/sh\n")
                try container.write(
                    "/etc/entrypoint.yaml", "scratch: {seedUser: site-admin, seedDirectories: \(places)}\n")
                try container.makeDirectory("/scratch/seeds", mode: 0o755, user: 4711, group: 2000)
                container.mounts = [.bind(container.root + "/scratch/seeds", to: "/scratch/homes")]
            }, script: "START true; [ -e /scratch/seeds/jane ] && echo gained",
            told:
                "scratch: cannot create /scratch/homes/jane: permission denied (mkdirat EACCES as user 1000:2000); the seed "
                + "user does nothing in /scratch/homes, which lies on a mount that the image's configuration does not describe"
        )
    }
}
