import Foundation
import Glibc
import TestSupport
import Testing

/// The example of a site's policy: with it, an image behaves as that site's document says.
@Suite(.containers)
struct SitePolicyTests {
    private static let seed: ByteString = "mljaggi-admin:x:177449:83070::/:/bin/false\n"

    private func withSite(
        _ programs: Programs = .plain, _ body: (Container, SquashedScratch) throws -> Void
    ) throws {
        try withSquashedScratch { scratch in
            // The group's members may not make what is directly on the volume, nor homes.
            for path in [".", "homes"] { try scratch.makeDirectory(path, mode: 0o755, user: 177449, group: 83070) }
            try withContainer(.debian, programs) { container in
                try container.makeSkeleton()
                let policy = try String(contentsOfFile: ImageBuild.project + "/docker/base/epfl.yaml", encoding: .utf8)
                try container.write("/etc/entrypoint/conf.d/50-epfl.yaml", ByteString(policy))
                try container.append("/etc/passwd", Self.seed)
                container.environment = Environment.container.with([
                    "NB_USER": "gaspar", "NB_UID": "254321", "NB_GROUP": "MLO-unit", "NB_GID": "83070",
                    "SCRATCH_HOME_ROOT": "/mloscratch/homes", "WORKING_DIR": "/mloscratch/homes/gaspar",
                    "ENTRYPOINT_LOG": "debug",
                ])
                container.mounts = [.bind(scratch.mount, to: "/mloscratch")]
                try body(container, scratch)
            }
        }
    }

    @Test func `the account of the site makes the directories of new users, and users have what the document says`()
        throws
    {
        try withSite { container, scratch in
            let outcome = try container.boot(
                "sh", "-c",
                """
                id; umask; pwd; sudo -n id -u; touch own; stat -c '%a %u:%g' own
                echo $SCRATCH_HOME $HF_HOME $ZDOTDIR $UV_CACHE_DIR $UV_PYTHON_INSTALL_DIR $GIT_CONFIG_GLOBAL
                find ~ -maxdepth 1 -type l -printf '%f ' | tr ' ' '\\n' | sort | tr '\\n' ' '
                """)
            #expect(outcome.exitCode == 0 && !outcome.errors.contains("warning: "), "\(outcome)")
            let home = "/mloscratch/homes/gaspar"
            #expect(
                outcome.outputLines.prefix(7) == [
                    "uid=254321(gaspar) gid=83070(MLO-unit) groups=83070(MLO-unit),4(adm),27(sudo)", "0007", home, "0",
                    "660 254321:83070",
                    "\(home) /mloscratch/hf_cache \(home)/.shell \(home)/.cache/uv \(home)/.uv \(home)/.gitconfig",
                    ".gitconfig .oh-my-zsh .vscode .vscode-server .zsh_history .zshrc ",
                ], "\(outcome)")
            #expect(
                outcome.log(of: "scratch") == [
                    "created \(home) (1770) as seed 177449:83070",
                    "created /mloscratch/hf_cache (2770) as seed 177449:83070",
                ], "\(outcome)")
            #expect(try scratch.status("homes/gaspar")?.description == "directory 1770 177449:83070")
            #expect(try scratch.status("hf_cache")?.description == "directory 2770 177449:83070")
            // A second member of the group works in the shared cache, and nobody else does.
            container.environment["NB_USER"] = "jane"
            container.environment["NB_UID"] = "254322"
            let other = try container.boot("sh", "-c", "touch $HF_HOME/model && stat -c '%a %u:%g' $HF_HOME/model")
            #expect(other.outputLines == ["660 254322:83070"], "\(other)")
        }
    }

    @Test func `a pod that starts as the user's own uid has sudo and the groups, and no seed without a description`()
        throws
    {
        try withSite(.elevated) { container, scratch in
            (container.user, container.group) = (254_321, 83070)
            let refused = try container.boot("true")
            #expect(refused.exitCode == 125, "\(refused)")
            #expect(try scratch.status("homes/gaspar") == nil)
            try scratch.makeDirectory("homes/gaspar", mode: 0o770, user: 254_321, group: 83070)
            let outcome = try container.boot("sh", "-c", "id -G; sudo -n id -u")
            #expect(outcome.outputLines == ["83070 4 27", "0"], "\(outcome)")
        }
    }

    @Test func `without the policy an account of that name is nobody's seed`() throws {
        try withSite { container, scratch in
            try container.remove("/etc/entrypoint/conf.d/50-epfl.yaml")
            let outcome = try container.boot("true")
            #expect(outcome.exitCode == 125, "\(outcome)")
            #expect(try scratch.status("homes/gaspar") == nil)
        }
    }
}
