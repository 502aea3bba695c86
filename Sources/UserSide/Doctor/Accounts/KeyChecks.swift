import Boot
internal import Linux
internal import Programs
internal import Text

/// The user's private keys, as ssh sees them. Nothing of a key is ever shown.
enum KeyChecks {
    /// How many files of the directory are looked at.
    private static let mostFiles = 100
    /// The limit in bytes of a file that may be a key.
    private static let limit = 1 << 16

    static func findings(_ facts: ContainerFacts, in tree: FileTree = FileTree()) -> [Finding] {
        // Links of the user's are followed, which nobody else may do.
        guard facts.isUser, let home = facts.user?.home ?? facts.variable("HOME").map({ FilePath($0) }), home.isAbsolute
        else { return [] }
        let directory = home.appending(".ssh")
        let names: [FilePath.Component]
        do throws(SystemCallError) {
            names = try tree.names(in: directory, links: .follow)
        } catch  where error.errno == .noSuchFileOrDirectory {
            return []
        } catch {
            return [
                .fail(
                    "user \(facts.actor.user) cannot look into \(directory.shown()): \(error.reason)",
                    remedy: "chown \(facts.actor.text) \(directory.shown()) && chmod 0700 \(directory.shown())")
            ]
        }
        let hasAgent = facts.variable("SSH_AUTH_SOCK") != nil
        let candidates = names.filter { !$0.string.hasSuffix(".pub") }.sorted { $0.string < $1.string }
        return files(candidates.prefix(mostFiles).map { directory.appending($0) }, in: tree).flatMap { path, status in
            key(path, status, facts.actor, hasAgent: hasAgent, in: tree)
        }
    }

    /// The files that may be keys, each once: the name that ssh looks for may be a link to another.
    private static func files(_ paths: [FilePath], in tree: FileTree) -> [(path: FilePath, status: FileStatus)] {
        let isLink = paths.map { path in ((try? tree.entryStatus(path)) ?? nil)?.kind == .link }
        let ordered = zip(paths, isLink).filter { !$0.1 } + zip(paths, isLink).filter { $0.1 }
        var found: [(path: FilePath, status: FileStatus)] = []
        for (path, _) in ordered {
            guard let status = (try? tree.status(path, links: .follow)) ?? nil, status.kind == .file,
                status.size <= limit, !found.contains(where: { $0.status.isSame(as: status) })
            else { continue }
            found.append((path, status))
        }
        return found
    }

    /// What is to be said of a file, if it is a key.
    private static func key(
        _ path: FilePath, _ status: FileStatus, _ actor: Credentials, hasAgent: Bool, in tree: FileTree
    ) -> [Finding] {
        let isNamedKey = path.lastComponent?.string.hasPrefix("id_") == true
        let content: Secret
        do throws(SystemCallError) {
            content = try tree.open(path, [.readOnly, .nonBlocking], links: .follow).readSecret(
                limit: limit, path: path)
        } catch {
            guard isNamedKey else { return [] }
            return [
                .fail(
                    "user \(actor.user) cannot read \(path.shown()), \(status.mode.octal) of user \(status.user): "
                        + error.reason,
                    remedy: "chown \(actor.user) \(path.shown()) && chmod 0600 \(path.shown())")
            ]
        }
        guard isNamedKey || content.firstIndex(of: "PRIVATE KEY-----".utf8) != nil else { return [] }
        do throws(FormatError) {
            return judge(try PrivateKey.read(content), path, status, hasAgent: hasAgent, in: tree)
        } catch {
            return [
                .fail(
                    "\(path.shown()) is no key that ssh reads: \(error.expected)",
                    remedy:
                        "on your own machine: base64 -w0 ~/.ssh/id_ed25519, and put that into SSH_PRIVATE_KEY_B64 of the pod's "
                        + "secret")
            ]
        }
    }

    private static func judge(
        _ key: PrivateKey, _ path: FilePath, _ status: FileStatus, hasAgent: Bool, in tree: FileTree
    ) -> [Finding] {
        let name = path.shown()
        var findings: [Finding] = []
        // What belongs to somebody else, ssh reads whatever its mode (sshkey_perm_ok).
        if status.mode.rawValue & 0o077 != 0 && status.user == CurrentProcess.effectiveUser {
            findings.append(
                .fail(
                    "\(name) has mode \(status.mode.octal): ssh does not use a key that others may read (UNPROTECTED PRIVATE "
                        + "KEY FILE)", remedy: "chmod 0600 \(name)"))
        }
        if key.isEncrypted && !hasAgent {
            findings.append(
                .warn(
                    "\(name) is encrypted, and no agent holds it (SSH_AUTH_SOCK): ssh asks for a passphrase, and fails where "
                        + "nobody can answer",
                    remedy:
                        "eval \"$(ssh-agent)\" && ssh-add \(name), or take the passphrase away: ssh-keygen -p -f \(name)"
                ))
        }
        if let half = key.publicHalf, let other = publicKey(FilePath(path.string + ".pub"), in: tree), half != other {
            findings.append(
                .warn(
                    "\(name).pub is not the public half of \(name): a server that has it does not accept the key",
                    remedy: "ssh-keygen -y -f \(name) > \(name).pub"))
        }
        if !findings.isEmpty { return findings }
        let state = key.isEncrypted ? "encrypted, with an agent" : "not encrypted"
        return [.ok("\(name): \(words(key.kind)), \(state), \(status.mode.octal)")]
    }

    private static func words(_ kind: PrivateKey.Kind) -> String {
        switch kind {
        case .rsa: "RSA"
        case .ed25519: "Ed25519"
        case .ecdsa: "ECDSA"
        case .other: "of another type"
        }
    }

    /// The public key of a `.pub` file, whose line is the type, the key in base64 and a comment (sshd(8)).
    private static func publicKey(_ path: FilePath, in tree: FileTree) -> [UInt8]? {
        guard let text = (try? tree.read(path, limit: limit)) ?? nil else { return nil }
        let words = text.split(whereSeparator: { $0.isSpace })
        guard words.count >= 2 else { return nil }
        let encoded = Secret(words[1])
        guard let decoded = try? Base64.decode(encoded, 0..<encoded.count) else { return nil }
        return (0..<decoded.count).map { decoded[$0] }
    }
}
