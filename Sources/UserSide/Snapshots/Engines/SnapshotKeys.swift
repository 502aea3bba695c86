package import Boot
internal import Linux
package import Programs
internal import Text

/// The secrets of a snapshot, as they are now: they are read anew for every run, as the user.
package struct SnapshotKeys: Sendable {
    package let accessKey: String
    package let secretKey: String
    package let sessionToken: String
    package let password: String

    /// Reads them.
    ///
    /// - Parameters:
    ///   - environment: the variables that may have them.
    /// - Throws: which file cannot be read, and how to let the user read it.
    package init(of snapshot: Snapshot, _ environment: EnvironmentBlock) throws(SnapshotFailure) {
        let given = snapshot.credentials
        accessKey = try Self.value(given.accessKeyFile, "SNAPSHOT_ACCESS_KEY", environment)
        secretKey = try Self.value(given.secretKeyFile, "SNAPSHOT_SECRET_KEY", environment)
        sessionToken = try Self.value(given.sessionTokenFile, "SNAPSHOT_SESSION_TOKEN", environment)
        password = try Self.value(given.passwordFile, "SNAPSHOT_PASSWORD", environment)
        if let file = given.certificateFile { _ = try Self.read(file) }
        if snapshot.isRemote, accessKey.isEmpty || secretKey.isEmpty {
            throw Self.missing(
                "the keys of the object storage", "credentials.accessKeyFile and credentials.secretKeyFile")
        }
        if snapshot.engine == .restic, password.isEmpty {
            throw Self.missing("the repository's password", "credentials.passwordFile")
        }
    }

    private static func missing(_ what: String, _ keys: String) -> SnapshotFailure {
        SnapshotFailure(
            "\(what) cannot be had here: a variable with it does not reach this shell; set \(keys)", .settings)
    }

    private static func value(
        _ file: FilePath?, _ variable: String, _ environment: EnvironmentBlock
    ) throws(SnapshotFailure) -> String {
        let bytes: [UInt8]
        if let file {
            bytes = try read(file)
        } else if let value = environment.value(variable) {
            bytes = value
        } else {
            return ""
        }
        let line = bytes.split(separator: .newline, omittingEmptySubsequences: false)
        let rest = line.dropFirst().allSatisfy { $0.allSatisfy { $0.isSpace } }
        guard let first = line.first, rest,
            let text = String(validating: first.filter { $0 != .carriageReturn }, as: UTF8.self), !text.isEmpty,
            !text.utf8.contains(0)
        else {
            throw SnapshotFailure("\(file?.shown() ?? variable) is not one line of text", .settings)
        }
        return text
    }

    private static func read(_ file: FilePath) throws(SnapshotFailure) -> [UInt8] {
        do throws(SystemCallError) {
            let opened = try FileTree().open(file, [.readOnly, .nonBlocking], links: .follow)
            guard try opened.status().kind == .file else {
                throw SystemCallError(call: "read", path: file, errno: .invalidArgument)
            }
            return try opened.readAll(limit: 65536)
        } catch {
            let remedy =
                switch error.errno {
                case .permissionDenied:
                    "; set fsGroup to a group of the user's in the pod's securityContext, so that user "
                        + "\(CurrentProcess.effectiveUser) may read the secret's volume"
                case .noSuchFileOrDirectory: "; mount the secret there"
                default: ""
                }
            throw SnapshotFailure(
                "cannot read \(file.shown()): \(error.reason) (\(error.symbol))\(remedy)", .settings)
        }
    }
}
