import TestSupport
import Testing

/// Where policy describes a volume, and that volume is mounted.
@Suite(.containers)
struct SeedVolumeTests {
    private static let policy =
        "scratch: {seedUser: site-admin, seedDirectories: [{path: /scratch/homes, source: export, type: fuse.rootsquash}]}\n"

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
                    try container.append("/etc/passwd", "site-admin:x:4711:2000::/nonexistent:/bin/sh\n")
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
                        + "not describe: if it may work there, add to scratch.seedDirectories: {path: /scratch/homes, "
                        + "source: export, root: /seeds, type: fuse.rootsquash, point: /scratch/homes}"), "\(other)")
            #expect(try scratch.status("seeds/jane") == nil)
            let described = try boot([.bind(scratch.mount, to: "/scratch")])
            #expect(described.exitCode == 0, "\(described)")
            #expect(try scratch.status("homes/jane")?.description == "directory 1770 4711:2000")
        }
    }

    /// On a root file system that cannot be written to, the home falls back to the persistent directory.
    @Test func `where the home falls back the seed user works in no place that policy does not name`() throws {
        try withSquashedScratch { scratch in
            for path in ["homes", "seeds"] {
                try scratch.makeDirectory(path, mode: 0o755, user: 4711, group: 2000)
            }
            try withPod { container in
                try container.append("/etc/passwd", "site-admin:x:4711:2000::/nonexistent:/bin/sh\n")
                try container.write(
                    "/etc/entrypoint.yaml", "scratch: {seedUser: site-admin, seedDirectories: [/scratch/seeds]}\n")
                container.readOnly = true
                container.mounts = [.bind(scratch.mount, to: "/scratch"), .memory("/run")]
                let outcome = try container.boot("true")
                #expect(outcome.exitCode == 125, "\(outcome)")
                #expect(try scratch.status("homes/jane") == nil, "\(outcome)")
                for name in ["SCRATCH_HOME", "WORKING_DIR"] as [ByteString] {
                    container.environment[name] = "/scratch/seeds/jane"
                }
                let named = try container.boot("true")
                #expect(named.exitCode == 0, "\(named)")
                #expect(try scratch.status("seeds/jane")?.user == 4711)
            }
        }
    }

    /// `path` says where the volume is looked at, and `root` which part of it; only `point` says where it is mounted.
    @Test(arguments: [true, false])
    func `a description that has no point lets a pod mount the same volume elsewhere`(hasPoint: Bool) throws {
        try withSquashedScratch { scratch in
            for path in ["homes", "."] { try scratch.makeDirectory(path, mode: 0o755, user: 4711, group: 2000) }
            try ElevatedTests.withElevatedPod { container in
                let point = hasPoint ? ", point: /scratch" : ""
                try container.append("/etc/passwd", "site-admin:x:4711:2000::/nonexistent:/bin/sh\n")
                try container.write(
                    "/etc/entrypoint.yaml",
                    "scratch: {seedUser: site-admin, seedDirectories: [{path: /scratch/homes, source: export, type: fuse.rootsquash\(point)}]}\n"
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
                    #expect(!outcome.errors.contains("warning: "), "\(outcome)")
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
