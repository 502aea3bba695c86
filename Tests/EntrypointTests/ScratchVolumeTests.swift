import Foundation
import Glibc
import TestSupport
import Testing

/// The shared cache, the exports of the step, and volumes that are missing, full or read-only.
@Suite(.containers)
struct ScratchVolumeTests {
    /// Boots a pod whose scratch is a squashed export, and gives what the command got.
    func boot(
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
            #expect(environment["HF_TOKEN_PATH"] == "/home/jane/.cache/huggingface/token")
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
            #expect(environment["HF_TOKEN_PATH"] == "/home/jane/.cache/huggingface/token")
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

    /// Whether the top of the volume is where the homes are, what else is mounted, and where the cache is then.
    static let caches: [(root: String, isTop: Bool, beside: Bool, cache: String)] = [
        ("/scratch", true, false, "/scratch/hf_cache"), ("/scratch/homes", false, false, "/scratch/hf_cache"),
        ("/data/scratch", true, false, "/data/scratch/hf_cache"), ("/scratch", true, true, "/hf_cache"),
    ]

    @Test(arguments: caches) func `the shared cache is on the volume of the homes`(
        root: String, isTop: Bool, beside: Bool, cache: String
    ) throws {
        try withSquashedScratch { scratch in
            try scratch.makeDirectory(".", mode: 0o775, user: 1000, group: 2000)
            for name in ["homes", "cache"] { try scratch.makeDirectory(name, mode: 0o770, user: 1000, group: 2000) }
            try withPod(.busybox) { container in
                // What is beside the top of a volume is the container's own, and ends with it.
                try container.makeDirectory("/hf_cache", mode: 0o2777)
                try container.makeDirectory("/data/hf_cache", mode: 0o2777)
                container.environment["SCRATCH_HOME_ROOT"] = ByteString(root)
                container.environment["WORKING_DIR"] = ByteString(root)
                container.mounts = [.bind(scratch.mount, to: isTop ? root : "/scratch")]
                if beside { container.mounts.append(.memory("/hf_cache", "mode=2777")) }
                for _ in 1...2 {
                    let outcome = try container.boot("sh", "-c", "echo $HF_HOME $SCRATCH_HOME; stat -c %a $HF_HOME")
                    let mode = beside ? "2777" : "2770"
                    #expect(outcome.outputLines == ["\(cache) \(root)/jane", mode], "\(outcome)")
                    #expect(!outcome.log(of: "scratch").contains { $0.contains("warning: ") }, "\(outcome)")
                }
                #expect(try scratch.status("hf_cache")?.mode == (beside ? nil : 0o2770))
                // A user who is called like the cache has a home of their own.
                container.environment["NB_USER"] = "hf_cache"
                container.environment["NB_UID"] = "1002"
                if root == "/data/scratch" {
                    try FileManager.default.removeItem(atPath: scratch.export + "/hf_cache")
                    let other = try container.boot("sh", "-c", "echo $HF_HOME $SCRATCH_HOME")
                    #expect(
                        other.output == "/data/scratch/hf_cache/.cache/huggingface /data/scratch/hf_cache\n", "\(other)"
                    )
                }
            }
        }
    }

    @Test func `an existing home on a volume that is full is told at every start, once`() throws {
        try withRunDirectory { volume in
            try Mounts.mount("tmpfs", from: "volume", on: volume, options: "mode=0777,size=256k")
            defer { try? Mounts.unmount(volume) }
            try withPod { container in
                container.environment = container.environment.with([
                    "ENTRYPOINT_LOG": "info", "SCRATCH_HOME_ROOT": "/scratch", "WORKING_DIR": "/tmp",
                ])
                container.mounts = [.bind(volume, to: "/scratch")]
                #expect(try !container.boot("true").errors.contains("warning: "))
                #expect(FileManager.default.createFile(atPath: volume + "/large", contents: nil))
                let file = try #require(FileHandle(forWritingAtPath: volume + "/large"))
                while (try? file.write(contentsOf: Data(count: 4096))) != nil {}
                let line =
                    "scratch: warning: nothing can be stored in /scratch/jane: no space left on device; no space is left on "
                    + "volume (tmpfs) on /scratch"
                // What a boot cannot make there then has the same cause.
                for lost in ["", "/.uv"] {
                    if !lost.isEmpty { try FileManager.default.removeItem(atPath: volume + "/jane" + lost) }
                    let outcome = try container.boot("true")
                    #expect(outcome.exitCode == 0, "\(outcome)")
                    #expect(outcome.log.filter { $0.contains("warning: ") } == [line], "\(outcome)")
                }
            }
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
                    "SCRATCH_SEED_USER is 'boss': there is no such user in /etc/passwd; add the account to the image, "
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
                + "the scratch volume is probably missing from the pod's volumeMounts (docker run -v)"
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
