import Foundation
import TestSupport
import Testing

/// Builds images as users do, from the project's own Dockerfiles, in the storage of this run.
enum ImageBuild {
    /// The project's directory.
    static let project = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path

    /// An image with apt, under the name that Dockerfiles have for it, too. It takes packages from `/packages` only.
    static let apt = "localhost/entrypoint-test-apt"

    /// The option that gives a build the repository of packages: nothing is downloaded.
    static var packages: ByteString { get throws { "--volume=\(try TestMachine.images)/packages:/packages:ro" } }

    /// Builds an image with `podman build`.
    ///
    /// - Parameters:
    ///   - name: the image's name.
    ///   - file: the Dockerfile.
    ///   - context: the directory of what it copies.
    ///   - options: further ones of `podman build`.
    static func build(
        _ name: String, from file: String, in context: String, _ options: [ByteString],
        within deadline: Duration = .seconds(600)
    ) throws {
        // Chrooted, because the instructions run as root of a machine that may not make new control groups. Without
        // layers only the last stage is kept.
        let own: [ByteString] = [
            "build", "--isolation=chroot", "--network=host", "--pull=never", "--layers=false", "--tag=\(name)",
            "--file=\(file)",
        ]
        var builder = try Podman.program(own + options + ["\(context)"])
        // What is compiled in it takes no time from tests that wait for something.
        builder.arguments = ["-n", "10", "\(builder.path)"] + builder.arguments
        builder.path = "/usr/bin/nice"
        // It leaves mounts behind.
        builder.isolation = .mounts
        let outcome = try builder.run(within: deadline)
        try #require(outcome.exitCode == 0, "\(outcome)")
    }

    /// Builds an image of a Dockerfile's text that copies nothing of a context but what is in a directory.
    static func build(_ name: String, text: String, in directory: String) throws {
        let file = directory + "/Dockerfile"
        try text.write(toFile: file, atomically: false, encoding: .utf8)
        try build(name, from: file, in: directory, [])
    }

    /// What docker/Dockerfile makes of the built programs, under the name that the pages have for it; made once.
    static let programs: Result<Void, any Error> = Result {
        try withRunDirectory { directory in
            let file = directory + "/Dockerfile"
            try "FROM scratch\nCOPY entrypoint entrypointctl /\nCOPY share /share\n".write(
                toFile: file, atomically: false, encoding: .utf8)
            try build("localhost/entrypoint", from: file, in: try TestMachine.programs, [])
        }
    }

    /// The options of `podman run` for the environment of a pod.
    static func variables(_ environment: Environment) -> [ByteString] {
        environment.entries.map { ByteString("--env=") + $0 }
    }

    /// Runs a container of an image that was built.
    static func run(_ options: [ByteString], _ image: String, _ command: [ByteString]) throws -> Outcome {
        let own: [ByteString] = ["run", "--rm", "--network=none", "--cgroup-parent=/\(try TestMachine.run)"]
        return try Podman.program(own + options + ["\(image)"] + command).run(within: .seconds(60))
    }
}

/// An image that has Swift and what `scripts/build` needs, made of the machine's own: the machine's directories are
/// mounted, read-only, where the image has them. That is what a toolchain image would be, but for the 3 GB to be copied.
struct ToolchainImage {
    let name = "localhost/entrypoint-toolchain"
    /// The options of `podman build` that give the instructions the machine's directories.
    let volumes: [ByteString]

    /// - Parameter directory: an empty one, for the image's files.
    init(in directory: String) throws {
        let files = FileManager.default
        // Programs, libraries and headers, the settings of git and of the network, and which packages are installed.
        var mounted = ["/usr", "/etc", "/var/lib/dpkg"].filter(files.fileExists)
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let found = path.split(separator: ":").first { files.isExecutableFile(atPath: "\($0)/swift") }
        let programs = String(try #require(found, "no swift in PATH"))
        let swift = URL(fileURLWithPath: programs + "/swift").resolvingSymlinksInPath().path
        // Toolchains are installed in one of these, with what belongs to them.
        for parent in ["/opt", "/root", "/home"]
        where [programs, swift].contains(where: { $0.hasPrefix(parent + "/") }) {
            mounted.append(parent)
        }
        for path in mounted {
            try files.createDirectory(atPath: directory + path, withIntermediateDirectories: true)
        }
        try files.createDirectory(atPath: directory + "/tmp", withIntermediateDirectories: true)
        for name in try files.contentsOfDirectory(atPath: "/") {
            guard let target = try? files.destinationOfSymbolicLink(atPath: "/" + name), target.hasPrefix("usr/") else {
                continue
            }
            try files.createSymbolicLink(atPath: "\(directory)/\(name)", withDestinationPath: target)
        }
        volumes = mounted.map { "--volume=\($0):\($0):ro" }
        let text = "FROM scratch\nCOPY . /\nENV PATH=\(programs):/usr/sbin:/usr/bin:/sbin:/bin\n"
        try ImageBuild.build(name, text: text, in: directory)
    }
}
