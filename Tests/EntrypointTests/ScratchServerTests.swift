import Foundation
import TestSupport
import Testing

/// Whole boots in containers on exports in every state, on the kernel's NFS server and client in a user-mode Linux, and on
/// the FUSE file system that stands for them elsewhere: one table holds for all.
///
/// `Tests/Fixtures/scratch/cases` has the cases, `expected` what comes of each.
@Suite(.containers)
struct ScratchServerTests {
    /// A server: its protocol, and by whose groups it goes; and how containers are started on it.
    struct Server: CustomTestStringConvertible {
        var version: String
        var managesGroups: Bool
        var starts: [String]

        var testDescription: String {
            "NFS \(version), manage-gids=\(managesGroups ? "y" : "n"), \(starts.joined(separator: " and "))"
        }
    }

    /// Two, in which each protocol, each way with groups and each start occurs; `scripts/faults` runs all.
    static let servers =
        FaultTests.isThorough
        ? ["4.2", "3"].flatMap { version in
            [true, false].map { Server(version: version, managesGroups: $0, starts: ["root", "elevated"]) }
        }
        : [
            Server(version: "4.2", managesGroups: true, starts: ["root"]),
            Server(version: "3", managesGroups: false, starts: ["elevated"]),
        ]

    @Test(arguments: servers)
    func `every case ends on a real server as it should`(server: Server) throws {
        var machine = Program(
            Self.fixtures + "/virtual-machine",
            ["\(server.version)", server.managesGroups ? "y" : "n", "\(server.starts.joined(separator: ","))"]
                + ["\(try TestMachine.programs)/entrypoint", "\(try Image.busybox.path)"])
        machine.environment["HOME"] = "/root"
        let outcome = try machine.run(within: .seconds(400))
        if outcome.exitCode == 77 { try Test.cancel("\(outcome.errorLines.last ?? "")") }
        #expect(outcome.exitCode == 0, "\(outcome)")
        try Self.expectTable(outcome.outputLines, managesGroups: server.managesGroups, server.starts)
    }

    @Test(arguments: [false, true])
    func `every case ends on the stand-in as on a real server`(managesGroups: Bool) throws {
        let options = SquashedScratch.Options(ignoresGroups: managesGroups, storage: "size=96m,nr_inodes=3000")
        try withSquashedScratch(options) { scratch in
            try withRunDirectory { work in
                var cases = Program("/bin/bash", ["\(Self.fixtures)/cases"])
                cases.environment = cases.environment.with([
                    "EXPORT": "\(scratch.export)", "SERVER": "\(scratch.mount)", "WORK": "\(work)",
                    "BACKEND": "\(Self.fixtures)/backend-fuse", "FUSE_PROCESS": "\(scratch.process)",
                    "FUSE_QUOTA": "\(scratch.quota)", "IMAGE": "\(try Image.busybox.path)",
                    "PROGRAM": "\(try TestMachine.programs)/entrypoint",
                    "CGROUP": "\(try TestMachine.run)/cases-\(managesGroups)",
                ])
                let outcome = try cases.run(within: .seconds(200))
                #expect(outcome.exitCode == 0, "\(outcome)")
                try Self.expectTable(outcome.outputLines, managesGroups: managesGroups)
            }
        }
    }

    private static let fixtures =
        URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().path + "/Fixtures/scratch"

    /// Sees to it that a table is the expected one, and says in which cases it is not.
    private static func expectTable(
        _ lines: [String], managesGroups: Bool, _ starts: [String] = ["root", "elevated"]
    ) throws {
        var isWanted = false
        let expected = try String(contentsOfFile: fixtures + "/expected", encoding: .utf8)
            .split(separator: "\n").compactMap { line -> String? in
                if line.hasPrefix("#") { return nil }
                let (own, other) = managesGroups ? ("server| ", "client| ") : ("client| ", "server| ")
                if line.hasPrefix(other) { return nil }
                let line = line.hasPrefix(own) ? line.dropFirst(own.count) : line
                // What is indented belongs to the boot above it.
                if !line.hasPrefix(" ") { isWanted = starts.contains { line.contains("(\($0)): ") } }
                return isWanted ? String(line) : nil
            }
        #expect(expected.count > 50)
        let differences = lines.difference(from: expected).map { change in
            switch change {
            case .insert(let offset, let line, _): "line \(offset + 1), not expected: \(line)"
            case .remove(let offset, let line, _): "line \(offset + 1) of the table is missing: \(line)"
            }
        }
        #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
    }
}
