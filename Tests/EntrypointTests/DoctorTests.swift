import Foundation
import Glibc
import TestSupport
import Testing

/// `entrypointctl doctor` in containers: what it answers where all is well, and where something is not.
@Suite(.containers)
struct DoctorTests {
    /// Calls the body with a container that jane's boot has made ready on a squashed export, and whose command sleeps.
    private func withBootedPod(
        _ options: SquashedScratch.Options = .init(), _ image: Image = .busybox, _ variables: Environment = [:],
        _ body: (RunningContainer, SquashedScratch) throws -> Void
    ) throws {
        try withSquashedScratch(options) { scratch in
            try scratch.makeHomes()
            try scratch.makeDirectory("hf_cache", mode: 0o2770, user: 1000, group: 2000)
            try withContainer(image) { container in
                container.environment = .pod.with(variables)
                container.mounts = [.bind(scratch.mount, to: "/scratch")]
                let boot = try container.start("/bin/sh", "-c", "echo up; exec sleep 60")
                try boot.waitForOutput("up")
                try body(boot, scratch)
            }
        }
    }

    /// Everything on the server's side that a trial has left.
    private func leftovers(in scratch: SquashedScratch) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: scratch.export).filter { $0.contains("entrypoint-doctor") }
    }

    /// The checks that depend on nothing but the pod.
    private static let own: [ByteString] = ["--only", "settings", "boot", "scratch", "caches"]

    @Test func `a healthy pod is well, as each who acts, and nothing is left behind`() throws {
        try withBootedPod(.init(), .debian) { boot, scratch in
            let outcome = try boot.exec(
                ["entrypointctl", "doctor", "--json", "--only", "settings", "boot", "scratch", "caches"], user: "0:0")
            #expect(outcome.exitCode == 0, "\(outcome)")
            let answers = try DoctorAnswers(outcome)
            let home = try #require(answers.of("scratch.home", as: "user 1000:2000").first, "\(answers)")
            for words in [
                "what 1000:2000 makes belongs to 1000:2000", "flock works", "hard links work", "renaming works",
            ] {
                #expect(home.evidence.contains(words), "\(home)")
            }
            let root = try #require(answers.of("scratch.home", as: "root 0:0").first, "\(answers)")
            #expect(
                root.evidence.contains("permission denied") && root.evidence.contains("root is squashed there"),
                "\(root)")
            #expect(
                answers.of("caches.shared").map(\.evidence) == [
                    "HF_HOME /scratch/hf_cache: group 2000 can use everything"
                ])
            #expect(answers.of("boot.result").first?.evidence.contains("for jane (1000:2000)") == true, "\(answers)")
            #expect(answers.notAsked.isEmpty, "\(answers.notAsked)")
            #expect(try leftovers(in: scratch) == [])
            // People see the same, and who may not ask for others is told.
            let text = try boot.exec(["entrypointctl", "doctor"] + Self.own, user: "1000:2000")
            #expect(text.exitCode == 0 && text.errors.isEmpty, "\(text)")
            #expect(text.outputLines.last?.hasPrefix("0 failures, 0 warnings, ") == true, "\(text)")
            #expect(text.output.contains("\nnot asked as the seed user and as root: "), "\(text)")
        }
    }

    @Test func `of the mounts it tells file system, server, options and what is left`() throws {
        try withBootedPod(.init(storage: "size=96m,nr_inodes=3000")) { boot, _ in
            let answers = try boot.doctor("--only", "mounts")
            let scratch = answers.of("mounts.scratch").map(\.evidence).joined(separator: "\n")
            #expect(scratch.contains("/scratch/homes/jane: fuse."), "\(scratch)")
            #expect(
                scratch.contains("mounted at /scratch") && scratch.contains(" MiB of 96 MiB free, 29"), "\(scratch)")
            #expect(scratch.contains("little space is left at /scratch: "), "\(scratch)")
            #expect(answers.all.map(\.check).contains("mounts.home"))
            #expect(answers.of("mounts.run").first?.evidence.hasPrefix("/run: ") == true, "\(answers)")
        }
    }

    @Test(arguments: [Image.scratch, .debian]) func `without a boot, an account or a home it answers what it can`(
        image: Image
    ) throws {
        try withContainer(image) { container in
            container.entrypoint = ["/usr/local/bin/entrypointctl"]
            (container.user, container.group) = (4711, 4711)
            container.environment = ["PATH": "/usr/local/bin"]
            let answers = try DoctorAnswers(
                try container.run("doctor", "--json", "--only", "settings", "boot", "scratch"))
            #expect(answers.of("settings.values").map(\.verdict) == ["warn"])
            let boot = try #require(answers.of("boot.result").first)
            #expect(boot.verdict == "warn" && boot.remedy.contains("args:"), "\(boot)")
            #expect(answers.all.count == 2, "\(answers)")
            // As root neither, and as whom it could not ask is told.
            (container.user, container.group) = (0, 0)
            let root = try DoctorAnswers(try container.run("doctor", "--json", "--only", "settings", "boot", "scratch"))
            #expect(root.all.map(\.check) == ["settings.values", "boot.result"])
            #expect(root.notAsked.map { $0.prefix(13) } == ["as the user: "])
        }
    }

    @Test func `each problem of the settings is a failure with the boot's words`() throws {
        try withPod { container in
            container.entrypoint = ["/usr/local/bin/entrypointctl"]
            container.environment = container.environment.with([
                "NB_UID": "jane", "SCRATCH_UMASK": "999", "SSH_PRIVATE_KEY_B64_FILE": "/secrets/none",
            ])
            let answers = try DoctorAnswers(try container.run("doctor", "--json", "--only", "settings"))
            let values = answers.of("settings.values")
            #expect(values.count == 2 && values.allSatisfy { $0.verdict == "fail" }, "\(answers)")
            #expect(values.contains { $0.evidence.hasPrefix("NB_UID") }, "\(values)")
            let files = answers.of("settings.files")
            #expect(files.count == 1 && files[0].evidence.contains("/secrets/none"), "\(answers)")
            let boot = try withPod { other in
                other.environment = container.environment
                return try other.run("true")
            }
            for answer in values + files { #expect(boot.errors.contains(answer.evidence), "\(answer) \(boot)") }
        }
    }

    @Test func `a full scratch is a failure`() throws {
        try withBootedPod(.init(storage: "size=8m,nr_inodes=500")) { boot, scratch in
            let filler = try Program("/bin/sh", ["-c", "head -c 9m /dev/zero >'\(scratch.export)/filler'"]).run()
            #expect(filler.exitCode != 0)
            let answers = try boot.doctor("--only", "scratch", "mounts")
            let mount = answers.of("mounts.scratch").filter { $0.verdict == "fail" }
            #expect(mount.map(\.evidence) == ["no space is left at /scratch"], "\(answers)")
            let home = answers.of("scratch.home", as: "user").filter { $0.verdict == "fail" }
            #expect(home.count == 1 && home[0].evidence.contains("no space left on device"), "\(answers)")
            #expect(home.first?.remedy.hasPrefix("remove files, or enlarge the volume") == true, "\(home)")
            #expect(try leftovers(in: scratch) == [])
        }
    }

    @Test func `a scratch that is mounted read-only is a failure, and the field is named`() throws {
        try withSquashedScratch { scratch in
            try scratch.makeHomes()
            try scratch.makeDirectory("homes/jane", mode: 0o1770, user: 1000, group: 2000)
            try withContainer(.busybox) { container in
                container.entrypoint = ["/usr/local/bin/entrypointctl"]
                container.environment = .pod
                container.mounts = [.bind(scratch.mount, to: "/scratch", readOnly: true)]
                let answers = try DoctorAnswers(
                    try container.run("doctor", "--json", "--only", "scratch", "mounts.scratch"))
                let failures = answers.all.filter { $0.verdict == "fail" }
                #expect(
                    Set(failures.map(\.check)) == ["mounts.scratch", "scratch.home"],
                    "\(answers.amiss)")
                for failure in failures {
                    #expect(
                        failure.remedy == "set readOnly: false for /scratch in the pod's volumeMounts", "\(failure)")
                }
            }
        }
    }

    @Test func `a closed home is a failure, and what lets the user in is named`() throws {
        try withBootedPod { boot, scratch in
            try scratch.makeDirectory("homes/jane", mode: 0o700, user: 1001, group: 2000)
            let answers = try boot.doctor("--only", "scratch")
            let home = answers.of("scratch.home", as: "user").filter { $0.verdict == "fail" }
            #expect(home.count == 1 && home[0].evidence.contains("permission denied"), "\(answers)")
            #expect(
                home.first?.remedy
                    == "let its owner, or root on the file server, run chown 1000:2000 /scratch/homes/jane && chmod 1770 "
                    + "/scratch/homes/jane", "\(home)")
        }
    }

    @Test func `entries that the group cannot use are found, and the command that is named lets it`() throws {
        try withBootedPod { boot, scratch in
            try scratch.makeDirectory("hf_cache/hub", mode: 0o2770, user: 1001, group: 2000)
            try scratch.makeDirectory("hf_cache/hub/closed", mode: 0o700, user: 1001, group: 1001)
            for (name, mode) in [("open", 0o640), ("secret", 0o600), ("a.lock", 0o640)] as [(String, UInt32)] {
                let path = "\(scratch.export)/hf_cache/hub/\(name)"
                try Data("x".utf8).write(to: URL(fileURLWithPath: path))
                try #require(chown(path, 1001, 2000) == 0 && chmod(path, mode) == 0)
            }
            let found = try boot.doctor("--only", "caches").of("caches.shared")
            #expect(found.count == 1 && found[0].verdict == "warn", "\(found)")
            let evidence = found[0].evidence
            #expect(evidence.contains("group 2000 cannot use 3 entries of user 1001, such as hub/"), "\(evidence)")
            let command = try #require(found[0].remedy.firstMatch(of: /let user 1001 run: (.*)/)).output.1
            let run = try boot.exec(["/bin/sh", "-c", "\(String(command))"], user: "1001:2000")
            #expect(run.exitCode == 0, "\(run)")
            let after = try boot.doctor("--only", "caches")
            #expect(after.amiss.isEmpty, "\(after.amiss)")
        }
    }

    @Test func `directories that do not suit the group and the umask are told with what is to be typed`() throws {
        try withBootedPod { boot, scratch in
            try scratch.makeDirectory("hf_cache", mode: 0o750, user: 1000, group: 2000)
            try scratch.makeDirectory("homes/jane", mode: 0o700, user: 1000, group: 1000)
            let remedies = try boot.doctor("--only", "scratch.modes").all.filter { $0.verdict == "warn" }.map(\.remedy)
            #expect(
                remedies == [
                    "run chgrp 2000 /scratch/homes/jane && chmod g+rwx /scratch/homes/jane",
                    "run chmod g+rwxs /scratch/hf_cache",
                ])
        }
    }

    @Test func `a server that gives to nobody what the user makes is a failure`() throws {
        try withSquashedScratch(.init(squashesAll: true)) { scratch in
            try scratch.makeDirectory("homes", mode: 0o777)
            try scratch.makeDirectory("homes/jane", mode: 0o777, user: 1000, group: 2000)
            try withContainer(.busybox) { container in
                container.entrypoint = ["/usr/local/bin/entrypointctl"]
                container.environment = .pod
                container.mounts = [.bind(scratch.mount, to: "/scratch")]
                let home = try DoctorAnswers(try container.run("doctor", "--json", "--only", "scratch.home"))
                    .of("scratch.home")
                let failures = home.filter { $0.verdict == "fail" }
                #expect(failures.map(\.actor) == ["user 1000:2000"], "\(home)")
                #expect(
                    failures.first?.evidence
                        == "what 1000:2000 makes in /scratch/homes/jane belongs to 65534:65534: the server maps ids")
                #expect(failures.first?.remedy.contains("without all_squash") == true, "\(home)")
                let root = home.filter { $0.actor == "root 0:0" }.map(\.evidence)
                #expect(root.count == 1 && root[0].contains("belongs to 65534:65534 (root_squash)"), "\(home)")
                #expect(try leftovers(in: scratch) == [])
            }
        }
    }

    @Test func `the seed user's place is taken, with the user's group`() throws {
        try withSquashedScratch { scratch in
            try scratch.makeDirectory("homes", mode: 0o755, user: 177449, group: 83070)
            try withContainer(.busybox) { container in
                container.environment = .pod.with(["SCRATCH_SEED_USER": "177449:83070"])
                container.mounts = [.bind(scratch.mount, to: "/scratch")]
                let boot = try container.start("/bin/sh", "-c", "echo up; exec sleep 60")
                try boot.waitForOutput("up")
                let root = try boot.doctor("--only", "scratch.root").of("scratch.root")
                #expect(root.map(\.actor) == ["user 1000:2000", "seed 177449:2000", "root 0:0"])
                #expect(root.map(\.verdict) == ["ok", "ok", "ok"], "\(root)")
                #expect(root[0].evidence.hasSuffix("not needed, since SCRATCH_HOME is there"), "\(root)")
                #expect(root[1].evidence.contains("what 177449:2000 makes belongs to 177449:2000"), "\(root)")
            }
        }
    }

    @Test func `a slow server is a warning`() throws {
        try withBootedPod(.init(delay: 70)) { boot, _ in
            let home = try boot.doctor("--only", "scratch.home").of("scratch.home", as: "user")
            #expect(home.contains { $0.verdict == "warn" && $0.evidence.contains("to make a file in") }, "\(home)")
        }
    }

    @Test func `what is listed and what is asked have one name, and a name that nothing has is refused`() throws {
        try withContainer(.scratch) { container in
            container.entrypoint = ["/usr/local/bin/entrypointctl"]
            let list = try container.run("doctor", "--list")
            #expect(list.exitCode == 0 && list.output.contains("scratch.home  "), "\(list)")
            let refused = try container.run("doctor", "--only", "scrach")
            #expect(refused.exitCode == 64, "\(refused)")
            #expect(refused.errors.contains("nothing is asked about 'scrach'; did you mean scratch?"), "\(refused)")
        }
    }
}
