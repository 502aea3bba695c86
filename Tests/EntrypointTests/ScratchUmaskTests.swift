import TestSupport
import Testing

/// A umask that keeps the group out of what is the user's own keeps nobody out of what is everybody's, whoever came first.
@Suite(.containers)
struct ScratchUmaskTests {
    /// Umasks, and the mode of what a user makes as their own.
    static let umasks = [("077", "0700"), ("027", "0750"), ("022", "0750"), ("007", "0770")]

    /// Boots the container of one of the group's users, whose directories do not exist before the first boot.
    private func boot(
        _ user: String, _ id: Int, umask: String, on scratch: SquashedScratch, with variables: Environment
    ) throws -> Outcome {
        try withContainer(.busybox) { container in
            container.environment = .pod.with([
                "NB_USER": "\(user)", "NB_UID": "\(id)", "SCRATCH_UMASK": "\(umask)",
            ]).with(variables)
            container.mounts = [.bind(scratch.mount, to: "/scratch")]
            return try container.boot(
                "/bin/sh", "-c",
                """
                for place in "$SCRATCH_HOME" "$WORKING_DIR" "$HF_HOME"; do : >"$place/of-$NB_USER" || exit; done
                echo "$HF_HOME"
                """)
        }
    }

    /// Boots jane, bob, and jane again, and sees to it that all of them can work.
    private func bootAll(
        umask: String, on scratch: SquashedScratch, log: [String], with variables: (String) -> Environment
    ) throws {
        for (user, id) in [("jane", 1000), ("bob", 1001), ("jane", 1000)] {
            let isFirst = try scratch.status("team/homes/\(user)") == nil
            let outcome = try boot(user, id, umask: umask, on: scratch, with: variables(user))
            #expect(outcome.exitCode == 0, "\(user): \(outcome)")
            #expect(outcome.outputLines == ["/scratch/team/hf_cache"], "\(user): \(outcome)")
            if user == "jane" { #expect(outcome.log(of: "scratch") == (isFirst ? log : []), "\(outcome)") }
        }
    }

    @Test(arguments: umasks)
    func `the umask counts for directories that are made without a seed`(umask: String, mode: String) throws {
        try withSquashedScratch { scratch in
            try scratch.makeDirectory("", mode: 0o775, group: 2000)
            let log = [
                "created /scratch/team/homes/jane (1\(mode.dropFirst())) as user 1000:2000",
                "created /scratch/work/jane/one (\(mode)) as user 1000:2000",
                "created /scratch/team/hf_cache (2770) as user 1000:2000",
            ]
            try bootAll(umask: umask, on: scratch, log: log) { user in
                ["SCRATCH_HOME_ROOT": "/scratch/team/homes", "WORKING_DIR": "/scratch/work/\(user)/one"]
            }
            for (path, expected) in [
                ("team", "directory 0770 1000:2000"), ("team/homes", "directory 0770 1000:2000"),
                ("team/homes/jane", "directory 1\(mode.dropFirst()) 1000:2000"),
                ("team/homes/jane/.shell", "directory 0700 1000:2000"),
                ("team/homes/bob", "directory 1\(mode.dropFirst()) 1001:2000"),
                ("team/hf_cache", "directory 2770 1000:2000"),
                ("work", "directory 0770 1000:2000"), ("work/jane", "directory 0770 1000:2000"),
                ("work/bob/one", "directory \(mode) 1001:2000"),
            ] {
                #expect(try scratch.status(path)?.description == expected, "\(path)")
            }
        }
    }

    @Test(arguments: umasks)
    func `the umask counts for directories that are made with a seed`(umask: String, mode: String) throws {
        try withSquashedScratch { scratch in
            try scratch.makeDirectory("team", mode: 0o755, user: 177449, group: 83070)
            try scratch.makeDirectory("team/homes", mode: 0o755, user: 177449, group: 83070)
            let log = [
                "created /scratch/team/homes/jane (1770) as seed 177449:2000",
                "created /scratch/team/homes/jane/work/one (\(mode)) as user 1000:2000",
                "created /scratch/team/hf_cache (2770) as seed 177449:2000",
            ]
            try bootAll(umask: umask, on: scratch, log: log) { user in
                [
                    "SCRATCH_HOME_ROOT": "/scratch/team/homes", "SCRATCH_SEED_USER": "177449:83070",
                    "WORKING_DIR": "/scratch/team/homes/\(user)/work/one",
                ]
            }
            for (path, expected) in [
                ("team/homes/jane", "directory 1770 177449:2000"),
                ("team/homes/jane/work", "directory \(mode) 1000:2000"),
                ("team/homes/jane/work/one", "directory \(mode) 1000:2000"),
                ("team/homes/bob", "directory 1770 177449:2000"), ("team/hf_cache", "directory 2770 177449:2000"),
            ] {
                #expect(try scratch.status(path)?.description == expected, "\(path)")
            }
        }
    }

    @Test func `the umask counts for a working directory above the homes, and for further directories`() throws {
        try withSquashedScratch { scratch in
            try scratch.makeDirectory("", mode: 0o775, group: 2000)
            try withContainer(.busybox) { container in
                container.environment = .pod.with(["SCRATCH_UMASK": "077", "WORKING_DIR": "/scratch"])
                container.mounts = [.bind(scratch.mount, to: "/scratch")]
                try container.write(
                    "/etc/entrypoint.yaml",
                    """
                    scratch:
                      directories:
                        - path: data/sets
                        - path: /scratch/common/of/all
                          shared: true
                        - path: /scratch/others/own
                        - path: secret/keys
                          mode: "0750"
                    """)
                let outcome = try container.boot("true")
                #expect(outcome.exitCode == 0, "\(outcome)")
            }
            for (path, mode) in [
                ("homes", "0770"), ("homes/jane", "1700"), ("hf_cache", "2770"),
                ("homes/jane/data", "0700"), ("homes/jane/data/sets", "0700"),
                ("common", "0770"), ("common/of", "0770"), ("common/of/all", "2770"),
                ("others", "0770"), ("others/own", "0700"),
                ("homes/jane/secret", "0700"), ("homes/jane/secret/keys", "0750"),
            ] {
                #expect(try scratch.status(path)?.description == "directory \(mode) 1000:2000", "\(path)")
            }
        }
    }

    /// A member of the group must not have code run as the user.
    @Test(arguments: ["000", "002", "007", "022", "077"])
    func `startup files are writable for the user alone, whatever the umask is`(umask: String) throws {
        for hasShellStep in [true, false] {
            try withPod { container in
                try container.makeSkeleton(files: 3)
                // Builders with a umask of their own make such images.
                container.entrypoint = []
                try #require(try container.run("chmod", "-R", "a+rwX", "/docker").exitCode == 0)
                container.entrypoint = ["/usr/local/bin/entrypoint"]
                container.environment["SCRATCH_UMASK"] = ByteString(umask)
                container.environment["GIT_USER_NAME"] = "Jane"
                if !hasShellStep { try container.write("/etc/entrypoint.yaml", "shell: {enabled: false}\n") }
                let outcome = try container.boot(
                    "sh", "-c",
                    """
                    cd "$SCRATCH_HOME"; find .shell .gitconfig ~/.gitconfig .zsh_history ! -type l -perm /022 2>/dev/null
                    git config --global user.email jane@example.org; find .gitconfig ~/.gitconfig ! -type l -perm /022 2>/dev/null
                    find . ~ -name .gitconfig -type f | wc -l
                    """)
                #expect(outcome.exitCode == 0 && outcome.output == "1\n", "\(outcome)")
            }
        }
    }
}
