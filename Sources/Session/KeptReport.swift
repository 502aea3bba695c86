package import Boot
package import Linux
internal import Text

/// What is kept of the container's last boot and of its end, as ``StateDirectory`` writes it.
package struct KeptReport: Sendable {
    /// The boot.
    package let boot: BootRecord
    /// The end; `nil` while there is none.
    package let end: EndRecord?

    /// Whether it is of another container, or of the last start of this one; `false` also where nobody can tell.
    package func isOfAnotherLife(in tree: FileTree = FileTree()) -> Bool {
        guard let session = boot.session, !session.life.isEmpty, let life = (try? ContainerLife(in: tree)) ?? nil else {
            return false
        }
        return session.life != life.text
    }

    /// The most bytes of a report.
    private static let limit = 16 << 20

    /// Finds the report: that of a boot with privileges, or otherwise that of the user's own boot.
    ///
    /// - Parameters:
    ///   - user: who asks.
    ///   - tree: the container's files.
    /// - Throws: why there is none, or none that can be trusted.
    package static func find(
        for user: UInt32 = CurrentProcess.effectiveUser, in tree: FileTree = FileTree()
    ) throws(KeptEnvironment.Absence) -> KeptReport {
        var words: [String] = []
        let own = FilePath(Paths.userStatePrefix + String(user))
        for (path, owner) in [(Paths.state, 0), (own, user)] as [(FilePath, UInt32)] {
            do throws(KeptEnvironment.Absence) {
                try KeptEnvironment.proveMount(of: path, in: tree)
                return try read(path, of: owner, in: tree)
            } catch .nothing(let reason) {
                words.append(reason)
            }
        }
        throw .nothing(words.joined(separator: "; "))
    }

    /// Reads the report in a directory of its owner's.
    ///
    /// - Throws: why there is none, or none that can be trusted.
    static func read(
        _ path: FilePath, of owner: UInt32, in tree: FileTree
    ) throws(KeptEnvironment.Absence) -> KeptReport {
        let name = StateDirectory.reportName
        let bytes: [UInt8]
        do throws(ProvenDirectory.Failure) {
            let file = try ProvenDirectory(path, of: owner, in: tree).open(name)
            do throws(SystemCallError) {
                bytes = try file.readAll(limit: limit + 1, path: path.appending(name))
            } catch {
                throw .call(error)
            }
        } catch {
            throw KeptEnvironment.Absence(error)
        }
        guard bytes.count <= limit else {
            throw .unusable("\(path.appending(name).shown()) is larger than any report (\(limit >> 20) MiB)")
        }
        do throws(FormatError) {
            let (boot, end) = try ReportFile.read(bytes)
            return KeptReport(boot: boot, end: end)
        } catch {
            throw .unusable("\(path.appending(name).shown()): \(error.expected)")
        }
    }
}
