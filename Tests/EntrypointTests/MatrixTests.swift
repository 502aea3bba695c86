import Foundation
import Glibc
import TestSupport
import Testing

import enum Boot.ReportFile

/// Every way of starting, on every kind of root file system, with and without sudo: what the command is then.
///
/// `scripts/matrix` runs all cells and prints what it saw; `scripts/test` runs a selection.
struct MatrixTests {
    static let script: ByteString = """
        /usr/local/bin/probe report
        echo name $(id -un 2>/dev/null)
        echo sudo $(sudo -n id -u 2>/dev/null)
        echo home $HOME
        """

    @Test(.containers, arguments: Cell.selection) func `a cell is as the table says`(cell: Cell) throws {
        try withPod(.debian, [.elevated, .elevatedForbidden].contains(cell.start) ? .elevated : .plain) { container in
            try Self.prepare(container, for: cell)
            let outcome = try container.boot("/bin/sh", "-c", Self.script)
            let seen = try Self.result(of: outcome)
            #expect(seen.row(of: cell) == cell.expected.row(of: cell), "\(outcome)")
            try Self.keep(seen.row(of: cell))
        }
    }

    /// What a boot would do is worked out once, whoever asks, and done then.
    @Test(.containers, arguments: Cell.selection) func `a boot does what both programs promise of it`(cell: Cell) throws
    {
        try withPod(.debian, [.elevated, .elevatedForbidden].contains(cell.start) ? .elevated : .plain) { container in
            try Self.prepare(container, for: cell)
            try container.write(
                "/etc/entrypoint.yaml",
                """
                identity: {sudo: \(cell.sudo ? "all" : "none")}
                scratch: {seedUser: "1001:2000", seedDirectories: [/scratch/homes, /elsewhere]}

                """)
            try container.makeDirectory("/scratch/closed", mode: 0o700, user: 1001, group: 2000)
            container.environment["HF_HOME"] = "/scratch/closed/hf"
            try Self.expectPromiseKept(in: container, cell.start)
        }
    }

    @Test(.containers, arguments: Cell.Start.allCases)
    func `a plan of a start that cannot use its scratch directory ends as the boot does`(start: Cell.Start) throws {
        try withPod(.debian, [.elevated, .elevatedForbidden].contains(start) ? .elevated : .plain) { container in
            try Self.prepare(container, for: Cell(start: start, files: .writable, sudo: true))
            try container.makeDirectory("/scratch/mine", mode: 0o755)
            container.environment["SCRATCH_HOME_ROOT"] = "/scratch/mine"
            container.environment["WORKING_DIR"] = "/"
            let exitCode = try Self.expectPromiseKept(in: container, start)
            #expect(exitCode == 125)
        }
    }

    /// Compares what both programs say of a start with each other and with what becomes of it.
    ///
    /// - Returns: the exit code of the boot.
    @discardableResult
    private static func expectPromiseKept(in container: Container, _ start: Cell.Start) throws -> Int32 {
        let before = try container.changes()
        container.entrypoint = ["/usr/local/bin/entrypoint", "--plan", "--", "true"]
        let plan = try container.run()
        let named =
            switch start {
            case .root, .rootWithoutCapabilities, .namespace: "root"
            case .elevated: "elevated"
            case .elevatedForbidden, .user, .arbitrary: "bare"
            }
        for options in [[], ["--start=\(named)"]] as [[ByteString]] {
            container.entrypoint = ["/usr/local/bin/entrypointctl", "plan"] + options
            let control = try container.run()
            #expect(plan.outputLines == control.outputLines, "\(plan)\n\(control)")
            #expect(!plan.outputLines.isEmpty && plan.exitCode == control.exitCode, "\(plan)\n\(control)")
        }
        #expect(try container.changes() == before, "a plan changes nothing")
        container.entrypoint = ["/usr/local/bin/entrypoint"]
        let boot = try container.boot("/usr/local/bin/entrypointctl", "report", "--json")
        if boot.exitCode == 0 {
            #expect([0, 2].contains(plan.exitCode), "\(plan)\n\(boot)")
            let report = try ReportFile.read(boot.standardOutput.bytes).boot
            let isPending = report.changed > 0
            #expect(plan.exitCode == (isPending ? 2 : 0), "\(plan)\n\(boot)")
            #expect(PlannedBoot(plan).differences(from: report) == [], "\(plan)\n\(boot)")
        } else {
            #expect(plan.exitCode == boot.exitCode, "\(plan)\n\(boot)")
            #expect(PlannedBoot(plan).tells(boot.log.last ?? ""), "\(plan)\n\(boot)")
        }
        return boot.exitCode
    }

    @Test func `the page on identity has the table of what is expected`() throws {
        let table = CellResult.table(Cell.allCases.map { $0.expected.row(of: $0) })
        if let path = ProcessInfo.processInfo.environment["ENTRYPOINT_TEST_MATRIX_TABLE"] {
            try table.write(toFile: path, atomically: true, encoding: .utf8)
        }
        try Page("Identity").expectTable(table, of: "scripts/matrix --table")
    }

