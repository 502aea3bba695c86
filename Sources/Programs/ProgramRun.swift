package import Linux

/// A program that is run to its end under an identity, with its own environment, time limit and output.
package struct ProgramRun: Sendable {
    /// The identity of a program.
    package struct Identity: Sendable {
        fileprivate let credentials: Credentials?
        fileprivate let umask: ModeBits
        fileprivate let keepsPrivileges: Bool

        /// - Parameters:
        ///   - credentials: the ids that it takes for good, from a caller that is root; `nil` for the caller's.
        ///   - umask: its umask.
        ///   - keepsPrivileges: whether it keeps the caller's capabilities and may gain privileges, like root's own.
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
    ///   - arguments: its arguments, beginning with its own name.
    ///   - environment: all of its environment.
    ///   - timeLimit: how long it may run, in seconds; 0 for no limit.
    ///   - directory: where it starts if its identity may enter that directory; otherwise it starts in `/`.
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
    ///   - identity: the identity that it runs under.
    ///   - receive: receives the program's output as it comes.
    /// - Returns: how it ended; the rest of its process group has been killed.
    /// - Throws: the error of the call that failed; the program was then not started.
    package func run(as identity: Identity, receive: ([UInt8]) -> Void) throws(SystemCallError) -> Result {
        try ChildProcess(
            program: program, arguments: arguments, environment: environment, identity: identity.credentials,
            umask: identity.umask, timeLimit: timeLimit, directory: directory,
            keepsPrivileges: identity.keepsPrivileges
        ).run(receive: receive)
    }
}
