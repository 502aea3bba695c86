internal import Linux
internal import Text

/// A directory of the image whose files are run as steps, in the order of their names.
struct StepDirectory: Sendable {
    let path: FilePath

    /// The directories, in the order in which they are run.
    static let all = [StepDirectory(path: Paths.rootSteps), StepDirectory(path: Paths.userSteps)]

    /// The prefix of the files' names in messages: `steps.d/`.
    var prefix: String { (path.lastComponent?.string ?? "") + "/" }

    /// The files in the directory.
    ///
    /// - Parameters:
    ///   - tree: the container's files.
    ///   - notices: receives a notice for each file that is skipped and is not a usual leftover.
    /// - Throws: the error of reading the directory; a missing directory is not an error.
    func programs(in tree: FileTree, _ notices: inout [Note]) throws(SystemCallError) -> [FilePath] {
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
                    Note(
                        .settingsStepName,
                        "\(path.appending(name).shown()) is not run: its name may only have letters, digits, _ . and -")
                )
                continue
            }
            programs.append(path.appending(name))
        }
        return programs
    }

    /// Whether a name can be that of a step: as for run-parts(8), except that dots are allowed.
    static func isPlain(_ name: String) -> Bool {
        guard let first = name.utf8.first, first.isLetter || first.isDigit else { return false }
        return name.utf8.allSatisfy { $0.isNameByte }
    }

    /// Whether a name is one that editors, package managers and people give to files that must not be run.
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
