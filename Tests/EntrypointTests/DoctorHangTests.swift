import Foundation
import Glibc
import TestSupport
import Testing

/// `entrypointctl doctor` where something does not answer, or is not what it should be.
@Suite(.containers)
struct DoctorHangTests {
    /// Calls the body with a container on a squashed export.
    private func withScratchPod(
        _ image: Image = .busybox, _ body: (Container, SquashedScratch) throws -> Void
    ) throws {
        try withSquashedScratch { scratch in
            try scratch.makeHomes()
            try withContainer(image) { container in
                container.environment = .pod
                container.mounts = [.bind(scratch.mount, to: "/scratch")]
                try body(container, scratch)
            }
        }
    }

    @Test func `a mount that does not answer is a finding and not a hang`() throws {
        try withScratchPod { container, scratch in
            let boot = try container.start("/bin/sh", "-c", "echo up; exec sleep 60")
            try boot.waitForOutput("up")
            try scratch.pause()
            let answers = try boot.doctor(within: .seconds(11))
            try scratch.resume()
            let hung = answers.all.filter { $0.evidence.hasPrefix("no answer within ") }
            let checks: Set = ["mounts.scratch", "scratch.root", "scratch.home"]
            #expect(checks.isSubset(of: Set(hung.map(\.check))), "\(answers.amiss)")
            for answer in hung {
                #expect(answer.verdict == "fail" && answer.evidence.contains("which is fuse."), "\(answer)")
                #expect(answer.evidence.contains("mounted at /scratch"), "\(answer)")
                #expect(answer.remedy.hasPrefix("ask whoever runs "), "\(answer)")
            }
            // What has nothing to do with the server is answered.
            #expect(answers.of("boot.result").first?.verdict == "ok", "\(answers.amiss)")
            #expect(answers.of("mounts.tmp").isEmpty == false)
            // It answers again, and what those who were killed have left is no other's.
            let after = try boot.doctor("--only", "scratch.home")
            #expect(after.amiss.isEmpty, "\(after.amiss)")
        }
    }

    @Test func `during a boot that hangs it answers, as root and as the user`() throws {
        try withScratchPod { container, scratch in
            // A start that went well comes before it, whose report is not this one's.
            let first = try container.run("/bin/true")
            #expect(first.exitCode == 0, "\(first)")
            // The runtime cannot mount what does not answer.
            container.entrypoint = [
                "/bin/sh", "-c",
                "echo up; until [ -e /go ]; do sleep 0.1; done; exec /usr/local/bin/entrypoint -- /bin/true",
            ]
            let boot = try container.start()
            try boot.waitForOutput("up")
            try scratch.pause()
            try container.write("/go", "")
            for user in ["0:0", "1000:2000"] {
                let answers = try boot.doctor(user: user, within: .seconds(11))
                let told = answers.of("boot.result").first?.evidence
                #expect(
                    told?.hasSuffix("of the last start of this container, and this one's boot has not ended") == true)
                let home = answers.of("scratch.home", as: "user 1000:2000")
                #expect(home.first?.evidence.hasPrefix("no answer within ") == true, "\(answers)")
            }
            try scratch.resume()
        }
    }

    @Test func `where the processes of others are hidden it answers as well`() throws {
        try withScratchPod { container, _ in
            container.mounts.append(
                Container.Mount(
                    source: "proc", path: "/proc", type: "proc", options: ["nosuid", "noexec", "nodev", "hidepid=2"]))
            let boot = try container.start("/bin/sh", "-c", "echo up; exec sleep 60")
            try boot.waitForOutput("up")
            let hidden = try boot.exec(["/bin/ls", "-d", "/proc/1"], user: "1001:2000")
            #expect(hidden.exitCode != 0, "\(hidden)")
            for user in ["0:0", "1000:2000", "1001:2000"] {
                let answers = try boot.doctor("--only", "scratch", "settings", user: user)
                #expect(
                    answers.all.contains { $0.check == "scratch.home" && $0.actor.hasPrefix("user ") }, "\(answers)")
                #expect(answers.of("settings.values").map(\.verdict) == ["ok"], "\(answers)")
            }
        }
    }

    @Test func `a settings file on a server that does not answer takes no other answer away`() throws {
        try withScratchPod { container, scratch in
            try scratch.makeDirectory("settings", mode: 0o755)
            try Data("identity: {sudo: none}\n".utf8).write(
                to: URL(fileURLWithPath: scratch.export + "/settings/a.yaml"))
            let boot = try container.start("/bin/sh", "-c", "echo up; exec sleep 60")
            try boot.waitForOutput("up")
            try scratch.pause()
            let answers = try boot.doctor(
                "--only", "boot", "mounts.run", environment: ["ENTRYPOINT_CONFIG": "/scratch/settings/a.yaml"],
                within: .seconds(11))
            try scratch.resume()
            #expect(answers.of("settings.values").map(\.verdict) == ["fail"], "\(answers)")
            #expect(answers.of("boot.result").map(\.verdict).first == "ok", "\(answers)")
            #expect(answers.of("mounts.run").isEmpty == false, "\(answers)")
        }
    }

    @Test func `root goes through no link, and removes only what is its own`() throws {
        try withContainer(.busybox) { container in
            container.entrypoint = ["/usr/local/bin/entrypointctl"]
            container.environment = .pod
            try container.makeDirectory("/scratch/homes", mode: 0o777)
            try container.makeDirectory("/victim", mode: 0o755)
            try container.link("/scratch/homes/jane", to: "/victim")
            let answers = try DoctorAnswers(try container.run("doctor", "--json", "--only", "scratch.home"))
            let root = answers.of("scratch.home", as: "root")
            #expect(root.count == 1 && root[0].evidence.contains("ELOOP"), "\(answers)")
            #expect(try container.names(in: "/victim") == [])
            // Old files of the same name: a foreign one, a link, a directory, and root's own.
            try container.remove("/scratch/homes/jane")
            try container.makeDirectory("/scratch/homes/jane", mode: 0o777)
            let names = ["a", "b", "c", "d"].map { "/scratch/homes/jane/.entrypoint-doctor-1-\($0)" }
            try container.write(names[0], "foreign", user: 1001)
            try container.link(names[1], to: "/victim")
            try container.makeDirectory(names[2])
            try container.write(names[3], "own")
            for name in [names[0], names[3]] {
                var times = [timeval(tv_sec: 1000, tv_usec: 0), timeval(tv_sec: 1000, tv_usec: 0)]
                try #require(utimes(container.root + name, &times) == 0)
            }
            _ = try container.run("doctor", "--json", "--only", "scratch.home")
            let left = try container.names(in: "/scratch/homes/jane").sorted()
            #expect(left == ["a", "b", "c"].map { ".entrypoint-doctor-1-\($0)" })
        }
    }
}
