import Foundation
import Glibc
import Linux
import TestSupport
import Testing
import Text
import UserSide

/// Programs that are put into a directory.
struct ProgramInstallTests {
    /// Two programs to install, and the directory that they are put into; the body gets both directories.
    private func withPrograms(_ body: (_ source: String, _ target: String) throws -> Void) throws {
        try withTemporaryDirectory { directory in
            let script = """
                umask 077; cd \(directory.string) && mkdir source target
                head -c 3000000 /dev/urandom >source/entrypointctl && echo small >source/entrypoint
                """
            let made = try Program(["/bin/sh", "-c", script]).run()
            #expect(made.exitCode == 0, "\(made)")
            try body(directory.string + "/source", directory.string + "/target")
        }
    }

    private func install(_ source: String, _ target: String) throws -> [ProgramInstall.Outcome] {
        try ProgramInstall(
            control: FilePath(source + "/entrypointctl"), entrypoint: FilePath(source + "/entrypoint"), links: .follow
        ).run(in: target).programs.map(\.outcome)
    }

    private func expect(_ outcomes: [ProgramInstall.Outcome], of source: String, _ target: String) throws {
        let installed = try install(source, target)
        #expect(installed == outcomes)
    }

    private func isInstalled(_ source: String, _ target: String) throws -> Bool {
        let files = FileManager.default
        guard try files.contentsOfDirectory(atPath: target).sorted() == ["entrypoint", "entrypointctl"] else {
            return false
        }
        return try ["entrypoint", "entrypointctl"].allSatisfy { name in
            try files.attributesOfItem(atPath: "\(target)/\(name)")[.posixPermissions] as? Int == 0o755
                && files.contentsEqual(atPath: "\(source)/\(name)", andPath: "\(target)/\(name)")
        }
    }

    /// What is done to the directory before the second installation, and what becomes of the two programs.
    static let changes: [(command: String, outcomes: [ProgramInstall.Outcome])] = [
        ("true", [.unchanged, .unchanged]),
        ("rm entrypoint", [.unchanged, .installed]),
        ("chmod 700 entrypointctl", [.replaced, .unchanged]),
        ("chmod 775 entrypoint", [.unchanged, .replaced]),
        ("printf x | dd of=entrypointctl seek=2999999 bs=1 conv=notrunc status=none", [.replaced, .unchanged]),
        ("echo longer >>entrypoint", [.unchanged, .replaced]),
        ("echo small >entrypoint", [.unchanged, .unchanged]),
        ("touch -d '2 hours ago' .entrypoint.entrypoint-7-abc", [.unchanged, .unchanged]),
    ]

    @Test(arguments: changes.indices) func `what is missing or differs is written, and nothing else`(index: Int) throws
    {
        let (command, outcomes) = Self.changes[index]
        try withPrograms { source, target in
            try expect([.installed, .installed], of: source, target)
            #expect(try isInstalled(source, target))
            let changed = try Program(["/bin/sh", "-c", "cd \(target) && \(command)"]).run()
            #expect(changed.exitCode == 0, "\(changed)")
            try expect(outcomes, of: source, target)
            #expect(try isInstalled(source, target))
        }
    }

    @Test(.enabled(if: geteuid() == 0), arguments: ["1000", "1000:1000", "65534"])
    func `the same program of another user is replaced, and then belongs to the user who installs`(owner: String)
        throws
    {
        try withPrograms { source, target in
            try expect([.installed, .installed], of: source, target)
            let changed = try Program(["/bin/sh", "-c", "chmod 1777 \(target); chown \(owner) \(target)/entrypoint"])
                .run()
            #expect(changed.exitCode == 0, "\(changed)")
            try expect([.unchanged, .replaced], of: source, target)
            #expect(try isInstalled(source, target))
            let attributes = try FileManager.default.attributesOfItem(atPath: target + "/entrypoint")
            #expect(attributes[.ownerAccountID] as? UInt32 == 0)
            try expect([.unchanged, .unchanged], of: source, target)
        }
    }

