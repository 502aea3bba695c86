import TestSupport
import Testing

/// What is not defended, as the page on security says: each of these works, and the page tells what helps.
@Suite(.containers)
struct UndefendedTests {
    @Test func `a session of the runtime has the secrets of the pod's environment`() throws {
        try withPod { container in
            container.environment["OWN_TOKEN"] = "value"
            let running = try container.start("sleep", "60")
            try running.waitForErrors("ready: ")
            #expect(try running.exec(["printenv", "OWN_TOKEN"]).output == "value\n")
        }
    }

    @Test func `who has sudo reads everybody's files, and so does who may choose the uid`() throws {
        try withPod { container in
            try container.write("/scratch/bobs", "bob's\n", mode: 0o600, user: 1001)
            let command: [ByteString] = ["sudo", "-n", "setpriv", "--reuid", "1001", "cat", "/scratch/bobs"]
            #expect(try container.boot(command).output == "bob's\n")
            container.environment["IDENTITY_SUDO"] = "none"
            #expect(try container.boot(command).output == "")
            (container.user, container.group) = (1001, 2000)
            container.environment = .pod.with(["NB_UID": "1001", "SCRATCH_HOME": "/tmp/own", "WORKING_DIR": "/tmp"])
            #expect(try container.boot("cat", "/scratch/bobs").output == "bob's\n")
        }
    }

    @Test func `who may write in a file that git runs is told of, and not kept from it`() throws {
        try withPod { container in
            try container.makeDirectory("/scratch/homes/jane", mode: 0o770, user: 1000, group: 2000)
            try container.write(
                "/scratch/homes/jane/.gitconfig", "[alias]\n\tx = !echo theirs\n", mode: 0o660, user: 1002, group: 2000)
            let outcome = try container.boot("git", "x")
            #expect(outcome.output == "theirs\n", "\(outcome)")
            #expect(outcome.errors.contains("/scratch/homes/jane/.gitconfig belongs to user 1002"), "\(outcome)")
            #expect(outcome.errors.contains("chmod 1770 /scratch/homes/jane"), "\(outcome)")
        }
    }

    @Test func `where the home is the persistent directory uv chooses the refused cache by itself`() throws {
        try withPod { container in
            (container.user, container.group) = (1000, 2000)
            for path in ["/scratch/homes/jane", "/scratch/homes/jane/.cache"] {
                try container.makeDirectory(path, mode: 0o770, user: 1000, group: 2000)
            }
            try container.makeDirectory("/scratch/homes/jane/.cache/uv", mode: 0o777, user: 1002, group: 2000)
            let outcome = try container.boot("sh", "-c", "echo ${UV_CACHE_DIR-none}; uv cache dir")
            #expect(outcome.output == "none\n/scratch/homes/jane/.cache/uv\n", "\(outcome)")
            #expect(outcome.errors.contains("/scratch/homes/jane/.cache/uv: it belongs to user 1002"), "\(outcome)")
        }
    }

    @Test func `a home that is exchanged after the boot is used until the next one`() throws {
        try withPod { container in
            let exchange: ByteString = """
                sudo -n setpriv --reuid 1002 --regid 2000 --clear-groups sh -c '
                    cd /scratch/homes && mv jane away && mkdir jane && echo echo theirs >jane/own && chmod 0777 jane jane/own'
                sh /scratch/homes/jane/own
                """
            #expect(try container.boot("sh", "-c", exchange).output == "theirs\n")
            let next = try container.boot("true")
            #expect(next.exitCode == 125 && next.errors.contains("it belongs to user 1002"), "\(next)")
            // With the sticky bit nobody can.
            try container.remove("/scratch/homes/jane")
            try container.makeDirectory("/scratch/homes", mode: 0o1770, group: 2000)
            #expect(try container.boot("sh", "-c", exchange).output == "")
        }
    }

    @Test func `who may mount over etc needs no boot to become root`() throws {
        try withPod { container in
            try container.write("/mounted/passwd", "root:x:0:0::/:/bin/sh\njane:*:1000:2000::/:/bin/sh\n")
            try container.write("/mounted/sudoers", "jane ALL=(ALL) NOPASSWD: ALL\n", mode: 0o440)
            container.mounts = ["passwd", "sudoers"].map {
                .bind("\(container.root)/mounted/\($0)", to: "/etc/\($0)", readOnly: true)
            }
            (container.user, container.group, container.entrypoint) = (1000, 2000, [])
            #expect(try container.run("sudo", "-n", "id", "-u").output == "0\n")
        }
    }

    @Test func `a step of root's runs a program that the pod has mounted, if it calls one`() throws {
        try ElevatedTests.withElevatedPod { container in
            try container.write("/etc/entrypoint/steps.d/10-x", "#!/bin/sh\nexec hostname\n", mode: 0o755)
            try container.write("/theirs", "#!/bin/sh\necho theirs as $(id -u)\n", mode: 0o755)
            container.mounts = [.bind(container.root + "/theirs", to: "/usr/bin/hostname")]
            let outcome = try container.boot("true")
            #expect(outcome.log(of: "steps.d/10-x").contains("theirs as 0"), "\(outcome)")
        }
    }

    @Test func `the seed makes a directory of any name where the image lets it work`() throws {
        try ElevatedTests.withElevatedPod { container in
            try container.append("/etc/passwd", "site-admin:x:4711:2000::/nonexistent:/bin/sh\n")
            try container.write(
                "/etc/entrypoint.yaml", "scratch: {seedUser: site-admin, seedDirectories: [/scratch/homes]}\n")
            try container.makeDirectory("/scratch/homes", user: 4711, group: 2000)
            container.environment["SCRATCH_HOME"] = "/scratch/homes/bob"
            #expect(try container.boot("true").exitCode == 0)
            #expect(try container.status("/scratch/homes/bob")?.user == 4711)
        }
    }

    @Test func `a file that only the image's own programs read gives rights to names unseen`() throws {
        try ElevatedTests.withElevatedPod { container in
            try container.write("/etc/own-tool/administrators", "jane\n")
            let outcome = try container.boot("grep", "-xf", "/etc/own-tool/administrators", "-c", "-")
            #expect(try container.text("/etc/passwd").contains("\njane:x:1000:"), "\(outcome)")
        }
    }
}
