internal import Boot
package import Linux
internal import Text

/// What is known of a container's image: its files, where somebody has given them.
package struct PodImage {
    package let tree: FileTree

    package init(_ tree: FileTree) { self.tree = tree }

    /// The file of `entrypoint`; `nil` where the image has none.
    ///
    /// - Parameter given: its path, where a spec gives one; otherwise the first in the directories of programs.
    func program(_ given: String?) -> FilePath? {
        let places = given.map { path in
            path.utf8.contains(UInt8(ascii: "/"))
                ? [FilePath(path)] : Paths.programDirectories.map { $0.appending(path) }
        }
        let usual = (Paths.programDirectories + ["/entrypoint", "/"]).map { $0.appending("entrypoint") }
        return (places ?? usual).first { ((try? tree.status($0, links: .follow)) ?? nil)?.kind == .file }
    }

    /// Whether a program's file gives what an elevated start needs (capabilities(7)).
    package func elevates(_ program: FilePath) -> Bool {
        guard let file = try? tree.open(program, .pathOnly, links: .follow) else { return false }
        let needed = Capability.setUID.bit | Capability.setGID.bit
        let permitted = ProgramFile(FilePath("/proc/self/fd/\(file.rawValue)")).capabilities?.permitted
        return permitted.map { $0 & needed == needed } ?? false
    }

    /// The primary group that the image gives a user, and the others, as a container runtime reads them.
    func groups(of user: UInt32) -> (primary: UInt32, others: [UInt32])? {
        func lines(_ path: FilePath) -> [[String]] {
            let bytes = (try? tree.read(path, limit: 1 << 20)) ?? nil
            return (bytes ?? []).split(separator: .newline).map { line in
                line.split(separator: .colon, omittingEmptySubsequences: false).map {
                    String(decoding: $0, as: UTF8.self)
                }
            }
        }
        guard let entry = lines(Paths.passwd).first(where: { $0.count > 3 && $0[2] == "\(user)" }),
            let primary = UInt32(entry[3])
        else { return nil }
        let others = lines(Paths.group).compactMap { fields -> UInt32? in
            guard fields.count > 3, fields[3].split(separator: ",").contains(Substring(entry[0])) else { return nil }
            return UInt32(fields[2])
        }
        return (primary, Set(others).subtracting([primary]).sorted())
    }
}
