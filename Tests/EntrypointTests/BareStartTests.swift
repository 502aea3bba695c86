import TestSupport
import Testing

/// Starts as a user without privileges, whom the image does not know.
@Suite(.containers)
struct BareStartTests {
    @Test func `git and uv work without a passwd entry, and it is told that ssh does not`() throws {
        try withPod { container in
            (container.user, container.group, container.noNewPrivileges) = (1000, 2000, true)
            container.environment = .pod.with(["GIT_USER_NAME": "Jane", "GIT_USER_EMAIL": "jane@example.org"])
            let script: ByteString = """
                id -un >/dev/null 2>&1 || echo no entry
                git init -q x && git -C x commit -q --allow-empty -m first && git -C x log --format=%an
                uv venv -q --no-project --offline --python /usr/bin/python3 y && y/bin/python -c 'print("venv")'
                ssh -G localhost 2>&1 | head -n 1 | tr -d '\\r'
                echo $HOME $USER $LOGNAME; test -w $HOME && echo writable
                """
            let outcome = try container.boot("sh", "-c", script)
            #expect(
                outcome.outputLines == [
                    "no entry", "Jane", "venv", "No user exists for uid 1000", "/scratch/homes/jane jane jane",
                    "writable",
                ], "\(outcome)")
            #expect(
                outcome.log(of: "identity") == [
                    "cannot write /etc/passwd: permission denied (openat EACCES as user 1000:2000); only root can: "
                        + "see runAsUser in the pod spec",
                    "programs that look up the user, such as sudo and ssh, will not work",
                    "created /scratch/homes/jane (1770) as user 1000:2000",
                    "cannot create /home/jane: permission denied (mkdirat EACCES as user 1000:2000); only root can: "
                        + "see runAsUser in the pod spec; /scratch/homes/jane is used instead",
                    "started without privileges: no account, no sudo, home is the scratch directory; see runAsUser in the "
                        + "pod spec",
                ], "\(outcome)")
        }
    }

    @Test func `where passwd is writable for group 0 an entry is added, and gid 0 stays`() throws {
        try withPod { container in
            (container.user, container.group, container.groups) = (1_000_650_000, 0, [2000])
            container.environment = .pod.with(["NB_UID": "1000650000"])
            try container.write("/etc/passwd", container.read("/etc/passwd"), mode: 0o664)
            for _ in 1...2 {
                let outcome = try container.boot("sh", "-c", "id -un; id -g; id -G; ssh -G localhost | head -n 1")
                #expect(outcome.outputLines.prefix(3) == ["jane", "0", "0 2000"], "\(outcome)")
                #expect(!outcome.output.contains("No user exists"), "\(outcome)")
            }
            let entries = try container.text("/etc/passwd").split(separator: "\n").filter { $0.contains("1000650000") }
            #expect(entries == ["jane:*:1000650000:2000::/home/jane:/bin/zsh"])
            #expect(try container.status("/etc/passwd")?.description == "file 0664 0:0")
            // It is the user's alone: neither another uid nor root can be written there by a name.
            container.environment = .pod.with(["NB_UID": "1000650000", "NB_USER": "root"])
            #expect(try container.boot("true").exitCode == 78)
        }
    }
}
