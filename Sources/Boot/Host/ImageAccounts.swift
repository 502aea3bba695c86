internal import Linux
internal import Text

/// The account files, as far as they are the image's. In a start with the capabilities of the program's file, the
/// caller may have mounted other files, whose names would give away ids that belong to others.
package struct ImageAccounts: Sendable {
    /// The files, without those that are not the image's.
    package let files: AccountFiles
    /// Why `/etc/passwd` exists but is not trusted, and is left out.
    package private(set) var passwdUntrustedBecause: String?
    /// Why `/etc/group` exists but is not trusted, and is left out.
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

    /// Why a file may not be the image's; `nil` if it is, or if there is no file.
    private static func reasonAgainst(_ path: FilePath) -> String? {
        do throws(SystemCallError) {
            guard case .untrusted(let problem) = try FileOwnership.open(path, .file) else { return nil }
            return problem.words
        } catch  where error.errno == .noSuchFileOrDirectory {
            return nil
        } catch {
            return "cannot look at \(path.shown()): \(error.reason)"
        }
    }
}
