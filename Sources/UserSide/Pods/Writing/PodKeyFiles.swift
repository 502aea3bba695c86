internal import Boot
internal import Linux
internal import Text

/// The SSH key of a user whose file has none.
extension PodRequestReader {
    /// The key that is in the user's own files: the one that `GITHUB_SSH_KEY_PATH` names, or `~/.ssh/github`. The public
    /// one lies beside it, or where `GITHUB_SSH_PUBLIC_KEY_PATH` says.
    ///
    /// - Parameter given: the secrets that the user's file has.
    mutating func keySecrets(besides given: [String]) -> [PodRequest.Secret] {
        guard !given.contains("SSH_PRIVATE_KEY_B64"), entry("SSH_PRIVATE_KEY_B64_FILE") == nil else {
            return publicKey(besides: given, beside: nil)
        }
        guard let path = keyPath("GITHUB_SSH_KEY_PATH", otherwise: "github"), let bytes = content(path) else {
            return publicKey(besides: given, beside: nil)
        }
        let encoded = Array(EnvironmentJSON.base64(bytes[...]).utf8)
        do throws(FormatError) {
            let key = try PrivateKey.decode(base64: Secret(encoded))
            if key.isEncrypted {
                note(
                    "\(path.path.shown()) has a passphrase, for which ssh in the pod will ask: git will not work unattended"
                )
            }
        } catch {
            problem(path.line, "cannot use the key \(path.path.shown()): \(error.expected)")
        }
        note("the SSH key is \(path.path.shown())")
        return [.init(name: "SSH_PRIVATE_KEY_B64", value: encoded, delivery: .file, source: path.path)]
            + publicKey(besides: given, beside: path)
    }

    /// A path that the user's file names, with the line; or one that is usual.
    private struct KeyPath {
        let path: String
        let line: Int?
    }

    private mutating func publicKey(besides given: [String], beside key: KeyPath?) -> [PodRequest.Secret] {
        guard !given.contains("SSH_PUBLIC_KEY"), entry("SSH_PUBLIC_KEY_FILE") == nil else { return [] }
        let named =
            entry("GITHUB_SSH_PUBLIC_KEY_PATH") == nil ? nil : keyPath("GITHUB_SSH_PUBLIC_KEY_PATH", otherwise: "")
        guard let path = named ?? key.map({ KeyPath(path: $0.path + ".pub", line: nil) }), let bytes = content(path)
        else {
            return []
        }
        do throws(FormatError) {
            _ = try KeyText.readable(Secret(bytes))
        } catch {
            problem(path.line, "cannot use the public key \(path.path.shown()): \(error.expected)")
        }
        return [.init(name: "SSH_PUBLIC_KEY", value: bytes, delivery: .file, source: path.path)]
    }

    /// - Parameter usual: the name in `~/.ssh` of what is taken where the file names nothing.
    private mutating func keyPath(_ name: String, otherwise usual: String) -> KeyPath? {
        let home = environment("HOME").flatMap { $0.isEmpty ? nil : $0 }
        guard let entry = entry(name) else { return home.map { KeyPath(path: "\($0)/.ssh/\(usual)", line: nil) } }
        guard entry.value.hasPrefix("~/") else { return KeyPath(path: entry.value, line: entry.line) }
        guard let home else {
            problem(entry.line, "\(name) begins with ~, and HOME is not set: write the whole path")
            return nil
        }
        return KeyPath(path: home + entry.value.dropFirst(), line: entry.line)
    }

    /// The most bytes of a key.
    private static let mostOfKey = 1 << 16

    /// The bytes of a file; `nil` where it cannot be read, which is a problem of a file that was named.
    private mutating func content(_ key: KeyPath) -> [UInt8]? {
        let path = FilePath(CurrentProcess.directory).pushing(FilePath(key.path))
        do throws(SystemCallError) {
            guard let bytes = try FileTree().read(path, limit: Self.mostOfKey + 1, links: .follow) else {
                if let line = key.line { problem(line, "there is no \(key.path.shown())") }
                return nil
            }
            guard bytes.count <= Self.mostOfKey, !bytes.isEmpty else {
                problem(
                    key.line, "\(key.path.shown()) has \(bytes.isEmpty ? "nothing in it" : "more bytes than any key")")
                return nil
            }
            return bytes
        } catch {
            problem(key.line, "cannot read the key \(key.path.shown()): \(error.reason)")
            return nil
        }
    }
}
