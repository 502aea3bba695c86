import Foundation
import Glibc
import Linux
import Programs
import TestSupport
import Testing

@testable import Boot
@testable import UserSide

/// Boot has a type of that name for itself.
typealias Finding = UserSide.Finding

/// The files of a container that does not run, below a directory of the test's own.
final class FakeContainer {
    private let directory: TemporaryDirectory
    private let tree: FileTree

    /// - Parameter files: the text of each file, by its path.
    init(_ files: [String: String] = [:]) throws {
        directory = try TemporaryDirectory()
        tree = FileTree(root: directory.path)
        for (path, text) in files { try write(path, text) }
    }

    /// What a check finds in it.
    func asked<Answer>(_ check: (FileTree) -> Answer) -> Answer { withExtendedLifetime(self) { check(tree) } }

    /// Where a path of the container is on the machine.
    func place(_ path: String) -> String { directory.path.string + path }

    /// Makes a file, with the directories above it.
    func write(_ path: String, _ text: String, mode: mode_t = 0o644) throws {
        try makeDirectory(String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]))
        try Data(text.utf8).write(to: URL(filePath: place(path)))
        chmod(place(path), mode)
    }

    /// Makes a directory, with those above it.
    func makeDirectory(_ path: String) throws {
        try FileManager.default.createDirectory(atPath: place(path), withIntermediateDirectories: true)
    }

    /// Makes a symbolic link.
    func link(_ path: String, to target: String) throws {
        try makeDirectory(String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]))
        #expect(symlink(target, place(path)) == 0)
    }

    /// What `/proc/N/status` of a process says.
    static func status(
        _ name: String, state: String = "S (sleeping)", parent: Int = 0, caught: UInt64 = 0, blocked: UInt64 = 0
    ) -> String {
        func set(_ bits: UInt64) -> String {
            let digits = String(bits, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }
        return """
            Name:\t\(name)
            Umask:\t0022
            State:\t\(state)
            PPid:\t\(parent)
            SigBlk:\t\(set(blocked))
            SigIgn:\t0000000000000000
            SigCgt:\t\(set(caught))
            NoNewPrivs:\t0

            """
    }
}

extension ContainerFacts {
    /// Those of jane's container, where she asks.
    static func jane(_ variables: [String: String] = [:], hasUser: Bool = true) -> ContainerFacts {
        let credentials = Credentials(user: 1000, group: 2000, groups: [27])
        let entries = variables.sorted { $0.key < $1.key }.map { CString(Array("\($0.key)=\($0.value)".utf8)) }
        var facts = ContainerFacts(
            environment: EnvironmentBlock(entries), entrypoint: "/usr/local/bin/entrypoint", actor: credentials)
        if hasUser {
            facts.user = People.User(
                name: "jane", groupName: "lab", home: "/home/jane", shell: "/bin/bash", credentials: credentials)
        }
        return facts
    }
}

/// Answers of checks as text, for a golden file: each case with its findings.
struct Answers {
    private(set) var text = ""

    /// Adds a case.
    mutating func add(_ title: String, _ findings: [Finding]) {
        text += "# \(title)\n"
        for finding in findings {
            text += "\(finding.verdict.rawValue): \(finding.evidence)\n"
            if !finding.remedy.isEmpty { text += "    \(finding.remedy)\n" }
            #expect(!finding.evidence.contains("\n") && !finding.remedy.contains("\n"))
            #expect(finding.remedy.isEmpty == (finding.verdict == .ok), "\(finding)")
        }
        text += "\n"
    }

    /// Compares all of them with the file of an area.
    func expect(_ area: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        try Golden.expect(text, in: "Tests/UserSideTests/Golden/doctor-\(area).txt", sourceLocation: sourceLocation)
    }
}
