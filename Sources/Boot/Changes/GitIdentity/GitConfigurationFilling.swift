import Linux

// An empty configuration file is filled as git itself would do it: under git's lock, a file beside it, which is complete
// before it has the lock's name and then becomes the file.
extension GitIdentityChange {
    /// Writes the content of a file that is missing or empty.
    ///
    /// - Parameters:
    ///   - content: what git would write.
    ///   - mode: the mode of a new file.
    /// - Returns: whether it is written; `false` if another program is changing the file, or has changed it.
    /// - Throws: the error of the call that failed.
    func fill(with content: [UInt8], mode: ModeBits, on bench: Workbench) throws(BootError) -> Bool {
        guard let name = path.lastComponent, let lock = FilePath.Component("\(name.string).lock") else { return false }
        let isFilled = try bench.perform("cannot write", path) { () throws(SystemCallError) in
            let parent = try bench.tree.openParent(of: path, links: .follow)
            guard try parent.take(lock, with: content, mode: mode, waiting: bench.keepWatchWaiting) else {
                return false
            }
            do throws(SystemCallError) {
                let status = try parent.status(name)
                guard status == nil || status?.kind == .file && status?.size == 0 else {
                    try parent.remove(lock)
                    return false
                }
                try parent.rename(lock, to: name)
                return true
            } catch {
                _ = try? parent.remove(lock)
                throw error
            }
        }
        if isFilled {
            Leftovers.remove(
                beside: path, Leftovers.Proof(content: content), in: bench.tree, progress: bench.keepWatchWaiting)
        }
        return isFilled
    }
}

extension Directory {
    /// Takes the lock of a file of git's, as the file that is to become it.
    ///
    /// A lock with the very same content is that of another boot, which will soon be done with it. One that stays is that
    /// of a boot that was killed, and is removed.
    ///
    /// - Returns: whether the lock was taken; `false` if it is git's.
    fileprivate func take(
        _ lock: FilePath.Component, with content: [UInt8], mode: ModeBits, waiting: () -> Void
    ) throws(SystemCallError) -> Bool {
        let temporary = TemporaryName.make(for: lock)
        let new = try open(temporary, [.writeOnly, .create, .exclusive], mode: mode)
        do throws(SystemCallError) {
            try new.writeAll(content, path: path.appending(temporary))
            try new.close(path: path.appending(temporary))
            for _ in 0..<Self.lockRounds {
                do throws(SystemCallError) {
                    try move(temporary, to: lock, in: self)
                    return true
                } catch  where error.errno == .fileExists {
                    guard let other = try status(lock) else { continue }
                    guard (try? hasContent(lock, content)) == true else { break }
                    if try stays(lock, other, waiting) { try remove(lock) }
                }
            }
            try remove(temporary)
            return false
        } catch {
            _ = try? remove(temporary)
            throw error
        }
    }

    /// How many boots that do the same are waited for.
    private static var lockRounds: Int { 8 }

    private func hasContent(_ name: FilePath.Component, _ content: [UInt8]) throws(SystemCallError) -> Bool {
        guard try status(name)?.kind == .file else { return false }
        let file = try open(name, [.readOnly, .nonBlocking])
        return try file.readAll(limit: content.count + 1, expected: content.count, path: path.appending(name))
            == content
    }

    /// Whether a lock is still the same file after as long as git's locks are waited for.
    private func stays(
        _ lock: FilePath.Component, _ known: FileStatus, _ waiting: () -> Void
    ) throws(SystemCallError) -> Bool {
        for _ in 0..<GitIdentityChange.lockAttempts.count {
            waiting()
            Clock.sleep(nanoseconds: GitIdentityChange.lockAttempts.pause * 1_000_000)
            guard let now = try status(lock), now.isSame(as: known) else { return false }
        }
        return true
    }
}
