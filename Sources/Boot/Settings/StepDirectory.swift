internal import Linux
internal import SystemPackage
internal import Text

/// A directory of the image whose files are run as steps, in the order of their names.
struct StepDirectory: Sendable {
    let path: FilePath

    /// The directories, in the order in which they are run.
    static let all = [StepDirectory(path: Paths.rootSteps), StepDirectory(path: Paths.userSteps)]

    /// What the names of the files are preceded by in messages: `steps.d/`.
    var prefix: String { (path.lastComponent?.string ?? "") + "/" }

    /// The files that are there.
    ///
    /// - Parameters:
    ///   - tree: the container's files.
    ///   - notices: gets what is passed over, and is not one of the usual leftovers.
    /// - Throws: the error of reading the directory; there may be none.
    func programs(in tree: FileTree, _ notices: inout [String]) throws(SystemCallError) -> [FilePath] {
        var names: [FilePath.Component] = []
        do throws(SystemCallError) {
            names = try tree.names(in: path, links: .follow)
        } catch  where error.errno == .noSuchFileOrDirectory {
            return []
        }
        var programs: [FilePath] = []
        for name in names.sorted(by: { $0.string.utf8.lexicographicallyPrecedes($1.string.utf8) }) {
            let text = name.string
            if Self.isLeftover(text) { continue }
            guard Self.isPlain(text) else {
                notices.append(
                    "\(path.appending(name).shown()) is not run: its name has more than letters, digits, _ . and -")
                continue
            }
            programs.append(path.appending(name))
        }
        return programs
    }

    /// Whether a name is one of a step: as run-parts(8) has it, but for dots.
    static func isPlain(_ name: String) -> Bool {
        guard let first = name.utf8.first, first.isLetter || first.isDigit else { return false }
        return name.utf8.allSatisfy(\.isNameByte)
    }

    /// Whether a name is one that editors, package managers and people give to what is not meant to be run.
    private static func isLeftover(_ name: String) -> Bool {
        name.hasPrefix(".") || name.hasPrefix("README") || name.hasSuffix("~")
            || [".bak", ".disabled", ".old", ".orig", ".rpmnew", ".rpmorig", ".rpmsave", ".swp"].contains {
                name.hasSuffix($0)
            }
            || [".dpkg-dist", ".dpkg-new", ".dpkg-old", ".dpkg-tmp", ".ucf-dist", ".ucf-new", ".ucf-old"].contains {
                name.hasSuffix($0)
            }
    }
}