    @Test func `in the selection every two properties meet`() {
        let cells = Cell.allCases.filter { cell in
            Cell.selection.contains { $0.testDescription == cell.testDescription }
        }
        for start in Cell.Start.allCases {
            for files in Cell.Files.allCases { #expect(cells.contains { $0.start == start && $0.files == files }) }
            for sudo in [true, false] { #expect(cells.contains { $0.start == start && $0.sudo == sudo }) }
        }
        for files in Cell.Files.allCases {
            for sudo in [true, false] { #expect(cells.contains { $0.files == files && $0.sudo == sudo }) }
        }
    }

    private static func prepare(_ container: Container, for cell: Cell) throws {
        try container.write("/etc/entrypoint.yaml", "identity: {sudo: \(cell.sudo ? "all" : "none")}\n")
        switch cell.start {
        case .root: break
        case .elevated, .user: (container.user, container.group) = (1000, 2000)
        case .elevatedForbidden:
            (container.user, container.group, container.noNewPrivileges) = (1000, 2000, true)
        case .arbitrary:
            (container.user, container.group, container.groups) = (1_000_650_000, 0, [2000])
            container.environment = container.environment.with(["NB_UID": "1000650000"])
            try container.write("/etc/passwd", container.read("/etc/passwd"), mode: 0o664)
        case .rootWithoutCapabilities: container.capabilities = []
        case .namespace: container.idMappings = [.init(container: 0, machine: 0, count: 65536)]
        }
        switch cell.files {
        case .writable: break
        case .readOnly:
            container.readOnly = true
            container.mounts = [
                .memory("/run", "mode=1777"), .memory("/tmp", "mode=1777"),
                .bind(container.root + "/scratch", to: "/scratch"),
            ]
        case .passwdReadOnly:
            try container.write("/passwd", container.read("/etc/passwd"), mode: 0o664)
            container.mounts = [.bind(container.root + "/passwd", to: "/etc/passwd", readOnly: true)]
        }
    }

    private static func result(of outcome: Outcome) throws -> CellResult {
        var result = CellResult(exitCode: outcome.exitCode)
        result.leftOut = outcome.errorLines.compactMap(leftOut).joined(separator: ", ")
        guard outcome.exitCode == 0 else { return result }
        func fact(_ name: String) -> String {
            outcome.outputLines.first { $0.hasPrefix(name + " ") }.map { String($0.dropFirst(name.count + 1)) } ?? ""
        }
        let report = try outcome.report()
        let (users, groups) = (try Set(report.users), try Set(report.groups))
        let supplementary = try report.supplementaryGroups.map { "\($0)" }.joined(separator: " ")
        result.identity =
            "\(users.map { "\($0)" }.joined(separator: "/")):\(groups.map { "\($0)" }.joined(separator: "/"))"
            + (supplementary.isEmpty ? "" : ", " + supplementary)
        let bounding = try report.bounding
        result.bounding = bounding == 0 ? "empty" : bounding == PrivilegeTests.usual ? "usual" : "\(bounding)"
        let others = try report.effective | report.permitted | report.inheritable | report.ambient
        result.capabilities = others == 0 ? "empty" : "\(others)"
        result.noNewPrivileges = try report.noNewPrivileges ? "yes" : "no"
        result.account = fact("name") == "jane" ? "yes" : "no"
        result.sudo = fact("sudo") == "0" ? "yes" : "no"
        result.home = fact("home") == "/scratch/homes/jane" ? "scratch" : fact("home")
        #expect(try report.securebits == 0 && report.umask == 0o007 && report.directory == "/scratch/homes/jane")
        return result
    }

    /// What a line says is left out, and the field of the pod spec that it names; nothing for other lines.
    private static func leftOut(_ line: String) -> String? {
        let isError = line.contains("identity: cannot become")
        // What a start without privileges lacks is told in one line; a detailed log has all of it.
        guard ["warning: ", "cannot ", ": skipped: "].contains(where: line.contains) else { return nil }
        let consequences = ["programs that look up the user", "the user has no sudo"]
        if consequences.contains(where: line.contains) { return nil }
        let subject =
            if isError {
                "everything"
            } else if line.contains("/etc/sudoers.d/90-entrypoint") {
                "sudo"
            } else if line.contains("stays a supplementary group") {
                "group"
            } else if line.contains("cannot create /home/jane") {
                "home"
            } else if line.contains("cannot write /etc/") {
                "account"
            } else if line.contains("warning: ") {
                line
            } else {
                ""
            }
        if subject.isEmpty { return nil }
        let fields = [
            "readOnlyRootFilesystem", "readOnly", "allowPrivilegeEscalation", "runAsUser", "runAsGroup",
            "capabilities.add",
        ]
        return "\(subject) (\(fields.first(where: line.contains) ?? "no field"))"
    }

    /// Adds a row to the file that `scripts/matrix` shows.
    private static func keep(_ row: String) throws {
        guard let path = ProcessInfo.processInfo.environment["ENTRYPOINT_TEST_MATRIX_ROWS"],
            case let descriptor = open(path, O_WRONLY | O_APPEND), descriptor >= 0
        else { return }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: false)
        try file.write(contentsOf: Data((row + "\n").utf8))
        try file.close()
    }
}