    private static let remedy = "mount it read-only where the programs are run, or install into a directory of root's"
    private static let written =
        "TARGET may be written by others than its owner, who can replace the programs; \(remedy)"
    private static let foreign = "TARGET belongs to uid 1000, who can replace the programs; \(remedy)"

    /// The mode and the owner of the directory, and what root is told.
    static let directories: [(mode: String, owner: String, warnings: [String])] = [
        ("755", "0", []), ("1777", "0", []), ("1775", "0:1000", []), ("777", "0", [written]),
        ("775", "0:1000", [written]),
        ("757", "0", [written]), ("755", "1000", [foreign]), ("1777", "1000", [foreign]),
        ("777", "1000", [foreign, written]),
    ]

    @Test(.enabled(if: geteuid() == 0), arguments: directories)
    func `root is warned of a directory in which others can replace the programs`(
        mode: String, owner: String, warnings: [String]
    ) throws {
        try withPrograms { source, target in
            let changed = try Program(["/bin/sh", "-c", "chown \(owner) \(target); chmod \(mode) \(target)"]).run()
            #expect(changed.exitCode == 0, "\(changed)")
            for user: UInt32 in [0, 1000] {
                let result = try ProgramInstall(
                    control: FilePath(source + "/entrypointctl"), entrypoint: FilePath(source + "/entrypoint"),
                    links: .follow, user: user
                ).run(in: target)
                #expect(result.warnings == (user == 0 ? warnings.map { $0.replacing("TARGET", with: target) } : []))
            }
        }
    }

    /// What stands in the way, by a command of the shell, and what is told.
    static let obstacles: [(command: String, told: String)] = [
        ("mkdir entrypoint", "cannot install entrypoint into TARGET: it is a directory, and only a file is replaced"),
        (
            "ln -s /nowhere entrypoint",
            "cannot install entrypoint into TARGET: it is a symbolic link, and only a file is replaced"
        ),
        (
            "mkfifo entrypointctl",
            "cannot install entrypointctl into TARGET: it is a named pipe, and only a file is replaced"
        ),
        (
            "rmdir ../target",
            "cannot install into TARGET: no such file or directory; mount the volume there, or make the directory"
        ),
        (
            "rmdir ../target && touch ../target",
            "cannot install into TARGET: not a directory; give the directory that both programs are put into"
        ),
        (
            "rm ../source/entrypoint",
            "cannot read entrypoint in SOURCE/entrypoint: there is no such file; both programs must be in one directory"
        ),
    ]

    @Test(arguments: obstacles.indices) func `nothing is installed where something is in the way`(index: Int) throws {
        let (command, told) = Self.obstacles[index]
        try withPrograms { source, target in
            let made = try Program(["/bin/sh", "-c", "cd \(target) && \(command)"]).run()
            #expect(made.exitCode == 0, "\(made)")
            let words = told.replacing("TARGET", with: target).replacing("SOURCE", with: source)
            #expect(throws: FormatError(words)) { _ = try install(source, target) }
            let left = (try? FileManager.default.contentsOfDirectory(atPath: target)) ?? []
            #expect(left.count <= 1 && !left.contains { $0.hasPrefix(".") }, "\(left)")
        }
    }

    @Test func `a temporary file of an installation that goes on is left alone`() throws {
        try withPrograms { source, target in
            let other = target + "/.entrypoint.entrypoint-7-abc"
            #expect(FileManager.default.createFile(atPath: other, contents: nil))
            try expect([.installed, .installed], of: source, target)
            #expect(FileManager.default.fileExists(atPath: other))
        }
    }

    @Test func `root follows no link on the way to the directory`() throws {
        try withPrograms { source, target in
            try FileManager.default.createSymbolicLink(atPath: target + "-link", withDestinationPath: target)
            let install = ProgramInstall(
                control: FilePath(source + "/entrypointctl"), entrypoint: FilePath(source + "/entrypoint"),
                links: .refuse)
            #expect(throws: FormatError.self) { _ = try install.run(in: target + "-link") }
            let installed = try install.run(in: target)
            #expect(installed.programs.count == 2)
        }
    }
}
