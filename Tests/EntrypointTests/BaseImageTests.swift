import Foundation
import TestSupport
import Testing

/// `docker/base/Dockerfile`, as it stands.
@Suite(.containers)
struct BaseImageTests {
    private static let base = ImageBuild.project + "/docker/base"

    /// What docker/Dockerfile's last stage is.
    private static func programs(in directory: String) throws -> String {
        let file = directory + "/Programs"
        try "FROM scratch\nCOPY entrypoint entrypointctl /\nCOPY share /share\n".write(
            toFile: file, atomically: false, encoding: .utf8)
        let programs = "localhost/entrypoint-programs"
        try ImageBuild.build(programs, from: file, in: try TestMachine.programs, [])
        return programs
    }

    /// What a build takes of the tests' own packages: nothing that has to be downloaded.
    private static let offline: [ByteString] = [
        "--build-arg=UV_VERSION=", "--build-arg=OH_MY_ZSH_COMMIT=", "--build-arg=BUILD_TOOLS=no",
    ]

    @Test func `the base image is built by apt and boots, and a later login shell has the boot's environment`() throws {
        try withRunDirectory { directory in
            let programs = try Self.programs(in: directory)
            // An image that has an entry point of its own.
            let before = "localhost/entrypoint-before"
            try ImageBuild.build(
                before,
                text: """
                    FROM \(ImageBuild.apt)
                    RUN printf '%s\\n' '#!/bin/sh' 'echo "as $(id -un)"' 'exec "$@"' >/opt/entry && chmod 0755 /opt/entry
                    ENTRYPOINT ["/opt/entry"]

                    """, in: directory)
            let image = "localhost/entrypoint-base"
            try ImageBuild.build(
                image, from: Self.base + "/Dockerfile", in: Self.base,
                Self.offline + [
                    "--build-arg=BASE_IMAGE=\(before)", "--build-arg=ENTRYPOINT_IMAGE=\(programs)",
                    "--build-arg=CHAIN=/opt/entry",
                    "--build-arg=FILE_CAPABILITIES=yes", "--build-arg=LDAP_USERNAME=seed",
                    "--build-arg=LDAP_UID=177449",
                    "--build-arg=LDAP_GROUPNAME=admins", "--build-arg=LDAP_GID=83071", "--build-arg=VERSION=v1",
                    try ImageBuild.packages,
                ])
            let label = try Podman.invoke(
                "image", "inspect", "--format={{index .Labels \"org.opencontainers.image.version\"}}", "\(image)")
            #expect(label.output == "v1\n")
            // As a pod that may not be root.
            let options = ["--user=1000:2000", "--passwd=false", "--tmpfs=/scratch/homes:mode=777"] as [ByteString]
            let pod = try ImageBuild.run(
                options + ImageBuild.variables(.pod), image,
                [
                    "sh", "-c",
                    "id -un; echo $HOME $PIP_CACHE_DIR; grep seed: /etc/passwd /etc/group; grep admins: /etc/group",
                ])
            #expect(
                pod.output == """
                    as jane
                    jane
                    /home/jane /scratch/homes/jane/.cache/pip
                    /etc/passwd:seed:x:177449:83071::/nonexistent:/usr/sbin/nologin
                    admins:x:83071:

                    """, "\(pod)")
            try checkSessions(image)
        }
    }

    private func checkSessions(_ image: String) throws {
        let start: [ByteString] = [
            "run", "--rm", "--name=base", "--network=none", "--cgroup-parent=/\(try TestMachine.run)",
            "--tmpfs=/scratch/homes:mode=777",
        ]
        let command: [ByteString] = ["\(image)", "sh", "-c", "echo up; exec sleep 60"]
        let container = try Podman.program(start + ImageBuild.variables(.pod) + command).start()
        try container.waitForOutput("up")
        for shell in ["sh", "bash", "zsh"] as [ByteString] {
            let outcome = try Podman.invoke(
                "exec", "--user=1000:2000", "base", shell, "-l", "-c", "echo $SCRATCH_HOME")
            #expect(outcome.output == "/scratch/homes/jane\n", "\(outcome)")
            let root = try Podman.invoke("exec", "base", shell, "-l", "-c", "echo $SCRATCH_HOME $HOME")
            #expect(root.output == "/root\n", "\(root)")
        }
        let shared = try Podman.invoke(
            "exec", "base", "zsh", "-c",
            "ls /usr/share/man/man1/entrypoint.1; autoload -Uz compinit; compinit -D; echo $_comps[entrypointctl]")
        #expect(shared.outputLines == ["/usr/share/man/man1/entrypoint.1", "_entrypointctl"], "\(shared)")
        let user = try Podman.invoke("exec", "--user=1000:2000", "base", "zsh", "-ic", "echo $ZDOTDIR $PROMPT")
        // The image's own .zshrc, which works without oh-my-zsh, too.
        #expect(user.output == "/scratch/homes/jane/.shell %n@%m %~ %# \n", "\(user)")
        try container.stop()
    }

    /// Arguments that are wrong, and what is told.
    static let mistakes: [(arguments: [ByteString], told: String)] = [
        (["LDAP_USERNAME=seed"], "LDAP_USERNAME, LDAP_UID, LDAP_GROUPNAME and LDAP_GID are all needed, or none"),
        (["LDAP_USERNAME=root", "LDAP_UID=5", "LDAP_GROUPNAME=x", "LDAP_GID=5"], "'root' is no name of an account"),
        (["LDAP_USERNAME=a:b", "LDAP_UID=5", "LDAP_GROUPNAME=x", "LDAP_GID=5"], "'a:b' is no name of an account"),
        (["LDAP_USERNAME=a", "LDAP_UID=0", "LDAP_GROUPNAME=x", "LDAP_GID=5"], "'0' is no id"),
        (["LDAP_USERNAME=a", "LDAP_UID=65534", "LDAP_GROUPNAME=x", "LDAP_GID=5"], "'65534' is no id"),
        (["LDAP_USERNAME=a", "LDAP_UID=5000", "LDAP_GROUPNAME=x", "LDAP_GID=4294967295"], "'4294967295' is no id"),
        (["LDAP_USERNAME=a", "LDAP_UID=18446744073709551617", "LDAP_GROUPNAME=x", "LDAP_GID=5"], "51617' is no id"),
        // The last of all ids is taken: what is told is the next mistake.
        (
            ["LDAP_USERNAME=a", "LDAP_UID=4294967294", "LDAP_GROUPNAME=adm", "LDAP_GID=5"],
            "has a group adm with another gid"
        ),
        (["LDAP_USERNAME=a", "LDAP_UID=2", "LDAP_GROUPNAME=x", "LDAP_GID=5"], "gives the uid 2 to another user: bin:"),
        (["LDAP_USERNAME=a", "LDAP_UID=777", "LDAP_GROUPNAME=adm", "LDAP_GID=5"], "has a group adm with another gid"),
        (["CHAIN=entry.sh"], "the absolute path of a program is expected"),
        (["CHAIN=/opt/nvidia/nvidia_entrypoint.sh"], "which the base image does not have"),
        (["CHAIN=/bin/sh \"x"], "characters that are not supported"),
        (["PACKAGES=--allow-unauthenticated"], "'--allow-unauthenticated' is no name of a package"),
    ]

    /// Each by the script that the Dockerfile calls, in one container: a build of its own would take seconds each.
    @Test func `arguments that are wrong end the build, and say why`() throws {
        let lines = Self.mistakes.map { arguments, _ in
            let set = arguments.map { argument in
                let parts = argument.text.split(separator: "=", maxSplits: 1)
                return "\(parts[0])='\(parts[1])'"
            }
            return """
                ( unset CHAIN PACKAGES; \(set.joined(separator: "; "))
                if [ -n "${PACKAGES-}" ]; then /base/install-packages $PACKAGES
                elif [ -n "${CHAIN-}" ]; then /base/write-chain /tmp/entrypoint.yaml $CHAIN
                else /base/add-account "${LDAP_USERNAME-}" "${LDAP_UID-}" "${LDAP_GROUPNAME-}" "${LDAP_GID-}"; fi
                echo "code $?" ) 2>&1 | tr '\\n' ' '; echo
                """
        }
        let script =
            lines.joined(separator: "\n")
            + "\nls /tmp; /base/write-chain /tmp/entrypoint.yaml /bin/sh -c; cat /tmp/entrypoint.yaml"
        for image in [Image.debian, .busybox] {
            let outcome = try ImageBuild.run(
                ["--entrypoint=/bin/sh", "--volume=\(Self.base):/base:ro"], image.name, ["-c", ByteString(script)])
            let answers = outcome.outputLines
            #expect(answers.count == Self.mistakes.count + 4, "\(outcome)")
            for (answer, mistake) in zip(answers, Self.mistakes) {
                // The busybox has no such users and groups.
                if image == .busybox && mistake.told.contains("another") { continue }
                #expect(answer.contains(mistake.told) && !answer.hasSuffix("code 0 "), "\(mistake): \(answer)")
            }
            #expect(answers.suffix(3) == ["chain:", "  - \"/bin/sh\"", "  - \"-c\""], "\(outcome)")
        }
    }
}
