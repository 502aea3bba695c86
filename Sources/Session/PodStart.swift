package import Boot
package import Linux

/// How a pod spec has a container started, for a plan that another process makes.
package struct PodStart {
    package let start: Start
    /// What the boot's process has at the start of its work.
    let privileges: Privileges
    /// Whom the container is started as.
    let caller: Credentials
    /// The file of the program in the image; `nil` where it gives no privileges.
    let program: OpenProgram?

    /// - Parameters:
    ///   - start: how the container is started.
    ///   - privileges: what the boot's process has then.
    ///   - caller: whom the container is started as.
    ///   - program: the path of `entrypoint` in the image.
    ///   - tree: the image's files.
    package init(_ start: Start, _ privileges: Privileges, caller: Credentials, program: FilePath?, in tree: FileTree) {
        self.start = start
        self.privileges = privileges
        self.caller = caller
        self.program = program.flatMap { OpenProgram($0, in: tree) }
    }

    /// Takes the place of a user who starts a container without privileges, for good: only that user sees what the user may
    /// do. Another process than root's sees it as far as it can.
    ///
    /// - Throws: the error of the system call that failed.
    package func takePlace() throws(SystemCallError) {
        guard start == .bare, CurrentProcess.effectiveUser == 0, caller.user != 0 else { return }
        try Privileges.become(caller)
        try Privileges.clearCapabilities()
    }

    /// The start that the pod has.
    func point(in tree: FileTree, isPrivileged: Bool) -> StartingPoint {
        let isUser = CurrentProcess.effectiveUser == caller.user
        return StartingPoint(
            tree: tree, privileges: privileges, start: start, caller: caller,
            isObserver: start == .bare ? !isUser : !isPrivileged,
            program: program?.file ?? ProgramFile("/"))
    }

    /// A program of an image, which has no path here.
    final class OpenProgram {
        private let descriptor: Descriptor

        init?(_ path: FilePath, in tree: FileTree) {
            do throws(SystemCallError) {
                descriptor = try tree.open(path, .pathOnly, links: .follow)
            } catch {
                return nil
            }
        }

        var file: ProgramFile { ProgramFile(FilePath("/proc/self/fd/\(descriptor.rawValue)")) }
    }
}
