import Foundation
import Glibc
import TestSupport
import Testing

/// Where a token of Hugging Face's is kept: where it ends with the container, and nobody else reads it.
@Suite(.containers)
struct TokenTests {
    /// What a login does, as the library does it.
    private static let login: ByteString = """
        mkdir -p "${HF_TOKEN_PATH%/*}" && echo hf_loginloginlogin >"$HF_TOKEN_PATH" && echo $HOME $HF_TOKEN_PATH
        """

    @Test func `in a home of the container's own a token is there, and not on scratch`() throws {
        try withPod { container in
            for _ in 1...2 {
                let outcome = try container.boot("sh", "-c", Self.login)
                #expect(outcome.output == "/home/jane /home/jane/.cache/huggingface/token\n", "\(outcome)")
                #expect(!outcome.log.contains { $0.contains("huggingface") }, "\(outcome)")
            }
            #expect(try !container.exists("/scratch/homes/jane/.cache/huggingface"))
        }
    }

    /// Where the home is that outlives the container, and how it comes to that.
    static let volumes: [(String, @Sendable (Container) throws -> Void)] = [
        ("/home/jane", { $0.mounts = [.bind($0.root + "/scratch", to: "/home")] }),
        ("/home/jane", { $0.environment["PERSISTENT_LINKS"] = ".zsh_history .cache/" }),
        (
            "/scratch/homes/jane",
            {
                $0.readOnly = true
                $0.mounts = [.memory("/run"), .bind($0.root + "/scratch", to: "/scratch")]
            }
        ),
        (
            "/scratch/homes/jane",
            {
                ($0.user, $0.group) = (1000, 2000)
                $0.mounts = [.bind($0.root + "/scratch", to: "/scratch")]
            }
        ),
        (
            "/home/jane",
            {
                try $0.makeDirectory("/home/jane", mode: 0o750, user: 1000, group: 2000)
                try $0.makeDirectory("/scratch/cache", mode: 0o770, user: 1000, group: 2000)
                try $0.link("/home/jane/.cache", to: "/scratch/cache")
            }
        ),
    ]

    @Test(arguments: volumes.indices) func `where the home outlives the container a token is in memory`(index: Int)
        throws
    {
        let (home, prepare) = Self.volumes[index]
        try withPod { container in
            try prepare(container)
            let outcome = try container.boot(
                "sh", "-c",
                Self.login + "; stat -c '%a %u:%g' ${HF_TOKEN_PATH%/*}; grep -rl hf_loginlogin /scratch /home")
            let directory = container.readOnly ? "/run" : "/dev/shm"
            #expect(
                outcome.outputLines == [
                    "\(home) \(directory)/entrypoint-huggingface-1000/token", "700 1000:2000",
                ], "\(outcome)")
            #expect(!outcome.log.contains { $0.contains("warning: ") && $0.contains("token") }, "\(outcome)")
        }
    }

    @Test func `a token is not kept in the home where somebody else has made its place`() throws {
        try withPod { container in
            try container.makeDirectory("/home/jane", mode: 0o750, user: 1000, group: 2000)
            try container.makeDirectory("/home/jane/.cache", mode: 0o777, user: 1001, group: 2000)
            let outcome = try container.boot("sh", "-c", Self.login)
            #expect(outcome.output == "/home/jane /dev/shm/entrypoint-huggingface-1000/token\n", "\(outcome)")
            let told = outcome.log(of: "scratch").filter { $0.hasPrefix("warning: ") }
            #expect(
                told == [
                    "warning: cannot use /home/jane/.cache: it belongs to user 1001, who could read what user 1000 writes "
                        + "there; move it away; a token is kept in memory"
                ], "\(outcome)")
        }
    }

    // MARK: A place on scratch that the pod has chosen

    /// A member of the group makes the place of the token first, and reads what is written there.
    @Test(arguments: ["homes/jane/.cache/huggingface", "homes/jane/.cache"])
    func `no token is kept in a directory of somebody else's`(foreign: String) throws {
        try ScratchVolumeTests().boot(["HF_TOKEN_PATH": "/scratch/homes/jane/.cache/huggingface/token"]) { scratch in
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
        try ScratchVolumeTests().boot(["HF_TOKEN_PATH": "/scratch/homes/jane/.cache/huggingface/token"]) { scratch in
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
        try ScratchVolumeTests().boot(["HF_TOKEN_PATH": "/scratch/homes/jane/.cache/huggingface/token"]) { scratch in
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
        try ScratchVolumeTests().boot(["HF_TOKEN_PATH": "/scratch/homes/jane/token"]) { scratch in
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
}
