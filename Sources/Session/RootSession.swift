package import Boot
package import Linux
internal import Programs
internal import Text

/// A later session of a container in which root stays root: it has the environment that a boot builds for a step of root's.
///
/// Nothing of the kept environment reaches it, and of its own only `TERM` and `LANG`: what the user has set or exported
/// would run the user's programs as root.
package struct RootSession {
    private let environment: [CString]
    private let directory: FilePath
    private let shell: FilePath

    /// Variables of the session that the command gets, where their values are plain names.
    static let passed = ["TERM", "LANG"]

    /// Finds out what the session has.
    ///
    /// Without a boot that root can believe, the environment has no variables of settings.
    ///
    /// - Parameter tree: the container's files.
    /// - Throws: why root's session cannot be had: only a process that root has started can stay root.
    package init(in tree: FileTree = FileTree()) throws(BootError) {
        let privileges: Privileges
        do throws(SystemCallError) {
            privileges = try Privileges.current()
        } catch {
            throw BootError(
                .startCredentials, "cannot read the process's credentials", attempts: [Attempt(as: "", error)])
        }
        guard privileges.user == IDTriple(all: 0) else {
            throw BootError(
                .sessionRoot, "cannot stay root", reason: "this process is user \(privileges.user.real)",
                remedy: "only root can stay root: docker exec --user 0 …")
        }
        self.init(kept: try? KeptSession.recordOfRoot(in: tree), in: tree)
    }

    /// - Parameter kept: what root's own record says; `nil` without one.
    private init(kept: SessionRecord?, in tree: FileTree) {
        let report = kept == nil ? nil : try? KeptReport.read(Paths.state, of: 0, in: tree)
        let start = report.flatMap { Start(rawValue: $0.boot.start) }
        let own = EnvironmentBlock(ProcessStart.environment)
        let variables =
            Self.variables(start: start, kept: kept, exports: report?.boot.exports ?? [])
            + Self.passed.compactMap { name in
                own.value(name).flatMap(Self.plainName).map { Assignment(name, $0) }
            }
        environment = variables.map { CString(Array("\($0.name)=\($0.value)".utf8)) }
        directory = BuiltEnvironment.directory(start: start)
        shell = Paths.shells.first { (try? tree.checkAccess($0, .execute)) != nil } ?? Paths.lastShell
    }

    /// The variables of a step of root's.
    ///
    /// - Parameters:
    ///   - start: how the container was started; `nil` where that is not known.
    ///   - kept: root's own record of the boot.
    ///   - exports: what the boot has set; no step can set those that are taken of them.
    static func variables(start: Start?, kept: SessionRecord?, exports: [BootRecord.Export]) -> [Assignment] {
        func path(_ name: String) -> FilePath? {
            exports.last { $0.name == name }.flatMap { try? ValueFormats.absolutePath($0.value) }
        }
        return BuiltEnvironment.variables(
            for: .root, start: start, user: kept.map { checked($0.user) },
            scratchHome: path(PodVariables.scratchHome.name),
            workingDirectory: path(PodVariables.workingDirectory.name))
    }

    /// The user with no name but one that an account can have.
    private static func checked(_ user: People.User) -> People.User {
        People.User(
            name: (try? ValueFormats.accountName(user.name)) ?? "",
            groupName: (try? ValueFormats.accountName(user.groupName)) ?? "", home: user.home, shell: user.shell,
            credentials: user.credentials)
    }

    /// A value that names a terminal or a language, such as `xterm-256color` or `de_CH.UTF-8@euro`, and no file; `nil` for
    /// any other.
    static func plainName(_ value: [UInt8]) -> String? {
        let others = "+@".utf8
        guard value.count <= 64, value.first != UInt8(ascii: "."),
            value.allSatisfy({ $0.isNameByte || others.contains($0) })
        else { return nil }
        return String(decoding: value, as: UTF8.self)
    }

    /// Executes the command as root; returns only when that fails.
    ///
    /// - Parameter command: the arguments, the command's name first; empty for a shell.
    /// - Returns: why the command is not running.
    package func run(_ command: [CString]) -> BootError {
        CurrentProcess.setUmask(0o022)
        do throws(SystemCallError) {
            try CurrentProcess.changeDirectory(to: directory)
        } catch {
            return BootError(
                .handoffDirectory, "cannot enter \(directory.shown())", attempts: [Attempt(as: "root", error)])
        }
        let shell = [CString(Array(shell.string.utf8))]
        return CommandExecution.execute(command.isEmpty ? shell : command, environment: environment)
    }
}
