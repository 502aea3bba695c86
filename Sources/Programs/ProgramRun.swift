package import Linux
package import SystemPackage

/// A program that is run to its end as somebody, with an environment of its own, a limit of time and an output.
package struct ProgramRun: Sendable {
    /// Who a program is, for ever.
    package struct Identity: Sendable {
        fileprivate let credentials: Credentials?
        fileprivate let umask: ModeBits
        fileprivate let keepsPrivileges: Bool

        /// - Parameters:
        ///   - credentials: whose it is; the caller must be root then. `nil` for whoever the caller is.
        ///   - umask: its umask.
        ///   - keepsPrivileges: whether it has the caller's capabilities, and may gain privileges: for root's own programs.
        package init(_ credentials: Credentials?, umask: ModeBits, keepsPrivileges: Bool = false) {
            self.credentials = credentials
            self.umask = umask
            self.keepsPrivileges = keepsPrivileges
        }
    }

    /// How a run ended.
    package typealias Result = ChildProcess.Result

    private let program: FilePath
    private let arguments: [CString]
    private let environment: [CString]
    private let timeLimit: UInt32
    private let directory: FilePath

    /// - Parameters:
    ///   - program: the program's file.
    ///   - arguments: its arguments, its own name first.
    ///   - environment: all of its environment.
    ///   - timeLimit: how long it may run, in seconds; 0 for any time.
    ///   - directory: where it starts if it may go there as who it is; `/` otherwise.
    package init(
        _ program: FilePath, arguments: [String], environment: [CString], timeLimit: UInt32, directory: FilePath = "/"
    ) {
        self.program = program
        self.arguments = arguments.map { CString(Array($0.utf8)) }
        self.environment = environment
        self.timeLimit = timeLimit
        self.directory = directory
    }

    /// Runs the program.
    ///
    /// - Parameters:
    ///   - identity: who it is.
    ///   - receive: takes what the program writes, as it comes.
    /// - Returns: how it ended; what is left of its process group has been killed.
    /// - Throws: the error of the call that failed: the program was then not started.
    package func run(as identity: Identity, receive: ([UInt8]) -> Void) throws(SystemCallError) -> Result {
        try ChildProcess(
            program: program, arguments: arguments, environment: environment, identity: identity.credentials,
            umask: identity.umask, timeLimit: timeLimit, directory: directory,
            keepsPrivileges: identity.keepsPrivileges
        ).run(receive: receive)
    }
}
