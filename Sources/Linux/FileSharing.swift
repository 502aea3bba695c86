private import CLinux

// What programs that share a file system ask of it.

extension Directory {
    /// Gives a file of this directory a second name in it, which must be free; a link is not followed.
    ///
    /// - Throws: the error of linkat(2); EPERM or EOPNOTSUPP where the file system has no hard links.
    package func makeHardLink(_ newName: FilePath.Component, to name: FilePath.Component) throws(SystemCallError) {
        let path = path.appending(newName)
        try systemCall("linkat", path) {
            name.withPlatformString { name in
                newName.withPlatformString { linkat(descriptor.rawValue, name, descriptor.rawValue, $0, 0) }
            }
        }
    }
}

extension Descriptor {
    /// Locks the whole file for this open file alone (flock(2)), without waiting. Closing it unlocks it.
    ///
    /// - Throws: the error of flock(2): EWOULDBLOCK where another has locked it, ENOLCK or EOPNOTSUPP where the file system
    ///   or its server has no locks.
    package func lock(path: FilePath? = nil) throws(SystemCallError) {
        try systemCall("flock", path) { flock(rawValue, LOCK_EX | LOCK_NB) }
    }

    /// Waits until what was written has reached the disk, or the file server.
    ///
    /// - Throws: the error of fsync(2), such as ENOSPC, EDQUOT or EIO.
    package func synchronize(path: FilePath? = nil) throws(SystemCallError) {
        try systemCall("fsync", path) { fsync(rawValue) }
    }
}
