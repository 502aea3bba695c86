internal import Boot
internal import Linux
internal import Text

/// What it means that restic has failed.
struct ResticFailure {
    let code: Int32
    /// What stood on standard error.
    let lines: [String]
    let wasSignalled: Bool
    let isOverdue: Bool
    let isHopeless: Bool
    let interruption: Signal?

    /// Whether an error stays however often the request is made again, which newer versions do for a quarter of an hour.
    static func isHopeless(_ line: String) -> Bool {
        guard line.contains("retrying after") else { return false }
        return [
            "SignatureDoesNotMatch", "signature we calculated does not match", "InvalidAccessKeyId",
            "Access Key Id you",
            "AccessDenied", "Access Denied", "bucket does not exist", "x509:", "no space left on device",
            "QuotaExceeded", "507 ",
        ].contains { line.contains($0) }
    }

    func failure(_ action: String, _ snapshot: Snapshot) -> SnapshotFailure {
        if let interruption { return SnapshotFailure("\(action): interrupted", .interrupted(interruption)) }
        let text = lines.joined(separator: "\n")
        func has(_ parts: String...) -> Bool { parts.contains { text.contains($0) } }
        func failure(_ reason: String, _ kind: SnapshotFailure.Kind = .failed) -> SnapshotFailure {
            SnapshotFailure("\(action): \(reason)", kind)
        }
        if has("no space left on device") {
            return failure("no space left on the disk; give the volume more (sizeLimit), or save less (exclude)")
        }
        if has("QuotaExceeded", "507 ") { return failure("the object storage is full: \(last)") }
        if has("wrong password or no key found") || code == 12 && !wasSignalled {
            return failure("the password is not the repository's; see credentials.passwordFile")
        }
        if has("already locked") || code == 11 && !wasSignalled {
            return failure("somebody works in it alone: \(last); its lock is removed after half an hour", .locked)
        }
        if has("bucket does not exist", "NoSuchBucket") {
            return failure("the bucket does not exist; see the address, and createBucket")
        }
        if code == 10 && !wasSignalled || has("key does not exist", "repository does not exist")
            || has("Is there a repository at the following location") && has("no such file or directory")
        {
            return failure(
                "there is none; `entrypointctl snapshot init` makes it, once, or `create: true` at the first start",
                .noRepository)
        }
        if has("Access Denied", "AccessDenied", "InvalidAccessKeyId", "Access Key Id you", "SignatureDoesNotMatch")
            || has("signature we calculated")
        {
            return failure("the object storage refuses the keys: \(last)")
        }
        if has("x509:") {
            return failure("the certificate of the storage is not trusted: \(last); see credentials.caFile")
        }
        if let line = lines.first(where: { $0.contains("ignoring error for") }) {
            return failure("not all of it: \(Self.bare(line))", isCorrupt ? .corrupt : .failed)
        }
        if isOverdue { return failure(said.isEmpty ? "it does not answer" : "it does not answer in time: \(last)") }
        return failure(last, isCorrupt ? .corrupt : .failed)
    }

    /// Whether something was read that is not what was written.
    private var isCorrupt: Bool {
        let marks = [
            "invalid data returned", "ciphertext verification failed", "wrong data returned", "does not match id",
        ]
        return lines.contains { line in marks.contains { line.contains($0) } }
    }

    /// The lines that it has not written because it was told to end.
    private var said: [String] {
        lines.filter { !$0.contains("cleaning up") && !$0.contains("context canceled") && !$0.isEmpty }
    }

    /// The last line that says something, without what surrounds it.
    private var last: String {
        let telling = said.last { $0.contains("error") || $0.contains("Fatal") || $0.contains("failed") } ?? said.last
        guard let line = telling else { return "exit code \(code)" }
        if let json = try? JSON(reading: Array(line.utf8), fractions: true), let message = json["message"]?.string {
            return Self.bare(message)
        }
        return Self.bare(line)
    }

    private static func bare(_ line: String) -> String {
        let first = line.split(separator: "\n").first.map { String($0) } ?? line
        let text = first.hasPrefix("Fatal: ") ? String(first.dropFirst(7)) : first
        return text.shown(limit: 300)
    }
}
