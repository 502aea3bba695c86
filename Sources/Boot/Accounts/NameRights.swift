package import Linux
package import SystemPackage

/// Files of an image that give rights to users and groups by their names.
///
/// Whoever may choose his name must not choose one of these: it would be his way to somebody else's rights.
package struct NameRights: Sendable {
    private let files: [(path: FilePath, text: [UInt8])]
    private let modules: [(path: FilePath, text: [UInt8])]
    /// Why the first of the files and directories that could not be read could not: any name may stand there.
    package let unread: SystemCallError?

    /// - Parameters:
    ///   - files: the files with their content.
    ///   - modules: those in which only a group's name gives rights, beside many words that are no names.
    ///   - unread: the first error in reading them.
    package init(
        _ files: [(path: FilePath, text: [UInt8])] = [], modules: [(path: FilePath, text: [UInt8])] = [],
        unread: SystemCallError? = nil
    ) {
        self.files = files
        self.modules = modules
        self.unread = unread
    }

    /// Reads the files of a container (sudoers(5), doas.conf(5), polkit(8), subuid(5), pam(7) and crontab(1)).
    ///
    /// - Parameters:
    ///   - tree: the container's files.
    ///   - isRoot: whether the reader is root; to others most of them are closed, which says nothing of the boot.
    package static func read(from tree: FileTree, isRoot: Bool = true) -> NameRights {
        var unread: SystemCallError?
        func note(_ error: SystemCallError) {
            // What is no file, or none of that kind, gives nobody a right.
            let absent: [Errno] = [
                .noSuchFileOrDirectory, .notDirectory, .isDirectory, .invalidArgument, .tooManySymbolicLinkLevels,
            ]
            if !absent.contains(error.errno) { unread = unread ?? error }
        }
        func text(_ path: FilePath) -> [UInt8]? {
            do throws(SystemCallError) {
                return try tree.read(path, limit: 1 << 20)
            } catch {
                note(error)
                return nil
            }
        }
        func names(in directory: FilePath) -> [FilePath] {
            do throws(SystemCallError) {
                return try tree.names(in: directory, links: .follow).map { directory.appending($0) }
            } catch {
                note(error)
                return []
            }
        }
        var paths: [FilePath] = [
            Paths.sudoers, "/etc/doas.conf", "/etc/subuid", "/etc/subgid", "/etc/cron.allow", "/etc/at.allow",
        ]
        for directory in [
            Paths.sudoersDirectory, "/etc/doas.d", "/etc/polkit-1/rules.d", "/usr/share/polkit-1/rules.d",
        ] {
            paths += names(in: directory)
        }
        // Beside them lie scripts, whose words are no names.
        paths += names(in: "/etc/security").filter { $0.extension == "conf" }
        var files: [(path: FilePath, text: [UInt8])] = []
        // The list grows by what the files include; the boot's own file grants by number.
        var seen: Set<FilePath> = [Paths.sudoersFile]
        var index = 0
        while index < paths.count && files.count < 1000 {
            let path = paths[index]
            index += 1
            guard seen.insert(path).inserted, let text = text(path) else { continue }
            files.append((path, text))
            paths += included(by: text, of: path, names)
        }
        let modules = names(in: "/etc/pam.d").compactMap { path in text(path).map { (path, $0) } }
        return NameRights(files, modules: modules, unread: isRoot ? unread : nil)
    }

    /// The files that a sudoers file includes.
    private static func included(
        by text: [UInt8], of path: FilePath, _ names: (_ directory: FilePath) -> [FilePath]
    ) -> [FilePath] {
        text.split(separator: UInt8(ascii: "\n")).flatMap { line -> [FilePath] in
            let words = line.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: "\"") }
            guard words.count == 2, [UInt8(ascii: "@"), UInt8(ascii: "#")].contains(words[0].first) else { return [] }
            let place = path.removingLastComponent().pushing(FilePath(String(decoding: words[1], as: UTF8.self)))
            if words[0].dropFirst().elementsEqual("include".utf8) { return [place] }
            return words[0].dropFirst().elementsEqual("includedir".utf8) ? names(place) : []
        }
    }

    /// The file that gives rights to a group's name, if there is one.
    package func file(mentioningGroup name: String) -> FilePath? {
        if let file = file(mentioning: name) { return file }
        // Without a name of its own, pam_wheel(8) means the group wheel.
        let words = [Array(name.utf8)] + (name == "wheel" ? [Array("pam_wheel.so".utf8)] : [])
        return modules.first { file in words.contains { Self.mentions($0, in: file.text) } }?.path
    }

    /// The file that mentions a name outside of comments, if there is one.
    package func file(mentioning name: String) -> FilePath? {
        let name = Array(name.utf8)
        return files.first { Self.mentions(name, in: $0.text) }?.path
    }

    private static func mentions(_ name: [UInt8], in text: [UInt8]) -> Bool {
        text.split(separator: UInt8(ascii: "\n")).contains { line in
            // A number after the sign is a user id in sudoers, and not a comment.
            let text = line.prefix { $0 != UInt8(ascii: "#") }
            return text.split { !Formats.isNameByte($0) && $0 != UInt8(ascii: "$") }.contains { $0.elementsEqual(name) }
        }
    }
}
