import Foundation
import TestSupport
import Testing

/// A command of a page, and what the page shows that it prints.
struct PageCommand {
    /// As it is typed, without the prompt; several lines where they end in a backslash.
    var command: String
    /// The lines that are shown below it; `...` stands for any lines.
    var shown: [String]

    /// The commands of a block: what begins with `$ `, or as root with `# `.
    static func all(of block: Page.Block) -> [PageCommand] {
        var commands: [PageCommand] = []
        for line in block.lines {
            if let last = commands.indices.last, commands[last].command.hasSuffix("\\") {
                commands[last].command += "\n" + line
            } else if line.hasPrefix("$ ") || line.hasPrefix("# ") {
                commands.append(PageCommand(command: String(line.dropFirst(2)), shown: []))
            } else if let last = commands.indices.last {
                commands[last].shown.append(line)
            }
        }
        return commands
    }

    /// Whether lines are those that are shown, but for how long something took.
    func isShown(_ printed: [String]) -> Bool {
        Self.match(shown.map(Self.withoutDuration)[...], printed.map(Self.withoutDuration)[...])
    }

    private static func withoutDuration(_ line: String) -> String { line.replacing(/[0-9.]+ ms/, with: "N ms") }

    private static func match(_ shown: ArraySlice<String>, _ printed: ArraySlice<String>) -> Bool {
        guard let first = shown.first else { return printed.isEmpty }
        if first == "..." {
            return (printed.startIndex...printed.endIndex).contains { match(shown.dropFirst(), printed[$0...]) }
        }
        return first == printed.first && match(shown.dropFirst(), printed.dropFirst())
    }
}

/// All blocks of a page that are typed in the same surroundings, in their order.
struct PageRun: CustomTestStringConvertible {
    var page: Page
    /// The surroundings, as the comment above a block names them.
    var surroundings: String
    var blocks: [Page.Block]

    var testDescription: String { "\(page.name), \(surroundings)" }

    static func all() throws -> [PageRun] {
        try Page.all().flatMap { page in
            let names = page.blocks.compactMap { $0.mark("run") }
            return Set(names).sorted().map { name in
                PageRun(page: page, surroundings: name, blocks: page.blocks.filter { $0.mark("run") == name })
            }
        }
    }
}

/// A directory in which the commands of pages are typed, as on a machine with docker, kubectl and the programs.
struct PageDirectory {
    let path: String

    /// Makes the files that pages show.
    init(_ path: String) throws {
        self.path = path
        for block in try Page.all().flatMap(\.blocks) {
            guard let name = block.mark("file") else { continue }
            try block.text.write(toFile: "\(path)/\(name)", atomically: false, encoding: .utf8)
        }
        try FileManager.default.createDirectory(
            atPath: path + "/scratch", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    }

    /// Types a command.
    func type(_ command: String, _ isolation: Program.Isolation = .none) throws -> Outcome {
        var shell = try Podman.program([])
        shell.path = "/bin/bash"
        shell.arguments = ["-c", ByteString(command.replacing("/srv/scratch", with: path + "/scratch"))]
        shell.directory = path
        shell.isolation = isolation
        let tools = "\(Engine.programs):\(try TestMachine.programs)"
        shell.environment = shell.environment.with([
            "PATH": "\(tools):/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "ENGINE_BUILD_OPTIONS": "--layers=false\n\(try ImageBuild.packages.text)",
            "ENTRYPOINT_TEST_RUN": "\(try TestMachine.run)",
        ])
        return try shell.run(within: .seconds(600))
    }
}
