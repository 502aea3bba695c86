package import Linux
package import Programs

/// The environment of a program that runs as root or as the seed user: nothing is inherited, and of the pod's there are only
/// settings that were checked.
package enum BuiltEnvironment {
    /// The variables.
    ///
    /// - Parameters:
    ///   - actor: who the program runs as; not the user.
    ///   - start: how the container was started; `nil` where that is not known, or nobody has made it ready.
    ///   - user: who the container's user is; `nil` where that is not known.
    ///   - scratchHome: the user's persistent directory; `nil` without one.
    ///   - workingDirectory: where the command starts; `nil` where no setting says it.
    package static func variables(
        for actor: Actor, start: Start?, user: People.User?, scratchHome: FilePath?, workingDirectory: FilePath?
    ) -> [Assignment] {
        var variables = start.map { [Assignment("ENTRYPOINT_START", $0.rawValue)] } ?? []
        variables += [
            Assignment("PATH", CommandSearch.defaultPath), Assignment("LC_ALL", "C"),
            Assignment("HOME", home(of: actor, start: start)),
        ]
        if let user {
            variables += [
                Assignment(PodVariables.userName.name, user.name),
                Assignment(PodVariables.userID.name, String(user.credentials.user)),
                Assignment(PodVariables.groupName.name, user.groupName),
                Assignment(PodVariables.groupID.name, String(user.credentials.group)),
            ]
        }
        if let scratchHome { variables.append(Assignment(PodVariables.scratchHome.name, scratchHome.string)) }
        if let workingDirectory {
            variables.append(Assignment(PodVariables.workingDirectory.name, workingDirectory.string))
        }
        return variables
    }

    /// Where the program starts. Some interpreters look in the working directory. Only in a start as root may whoever
    /// mounts something into the container be trusted; the runtime lets nobody mount anything into the other one.
    package static func directory(start: Start?) -> FilePath { start == .root ? "/" : noMounts }

    /// Interpreters and other programs run what lies in a home.
    private static func home(of actor: Actor, start: Start?) -> String {
        guard start == .root else { return noMounts.string }
        return actor == .root ? Paths.rootHome.string : "/"
    }

    /// The directory into which the runtime lets nobody mount anything.
    private static let noMounts: FilePath = "/proc"
}
