import Foundation
import Testing

/// A way of starting a container, as a pod spec gives it: one row of the page's table, which is also what is expected of
/// it.
struct Cell: CaseIterable, CustomTestStringConvertible, Sendable {
    enum Start: String, CaseIterable, Sendable {
        case root
        case elevated = "uid, file capabilities"
        case elevatedForbidden = "the same, no_new_privs"
        case user = "uid alone"
        case arbitrary = "any uid, gid 0"
        case rootWithoutCapabilities = "root, no capabilities"
        case namespace = "root of 65,536 ids"
    }

    enum Files: String, CaseIterable, Sendable {
        case writable
        case readOnly = "read-only"
        case passwdReadOnly = "passwd read-only"
    }

    var start: Start
    var files: Files
    /// Whether the image's configuration grants sudo.
    var sudo: Bool

    var testDescription: String { "\(start.rawValue), \(files.rawValue), sudo \(sudo ? "all" : "none")" }

    static var allCases: [Cell] {
        Start.allCases.flatMap { start in
            Files.allCases.flatMap { files in [true, false].map { Cell(start: start, files: files, sudo: $0) } }
        }
    }

    /// All cells, or a selection in which every two properties meet in every combination.
    static var selection: [Cell] {
        if ProcessInfo.processInfo.environment["ENTRYPOINT_TEST_MATRIX"] == "all" { return allCases }
        return allCases.filter { cell in
            let numbers =
                (Start.allCases.firstIndex(of: cell.start) ?? 0) + (Files.allCases.firstIndex(of: cell.files) ?? 0)
            return (numbers % 2 == 0) == cell.sudo
        }
    }
}

/// What became of a cell.
struct CellResult: Equatable, Sendable {
    var exitCode: Int32
    /// User, primary group and supplementary groups of the command.
    var identity = ""
    /// The bounding set: `usual` is the container's.
    var bounding = ""
    /// The other four sets.
    var capabilities = ""
    var noNewPrivileges = ""
    /// Whether the uid leads to a name.
    var account = ""
    var sudo = ""
    var home = ""
    /// What was left out, each with the field of the pod spec that its line names.
    var leftOut = ""

    static let head = [
        "start", "root file system", "sudo", "exit", "ids of the command", "bounding set", "other sets", "no_new_privs",
        "account", "sudo works", "home", "left out (field of the pod spec)",
    ]

    /// The row of the page's table.
    func row(of cell: Cell) -> String {
        let fields = [
            cell.start.rawValue, cell.files.rawValue, cell.sudo ? "all" : "none", "\(exitCode)", identity, bounding,
            capabilities, noNewPrivileges, account, sudo, home, leftOut,
        ]
        return "| " + fields.joined(separator: " | ") + " |"
    }

    /// A table, as Markdown has it.
    static func table(_ rows: [String]) -> String {
        (["| " + head.joined(separator: " | ") + " |", "|" + String(repeating: " --- |", count: head.count)] + rows)
            .map { $0 + "\n" }.joined()
    }
}

extension Cell {
    /// What is expected, by hand for each start and each kind of files.
    var expected: CellResult {
        if start == .rootWithoutCapabilities {
            return CellResult(exitCode: 125, leftOut: "everything (capabilities.add)")
        }
        var result = CellResult(exitCode: 0, capabilities: "empty")
        switch start {
        case .root, .namespace: result.identity = sudo ? "1000:2000, 4 27" : "1000:2000, 4"
        case .elevated, .elevatedForbidden, .user: result.identity = "1000:2000"
        case .arbitrary: result.identity = "1000650000:0, 2000"
        case .rootWithoutCapabilities: break
        }
        switch (start, files) {
        case (.root, .writable), (.namespace, .writable), (.elevated, .writable):
            (result.account, result.home) = ("yes", "/home/jane")
        case (.root, .passwdReadOnly), (.namespace, .passwdReadOnly), (.elevated, .passwdReadOnly):
            (result.account, result.home, result.leftOut) = ("no", "/home/jane", "account (readOnly)")
        case (.root, .readOnly), (.namespace, .readOnly), (.elevated, .readOnly):
            (result.account, result.home) = ("no", "scratch")
            let field = "readOnlyRootFilesystem"
            result.leftOut = "account (\(field))" + (sudo ? ", sudo (\(field))" : "") + ", home (\(field))"
        case (.arbitrary, .writable):
            (result.account, result.home) = ("yes", "scratch")
            result.leftOut = "group (runAsGroup)" + (sudo ? ", sudo (runAsUser)" : "") + ", home (runAsUser)"
        case (.arbitrary, .readOnly):
            (result.account, result.home) = ("no", "scratch")
            let field = "readOnlyRootFilesystem"
            result.leftOut =
                "group (runAsGroup), account (\(field))" + (sudo ? ", sudo (runAsUser)" : "") + ", home (\(field))"
        case (.arbitrary, .passwdReadOnly):
            (result.account, result.home) = ("no", "scratch")
            result.leftOut =
                "group (runAsGroup), account (readOnly)" + (sudo ? ", sudo (runAsUser)" : "") + ", home (runAsUser)"
        case (_, .readOnly):
            (result.account, result.home) = ("no", "scratch")
            let field = start == .elevatedForbidden ? "allowPrivilegeEscalation" : "runAsUser"
            result.leftOut =
                "account (\(field))" + (sudo ? ", sudo (\(field))" : "") + ", home (readOnlyRootFilesystem)"
        case (_, _):
            (result.account, result.home) = ("no", "scratch")
            let field = start == .elevatedForbidden ? "allowPrivilegeEscalation" : "runAsUser"
            result.leftOut = "account (\(field))" + (sudo ? ", sudo (\(field))" : "") + ", home (\(field))"
        }
        // Privileges may come back only where sudo was granted; what cannot be taken from the bounding set stays.
        let isPrivileged = [.root, .namespace, .elevated].contains(start)
        let hasSudo = isPrivileged && sudo && files != .readOnly
        result.noNewPrivileges = hasSudo ? "no" : "yes"
        result.bounding = hasSudo || !isPrivileged ? "usual" : "empty"
        result.sudo = hasSudo && files == .writable ? "yes" : "no"
        return result
    }
}
