import Linux

/// What a dry run can predict of the work that it does not do.
extension Workbench {
    /// Predicts whether the actor can make an entry at a path, or replace it.
    ///
    /// - Throws: why not.
    func foreseeMaking(_ path: FilePath, _ action: String = "cannot create") throws(BootError) {
        guard isDryRun, path.lastComponent != nil, !isExpected(path.parent) else { return }
        do throws(SystemCallError) {
            try checkMaking(in: path.parent, as: actor)
        } catch {
            throw failure(action, path, as: actor, error)
        }
    }

    /// Predicts whether the actor can give a file of root's another content: as ``FileReplacement`` does it, or within the
    /// file where that is not possible.
    ///
    /// - Parameter makesDirectory: whether a missing directory of the file is made.
    /// - Throws: why not.
    func foreseeReplacing(_ path: FilePath, makesDirectory: Bool = false) throws(BootError) {
        guard isDryRun else { return }
        try perform("cannot write", path) { () throws(SystemCallError) in
            let links = Actors.links(actor)
            let file = try tree.status(path, links: links)
            do throws(SystemCallError) {
                if file != nil, try isMounted(path, links) {
                    throw SystemCallError(call: "renameat", path: path, errno: .resourceBusy)
                }
                let directory = makesDirectory ? try tree.status(path.parent, links: links) : file
                let isMade = makesDirectory && directory == nil
                try checkMaking(in: isMade ? path.parent.parent : path.parent, as: actor)
            } catch let first {
                guard file != nil else { throw first }
                try checkWriting(path, as: actor)
            }
        }
    }

    private func isMounted(_ path: FilePath, _ links: LinkPolicy) throws(SystemCallError) -> Bool {
        let directory = try tree.open(path.parent, [.pathOnly, .directory], links: links).mount
        return try tree.open(path, [.pathOnly, .noFollow], links: links).mount != directory
    }

    /// Checks whether an actor can make and replace entries of a directory, as far as this process can tell.
    ///
    /// - Throws: EROFS where nobody can, EACCES where the actor cannot, or the error of looking.
    func checkMaking(in directory: FilePath, as actor: Actor) throws(SystemCallError) {
        try check(directory, [.pathOnly, .directory], [.write, .execute], as: actor)
    }

    /// Checks whether an actor can write into a file, as far as this process can tell.
    ///
    /// - Throws: EROFS where nobody can, EACCES where the actor cannot, or the error of looking.
    func checkWriting(_ file: FilePath, as actor: Actor) throws(SystemCallError) {
        try check(file, .pathOnly, .write, as: actor)
    }

    private func check(
        _ path: FilePath, _ options: OpenOptions, _ access: FileTree.Access, as actor: Actor
    ) throws(SystemCallError) {
        // The rights of an observer say nothing about another's.
        let isJudge = !actors.isObserver || actor == .user && actors.isUser
        try actors.acting(as: actor) { () throws(SystemCallError) in
            do throws(SystemCallError) {
                let place = try tree.open(path, options, links: Actors.links(actor))
                // What is mounted read-only is so for everybody. Of a file, the kernel tells first who may not write into it.
                if !isJudge || options.contains(.directory), try place.isReadOnly(path: path) {
                    throw SystemCallError(call: "faccessat", path: path, errno: .readOnlyFileSystem)
                }
                if isJudge { try tree.checkAccess(path, access) }
            } catch  where error.errno == .permissionDenied && !isJudge {
                // An observer cannot see it.
            }
        }
    }
}
