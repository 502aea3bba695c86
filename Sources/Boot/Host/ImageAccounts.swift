internal import Linux
internal import SystemPackage
internal import Text

/// The account files as far as they are the image's: in a start with the capabilities of the program's file the caller may
/// have mounted others, and what these say of names would give away ids that are another's.
package struct ImageAccounts: Sendable {
    /// The files; without those that are not the image's.
    package let files: AccountFiles
    /// Why `/etc/passwd` is not trusted, and not among them, though there is one.
    package private(set) var passwdUntrustedBecause: String?
    /// Likewise `/etc/group`.
    package private(set) var groupUntrustedBecause: String?

    /// - Parameters:
    ///   - found: the files of the container.
    ///   - isStrict: whether they must be the image's own.
    init(_ found: AccountFiles, isStrict: Bool = false) {
        var files = found
        if isStrict {
            passwdUntrustedBecause = Self.reasonAgainst(Paths.passwd)
            groupUntrustedBecause = Self.reasonAgainst(Paths.group)
            if passwdUntrustedBecause != nil { files.passwd = nil }
            if groupUntrustedBecause != nil {
                files.group = nil
                files.gshadow = nil
            }
        }
        self.files = files
    }

    /// Why a file may not be the image's; `nil` where there is none.
    private static func reasonAgainst(_ path: FilePath) -> String? {
        do throws(SystemCallError) {
            guard case .untrusted(let problem) = try FileOwnership.open(path, .file) else { return nil }
            return problem.words
        } catch  where error.errno == .noSuchFileOrDirectory {
            return nil
        } catch {
            return "cannot look at \(path.shown()): \(error.reason) (\(error.symbol))"
        }
    }
}
