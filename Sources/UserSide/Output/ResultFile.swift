package import Linux
package import Text

/// A file that somebody asks a command to write.
package enum ResultFile {
    /// Writes a file as a whole: a reader sees what was there before, or all of what is new. No link is followed in the
    /// place of the file, and root follows none on the way there: in a directory of somebody else's it would decide what
    /// is overwritten.
    ///
    /// - Parameters:
    ///   - bytes: what is written.
    ///   - path: the file, as seen from the working directory.
    ///   - mode: the file's mode, as far as the umask lets it.
    /// - Throws: why it cannot be written; then what was there is as it was.
    package static func write(_ bytes: [UInt8], to path: String, mode: ModeBits = 0o640) throws(FormatError) {
        let place = FilePath(CurrentProcess.directory).pushing(FilePath(path))
        guard !path.isEmpty, path.utf8.last != UInt8(ascii: "/"), let name = place.lastComponent, name.kind == .regular
        else { throw refusal(path, "the path of a file is expected") }
        try write([Part(name.string, bytes, mode: mode)], [name], beside: place) { _ in path }
    }

    /// One of several files.
    package struct Part {
        let name: String
        let bytes: [UInt8]
        let mode: ModeBits

        /// - Parameters:
        ///   - name: its name, without a directory.
        ///   - mode: the file's mode, as far as the umask lets it.
        package init(_ name: String, _ bytes: [UInt8], mode: ModeBits) {
            self.name = name
            self.bytes = bytes
            self.mode = mode
        }
    }

    /// Writes several files of one directory, each as ``write(_:to:mode:)`` does. None is replaced before all are written.
    ///
    /// - Parameters:
    ///   - parts: the files, with different names.
    ///   - directory: as seen from the working directory.
    ///   - path: gives the path by which a message names a file.
    /// - Throws: why one cannot be written; then nothing is left of those that were not yet in their places.
    package static func write(
        _ parts: [Part], in directory: String, path: (String) -> String
    ) throws(FormatError) {
        let place = FilePath(CurrentProcess.directory).pushing(FilePath(directory))
        let names = parts.compactMap { FilePath.Component($0.name) }
        guard let first = names.first, names.count == parts.count else { return }
        try write(parts, names, beside: place.appending(first), path: path)
    }

    private static func write(
        _ parts: [Part], _ names: [FilePath.Component], beside place: FilePath, path: (String) -> String
    ) throws(FormatError) {
        var (current, reason) = (parts[0].name, "")
        do throws(SystemCallError) {
            let links = CurrentProcess.effectiveUser == 0 ? LinkPolicy.refuse : .follow
            let parent = try FileTree().openParent(of: place, links: links)
            for name in names where reason.isEmpty {
                current = name.string
                let kind = try parent.status(name)?.kind ?? .file
                if kind != .file { reason = "it is \(kind.words), and only a file is replaced" }
            }
            if reason.isEmpty { return try replaceAll(parts, names, in: parent) { current = $0 } }
        } catch {
            let hint =
                error.errno == .tooManySymbolicLinkLevels
                ? "; root follows no link on the way there: give the path that realpath prints" : ""
            reason = error.reason + hint
        }
        throw refusal(path(current), reason)
    }

    private static func replaceAll(
        _ parts: [Part], _ names: [FilePath.Component], in parent: borrowing Directory, telling: (String) -> Void
    ) throws(SystemCallError) {
        var temporaries: [FilePath.Component] = []
        do throws(SystemCallError) {
            for (part, name) in zip(parts, names) {
                telling(part.name)
                temporaries.append(try makeTemporary(for: name, in: parent, part.bytes, part.mode))
            }
            for name in names {
                telling(name.string)
                try parent.rename(temporaries[0], to: name)
                temporaries.removeFirst()
            }
        } catch {
            for temporary in temporaries { _ = try? parent.remove(temporary) }
            throw error
        }
    }

    /// Writes a file under a name of its own; on failure there is none.
    private static func makeTemporary(
        for name: FilePath.Component, in parent: borrowing Directory, _ bytes: [UInt8], _ mode: ModeBits
    ) throws(SystemCallError) -> FilePath.Component {
        let temporary = TemporaryName.make(for: name)
        let file = try parent.open(temporary, [.writeOnly, .create, .exclusive], mode: mode)
        do throws(SystemCallError) {
            try file.writeAll(bytes)
            // A file server may say here that it had no room.
            try file.close()
        } catch {
            _ = try? parent.remove(temporary)
            throw error
        }
        return temporary
    }

    private static func refusal(_ path: String, _ reason: String) -> FormatError {
        FormatError("cannot write \(path.isEmpty ? "''" : path.shown()): \(reason)")
    }
}
