import Foundation
import Glibc
import TestSupport
import Testing

/// The shared cache, the exports of the step, and volumes that are missing, full or read-only.
@Suite(.containers)
struct ScratchVolumeTests {
    /// Boots a pod whose scratch is a squashed export, and gives what the command got.
    private func boot(
        _ variables: Environment = [:], prepare: (SquashedScratch) throws -> Void,
        check: (Outcome, Environment, SquashedScratch) throws -> Void
    ) throws {
        try withSquashedScratch { scratch in
            try scratch.makeHomes()
            try prepare(scratch)
            try withContainer(.busybox) { container in
                container.environment = .pod.with(variables)
                container.mounts = [.bind(scratch.mount, to: "/scratch")]
                let outcome = try container.boot(ProbeReport.path)
                try check(outcome, try outcome.report().environment, scratch)
            }
        }
    }

    @Test func `the shared cache is made set-group-ID by who may`() throws {
        try boot(["SCRATCH_SEED_USER": "177449:83070"]) { scratch in
            try scratch.makeDirectory("", mode: 0o755, user: 177449, group: 83070)
        } check: { (outcome, environment, scratch) throws in
            #expect(
                outcome.log(of: "scratch") == [
                    "created /scratch/homes/jane (1770) as user 1000:2000",
                    "created /scratch/hf_cache (2770) as seed 177449:2000",
                ])
            #expect(try scratch.status("hf_cache")?.description == "directory 2770 177449:2000")
            #expect(environment["SCRATCH_HOME"] == "/scratch/homes/jane")
            #expect(environment["WORKING_DIR"] == "/scratch/homes/jane")
            #expect(environment["HF_HOME"] == "/scratch/hf_cache")
            #expect(environment["HF_TOKEN_PATH"] == "/scratch/homes/jane/.cache/huggingface/token")
        }
    }

    @Test func `a cache that cannot be made is replaced by one of the user's own`() throws {
        try boot { _ in
        } check: { (outcome, environment, scratch) throws in
            #expect(
                outcome.log(of: "scratch") == [
                    "created /scratch/homes/jane (1770) as user 1000:2000",
                    "created /scratch/homes/jane/.cache/huggingface (0770) as user 1000:2000",
                    "warning: cannot create /scratch/hf_cache: permission denied (mkdirat EACCES as user 1000:2000); "
                        + "\(ScratchTests.squashed); /scratch/homes/jane/.cache/huggingface is used instead",
                ])
            #expect(environment["HF_HOME"] == "/scratch/homes/jane/.cache/huggingface")
            #expect(environment["HF_TOKEN_PATH"] == "/scratch/homes/jane/.cache/huggingface/token")
            #expect(try scratch.status("homes/jane/.cache")?.description == "directory 0770 1000:2000")
            #expect(try scratch.status("homes/jane/.cache/huggingface")?.description == "directory 0770 1000:2000")
        }
    }

    @Test func `the user's own cache is not used where somebody else has made it first`() throws {
        try boot { scratch in
            try scratch.makeDirectory("homes/jane", mode: 0o1770, user: 1000, group: 2000)
            try scratch.makeDirectory("homes/jane/.cache", mode: 0o770, user: 1000, group: 2000)
            try scratch.makeDirectory("homes/jane/.cache/huggingface", mode: 0o777, user: 1001, group: 2000)
        } check: { (outcome, environment, _) throws in
            #expect(outcome.exitCode == 0, "\(outcome)")
            let told = outcome.log(of: "scratch")
            #expect(told.contains { $0.hasPrefix("warning: cannot create /scratch/hf_cache: ") }, "\(outcome)")
            #expect(environment["HF_HOME"] == "/scratch/hf_cache", "\(outcome)")
        }
    }

    /// A member of the group makes the place of the token first, and reads what is written there.
    @Test(arguments: ["homes/jane/.cache/huggingface", "homes/jane/.cache"])
    func `no token is kept in a directory of somebody else's`(foreign: String) throws {
        try boot { scratch in
            try scratch.makeDirectory("hf_cache", mode: 0o2770, user: 1000, group: 2000)
            try scratch.makeDirectory("homes/jane", mode: 0o1770, user: 1000, group: 2000)
            try scratch.makeDirectory("homes/jane/.cache", mode: 0o770, user: 1000, group: 2000)
            try scratch.makeDirectory("homes/jane/.cache/huggingface", mode: 0o770, user: 1000, group: 2000)
            try check(chown("\(scratch.export)/\(foreign)", 1001, 2000), "chown", foreign)
        } check: { (outcome, environment, _) throws in
            #expect(outcome.exitCode == 0 && environment["HF_HOME"] == "/scratch/hf_cache", "\(outcome)")
            #expect(environment["HF_TOKEN_PATH"] == "/dev/null", "\(outcome)")
            let told = outcome.log(of: "scratch").filter { $0.contains("/scratch/\(foreign): it belongs to user 1001") }
            #expect(told.count == 1, "\(outcome)")
        }
    }

    @Test func `no token is kept in a file of somebody else's, nor anywhere where others read it`() throws {
        try boot { scratch in
            try scratch.makeDirectory("hf_cache", mode: 0o2770, user: 1000, group: 2000)
            for path in ["homes/jane", "homes/jane/.cache", "homes/jane/.cache/huggingface"] {
                try scratch.makeDirectory(path, mode: 0o770, user: 1000, group: 2000)
            }
            let token = "\(scratch.export)/homes/jane/.cache/huggingface/token"
            #expect(FileManager.default.createFile(atPath: token, contents: nil))
            try check(chown(token, 1001, 2000), "chown", token)
        } check: { (outcome, environment, _) throws in
            #expect(environment["HF_TOKEN_PATH"] == "/dev/null", "\(outcome)")
            let told = outcome.log(of: "scratch").filter {
                $0.contains("token: it belongs to user 1001, who could read")
            }
            #expect(told.count == 1, "\(outcome)")
        }
    }

    /// Its owner makes what it leads to when the boot has passed.
    @Test(arguments: ["homes/jane/.cache", "homes/jane/.cache/huggingface"])
    func `no token is kept behind a link of somebody else's that leads nowhere yet`(link: String) throws {
        try boot { scratch in
            try scratch.makeDirectory("hf_cache", mode: 0o2770, user: 1000, group: 2000)
            try scratch.makeDirectory("homes/jane", mode: 0o1770, user: 1000, group: 2000)
            if link.hasSuffix("huggingface") {
                try scratch.makeDirectory("homes/jane/.cache", mode: 0o770, user: 1000, group: 2000)
            }
            let path = "\(scratch.export)/\(link)"
            try check(symlink("/scratch/elsewhere", path), "symlink", path)
            try check(lchown(path, 1001, 2000), "lchown", path)
        } check: { (outcome, environment, _) throws in
            #expect(outcome.exitCode == 0 && environment["HF_TOKEN_PATH"] == "/dev/null", "\(outcome)")
        }
    }

    /// The token's place says nothing of what else lies in its directory.
    @Test func `a token that others have made first moves nothing but itself`() throws {
        try boot(["HF_TOKEN_PATH": "/scratch/homes/jane/token"]) { scratch in
            try scratch.makeDirectory("hf_cache", mode: 0o2770, user: 1000, group: 2000)
            try scratch.makeDirectory("homes/jane", mode: 0o1770, user: 1000, group: 2000)
            let token = "\(scratch.export)/homes/jane/token"
            #expect(FileManager.default.createFile(atPath: token, contents: nil))
            try check(chown(token, 1001, 2000), "chown", token)
        } check: { (outcome, environment, _) throws in
            #expect(environment["HF_TOKEN_PATH"] == "/dev/null", "\(outcome)")
            #expect(environment["ZDOTDIR"] == "/scratch/homes/jane/.shell", "\(outcome)")
            #expect(environment["UV_CACHE_DIR"] == "/scratch/homes/jane/.cache/uv", "\(outcome)")
        }
    }

    /// Where the home is the persistent directory, too, there is no place of the user's own.
    @Test func `a token is kept nowhere rather than where others read it`() throws {
        try withPod { container in
            container.readOnly = true
            container.mounts += [
                .memory("/run"), .memory("/tmp", "mode=1777"), .bind(container.root + "/scratch", to: "/scratch"),
            ]
            for path in ["/scratch/homes/jane", "/scratch/homes/jane/.cache"] {
                try container.makeDirectory(path, mode: 0o770, user: 1000, group: 2000)
            }
            try container.makeDirectory(
                "/scratch/homes/jane/.cache/huggingface", mode: 0o777, user: 1001, group: 2000)
            let outcome = try container.boot("sh", "-c", "echo $HOME $HF_TOKEN_PATH")
            #expect(outcome.output == "/scratch/homes/jane /dev/null\n", "\(outcome)")
            #expect(
                outcome.log(of: "scratch").contains {
                    $0 == "warning: HF_TOKEN_PATH is /dev/null: no token is kept, which others could read"
                }, "\(outcome)")
        }
    }

    @Test func `a cache that the user cannot write in is replaced too, and left as it is`() throws {
        try boot { scratch in
            try scratch.makeDirectory("hf_cache", mode: 0o2755, user: 1001, group: 2000)
        } check: { (outcome, environment, scratch) throws in
            #expect(
                outcome.log(of: "scratch").last
                    == "warning: cannot write in /scratch/hf_cache: permission denied (faccessat EACCES as user 1000:2000); "
                    + "it has mode 2755 and belongs to 1001:2000: its owner can run chgrp 2000 /scratch/hf_cache && "
                    + "chmod 2770 /scratch/hf_cache; /scratch/homes/jane/.cache/huggingface is used instead")
            #expect(environment["HF_HOME"] == "/scratch/homes/jane/.cache/huggingface")
            #expect(try scratch.status("hf_cache")?.description == "directory 2755 1001:2000")
        }
    }

    @Test func `a cache that others cannot share is used, and told`() throws {
        try boot { scratch in
            try scratch.makeDirectory("hf_cache", mode: 0o750, user: 1000, group: 2000)
        } check: { (outcome, environment, scratch) throws in
            #expect(
                outcome.log(of: "scratch").last
                    == "warning: /scratch/hf_cache has mode 0750: others of group 2000 cannot share all of it; its owner "
                    + "(1000) can correct it with chmod 2770 /scratch/hf_cache")
            #expect(environment["HF_HOME"] == "/scratch/hf_cache")
            #expect(try scratch.status("hf_cache")?.description == "directory 0750 1000:2000")
        }
    }

    @Test func `values of the pod spec win over the defaults`() throws {
        try boot([
            "SCRATCH_HOME": "/scratch/homes/team/jane", "WORKING_DIR": "/tmp", "HF_HOME": "/scratch/homes/hf",
            "HF_TOKEN_PATH": "/home/jane/.token", "HOME": "/somewhere/else", "USER": "nobody", "SCRATCH_UMASK": "0077",
        ]) { _ in
        } check: { (outcome, environment, scratch) throws in
            #expect(
                outcome.log(of: "scratch") == [
                    "created /scratch/homes/team/jane (1700) as user 1000:2000",
                    "created /scratch/homes/hf (2770) as user 1000:2000",
                ])
            #expect(environment["SCRATCH_HOME"] == "/scratch/homes/team/jane")
            #expect(environment["WORKING_DIR"] == "/tmp")
            #expect(environment["HF_HOME"] == "/scratch/homes/hf")
            #expect(environment["HF_TOKEN_PATH"] == "/home/jane/.token")
            // Those are the identity's, whoever set them.
            #expect(environment["HOME"] == "/home/jane" && environment["USER"] == "jane")
            #expect(try outcome.report().umask == 0o077)
            #expect(try outcome.report().directory == "/tmp")
        }
    }

    @Test func `a seed user who cannot be one is refused before anything is touched`() throws {
        try withPod(.busybox) { container in
            try container.append("/etc/passwd", "toor:x:0:0::/:/bin/sh\n")
            let before = try Accounts(of: container)
            for (seed, line) in [
                (
                    "boss" as ByteString,
                    "SCRATCH_SEED_USER is 'boss': no such user in /etc/passwd; add the account to the image, "
                        + "or give its ids as uid:gid"
                ),
                (
                    "toor",
                    "SCRATCH_SEED_USER is root: nothing in a scratch directory is done as root; "
                        + "name the account that owns the directory"
                ),
            ] {
                container.environment["SCRATCH_SEED_USER"] = seed
                let outcome = try container.boot("true")
                #expect(outcome.exitCode == 78)
                #expect(outcome.log(of: "identity") == [line], "\(outcome)")
                #expect(try Accounts(of: container) == before)
            }
        }
    }

    /// Where scratch is a mount of its own: what cannot be made there, and why.
    @Test(arguments: [
        (
            Container.Mount.memory("/scratch", "mode=0755"),
            "cannot create /scratch/homes: permission denied (mkdirat EACCES as user 1000:2000); "
                + "make the directory once as its owner, or set SCRATCH_SEED_USER to an account that may (uid:gid)"
        ),
        (
            .memory("/scratch", "mode=1777", "ro"),
            "cannot create /scratch/homes: read-only file system (mkdirat EROFS as user 1000:2000); "
                + "tmpfs (tmpfs) on /scratch is mounted read-only: see readOnly in the pod's volumeMounts"
        ),
        (
            .memory("/scratch", "mode=1777", "nr_inodes=2"),
            "cannot create /scratch/homes/jane: no space left on device (mkdirat ENOSPC as user 1000:2000); "
                + "no space is left on tmpfs (tmpfs) on /scratch"
        ),
        (
            .memory("/elsewhere"),
            "cannot create /scratch: permission denied (mkdirat EACCES as user 1000:2000); nothing is mounted there: "
                + "is the scratch volume missing from the pod's volumeMounts (docker run -v)?"
        ),
    ])
    func `a volume that is closed, read-only, full or missing is told`(mount: Container.Mount, line: String) throws {
        try withContainer(.busybox) { container in
            container.environment = .pod
            container.mounts = [mount]
            let outcome = try container.boot("true")
            #expect(outcome.exitCode == 125)
            #expect(outcome.log(of: "scratch") == [line], "\(outcome)")
            #expect(outcome.log.last == "scratch: \(line)")
        }
    }

    @Test func `two pods of one user that start at once both end well`() throws {
        try withSquashedScratch(.init(delay: 5)) { scratch in
            try scratch.makeHomes()
            try withContainer(.busybox) { one in
                try withContainer(.busybox) { other in
                    for container in [one, other] {
                        container.environment = .pod.with(["WORKING_DIR": "/scratch/homes/jane/a/b/c"])
                        container.mounts = [.bind(scratch.mount, to: "/scratch")]
                    }
                    let running = try [one, other].map { try $0.start("true") }
                    for container in running {
                        let outcome = try container.wait()
                        #expect(outcome.exitCode == 0, "\(outcome)")
                    }
                }
            }
            #expect(try scratch.status("homes/jane/a/b/c")?.description == "directory 0770 1000:2000")
        }
    }
}
