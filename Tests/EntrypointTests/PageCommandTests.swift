import Foundation
import TestSupport
import Testing

/// What the pages have people type is typed, in containers, and prints what they show.
@Suite(.containers, .serialized)
struct PageCommandTests {
    /// What cannot be run here, and why.
    private static let notRun = [
        "docker build -t entrypoint -f docker/Dockerfile .":
            "compiles for minutes; `scripts/test --long images` runs it",
        "scripts/demo": "shows what the other tests expect, and takes a machine of its own",
        "scripts/test": "is what runs this",
        "kubectl debug POD --copy-to=POD-doctor --container=NAME -- entrypointctl doctor": "needs a cluster",
    ]

    /// The image of the README, built once.
    private static let image: Result<Void, any Error> = Result {
        try ImageBuild.programs.get()
        let page = try Page(path: Page.readme)
        let block = try #require(page.blocks.first { $0.mark("run") == "build" }, "the README builds its image")
        try withRunDirectory { path in
            let directory = try PageDirectory(path)
            for command in PageCommand.all(of: block) {
                // A build leaves mounts behind.
                let outcome = try directory.type(command.command, .mounts)
                try #require(outcome.exitCode == 0, "\(outcome)")
            }
        }
    }

    @Test(arguments: try PageRun.all()) func `what a page has typed prints what the page shows`(run: PageRun) throws {
        try withRunDirectory { path in
            let directory = try PageDirectory(path)
            switch run.surroundings {
            case "build": try Self.image.get()
            case "image": try Self.withImage(directory) { try Self.type(run, in: directory) }
            case "pod": try Self.withPod { try Self.type(run, in: directory) }
            case "machine": try Self.type(run, in: directory)
            default: Issue.record("\(run.page.path): there are no surroundings '\(run.surroundings)'")
            }
        }
    }

    @Test func `shells that come later have the environment of the boot in the README's image`() throws {
        try Self.image.get()
        let options: [ByteString] = [
            "run", "--rm", "--name=later", "--network=none", "--cgroup-parent=/\(try TestMachine.run)",
            "--tmpfs=/scratch/homes:mode=777",
        ]
        let command: [ByteString] = ["localhost/base", "sh", "-c", "echo up; exec sleep 600"]
        let container = try Podman.program(options + ImageBuild.variables(.pod) + command).start()
        try container.waitForOutput("up")
        for shell in [["sh", "-l"], ["bash", "-i"], ["zsh"]] as [[ByteString]] {
            let session: [ByteString] = ["exec", "--user=jane", "later"] + shell + ["-c", "echo $SCRATCH_HOME"]
            let outcome = try Podman.program(session).run(within: .seconds(60))
            #expect(outcome.output == "/scratch/homes/jane\n", "\(shell): \(outcome)")
        }
        try container.stop()
    }

    private static func type(_ run: PageRun, in directory: PageDirectory) throws {
        for command in run.blocks.flatMap(PageCommand.all) where notRun[command.command] == nil {
            let outcome = try directory.type(command.command)
            // Where nothing is shown, what is printed is not what matters.
            let isRight =
                command.shown.isEmpty
                ? outcome.exitCode == 0 : command.isShown(outcome.errorLines + outcome.outputLines)
            #expect(isRight, "\(run.page.path): $ \(command.command)\n\(outcome)")
        }
    }

    /// With the README's image as `base`, and the machine's `/srv/scratch` as the volume that pods claim.
    private static func withImage(_ directory: PageDirectory, _ body: () throws -> Void) throws {
        try image.get()
        let volume = try directory.type(
            "podman volume create --opt type=none --opt o=bind --opt device=/srv/scratch scratch")
        try #require(volume.exitCode == 0, "\(volume)")
        defer {
            _ = try? directory.type(
                "podman kube down pod.yaml; podman rm --force first; podman volume rm --force scratch")
        }
        try body()
    }

    /// With a running container `C` of a pod, which is also the pod `POD`.
    private static func withPod(_ body: () throws -> Void) throws {
        let options: [ByteString] = [
            "run", "--rm", "--name=C", "--network=none", "--cgroup-parent=/\(try TestMachine.run)",
            "--tmpfs=/scratch/homes:mode=777",
        ]
        let command: [ByteString] = ["\(Image.debian.name)", "sh", "-c", "echo up; exec sleep 600"]
        let container = try Podman.program(options + Podman.mounts() + ImageBuild.variables(.pod) + command).start()
        // What belongs to podman itself goes, too: the next page has a container of the same name.
        defer { _ = try? Podman.invoke("rm", "--force", "--time=0", "C") }
        try container.waitForOutput("up")
        try body()
    }
}

/// Nothing on a page is left out of the tests without a reason.
struct PageCoverageTests {
    @Test func `every command of a page is run, or there is a reason`() throws {
        try PageCommandTests.expectCoverage()
    }
}

extension PageCommandTests {
    fileprivate static func expectCoverage() throws {
        var unused = Set(notRun.keys)
        let tests = try FileManager.default.subpathsOfDirectory(atPath: Golden.url("Tests").path)
        for page in try Page.all() {
            if Page.withOwnSuite.contains(page.name) {
                let isTested = try tests.contains { path in
                    guard path.hasSuffix(".swift"), !path.hasSuffix("PageCommandTests.swift") else { return false }
                    let text = try Golden.text(of: "Tests/\(path)")
                    return text.contains("/\(page.name)") || text.contains("Page(\"\(page.name.dropLast(3))\")")
                }
                #expect(isTested, "no test reads \(page.path)")
                continue
            }
            for block in page.blocks {
                let commands = PageCommand.all(of: block).map(\.command)
                if block.language == "console" {
                    #expect(!commands.isEmpty, "\(page.path):\(block.line) has no command")
                    if block.mark("run") == nil && block.mark("shown in") == nil {
                        for command in commands { #expect(notRun[command] != nil, "\(page.path): $ \(command)") }
                    }
                    unused.subtract(commands)
                }
                // DockerfileTests builds those of the other two.
                if block.language == "Dockerfile" && block.mark("file") == nil {
                    #expect(["ComingFromCsub.md", "Security.md"].contains(page.name), "\(page.path):\(block.line)")
                }
                if block.text.contains("apiVersion:") {
                    let file = try #require(block.mark("file"), "\(page.path):\(block.line)")
                    #expect(page.text.contains("$ kubectl apply -f \(file)\n"), "\(page.path):\(block.line)")
                }
            }
        }
        #expect(unused == [], "no page has them any longer")
    }
}
