internal import Boot
package import Linux
internal import Text

/// The directories in which people and programs keep what is theirs.
package enum ScrubHomes {
    /// Every home that there may be: root's, those of the account files, those beside each other, and the image's for new ones.
    ///
    /// - Parameters:
    ///   - tree: the container's files.
    ///   - known: further ones, such as the user's persistent directory.
    package static func all(in tree: FileTree, known: [FilePath]) -> [FilePath] {
        var homes: [FilePath] = [Paths.rootHome, "/etc/skel"] + known
        let passwd = ((try? tree.read(Paths.passwd, limit: 64 << 20, links: .refuse)) ?? nil) ?? []
        for line in passwd.split(separator: .newline) {
            let fields = line.split(separator: .colon, omittingEmptySubsequences: false)
            guard fields.count == 7, fields[5].first == UInt8(ascii: "/") else { continue }
            homes.append(FilePath(String(decoding: fields[5], as: UTF8.self)).lexicallyNormalized())
        }
        for name in (try? tree.names(in: Paths.homes, links: .refuse)) ?? [] {
            homes.append(Paths.homes.appending(name))
        }
        var seen: Set<FilePath> = []
        return homes.filter { seen.insert($0).inserted }
    }
}
