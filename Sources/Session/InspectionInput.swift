internal import Boot
package import Linux
internal import Programs
package import Text

/// What people give on the command line.
extension Inspection {
    /// The files of another container or image, or of this one.
    ///
    /// - Throws: why the directory cannot be its root.
    package static func tree(at path: String) throws(FormatError) -> FileTree {
        let root = absolute(path)
        let status: FileStatus?
        do throws(SystemCallError) {
            status = try FileTree().status(root, links: .follow)
        } catch {
            throw FormatError("cannot look at \(path.shown()): \(error.reason) (\(error.symbol))")
        }
        guard let status else { throw FormatError("there is no \(path.shown())") }
        guard status.kind == .directory else {
            throw FormatError("\(path.shown()) is \(status.kind.words), and a directory is expected")
        }
        return FileTree(root: root.lexicallyNormalized() == "/" ? "/" : root)
    }

    /// The bytes of a file or a pipe.
    ///
    /// - Throws: why it cannot be read.
    package static func read(file path: String) throws(FormatError) -> [UInt8] {
        do throws(SystemCallError) {
            let file = try FileTree().open(absolute(path), .readOnly, links: .follow)
            let status = try file.status()
            guard status.kind != .directory else {
                throw SystemCallError(call: "read", path: nil, errno: .isDirectory)
            }
            return try file.readAll(limit: 16 << 20, expected: status.size, path: nil)
        } catch {
            throw FormatError("cannot read \(path.shown()): \(error.reason) (\(error.symbol))")
        }
    }

    /// The entries of a file as `docker run --env-file` reads it. Each line is `NAME=VALUE`, where quotes mean nothing,
    /// or only `NAME` for the value that this process has. Blank lines and lines that start with `#` are skipped.
    ///
    /// - Parameters:
    ///   - bytes: the file.
    ///   - own: the environment that has the values of names alone.
    /// - Throws: what is wrong with the first line that is not an entry.
    package static func entries(
        of bytes: [UInt8], own: [CString] = ProcessStart.environment
    ) throws(FormatError) -> [CString] {
        var entries: [CString] = []
        let text = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes[3...] : bytes[...]
        for whole in AssignmentLine.lines(of: text) {
            let number = whole.number
            let line = (whole.bytes.last == UInt8(ascii: "\r") ? whole.bytes.dropLast() : whole.bytes)
                .drop(while: { $0.isSpace })
            guard let first = line.first, first != UInt8(ascii: "#") else { continue }
            let name = AssignmentLine(number: number, bytes: line).name
            func refuse(_ reason: String) -> FormatError {
                // The line itself is not shown, because it may be a secret.
                FormatError("line \(number): \(reason)")
            }
            if line.contains(0) { throw refuse("a NUL byte: this is not text") }
            if String(validating: line, as: UTF8.self) == nil { throw refuse("not UTF-8") }
            if name.isEmpty { throw refuse("no name before the =") }
            if name.contains(where: { $0.isSpace }) { throw refuse("white space in a name; write NAME=VALUE") }
            if name.count < line.count {
                entries.append(CString(Array(line)))
            } else if let entry = own.first(where: { $0.variableName?.utf8.elementsEqual(name) == true }) {
                entries.append(entry)
            }
        }
        return entries
    }

    /// A path as seen from the root directory.
    private static func absolute(_ path: String) -> FilePath {
        FilePath(CurrentProcess.directory).pushing(FilePath(path))
    }

    /// Everything that is wrong in configuration files, one line for each problem. The pod's settings count as right.
    ///
    /// - Parameter files: the files with their names; later files take precedence.
    package static func problems(in files: [(name: String, bytes: [UInt8])]) -> [String] {
        var configuration = Configuration()
        for (name, bytes) in files { configuration.add(bytes, name: name.shown()) }
        let pod = [
            (PodVariables.userName.name, "user"), (PodVariables.userID.name, "1000"),
            (PodVariables.groupName.name, "group"), (PodVariables.groupID.name, "1000"),
            (PodVariables.scratchRoot.name, "/s"), (PodVariables.workingDirectory.name, "/s"),
        ].map { "\($0)=\($1)" }
        do throws(SettingsError) {
            _ = try Settings.read(
                from: EnvironmentBlock(pod.map { CString(Array($0.utf8)) }), configuration: configuration,
                contents: .ignored)
            return []
        } catch {
            return error.problems
        }
    }
}
