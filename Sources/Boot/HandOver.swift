package import Linux
package import SystemPackage

/// The last of the boot: from the boot's privileges to the user's command.
package enum HandOver {
    /// Gives the session's pipes and terminals to the user, who can then open `/dev/stderr`.
    ///
    /// - Returns: what could not be given, one line each.
    package static func giveStreams(to user: UInt32) -> [String] {
        StandardStream.allCases.compactMap { stream in
            guard stream.isPipeOrTerminal else { return nil }
            do throws(SystemCallError) {
                try stream.setOwner(user: user)
                return nil
            } catch {
                return "cannot give descriptor \(stream.rawValue) to the user: \(error.reason) (\(error.symbol))"
            }
        }
    }

    /// Becomes the user for ever, and proves it.
    ///
    /// - Parameters:
    ///   - user: whom to become.
    ///   - start: what the process started with.
    ///   - canRegain: whether the command may gain privileges again, as sudo does: the bounding set stays, and
    ///     `no_new_privs` is not set.
    ///   - kept: the numbers of capabilities that the command has, of those that the process may use.
    /// - Throws: which part of the drop failed, or was not true afterwards.
    package static func drop(
        to user: Credentials, from start: Privileges, canRegain: Bool, keeping kept: [Int] = []
    ) throws(BootError) {
        let kept = kept.filter { start.capabilities.permitted & (1 << UInt64($0)) != 0 }
        let keptSet = kept.reduce(UInt64(0)) { $0 | 1 << UInt64($1) }
        let bounding =
            canRegain || !start.has(.setCapabilities)
            ? start.capabilities.bounding : start.capabilities.bounding & keptSet
        do throws(SystemCallError) {
            // The bounding set while there is still the capability to change it.
            for number in 0..<64 where start.capabilities.bounding & ~bounding & (1 << UInt64(number)) != 0 {
                try Privileges.dropFromBoundingSet(number)
            }
            if !kept.isEmpty { try Privileges.keepCapabilities(true) }
            if start.user.effective == 0 { try Privileges.become(user) }
            if kept.isEmpty {
                try Privileges.clearCapabilities()
            } else {
                try Privileges.keepOnly(capabilities: kept)
                try Privileges.keepCapabilities(false)
            }
            if !canRegain { try Privileges.setNoNewPrivileges() }
        } catch {
            throw BootError(
                "cannot drop privileges to \(user.text)", attempts: [Attempt(as: "", error)],
                remedy: "nothing was executed")
        }
        try prove(
            Privileges(
                user: IDTriple(all: user.user), group: IDTriple(all: user.group), groups: user.groups,
                capabilities: CapabilitySets(
                    inheritable: keptSet, permitted: keptSet, effective: keptSet, bounding: bounding, ambient: keptSet),
                noNewPrivileges: !canRegain || start.noNewPrivileges, secureBits: start.secureBits),
            mayHaveUser: keptSet & Capability.setUID.bit != 0)
    }

    /// Asks the kernel whether the process is what it should be.
    private static func prove(_ expected: Privileges, mayHaveUser: Bool) throws(BootError) {
        let actual: Privileges
        do throws(SystemCallError) {
            actual = try Privileges.current()
        } catch {
            throw BootError(
                "cannot prove the drop of privileges", attempts: [Attempt(as: "", error)],
                remedy: "nothing was executed")
        }
        var differences: [String] = []
        if actual.user != expected.user { differences.append("user ids") }
        if actual.group != expected.group { differences.append("group ids") }
        if Set(actual.groups) != Set(expected.groups) { differences.append("supplementary groups") }
        if actual.capabilities != expected.capabilities { differences.append("capability sets") }
        if actual.noNewPrivileges != expected.noNewPrivileges { differences.append("no_new_privs") }
        if actual.secureBits != expected.secureBits { differences.append("securebits") }
        // With CAP_SETUID among what the command keeps it can by its very nature.
        if !mayHaveUser && Privileges.canRegainRoot() { differences.append("root can be regained") }
        guard differences.isEmpty else {
            throw BootError(
                "privileges are not dropped", reason: differences.joined(separator: ", "),
                remedy: "nothing was executed")
        }
    }

    /// Replaces the process by the command; returns only when that fails.
    ///
    /// The command is looked for as execvp(3) does, but with the path of the command's own environment.
    ///
    /// - Parameters:
    ///   - command: the arguments, the command's name first.
    ///   - environment: the command's environment.
    ///   - attempt: is told of each file before it is tried.
    /// - Returns: why it is not running.
    package static func execute(
        _ command: [CString], environment: [CString], attempt: (FilePath) -> Void = { _ in }
    ) -> BootError {
        guard let name = command.first, name.count > 0 else {
            return BootError("cannot run ''", reason: "not found", exitCode: .notFound)
        }
        let path = EnvironmentBlock(environment).value("PATH") ?? Array(CommandSearch.defaultPath.utf8)
        let candidates = CommandSearch.candidates(for: name.bytes, path: path)
        let isPath = name.bytes.contains(UInt8(ascii: "/"))
        var denied: SystemCallError?
        for candidate in candidates {
            attempt(candidate)
            let error = CurrentProcess.execute(candidate, arguments: command, environment: environment)
            switch error.errno {
            case .noSuchFileOrDirectory, .notDirectory: continue
            // Of a name that no file can have no directory of the path has one.
            case .fileNameTooLong where !isPath: continue
            case .permissionDenied:
                // A directory of the path that the user may not enter says nothing about the command, and one of the
                // command's name is none.
                let kind = (try? FileTree().status(candidate, links: .follow))?.kind
                if isPath || (kind != nil && kind != .directory) { denied = denied ?? error }
            default: return notExecutable(error)
            }
        }
        if let denied { return notExecutable(denied) }
        // A file that is there and yet was not found is a script or program whose interpreter is missing.
        for candidate in candidates where (try? FileTree().status(candidate, links: .follow))?.kind == .file {
            return BootError(
                "cannot run \(Text.shown(candidate))", reason: "its interpreter is not in the image",
                exitCode: .notFound)
        }
        let shown = Text.shown(name.bytes)
        guard !isPath else {
            return BootError("cannot run \(shown)", reason: "no such file", exitCode: .notFound)
        }
        return BootError("cannot run \(shown)", reason: "not found in PATH (\(Text.shown(path)))", exitCode: .notFound)
    }

    private static func notExecutable(_ error: SystemCallError) -> BootError {
        let path = error.path ?? ""
        var remedy = ""
        if error.errno == .permissionDenied {
            let kind = (try? FileTree().status(path, links: .follow))?.kind
            remedy =
                kind == .directory ? "it is a directory" : "is it executable for the user, and not on a noexec mount?"
        } else if error.errno == .execFormatError {
            remedy = "a script needs a first line such as #!/bin/sh, and a program must be for this machine"
        }
        return BootError(
            "cannot run \(Text.shown(path))", attempts: [Attempt(as: "", error)], remedy: remedy,
            exitCode: .notExecutable)
    }
}

/// Where a command is looked for.
package enum CommandSearch {
    /// The search path where the environment has none.
    package static let defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    /// The files that a command's name may mean, in order.
    ///
    /// - Parameters:
    ///   - name: with a slash it is a path itself.
    ///   - path: directories with colons between them; an empty one is the working directory (environ(7)).
    package static func candidates(for name: [UInt8], path: [UInt8]) -> [FilePath] {
        guard !name.contains(UInt8(ascii: "/")) else { return [filePath(name)] }
        return path.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false).map { directory in
            filePath((directory.isEmpty ? [UInt8(ascii: ".")] : Array(directory)) + [UInt8(ascii: "/")] + name)
        }
    }

    private static func filePath(_ bytes: [UInt8]) -> FilePath {
        // Not through String, which would repair what is not UTF-8.
        (bytes.map(CChar.init(bitPattern:)) + [0]).withUnsafeBufferPointer { buffer in
            buffer.baseAddress.map { FilePath(platformString: $0) } ?? ""
        }
    }
}
